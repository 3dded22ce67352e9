//! Tries what becomes of objects while servers go wrong; `cargo xtask faults` starts the servers and runs it.
#![forbid(unsafe_code)]

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use xstore_faults::{Extent, Mix, Trouble, carry_out, document, ratio};

/// Gets of each kind are three times as many.
const ROUNDS: usize = 7;

const HOW: &str = "The letters say how a condition comes about: **w** by the proxy on the way, **c** by an answer that \
    the proxy gives in the server's place, **r** at the server, the disk or the stored value itself, **l** by a layer \
    around the adapter. *Met* counts the trials whose get asked a place that went wrong.";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("xstore-faults: {trouble}");
            let mut cause = trouble.source();
            while let Some(error) = cause {
                eprintln!("  {error}");
                cause = error.source();
            }
            ExitCode::from(2)
        }
    }
}

/// Whether all went well.
async fn run() -> Result<bool, Trouble> {
    let (mut extent, mut file) = (Extent::Thorough, None);
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => extent = Extent::Quick,
            "--write" => file = Some(words.next().map(PathBuf::from).ok_or("--write needs a file")?),
            other => return Err(format!("unexpected `{other}`").into()),
        }
    }
    let mix = Mix::start().await?;
    let tally = carry_out(&mix, extent, |line| eprintln!("{line}")).await?;
    let times = ratio::measure(&mix, ROUNDS).await?;
    let depth = if extent == Extent::Quick { "`cargo xtask faults --quick`" } else { "`cargo xtask faults`" };
    let (trials, wrong) = (tally.trials(), tally.wrong());
    let sum = format!("{depth}: {trials} trials, {wrong} operations went wrong.");
    let text = format!("{sum}\n\n{HOW}\n\n{}\n{times}", tally.markdown());
    println!("{text}");
    if let Some(file) = file {
        document::write(&file, &text)?;
    }
    let idle = tally.idle();
    if !idle.is_empty() {
        return Err(format!("nobody met {}", idle.join(", ")).into());
    }
    Ok(wrong == 0)
}
