//! How the house is built: which file imports which, and whether its map is complete.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The path of a module, from the crate's root: `["pages", "page"]`.
type Module = Vec<String>;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/src")
}

/// The source files under `folder`, each with its module and its text without the tests at its end.
fn modules(folder: &Path, within: &[String], found: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        if path.is_dir() {
            modules(&path, &[within, &[name]].concat(), found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "main" {
            let module = if name == "mod" || name == "lib" { within.to_vec() } else { [within, &[name]].concat() };
            let text = fs::read_to_string(&path).expect("text");
            let code: Vec<&str> = text
                .lines()
                .take_while(|line| *line != "#[cfg(test)]")
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            found.insert(module, code.join("\n"));
        }
    }
}

/// The paths that a tree of imports such as `a::{b, c::{d, e}}` names.
fn expand(tree: &str, before: &[String], found: &mut Vec<Module>) {
    let (mut depth, mut begin) = (0, 0);
    let mut parts = Vec::new();
    for (place, letter) in tree.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&tree[begin..place]);
                begin = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&tree[begin..]);
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        let (path, inner) = part.split_once('{').map_or((part, None), |(path, inner)| (path, inner.strip_suffix('}')));
        let path = path.split(" as ").next().unwrap_or_default();
        let names =
            path.split("::").map(str::trim).filter(|name| !name.is_empty() && *name != "self").map(str::to_owned);
        let path: Module = before.iter().cloned().chain(names).collect();
        match inner {
            Some(inner) => expand(inner, &path, found),
            None => found.push(path),
        }
    }
}

/// The paths into this crate that a file names: in its imports, and in its code where they begin with `crate` or
/// `super`.
fn named(code: &str) -> Vec<Module> {
    let mut found = Vec::new();
    for (place, _) in code.match_indices("use ") {
        let before = code[..place].rsplit('\n').next().unwrap_or_default().trim();
        if ["", "pub", "pub(crate)", "pub(super)"].contains(&before)
            && let Some(tree) = code[place + 4..].split(';').next()
        {
            expand(tree, &[], &mut found);
        }
    }
    for begin in ["crate::", "super::"] {
        for (place, _) in code.match_indices(begin) {
            let path: String =
                code[place..].chars().take_while(|letter| letter.is_alphanumeric() || "_:".contains(*letter)).collect();
            // What ends in `::` goes on in braces: an import, which has been read.
            if !path.ends_with(':') && !code[..place].ends_with(':') {
                found.push(path.split("::").map(str::to_owned).collect());
            }
        }
    }
    found
}

/// What each module imports.
fn imports(modules: &BTreeMap<Module, String>) -> BTreeMap<&Module, BTreeSet<&Module>> {
    modules
        .iter()
        .map(|(module, code)| {
            let targets = named(code).into_iter().filter_map(|path| {
                let mut at = match path.first().map(String::as_str) {
                    Some("crate") => Vec::new(),
                    Some("super") => module.clone(),
                    _ => return None,
                };
                for name in path {
                    match name.as_str() {
                        "crate" => {}
                        "super" => drop(at.pop()),
                        _ => at.push(name),
                    }
                }
                while !modules.contains_key(&at) {
                    at.pop()?;
                }
                modules.get_key_value(&at).map(|(target, _)| target).filter(|target| *target != module)
            });
            (module, targets.collect())
        })
        .collect()
}

/// Everything that can be come to from `start`.
fn reach<'a>(start: &'a Module, imports: &BTreeMap<&'a Module, BTreeSet<&'a Module>>) -> BTreeSet<&'a Module> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![start]);
    while let Some(module) = next.pop() {
        for target in &imports[module] {
            if seen.insert(*target) {
                next.push(target);
            }
        }
    }
    seen
}

/// The folder a module stands in; a folder's own file stands in it.
fn folder(module: &Module) -> PathBuf {
    let own: PathBuf = module.iter().collect();
    if source().join(&own).is_dir() { own } else { own.parent().map(Path::to_owned).unwrap_or_default() }
}

