//! An SSH server of the tests' own.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use tempfile::TempDir;

/// Listens on the loopback until it is dropped, with keys made for it. Logging in adds its host key to the user's
/// known hosts, since OpenDAL has no option for another file.
pub(crate) struct Sshd {
    pub(crate) port: u16,
    folder: TempDir,
    process: Child,
}

/// One that most tests share; it ends with the process.
pub(crate) static SHARED: LazyLock<Sshd> = LazyLock::new(Sshd::start);

impl Sshd {
    pub(crate) fn start() -> Self {
        let program = std::env::var("XSTORE_ITEST_SSHD").expect("run `cargo xtask itest opendal`");
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["host", "user", "stranger"] {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(at(name));
            assert!(keygen.status().unwrap().success());
        }
        std::fs::copy(at("user.pub"), at("authorized")).unwrap();
        // A server that runs as root insists on it.
        let _ = std::fs::create_dir("/run/sshd");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPidFile none\nMaxStartups 1000\n\
             MaxSessions 1000\nSubsystem sftp internal-sftp\nLogLevel ERROR\n",
            at("host").display(),
            at("authorized").display()
        );
        std::fs::write(at("config"), config).unwrap();
        // It goes when its input ends, and so with the tests, however they end.
        let script = "\"$0\" -D -e -f \"$1\" <&- & server=$!; read -r _; kill $server";
        let mut sshd = Command::new("sh");
        sshd.args(["-c", script]).arg(program).arg(at("config")).stdin(Stdio::piped()).stderr(Stdio::null());
        let process = sshd.spawn().unwrap();
        let server = Self { port, folder, process };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the SSH server doesn't listen");
    }

    /// A private key: of the user that may log in, or of a stranger.
    pub(crate) fn key(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
