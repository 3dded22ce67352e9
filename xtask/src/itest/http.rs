//! As much HTTP as it takes to ask an emulator whether it is ready and for a bucket.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// One exchange may take this long; a server that is starting is asked again.
const PATIENCE: Duration = Duration::from_secs(5);

/// More of an answer is not read.
const LONGEST_ANSWER: u64 = 1 << 20;

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// Status line, headers and body as text.
    pub(crate) text: String,
}

impl Answer {
    fn of(text: String) -> io::Result<Self> {
        let status = text.split_whitespace().nth(1).and_then(|word| word.parse().ok());
        match status {
            Some(status) if text.starts_with("HTTP/1.") => Ok(Self { status, text }),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP")),
        }
    }

    /// Whether there is a header with this value.
    pub(crate) fn has_header(&self, name: &str, begins_with: &str) -> bool {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .any(|(n, value)| n.eq_ignore_ascii_case(name) && value.trim_start().starts_with(begins_with))
    }
}

/// Sends one request to a server on the loopback and reads the answer.
///
/// # Errors
/// Whatever keeps an answer from coming.
pub(crate) fn ask(
    port: u16,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Answer> {
    let mut request =
        format!("{method} {target} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("content-length: {}\r\n\r\n{body}", body.len());
    Answer::of(exchange(port, request.as_bytes())?)
}

/// Sends bytes and reads until the other side closes.
///
/// # Errors
/// Whatever keeps an answer from coming.
pub(crate) fn exchange(port: u16, request: &[u8]) -> io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn an_answer_is_read_and_the_request_is_whole() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; 4096];
            let n = stream.read(&mut request).unwrap();
            stream.write_all(b"HTTP/1.1 404 Not Found\r\nServer: Azurite-Blob/3\r\n\r\nno").unwrap();
            String::from_utf8_lossy(&request[..n]).into_owned()
        });
        let answer = ask(port, "PUT", "/a?b", &[("x-y", "z")], "body").unwrap();
        assert_eq!(answer.status, 404);
        assert!(answer.has_header("server", "Azurite") && !answer.has_header("server", "nginx"));
        assert!(!answer.has_header("no", ""));
        let request = server.join().unwrap();
        assert!(request.starts_with("PUT /a?b HTTP/1.1\r\n"), "{request}");
        assert!(request.ends_with("x-y: z\r\ncontent-length: 4\r\n\r\nbody"), "{request}");
    }

    #[test]
    fn noise_is_no_answer() {
        for noise in ["", "+PONG\r\n", "HTTP/1.1", "HTTP/1.1 abc", "SSH-2.0-x 200"] {
            assert!(Answer::of(noise.into()).is_err(), "{noise}");
        }
    }
}
