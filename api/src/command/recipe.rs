//! `diligence recipe`: how a file of somebody else's becomes rows of ours. `check`, `schema`, and `list` and `show` of
//! the built-in ones work without a database.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Subcommand, ValueEnum};
use diligence_entities::{
    error::Error,
    fault::Fault,
    recipe::{self, BUILT_IN, KnownRecipe, Recipe, RecipeEntry, RecipeFilter},
    scope::Writer,
    stored::word,
};

use super::{Failure, block_on, console, open_with, organisation_called, print};
use crate::{config::DatabaseFlags, import_reader, schemas};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List recipes: key, what a row becomes, whose, name, with tabs between; with `--organisation` its own among them
    List {
        /// Whose register
        #[arg(long, value_name = "NAME")]
        organisation: Option<String>,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Print a recipe: a built-in one, or with `--organisation` its own of this key
    Show {
        /// The key of the recipe
        key: String,
        /// How it is written
        #[arg(long, value_enum, default_value_t = Format::Yaml)]
        format: Format,
        /// Whose register
        #[arg(long, value_name = "NAME")]
        organisation: Option<String>,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Check a recipe and tell everything that is wrong with it
    Check {
        /// The recipe: YAML or JSON
        file: PathBuf,
    },
    /// Keep a recipe in an organisation's register, in the place of its own of this key if there is one
    Put {
        /// The key to keep it under: small letters, digits and hyphens
        key: String,
        /// The recipe: YAML or JSON
        file: PathBuf,
        /// Whose register
        #[arg(long, value_name = "NAME")]
        organisation: String,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Delete a recipe from an organisation's register; a built-in one that it stood in the place of is back
    Delete {
        /// The key of the recipe
        key: String,
        /// Whose register
        #[arg(long, value_name = "NAME")]
        organisation: String,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Print the JSON Schema of a recipe, for editors
    Schema,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Format {
    Yaml,
    Json,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List { organisation, database } => {
            let entries: Vec<RecipeEntry> = match organisation {
                None => BUILT_IN.iter().map(|built_in| KnownRecipe::from(built_in).into()).collect(),
                Some(organisation) => block_on(async {
                    let store = open_with(database).await?;
                    let reader = store.read(&console(&organisation_called(&store, &organisation).await?.id)).await?;
                    let mut filter = RecipeFilter { limit: Some(200), ..RecipeFilter::default() };
                    let mut all = Vec::new();
                    loop {
                        let page = recipe::list(&reader, &filter).await?;
                        all.extend(page.items);
                        filter.cursor = page.next;
                        if filter.cursor.is_none() {
                            return Ok(all);
                        }
                    }
                })?,
            };
            print(&entries.iter().map(line).collect::<String>())
        }
        Command::Show { key, format, organisation, database } => {
            let known = match organisation {
                None => recipe::built_in(&key).map(KnownRecipe::from).ok_or_else(|| {
                    Failure::refused(format!("there is no built-in recipe {key:?}; `diligence recipe list` lists them"))
                })?,
                Some(organisation) => block_on(async {
                    let store = open_with(database).await?;
                    let reader = store.read(&console(&organisation_called(&store, &organisation).await?.id)).await?;
                    recipe::read(&reader, &key).await.map_err(|error| missing(&key, error))
                })?,
            };
            print(&written(&known, format)?)
        }
        Command::Check { file } => {
            let (recipe, text) = (read(&file)?, read_text(&file)?);
            let faults = import_reader::check_recipe(&recipe);
            if !faults.is_empty() {
                return Err(refused(&file, &faults));
            }
            let warnings: String = import_reader::recipe_comments(&text)
                .into_iter()
                .map(|fault| format!("  is this meant? {}\n", fault.detail))
                .collect();
            print(&format!(
                "{}: {} columns for {}, no faults\n{warnings}",
                file.display(),
                recipe.columns.len(),
                word(&recipe.noun)
            ))
        }
        Command::Put { key, file, organisation, database } => {
            let document = read(&file)?;
            block_on(async {
                let store = open_with(database).await?;
                let writer = store.write(&console(&organisation_called(&store, &organisation).await?.id)).await?;
                let version = own_version(&writer, &key).await?;
                let kept = recipe::put(&writer, &key, version, document).await?;
                writer.save().await?;
                let what = if kept.replaces_built_in { " in the place of the built-in one" } else { "" };
                print(&format!("{} is kept{what}\n", kept.key))
            })
        }
        Command::Delete { key, organisation, database } => block_on(async {
            let store = open_with(database).await?;
            let writer = store.write(&console(&organisation_called(&store, &organisation).await?.id)).await?;
            let version = own_version(&writer, &key).await?.unwrap_or_default();
            recipe::delete(&writer, &key, version).await.map_err(|error| missing(&key, error))?;
            writer.save().await?;
            print(&format!("{key} is deleted\n"))
        }),
        Command::Schema => print(&schemas::text("recipe").unwrap_or_default()),
    }
}

fn line(entry: &RecipeEntry) -> String {
    let whose = match (entry.is_built_in, entry.replaces_built_in) {
        (true, _) => "built in",
        (false, true) => "own, in the place of the built-in one",
        (false, false) => "own",
    };
    format!("{}\t{}\t{whose}\t{}\n", entry.key, word(&entry.noun), entry.name)
}

/// A recipe as text: a built-in one with its comments.
fn written(known: &KnownRecipe, format: Format) -> Result<String, Failure> {
    match (format, recipe::built_in(&known.key).filter(|_| known.is_built_in)) {
        (Format::Yaml, Some(built_in)) => Ok(built_in.yaml.to_owned()),
        (Format::Yaml, None) => Ok(recipe::to_yaml(&known.document)),
        (Format::Json, _) => {
            let text = serde_json::to_string_pretty(&known.document);
            Ok(text.map_err(|error| Failure::other(error.to_string()))? + "\n")
        }
    }
}

/// The version of the organisation's own of this key, if there is one.
async fn own_version(writer: &Writer, key: &str) -> Result<Option<i64>, Failure> {
    match recipe::read(writer, key).await {
        Ok(known) => Ok(Some(known.version).filter(|_| !known.is_built_in)),
        Err(Error::NotFound) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

fn missing(key: &str, error: Error) -> Failure {
    match error {
        Error::NotFound => Failure::refused(format!("there is no recipe {key:?}")),
        other => other.into(),
    }
}

/// Reads a recipe from a file, or tells every fault, one a line.
fn read(path: &Path) -> Result<Recipe, Failure> {
    recipe::parse(&read_text(path)?).map_err(|faults| refused(path, &faults))
}

fn read_text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::refused(format!("{} cannot be read: {error}", path.display())))
}

fn refused(path: &Path, faults: &[Fault]) -> Failure {
    let line = |fault: &Fault| {
        let place = if fault.pointer.is_empty() { "the whole" } else { &fault.pointer };
        format!("\n  {place}: {} ({})", fault.detail, fault.code)
    };
    Failure::refused(format!("{} is refused:{}", path.display(), faults.iter().map(line).collect::<String>()))
}