#[test]
fn no_circle_of_imports_goes_across_folders() {
    let mut found = BTreeMap::new();
    modules(&source(), &[], &mut found);
    let imports = imports(&found);
    let count: usize = imports.values().map(BTreeSet::len).sum();
    assert!(found.len() > 100 && count > 500, "{} files with {count} imports were read", found.len());
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        found.keys().map(|module| (module, reach(module, &imports))).collect();
    let name = |module: &Module| if module.is_empty() { "lib".to_owned() } else { module.join("/") };
    let circles: Vec<String> = reached
        .iter()
        .flat_map(|(one, targets)| {
            targets.iter().filter(move |other| folder(one) < folder(other)).map(move |other| (*one, *other))
        })
        .filter(|(one, other)| reached[other].contains(one))
        .map(|(one, other)| format!("{} and {}", name(one), name(other)))
        .collect();
    assert!(circles.is_empty(), "each of these comes to the other:\n{}", circles.join("\n"));
}

/// How many lines a file may have: what fits in one's head.
const LONGEST_FILE: usize = 700;

#[test]
fn no_file_is_longer_than_fits_in_ones_head() {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["api/src", "entities/src", "questionnaires/src", "questionnaires/tests", "openapi", "tests"]
            .map(|folder| source().join("../..").join(folder))
            .to_vec();
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && path.file_name().is_none_or(|name| name != "target" && name != "node_modules") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                count += 1;
                let lines = fs::read_to_string(&path).expect("text").lines().count();
                if lines > LONGEST_FILE {
                    found.push(format!("{}: {lines} lines", path.display()));
                }
            }
        }
    }
    assert!(count > 300, "{count} files were read");
    assert!(found.is_empty(), "split these by noun or verb:\n{}", found.join("\n"));
}

#[test]
fn every_pool_is_made_where_it_gets_no_task_of_its_own() {
    let mut found = BTreeMap::new();
    modules(&source().join("../../entities/src"), &[], &mut found);
    let makes = |code: &&str| {
        code.contains("PoolOptions::new()")
            || code.replace("SqliteConnectOptions", "").replace("PgConnectOptions", "").contains("ConnectOptions::new(")
    };
    let made = found.iter().flat_map(|(module, code)| code.lines().filter(makes).map(|_| module.join("/")));
    assert_eq!(made.collect::<Vec<String>>(), ["scope/connection", "scope/connection"]);
}

#[test]
fn every_operation_is_one_endpoint_of_one_type() {
    let mut found = BTreeMap::new();
    modules(&source(), &[], &mut found);
    let attributes =
        found.values().flat_map(|code| code.split("#[oai(").skip(1)).filter_map(|rest| rest.split(")]").next());
    let (boxed, others): (Vec<&str>, Vec<&str>) =
        attributes.filter(|attribute| attribute.contains("operation_id = \"")).partition(|attribute| {
            ["boxed", "kept", "kept_row"].iter().any(|name| attribute.contains(&format!("transform = \"{name}\"")))
        });
    assert!(
        boxed.len() > 150 && others.is_empty(),
        "without `transform = \"boxed\"` or one of its kind each of these is compiled anew with all that is around it: {others:#?}"
    );
}

#[test]
fn every_module_is_on_the_map_of_its_folder() {
    for map in ["lib.rs", "pages/mod.rs"] {
        let text = fs::read_to_string(source().join(map)).expect("text");
        let table: String =
            text.lines().take_while(|line| line.starts_with("//!")).filter(|line| line.starts_with("//! |")).collect();
        let names = text
            .lines()
            .filter_map(|line| line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod "))?.strip_suffix(';'));
        let missing: Vec<&str> = names.filter(|name| !table.contains(&format!("`{name}`"))).collect();
        assert!(missing.is_empty(), "{map} says nothing of {missing:?}");
    }
}
