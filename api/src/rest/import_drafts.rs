//! Imports step by step: a file that is kept as a draft, what it is, what its rows would do, applying it, undoing it.

use std::{collections::BTreeSet, sync::Arc};

use diligence_entities::{
    error::Error,
    id::ImportId,
    import::record::{
        self, DoneFilter, DoneItem, Import, ImportChange, ImportFilter, ImportState, NewImport, UndoReport,
    },
    recipe::ImportNoun,
};
use diligence_questionnaires::spreadsheet::Source as _;
use poem::{Body, Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
};
use schemars::JsonSchema;
use serde::Deserialize;
use validator::Validate;

use super::{imports::named_recipe, tag::Tag};
use crate::{
    answer::{Came, Changed, Created, CsvFile, Done, File, Found, Item, Listed, Once},
    auth::{By, Editor, Importing, Viewer},
    body::Spooled,
    import_draft,
    import_reader::{ImportReport, Recognised},
    path::{At, boxed},
    payload::{self, Change, FILE_LIMIT},
    problem::{Acting, Answer, Changing, Creating, Deleting, Listing, Reading, ReadingInState},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

/// What a file is, as far as that is said with it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NewDraftQuery {
    /// What a row becomes; what the recipe says if not said, else suppliers.
    pub(crate) noun: Option<ImportNoun>,
    /// What the file is called.
    #[validate(length(min = 1, max = 200))]
    pub(crate) file_name: Option<String>,
    /// The recipe it is read by: the key of one that is kept, or comes with the program.
    #[validate(length(min = 1, max = 80))]
    pub(crate) recipe: Option<String>,
}

/// A recipe that takes the place of the one that was said.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RecipeQuery {
    /// The key of a recipe that is kept, or comes with the program.
    #[validate(length(min = 1, max = 80))]
    pub(crate) recipe: Option<String>,
}

/// Which rows are applied.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ApplyImportQuery {
    /// Whether to apply the rows that are good and leave out those that are refused or ask a question; `false` if not
    /// said: then all rows or none.
    pub(crate) only_good: Option<bool>,
}

/// Whether something is undone.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct UndoQuery {
    /// Whether to say only what would happen; `false` if not said.
    pub(crate) dry_run: Option<bool>,
}

