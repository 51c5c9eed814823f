//! The document behind a piece of evidence, kept beside it: limited in size and in type, and hashed.
//!
//! What a file says it is and what its first bytes say must agree, so that nobody opens a program that calls itself a
//! certificate. It is only ever kept and given back, never opened here.

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    error::Error,
    evidence::{self, Evidence},
    fault::{Fault, Faults},
    id::{EvidenceId, OrganisationId, SupplierId},
    scope::{Reader, Writer, belongs},
    stored::{Json, sha256},
    text::Form,
};

/// How large a file may be, in bytes: 10 MiB.
pub const MAXIMUM_BYTES: usize = 10 << 20;
/// How long a file's name may be, in characters.
pub const MAXIMUM_NAME: usize = 200;

/// A kind of file that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileKind {
    /// Its media type.
    pub media_type: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// How names of such files end.
    pub endings: &'static [&'static str],
}

const fn kind(media_type: &'static str, name: &'static str, endings: &'static [&'static str]) -> FileKind {
    FileKind { media_type, name, endings }
}

/// The kinds of file that are kept.
pub const KINDS: [FileKind; 9] = [
    kind("application/pdf", "PDF", &["pdf"]),
    kind("image/png", "PNG", &["png"]),
    kind("image/jpeg", "JPEG", &["jpg", "jpeg"]),
    kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word", &["docx"]),
    kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel", &["xlsx"]),
    kind("application/vnd.openxmlformats-officedocument.presentationml.presentation", "PowerPoint", &["pptx"]),
    kind("application/vnd.oasis.opendocument.text", "OpenDocument text", &["odt"]),
    kind("text/plain", "plain text", &["txt", "md"]),
    kind("text/csv", "CSV", &["csv"]),
];

