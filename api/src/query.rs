//! Query strings: one flat struct of optional scalars, every fault at once, no parameter unknown or given twice.

use std::ops::Deref;

use diligence_entities::fault::{Fault, Faults, nearest};
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchemaRef, Registry},
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use validator::Validate;

use crate::{
    check,
    problem::Problem,
    schema::{self, Shape, Side},
    trail::Trail,
};

/// The query string as an `F`. The document lists each of `F`'s fields as a parameter.
#[derive(Debug)]
pub struct Query<F> {
    /// What was asked for.
    pub filter: F,
    path: String,
    pairs: Vec<(String, String)>,
}

impl<F> Deref for Query<F> {
    type Target = F;
    fn deref(&self) -> &F {
        &self.filter
    }
}

impl<F> Query<F> {
    /// What was asked for, for the audit trail; without the text searched for, which may be anyone's name.
    pub(crate) fn told(&self) -> Option<Value> {
        let told: Map<String, Value> = self
            .pairs
            .iter()
            .filter(|(name, _)| name != "q")
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        (!told.is_empty()).then(|| Value::Object(told))
    }

    /// The address of the same list's next page.
    pub(crate) fn next(&self, cursor: &str) -> String {
        let mut address = format!("{}?", self.path);
        for (name, value) in self.pairs.iter().filter(|(name, _)| name != "cursor") {
            address.push_str(&format!("{}={}&", encode(name), encode(value)));
        }
        address.push_str(&format!("cursor={}", encode(cursor)));
        address
    }
}

/// The pairs of a query string, decoded.
///
/// # Errors
/// The parameter whose percent-encoding is none, or is not UTF-8.
fn pairs(query: &str) -> Result<Vec<(String, String)>, String> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .map(|(name, value)| Ok((decode(name).ok_or(name)?, decode(value).ok_or(name)?)))
        .collect::<Result<_, &str>>()
        .map_err(str::to_owned)
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || {
                    rest.next()
                        .and_then(|byte| char::from(byte).to_digit(16))
                        .and_then(|digit| u8::try_from(digit).ok())
                };
                digit()? * 16 + digit()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// A parameter's text as the JSON its schema expects; text where it does not fit, for the check to say so.
fn scalar(shape: &Shape, schema: &Value, text: &str) -> Value {
    let schema = shape.resolve(schema);
    if let Some([only]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        return scalar(shape, only, text);
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("integer") => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        Some("number") => {
            text.parse::<f64>().ok().filter(|number| number.is_finite()).map_or_else(|| text.into(), Value::from)
        }
        Some("boolean") => text.parse::<bool>().map_or_else(|_| text.into(), Value::from),
        _ => text.into(),
    }
}

/// The query string as an `F`, or everything that is wrong with it.
///
/// # Errors
/// [`crate::problem::Type::Invalid`], each fault at `?name`.
pub(crate) fn accept<F: DeserializeOwned + JsonSchema + Validate + 'static>(
    pairs: &[(String, String)],
) -> Result<F, Problem> {
    let shape = schema::of::<F>(Side::Request);
    let none = Map::new();
    let properties = shape.resolve(&shape.schema).get("properties").and_then(Value::as_object).unwrap_or(&none);
    let (mut fields, mut faults) = (Map::new(), Vec::new());
    for (name, text) in pairs {
        let short: String = name.chars().take(100).collect();
        match properties.get(name) {
            None => {
                let hint = nearest(&short, properties.keys().map(String::as_str))
                    .map(|near| format!("; did you mean `{near}`?"))
                    .unwrap_or_default();
                faults.push(Fault::new(
                    format!("/{short}"),
                    "unknown_parameter",
                    format!("there is no parameter `{short}` here{hint}"),
                ));
            }
            Some(_) if fields.contains_key(name) => {
                faults.push(Fault::new(format!("/{short}"), "duplicate", "this parameter is given twice"))
            }
            Some(schema) => {
                fields.insert(name.clone(), scalar(&shape, schema, text));
            }
        }
        if faults.len() >= check::MAXIMUM_FAULTS {
            break;
        }
    }
    let value = Value::Object(fields);
    check::merge(&mut faults, check::check(&shape, &value));
    let read = serde_json::from_value::<F>(value);
    match &read {
        Ok(filter) => check::merge(&mut faults, Faults::of(filter).into_vec()),
        Err(error) if faults.is_empty() => faults.push(Fault::new("", "shape", error.to_string())),
        Err(_) => {}
    }
    match read {
        Ok(filter) if faults.is_empty() => Ok(filter),
        _ => {
            for fault in &mut faults {
                fault.pointer = format!("?{}", fault.pointer.trim_start_matches('/'));
            }
            Err(Problem::invalid(faults))
        }
    }
}

