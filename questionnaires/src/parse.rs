//! Text → edition.
use crate::edition::Edition; use crate::fault::Fault;
pub(crate) fn edition_from_yaml(_:&str)->Result<Edition,Vec<Fault>>{Err(vec![])}
pub(crate) fn edition_from_json(_:&str)->Result<Edition,Vec<Fault>>{Err(vec![])}
/// x
pub fn check(_:&Edition)->Vec<Fault>{vec![]}
pub(crate) fn schema()->&'static serde_json::Value{static S:std::sync::OnceLock<serde_json::Value>=std::sync::OnceLock::new();S.get_or_init(||serde_json::Value::Null)}
