//! The steps of a write, in their order: nothing at all in the crate that is shipped. The unit tests record them, make
//! each one fail, and end the process at each one.

#[cfg(not(all(test, unix)))]
use std::io;

/// What is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Make a folder.
    Make,
    /// Write the value under no name or a temporary one.
    Write,
    /// Sync what was written.
    SyncFile,
    /// Give what was written a temporary name.
    #[cfg_attr(not(unix), allow(dead_code, reason = "it has one from the beginning"))]
    Park,
    /// Give it its name.
    Name,
    /// Remove a value.
    Remove,
    /// Sync the entries of a folder.
    SyncFolder,
}

#[cfg(not(all(test, unix)))]
#[inline]
pub(crate) const fn reach(_: Step, _: &str) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
pub(crate) use in_tests::{Log, Plan, reach, run};

#[cfg(all(test, unix))]
mod in_tests {
    use super::Step;
    use std::cell::RefCell;
    use std::io;

    /// What happens at a step, by its number.
    pub(crate) enum Plan {
        /// Nothing but that it is recorded.
        Record,
        /// It fails with this error number, and so it isn't done.
        Fail(usize, i32),
        /// This happens before it is done.
        Meanwhile(usize, Box<dyn FnOnce()>),
        /// The process is killed.
        Die(usize),
    }

    /// The steps with the paths of what they are done to.
    pub(crate) type Log = Vec<(Step, String)>;

    thread_local! {
        static PLAN: RefCell<Option<(Plan, Log)>> = const { RefCell::new(None) };
    }

    /// Runs `work` by a plan; what steps it came to and what it returned.
    pub(crate) fn run<T>(plan: Plan, work: impl FnOnce() -> T) -> (Log, T) {
        PLAN.set(Some((plan, Log::new())));
        let result = work();
        let log = PLAN.take().map(|(_, log)| log).unwrap_or_default();
        (log, result)
    }

    fn die() -> io::Result<()> {
        use rustix::process::{Signal, getpid, kill_process};
        kill_process(getpid(), Signal::KILL)?;
        // The signal needn't have come by the time that the call returns.
        loop {
            std::thread::park();
        }
    }

    pub(crate) fn reach(step: Step, place: &str) -> io::Result<()> {
        let now = PLAN.with_borrow_mut(|state| {
            let (plan, log) = state.as_mut()?;
            let number = log.len();
            log.push((step, place.to_owned()));
            let is_due = match plan {
                Plan::Record => false,
                Plan::Fail(at, _) | Plan::Meanwhile(at, _) | Plan::Die(at) => *at == number,
            };
            is_due.then(|| std::mem::replace(plan, Plan::Record))
        });
        match now {
            None | Some(Plan::Record) => Ok(()),
            Some(Plan::Fail(_, error)) => Err(io::Error::from_raw_os_error(error)),
            Some(Plan::Meanwhile(_, work)) => {
                // It records nothing: its steps aren't those of the write.
                let outer = PLAN.take();
                work();
                PLAN.set(outer);
                Ok(())
            }
            Some(Plan::Die(_)) => die(),
        }
    }
}
