//! Why a task ends badly, and with which exit code.

/// The end of a task that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// Something was checked and is wrong. Exit code 1.
    #[error("{0}")]
    Failed(String),
    /// Something is wrong, and everything about it has been printed. Exit code 1.
    #[error("see above")]
    Reported,
    /// The command line makes no sense. Exit code 2.
    #[error("{0}")]
    Usage(String),
    /// Nothing could be checked, because a tool is not installed. Exit code 3.
    #[error("{0}")]
    Missing(String),
}

impl Failure {
    /// The exit code of the process, also listed in the general help.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Failed(_) | Self::Reported => 1,
            Self::Usage(_) => 2,
            Self::Missing(_) => 3,
        }
    }

    /// Under `--require` a check that could not run counts as failed.
    pub(crate) fn required(self, require: bool) -> Self {
        match self {
            Self::Missing(reason) if require => Self::Failed(format!("{reason} (and --require was given)")),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn require_turns_only_a_missing_tool_into_a_failure() {
        let missing = Failure::Missing("no nightly".into());
        assert_eq!(missing.code(), 3);
        assert_eq!(missing.clone().required(false), missing);
        assert_eq!(missing.required(true).code(), 1);
        let usage = Failure::Usage("what?".into());
        assert_eq!(usage.clone().required(true), usage);
    }
}
