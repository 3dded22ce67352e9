//! What is shown, step by step, and what each step has to come to.

use super::stage::{Ran, Stage};
use crate::failure::Failure;
use serde::Serialize;

/// A step and what came of it.
#[derive(Serialize)]
pub(super) struct Step {
    pub(super) step: &'static str,
    /// What was typed, after `xstore`.
    command: String,
    pub(super) expected: &'static str,
    pub(super) outcome: String,
    pub(super) ok: bool,
    exit: i32,
    pub(super) seconds: f64,
}

const GET: [&str; 5] = ["get", "--manifest", "photos.json", "--output", "copy"];

pub(super) fn play(stage: &Stage) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::new();

    let init = ["init", "--threshold", "2-of-3", "file:red", "file:green", "sqlite:blue.db"];
    let ran = stage.run(&init)?;
    steps.push(plain("set up the store", "two folders and a database", &init, &ran, "made", true));

    stage.say("Each place gets one share. One share alone is noise.");
    let file = stage.file();
    let put = ["put", "--manifest", "photos.json", "--name", "photos", "--", &file];
    let ran = stage.run(&put)?;
    let spread = stage.values("red") > 0 && stage.values("red") == stage.values("green");
    steps.push(plain("put", "a share in each place", &put, &ran, "three shares", spread));

    stage.say("Any two of them give the file back.");
    steps.push(read(stage, "get", "the same bytes", &[])?);

    stage.say("The disk `red` dies.");
    stage.rename("red", "red.away")?;
    steps.push(read(
        stage,
        "get without red",
        "the same bytes, red is named",
        &["red", "BACKEND_UNAVAILABLE"],
    )?);

    stage.say(
        "Somebody changes one bit of a share on `green`, too. One good share is left, and two are needed.",
    );
    stage.flip("green")?;
    let ran = stage.run(&GET)?;
    let told = [
        "INSUFFICIENT_SHARES",
        "only 1 is left",
        "red",
        "BACKEND_UNAVAILABLE",
        "green",
        "SHARE_INTEGRITY_FAILED",
    ];
    let is_told = told.iter().all(|word| ran.printed.contains(word));
    let ok = ran.exit == 3 && is_told && !stage.path("copy").exists();
    let outcome = match (ok, stage.path("copy").exists()) {
        (true, _) => "refused: red away, green changed",
        (false, true) => "OUTPUT WAS WRITTEN",
        (false, false) => "ended otherwise",
    };
    steps.push(step("get with a changed share, too", "refused, and said why", &GET, &ran, outcome, ok));
    stage.remove("copy");

    stage.say("`red` is repaired, the bit on `green` put right again.");
    stage.rename("red.away", "red")?;
    stage.flip("green")?;
    let verify = ["verify", "--manifest", "photos.json"];
    let ran = stage.run(&verify)?;
    steps.push(plain(
        "verify after both are restored",
        "every share good",
        &verify,
        &ran,
        "every share good",
        true,
    ));
    steps.push(read(stage, "get", "the same bytes", &[])?);

    let rm = ["rm", "--manifest", "photos.json"];
    let ran = stage.run(&rm)?;
    let gone =
        ["red", "green"].iter().all(|name| stage.values(name) == 0) && !stage.path("photos.json").exists();
    steps.push(plain("rm", "nothing left", &rm, &ran, "nothing left", gone));
    Ok(steps)
}

/// A command that should simply succeed, and something else that should hold then.
fn plain(
    name: &'static str,
    expected: &'static str,
    typed: &[&str],
    ran: &Ran,
    outcome: &str,
    holds: bool,
) -> Step {
    let ok = ran.exit == 0 && holds;
    let outcome = if ok { outcome.to_owned() } else { format!("exit code {}", ran.exit) };
    step(name, expected, typed, ran, &outcome, ok)
}

/// A get that should give the same bytes, and say these words.
fn read(stage: &Stage, name: &'static str, expected: &'static str, words: &[&str]) -> Result<Step, Failure> {
    let ran = stage.run(&GET)?;
    let same = stage.is_same("copy");
    let told = words.iter().all(|word| ran.printed.contains(word));
    let outcome = match (ran.exit, same, told) {
        (0, true, true) if words.is_empty() => "the same bytes".to_owned(),
        (0, true, true) => format!("the same bytes, {} is named", words[0]),
        (0, true, false) => "the same bytes, but nothing is named".to_owned(),
        (0, false, _) => "OTHER BYTES".to_owned(),
        (exit, ..) => format!("exit code {exit}"),
    };
    stage.remove("copy");
    Ok(step(name, expected, &GET, &ran, &outcome, ran.exit == 0 && same && told))
}

fn step(
    name: &'static str,
    expected: &'static str,
    typed: &[&str],
    ran: &Ran,
    outcome: &str,
    ok: bool,
) -> Step {
    Step {
        step: name,
        command: typed.join(" "),
        expected,
        outcome: outcome.to_owned(),
        ok,
        exit: ran.exit,
        seconds: ran.seconds,
    }
}
