//! Versions: an `ETag` on every item, `If-Match` on every change, `If-None-Match` for those who have it already.
//!
//! A tag is a version's number, not a hash of bytes. So it still says which version was read after something between
//! has packed the answer and marked the tag: weakened it (`W/"3"`: nginx, HAProxy, Varnish, Envoy, Cloudflare), or
//! written the coding behind it (`"3-gzip"`: Apache, Caddy, lighttpd and [`crate::compression`]; `"3--gzip"`: Jetty;
//! `"3;gzip"`: LiteSpeed; `"3-df"`: Netlify).

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

/// The tag of the same version in another coding, such as `gzip`, as whoever packs an answer must give it; none for a
/// tag that promises nothing about bytes.
pub(crate) fn packed(tag: &str, coding: &str) -> Option<String> {
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    Some(format!("\"{inner}-{coding}\""))
}

/// What stands behind the digits of a tag that was marked on its way: the names of codings, each after its marks.
fn is_mark(text: &str) -> bool {
    const MARKS: [char; 3] = ['-', ';', ':'];
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 64 && text.starts_with(MARKS) && text.ends_with(|last: char| last.is_ascii_alphanumeric()) && {
        let mut names = text.split(MARKS).filter(|name| !name.is_empty());
        names.all(|name| is_name(name) && name.starts_with(|first: char| first.is_ascii_alphabetic()))
    }
}

/// The version an `ETag` of ours stands for, also after a proxy has marked it.
fn version_of(tag: &str) -> Option<i64> {
    let tag = tag.trim();
    let inner = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?;
    let (digits, mark) = inner.split_at(inner.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(inner.len()));
    let ours = !digits.is_empty() && !digits.starts_with('0') && (mark.is_empty() || is_mark(mark));
    if ours { digits.parse().ok() } else { None }
}

fn sent(request: &Request, name: &HeaderName) -> Option<String> {
    // A value that is no text is still a value, and none of ours. Several lines are one list.
    let lines: Vec<&str> =
        request.headers().get_all(name).iter().map(|value| value.to_str().unwrap_or("?").trim()).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// A header parameter's schema; the document takes its name from the title.
pub(crate) fn header_schema(
    name: &str,
    description: &'static str,
    example: &str,
    pattern: Option<&str>,
) -> MetaSchemaRef {
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
        None | Some("") => {
            Err(Problem::new(Type::VersionRequired, "If-Match is missing: read the item and send its ETag in If-Match"))
        }
        Some("*") => Err(Problem::new(
            Type::VersionRequired,
            "If-Match: * matches every version and could overwrite other changes: send the item's ETag",
        )),
        // Of several versions the latest decides: it was read, so there is none of the earlier ones any more.
        Some(tags) => tags
            .split(',')
            .filter(|tag| !tag.trim().is_empty())
            .map(version_of)
            .collect::<Option<Vec<i64>>>()
            .and_then(|versions| versions.into_iter().max())
            .map(IfMatch)
            .ok_or_else(|| {
                Problem::new(
                    Type::Stale,
                    "If-Match is not an ETag of this item: expected one such as \"3\", with the quotation marks",
                )
            }),
    }
}

/// What `If-Match` may be, for the document: one of our tags or several, as they were given or as a proxy marked them.
const TAGS: &str = concat!(
    "^(W/)?\"[1-9][0-9]*([-;:]+[A-Za-z][A-Za-z0-9]*)*\"",
    "(, ?(W/)?\"[1-9][0-9]*([-;:]+[A-Za-z][A-Za-z0-9]*)*\")*$"
);

impl<'a> ApiExtractor<'a> for IfMatch {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;
    type ParamType = ();
    type ParamRawType = ();
    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }
    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(header_schema(
            "If-Match",
            "The `ETag` of the version that this change is based on. A weak one, or one with the suffix that compressing proxies add, is accepted too.",
            "\"1\"",
            Some(TAGS),
        ))
    }
    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        Ok(if_match(sent(request, &header::IF_MATCH).as_deref())?)
    }
}

/// The version in whose place something is put, from an optional `If-Match`; none where there is nothing yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatchAny(pub Option<i64>);

