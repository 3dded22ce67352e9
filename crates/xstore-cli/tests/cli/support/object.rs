//! An object that was split, to be damaged and joined.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::{Ran, Stage};

/// An object in the folders `f0`, `f1`, ..., with the manifest `m.json`.
pub(crate) struct Object {
    pub(crate) stage: Stage,
    pub(crate) data: Vec<u8>,
    pub(crate) manifest: Value,
    n: usize,
}

impl Object {
    /// Splits `data`, with further arguments of `split`.
    pub(crate) fn new(k: usize, n: usize, data: Vec<u8>, arguments: &str) -> Self {
        Self::on(Stage::new(), k, n, data, arguments)
    }

    pub(crate) fn on(stage: Stage, k: usize, n: usize, data: Vec<u8>, arguments: &str) -> Self {
        stage.write("file", &data);
        let folders = names(0..n);
        stage
            .run(&format!("split file --threshold {k}-of-{n} --into {folders} --manifest m.json {arguments}"))
            .succeeds();
        let manifest = serde_json::from_slice(&stage.read("m.json")).expect("a manifest is JSON");
        Self { stage, data, manifest, n }
    }

    pub(crate) fn folders(&self) -> String {
        names(0..self.n)
    }

    /// Where the share of a part stands, relative to its folder.
    pub(crate) fn key(&self, part: usize, index: usize) -> &str {
        self.manifest["parts"][part]["shares"][index]["key"].as_str().expect("a share has a key")
    }

    /// The file of a share.
    pub(crate) fn share(&self, part: usize, index: usize) -> PathBuf {
        self.stage.path(format!("f{index}")).join(self.key(part, index))
    }

    /// Changes the bytes of a share.
    pub(crate) fn change(&self, part: usize, index: usize, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.share(part, index);
        let mut bytes = fs::read(&path).expect("the share can be read");
        let before = bytes.clone();
        change(&mut bytes);
        assert_ne!(bytes, before, "a change changes something");
        fs::write(&path, bytes).expect("the share can be written");
    }

    /// Flips a bit of a share's byte.
    pub(crate) fn flip(&self, part: usize, index: usize, offset: usize) {
        self.change(part, index, |bytes| bytes[offset] ^= 1);
    }

    pub(crate) fn remove(&self, part: usize, index: usize) {
        fs::remove_file(self.share(part, index)).expect("the share can be removed");
    }

    /// Joins from folders that are separated by spaces, to the file `out`.
    pub(crate) fn join(&self, folders: &str) -> Ran {
        let _ = fs::remove_file(self.stage.path("out"));
        self.stage.run(&format!("join --json --manifest m.json --from {folders} --output out"))
    }

    /// Joins; insists on the right bytes.
    #[track_caller]
    pub(crate) fn joins(&self, folders: &str) -> Report {
        let ran = self.join(folders).succeeds();
        assert!(self.stage.read("out") == self.data, "other bytes from {folders}");
        assert_eq!(ran.err, "", "with --json everything is in the report");
        Report(ran.json())
    }

    /// Fails to join; insists that nothing is left. Returns the error.
    #[track_caller]
    pub(crate) fn refuses(&self, folders: &str, exit: i32, code: &str) -> Value {
        let before = self.stage.names(".");
        let ran = self.join(folders).fails(exit);
        let error = ran.error();
        assert_eq!(error["code"], code);
        let after = self.stage.names(".");
        assert!(!after.iter().any(|name| name == "out"), "{after:?}");
        // Where a run before this one had left its output, `join` above removed it.
        assert!(after.iter().all(|name| before.contains(name)), "{after:?}");
        error
    }
}

/// The report of a join.
pub(crate) struct Report(pub(crate) Value);

impl Report {
    /// The folders that aren't good, with their codes.
    pub(crate) fn bad(&self) -> Vec<(String, String, Vec<String>)> {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let folders = self.0["folders"].as_array().expect("a list").iter();
        folders
            .filter(|folder| folder["state"] != "good")
            .map(|folder| {
                let codes = folder["codes"].as_array().expect("a list").iter().map(text).collect();
                (text(&folder["path"]), text(&folder["state"]), codes)
            })
            .collect()
    }

    /// Exactly one folder isn't good, in this state and with these codes. Returns its entry.
    #[track_caller]
    pub(crate) fn names(&self, path: &str, state: &str, codes: &[&str]) -> &Value {
        let codes = codes.iter().map(|&code| code.to_owned()).collect();
        assert_eq!(self.bad(), [(path.to_owned(), state.to_owned(), codes)]);
        assert_eq!(self.0["allGood"], state == "unused");
        let mut folders = self.0["folders"].as_array().expect("a list").iter();
        folders.find(|folder| folder["path"] == path).expect("it was found above")
    }

    /// Every folder is good.
    #[track_caller]
    pub(crate) fn all_good(&self) {
        assert_eq!(self.bad(), []);
        assert_eq!(self.0["allGood"], true);
    }
}

/// `f3 f4 ...`
pub(crate) fn names(numbers: impl IntoIterator<Item = usize>) -> String {
    let names: Vec<String> = numbers.into_iter().map(|number| format!("f{number}")).collect();
    names.join(" ")
}
