//! A backend in another process. SQLite maps a file of the mount, which the process that serves the mount must not.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;
use xstore_backend::{
    BackendId, Bytes, Capability, Cursor, Entry, Error, ErrorKind, Key, Page, Payload, Prefix, PutOptions,
    Result, Stat, StorageBackend, async_trait,
};

use crate::fuse::folder;
use crate::model;
use crate::script::{Step, name, value};
use crate::sweep::{Subject, runtime};

/// Names the socket to the process that is started.
const SOCKET: &str = "XSTORE_POWERLOSS_SOCKET";

/// A kind of backend, in a process of its own.
pub(crate) struct Remote {
    line: Arc<Mutex<BufReader<UnixStream>>>,
    process: Child,
    _folder: TempDir,
}

impl Remote {
    /// Starts this program once more, with only the test that [serves](serve).
    pub(crate) fn start(test: &str) -> Self {
        let folder = folder();
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["--exact", test, "--nocapture"]).env(SOCKET, &socket);
        let process = program.stdout(std::process::Stdio::null()).spawn().unwrap();
        let line = BufReader::new(listener.accept().unwrap().0);
        Self { line: Arc::new(Mutex::new(line)), process, _folder: folder }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[async_trait]
impl Subject for Remote {
    async fn create(&self, dir: &Path) -> Result<Arc<dyn StorageBackend>> {
        RemoteBackend::opened(&self.line, &format!("create {}", dir.display()))
    }

    async fn open(&self, dir: &Path) -> Result<Arc<dyn StorageBackend>> {
        RemoteBackend::opened(&self.line, &format!("open {}", dir.display()))
    }
}

#[derive(Debug)]
struct RemoteBackend {
    id: BackendId,
    line: Arc<Mutex<BufReader<UnixStream>>>,
}

impl RemoteBackend {
    fn opened(line: &Arc<Mutex<BufReader<UnixStream>>>, how: &str) -> Result<Arc<dyn StorageBackend>> {
        let this = Self { id: BackendId::new("remote").unwrap(), line: Arc::clone(line) };
        this.ask(how)?;
        Ok(Arc::new(this))
    }

    /// Blocks, which is all right where nothing else is to be done meanwhile.
    fn ask(&self, question: &str) -> Result<Vec<u8>> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = send(line.get_mut(), question, &[]).and_then(|()| receive(&mut line));
        let (head, body) = answer.map_err(|error| {
            Error::new(ErrorKind::Other, "the backend's process is gone").with_source(error)
        })?;
        let Some((kind, may_have_written)) =
            head.strip_prefix("error ").and_then(|words| words.split_once(' '))
        else {
            return Ok(body);
        };
        let kind = ErrorKind::ALL[kind.parse::<usize>().unwrap()];
        let error = Error::new(kind, String::from_utf8(body).unwrap());
        Err(error.with_may_have_written(may_have_written == "true"))
    }
}

impl Drop for RemoteBackend {
    fn drop(&mut self) {
        let _ = self.ask("close");
    }
}

#[async_trait]
impl StorageBackend for RemoteBackend {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn capability(&self) -> Capability {
        Capability::MINIMAL.with_durable(true).with_create_only(true).with_list(true)
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        // Only the length goes over the line.
        assert!(data.equals(&value(data.len())));
        let how = if options.create_only { "create" } else { "replace" };
        self.ask(&format!("put {how} {key} {}", data.len())).map(drop)
    }

    async fn get(&self, key: &Key, _: usize) -> Result<Bytes> {
        self.ask(&format!("get {key}")).map(Bytes::from)
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.ask(&format!("delete {key}")).map(drop)
    }

    async fn list(&self, _: &Prefix, _: Option<&Cursor>) -> Result<Page> {
        let keys = String::from_utf8(self.ask("list")?).unwrap();
        let entries = keys.split_whitespace().map(|key| Entry::new(name(key), Stat::new(0))).collect();
        Ok(Page::new(entries, None))
    }
}

/// In the process that was started: does what it is told until nobody does. Elsewhere nothing.
pub(crate) fn serve(subject: &dyn Subject) {
    let Some(socket) = std::env::var_os(SOCKET) else { return };
    let mut line = BufReader::new(UnixStream::connect(socket).unwrap());
    let (mut runtime_now, mut backend) = (runtime(), None);
    while let Ok((question, _)) = receive(&mut line) {
        let (command, rest) = question.split_once(' ').unwrap_or((&question, ""));
        let result = match command {
            "close" => {
                backend = None;
                // With it ends what it still had to do.
                runtime_now = runtime();
                Ok(Vec::new())
            }
            "create" => {
                runtime_now.block_on(subject.create(Path::new(rest))).map(|made| keep(&mut backend, made))
            }
            "open" => {
                runtime_now.block_on(subject.open(Path::new(rest))).map(|made| keep(&mut backend, made))
            }
            _ => runtime_now.block_on(run(&**backend.as_ref().unwrap(), command, rest)),
        };
        let sent = match result {
            Ok(body) => send(line.get_mut(), "ok", &body),
            Err(error) => {
                let kind = ErrorKind::ALL.iter().position(|kind| *kind == error.kind()).unwrap();
                let head = format!("error {kind} {}", error.may_have_written());
                send(line.get_mut(), &head, format!("{error:?}").as_bytes())
            }
        };
        if sent.is_err() {
            break;
        }
    }
    std::process::exit(0);
}

fn keep(place: &mut Option<Arc<dyn StorageBackend>>, backend: Arc<dyn StorageBackend>) -> Vec<u8> {
    *place = Some(backend);
    Vec::new()
}

async fn run(backend: &dyn StorageBackend, command: &str, rest: &str) -> Result<Vec<u8>> {
    let words: Vec<&str> = rest.split(' ').collect();
    let step = match (command, &*words) {
        ("get", [key]) => return backend.get(&name(key), 1 << 20).await.map(Vec::from),
        ("list", _) => {
            let keys = model::list(backend).await.map_err(|error| Error::new(ErrorKind::Other, error))?;
            return Ok(keys.iter().map(Key::as_str).collect::<Vec<_>>().join(" ").into_bytes());
        }
        ("put", [how, key, len]) => {
            let value = value(len.parse().unwrap());
            Step::Put { key: name(key), value, create_only: *how == "create" }
        }
        ("delete", [key]) => Step::Delete { key: name(key) },
        _ => panic!("{command} {rest}"),
    };
    step.run(backend).await.map(|()| Vec::new())
}

/// A line of text with the number of bytes that follow, and the bytes.
fn send(line: &mut UnixStream, head: &str, body: &[u8]) -> io::Result<()> {
    let mut message = format!("{} {head}\n", body.len()).into_bytes();
    message.extend_from_slice(body);
    line.write_all(&message)
}

fn receive(line: &mut BufReader<UnixStream>) -> io::Result<(String, Vec<u8>)> {
    let mut head = String::new();
    line.read_line(&mut head)?;
    let (len, head) = head.trim_end().split_once(' ').ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut body = vec![0; len.parse().map_err(io::Error::other)?];
    line.read_exact(&mut body)?;
    Ok((head.to_owned(), body))
}
