//! A proxy that counts bytes, and cuts the connection after as many as it is told. It makes good one fault of the
//! emulator.

use crate::server;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Stands between a backend and the emulator until it is dropped.
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
                        () = up.pass(from, out, |_| {}) => {}
                        () = down.pass(back, to, say_close) => {}
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
    async fn pass(
        &self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
        change: fn(&mut Vec<u8>),
    ) {
        loop {
            let mut bytes = Vec::with_capacity(16 << 10);
            let Ok(1..) = from.read_buf(&mut bytes).await else { return };
            change(&mut bytes);
            let len = i64::try_from(bytes.len()).unwrap();
            let left = self.0.left.fetch_sub(len, Ordering::SeqCst);
            let passing = usize::try_from(left.clamp(0, len)).unwrap();
            self.0.passed.fetch_add(passing as u64, Ordering::SeqCst);
            if to.write_all(&bytes[..passing]).await.is_err() || passing < bytes.len() {
                return;
            }
        }
    }
}

/// The emulator closes the connection after this answer without saying so, and the next request would be lost.
fn say_close(answer: &mut Vec<u8>) {
    if answer.starts_with(b"HTTP/1.1 416") {
        let end = answer.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2;
        answer.splice(end..end, *b"Connection: close\r\n");
    }
}
