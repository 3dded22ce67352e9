//! The store of a command: opened from its configuration, used on a runtime of its own, and closed.

use crate::args::Configured;
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use std::path::Path;
use std::time::Duration;
use xstore::Store;
use xstore::config::Config;

/// How long writes that nobody waits for any more may take to come to their end.
const DRAIN: Duration = Duration::from_secs(10);

/// A configuration that was read.
pub(crate) struct Session {
    config: Config,
}

/// What came of some work.
pub(crate) struct Ran<T> {
    /// The result.
    pub(crate) result: Result<T, Failure>,
    /// A write of the work may still be under way in this process.
    pub(crate) may_land: bool,
}

impl Session {
    /// Reads the configuration.
    pub(crate) fn load(args: &Configured) -> Result<Self, Failure> {
        let path = &*args.config;
        let config = Config::load(path).map_err(|errors| Failure::of_config_file(path, &errors))?;
        Ok(Self { config })
    }

    /// What was read.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Of a configuration that was read already.
    pub(crate) fn of(config: Config) -> Self {
        Self { config }
    }

    /// Where the integrity keys are.
    pub(crate) fn key_file(&self) -> &Path {
        self.config.key_file()
    }

    /// Opens the store and works with it until the work is done or somebody asks to stop; see [`on_runtime`].
    pub(crate) fn run<T>(
        &self,
        interrupt: &Interrupt,
        work: impl AsyncFnOnce(Store) -> Result<T, Failure>,
    ) -> Ran<T> {
        on_runtime(interrupt, async || {
            let opened = self.config.open(&xstore::registry()).await;
            work(opened.map_err(|error| Failure::of_opening(&error))?).await
        })
    }
}

/// Works until the work is done or somebody asks to stop.
///
/// Each time on a runtime of its own: where the work didn't succeed, this waits until nothing that it began is still
/// being written, so that what is removed afterwards stays away. While somebody has asked to stop already, only the
/// second signal, which ends the process, ends the work.
pub(crate) fn on_runtime<T>(interrupt: &Interrupt, work: impl AsyncFnOnce() -> Result<T, Failure>) -> Ran<T> {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::new("SOURCE_FAILED", "no threads can be started").caused_by(error);
            return Ran { result: Err(failure), may_land: false };
        }
    };
    let was_set = interrupt.is_set();
    let result = runtime.block_on(async {
        tokio::select! {
            biased;
            result = work() => result,
            () = interrupt.asked(), if !was_set => Err(Failure::interrupted()),
        }
    });
    if result.is_ok() {
        runtime.shutdown_background();
        return Ran { result, may_land: false };
    }
    let watch = Stopwatch::start();
    runtime.shutdown_timeout(DRAIN);
    let may_land = watch.elapsed() >= DRAIN;
    // What an interrupt makes fail, such as the reading of a pipe, isn't the failure.
    let result = if was_set { result } else { interrupt.check().and(result) };
    Ran { result, may_land }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::sync::oneshot;

    #[test]
    fn what_failing_work_began_has_ended_when_it_returns() {
        let is_written = Arc::new(AtomicBool::new(false));
        let ran = on_runtime(&Interrupt::default(), async || {
            let (begun, has_begun) = oneshot::channel();
            let written = Arc::clone(&is_written);
            tokio::task::spawn_blocking(move || {
                let _ = begun.send(());
                std::thread::sleep(Duration::from_millis(100));
                written.store(true, Ordering::Relaxed);
            });
            has_begun.await.unwrap();
            Err::<(), _>(Failure::usage("no"))
        });
        assert!(ran.result.is_err() && !ran.may_land);
        assert!(is_written.load(Ordering::Relaxed));
    }
}
