//! `xstore man`.

use crate::args::{Args, Man};
use crate::failure::Failure;
use crate::output::Output;
use crate::units::count;
use clap::{Command, CommandFactory};
use clap_mangen::Man as Page;
use std::io;
use std::path::{Path, PathBuf};

pub(super) fn run(args: &Man, out: Output) -> Result<(), Failure> {
    // `help` explains itself.
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    match &args.dir {
        None => {
            let mut page = Vec::new();
            Page::new(command)
                .render(&mut page)
                .map_err(|error| Failure::new("SINK_FAILED", "the page can't be made").caused_by(error))?;
            out.data(&String::from_utf8_lossy(&page))
        }
        Some(folder) => {
            let mut pages = Vec::new();
            write(folder, command, &mut pages)
                .map_err(|error| Failure::io("SINK_FAILED", "write the pages to", folder, error))?;
            pages.sort();
            out.result(&pages, || format!("{} in {}", count(pages.len(), "page"), folder.display()))
        }
    }
}

/// Writes the page of a command and those of its commands.
fn write(folder: &Path, command: Command, pages: &mut Vec<PathBuf>) -> io::Result<()> {
    for command in command.get_subcommands().cloned() {
        write(folder, command, pages)?;
    }
    pages.push(Page::new(command).generate_to(folder)?);
    Ok(())
}
