//! Bringing in a list: what would come of each row first, then all of it or nothing.
//!
//! The file that was looked at travels in the page's form, so that it need not be chosen twice and nothing of it is
//! kept before it is brought in.

use askama::Template;
use diligence_entities::{
    ahead::{self, Opened},
    fault::Fault,
    idempotency::{self, Recall, StoredAnswer},
    identifier::Scheme,
    import::{MAXIMUM_ROWS, Verdict},
    stored::{from_word, hex},
};
use diligence_questionnaires::cells;
use poem::{
    Body, Response,
    http::{StatusCode, header},
};

use super::{
    form::parameter,
    format,
    labels::Labelled as _,
    page::{FieldError, Frame, PageResult, at, html, redirect, request_id, sentence},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven, Upload, WithFile},
};
use crate::{
    auth::{Editor, Viewer, store_of},
    body::Cost,
    csv,
    import_reader::{ImportQuery, ImportReport, ImportedRow, Intake, Noun, RowError},
    payload::IMPORT_LIMIT,
    problem::{Problem, Type},
};

use sha2::{Digest as _, Sha256};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/import", show).post("/import", send).get("/import/example", example)
}

/// How many rows a page shows.
const SHOWN_ROWS: usize = 100;
/// How much longer than the file its text in a form may be.
const MAXIMUM_FIELD: usize = IMPORT_LIMIT * 3 / 2;

const COLUMNS_TOLD: [(&str, &str); 9] = [
    (
        "identifiers:SCHEME",
        "An identifier, such as identifiers:GB-COH for a company number or identifiers:GB-NHS for an organisation code",
    ),
    ("evidence.KIND.FIELD", "A piece of evidence, such as evidence.dspt.statement and evidence.dspt.expires_on"),
    ("supplier_name", "For products: whose it is, by the exact name"),
    ("supplier_identifier", "For products: whose it is, by an identifier, such as GB-NHS:8K417"),
    ("id", "Our own id, as an export has it: the row is then about just this one"),
    ("data_locations", "Countries by two letters, with ; between"),
    ("ai_features", "none, embedded, core or unknown"),
    ("kind", "For products: software, service, device or ai_system"),
    ("status", "active, prospective, exiting or archived"),
];

/// The column of the identifiers of a scheme.
fn identifiers(scheme: &str) -> String {
    format!("identifiers:{scheme}")
}

/// What is imported, as a form names it.
fn noun_of(text: &str) -> Option<Noun> {
    match text {
        "suppliers" => Some(Noun::Suppliers),
        "products" => Some(Noun::Products),
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "imports/new.html")]
struct ImportPage {
    frame: Frame,
    errors: Vec<FieldError>,
    csrf: String,
    noun: String,
    dates: String,
    /// What became of the import before, in a sentence.
    done: Option<String>,
    columns: [Vec<String>; 2],
    /// The file, where its columns are not all ours and it can be said which are which.
    foreign: Option<Foreign>,
}

/// A file whose columns somebody has to name.
struct Foreign {
    name: String,
    content: String,
    /// Each column: what it is called, what its first row says, and what it is here.
    columns: Vec<(String, String, String)>,
}

impl ImportPage {
    fn known(&self) -> &[String] {
        if self.noun == "products" { self.of_products() } else { self.of_suppliers() }
    }

    fn of_suppliers(&self) -> &[String] {
        &self.columns[0]
    }

    fn of_products(&self) -> &[String] {
        &self.columns[1]
    }
}

/// The columns that can be filled.
fn columns(noun: Noun) -> Vec<String> {
    const DERIVED: [&str; 6] = ["tier", "tier_reason", "rating", "version", "created_at", "updated_at"];
    noun.known()
        .into_iter()
        .filter(|name| !DERIVED.contains(&name.as_str()) && !name.contains("SCHEME") && !name.contains("KIND"))
        .collect()
}

fn import_page(
    here: &SignedIn,
    errors: Vec<FieldError>,
    noun: &str,
    dates: &str,
    done: Option<String>,
    foreign: Option<Foreign>,
) -> PageResult {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = ImportPage {
        frame: here.frame("Import suppliers").at("/register"),
        errors,
        csrf: here.csrf().to_owned(),
        noun: if noun.is_empty() { "suppliers".into() } else { noun.to_owned() },
        dates: dates.to_owned(),
        done,
        columns: [columns(Noun::Suppliers), columns(Noun::Products)],
        foreign,
    };
    Ok(html(status, &page)?)
}