impl<'a> ApiExtractor<'a> for IfMatchAny {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();
    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }
    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(header_schema(
            "If-Match",
            "The `ETag` of the version that this takes the place of. Leave it out for something new.",
            "\"1\"",
            Some(TAGS),
        ))
    }
    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        match sent(request, &header::IF_MATCH).as_deref() {
            // The tag of what has no version of its own.
            None | Some("" | "\"0\"") => Ok(Self(None)),
            tags => Ok(Self(Some(if_match(tags)?.0))),
        }
    }
}

/// What the caller has already, from the optional `If-None-Match`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IfNoneMatch(Option<String>);

impl IfNoneMatch {
    /// The tag by which the caller has this version already, if they do: it names the copy of theirs that is still
    /// good. Compared weakly, as this header wants it.
    #[must_use]
    pub fn tag_of(&self, version: i64) -> Option<String> {
        let mut tags = self.0.as_deref().unwrap_or_default().split(',').map(str::trim);
        tags.find_map(|tag| {
            if tag == "*" { Some(etag(version)) } else { (version_of(tag) == Some(version)).then(|| tag.to_owned()) }
        })
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
        Some(header_schema(
            "If-None-Match",
            "The `ETag` of the version you have: if it is still the latest, the response is 304 without a body.",
            "\"1\"",
            None,
        ))
    }
    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        Ok(Self(sent(request, &header::IF_NONE_MATCH)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_its_version_in_every_form_that_a_proxy_makes_of_it() {
        let documented = regex::Regex::new(TAGS).expect("a pattern");
        for tag in [
            "\"12\"",
            "W/\"12\"",
            "\"12-gzip\"",
            "W/\"12-gzip\"",
            "\"12;gzip\"",
            "\"12;br\"",
            "\"12;gz\"",
            "\"12-br\"",
            "\"12-zstd\"",
            "\"12--gzip\"",
            "\"12-df\"",
            "\"12:gzip\"",
            "\"12-gzip-gzip\"",
            "\"12-gzip;br\"",
            "\"12\", W/\"12-gzip\"",
            "\"11\",\"12\"",
            "\"12\", \"3\"",
        ] {
            assert_eq!(if_match(Some(tag)).ok(), Some(IfMatch(12)), "{tag}");
            assert!(documented.is_match(tag), "{tag}");
        }
        for tag in [
            "12",
            "\"\"",
            "\"012\"",
            "\"-1\"",
            "\"99999999999999999999\"",
            "\"a\"",
            "w/\"12\"",
            "\"12-\"",
            "\"12gzip\"",
            "\"12-3\"",
            "\"12 \"",
            "\"12-g zip\"",
            "W/12",
            "\"12\", *",
            "\"12\" \"13\"",
            "\"12-é\"",
            "?",
        ] {
            assert_eq!(if_match(Some(tag)).map_err(|problem| problem.kind), Err(Type::Stale), "{tag}");
            assert!(!documented.is_match(tag) || tag.contains("9999"), "{tag}");
        }
        for nothing in [None, Some(""), Some("*")] {
            assert_eq!(if_match(nothing).map_err(|problem| problem.kind), Err(Type::VersionRequired));
        }
    }

    #[test]
    fn if_none_match_takes_lists_and_names_the_copy_that_is_still_good() {
        let has = |text: &str| IfNoneMatch(Some(text.to_owned())).tag_of(3);
        for (sent, tag) in [
            ("\"3\"", "\"3\""),
            ("\"1\", W/\"3\"", "W/\"3\""),
            ("*", "\"3\""),
            ("\"2-gzip\", \"3-gzip\"", "\"3-gzip\""),
        ] {
            assert_eq!(has(sent).as_deref(), Some(tag));
        }
        assert_eq!((has("\"4\""), has("3"), IfNoneMatch(None).tag_of(3)), (None, None, None));
    }

    #[test]
    fn another_coding_has_another_tag_unless_the_tag_is_weak() {
        assert_eq!(packed("\"3\"", "gzip").as_deref(), Some("\"3-gzip\""));
        assert_eq!(packed("W/\"3\"", "gzip"), None);
    }
}
