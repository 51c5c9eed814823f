//! What a browser sends, read within limits.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use diligence_entities::clock::Day;
use poem::{
    Body, FromRequest as _, Request, RequestBody,
    http::header,
    web::{Field, Multipart},
};

use super::{format, page::FieldError};
use crate::{
    body::{self, Cost, Most, STRANGER_LIMIT},
    problem::{Problem, Type},
};

/// How large a form without files may be, in bytes.
const MAXIMUM_BYTES: usize = 1024 * 1024;
/// How large the form of someone who is not signed in any more may be, so that what they typed is kept for them, in
/// bytes.
const KEPT_LIMIT: usize = 256 * 1024;
/// How large a form may be that passes such a form on, in bytes: the names of its fields become longer.
const PASSING_ON_LIMIT: usize = 2 * KEPT_LIMIT;
/// How many fields it may have.
const MAXIMUM_FIELDS: usize = 10_000;
/// How many parts a form with a file may have.
const MAXIMUM_PARTS: usize = 2000;
/// How much a form with a file may have besides the file and the text in which another one travels, in bytes.
const BESIDES: usize = 256 * 1024;

/// How the names of fields end in which a file is chosen beside a question.
const BESIDE_QUESTION: &str = ".file";

/// A file that came with a form.
#[derive(Debug)]
pub(super) struct SentFile {
    /// What it is called where it comes from.
    pub(super) name: String,
    /// What the browser says it is.
    pub(super) media_type: Option<String>,
    /// What is in it.
    pub(super) content: Vec<u8>,
}

/// The fields of a form, in the order in which they were sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Form(Vec<(String, String)>);

/// What was typed into the form that a request sends, for whoever must ask it to be sent again.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed(Arc<OnceLock<Vec<(String, String)>>>);

impl Typed {
    /// The fields, once they were read.
    pub(super) fn fields(&self) -> &[(String, String)] {
        self.0.get().map_or(&[], Vec::as_slice)
    }
}

