//! Published lists: when each was last looked at, and looking at one that somebody has fetched.
//!
//! What of the file may be about our suppliers travels in the page's form, so that it need not be chosen twice and
//! nothing of it is kept before it is taken over.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use diligence_entities::{
    ahead::{self, Opened},
    clock::Day,
    published_list::{
        self, ListEntry, ListEntryFilter, ListFile, ListLook, ListQuestion, ListVerdict, PublishedList, Refresh,
        RefreshReport, RefreshedEntry,
    },
    role::Role,
};
use poem::http::StatusCode;

use super::{
    form::{Form, parameter},
    format,
    page::{FieldError, Frame, PageResult, at, faults, html, redirect},
    routes::Routes,
    signed_in::{Page, Proven, Upload, WithFile},
};
use crate::{
    auth::{Editor, Viewer},
    body::Cost,
    list_reader::{self, LIST_LIMIT},
    problem::Type,
};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/lists", show).post("/lists", send)
}

/// How many entries of a list are shown at once.
const SHOWN: u64 = 200;

#[derive(Template)]
#[template(path = "lists/show.html")]
struct ListsPage {
    frame: Frame,
    errors: Vec<FieldError>,
    csrf: String,
    looks: Vec<ListLook>,
    may_look: bool,
    list: String,
    list_day: String,
    /// Of the list that is asked for: its entries, each with its supplier's name.
    entries: Vec<(ListEntry, String)>,
    next: Option<String>,
    is_done: bool,
}

impl ListsPage {
    /// What an entry's supplier page is.
    fn href(entry: &ListEntry) -> String {
        format::supplier_href(&entry.supplier_id)
    }
}

async fn lists_page<R>(who: &Page<R>, errors: Vec<FieldError>, list: &str, list_day: &str) -> PageResult {
    let (request, here) = who.parts();
    let reader = who.reader().await?;
    let mut shown = (Vec::new(), None);
    if let Ok(known) = list.parse::<PublishedList>() {
        let cursor = Some(parameter(request, "cursor")).filter(|cursor| !cursor.is_empty());
        let filter = ListEntryFilter { is_same: Some(true), limit: Some(SHOWN), cursor, ..ListEntryFilter::default() };
        let page = published_list::entries(&reader, known, &filter).await?;
        let ids = page.items.iter().map(|entry| entry.supplier_id.clone());
        let names = diligence_entities::supplier::several(&reader, ids).await?;
        let named = |entry: ListEntry| {
            let name = names.get(&entry.supplier_id).map(|supplier| supplier.name.clone()).unwrap_or_default();
            (entry, name)
        };
        let next = page.next.map(|cursor| format!("/lists?list={known}&cursor={cursor}"));
        shown = (page.items.into_iter().map(named).collect(), next);
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = ListsPage {
        frame: here.frame("Published lists").at("/register"),
        errors,
        csrf: here.csrf().to_owned(),
        looks: published_list::all(&reader).await?.lists,
        may_look: here.is_at_least(Role::Editor),
        list: list.to_owned(),
        list_day: list_day.to_owned(),
        entries: shown.0,
        next: shown.1,
        is_done: parameter(request, "done") == "yes",
    };
    Ok(html(status, &page)?)
}

/// The lists, and what one of them says.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let list = parameter(who.parts().0, "list");
    lists_page(&who, Vec::new(), &list, "").await
}

/// A list's file.
pub(super) struct PublishedFile;

impl Upload for PublishedFile {
    const MOST: usize = LIST_LIMIT;
    const COST: Cost = Cost::Bytes;
}

#[derive(Template)]
#[template(path = "lists/checked.html")]
struct CheckedPage {
    frame: Frame,
    csrf: String,
    list: String,
    title: &'static str,
    list_day: String,
    /// What of the file may be about our suppliers.
    content: String,
    answers: BTreeMap<String, String>,
    report: RefreshReport,
}

