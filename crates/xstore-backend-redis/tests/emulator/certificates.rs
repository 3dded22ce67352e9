//! Certificates made by the openssl command, once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use tempfile::TempDir;

/// Files in PEM form.
pub(crate) struct Certificates {
    folder: TempDir,
}

pub(crate) static CERTIFICATES: LazyLock<Certificates> = LazyLock::new(Certificates::new);

impl Certificates {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = Self { folder };
        made.authority("ca");
        made.authority("other-ca");
        made.signed("server", "subjectAltName=IP:127.0.0.1,DNS:localhost");
        made.signed("elsewhere", "subjectAltName=DNS:elsewhere.example");
        made.signed("client", "extendedKeyUsage=clientAuth");
        made
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn authority(&self, name: &str) {
        let subject = format!("/CN={name}");
        let out = format!("{name}.crt");
        let key = format!("{name}.key");
        openssl(
            self.folder.path(),
            &[
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "2",
                "-subj",
                &subject,
                "-addext",
                "keyUsage=critical,keyCertSign",
                "-keyout",
                &key,
                "-out",
                &out,
            ],
        );
    }

    fn signed(&self, name: &str, extension: &str) {
        let subject = format!("/CN={name}");
        let (key, request, out) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.crt"));
        let folder = self.folder.path();
        openssl(
            folder,
            &[
                "req",
                "-new",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-subj",
                &subject,
                "-keyout",
                &key,
                "-out",
                &request,
            ],
        );
        std::fs::write(folder.join("extensions"), extension).unwrap();
        openssl(
            folder,
            &[
                "x509",
                "-req",
                "-in",
                &request,
                "-CA",
                "ca.crt",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "2",
                "-extfile",
                "extensions",
                "-out",
                &out,
            ],
        );
    }
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let done = Command::new("openssl").current_dir(folder).args(arguments).output();
    let done = done.expect("the openssl command is needed to make certificates");
    assert!(done.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}
