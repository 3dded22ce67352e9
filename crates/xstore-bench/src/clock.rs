//! The one place that asks for the time: by the wall, and by the CPU that this thread used.

use std::time::{Duration, Instant};

/// Measures from its making.
pub(crate) struct Stopwatch {
    wall: Instant,
    cpu: Option<Duration>,
}

/// What passed since a [`Stopwatch`] was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spent {
    /// On the wall.
    pub(crate) wall: Duration,
    /// On the CPU, by this thread. None where the system doesn't tell.
    pub(crate) cpu: Option<Duration>,
}

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock, here and nowhere else")]
    pub(crate) fn start() -> Self {
        Self { wall: Instant::now(), cpu: thread_cpu() }
    }

    /// Time since the start.
    pub(crate) fn spent(&self) -> Spent {
        // In the reverse order of `start`, so that the wall's span holds the CPU's.
        let cpu = thread_cpu().zip(self.cpu).map(|(now, then)| now.saturating_sub(then));
        Spent { wall: self.wall.elapsed(), cpu }
    }
}

impl Spent {
    /// The better of the two for a machine that others use too.
    pub(crate) fn preferred(self) -> Duration {
        self.cpu.unwrap_or(self.wall)
    }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn thread_cpu() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn thread_cpu() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_stands_still_while_the_thread_sleeps() {
        let watch = Stopwatch::start();
        std::thread::sleep(Duration::from_millis(50));
        let spent = watch.spent();
        assert!(spent.wall >= Duration::from_millis(50));
        if let Some(cpu) = spent.cpu {
            assert!(cpu < spent.wall, "{spent:?}");
            assert_eq!(spent.preferred(), cpu);
        }
        assert_eq!(Spent { wall: Duration::from_secs(1), cpu: None }.preferred(), Duration::from_secs(1));
    }
}
