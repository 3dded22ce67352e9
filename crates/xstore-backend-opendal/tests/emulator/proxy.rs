//! A proxy that counts bytes, and cuts the connection after as many as it is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Stands between a backend and a server until it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    target: String,
    up: Line,
    down: Line,
    task: JoinHandle<()>,
}

/// One direction: how many bytes may still pass.
#[derive(Clone)]
struct Line(Arc<AtomicI64>);

impl Proxy {
    /// Leads to `target`, a host and a port.
    pub(crate) async fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (up, down) = (Line::open(), Line::open());
        let task = tokio::spawn(serve(listener, target.to_owned(), up.clone(), down.clone()));
        Self { address, target: target.to_owned(), up, down, task }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts when this many more bytes have gone to the server.
    pub(crate) fn cut_up_after(&self, bytes: i64) {
        self.up.0.store(bytes, Ordering::SeqCst);
    }

    /// Cuts when this many more bytes have come from the server.
    pub(crate) fn cut_down_after(&self, bytes: i64) {
        self.down.0.store(bytes, Ordering::SeqCst);
    }

    /// Lets everything pass from now on.
    pub(crate) fn mend(&self) {
        self.cut_up_after(i64::MAX);
        self.cut_down_after(i64::MAX);
    }

    /// Cuts all connections, and nobody listens any more.
    pub(crate) async fn stop(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    /// Listens on the same port as before.
    pub(crate) async fn listen_again(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.task = tokio::spawn(serve(listener, self.target.clone(), self.up.clone(), self.down.clone()));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, target: String, up: Line, down: Line) {
    // Aborted with this.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (target, up, down) = (target.clone(), up.clone(), down.clone());
        connections.spawn(async move {
            let Ok(server) = TcpStream::connect(target).await else { return };
            let ((from, to), (back, out)) = (client.into_split(), server.into_split());
            // Where one direction ends, both sockets are closed.
            tokio::select! {
                () = up.pass(from, out) => {}
                () = down.pass(back, to) => {}
            }
        });
    }
}

impl Line {
    fn open() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MAX)))
    }

    async fn pass(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            let bytes = i64::try_from(read).unwrap();
            let left = self.0.fetch_sub(bytes, Ordering::SeqCst);
            let passing = usize::try_from(left.clamp(0, bytes)).unwrap();
            if to.write_all(&buffer[..passing]).await.is_err() || passing < read {
                return;
            }
        }
    }
}
