//! What the libraries trace, on standard error.

use tracing::Level;
use tracing_subscriber::fmt;

/// Begins to print it: from `-vv` on what they decide, from `-vvv` on everything.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 | 1 => return,
        2 => Level::DEBUG,
        _ => Level::TRACE,
    };
    let subscriber = fmt::Subscriber::builder()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(true)
        .finish();
    // It fails only where there is one already, and nothing else here makes one.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
