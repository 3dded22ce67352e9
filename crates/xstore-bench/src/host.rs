//! Facts about the machine and the build, without which figures mean nothing.

use std::fs;
use std::num::NonZero;
use std::thread::available_parallelism;

use serde::Serialize;

use crate::clock::{Stopwatch, Whose};

/// Where a run took place and with what.
#[derive(Debug, Serialize)]
pub(crate) struct Host {
    /// The CPU's name, as the system has it.
    pub(crate) cpu: String,
    /// Cores that this process may use.
    pub(crate) cores: usize,
    /// Architecture and operating system.
    pub(crate) system: String,
    /// Instruction sets that matter here.
    pub(crate) features: Vec<&'static str>,
    /// The XOR loop that was chosen.
    pub(crate) kernel: &'static str,
    /// The compiler that built this program.
    pub(crate) rustc: &'static str,
    /// The level of optimisation that it was asked for.
    pub(crate) opt_level: &'static str,
    /// What times are of: this thread's CPU, or the wall.
    pub(crate) clock: &'static str,
    /// Processes that wanted to run in the minute before, on average. Figures of a busy machine are rough.
    pub(crate) load: Option<f64>,
}

impl Host {
    /// Asks the system.
    pub(crate) fn here() -> Self {
        let has_cpu_clock = Stopwatch::start(Whose::Thread).spent().cpu.is_some();
        Self {
            cpu: cpu_name(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
            cores: available_parallelism().map_or(1, NonZero::get),
            system: format!("{} {}", std::env::consts::ARCH, std::env::consts::OS),
            features: features(),
            kernel: xorida_core::kernel_name(),
            rustc: env!("XSTORE_BENCH_RUSTC"),
            opt_level: env!("XSTORE_BENCH_OPT_LEVEL"),
            clock: if has_cpu_clock { "CPU time of the thread" } else { "wall time" },
            load: fs::read_to_string("/proc/loadavg").ok().and_then(|text| first_number(&text)),
        }
    }
}

/// The name in a text like Linux's `/proc/cpuinfo`, followed by what tells models of one name apart.
fn cpu_name(cpuinfo: &str) -> String {
    let field = |name: &str| {
        let mut fields = cpuinfo.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
    };
    match (field("model name"), field("cpu family"), field("model")) {
        (Some(name), Some(family), Some(model)) => format!("{name} (family {family}, model {model})"),
        (Some(name), _, _) => name,
        _ => "unknown".to_owned(),
    }
}

fn first_number(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<&'static str> {
    let all = [
        ("sha", is_x86_feature_detected!("sha")),
        ("aes", is_x86_feature_detected!("aes")),
        ("vaes", is_x86_feature_detected!("vaes")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
    ];
    all.into_iter().filter_map(|(name, present)| present.then_some(name)).collect()
}

#[cfg(target_arch = "aarch64")]
fn features() -> Vec<&'static str> {
    let all = [
        ("sha2", std::arch::is_aarch64_feature_detected!("sha2")),
        ("aes", std::arch::is_aarch64_feature_detected!("aes")),
        ("neon", std::arch::is_aarch64_feature_detected!("neon")),
    ];
    all.into_iter().filter_map(|(name, present)| present.then_some(name)).collect()
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn features() -> Vec<&'static str> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_named_as_precisely_as_the_text_allows() {
        let text = "processor\t: 0\ncpu family\t: 6\nmodel\t\t: 143\nmodel name\t: Some CPU @ 2 GHz\n\nmodel name\t: Other\n";
        assert_eq!(cpu_name(text), "Some CPU @ 2 GHz (family 6, model 143)");
        assert_eq!(cpu_name("model name : X\n"), "X");
        assert_eq!(cpu_name("CPU implementer : 0x41\n"), "unknown");
    }

    #[test]
    fn the_load_is_the_first_number() {
        assert_eq!(first_number("0.52 0.58 0.59 1/467 12345\n"), Some(0.52));
        assert_eq!(first_number(""), None);
    }

    #[test]
    fn the_build_is_known() {
        let host = Host::here();
        assert!(host.rustc.starts_with("rustc "), "{}", host.rustc);
        assert!(!host.opt_level.is_empty());
        assert!(host.cores >= 1);
    }
}
