//! A proxy that counts bytes, and cuts the connection after as many as it is told.

use crate::server;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Stands between a backend and the server until it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    endpoint: String,
    up: Line,
    down: Line,
    task: JoinHandle<()>,
}

/// One direction: how many bytes may still pass, and how many did.
#[derive(Debug, Clone, Default)]
struct Line(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    left: AtomicI64,
    passed: AtomicU64,
}

impl Default for Counts {
    fn default() -> Self {
        Self { left: AtomicI64::new(i64::MAX), passed: AtomicU64::new(0) }
    }
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (up, down) = (Line::default(), Line::default());
        let lines = (up.clone(), down.clone());
        let target = server::endpoint().strip_prefix("http://").unwrap().to_owned();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let ((up, down), target) = (lines.clone(), target.clone());
                tokio::spawn(async move {
                    let server = TcpStream::connect(target).await.unwrap();
                    let ((from, to), (back, out)) = (client.into_split(), server.into_split());
                    // Where one direction ends, both sockets are closed.
                    tokio::select! {
                        () = up.pass(from, out) => {}
                        () = down.pass(back, to) => {}
                    }
                });
            }
        });
        Self { endpoint, up, down, task }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Cuts when this many more bytes have gone to the server.
    pub(crate) fn cut_up_after(&self, bytes: i64) {
        self.up.0.left.store(bytes, Ordering::SeqCst);
    }

    /// Cuts when this many more bytes have come from the server.
    pub(crate) fn cut_down_after(&self, bytes: i64) {
        self.down.0.left.store(bytes, Ordering::SeqCst);
    }

    /// Lets everything pass from now on.
    pub(crate) fn mend(&self) {
        self.cut_up_after(i64::MAX);
        self.cut_down_after(i64::MAX);
    }

    /// Bytes that have come from the server.
    pub(crate) fn came_down(&self) -> u64 {
        self.down.0.passed.load(Ordering::SeqCst)
    }

    /// Bytes that have gone to the server.
    pub(crate) fn went_up(&self) -> u64 {
        self.up.0.passed.load(Ordering::SeqCst)
    }

    /// Nobody listens any more.
    pub(crate) async fn stop(mut self) -> String {
        self.task.abort();
        let _ = (&mut self.task).await;
        self.endpoint.clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Line {
    async fn pass(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            let bytes = i64::try_from(read).unwrap();
            let left = self.0.left.fetch_sub(bytes, Ordering::SeqCst);
            let passing = usize::try_from(left.clamp(0, bytes)).unwrap();
            self.0.passed.fetch_add(passing as u64, Ordering::SeqCst);
            if to.write_all(&buffer[..passing]).await.is_err() || passing < read {
                return;
            }
        }
    }
}