/// Where a file is chosen.
pub(super) async fn show(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let done = parameter(request, "done");
    let number = |name: &str| parameter(request, name).parse::<u32>().unwrap_or_default();
    let told = noun_of(&done).map(|_| {
        let counts = [("new", "new"), ("changed", "changed"), ("unchanged", "unchanged")]
            .map(|(name, word)| format!("{} {word}", number(name)));
        format!("{} imported: {}.", format::capital(&done), counts.join(", "))
    });
    import_page(here, Vec::new(), &done, "", told, None)
}

/// A small file that shows how one looks.
pub(super) async fn example(who: Page<Viewer>) -> PageResult {
    let (request, _) = who.parts();
    let (name, text) = if parameter(request, "of") == "products" {
        (
            "products-example.csv",
            "supplier_name,name,kind,purpose,ai_features,ai_profile.model_provider\r\nHarbour Care Systems,Harbour Notes,software,Writes up visits,embedded,Nimbus\r\nHarbour Care Systems,Harbour Rota,software,Plans shifts,unknown,\r\n",
        )
    } else {
        (
            "suppliers-example.csv",
            "name,website,country,identifiers:GB-COH,data_role,personal_data,data_locations,relationship_owner,evidence.cyber_essentials.reference,evidence.cyber_essentials.expires_on\r\nHarbour Care Systems,https://harbour.example,GB,04142000,processor,health;care_records,GB;IE,Jo Bell,CE-1234,2027-12-10\r\nFernway Laundry,,GB,,none,,,Sam Okafor,,\r\n",
        )
    };
    Ok(attachment(name, text.to_owned()))
}

fn attachment(name: &str, text: String) -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, "text/csv; charset=utf-8")
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
        .header(header::CACHE_CONTROL, "no-store")
        .body(Body::from_string(format!("{}{text}", cells::BYTE_ORDER_MARK)))
}

/// A text in which no browser changes the ends of lines on its way through a form.
fn carried(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The text that was [`carried`].
fn uncarried(text: &str) -> String {
    text.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
}

#[derive(Template)]
#[template(path = "imports/checked.html")]
struct CheckedPage {
    frame: Frame,
    csrf: String,
    noun: String,
    dates: String,
    map: String,
    name: String,
    content: String,
    /// What tells one bringing in from the next, so that a form sent twice does nothing twice.
    once: String,
    report: ImportReport,
    show: String,
    /// The first row that is shown, from 0, among those that are chosen.
    from: usize,
    chosen: Vec<ImportedRow>,
    chosen_count: usize,
    is_changed_meanwhile: bool,
}

impl CheckedPage {
    fn next(&self) -> Option<usize> {
        Some(self.from + SHOWN_ROWS).filter(|next| *next < self.chosen_count)
    }

    fn may_apply(&self) -> bool {
        self.report.refused_count == 0 && self.report.created_count + self.report.changed_count > 0
    }

    /// The verdicts: the word, the name, and how many rows have it.
    fn verdicts(&self) -> [(&'static str, &'static str, i64); 4] {
        let report = &self.report;
        [
            ("refused", "Refused", report.refused_count),
            ("create", "New", report.created_count),
            ("change", "Changed", report.changed_count),
            ("unchanged", "Unchanged", report.unchanged_count),
        ]
    }

    fn verdict(row: &ImportedRow) -> (&'static str, &'static str) {
        match row.verdict {
            Verdict::Refused => ("extreme", "Refused"),
            Verdict::Create => ("low", "New"),
            Verdict::Change => ("moderate", "Changed"),
            Verdict::Unchanged => ("unassessed", "Unchanged"),
        }
    }

    fn href(&self, row: &ImportedRow) -> Option<String> {
        row.id.as_ref().map(|id| format!("/{}/{id}", self.noun))
    }

    fn told(error: &RowError) -> String {
        let column = if error.column.is_empty() {
            String::new()
        } else {
            format!("{}: ", format::without_underscores(&error.column))
        };
        let value = error
            .value
            .as_ref()
            .filter(|value| !value.is_empty())
            .map(|value| format!(", not \u{201c}{value}\u{201d}"))
            .unwrap_or_default();
        sentence(&format!("{column}{}{value}", error.detail))
    }
}

/// The names of a file's columns, and what its first row says in each.
fn head(text: &str) -> Vec<(String, String)> {
    let mut records = cells::read(text);
    let mut next = || {
        records
            .next()
            .and_then(Result::ok)
            .map(|record| record.cells.into_iter().map(|cell| cell.trim().to_owned()).collect::<Vec<_>>())
    };
    let (names, first) = (next().unwrap_or_default(), next().unwrap_or_default());
    names
        .into_iter()
        .enumerate()
        .map(|(index, name)| (name, first.get(index).map(|cell| cell.chars().take(60).collect()).unwrap_or_default()))
        .collect()
}

/// A name as a map writes it.
fn escaped(name: &str) -> String {
    name.chars()
        .flat_map(|letter| if matches!(letter, ',' | '=' | '\\') { vec!['\\', letter] } else { vec![letter] })
        .collect()
}

/// What one of somebody else's columns probably is here.
fn guess(name: &str, known: &[String]) -> String {
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let name = plain(name);
    let usual = [
        (
            "name",
            ["supplier", "suppliername", "company", "companyname", "organisation", "organisationname", "vendor"]
                .as_slice(),
        ),
        ("name", ["product", "productname", "system"].as_slice()),
        ("website", ["url", "web", "homepage"].as_slice()),
        ("relationship_owner", ["owner", "contractmanager"].as_slice()),
        ("identifiers:GB-COH", ["companynumber", "companieshouse", "crn"].as_slice()),
        ("identifiers:GB-NHS", ["odscode", "ods"].as_slice()),
    ];
    known
        .iter()
        .find(|column| plain(column) == name)
        .cloned()
        .or_else(|| {
            usual.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(column, _)| (*column).to_owned())
        })
        .unwrap_or_default()
}

