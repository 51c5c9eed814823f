//! Versions: an `ETag` on every item, `If-Match` on every change, `If-None-Match` for those who have it already.

use poem::{
    Request, RequestBody,
    http::header::{self, HeaderName},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef},
};

use crate::problem::{Problem, Type};

/// The `ETag` of a version: `"3"`.
#[must_use]
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The version an `ETag` of ours stands for. Weak tags are not ours: they do not promise the same bytes.
fn version_of(tag: &str) -> Option<i64> {
    let digits = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    let ours = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    if ours { digits.parse().ok() } else { None }
}

fn sent<'a>(request: &'a Request, name: &HeaderName) -> Option<&'a str> {
    // A value that is no text is still a value, and none of ours.
    request.headers().get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// A header parameter's schema; the document takes its name from the title.
pub(crate) fn header_schema(name: &str, description: &'static str, example: &str, pattern: Option<&str>) -> MetaSchemaRef {
    MetaSchemaRef::Inline(Box::new(MetaSchema {
        title: Some(name.to_owned()),
        description: Some(description),
        example: Some(example.into()),
        pattern: pattern.map(str::to_owned),
        ..MetaSchema::new("string")
    }))
}

/// The version that a change was made on, from the required `If-Match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub i64);

fn if_match(text: Option<&str>) -> Result<IfMatch, Problem> {
    match text {
        None | Some("") => Err(Problem::new(Type::VersionRequired, "say which version this was made on: read the item and send its ETag in If-Match")),
        Some("*") => Err(Problem::new(Type::VersionRequired, "* matches every version and so protects nobody's work: send the item's ETag in If-Match")),
        Some(tag) => version_of(tag)
            .map(IfMatch)
            .ok_or_else(|| Problem::new(Type::Stale, "no version of this item has that ETag: expected one such as \"3\", quotation marks included")),
    }
}

impl<'a> ApiExtractor<'a> for IfMatch {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;
    type ParamType = ();
    type ParamRawType = ();
    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }
    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(header_schema("If-Match", "The `ETag` of the version this was made on.", "\"1\"", Some("^\"[1-9][0-9]*\"$")))
    }
    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        Ok(if_match(sent(request, &header::IF_MATCH))?)
    }
}

/// What the caller has already, from the optional `If-None-Match`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IfNoneMatch(Option<String>);

impl IfNoneMatch {
    /// Whether the caller has this version already. Compared weakly, as this header wants it.
    #[must_use]
    pub fn has(&self, version: i64) -> bool {
        self.0.as_deref().is_some_and(|tags| tags.split(',').map(str::trim).any(|tag| tag == "*" || version_of(tag.strip_prefix("W/").unwrap_or(tag)) == Some(version)))
    }
}

impl<'a> ApiExtractor<'a> for IfNoneMatch {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();
    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }
    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(header_schema("If-None-Match", "The `ETag` of the version you have: if it is still the latest, the answer is 304 without a body.", "\"1\"", None))
    }
    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        Ok(Self(sent(request, &header::IF_NONE_MATCH).map(str::to_owned)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_strong_tags_name_a_version() {
        assert_eq!(if_match(Some("\"12\"")).ok(), Some(IfMatch(12)));
        for tag in ["12", "W/\"12\"", "\"\"", "\"012\"", "\"-1\"", "\"1\", \"2\"", "\"99999999999999999999\"", "\"a\""] {
            assert_eq!(if_match(Some(tag)).map_err(|problem| problem.kind), Err(Type::Stale), "{tag}");
        }
        for nothing in [None, Some(""), Some("*")] {
            assert_eq!(if_match(nothing).map_err(|problem| problem.kind), Err(Type::VersionRequired));
        }
    }

    #[test]
    fn if_none_match_takes_lists_and_weak_tags() {
        let has = |text: &str| IfNoneMatch(Some(text.to_owned())).has(3);
        assert!(has("\"3\"") && has("\"1\", W/\"3\"") && has("*"));
        assert!(!has("\"4\"") && !has("3") && !IfNoneMatch(None).has(3));
    }
}
