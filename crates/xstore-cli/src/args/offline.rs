//! The commands that need no store, and the key file.

use crate::units;
use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;
use xorida_core::Threshold;

/// Where the key file is.
#[derive(Debug, ClapArgs)]
pub(crate) struct KeyFile {
    /// The key file.
    #[arg(long, global = true, value_name = "FILE", env = "XSTORE_KEY_FILE", default_value = "xstore.key")]
    pub(crate) key_file: PathBuf,
}

/// `xstore split`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Split {
    /// The file to split, or - for standard input.
    pub(crate) file: PathBuf,
    /// How many folders are needed to join, of how many: for example 2-of-3.
    #[arg(long, value_name = "K-of-N")]
    pub(crate) threshold: Threshold,
    /// The folders, one per share; a missing one is made if its parent exists.
    #[arg(long, value_name = "DIR", num_args = 1.., required = true)]
    pub(crate) into: Vec<PathBuf>,
    /// Where to write the manifest; joining needs it. It must not exist yet.
    #[arg(long, value_name = "OUT.json")]
    pub(crate) manifest: PathBuf,
    #[command(flatten)]
    pub(crate) keys: KeyFile,
    /// The object's name [default: the file's name; "stdin" for standard input].
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Refuse to join after this time: seconds, or a number with s, m, h or d.
    #[arg(long, value_name = "TIME", value_parser = units::seconds)]
    pub(crate) ttl: Option<u64>,
    /// Payload bytes per part: 1 to 64MiB [default: 8MiB for files up to 128 GiB,
    /// more for larger ones, 64MiB for pipes].
    #[arg(long, value_name = "SIZE", value_parser = units::bytes)]
    pub(crate) part: Option<u64>,
    /// Round the stored length up to a multiple of this size, so that the shares hide the exact one; it must
    /// divide the part size, as every power of two up to it does.
    #[arg(long, value_name = "SIZE", value_parser = units::bytes)]
    pub(crate) pad_to: Option<u64>,
    /// Draw every random byte from the operating system (slower) instead of a generator seeded by it.
    #[arg(long)]
    pub(crate) os_randomness: bool,
}

/// `xstore join`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Join {
    /// The manifest that split wrote.
    #[arg(long, value_name = "M.json")]
    pub(crate) manifest: PathBuf,
    /// Folders that hold shares, in any order; k good ones are needed, all are checked.
    #[arg(long, value_name = "DIR", num_args = 1.., required = true)]
    pub(crate) from: Vec<PathBuf>,
    /// The file to write, or - for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) keys: KeyFile,
    /// Refuse the manifest unless it is for this name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Replace the output file if it exists.
    #[arg(long)]
    pub(crate) force: bool,
    /// Read only as many shares as are needed; bad ones among the others go unnoticed.
    #[arg(long)]
    pub(crate) fast: bool,
}

/// `xstore inspect`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Inspect {
    /// A share or a manifest.
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) keys: KeyFile,
}

/// `xstore key`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Key {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
    #[command(flatten)]
    pub(crate) keys: KeyFile,
}

/// The commands on keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key file with a fresh key; with --rotate, add a fresh key to it and retire the current one.
    New {
        /// Add to an existing file.
        #[arg(long)]
        rotate: bool,
    },
    /// List the keys: id, state, date.
    List,
    /// Stop writing with a key; what it made still verifies.
    Retire {
        /// The key's id, as `key list` shows it; a unique beginning is enough.
        id: String,
    },
    /// Distrust a key: nothing that it made verifies any more. Split such objects again first.
    Revoke {
        /// The key's id, as `key list` shows it; a unique beginning is enough.
        id: String,
    },
}

/// `xstore demo`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Demo {
    /// The file to use; 64 MiB of random bytes are made if none is named.
    pub(crate) file: Option<PathBuf>,
    /// Where to make the demo's temporary folder; it takes about five times the file's size
    /// [default: the system's temporary folder].
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Keep the folder, to try more.
    #[arg(long)]
    pub(crate) keep: bool,
}