#[OpenApi(tag = "Tag::Imports")]
impl Api {
    /// List imports
    ///
    /// Those that were applied or undone, and drafts that are not older than 24 hours, newest first. Imports that were made with `POST /suppliers/import` and the like, or at the console, are among them.
    #[oai(path = "/imports", method = "get", operation_id = "list_imports", transform = "boxed")]
    async fn list(&self, who: By<Viewer>, query: Query<ImportFilter>) -> Answer<Listed<Import>, Listing> {
        let page = record::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Create a draft of an import
    ///
    /// From any file: CSV, JSON, JSON lines, a workbook of Excel or LibreOffice, releases in OCDS. Nothing but the draft is made. Say with `PATCH` how it is read and what is answered, see with `GET /imports/{id}/report` what would happen, and then apply it. A draft ends after 24 hours.
    #[oai(path = "/imports", method = "post", operation_id = "create_import", transform = "boxed")]
    async fn create(
        &self,
        who: By<Importing<Editor>>,
        query: Query<NewDraftQuery>,
        body: ImportFile,
        retry: Retry,
    ) -> Answer<Once<Created<Import>>, Creating> {
        let recipe = named_recipe(&who, query.recipe.as_deref()).await?;
        let noun = query.noun.or(recipe.as_ref().map(|recipe| recipe.noun)).unwrap_or(ImportNoun::Suppliers);
        let file_name = query.file_name.clone().unwrap_or_else(|| "file".into());
        retry
            .once(&who, async |writer| {
                let new = NewImport { file_name: file_name.clone(), noun };
                let draft = {
                    let broken =
                        || Error::invalid("", "incomplete", "the file could not be read to its end: send it again");
                    let pieces = import_draft::pieces_of(&*body.0).map_err(|_| broken())?;
                    let draft = record::create(writer, new, pieces).await?;
                    if u64::try_from(draft.file_size).ok() == Some(body.0.len()) { draft } else { return Err(broken()) }
                };
                let draft = match recipe.clone() {
                    Some(recipe) => {
                        let answers = draft.answers.0.clone();
                        record::put(writer, draft, ImportChange { noun, recipe: Some(recipe), answers }).await?
                    }
                    None => draft,
                };
                Ok(Created::new("imports", draft))
            })
            .await
    }

    /// Read an import
    #[oai(path = "/imports/:id", method = "get", operation_id = "read_import", transform = "boxed")]
    async fn read(
        &self,
        who: By<Importing<Viewer>>,
        id: At<ImportId>,
        have: IfNoneMatch,
    ) -> Answer<Item<Import>, Reading> {
        let import = record::read(&who.read().await?, &id).await?;
        Ok(Item::new(import, &have))
    }

    /// Change a draft of an import
    ///
    /// What its rows become, the recipe it is read by, and answers to questions, as a JSON merge patch. With `?recipe=` the recipe of that key takes the place of the one that was said, before the rest is merged.
    #[oai(path = "/imports/:id", method = "patch", operation_id = "change_import", transform = "boxed")]
    async fn change(
        &self,
        who: By<Importing<Editor>>,
        query: Query<RecipeQuery>,
        id: At<ImportId>,
        version: IfMatch,
        change: Change<ImportChange>,
    ) -> Answer<Changed<Import>, Changing> {
        let recipe = named_recipe(&who, query.recipe.as_deref()).await?;
        let writer = who.write().await?;
        let before = record::draft_at(&writer, &id, version.0).await?;
        let mut stored = ImportChange {
            noun: before.noun.0,
            recipe: before.recipe.clone().map(|recipe| recipe.0),
            answers: before.answers.0.clone(),
        };
        if let Some(recipe) = recipe {
            (stored.noun, stored.recipe) = (recipe.noun, Some(recipe));
        }
        let after = record::put(&writer, before, change.0.over(&stored)?).await?;
        writer.save().await?;
        Ok(Changed(after))
    }

    /// Delete a draft of an import
    #[oai(path = "/imports/:id", method = "delete", operation_id = "delete_import", transform = "boxed")]
    async fn delete(&self, who: By<Importing<Editor>>, id: At<ImportId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        record::delete(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }

    /// Read what was found in a file
    ///
    /// Of a draft: its kind, encoding, sheets and columns, each as it was found or as the recipe says. Once the import was applied its file is let go of, and this is refused with 409.
    #[oai(
        path = "/imports/:id/recognised",
        method = "get",
        operation_id = "read_import_recognised",
        transform = "boxed"
    )]
    async fn recognised(
        &self,
        who: By<Importing<Editor>>,
        id: At<ImportId>,
    ) -> Answer<Found<Recognised>, ReadingInState> {
        let reader = who.read().await?;
        let draft = draft(record::read(&reader, &id).await?)?;
        let file = import_draft::file(&reader, &id).await?;
        drop(reader);
        Ok(Found(import_draft::recognised(file, import_draft::recipe(&draft)).await?))
    }

    /// Read what a draft of an import would do
    ///
    /// A dry run: what becomes of each row, with its errors, what was found about the file, and the questions that somebody has to answer first. Nothing is changed. Once it was applied this is refused with 409: `GET /imports/{id}/items` lists what it did.
    #[oai(path = "/imports/:id/report", method = "get", operation_id = "read_import_report", transform = "boxed")]
    async fn report(
        &self,
        who: By<Importing<Editor>>,
        id: At<ImportId>,
    ) -> Answer<Found<ImportReport>, ReadingInState> {
        let draft = draft(record::read(&who.read().await?, &id).await?)?;
        Ok(Found(import_draft::report(who.store(), who.scope(), &draft).await?))
    }

    /// Export the refused rows of a draft
    ///
    /// As CSV: every row that is refused or asks a question, with all of its own cells and the reasons in the last column. It can be mended and imported again; the column with the reasons is passed over. Once it was applied its file is let go of, and this is refused with 409.
    #[oai(path = "/imports/:id/refused.csv", method = "get", operation_id = "export_refused_rows", transform = "boxed")]
    async fn refused(&self, who: By<Importing<Editor>>, id: At<ImportId>) -> Answer<File<CsvFile>, ReadingInState> {
        let draft = draft(record::read(&who.read().await?, &id).await?)?;
        let (report, rows) = import_draft::trial(who.store(), who.scope(), &draft).await?;
        who.exports("import", id.as_str(), None).await?;
        Ok(File::new("rows-to-mend.csv", "text/csv", Body::from_string(rows.refused(&report))))
    }

