//! A blob service with one blob, and a directory that gives tokens, behind one certificate.

use crate::{SECRET, TOKEN, WRONG_SECRET};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    url: String,
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
        let certificate = CertificateDer::from_pem_slice(include_bytes!("fixtures/server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("fixtures/server.key")).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate], key).unwrap()));
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = heads.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, seen) = (acceptor.clone(), seen.clone());
                tokio::spawn(async move { serve(client, &acceptor, &seen).await });
            }
        });
        Self { url, heads, task }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The heads of all requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(client: TcpStream, acceptor: &TlsAcceptor, seen: &Mutex<Vec<String>>) {
    // Who doesn't trust the certificate says so and leaves.
    let Ok(mut client) = acceptor.accept(client).await else { return };
    let mut bytes = Vec::new();
    let (head, body) = loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                |line: &str| Some(line.strip_prefix("content-length:")?.trim().parse::<usize>().unwrap());
            if body.len() >= head.to_ascii_lowercase().lines().find_map(length).unwrap_or(0) {
                break (format!("{head}\r\n"), body.to_owned());
            }
        }
        if client.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let answer = answer(&head, &body);
    seen.lock().unwrap().push(head);
    let _ = client.write_all(answer.as_bytes()).await;
    let _ = client.shutdown().await;
}

fn answer(head: &str, body: &str) -> String {
    let full = |status: u16, headers: &str, body: &str| {
        let len = body.len();
        format!(
            "HTTP/1.1 {status} Words\r\n{headers}content-length: {len}\r\nconnection: close\r\n\r\n{body}"
        )
    };
    if head.starts_with("POST ") && head.contains("/busy.example/") {
        return full(503, "", body);
    }
    if head.starts_with("POST ") && body.contains(WRONG_SECRET) {
        // As no directory should, it repeats what it was sent.
        let reason = format!(
            r#"{{"error_codes":[7000215],"error_description":"AADSTS7000215: Invalid client secret provided. {body}"}}"#
        );
        return full(401, "", &reason);
    }
    if head.starts_with("POST ") {
        assert!(
            body.contains(&format!("client_secret={SECRET}"))
                || body.contains("client_assertion=canary-assertion")
        );
        let token = format!(
            r#"{{"token_type":"Bearer","expires_in":3600,"ext_expires_in":3600,"access_token":"{TOKEN}"}}"#
        );
        return full(200, "", &token);
    }
    if head.starts_with("GET /msi/token?") {
        assert!(head.contains("x-identity-header: canary-header"));
        let token = format!(
            r#"{{"token_type":"Bearer","expires_on":"4102444800","resource":"r","access_token":"{TOKEN}"}}"#
        );
        return full(200, "", &token);
    }
    if !head.contains(&format!("authorization: Bearer {TOKEN}\r\n")) {
        return full(401, "x-ms-error-code: InvalidAuthenticationInfo\r\nwww-authenticate: Bearer\r\n", "");
    }
    match head.split(' ').next() {
        Some("HEAD") => {
            "HTTP/1.1 404 No\r\nx-ms-error-code: BlobNotFound\r\nconnection: close\r\n\r\n".to_owned()
        }
        Some("PUT") => full(201, "", ""),
        _ => full(206, "content-range: bytes 0-4/5\r\n", "value"),
    }
}