/// The ending of the kind of file that these bytes are, texts aside.
fn found_in(content: &[u8]) -> Option<&'static str> {
    let begins: [(&[u8], &str); 3] = [(b"%PDF", "pdf"), (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg")];
    if let Some((_, ending)) = begins.into_iter().find(|(begin, _)| content.starts_with(begin)) {
        return Some(ending);
    }
    if !content.starts_with(b"PK\x03\x04") {
        return None;
    }
    // OpenDocument says at a fixed place what it is, Office in the folder that its main part lies in.
    if content.get(30..).is_some_and(|rest| rest.starts_with(b"mimetypeapplication/vnd.oasis.opendocument.textPK")) {
        return Some("odt");
    }
    let folders: [(&[u8], &str); 3] = [(b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx")];
    names_in_archive(content)
        .find_map(|name| folders.into_iter().find(|(folder, _)| name.starts_with(folder)).map(|(_, ending)| ending))
}

/// The names of the files in a ZIP archive, from the list at its end; nothing of them is unpacked.
fn names_in_archive(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let number = |at: usize, width: usize| {
        Some(
            content
                .get(at..at.checked_add(width)?)?
                .iter()
                .rev()
                .fold(0, |number, byte| number << 8 | usize::from(*byte)),
        )
    };
    // After the list comes its end, 22 bytes and a comment.
    let end = content.len().checked_sub(22).and_then(|last| {
        (last.saturating_sub(0xffff)..=last).rev().find(|at| content[*at..].starts_with(b"PK\x05\x06"))
    });
    let mut next = end.and_then(|end| number(end + 16, 4));
    std::iter::from_fn(move || {
        let at = next.filter(|at| content.get(*at..).is_some_and(|rest| rest.starts_with(b"PK\x01\x02")))?;
        let (name, more) = (number(at + 28, 2)?, number(at + 30, 2)? + number(at + 32, 2)?);
        next = Some(at + 46 + name + more);
        content.get(at + 46..at + 46 + name)
    })
}

/// What is known of a file that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredFile {
    /// Its name, as it came.
    pub name: String,
    /// Its media type, e.g. `application/pdf`.
    pub media_type: String,
    /// How long it is, in bytes.
    pub byte_count: i64,
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
}

/// The bytes, in a row of their own: lists of evidence never read them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "evidence_file")]
pub struct Model {
    /// The piece of evidence it belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub evidence_id: EvidenceId,
    /// The organisation whose register it is in.
    pub organisation_id: OrganisationId,
    /// The supplier the evidence is about, or whose product it is about.
    pub supplier_id: SupplierId,
    /// The bytes as they came.
    pub content: Vec<u8>,
}

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
belongs!();

/// What a file is called.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct FileName {
    /// The file's name with its ending, e.g. `certificate.pdf`; `document` with the ending of what it is if not said.
    #[validate(length(min = 1, max = 200))]
    pub name: Option<String>,
}

/// A file to keep.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What it says it is, if it says so.
    pub media_type: Option<String>,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl NewFile {
    /// What it is called and what it is: its name, its media type and its first bytes agree.
    fn check(&self) -> Result<(String, FileKind), Error> {
        let mut faults = Faults::default();
        let found =
            found_in(&self.content).and_then(|ending| KINDS.into_iter().find(|kind| kind.endings.contains(&ending)));
        let is_text = std::str::from_utf8(&self.content).is_ok_and(|text| !text.contains('\0'));
        let of_itself =
            || found.and_then(|kind| kind.endings.first().copied()).or(is_text.then_some("txt")).unwrap_or("unknown");
        let name = self.name.clone().unwrap_or_else(|| format!("document.{}", of_itself()));
        let plain = !name.trim().is_empty()
            && name.chars().count() <= MAXIMUM_NAME
            && Form::Line.fault(&name).is_none()
            && !name.contains(['/', '\\']);
        faults.expect(plain, "?name", "name", format!("expected the file's name alone, 1 to {MAXIMUM_NAME} characters, without a path and without invisible characters"));
        faults.expect(!self.content.is_empty(), "", "empty", "expected a file with something in it");
        faults.expect(
            self.content.len() <= MAXIMUM_BYTES,
            "",
            "too_large",
            format!("expected at most {MAXIMUM_BYTES} bytes, found {}", self.content.len()),
        );
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
        let Some(named) = KINDS.into_iter().find(|kind| kind.endings.contains(&ending.as_str())) else {
            let known: Vec<String> =
                KINDS.iter().flat_map(|kind| kind.endings).map(|ending| format!(".{ending}")).collect();
            faults.push(Fault::new(
                "?name",
                "kind",
                format!("expected a name that ends in one of {}", known.join(", ")),
            ));
            return Err(Error::Invalid(faults.into_vec()));
        };
        if self.media_type.as_ref().is_some_and(|said| said != named.media_type) {
            faults.push(Fault::new(
                "",
                "false_type",
                format!(
                    "the name says {}, the Content-Type says {}",
                    named.name,
                    self.media_type.as_deref().unwrap_or_default()
                ),
            ));
        }
        // A text may begin with any letters, those that other kinds of file begin with too.
        let is_true = if named.media_type.starts_with("text/") { is_text } else { found == Some(named) };
        if !self.content.is_empty() && !is_true {
            let found = found.map_or("something else", |kind| kind.name);
            faults.push(Fault::new(
                "",
                "false_type",
                format!("the file says that it is {}, but what is in it is {found}", named.name),
            ));
        }
        faults.done()?;
        Ok((name, named))
    }
}

/// Keeps a file with a piece of evidence. One that answers rest on stays as it is.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`] for a file that is too large or not what it says it is, or
/// [`Error::Conflict`] when answers rest on the file that is there.
pub async fn store(writer: &Writer, id: &EvidenceId, version: i64, new: NewFile) -> Result<Evidence, Error> {
    let before = writer.get_at::<evidence::Entity>(id.as_str(), version).await?;
    let (name, kind) = new.check()?;
    refuse_in_use(writer, &before).await?;
    let content = new.content;
    let byte_count = i64::try_from(content.len()).unwrap_or(i64::MAX);
    let file = StoredFile { name, media_type: kind.media_type.to_owned(), byte_count, sha256: sha256(&content) };
    let row = Model {
        evidence_id: before.id.clone(),
        organisation_id: before.organisation_id.clone(),
        supplier_id: before.supplier_id.clone(),
        content,
    };
    writer.put_all::<Entity, ActiveModel>(vec![row], &[Column::EvidenceId]).await?;
    let after = Evidence { file: Some(Json(file)), ..before.clone() };
    writer.replace::<evidence::Entity, evidence::ActiveModel>("store_file", &before, after).await
}

/// Whether what is known of a file is what is kept of one.
pub(crate) fn check_stored(file: &StoredFile) -> Result<(), Error> {
    let mut faults = Faults::default();
    let is_kind = KINDS.iter().any(|kind| kind.media_type == file.media_type);
    faults.expect(is_kind, "/file/media_type", "kind", "expected a kind of file that is kept");
    let plain = !file.name.trim().is_empty()
        && file.name.chars().count() <= MAXIMUM_NAME
        && Form::Line.fault(&file.name).is_none()
        && !file.name.contains(['/', '\\']);
    faults.expect(plain, "/file/name", "name", "expected a file's name alone");
    faults.done()
}

/// Keeps the bytes of a file that a piece of evidence says it has.
pub(crate) async fn put_back(writer: &Writer, evidence: &Evidence, content: Vec<u8>) -> Result<(), Error> {
    let Some(file) = &evidence.file else { return Ok(()) };
    let new = NewFile { name: Some(file.name.clone()), media_type: Some(file.media_type.clone()), content };
    new.check()?;
    let row = Model {
        evidence_id: evidence.id.clone(),
        organisation_id: evidence.organisation_id.clone(),
        supplier_id: evidence.supplier_id.clone(),
        content: new.content,
    };
    writer.put_all::<Entity, ActiveModel>(vec![row], &[]).await
}

/// Whether answers rest on the file.
pub(crate) async fn is_in_use(writer: &Writer, evidence: &Evidence) -> Result<bool, Error> {
    Ok(evidence.file.is_some()
        && crate::assessment::names_evidence(writer, &evidence.supplier_id, &evidence.id).await?)
}

async fn refuse_in_use(writer: &Writer, before: &Evidence) -> Result<(), Error> {
    if is_in_use(writer, before).await? {
        return Err(Error::conflict(
            "in_use",
            "answers of an assessment refer to this file: it cannot be replaced or deleted; create separate evidence for a new file",
        ));
    }
    Ok(())
}

/// A file with what is known of it.
///
/// # Errors
/// [`Error::NotFound`], also where the evidence has no file.
pub async fn read(reader: &Reader, id: &EvidenceId) -> Result<(StoredFile, Vec<u8>), Error> {
    let evidence = evidence::read(reader, id).await?;
    let file = evidence.file.ok_or(Error::NotFound)?;
    let row =
        reader.one(reader.find::<Entity>().filter(Column::EvidenceId.eq(id.clone()))).await?.ok_or(Error::NotFound)?;
    Ok((file.0, row.content))
}

/// Takes a file away again that no answer rests on.
///
/// # Errors
/// [`Error::NotFound`], also where there is no file, [`Error::Stale`], or [`Error::Conflict`] when answers rest on it.
pub async fn delete(writer: &Writer, id: &EvidenceId, version: i64) -> Result<Evidence, Error> {
    let before = writer.get_at::<evidence::Entity>(id.as_str(), version).await?;
    if before.file.is_none() {
        return Err(Error::NotFound);
    }
    refuse_in_use(writer, &before).await?;
    forget(writer, id).await?;
    let after = Evidence { file: None, ..before.clone() };
    writer.replace::<evidence::Entity, evidence::ActiveModel>("delete_file", &before, after).await
}

/// Takes away the bytes of a piece of evidence that is about to be taken away itself.
pub(crate) async fn forget(writer: &Writer, id: &EvidenceId) -> Result<(), Error> {
    writer.clear::<Entity>(Condition::all().add(Column::EvidenceId.eq(id.clone()))).await?;
    Ok(())
}