    /// Apply a draft of an import
    ///
    /// All rows or none; with `only_good=true` those that are neither refused nor ask a question: take the others away first with `GET /imports/{id}/refused.csv`, since the file is let go of. It can be undone for 30 days.
    #[oai(path = "/imports/:id/apply", method = "post", operation_id = "apply_import", transform = "boxed")]
    async fn apply(
        &self,
        who: By<Importing<Editor>>,
        query: Query<ApplyImportQuery>,
        id: At<ImportId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Came<ImportReport>>, Acting> {
        let draft = record::read(&who.read().await?, &id).await?;
        if draft.state.0 != ImportState::Draft {
            return retry
                .once(&who, async |_| {
                    Err(Error::conflict("applied", "this import was applied already: upload the file again"))
                })
                .await;
        }
        if draft.version != version.0 {
            // The same request, sent again, is given the answer of before.
            let current = draft.version;
            return retry.once(&who, async |_| Err(Error::Stale { current })).await;
        }
        let draft = self::draft(draft)?;
        let without = if query.only_good == Some(true) {
            Box::pin(import_draft::report(who.store(), who.scope(), &draft)).await?.bad_rows()
        } else {
            BTreeSet::new()
        };
        let intake = Box::pin(import_draft::intake(&who.read().await?, &draft, false, without)).await?;
        retry
            .once_ahead(&who, intake, async |intake, plan, writer| {
                let report = intake.run(plan, writer).await?.accepted()?;
                let version = match writer {
                    Some(writer) => record::read(writer, &id).await?.version,
                    None => draft.version,
                };
                Ok(Came::of(version, report))
            })
            .await
    }

    /// Undo an import
    ///
    /// What it made goes away, what it changed is put back. What somebody has changed since, or what something hangs on now, is left as it is and listed. With `dry_run=true` this is only said. Possible for 30 days.
    #[oai(path = "/imports/:id/undo", method = "post", operation_id = "undo_import", transform = "boxed")]
    async fn undo(
        &self,
        who: By<Editor>,
        query: Query<UndoQuery>,
        id: At<ImportId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Came<UndoReport>>, Acting> {
        retry
            .once(&who, async |writer| {
                let current = record::read(writer, &id).await?.version;
                if current != version.0 {
                    return Err(Error::Stale { current });
                }
                if query.dry_run == Some(true) {
                    return Ok(Came::of(current, record::undo_plan(writer, &id).await?));
                }
                let report = record::undo(writer, &id).await?;
                Ok(Came::of(record::read(writer, &id).await?.version, report))
            })
            .await
    }

    /// List what an import did
    ///
    /// Everything it made or changed, in the order in which that was done. It is kept for as long as the import can be undone.
    #[oai(path = "/imports/:id/items", method = "get", operation_id = "list_import_items", transform = "boxed")]
    async fn items(
        &self,
        who: By<Viewer>,
        query: Query<DoneFilter>,
        id: At<ImportId>,
    ) -> Answer<Listed<DoneItem>, Reading> {
        let page = record::done(&who.read().await?, &id, &query).await?;
        Ok(Listed::new(page, &query))
    }
}

/// An import that is a draft: of any other the file is let go of.
fn draft(import: Import) -> Result<Import, Error> {
    let detail = match import.state.0 {
        ImportState::Draft => return Ok(import),
        ImportState::Applied => {
            "this import was applied, and its file let go of: `GET /imports/{id}/items` lists what it did"
        }
        ImportState::Undone => "this import was applied and undone, and its file let go of: upload the file again",
    };
    Err(Error::conflict("applied", detail))
}

/// A file of whatever kind: what it is shows in what it holds.
#[derive(Debug)]
pub(crate) struct ImportFile(Arc<Spooled>);

impl<'a> ApiExtractor<'a> for ImportFile {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();
    fn register(_: &mut Registry) {}
    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")));
        Some(MetaRequest {
            description: Some("The file, of any kind; its media type is not asked."),
            content: vec![MetaMediaType { content_type: "application/octet-stream", schema }],
            required: true,
        })
    }
    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self(payload::take_file(request, body, FILE_LIMIT).await?))
    }
}
