//! `diligence questionnaire`: writing, checking, trying out and publishing questionnaires. All but `publish`, `export`
//! of one's own and `what-if` work without a database.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use chrono::Datelike as _;
use clap::{Subcommand, ValueEnum};
use diligence_entities::{
    assessment::SheetFormat,
    clock::{Clock, Day},
    error::Error,
    questionnaire::{self, Authored, DocumentFilter, DocumentFormat, DocumentKind, OutdatedEdition},
    what_if::WhatIf,
};
use diligence_questionnaires::{
    Answers, ChangeKind, Edition, EditionChanges, EvidenceFact, Extension, Fault, Input, PartChange, Preview, Review,
    Subject, Translation, changes, check_answers, check_review, check_subject, evaluate, library, normalise_answers,
    swallowed,
    workbook::{self, Form},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Failure, Output, block_on, console, open_with, organisation_called, print};
use crate::{config::DatabaseFlags, json, schemas};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the built-in questionnaires: key, edition, title, and since when and why it is out of date, with tabs
    /// between
    List,
    /// Print a questionnaire to begin with
    New {
        /// The key of the new questionnaire, e.g. our-visitors
        key: String,
        /// Its title
        #[arg(long, value_name = "TEXT")]
        title: String,
        /// Begin an extension of this built-in questionnaire instead
        #[arg(long, value_name = "KEY")]
        extends: Option<String>,
        /// The file to write [default: standard output]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Check an edition or an extension and tell everything that is wrong with it
    Check {
        /// The document: YAML, JSON or CSV
        document: PathBuf,
        /// For an extension, the edition it adds to, as a file [default: the built-in one it names]
        #[arg(long, value_name = "FILE")]
        base: Option<PathBuf>,
    },
    /// Show an edition as a respondent sees it
    Preview {
        /// The edition, or an extension of a built-in one: YAML, JSON or CSV
        edition: PathBuf,
    },
    /// Score answers and print the result as JSON
    Score {
        /// The edition, or an extension of a built-in one: YAML, JSON or CSV
        edition: PathBuf,
        /// The answers, JSON: {"question": {"value": "yes"}}
        answers: PathBuf,
        /// The day it is scored on [default: today, UTC]
        #[arg(long, value_name = "DATE")]
        on: Option<Day>,
        /// What is known of the subject, JSON: {"data_role": "processor"}
        #[arg(long, value_name = "FILE")]
        subject: Option<PathBuf>,
        /// The evidence there is, JSON: [{"id": "…", "kind": "iso_27001", "issued_on": …, "expires_on": …}]
        #[arg(long, value_name = "FILE")]
        evidence: Option<PathBuf>,
        /// Reviewers' points, JSON: {"question": {"points": 70, "reason": "…"}}
        #[arg(long, value_name = "FILE")]
        review: Option<PathBuf>,
    },
    /// Tell what changed between two editions
    Diff {
        /// The earlier edition, or an extension of a built-in one: YAML, JSON or CSV
        before: PathBuf,
        /// The later one
        after: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Put an extension on a newer edition of its base; prints the merged extension, and every conflict on standard
    /// error
    Merge {
        /// The extension: YAML or JSON
        extension: PathBuf,
        /// The edition of the base it was written for, as a file
        #[arg(long, value_name = "FILE")]
        old_base: PathBuf,
        /// The newer edition, as a file
        #[arg(long, value_name = "FILE")]
        new_base: PathBuf,
        /// The number of the edition that results, e.g. 2027.2
        #[arg(long, value_name = "NUMBER")]
        edition: String,
    },
    /// Print an edition's words, to be translated
    Translate {
        /// The edition, or an extension of a built-in one: YAML, JSON or CSV
        edition: PathBuf,
        /// The language to translate to, e.g. cy
        language: String,
    },
    /// Write an edition as a spreadsheet to fill in offline
    Sheet {
        /// The edition, or an extension of a built-in one: YAML, JSON or CSV
        edition: PathBuf,
        /// How it is written
        #[arg(long, value_enum, default_value_t = Sheet::Xlsx)]
        format: Sheet,
        /// The file to write
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
    /// Read a filled-in spreadsheet and print its answers as JSON
    Answers {
        /// The edition, or an extension of a built-in one: YAML, JSON or CSV
        edition: PathBuf,
        /// The filled-in sheet: XLSX or CSV
        sheet: PathBuf,
    },
    /// Publish an edition or an extension in an organisation's register
    Publish {
        /// The document: YAML, JSON or CSV
        document: PathBuf,
        /// Whose register
        #[arg(long, value_name = "NAME")]
        organisation: String,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Tell what publishing an edition or an extension would do to every current score, one JSON object a line; changes
    /// nothing
    WhatIf {
        /// The document: YAML, JSON or CSV
        document: PathBuf,
        /// Whose register
        #[arg(long, value_name = "NAME")]
        organisation: String,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Print an edition: a built-in one, or with `--organisation` one of its own as its author wrote it
    Export {
        /// The key of the questionnaire
        key: String,
        /// Which edition [default: the latest]
        #[arg(long, value_name = "NUMBER")]
        edition: Option<String>,
        /// How it is written [default: as its author wrote it, or else yaml]
        #[arg(long, value_enum)]
        format: Option<Format>,
        /// In which of its languages; needs `--organisation`
        #[arg(long, value_name = "TAG", requires = "organisation")]
        language: Option<String>,
        /// Whose register
        #[arg(long, value_name = "NAME")]
        organisation: Option<String>,
        /// The file to write [default: standard output]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Print the JSON Schema of a document, for editors
    Schema {
        /// Of which document
        #[arg(value_enum, default_value_t = Schema::Edition)]
        document: Schema,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Sheet {
    Xlsx,
    Csv,
}

impl From<Sheet> for SheetFormat {
    fn from(sheet: Sheet) -> Self {
        match sheet {
            Sheet::Xlsx => Self::Xlsx,
            Sheet::Csv => Self::Csv,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Format {
    Yaml,
    Json,
    Csv,
}

impl From<Format> for DocumentFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Yaml => Self::Yaml,
            Format::Json => Self::Json,
            Format::Csv => Self::Csv,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Schema {
    Edition,
    Extension,
    Translation,
    Receipt,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List => {
            let today = Clock::System.now().day();
            let line = |edition: &Edition| {
                let outdated = OutdatedEdition::of(edition, today).map(|outdated| {
                    let since = outdated.since.map(|day| format!(" since {day}")).unwrap_or_default();
                    format!("\tout of date{since}: {outdated}")
                });
                let outdated = outdated.unwrap_or_default();
                format!("{}\t{}\t{}{outdated}\n", edition.key, edition.edition, edition.title)
            };
            print(&library::editions().iter().map(line).collect::<String>())
        }
        Command::New { key, title, extends, output } => begin(&key, &title, extends.as_deref(), output),
        Command::Check { document, base } => {
            let edition = read_whole(&document, base.as_deref())?;
            let count = edition.questions().count();
            let warnings = match format_of(&document) {
                DocumentFormat::Yaml => swallowed(&read_text(&document)?),
                DocumentFormat::Json | DocumentFormat::Csv => Vec::new(),
            };
            let warnings: String =
                warnings.iter().map(|fault| format!("  is this meant? {}\n", placed(fault))).collect();
            print(&format!("{} {}: {count} questions, no faults\n{warnings}", edition.key, edition.edition))
        }
        Command::Preview { edition } => print(&shown(&Preview::of(&read_whole(&edition, None)?))),
        Command::Score { edition, answers, on, subject, evidence, review } => {
            let edition = read_whole(&edition, None)?;
            let given: Answers = read(Some(&answers))?;
            let subject_facts: Subject = read(subject.as_deref())?;
            let facts: Vec<EvidenceFact> = read(evidence.as_deref())?;
            let rated: Review = read(review.as_deref())?;
            refuse(&answers, &check_answers(&edition, &given))?;
            refuse(subject.as_deref().unwrap_or(Path::new("the subject")), &check_subject(&subject_facts))?;
            refuse(review.as_deref().unwrap_or(Path::new("the review")), &check_review(&edition, &rated))?;
            let given = normalise_answers(&edition, given);
            let on = on.unwrap_or_else(|| Clock::System.now().day()).date();
            print_json(&evaluate(
                &edition,
                &Input { answers: &given, review: &rated, evidence: &facts, subject: &subject_facts, on },
            ))
        }
        Command::Diff { before, after, json } => {
            let changes = changes(&read_whole(&before, None)?, &read_whole(&after, None)?);
            if json { print_json(&changes) } else { print(&told(&changes)) }
        }
        Command::Merge { extension, old_base, new_base, edition } => merge(&extension, &old_base, &new_base, &edition),
        Command::Translate { edition, language } => {
            let translation = Translation::start(&read_whole(&edition, None)?, &language);
            print(&translation.to_yaml())
        }
        Command::Sheet { edition, format, output } => {
            let edition = read_whole(&edition, None)?;
            let form =
                Form { edition: &edition, answers: &Answers::new(), visible: None, facts: &[], assessment: None };
            let bytes = match format {
                Sheet::Csv => workbook::write_csv(&form).into_bytes(),
                Sheet::Xlsx => workbook::write_xlsx(&form).map_err(|fault| Failure::other(fault.message))?,
            };
            Output::new(Some(output))?.write(&bytes)
        }
        Command::Answers { edition, sheet } => {
            let edition = read_whole(&edition, None)?;
            let bytes = fs::read(&sheet)
                .map_err(|error| Failure::refused(format!("{} cannot be read: {error}", sheet.display())))?;
            match workbook::read(&bytes, &edition).answers {
                Ok(answers) => print_json(&answers),
                Err(faults) => refuse(&sheet, &faults),
            }
        }
        Command::Publish { document, organisation, database } => block_on(async {
            let store = open_with(database).await?;
            let scope = console(&organisation_called(&store, &organisation).await?.id);
            let writer = store.write(&scope).await?;
            let authored = author(&writer, &document).await?;
            let published =
                questionnaire::publish(&writer, authored).await.map_err(|error| told_of(&document, error))?;
            writer.save().await?;
            print(&format!("{} {} is published\n", published.key, published.edition))
        }),
        Command::WhatIf { document, organisation, database } => block_on(async {
            let store = open_with(database).await?;
            let scope = console(&organisation_called(&store, &organisation).await?.id);
            let edition = author(&store.read(&scope).await?, &document).await?.edition;
            let mut what_if = WhatIf::of_edition(store, scope, edition).await?;
            while let Some(lines) = what_if.next().await? {
                for line in lines {
                    print(&format!(
                        "{}\n",
                        serde_json::to_string(&line).map_err(|error| Failure::other(error.to_string()))?
                    ))?;
                }
            }
            Ok(())
        }),
        Command::Export { key, edition, format, language, organisation, output, database } => {
            let filter = DocumentFilter { format: format.map(Into::into), language };
            let text = match organisation {
                Some(organisation) => block_on(async {
                    let store = open_with(database).await?;
                    let reader = store.read(&console(&organisation_called(&store, &organisation).await?.id)).await?;
                    let missing =
                        || Failure::refused(format!("{organisation:?} has no such edition of a questionnaire {key:?}"));
                    let edition =
                        questionnaire::latest(&reader, &key, edition.as_deref()).await?.ok_or_else(missing)?;
                    Ok(questionnaire::document(&reader, &key, &edition.edition, &filter).await?.1)
                })?,
                None => {
                    let missing = || {
                        Failure::refused(format!(
                            "there is no such edition of a built-in questionnaire {key:?}; `diligence questionnaire list` lists them"
                        ))
                    };
                    written(
                        library::edition(&key, edition.as_deref()).ok_or_else(missing)?,
                        filter.format.unwrap_or_default(),
                    )
                }
            };
            Output::new(output)?.write(text.as_bytes())
        }
        Command::Schema { document } => {
            let value = document.to_possible_value();
            print(&value.and_then(|value| schemas::text(value.get_name())).unwrap_or_default())
        }
    }
}

fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::other(error.to_string()))?;
    print(&format!("{text}\n"))
}

fn written(edition: &Edition, format: DocumentFormat) -> String {
    match format {
        DocumentFormat::Yaml => edition.to_yaml(),
        DocumentFormat::Json => edition.to_json(),
        DocumentFormat::Csv => edition.to_csv(),
    }
}

fn begin(key: &str, title: &str, extends: Option<&str>, output: Option<PathBuf>) -> Result<(), Failure> {
    let year = Clock::System.now().day().date().year().to_string();
    let text = match extends {
        None => library::starter(key, title, &year),
        Some(base) => {
            let missing = || {
                Failure::refused(format!(
                    "there is no built-in questionnaire {base:?}; `diligence questionnaire list` lists them"
                ))
            };
            library::extension_starter(library::edition(base, None).ok_or_else(missing)?, key, title, &year)
        }
    };
    // What the key or the title makes wrong is told before it stands in a file.
    let place = Path::new("the new questionnaire");
    match extends.and_then(|base| library::edition(base, None)) {
        Some(base) => refuse(
            place,
            &Extension::from_yaml(&text).and_then(|extension| extension.apply(base)).err().unwrap_or_default(),
        )?,
        None => refuse(place, &Edition::from_yaml(&text).err().unwrap_or_default())?,
    }
    Output::new(output)?.write(text.as_bytes())
}

fn merge(extension: &Path, old_base: &Path, new_base: &Path, edition: &str) -> Result<(), Failure> {
    let merged = read_extension(extension)?.merge(&read_whole(old_base, None)?, &read_whole(new_base, None)?, edition);
    let is_json = format_of(extension) == DocumentFormat::Json;
    print(&if is_json { merged.extension.to_json() } else { merged.extension.to_yaml() })?;
    for conflict in &merged.conflicts {
        super::say(&format!("{}: {} ({})", conflict.pointer, conflict.message, conflict.code));
    }
    match merged.result {
        Some(_) => Ok(()),
        None => Err(Failure::refused("the extension does not fit the newer base yet: see the conflicts above")),
    }
}

/// A preview as plain text.
fn shown(preview: &Preview) -> String {
    let mut text = format!("{} ({} {})\n\n{}\n", preview.title, preview.key, preview.edition, preview.summary.trim());
    for section in &preview.sections {
        let _ = write!(text, "\n== {}\n", section.title);
        if let Some(asked_if) = &section.asked_if {
            let _ = writeln!(text, "   Asked if {asked_if}.");
        }
        for question in &section.questions {
            let _ = write!(
                text,
                "\n{}{} [{}]\n",
                question.text.trim(),
                if question.required { " *" } else { "" },
                question.key
            );
            if let Some(asked_if) = &question.asked_if {
                let _ = writeln!(text, "   Asked if {asked_if}.");
            }
            if let Some(help) = &question.help {
                let _ = writeln!(text, "   {}", help.trim());
            }
            for option in &question.options {
                let _ = writeln!(text, "   ( ) {}", option.label);
            }
        }
    }
    text.push_str("\n* must be answered\n");
    text
}

/// What changed, a line each.
fn told(changes: &EditionChanges) -> String {
    let mut text = format!(
        "{} → {}: {}\n",
        changes.before,
        changes.after,
        if changes.same_scoring {
            "equal answers give equal scores and findings"
        } else {
            "equal answers can give other scores or findings"
        }
    );
    let field = |text: &mut String, change: &diligence_questionnaires::FieldChange| {
        let value = |value: &Option<serde_json::Value>| {
            value.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string)
        };
        let _ = writeln!(text, "    {}: {} → {}", change.pointer, value(&change.before), value(&change.after));
    };
    if !changes.header.is_empty() {
        text.push_str("changed header\n");
        changes.header.iter().for_each(|change| field(&mut text, change));
    }
    let groups: [(&str, &[PartChange]); 4] = [
        ("principle", &changes.principles),
        ("section", &changes.sections),
        ("question", &changes.questions),
        ("finding", &changes.findings),
    ];
    for (noun, parts) in groups {
        for part in parts {
            let what = match part.change {
                ChangeKind::Added => "added",
                ChangeKind::Removed => "removed",
                ChangeKind::Changed => "changed",
            };
            let _ = writeln!(text, "{what} {noun} {}{}", part.key, if part.affects_scores { " (scores)" } else { "" });
            if part.change == ChangeKind::Changed {
                part.fields.iter().for_each(|change| field(&mut text, change));
            }
        }
    }
    text
}

async fn author(reader: &diligence_entities::scope::Reader, path: &Path) -> Result<Authored, Failure> {
    let text = read_text(path)?;
    let kind = if adds_to_another(path, &text) { DocumentKind::Extension } else { DocumentKind::Edition };
    questionnaire::author(reader, kind, format_of(path), text).await.map_err(|error| told_of(path, error))
}

/// What an operation says of a document, one fault a line.
fn told_of(path: &Path, error: Error) -> Failure {
    match error {
        Error::Invalid(faults) => {
            let lines = faults.iter().map(|fault| {
                format!(
                    "\n  {}: {} ({})",
                    if fault.pointer.is_empty() { "the whole" } else { &fault.pointer },
                    fault.detail,
                    fault.code
                )
            });
            Failure::refused(format!("{} is refused:{}", path.display(), lines.collect::<String>()))
        }
        other => Failure::from(other),
    }
}

fn read_text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::refused(format!("{} cannot be read: {error}", path.display())))
}

fn format_of(path: &Path) -> DocumentFormat {
    let ends_in = |ending: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending));
    if ends_in("json") {
        DocumentFormat::Json
    } else if ends_in("csv") {
        DocumentFormat::Csv
    } else {
        DocumentFormat::Yaml
    }
}

/// Whether a document says which questionnaire it adds to, and so is an extension.
fn adds_to_another(path: &Path, text: &str) -> bool {
    match format_of(path) {
        DocumentFormat::Yaml => Extension::is_in_yaml(text),
        DocumentFormat::Json => json::parse(text.as_bytes()).is_ok_and(|value| value.get("base").is_some()),
        DocumentFormat::Csv => false,
    }
}

fn read_extension(path: &Path) -> Result<Extension, Failure> {
    let text = read_text(path)?;
    let read =
        if format_of(path) == DocumentFormat::Json { Extension::from_json(&text) } else { Extension::from_yaml(&text) };
    read.or_else(|faults| {
        refuse(path, &faults).and(Err(Failure::refused(format!("{} is no extension", path.display()))))
    })
}

/// An edition, or what an extension makes of its base.
fn read_whole(path: &Path, base: Option<&Path>) -> Result<Edition, Failure> {
    if !adds_to_another(path, &read_text(path)?) {
        return read_edition(path);
    }
    let extension = read_extension(path)?;
    let base = match base {
        Some(base) => read_whole(base, None)?,
        None => {
            let missing = || {
                Failure::refused(format!(
                    "there is no such edition of a built-in questionnaire {:?}: name the base with --base FILE",
                    extension.base
                ))
            };
            library::edition(&extension.base, extension.base_edition.as_deref()).cloned().ok_or_else(missing)?
        }
    };
    extension.apply(&base).or_else(|faults| {
        refuse(path, &faults).and(Err(Failure::refused(format!("{} does not fit its base", path.display()))))
    })
}

fn read_edition(path: &Path) -> Result<Edition, Failure> {
    let text = read_text(path)?;
    let read = match format_of(path) {
        DocumentFormat::Yaml => Edition::from_yaml(&text),
        DocumentFormat::Json => Edition::from_json(&text),
        DocumentFormat::Csv => Edition::from_csv(&text),
    };
    read.or_else(|faults| {
        refuse(path, &faults).and(Err(Failure::refused(format!("{} is no questionnaire", path.display()))))
    })
}

/// Reads a JSON file; what is not given is empty.
fn read<T: DeserializeOwned + Default>(path: Option<&Path>) -> Result<T, Failure> {
    let Some(path) = path else { return Ok(T::default()) };
    let value = json::parse(read_text(path)?.as_bytes())
        .map_err(|malformed| Failure::refused(format!("{}: {}", path.display(), malformed.detail)))?;
    serde_json::from_value(value).map_err(|error| Failure::refused(format!("{}: {error}", path.display())))
}

/// Tells every fault, one a line, with its place.
pub(super) fn refuse(path: &Path, faults: &[Fault]) -> Result<(), Failure> {
    if faults.is_empty() {
        return Ok(());
    }
    let line = |fault: &Fault| format!("\n  {}", placed(fault));
    Err(Failure::refused(format!("{} is refused:{}", path.display(), faults.iter().map(line).collect::<String>())))
}

/// A fault in a line, with its place.
fn placed(fault: &Fault) -> String {
    let place = match (fault.line, fault.column) {
        (Some(line), Some(column)) => format!("line {line}, column {column}"),
        (Some(line), None) => format!("line {line}"),
        _ if fault.pointer.is_empty() => "the whole".to_owned(),
        _ => fault.pointer.clone(),
    };
    format!("{place}: {} ({})", fault.message, fault.code)
}
