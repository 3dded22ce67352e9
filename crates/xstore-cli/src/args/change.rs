//! The commands that change where an object's shares are.

use super::Configured;
use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;
use std::str::FromStr;
use xorida_core::Threshold;

/// `xstore repair`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Repair {
    /// The object's manifest; it is replaced by the one that names the new shares.
    #[arg(long, value_name = "M.json")]
    pub(crate) manifest: PathBuf,
    /// Where shares go that have to be made again.
    #[arg(long, value_enum, value_name = "WHERE", default_value_t)]
    pub(crate) place: Place,
    /// Shares of FROM that aren't good, or can't be reached, go to TO and nowhere else; may be repeated.
    #[arg(long, value_name = "FROM=TO")]
    pub(crate) onto: Vec<Move>,
    /// Give up what can't be reached on this backend, and make its shares again on a spare; may be repeated.
    /// Without it a backend that is away is left alone: it may come back.
    #[arg(long, value_name = "BACKEND")]
    pub(crate) abandon: Vec<String>,
    /// Say what would be done, and do nothing but read.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

/// `xstore migrate`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Migrate {
    /// The object's manifest; it is replaced by the one that names the moved shares.
    #[arg(long, value_name = "M.json")]
    pub(crate) manifest: PathBuf,
    /// The backend whose shares are moved. It may be gone.
    #[arg(long, value_name = "BACKEND")]
    pub(crate) from: String,
    /// The backend that they are moved to.
    #[arg(long, value_name = "BACKEND")]
    pub(crate) to: String,
    /// Say what would be done, and do nothing but read.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

/// `xstore reshare`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Reshare {
    /// The object's manifest; it is replaced by that of the new shares.
    #[arg(long, value_name = "M.json")]
    pub(crate) manifest: PathBuf,
    /// How many backends are needed to read from now on, of how many shares: for example 3-of-5.
    #[arg(long, value_name = "K-of-N")]
    pub(crate) threshold: Threshold,
    /// Remove the old shares, too. Without it they stay, with the old manifest beside the new one.
    #[arg(long)]
    pub(crate) remove_old: bool,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

/// Where shares go that have to be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Place {
    /// To the backend that had them, else to a spare.
    #[default]
    SameThenSpare,
    /// To the backend that had them, or nowhere.
    Same,
    /// To a spare, or nowhere.
    Spare,
}

/// From one backend to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) from: String,
    pub(crate) to: String,
}

impl FromStr for Move {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((from, to)) if !from.is_empty() && !to.is_empty() => {
                Ok(Self { from: from.to_owned(), to: to.to_owned() })
            }
            _ => Err("write it as FROM=TO, such as red=blue"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves() {
        assert_eq!("red=blue".parse(), Ok(Move { from: "red".into(), to: "blue".into() }));
        for bad in ["", "red", "=blue", "red=", "="] {
            assert!(bad.parse::<Move>().is_err(), "{bad}");
        }
    }
}
