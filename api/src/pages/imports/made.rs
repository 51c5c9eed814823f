//! An import: where a draft goes on, what one that was brought in did, and taking it back.

use std::collections::BTreeSet;

use askama::Template;
use diligence_entities::{
    id::ImportId,
    import::record::{self, DoneFilter, DoneItem, Import, ImportState, ItemKind, LeftItem, UndoReport},
    recipe::Recipe,
    role::Role,
};
use diligence_questionnaires::spreadsheet::{Found, Kind};
use poem::http::StatusCode;

use super::{PART, href, noun_word, steps};
use crate::{
    auth::{Editor, Viewer},
    import_draft,
    pages::{
        form::{Form, parameter},
        format,
        list_query::ListQuery,
        page::{FieldError, Frame, PageResult, Refusal, faults, html, redirect, sentence},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
    },
};

#[derive(Template)]
#[template(path = "imports/made.html")]
struct MadePage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    import: Import,
    items: Vec<DoneItem>,
    asked: ListQuery<DoneFilter>,
    next: Option<String>,
    /// The rows that were left out, if they are kept to be mended.
    rest: Option<Import>,
}

impl MadePage<'_> {
    fn is_undone(&self) -> bool {
        self.import.state.0 == ImportState::Undone
    }

    fn may_undo(&self) -> bool {
        self.import.state.0 == ImportState::Applied && self.here.is_at_least(Role::Editor)
    }

    /// What was done, in counts.
    fn counts(&self) -> Vec<(&'static str, i64)> {
        let import = &self.import;
        [
            ("Rows read", import.row_count),
            ("New", import.created_count),
            ("Changed", import.changed_count),
            ("Unchanged", import.unchanged_count),
        ]
        .into_iter()
        .filter_map(|(name, count)| Some((name, count?)))
        .collect()
    }

    /// Where something that was made or changed is, if it has a page of its own.
    fn place(item: &DoneItem) -> Option<String> {
        let path = match item.kind {
            ItemKind::Supplier => "suppliers",
            ItemKind::Product => "products",
            ItemKind::Evidence => "evidence",
            ItemKind::Incident => "incidents",
            ItemKind::Risk => "risks",
            ItemKind::Decision => "decisions",
            ItemKind::Review | ItemKind::Dependency => return None,
        };
        Some(format!("/{path}/{}", item.id))
    }

    /// What something is called: its name, or what it is.
    fn called(item: &DoneItem) -> String {
        item.name.clone().unwrap_or_else(|| format::label(&item.kind))
    }

    fn noun(&self) -> String {
        noun_word(self.import.noun.0)
    }
}

/// What an import did; a draft goes on where there is something to say.
pub(in crate::pages) async fn show(who: Page<Viewer>) -> PageResult {
    let id: ImportId = who.id()?;
    let reader = who.reader().await?;
    let import = record::read(&reader, &id).await?;
    if import.state.0 == ImportState::Draft {
        drop(reader);
        let who = who.having::<Editor>().await?;
        let step = next(&who, &import).await?;
        return Ok(redirect(&format!("{}/{step}", href(&id))));
    }
    let (request, here) = who.parts();
    let asked = ListQuery::<DoneFilter>::of(request, "")?;
    let page = record::done(&reader, &id, &asked.filter).await?;
    let rest = match parameter(request, "rest").parse::<ImportId>() {
        Ok(rest) => record::read(&reader, &rest).await.ok().filter(|rest| rest.state.0 == ImportState::Draft),
        Err(_) => None,
    };
    let next = asked.next(page.next.as_ref());
    let frame = here.frame(&format!("Import of {}", import.file_name)).at(PART);
    Ok(html(StatusCode::OK, &MadePage { frame, here, import, items: page.items, asked, next, rest })?)
}

/// Whether what was found about a file leaves nothing to ask.
fn is_sure(found: &Found) -> bool {
    let is_named = matches!(found.kind, Kind::Json | Kind::JsonLines | Kind::Ocds);
    found.sheets.len() <= 1 && (is_named || found.header_row == Some(1))
}

/// The step at which a draft goes on.
async fn next(who: &Page<Editor>, draft: &Import) -> Result<&'static str, Refusal> {
    let (request, _) = who.parts();
    let reader = who.reader().await?;
    let recipe: Recipe = import_draft::recipe(draft);
    let has_columns = !recipe.columns.is_empty();
    let file = import_draft::file(&reader, &draft.id).await?;
    let Ok(looked) = import_draft::look(file, recipe).await else { return Ok("file") };
    if !has_columns {
        let foreign = match import_draft::intake(&reader, draft, true, BTreeSet::new()).await {
            Ok(_) => false,
            Err(problem) => steps::is_foreign(&problem),
        };
        let was_seen = parameter(request, "seen") == "true";
        return Ok(match foreign {
            true if was_seen || is_sure(&looked.found) => "columns",
            true => "file",
            false => "rows",
        });
    }
    drop(reader);
    Ok(match steps::report(who, draft).await {
        Ok(report) if report.questions.iter().any(steps::is_of_column) => "values",
        Ok(_) => "rows",
        Err(problem) if steps::is_foreign(&problem) => "columns",
        Err(_) => "rows",
    })
}

/// Throws a draft away.
pub(in crate::pages) async fn discard(who: Page<Editor>, _: Proven<Form>) -> PageResult {
    let draft = steps::draft(&who).await?;
    who.change(async |writer| record::delete(writer, &draft.id, draft.version).await).await?;
    Ok(redirect("/imports"))
}

#[derive(Template)]
#[template(path = "imports/undo.html")]
struct UndoPage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    import: Import,
    report: UndoReport,
    errors: Vec<FieldError>,
}

impl UndoPage<'_> {
    /// What something is called: its name, or what it is.
    fn called(left: &LeftItem) -> String {
        left.name.clone().unwrap_or_else(|| format::label(&left.kind))
    }
}

async fn undo_page(who: &Page<Editor>, import: Import, errors: Vec<FieldError>) -> PageResult {
    let (_, here) = who.parts();
    let report = record::undo_plan(&who.reader().await?, &import.id).await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok(html(status, &UndoPage { frame: here.frame("Undo an import").at(PART), here, import, report, errors })?)
}

/// The import at this address, if it can be undone; else it says itself why not.
async fn applied(who: &Page<Editor>) -> Result<Import, Refusal> {
    let id: ImportId = who.id()?;
    let import = record::read(&who.reader().await?, &id).await?;
    if import.state.0 == ImportState::Applied { Ok(import) } else { Err(Refusal::Elsewhere(href(&id))) }
}

/// What undoing would do, and what it would leave.
pub(in crate::pages) async fn show_undo(who: Page<Editor>) -> PageResult {
    let import = applied(&who).await?;
    undo_page(&who, import, Vec::new()).await
}

/// Undoes an import.
pub(in crate::pages) async fn undo(who: Page<Editor>, _: Proven<Form>) -> PageResult {
    let import = applied(&who).await?;
    match who.change(async |writer| record::undo(writer, &import.id).await).await {
        Ok(_) => Ok(redirect(&href(&import.id))),
        Err(error) => {
            let errors = faults(error)?.iter().map(|fault| FieldError::new("undo", &fault.detail)).collect();
            undo_page(&who, import, errors).await
        }
    }
}
