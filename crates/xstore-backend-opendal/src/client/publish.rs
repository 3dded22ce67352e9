//! How a value gets its name where a rename takes the old value away before the new one is there.
//!
//! A value that is to replace another one first gets the name of the *successor*, which only one can have at a time. It
//! is complete then, and readers who find no value look there. Whoever gave it that name renames it once more. So there
//! is a value at each moment, whoever dies in between.

use std::time::Duration;

use opendal_core::ErrorKind as Theirs;
use xstore_backend::{Error, ErrorKind, Result};

use super::{Client, Found, contended};
use crate::error::{Doing, classify};
use crate::staged::{Temporary, successor};
#[cfg(feature = "transport")]
use crate::transport::keeping;

/// How often somebody else's successor is waited for, and how long each time. Who has one renames it at once; what is
/// still there after that was left behind.
const WAITS: usize = 10;
const WAIT: Duration = Duration::from_millis(300);

/// What became of a rename to a name that may be taken.
enum Renamed {
    Done,
    /// The name is taken.
    Taken,
    /// There is nothing to rename.
    Gone,
}

impl Client {
    /// Gives what was written its name. `ahead` is what is in its place.
    pub(super) async fn publish(
        &self,
        temporary: Temporary,
        path: &str,
        ahead: Option<&Found>,
        create_only: bool,
    ) -> Result<()> {
        let beside = successor(path);
        match ahead {
            None => {
                match self.rename_if_free(temporary.path(), path).await? {
                    Renamed::Done => {
                        temporary.renamed();
                        return Ok(());
                    }
                    // Somebody was faster.
                    Renamed::Taken if create_only => return Err(Error::new(ErrorKind::AlreadyExists, "")),
                    Renamed::Taken => {}
                    Renamed::Gone => return Err(contended()),
                }
            }
            // The old value is away and the new one isn't there: whoever was about to do it may be dead.
            Some(found) if found.path == beside => {
                self.rename_if_free(&beside, path).await?;
            }
            Some(_) => {}
        }
        self.make_successor(temporary, &beside, path).await?;
        self.rename(&beside, path).await
    }

    async fn make_successor(&self, temporary: Temporary, beside: &str, path: &str) -> Result<()> {
        for _ in 0..WAITS {
            match self.rename_if_free(temporary.path(), beside).await? {
                Renamed::Done => {
                    temporary.renamed();
                    return Ok(());
                }
                Renamed::Taken => tokio::time::sleep(WAIT).await,
                Renamed::Gone => return Err(contended()),
            }
        }
        // Nobody was told that its value isn't there, so it may as well be.
        self.rename(beside, path).await?;
        match self.rename_if_free(temporary.path(), beside).await? {
            Renamed::Done => {
                temporary.renamed();
                Ok(())
            }
            Renamed::Taken | Renamed::Gone => Err(contended()),
        }
    }

    async fn rename_if_free(&self, from: &str, to: &str) -> Result<Renamed> {
        match keeping(self.operator.rename(from, to)).await {
            Ok(()) => Ok(Renamed::Done),
            Err(error) if error.kind() == Theirs::ConditionNotMatch => Ok(Renamed::Taken),
            Err(error) if error.kind() == Theirs::NotFound => Ok(Renamed::Gone),
            Err(error) => Err(classify(error, Doing::Else)),
        }
    }
}

/// Nothing that renames twice is built.
#[cfg(not(feature = "transport"))]
async fn keeping<T>(work: impl Future<Output = T>) -> T {
    work.await
}
