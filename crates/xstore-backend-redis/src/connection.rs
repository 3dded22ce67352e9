//! One connection: opened, introduced, and asked what the server promises.

use crate::Config;
use crate::config::Address;
use crate::error::from_io;
use crate::server::Server;
use crate::wire::{Broken, Reply, Request, Wire};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use xstore_backend::{Error, ErrorKind, Result};

/// Bytes of what INFO and CONFIG GET answer.
const MAX_INFO: usize = 1 << 20;

/// After this time the server is asked anew what it promises: its settings can change while it runs.
const EXAMINE_AFTER: Duration = Duration::from_secs(30);

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection, and what the server behind it said about itself.
pub(crate) struct Connection {
    wire: Wire<Box<dyn Stream>>,
    server: Server,
    examined: Instant,
}

impl Connection {
    /// Opens one that is ready for commands, within the time that the configuration gives.
    pub(crate) async fn open(config: &Config, tls: Option<&TlsConnector>) -> Result<Self> {
        match timeout(config.connect_timeout(), Self::ready(config, tls)).await {
            Ok(opened) => opened,
            Err(_) => {
                let message = match tls {
                    None => "the server doesn't get ready (connect-timeout)",
                    Some(_) => {
                        "the server doesn't get ready (connect-timeout); does it speak TLS on this port?"
                    }
                };
                Err(Error::new(ErrorKind::Timeout, message))
            }
        }
    }

    async fn ready(config: &Config, tls: Option<&TlsConnector>) -> Result<Self> {
        let stream = dial(config.address(), tls).await?;
        let mut opened =
            Self { wire: Wire::new(stream), server: Server::default(), examined: Instant::now() };
        opened.introduce(config).await?;
        opened.examine().await?;
        Ok(opened)
    }

    /// What the server said about itself the last time.
    pub(crate) const fn server(&self) -> &Server {
        &self.server
    }

    /// Whether what the server said is too old.
    pub(crate) fn is_due(&self) -> bool {
        self.examined.elapsed() >= EXAMINE_AFTER
    }

    /// Asks the server what it is and how it keeps its data.
    pub(crate) async fn examine(&mut self) -> Result<()> {
        let asked = Request::new().command(&[b"INFO"]).command(&[b"CONFIG", b"GET", b"*appendfsync*"]);
        self.send(asked).await?;
        let info = may_be_forbidden(self.reply(MAX_INFO).await?)?;
        let config = may_be_forbidden(self.reply(MAX_INFO).await?)?;
        let info = text(info).unwrap_or_default();
        let mut texts = match config {
            Reply::List(items) => items.into_iter().filter_map(text).collect(),
            _ => Vec::new(),
        }
        .into_iter();
        let pairs: Vec<_> = std::iter::from_fn(|| texts.next().zip(texts.next())).collect();
        (self.server, self.examined) = (Server::new(&info, &pairs), Instant::now());
        Ok(())
    }

    /// See [`Wire::is_idle`].
    pub(crate) fn is_idle(&self) -> bool {
        self.wire.is_idle()
    }

    /// See [`Wire::give_up`].
    pub(crate) fn give_up(&mut self) {
        self.wire.give_up();
    }

    /// See [`Wire::is_silent`].
    pub(crate) async fn is_silent(&mut self) -> bool {
        self.wire.is_silent().await
    }

    /// Sends the commands; see [`Wire::send`].
    pub(crate) async fn send(&mut self, request: Request) -> Result<()> {
        self.wire.send(request).await.map_err(Broken::into_error)
    }

    /// The next answer; see [`Wire::reply`].
    pub(crate) async fn reply(&mut self, limit: usize) -> Result<Reply> {
        let reply = self.wire.reply(limit).await.map_err(Broken::into_error)?;
        if let Reply::Refused(refusal) = &reply
            && refusal.is_about_the_connection()
        {
            self.give_up();
        }
        Ok(reply)
    }

    async fn introduce(&mut self, config: &Config) -> Result<()> {
        if let Some(password) = config.password() {
            let password = password.expose().as_bytes();
            let words = match config.username() {
                Some(username) => vec![&b"AUTH"[..], username.as_bytes(), password],
                None => vec![&b"AUTH"[..], password],
            };
            self.ask_for_ok(&words).await?;
        }
        if config.database() > 0 {
            self.ask_for_ok(&[b"SELECT", config.database().to_string().as_bytes()]).await?;
        }
        Ok(())
    }

    async fn ask_for_ok(&mut self, words: &[&[u8]]) -> Result<()> {
        self.send(Request::new().command(words)).await?;
        match self.reply(0).await? {
            Reply::Status => Ok(()),
            other => Err(unexpected(other)),
        }
    }
}

/// The error for an answer that isn't the one that was asked for.
pub(crate) fn unexpected(reply: Reply) -> Error {
    match reply {
        Reply::Refused(refusal) => refusal.into_error(),
        _ => Broken::Malformed("it answers another question").into_error(),
    }
}

/// Where a user may not ask, or the command was taken away, nothing is known. Any other refusal is one.
fn may_be_forbidden(reply: Reply) -> Result<Reply> {
    match reply {
        Reply::Refused(refusal) if !refusal.is_of_the_command() => Err(refusal.into_error()),
        other => Ok(other),
    }
}

fn text(reply: Reply) -> Option<String> {
    match reply {
        Reply::Value(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    }
}

async fn dial(address: &Address, tls: Option<&TlsConnector>) -> Result<Box<dyn Stream>> {
    let unreachable = |error: io::Error| from_io(error, "the server can't be reached");
    match address {
        Address::Unix(path) => socket(path).await,
        Address::Tcp { host, port, .. } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(unreachable)?;
            // A command waits for its answer: nothing is gained by collecting small packets.
            stream.set_nodelay(true).map_err(unreachable)?;
            let Some(tls) = tls else { return Ok(Box::new(stream)) };
            let name = ServerName::try_from(host.clone()).map_err(|error| {
                Error::new(ErrorKind::Unavailable, "no certificate can be for this host")
                    .with_retryable(false)
                    .with_source(error)
            })?;
            let secured = tls.connect(name, stream).await;
            Ok(Box::new(secured.map_err(|error| from_io(error, "TLS with the server failed"))?))
        }
    }
}

#[cfg(unix)]
async fn socket(path: &std::path::Path) -> Result<Box<dyn Stream>> {
    match tokio::net::UnixStream::connect(path).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(from_io(error, "the server's socket can't be reached")),
    }
}

#[cfg(not(unix))]
async fn socket(_: &std::path::Path) -> Result<Box<dyn Stream>> {
    Err(Error::new(ErrorKind::Unsupported, "this system has no sockets in the file system"))
}
