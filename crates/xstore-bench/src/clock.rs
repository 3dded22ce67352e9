//! The one place that asks for the time: by the wall, and by the CPU that was used.

use std::time::{Duration, Instant};

/// Whose use of the CPU counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// This thread's.
    Thread,
    /// All threads', for what computes on several.
    Process,
}

/// Measures from its making.
pub(crate) struct Stopwatch {
    wall: Instant,
    cpu: Option<Duration>,
    whose: Whose,
}

/// What passed since a [`Stopwatch`] was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spent {
    /// On the wall.
    pub(crate) wall: Duration,
    /// On the CPU. None where the system doesn't tell.
    pub(crate) cpu: Option<Duration>,
}

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock, here and nowhere else")]
    pub(crate) fn start(whose: Whose) -> Self {
        Self { wall: Instant::now(), cpu: whose.cpu(), whose }
    }

    /// Time since the start.
    pub(crate) fn spent(&self) -> Spent {
        // In the reverse order of `start`, so that the wall's span holds the CPU's.
        let cpu = self.whose.cpu().zip(self.cpu).map(|(now, then)| now.saturating_sub(then));
        Spent { wall: self.wall.elapsed(), cpu }
    }
}

impl Spent {
    /// The better of the two for a machine that others use too.
    pub(crate) fn preferred(self) -> Duration {
        self.cpu.unwrap_or(self.wall)
    }
}

impl Whose {
    /// CPU time that was used so far.
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    fn cpu(self) -> Option<Duration> {
        use rustix::time::{ClockId, clock_gettime};
        let time = clock_gettime(match self {
            Self::Thread => ClockId::ThreadCPUTime,
            Self::Process => ClockId::ProcessCPUTime,
        });
        Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
    }

    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    fn cpu(self) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_stands_still_while_the_thread_sleeps() {
        let watch = Stopwatch::start(Whose::Thread);
        std::thread::sleep(Duration::from_millis(50));
        let spent = watch.spent();
        assert!(spent.wall >= Duration::from_millis(50));
        if let Some(cpu) = spent.cpu {
            assert!(cpu < spent.wall, "{spent:?}");
            assert_eq!(spent.preferred(), cpu);
        }
        assert_eq!(Spent { wall: Duration::from_secs(1), cpu: None }.preferred(), Duration::from_secs(1));
    }

    #[test]
    fn what_another_thread_computes_is_the_process_s_time_and_not_this_thread_s() {
        let (own, all) = (Stopwatch::start(Whose::Thread), Stopwatch::start(Whose::Process));
        let computing = std::thread::spawn(|| {
            let watch = Stopwatch::start(Whose::Thread);
            let mut sum = 0_u64;
            for word in 0..20_000_000_u64 {
                sum = std::hint::black_box(sum.wrapping_add(word));
            }
            watch.spent().cpu
        });
        let computed = computing.join().unwrap();
        if let (Some(own), Some(all), Some(computed)) = (own.spent().cpu, all.spent().cpu, computed) {
            assert!(own < computed && computed <= all, "{own:?} {computed:?} {all:?}");
        }
    }
}
