//! What stands between a backend and the emulator: it counts bytes, cuts the connection after so many, or flips one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Never.
const NEVER: i64 = i64::MAX;

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: String,
    pub(crate) up: Line,
    pub(crate) down: Line,
    task: JoinHandle<()>,
}

/// One direction of all connections together.
#[derive(Debug, Clone)]
pub(crate) struct Line(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    until_cut: AtomicI64,
    until_flip: AtomicI64,
    passed: AtomicI64,
}

impl Proxy {
    /// To this `host:port`.
    pub(crate) async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (up, down) = (Line::new(), Line::new());
        let (lines, server) = ((up.clone(), down.clone()), server.to_owned());
        let task = tokio::spawn(async move {
            // Dropped with the task, and the connections with them.
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let ((up, down), server) = (lines.clone(), server.clone());
                connections.spawn(async move {
                    let server = TcpStream::connect(server).await.unwrap();
                    let ((from_client, to_client), (from_server, to_server)) =
                        (client.into_split(), server.into_split());
                    // Where one direction ends, both sides are closed.
                    tokio::select! {
                        () = up.pass(from_client, to_server) => {}
                        () = down.pass(from_server, to_client) => {}
                    }
                });
            }
        });
        Self { address, up, down, task }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Nobody listens there any more.
    pub(crate) async fn stop(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Line {
    fn new() -> Self {
        let counter = |start| AtomicI64::new(start);
        Self(Arc::new(Counts { until_cut: counter(NEVER), until_flip: counter(NEVER), passed: counter(0) }))
    }

    /// Cuts after this many more bytes.
    pub(crate) fn cut_after(&self, bytes: i64) {
        self.0.until_cut.store(bytes, Ordering::SeqCst);
    }

    /// Flips a bit of the byte that comes after this many more.
    pub(crate) fn flip_after(&self, bytes: i64) {
        self.0.until_flip.store(bytes, Ordering::SeqCst);
    }

    pub(crate) fn mend(&self) {
        self.cut_after(NEVER);
        self.flip_after(NEVER);
    }

    /// Bytes so far.
    pub(crate) fn passed(&self) -> i64 {
        self.0.passed.load(Ordering::SeqCst)
    }

    async fn pass(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            let bytes = i64::try_from(read).unwrap();
            let flip = self.0.until_flip.fetch_sub(bytes, Ordering::SeqCst);
            if let Some(byte) = usize::try_from(flip).ok().and_then(|at| buffer[..read].get_mut(at)) {
                *byte ^= 1;
            }
            let left = self.0.until_cut.fetch_sub(bytes, Ordering::SeqCst);
            let passing = usize::try_from(left.clamp(0, bytes)).unwrap();
            self.0.passed.fetch_add(left.clamp(0, bytes), Ordering::SeqCst);
            if to.write_all(&buffer[..passing]).await.is_err() || passing < read {
                return;
            }
        }
    }
}
