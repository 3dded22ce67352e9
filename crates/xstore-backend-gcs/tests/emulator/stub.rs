//! A server that answers as it is told, byte for byte.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use xstore_backend_gcs::Config;

/// What the service says about a bucket that is there.
pub(crate) const EMPTY_PAGE: &str = r#"{"kind": "storage#objects"}"#;

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct Stub {
    endpoint: String,
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Stub {
    /// Answers each request with what `answer` makes of its head. No bytes at all: it never answers.
    pub(crate) async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, answer) = (heads.clone(), Arc::new(answer));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (seen, answer) = (seen.clone(), answer.clone());
                tokio::spawn(async move { serve(client, &seen, &*answer).await });
            }
        });
        Self { endpoint, heads, task }
    }

    /// Says that the bucket is there and empty, and answers everything else with `answer`.
    pub(crate) async fn with_bucket(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start(move |head| if asks_for_bucket(head) { page(EMPTY_PAGE) } else { answer(head) }).await
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn config(&self) -> Config {
        Config::new("bucket").unwrap().with_endpoint(&self.endpoint).unwrap().anonymous()
    }

    /// The heads of all requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether this is the request that looks for the bucket.
pub(crate) fn asks_for_bucket(head: &str) -> bool {
    head.starts_with("GET /storage/v1/b/bucket/o?") && head.contains("fields=kind")
}

/// A good answer of the JSON API.
pub(crate) fn page(json: &str) -> Vec<u8> {
    answer(200, "content-type: application/json\r\n", json)
}

/// An answer with these headers, each with its line's end, and the right length.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let len = body.len();
    format!(
        "HTTP/1.1 {status} Some Words\r\n{headers}content-length: {len}\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A refusal in the service's own form.
pub(crate) fn refusal(status: u16, headers: &str, reason: &str, message: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"error": {{"code": {status}, "message": "{message}",
            "errors": [{{"message": "{message}", "domain": "global", "reason": "{reason}"}}]}}}}"#
    );
    answer(status, &format!("content-type: application/json; charset=UTF-8\r\n{headers}"), &body)
}

async fn serve(
    mut client: TcpStream,
    seen: &Mutex<Vec<String>>,
    answer: &(dyn Fn(&str) -> Vec<u8> + Send + Sync),
) {
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
    let len = head
        .to_ascii_lowercase()
        .lines()
        .find_map(|line| Some(line.strip_prefix("content-length:")?.trim().parse::<usize>().unwrap()));
    // The body is taken whole, so that the answer isn't lost with the connection.
    while bytes.len() - end < len.unwrap_or(0) {
        if client.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
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
