//! The commands on a store, and those on the command itself.

use super::{ByteRange, KeyFile, Likelihood};
use crate::units;
use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;
use std::str::FromStr;
use xorida_core::Threshold;

/// Where the store's configuration is.
#[derive(Debug, ClapArgs)]
pub(crate) struct Configured {
    /// The store's configuration.
    #[arg(long, value_name = "FILE", env = "XSTORE_CONFIG", default_value = "xstore.toml")]
    pub(crate) config: PathBuf,
}

/// `xstore init`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Init {
    /// The backends, one per share, more as spares: for example file:/mnt/red or sqlite:blue.db. Relative paths
    /// are relative to the configuration's folder. Without any, the store that an existing configuration describes is
    /// set up.
    #[arg(value_name = "URL", requires = "threshold")]
    pub(crate) urls: Vec<String>,
    /// How many backends are needed to read, of how many shares: for example 2-of-3.
    #[arg(long, value_name = "K-of-N", requires = "urls")]
    pub(crate) threshold: Option<Threshold>,
    #[command(flatten)]
    pub(crate) configured: Configured,
    #[command(flatten)]
    pub(crate) keys: KeyFile,
    /// Label a backend for the placement rules, for example red:site=home; may be repeated. ID is the last part of
    /// its URL.
    #[arg(long = "label", value_name = "ID:NAME=VALUE", requires = "urls")]
    pub(crate) labels: Vec<Label>,
}

/// A label of `--label`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl FromStr for Label {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once(':').and_then(|(id, rest)| Some((id, rest.split_once('=')?)));
        match parts {
            Some((id, (name, value))) if !id.is_empty() && !name.is_empty() && !value.is_empty() => {
                Ok(Self { id: id.to_owned(), name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("write it as ID:NAME=VALUE, such as red:site=home"),
        }
    }
}

/// `xstore put`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Put {
    /// The file to store, or - for standard input.
    pub(crate) file: PathBuf,
    /// Where to write the manifest; reading needs it. It must not exist yet.
    #[arg(long, value_name = "OUT.json")]
    pub(crate) manifest: PathBuf,
    /// The object's name [default: the file's name; "stdin" for standard input].
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Refuse to read after this time: seconds, or a number with s, m, h or d [default: the configuration's].
    #[arg(long, value_name = "TIME", value_parser = units::seconds)]
    pub(crate) ttl: Option<u64>,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

/// `xstore get`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Get {
    /// The manifest that put wrote.
    #[arg(long, value_name = "M.json")]
    pub(crate) manifest: PathBuf,
    /// The file to write, or - for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Only these bytes, counted from 0, both ends included: A-B, A- to the end, or -N for the last N.
    #[arg(long, value_name = "A-B", allow_hyphen_values = true)]
    pub(crate) range: Option<ByteRange>,
    /// Refuse the manifest unless it is for this name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Replace the output file if it exists.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

/// `xstore rm`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Rm {
    /// The object's manifest; it is removed once no share is left.
    #[arg(long, value_name = "M.json")]
    pub(crate) manifest: PathBuf,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

/// `xstore verify`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Verify {
    /// The object's manifest.
    #[arg(long, value_name = "M.json")]
    pub(crate) manifest: PathBuf,
    /// Ask for the shares' lengths only: finds what is missing or cut, and says nothing about the bytes.
    #[arg(long)]
    pub(crate) quick: bool,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

/// `xstore status`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) configured: Configured,
}

/// `xstore plan`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Plan {
    /// The size of the object that costs are told for: a number with KiB, MiB or GiB.
    #[arg(long, value_name = "SIZE", value_parser = units::bytes, default_value = "1GiB")]
    pub(crate) size: u64,
    /// How probable it is that a backend is up, such as 0.999 or 99.9%: P for all, ID=P for one, LABEL:VALUE=P for
    /// what all backends under one value have in common; may be repeated.
    #[arg(long = "availability", value_name = "P|ID=P|LABEL:VALUE=P")]
    pub(crate) availability: Vec<Likelihood>,
    /// How probable it is that a backend loses its shares within a year, such as 0.01: for whom as above.
    #[arg(long = "loss", value_name = "P|ID=P|LABEL:VALUE=P")]
    pub(crate) loss: Vec<Likelihood>,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

/// `xstore config`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Config {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

/// The commands on a configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Find every mistake, with its line and what to do about it; without asking any backend.
    Check {
        /// Then open every backend and ask it as `xstore status` does.
        #[arg(long)]
        connect: bool,
        #[command(flatten)]
        configured: Configured,
    },
}

/// `xstore sweep`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Sweep {
    /// What puts left behind [default: every *.pending in the current folder].
    #[arg(value_name = "PENDING", conflicts_with = "manifest")]
    pub(crate) pending: Vec<PathBuf>,
    /// What the puts to this manifest left behind.
    #[arg(long, value_name = "OUT.json")]
    pub(crate) manifest: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

/// `xstore completions`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Completions {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}

/// `xstore man`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Man {
    /// Write one page per command into this folder instead of printing the first one.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        let label = |id: &str, name: &str, value: &str| Label {
            id: id.into(),
            name: name.into(),
            value: value.into(),
        };
        assert_eq!("red:site=home".parse(), Ok(label("red", "site", "home")));
        assert_eq!("red:a=b=c:d".parse(), Ok(label("red", "a", "b=c:d")));
        for bad in ["", "red", "red:site", "site=home", ":site=home", "red:=home", "red:site="] {
            assert!(bad.parse::<Label>().is_err(), "{bad}");
        }
    }
}
