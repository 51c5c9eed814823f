//! x
use diligence_questionnaires::Edition;
fn main(){
 let kind=std::env::args().nth(1).unwrap(); let n:usize=std::env::args().nth(2).unwrap().parse().unwrap(); let kb:usize=std::env::args().nth(3).unwrap().parse().unwrap();
 std::thread::Builder::new().stack_size(kb*1024).spawn(move||{
  let (o,c)=match kind.as_str(){"yl"|"jl"=>("[","]"),_=>("{\"a\":","}")};
  let t=format!("{}1{}",o.repeat(n),c.repeat(n));
  let t=if kind=="yb" {"- ".repeat(n)} else {t};
  let f=if kind.starts_with('y'){Edition::from_yaml(&t)}else{Edition::from_json(&t)};
  println!("{:?}",f.unwrap_err()[0].code);
 }).unwrap().join().unwrap();
}
