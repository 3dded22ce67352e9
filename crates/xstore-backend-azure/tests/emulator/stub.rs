//! A server that answers as it is told, byte for byte: what the emulator can't do.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use xstore_backend::Secret;
use xstore_backend_azure::{AccountKey, AzureBackend, Config, Credential};

type Answer = dyn Fn(&str) -> Vec<u8> + Send + Sync;

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct Stub {
    address: String,
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Stub {
    /// Answers each request with what `answer` makes of its head; never, where that is nothing at all. The request
    /// by which a container is opened is answered as by a container that is there.
    pub(crate) async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let there = b"HTTP/1.1 404 No\r\nx-ms-error-code: BlobNotFound\r\nconnection: close\r\n\r\n";
        Self::answering_all(move |head| if is_opening(head) { there.to_vec() } else { answer(head) }).await
    }

    /// The same without that exception.
    pub(crate) async fn answering_all(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, answer): (_, Arc<Answer>) = (heads.clone(), Arc::new(answer));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (seen, answer) = (seen.clone(), answer.clone());
                tokio::spawn(async move { serve(client, &seen, &*answer).await });
            }
        });
        Self { address, heads, task }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn config(&self) -> Config {
        let key = AccountKey::new(&Secret::new("MDEyMzQ1Njc4OWFiY2RlZg==".to_owned())).unwrap();
        let config = Config::new("account", "container", Credential::AccountKey(key)).unwrap();
        config.with_endpoint(&format!("http://{}/account", self.address)).unwrap()
    }

    pub(crate) async fn open(&self) -> AzureBackend {
        AzureBackend::open(crate::support::id(), self.config()).await.unwrap()
    }

    /// The heads of all requests so far, without those that open.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().iter().filter(|head| !is_opening(head)).cloned().collect()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer with these headers, each with its line's end, and the right length.
pub(crate) fn answer(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let len = body.len();
    let head =
        format!("HTTP/1.1 {status} Words\r\n{headers}content-length: {len}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// A refusal in the service's own form.
pub(crate) fn refusal(status: u16, code: &str) -> Vec<u8> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>No.</Message></Error>"
    );
    let headers =
        format!("x-ms-error-code: {code}\r\nx-ms-request-id: 0b1c\r\ncontent-type: application/xml\r\n");
    answer(status, &headers, body.as_bytes())
}

fn is_opening(head: &str) -> bool {
    head.starts_with("HEAD ") && head.contains("/.xstore ")
}

async fn serve(mut client: TcpStream, seen: &Mutex<Vec<String>>, answer: &Answer) {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if client.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = |line: &str| Some(line.strip_prefix("content-length:")?.trim().parse::<usize>().unwrap());
    let len = head.to_ascii_lowercase().lines().find_map(length).unwrap_or(0);
    // The body is taken whole, so that the answer isn't lost with the connection.
    let mut left = len.saturating_sub(bytes.len() - end);
    let mut sink = vec![0; 1 << 20];
    while left > 0 {
        match client.read(&mut sink).await {
            Ok(read @ 1..) => left = left.saturating_sub(read),
            _ => return,
        }
    }
    let bytes = answer(&head);
    seen.lock().unwrap().push(head);
    if bytes.is_empty() {
        std::future::pending::<()>().await;
    }
    let _ = client.write_all(&bytes).await;
    let _ = client.shutdown().await;
}
