//! A server that answers as it is told, byte for byte.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use xstore_backend_opendal::{Config, Service};

/// Listens until it is dropped.
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

    /// Shows the folder `root` with the value `v` of five bytes in it, and answers everything else with `answer`.
    pub(crate) async fn with_value(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start(move |head| match properties(head) {
            Some(properties) => properties,
            None => answer(head),
        })
        .await
    }

    pub(crate) fn config(&self) -> Config {
        Config::new(Service::Webdav).with_option("endpoint", &self.endpoint).with_option("root", "root")
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

/// What is said about the folder and the value in it, and that there is nothing else.
fn properties(head: &str) -> Option<Vec<u8>> {
    let path = head.strip_prefix("PROPFIND ")?.split(' ').next()?;
    Some(match path {
        "/root/" | "/root" => multistatus("/root/", "<D:resourcetype><D:collection/></D:resourcetype>"),
        "/root/v" => multistatus("/root/v", "<D:resourcetype/><D:getcontentlength>5</D:getcontentlength>"),
        _ => answer(404, "", ""),
    })
}

pub(crate) fn multistatus(href: &str, properties: &str) -> Vec<u8> {
    let modified = "<D:getlastmodified>Mon, 02 Nov 2026 10:00:00 GMT</D:getlastmodified>";
    let body = format!(
        "<?xml version=\"1.0\"?><D:multistatus xmlns:D=\"DAV:\"><D:response><D:href>{href}</D:href><D:propstat>\
         <D:prop>{properties}{modified}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>\
         </D:multistatus>"
    );
    answer(207, "content-type: application/xml\r\n", &body)
}

/// An answer with these headers, each with its line's end, and the right length.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let len = body.len();
    format!(
        "HTTP/1.1 {status} Some Words\r\n{headers}content-length: {len}\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
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
    let lines = head.to_ascii_lowercase();
    let len = lines.lines().find_map(|line| line.strip_prefix("content-length:"));
    let len = len.map_or(0, |len| len.trim().parse::<usize>().unwrap());
    // The body is taken whole, so that the answer isn't lost with the connection.
    while bytes.len() - end < len {
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