/// A list as a file, or as the text that was in one.
pub(super) struct ListFile;

impl Upload for ListFile {
    const MOST: usize = MAXIMUM_FIELD;
    const COST: Cost = Cost::ListInForm;
}

/// Looks at a file, or brings it in.
pub(super) async fn send(who: Page<Editor>, form: Proven<WithFile<ListFile>>) -> PageResult {
    let (request, here) = who.parts();
    let (form, file) = form.into_inner();
    let (noun_text, dates) = (form.text("noun"), form.text("dates"));
    let again = |field: &str, detail: &str| {
        import_page(here, vec![FieldError::new(field, detail)], &noun_text, &dates, None, None)
    };
    let Some(noun) = noun_of(&noun_text) else { return again("noun", "choose what is in the list") };
    let (name, text) = match (file, Some(form.exact("content")).filter(|content| !content.is_empty())) {
        (Some(file), _) if file.content.len() > IMPORT_LIMIT => {
            return again("file", &format!("choose a file of at most {} MiB, or send it in parts", IMPORT_LIMIT >> 20));
        }
        (Some(file), _) => match csv::text(&file.content) {
            Ok(text) => (file.name, text.to_owned()),
            Err(malformed) => return again("file", &malformed.detail),
        },
        (None, Some(content)) => (form.text("name"), uncarried(&content)),
        (None, None) => return again("file", "choose a file"),
    };
    let known = columns(noun);
    // What was said of the file's columns, or the map that was made of that before.
    let named: Vec<(String, String, String)> = head(&text)
        .into_iter()
        .enumerate()
        .map(|(index, (name, first))| (form.text(&format!("column{index}")), name, first))
        .map(|(here, name, first)| (name, first, here))
        .collect();
    let pairs: Vec<String> = named
        .iter()
        .filter(|(_, _, here)| !here.is_empty())
        .map(|(name, _, here)| format!("{}={}", escaped(name), escaped(here)))
        .collect();
    let map = if pairs.is_empty() { form.some("map") } else { Some(pairs.join(",")) };
    let is_asked = form.text("then") == "map";
    let foreign =
        |columns: Vec<(String, String, String)>| Foreign { name: name.clone(), content: carried(&text), columns };
    let guessed = || {
        head(&text)
            .into_iter()
            .map(|(name, first)| (guess(&name, &known), name, first))
            .map(|(here, name, first)| (name, first, here))
            .collect::<Vec<_>>()
    };
    if is_asked && pairs.is_empty() {
        let errors = vec![FieldError::new("column0", "say of at least one column what it is here")];
        return import_page(here, errors, &noun_text, &dates, None, Some(foreign(guessed())));
    }
    let query = ImportQuery {
        dry_run: Some(form.text("then") != "apply"),
        map: map.clone(),
        r#where: None,
        dates: from_word(&dates),
    };
    let bytes = text.clone().into_bytes();
    // Reading a large file is work: other requests need this thread.
    let read =
        tokio::task::spawn_blocking(move || Intake::of_file(noun, &bytes, &query)).await.map_err(Problem::internal)?;
    let intake = match read {
        Ok(intake) => intake,
        Err(problem) if matches!(problem.kind, Type::Invalid | Type::Malformed) => {
            let is_about_columns =
                problem.errors.iter().any(|fault| fault.code == "unknown_column") && !head(&text).is_empty();
            let field = if is_about_columns { "column0" } else { "file" };
            // That it is somebody else's file is nothing wrong before they have been asked which column is which.
            let is_told = |fault: &&Fault| is_asked || fault.code != "unknown_column";
            let errors = problem
                .errors
                .iter()
                .filter(is_told)
                .take(20)
                .map(|fault| FieldError::new(field, &fault.detail))
                .collect();
            let columns = if is_asked { named } else { guessed() };
            return import_page(here, errors, &noun_text, &dates, None, is_about_columns.then(|| foreign(columns)));
        }
        Err(other) => return Err(other.into()),
    };
    let is_applied = form.text("then") == "apply";
    let store = store_of(request)?;
    let (once, fingerprint) = (form.text("once"), hex(&Sha256::digest(format!("{noun_text} {dates} {map:?} {text}"))));
    let opened = match ahead::open(store, &here.person.scope(request_id(request)), &intake).await {
        Ok(opened) => opened,
        Err(error) => {
            let errors =
                super::page::faults(error)?.iter().map(|fault| FieldError::new("file", &fault.detail)).collect();
            return import_page(here, errors, &noun_text, &dates, None, None);
        }
    };
    let Opened { plan, writer, .. } = opened;
    let kept = match &writer {
        _ if !is_applied => None,
        Some(writer) => Some(idempotency::recall(writer, &once, &fingerprint).await?),
        // Sent again, it may be refused for what came of it the first time.
        None => Some(idempotency::recall(&here.read(request).await?, &once, &fingerprint).await?),
    };
    if let Some(Recall::Same(answer)) = kept {
        return Ok(redirect(answer.location.as_deref().unwrap_or("/import")));
    }
    let next = store.clock().now().to_string();
    let report = intake.run(plan, writer.as_ref()).await?;
    if let Some(writer) = writer {
        let place = format!(
            "/import?done={noun_text}&new={}&changed={}&unchanged={}",
            report.created_count, report.changed_count, report.unchanged_count
        );
        if !once.is_empty() {
            let answer = StoredAnswer {
                status: StatusCode::SEE_OTHER.as_u16(),
                location: Some(place.clone()),
                etag: None,
                body: String::new(),
            };
            idempotency::remember(&writer, &once, &fingerprint, &answer).await?;
        }
        writer.save().await?;
        return Ok(redirect(&place));
    }
    if form.text("then") == "failures" {
        return Ok(attachment("refused.csv", failures(&report)));
    }
    let show = form
        .some("choose")
        .or_else(|| form.some("show"))
        .unwrap_or_else(|| if report.refused_count > 0 { "refused".into() } else { "all".into() });
    let from = if form.some("choose").is_some() { 0 } else { form.text("from").parse().unwrap_or_default() };
    let fits = |row: &&ImportedRow| show == "all" || format::slug(&row.verdict) == show;
    let page = CheckedPage {
        frame: here.frame("Check the file").at("/register"),
        csrf: here.csrf().to_owned(),
        map: map.unwrap_or_default(),
        content: carried(&text),
        once: format!("import-{next}"),
        chosen_count: report.rows.iter().filter(fits).count(),
        chosen: report.rows.iter().filter(fits).skip(from).take(SHOWN_ROWS).cloned().collect(),
        noun: noun_text,
        dates,
        name,
        show,
        from,
        report,
        is_changed_meanwhile: is_applied,
    };
    Ok(html(if is_applied { StatusCode::CONFLICT } else { StatusCode::OK }, &page)?)
}

/// The refused rows with what is wrong, a line for each reason.
fn failures(report: &ImportReport) -> String {
    let line = |row: &ImportedRow, error: &RowError| {
        let line = row.line.unwrap_or(row.row).to_string();
        [
            line,
            row.name.clone().unwrap_or_default(),
            error.column.clone(),
            error.value.clone().unwrap_or_default(),
            sentence(&error.detail),
        ]
    };
    let mut file = cells::Writer::default();
    file.write(["line", "name", "column", "what it says", "what is wrong"]);
    for row in report.rows.iter().filter(|row| row.verdict == Verdict::Refused) {
        row.errors.iter().for_each(|error| file.write(line(row, error)));
    }
    file.into_text()
}
