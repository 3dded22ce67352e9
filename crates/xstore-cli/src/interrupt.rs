//! Ctrl-C and SIGTERM ask the work to stop and clean up; a second one ends the process at once.

use crate::failure::Failure;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What asks to stop. Not SIGHUP: `nohup` says whether that one ends the process.
const SIGNALS: [core::ffi::c_int; 2] = [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM];

/// How often the flag is looked at that a signal sets.
const TICK: Duration = Duration::from_millis(50);

/// Whether somebody asked to stop.
#[derive(Clone, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Watches the signals from here on. Where they can't be watched, they end the process as usual.
    pub(crate) fn watch() -> Self {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in SIGNALS {
            let second = signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag));
            let first = signal_hook::flag::register(signal, Arc::clone(&flag));
            debug_assert!(first.is_ok() && second.is_ok(), "these signals can be watched");
        }
        Self(flag)
    }

    /// Lets the signals end the process at once, with the same exit code: for work that leaves nothing behind, and
    /// that may hang in a write to a pipe that nobody reads.
    pub(crate) fn at_once() -> Self {
        for signal in SIGNALS {
            let set = signal_hook::flag::register_conditional_shutdown(
                signal,
                130,
                Arc::new(AtomicBool::new(true)),
            );
            debug_assert!(set.is_ok(), "these signals can be watched");
        }
        Self::default()
    }

    /// Fails once somebody asked to stop.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.is_set() { Err(Failure::interrupted()) } else { Ok(()) }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits until somebody asks to stop.
    pub(crate) async fn asked(&self) {
        while !self.is_set() {
            tokio::time::sleep(TICK).await;
        }
    }
}
