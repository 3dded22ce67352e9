//! Answers that the proxy gives in the server's place.

/// Which requests are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All.
    All,
    /// Those that store something; the others reach the server.
    Writes,
}

impl Scope {
    pub(crate) fn covers(self, method: &str) -> bool {
        self == Self::All || matches!(method, "PUT" | "POST" | "PATCH")
    }
}

/// An answer of HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canned {
    /// The status.
    pub status: u16,
    /// Headers besides the length of the body.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// To which requests.
    pub scope: Scope,
}

impl Canned {
    /// An answer to all requests, without a body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), scope: Scope::All }
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, kind: &str, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self.header("content-type", kind)
    }

    /// Only to requests that store something.
    #[must_use]
    pub fn to_writes(mut self) -> Self {
        self.scope = Scope::Writes;
        self
    }

    /// The bytes, for a request by this method. The connection ends with them.
    pub(crate) fn bytes(&self, method: &str) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Canned\r\nconnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n", self.body.len());
        if method != "HEAD" {
            head += &self.body;
        }
        head.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_head_has_no_body() {
        let canned = Canned::new(503).header("retry-after", "1").body("text/plain", "busy");
        let head = "HTTP/1.1 503 Canned\r\nconnection: close\r\nretry-after: 1\r\ncontent-type: text/plain\r\n\
                    content-length: 4\r\n\r\n";
        assert_eq!(canned.bytes("HEAD"), head.as_bytes());
        assert_eq!(canned.bytes("GET"), format!("{head}busy").as_bytes());
    }

    #[test]
    fn reading_is_no_write() {
        assert!(Scope::All.covers("GET") && Scope::Writes.covers("PUT") && Scope::Writes.covers("POST"));
        assert!(!Scope::Writes.covers("GET") && !Scope::Writes.covers("DELETE"));
    }
}
