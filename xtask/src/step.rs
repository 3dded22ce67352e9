//! One child process: what runs, with which flags, and how its output is followed.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::failure::Failure;
use crate::guard;

/// `cargo run` describes xtask itself in these; a child that saw them could take them for its own.
const OF_XTASK: [&str; 5] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];

/// A line longer than this is handed on in pieces, so that no child can make us hold its whole output.
const LONGEST_LINE: usize = 64 * 1024;

/// Which output of the child [`Step::follow`] reads; the other one stays the terminal's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Where `cargo test` prints its results.
    Stdout,
    /// Where `cargo nextest` prints its results.
    Stderr,
}

/// A command that is shown before it runs.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    program: OsString,
    args: Vec<OsString>,
    envs: BTreeMap<OsString, OsString>,
    folder: Option<PathBuf>,
    /// Where it is set, the command ends with xtask, and after this time at the latest.
    guarded: Option<Duration>,
}

impl Step {
    /// `cargo` of the toolchain in force.
    pub(crate) fn cargo() -> Self {
        Self::program("cargo")
    }

    /// `cargo` of another toolchain; needs rustup.
    pub(crate) fn cargo_of(toolchain: &str) -> Self {
        Self::cargo().arg(format!("+{toolchain}"))
    }

    /// Any program found on the path.
    pub(crate) fn program(name: &str) -> Self {
        Self { program: name.into(), args: Vec::new(), envs: BTreeMap::new(), folder: None, guarded: None }
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    /// Sets a variable for the child.
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.envs.insert(name.into(), value.into());
        self
    }

    /// Runs it in this folder.
    pub(crate) fn folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Has it end with xtask however that ends, with all that it started, and after `limit` at the latest. It must
    /// be [followed](Step::follow), and its words must be UTF-8.
    pub(crate) fn guarded(mut self, limit: Duration) -> Self {
        self.guarded = Some(limit);
        self
    }

    /// Appends words to the flags that the user has in `variable` (`RUSTFLAGS`, `RUSTDOCFLAGS`, `MIRIFLAGS`).
    ///
    /// For the first two cargo also reads a `CARGO_ENCODED_` twin, which wins and can hold spaces; that one is
    /// what the child gets. As with every use of these variables, `rustflags` in a cargo configuration file
    /// are then not read.
    pub(crate) fn flags(self, variable: &str, extra: &[&str]) -> Self {
        let plain = env::var(variable).ok();
        if variable == "MIRIFLAGS" {
            let words = plain.iter().map(String::as_str).chain(extra.iter().copied());
            let joined = words.collect::<Vec<_>>().join(" ");
            return self.env(variable, joined);
        }
        let encoded_name = format!("CARGO_ENCODED_{variable}");
        let encoded = env::var(&encoded_name).ok();
        let joined = encoded_flags(encoded.as_deref(), plain.as_deref(), extra);
        self.env(&encoded_name, joined)
    }

    /// Compiles with `--cfg CFG`, doc tests too.
    pub(crate) fn cfg(self, cfg: &str) -> Self {
        self.flags("RUSTFLAGS", &["--cfg", cfg]).flags("RUSTDOCFLAGS", &["--cfg", cfg])
    }

    /// Compiles into a folder of its own under cargo's `target`.
    ///
    /// Cargo keeps builds with different flags apart, so this saves no compilation. But the programs of the
    /// *last* build lie in `target/debug`, whatever its flags were: a `xstore` that can be told its random
    /// numbers must not lie where somebody expects the ordinary one.
    pub(crate) fn apart(self, target: &Path, folder: &str) -> Self {
        self.env("CARGO_TARGET_DIR", target.join(folder))
    }

