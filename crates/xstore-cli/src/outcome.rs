//! How a command ends that did what it was asked to.

use std::process::ExitCode;

/// What a script has to know beside that it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well.
    Done,
    /// Done, but shares are missing or damaged, or a backend isn't in order.
    Degraded,
    /// What was looked at can't be read: fewer than k good shares.
    Unreadable,
    /// Mistakes were looked for and found: the number that the worst of them makes other commands exit with.
    Mistakes(u8),
}

impl Outcome {
    /// The number that the process exits with; `xstore --help` lists them.
    pub(crate) fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Degraded => 6,
            Self::Unreadable => 3,
            Self::Mistakes(exit) => exit,
        })
    }

    /// Degraded unless all is well.
    pub(crate) const fn degraded_unless(is_well: bool) -> Self {
        if is_well { Self::Done } else { Self::Degraded }
    }
}