impl<'a, F: DeserializeOwned + JsonSchema + Validate + Send + 'static> ApiExtractor<'a> for Query<F> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();
    fn register(registry: &mut Registry) {
        schema::register::<F>(Side::Request, registry);
    }
    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }
    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(schema::reference::<F>(Side::Request))
    }
    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let pairs = sent(request)?;
        let path = request.data::<Trail>().map(|trail| trail.address.path().to_owned()).unwrap_or_default();
        Ok(Self { filter: accept(&pairs)?, path, pairs })
    }
}

fn sent(request: &Request) -> Result<Vec<(String, String)>, Problem> {
    pairs(request.uri().query().unwrap_or_default()).map_err(|name| {
        Problem::invalid(vec![Fault::new(format!("?{name}"), "encoding", "expected percent-encoded UTF-8")])
    })
}

#[derive(serde::Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Refuses every parameter, for an operation that takes none.
pub(crate) fn refuse_all(request: &Request) -> Result<(), Problem> {
    accept::<Nothing>(&sent(request)?).map(drop)
}

#[cfg(test)]
mod tests {
    use diligence_entities::clock::Day;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize, JsonSchema, Validate, PartialEq)]
    #[serde(default, deny_unknown_fields)]
    struct Filter {
        q: Option<String>,
        due_before: Option<Day>,
        open: Option<bool>,
        #[validate(range(min = 1, max = 200))]
        limit: Option<u64>,
        sort: Option<Sort>,
    }
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Sort {
        /// By name.
        Name,
        /// By date.
        Date,
    }

    fn read(query: &str) -> Result<Filter, Vec<(String, String)>> {
        let told =
            |problem: Problem| problem.errors.into_iter().map(|fault| (fault.pointer, fault.code)).collect::<Vec<_>>();
        pairs(query).map_err(|name| vec![(name, "encoding".to_owned())]).and_then(|pairs| accept(&pairs).map_err(told))
    }

    #[test]
    fn each_kind_of_scalar_is_read() {
        let filter = read("q=a%20b+c&due_before=2027-01-31&open=true&limit=7&sort=date").expect("read");
        assert_eq!(
            (filter.q.as_deref(), filter.open, filter.limit, filter.sort),
            (Some("a b c"), Some(true), Some(7), Some(Sort::Date))
        );
        assert_eq!(read(""), Ok(Filter::default()));
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let told = read("limt=3&due_before=2027-02-30&open=yes&limit=0&sort=nmae&q=a&q=b").expect_err("refused");
        let told: Vec<_> = told.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
        assert_eq!(
            told,
            [
                ("?limt", "unknown_parameter"),
                ("?q", "duplicate"),
                ("?due_before", "date"),
                ("?open", "type"),
                ("?limit", "range"),
                ("?sort", "choice")
            ]
        );
    }

    #[test]
    fn broken_encoding_is_refused() {
        assert!(read("q=%zz").is_err() && read("q=%ff").is_err() && read("q=%4").is_err() && read("q=%00").is_err());
    }

    #[test]
    fn the_next_page_is_the_same_question_further_on() {
        let query = Query {
            filter: (),
            path: "/api/v1/boats".into(),
            pairs: vec![("q".into(), "a&b".into()), ("cursor".into(), "old".into())],
        };
        assert_eq!(query.next("ab12"), "/api/v1/boats?q=a%26b&cursor=ab12");
    }
}
