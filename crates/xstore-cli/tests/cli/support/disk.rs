//! A disk that is soon full.

use std::process::{Command, Stdio};

use super::{Ran, Stage, skip};

/// Runs a script in which `small` is a file system of one MiB. Root mounts it, others in a name space of their own;
/// None where neither is allowed.
pub(crate) fn with_small_disk(stage: &Stage, script: &str) -> Option<Ran> {
    std::fs::create_dir(stage.path("small")).expect("a folder");
    let mount = "mount -t tmpfs -o size=1m,mode=755 none small";
    // The name space takes the mount with it when the script ends, also for root.
    let wrappers: [&[&str]; 2] = [&["--mount"], &["--mount", "--user", "--map-root-user"]];
    let wrapper = wrappers.into_iter().find(|options| {
        let mut probe = Command::new("unshare");
        probe.args(*options).args(["sh", "-c", mount]);
        stage.prepare(&mut probe);
        probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    });
    let Some(options) = wrapper else {
        skip("a full disk", "no file system can be mounted here");
        return None;
    };
    let mut command = Command::new("unshare");
    command
        .args(options)
        .args(["sh", "-c", &format!("{mount} && {script}")])
        .arg(env!("CARGO_BIN_EXE_xstore"));
    stage.prepare(&mut command);
    Some(Ran::of(command))
}