impl CheckedPage {
    fn verdict(entry: &RefreshedEntry) -> (&'static str, &'static str) {
        match entry.verdict {
            _ if entry.is_worse => ("extreme", "Worse"),
            ListVerdict::Changed => ("moderate", "Changed"),
            ListVerdict::Left => ("high", "No longer on the list"),
            ListVerdict::New => ("low", "New"),
            ListVerdict::Unchanged => ("unassessed", "Unchanged"),
        }
    }

    /// The answers that were given, as fields of the form.
    fn answered(&self) -> Vec<(String, &str)> {
        let is_open = |key: &String| self.report.questions.iter().any(|question| question.key == *key);
        let given = self.answers.iter().filter(|(key, _)| !is_open(key));
        given.map(|(key, answer)| (format!("answer {key}"), answer.as_str())).collect()
    }

    fn field(question: &ListQuestion) -> String {
        format!("answer {}", question.key)
    }
}

/// The answers of a form.
fn answers(form: &Form) -> BTreeMap<String, String> {
    let given = form.all().filter(|(_, answer)| !answer.is_empty());
    given.filter_map(|(name, answer)| Some((name.strip_prefix("answer ")?.to_owned(), answer.to_owned()))).collect()
}

/// Looks at a list, or takes over what it says.
pub(super) async fn send(who: Page<Editor>, form: Proven<WithFile<PublishedFile>>) -> PageResult {
    let here = who.parts().1;
    let (form, file) = form.into_inner();
    let (name, mut errors) = (form.text("list"), Vec::new());
    let day: Option<Day> = form.day("list_day", &mut errors);
    let list = name.parse::<PublishedList>().map_err(|_| errors.push(FieldError::new("list", "choose a list"))).ok();
    let carried = Some(form.exact("content")).filter(|content| !content.is_empty());
    if file.is_none() && carried.is_none() {
        errors.push(FieldError::new("file", "choose a file"));
    }
    let (Some(list), true) = (list, errors.is_empty()) else {
        return lists_page(&who, errors, &name, &form.text("list_day")).await;
    };
    let file: ListFile = match (file, carried) {
        (Some(file), _) => match list_reader::read(who.reader().await?, list, Arc::new(file.content)).await {
            Ok(file) => file,
            Err(problem) if matches!(problem.kind, Type::Invalid | Type::Malformed) => {
                let errors = problem.errors.iter().take(20).map(|fault| FieldError::new("file", &fault.detail));
                return lists_page(&who, errors.collect(), &name, &form.text("list_day")).await;
            }
            Err(other) => return Err(other.into()),
        },
        (None, content) => match serde_json::from_str(&content.unwrap_or_default()) {
            Ok(file) => file,
            Err(_) => {
                let errors = vec![FieldError::new("file", "choose the file again")];
                return lists_page(&who, errors, &name, &form.text("list_day")).await;
            }
        },
    };
    let answers = answers(&form);
    let refresh = Refresh {
        list,
        file: file.clone(),
        list_day: day.unwrap_or_else(|| who.store().clock().now().day()),
        answers: answers.clone(),
        dry_run: form.text("then") != "apply",
    };
    let opened = match ahead::open(who.store(), &who.scope(), &refresh).await {
        Ok(opened) => opened,
        Err(error) => {
            let field = |pointer: &str| if pointer == "?list_day" { "list_day" } else { "file" };
            let errors =
                faults(error)?.iter().map(|fault| FieldError::new(field(&fault.pointer), &fault.detail)).collect();
            return lists_page(&who, errors, &name, &form.text("list_day")).await;
        }
    };
    let Opened { plan, writer, .. } = opened;
    let report = plan.carry_out(writer.as_ref()).await?;
    if let Some(writer) = writer {
        writer.save().await?;
        return Ok(redirect(&format!("/lists?list={list}&done=yes")));
    }
    let page = CheckedPage {
        frame: here.frame("Check the list").at("/register"),
        csrf: here.csrf().to_owned(),
        list: list.to_string(),
        title: list.title(),
        list_day: refresh.list_day.to_string(),
        content: serde_json::to_string(&file).unwrap_or_default(),
        answers,
        report,
    };
    Ok(html(StatusCode::OK, &page)?)
}