impl Form {
    /// A form in which this stands already.
    pub(super) fn of(fields: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Reads a form without files.
    pub(super) async fn read(request: &Request, body: RequestBody) -> Result<Self, Problem> {
        Self::read_within(request, body, MAXIMUM_BYTES).await
    }

    /// Reads a form without files of at most so many bytes. That of someone who is not signed in any more is read too,
    /// as far as it can be kept for them.
    pub(super) async fn read_within(request: &Request, body: RequestBody, maximum: usize) -> Result<Self, Problem> {
        Self::read_at_most(request, body, Most { known: maximum, stranger: KEPT_LIMIT }).await
    }

    /// Reads a form of a few fields, which anyone may send.
    pub(super) async fn read_of_anyone(request: &Request, body: RequestBody) -> Result<Self, Problem> {
        Self::read_at_most(request, body, Most { known: STRANGER_LIMIT, stranger: STRANGER_LIMIT }).await
    }

    /// Reads a form with which one signs in, and which may pass on what was typed before.
    pub(super) async fn read_passing_on(request: &Request, body: RequestBody) -> Result<Self, Problem> {
        Self::read_at_most(request, body, Most { known: PASSING_ON_LIMIT, stranger: PASSING_ON_LIMIT }).await
    }

    async fn read_at_most(request: &Request, mut body: RequestBody, most: Most) -> Result<Self, Problem> {
        if !has_fields_only(request) {
            return Err(Problem::new(Type::UnsupportedMediaType, "expected a form"));
        }
        let bytes = body::read(request, &mut body, most, Cost::Form).await.map_err(|problem| match problem.kind {
            Type::TooLarge => Problem::new(Type::TooLarge, "the form is larger than this page takes"),
            _ => problem,
        })?;
        let fields: Vec<(String, String)> = form_urlencoded::parse(&bytes)
            .take(MAXIMUM_FIELDS)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        // What no database keeps is no text.
        if fields.iter().any(|(_, value)| value.contains('\0')) {
            return Err(Problem::new(Type::Malformed, "the character U+0000 cannot be stored"));
        }
        if let Some(typed) = request.data::<Typed>() {
            let _ = typed.0.set(fields.clone());
        }
        Ok(Self(fields))
    }

    /// Reads a form with a file in the field `file`, none where nobody chose one. It may have so many bytes, and so may
    /// every other field: what was in a file can travel in one. Only what is sent by someone who is known is read.
    pub(super) async fn read_with_file(
        request: &Request,
        body: RequestBody,
        most: usize,
        cost: Cost,
    ) -> Result<(Self, Option<SentFile>), Problem> {
        let (form, mut files) = Self::read_parts(request, body, (most, cost), |name| name == "file").await?;
        Ok((form, files.pop().map(|(_, file)| file)))
    }

    /// Reads a form that may have a file beside each question, in the field `<question>.file`; gives those that were
    /// chosen, by the question. All of them together may have so many bytes. Without files it may come like any other.
    pub(super) async fn read_with_files(
        request: &Request,
        body: RequestBody,
        most: usize,
        cost: Cost,
    ) -> Result<(Self, Vec<(String, SentFile)>), Problem> {
        if has_fields_only(request) {
            return Ok((Self::read(request, body).await?, Vec::new()));
        }
        let (form, files) =
            Self::read_parts(request, body, (most, cost), |name| name.ends_with(BESIDE_QUESTION)).await?;
        let question = |name: String| name.trim_end_matches(BESIDE_QUESTION).to_owned();
        Ok((form, files.into_iter().map(|(name, file)| (question(name), file)).collect()))
    }

    /// Reads a form of several parts; gives the files that were chosen, in the order in which they were sent.
    async fn read_parts(
        request: &Request,
        mut body: RequestBody,
        (most, cost): (usize, Cost),
        is_file: impl Fn(&str) -> bool,
    ) -> Result<(Self, Vec<(String, SentFile)>), Problem> {
        let expected = || Problem::new(Type::UnsupportedMediaType, "expected a form with a file");
        if !is_of_type(request, "multipart/form-data") {
            return Err(expected());
        }
        let whole = Most { known: most + BESIDES, stranger: 0 };
        let bytes = body::read(request, &mut body, whole, cost).await.map_err(|problem| match problem.kind {
            Type::TooLarge => too_large(most),
            _ => problem,
        })?;
        let read = Multipart::from_request(request, &mut RequestBody::new(Body::from_bytes(bytes))).await;
        let mut multipart = read.map_err(|_| expected())?;
        let (mut fields, mut files, mut part_count) = (Vec::new(), Vec::new(), 0);
        let broken = || Problem::new(Type::Malformed, "the form cannot be read");
        while let Some(field) = multipart.next_field().await.map_err(|_| broken())? {
            part_count += 1;
            if part_count > MAXIMUM_PARTS {
                return Err(broken());
            }
            let (name, file_name, media_type) = (
                field.name().unwrap_or_default().to_owned(),
                field.file_name().map(str::to_owned),
                field.content_type().map(str::to_owned),
            );
            let content = limited(field, most).await?;
            if is_file(&name) {
                // A field without a file is sent too.
                if !content.is_empty() || file_name.as_ref().is_some_and(|name| !name.is_empty()) {
                    files.push((name, SentFile { name: file_name.unwrap_or_default(), media_type, content }));
                }
            } else {
                let text = String::from_utf8(content).ok().filter(|text| !text.contains('\0')).ok_or_else(broken)?;
                fields.push((name, text));
            }
        }
        Ok((Self(fields), files))
    }

    /// Puts this in the place of what stands in a field.
    pub(super) fn put(&mut self, name: &str, value: String) {
        self.0.retain(|(known, _)| known != name);
        self.add(name, value);
    }

    /// Puts this beside what stands in a field.
    pub(super) fn add(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
    }

    /// The day in this field; none where nothing stands in it, or where it is no day, which is then wrong.
    pub(super) fn day(&self, name: &str, errors: &mut Vec<FieldError>) -> Option<Day> {
        let text = self.some(name)?;
        text.parse().map_err(|_| errors.push(FieldError::new(name, "expected a date such as 2027-03-31"))).ok()
    }

    /// Every field, as it was sent.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Every value of this field.
    pub(super) fn every(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The names of its fields.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first value of this field, without the space around it; empty where there is none. Browsers send lines with
    /// CR LF.
    pub(super) fn text(&self, name: &str) -> String {
        self.first(name).map(|value| value.trim().replace("\r\n", "\n")).unwrap_or_default()
    }

    /// The first value of this field, as [`Form::text`]; `None` if it is empty.
    pub(super) fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Every field by its name, the first value of each, as [`Form::text`].
    pub(super) fn pairs(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(name, _)| (name.clone(), self.text(name))).collect()
    }

    /// The version of the item that the page showed.
    pub(super) fn version(&self) -> Result<i64, Problem> {
        self.text("version").parse().map_err(|_| {
            Problem::new(Type::Malformed, "the form does not say which version it changes: open the page again")
        })
    }

    /// Whether what was typed to make sure is this name, whatever the space in and around it.
    pub(super) fn names_it(&self, name: &str) -> bool {
        self.text("typed").split_whitespace().eq(name.split_whitespace())
    }

    /// The value as it was typed: for passwords, of which a space can be part.
    pub(super) fn exact(&self, name: &str) -> String {
        self.first(name).map(str::to_owned).unwrap_or_default()
    }
}

/// One parameter of the address; empty where there is none.
pub(super) fn parameter(request: &Request, name: &str) -> String {
    let query = request.uri().query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// Whether a form without files was sent.
pub(super) fn has_fields_only(request: &Request) -> bool {
    is_of_type(request, "application/x-www-form-urlencoded")
}

fn is_of_type(request: &Request, expected: &str) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().map(str::trim) == Some(expected)
}

fn too_large(most: usize) -> Problem {
    Problem::new(
        Type::TooLarge,
        format!("what was sent is larger than {}", format::size(i64::try_from(most).unwrap_or(i64::MAX))),
    )
}

async fn limited(field: Field, most: usize) -> Result<Vec<u8>, Problem> {
    use tokio::io::AsyncReadExt as _;
    let mut bytes = Vec::new();
    let mut reader = field.into_async_read().take(most as u64 + 1);
    reader.read_to_end(&mut bytes).await.map_err(|_| Problem::new(Type::Malformed, "the form cannot be read"))?;
    if bytes.len() > most { Err(too_large(most)) } else { Ok(bytes) }
}
