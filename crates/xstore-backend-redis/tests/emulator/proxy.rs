//! A proxy that counts bytes and cuts the connection after so many.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Bytes that may still pass, to the server and from it.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    up: Arc<AtomicU64>,
    down: Arc<AtomicU64>,
}

impl Proxy {
    /// A proxy before this port, which lets everything pass.
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let unlimited = || Arc::new(AtomicU64::new(u64::MAX));
        let proxy = Self { port: listener.local_addr().unwrap().port(), up: unlimited(), down: unlimited() };
        let (up, down) = (Arc::clone(&proxy.up), Arc::clone(&proxy.down));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                let (up, down) = (Arc::clone(&up), Arc::clone(&down));
                tokio::spawn(async move {
                    let ((from_client, to_client), (from_server, to_server)) =
                        (client.into_split(), server.into_split());
                    // The first that ends, ends both.
                    tokio::select! {
                        () = relay(from_client, to_server, up) => {}
                        () = relay(from_server, to_client, down) => {}
                    }
                });
            }
        });
        proxy
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Lets so many bytes more pass to the server.
    pub(crate) fn cut_up_after(&self, bytes: u64) {
        self.up.store(bytes, Ordering::SeqCst);
    }

    /// Lets so many bytes more pass from the server.
    pub(crate) fn cut_down_after(&self, bytes: u64) {
        self.down.store(bytes, Ordering::SeqCst);
    }

    pub(crate) fn mend(&self) {
        self.cut_up_after(u64::MAX);
        self.cut_down_after(u64::MAX);
    }
}

async fn relay(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, left: Arc<AtomicU64>) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let may_pass = match left.load(Ordering::SeqCst) {
            u64::MAX => read,
            bytes => usize::try_from(bytes).unwrap_or(usize::MAX).min(read),
        };
        if to.write_all(&buffer[..may_pass]).await.is_err() || may_pass < read {
            return;
        }
        let spend = |left: u64| (left < u64::MAX).then(|| left.saturating_sub(may_pass as u64));
        let _ = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend);
    }
}
