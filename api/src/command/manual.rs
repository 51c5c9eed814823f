//! `diligence man` and `diligence completions`: the command line as manual pages, and for shells.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Failure, Line, print};

#[derive(Args, Debug)]
pub(super) struct Pages {
    /// Of which command: key create [default: of the program]
    #[arg(value_name = "COMMAND")]
    of: Vec<String>,
    /// Write the pages of all commands into this folder instead, as diligence.1, diligence-serve.1 and so on
    #[arg(long, value_name = "FOLDER", conflicts_with = "of")]
    output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Completions {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// The whole command line, each command with its full name.
fn line() -> clap::Command {
    let mut line = without_help(Line::command());
    line.build();
    line
}

/// The command and its subcommands without their `help` subcommands, which a manual does not need.
fn without_help(command: clap::Command) -> clap::Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}

pub(super) fn man(Pages { of, output }: Pages) -> Result<(), Failure> {
    if let Some(folder) = output {
        let unwritten = |error| Failure::other(format!("{} cannot be written: {error}", folder.display()));
        std::fs::create_dir_all(&folder).map_err(unwritten)?;
        return clap_mangen::generate_to(line(), &folder).map_err(unwritten);
    }
    let mut command = line();
    for name in &of {
        let found = command.find_subcommand(name).cloned();
        command = found.ok_or_else(|| Failure::usage(format!("there is no command {:?}", of.join(" "))))?;
    }
    let mut page = Vec::new();
    Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::other(format!("the page cannot be written: {error}")))?;
    print(&String::from_utf8_lossy(&page))
}

pub(super) fn completions(Completions { shell }: Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Line::command(), "diligence", &mut script);
    print(&String::from_utf8_lossy(&script))
}