    /// Shows the command, runs it with our own terminal, and fails unless it exits with 0.
    ///
    /// # Errors
    /// [`Failure::Failed`] if it can't be started or does not succeed.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let status = self.status()?;
        if status.success() { Ok(()) } else { Err(self.ended(status)) }
    }

    /// Like [`Step::run`], and leaves the judgement of the exit status to the caller.
    ///
    /// # Errors
    /// [`Failure::Failed`] if it can't be started.
    pub(crate) fn status(&self) -> Result<ExitStatus, Failure> {
        self.show();
        self.command().status().map_err(|e| self.unstartable(&e))
    }

    /// Runs quietly and returns the standard output.
    ///
    /// # Errors
    /// [`Failure::Failed`] if it can't be started, does not succeed (what it said on standard error is in the
    /// message) or prints something else than UTF-8.
    pub(crate) fn output(&self) -> Result<String, Failure> {
        let output = self.command().output().map_err(|e| self.unstartable(&e))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::Failed(format!("{}\n{}", self.ended(output.status), said.trim_end())));
        }
        String::from_utf8(output.stdout)
            .map_err(|_| Failure::Failed(format!("`{}` printed bytes that are not UTF-8", self.shown())))
    }

    /// Shows and runs the command with our own standard error, and returns the standard output.
    ///
    /// # Errors
    /// [`Failure::Failed`] if it can't be started, does not succeed or prints something else than UTF-8.
    pub(crate) fn answer(&self) -> Result<String, Failure> {
        self.show();
        let output = self.command().stderr(Stdio::inherit()).output().map_err(|e| self.unstartable(&e))?;
        if !output.status.success() {
            return Err(self.ended(output.status));
        }
        String::from_utf8(output.stdout)
            .map_err(|_| Failure::Failed(format!("`{}` printed bytes that are not UTF-8", self.shown())))
    }

    /// Whether the command starts and exits with 0; it prints nothing.
    pub(crate) fn succeeds(&self) -> bool {
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Shows and runs the command; each line of `stream` is handed on and also given to `on_line`.
    ///
    /// # Errors
    /// [`Failure::Failed`] if it can't be started or its output can't be read.
    pub(crate) fn follow(
        &self,
        stream: Stream,
        mut on_line: impl FnMut(&str),
    ) -> Result<ExitStatus, Failure> {
        self.show();
        let mut command = self.guarded_command().map_err(|e| self.unstartable(&e))?;
        match stream {
            Stream::Stdout => command.stdout(Stdio::piped()),
            Stream::Stderr => command.stderr(Stdio::piped()),
        };
        let mut child = command.spawn().map_err(|e| self.unstartable(&e))?;
        // A guard lives as long as this end of its input is open.
        let held = child.stdin.take();
        let copied = match stream {
            Stream::Stdout => child.stdout.take().map(|out| copy_lines(out, io::stdout(), &mut on_line)),
            Stream::Stderr => child.stderr.take().map(|err| copy_lines(err, io::stderr(), &mut on_line)),
        };
        let status = child.wait().map_err(|e| self.unstartable(&e))?;
        drop(held);
        match copied {
            Some(Err(e)) => Err(Failure::Failed(format!("output of `{}`: {e}", self.shown()))),
            _ => Ok(status),
        }
    }

    /// The command as a person would type it, without the variables.
    pub(crate) fn shown(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.args);
        words.map(|w| w.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    fn show(&self) {
        // The encoded flags are separated by a control character that no terminal should get.
        let variables = self.envs.iter().map(|(name, value)| {
            let value = value.to_string_lossy().replace('\u{1f}', " ");
            format!("{}='{value}' ", name.to_string_lossy())
        });
        eprintln!("$ {}{}", variables.collect::<String>(), self.shown());
    }

    fn guarded_command(&self) -> io::Result<Command> {
        let Some(limit) = self.guarded else { return Ok(self.command()) };
        let text = |word: &OsString| word.clone().into_string().map_err(|_| io::Error::other("not UTF-8"));
        let args: Vec<String> = self.args.iter().map(text).collect::<io::Result<_>>()?;
        let mut spec = guard::Spec::new(text(&self.program)?).args(args).limit(limit);
        if let Some(folder) = &self.folder {
            spec = spec.folder(folder);
        }
        Ok(self.prepared(spec.command()?))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        self.prepared(command)
    }

    fn prepared(&self, mut command: Command) -> Command {
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if OF_XTASK.iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        command.envs(&self.envs);
        command
    }

    fn ended(&self, status: ExitStatus) -> Failure {
        Failure::Failed(format!("`{}` ended with {status}", self.shown()))
    }

    fn unstartable(&self, error: &io::Error) -> Failure {
        Failure::Failed(format!("`{}` can't be run: {error}", self.shown()))
    }
}

/// Copies `from` to `to` line by line; bytes that are not UTF-8 are copied as they are.
fn copy_lines(from: impl Read, mut to: impl Write, on_line: &mut impl FnMut(&str)) -> io::Result<()> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.by_ref().take(LONGEST_LINE as u64).read_until(b'\n', &mut line)? > 0 {
        // A closed pipe behind us (`| head`) is no reason to stop counting results.
        let _ = to.write_all(&line).and_then(|()| to.flush());
        on_line(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
    Ok(())
}

/// Joins the user's flags and ours in cargo's encoding. As in cargo, the encoded variable hides the plain one.
fn encoded_flags(encoded: Option<&str>, plain: Option<&str>, extra: &[&str]) -> String {
    let users: Vec<&str> = match (encoded, plain) {
        (Some(encoded), _) => encoded.split('\u{1f}').filter(|w| !w.is_empty()).collect(),
        (None, Some(plain)) => plain.split_whitespace().collect(),
        (None, None) => Vec::new(),
    };
    users.into_iter().chain(extra.iter().copied()).collect::<Vec<_>>().join("\u{1f}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_flags_come_after_the_users() {
        let ours = ["--cfg", "xstore_inject"];
        assert_eq!(encoded_flags(None, None, &ours), "--cfg\u{1f}xstore_inject");
        assert_eq!(
            encoded_flags(None, Some(" -Ca=b  -g "), &ours),
            "-Ca=b\u{1f}-g\u{1f}--cfg\u{1f}xstore_inject"
        );
        assert_eq!(encoded_flags(Some(""), Some("-g"), &ours), "--cfg\u{1f}xstore_inject");
        assert_eq!(encoded_flags(Some("-C\u{1f}a b"), Some("-g"), &["-O"]), "-C\u{1f}a b\u{1f}-O");
    }

    #[test]
    fn lines_are_copied_unchanged_and_seen_once() {
        let input = b"one\n\xff\xfetwo\r\nlast".as_slice();
        let (mut copy, mut seen) = (Vec::new(), Vec::new());
        copy_lines(input, &mut copy, &mut |line: &str| seen.push(line.to_owned())).unwrap();
        assert_eq!(copy, input);
        assert_eq!(seen, ["one", "\u{fffd}\u{fffd}two", "last"]);
    }

    #[test]
    fn an_endless_line_arrives_in_pieces() {
        let input = vec![b'x'; LONGEST_LINE * 2 + 1];
        let mut sizes = Vec::new();
        copy_lines(input.as_slice(), io::sink(), &mut |line: &str| sizes.push(line.len())).unwrap();
        assert_eq!(sizes, [LONGEST_LINE, LONGEST_LINE, 1]);
    }

    #[test]
    fn a_failing_command_is_named_with_its_status() {
        let step = Step::cargo().arg("--no-such-option-of-cargo");
        assert!(!step.succeeds());
        let message = step.output().unwrap_err().to_string();
        assert!(message.starts_with("`cargo --no-such-option-of-cargo` ended with"), "{message}");
    }

    #[test]
    fn a_missing_program_is_no_panic() {
        let step = Step::program("xtask-test-no-such-program");
        assert!(!step.succeeds());
        assert!(matches!(step.output(), Err(Failure::Failed(_))));
    }
}
