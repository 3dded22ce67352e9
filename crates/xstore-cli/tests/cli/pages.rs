//! Completion scripts and manual pages, made from the same description as the arguments.

use crate::support::Stage;

const COMMANDS: [&str; 19] = [
    "init",
    "put",
    "get",
    "rm",
    "verify",
    "repair",
    "migrate",
    "reshare",
    "status",
    "plan",
    "config",
    "sweep",
    "split",
    "join",
    "inspect",
    "key",
    "demo",
    "completions",
    "man",
];

#[test]
fn scripts_know_every_command() {
    let stage = Stage::bare();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = stage.run(&format!("completions {shell}")).succeeds().says("");
        for command in COMMANDS {
            assert!(ran.text().contains(command), "{shell} doesn't complete {command}");
        }
    }
    stage.run("completions tcsh").fails(2).mentions("possible values: ");
}

#[cfg(unix)]
#[test]
fn a_shell_understands_its_script() {
    let stage = Stage::bare();
    stage.write("script", stage.run("completions bash").succeeds().out);
    let mut command = std::process::Command::new("bash");
    command.args(["-n", "script"]);
    stage.prepare(&mut command);
    match command.output() {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(_) => crate::support::skip("the script", "there is no bash here"),
    }
}

#[test]
fn a_page_per_command() {
    let stage = Stage::bare();
    let ran = stage.run("man").succeeds().says("");
    assert!(ran.text().contains(".TH xstore 1"), "{}", ran.text());
    stage.run("man --dir no/where").fails_with(1, "SINK_FAILED");
    std::fs::create_dir(stage.path("man")).expect("a folder");
    let ran = stage.run("man --dir man").succeeds();
    let names = stage.names("man");
    assert_eq!(ran.text(), format!("{} pages in man\n", names.len()));
    for command in COMMANDS {
        assert!(names.contains(&format!("xstore-{command}.1")), "no page of {command}: {names:?}");
    }
    for page in ["xstore.1", "xstore-key-new.1", "xstore-config-check.1"] {
        assert!(names.contains(&page.to_owned()), "{names:?}");
    }
    let page = String::from_utf8(stage.read("man/xstore-put.1")).expect("text");
    assert!(page.contains(".TH xstore-put 1") && page.contains("OUT.json"), "{page}");
}
