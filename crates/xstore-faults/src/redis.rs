//! What a Redis server can be told, so that it goes wrong by itself.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::kind::Trouble;

/// The password that is asked for while credentials are revoked.
const PASSWORD: &str = "revoked";

/// How a server is put right again.
#[derive(Debug)]
pub(crate) struct Undo {
    server: SocketAddr,
    commands: Vec<String>,
}

impl Undo {
    pub(crate) async fn run(&self) -> Result<(), Trouble> {
        let commands: Vec<&str> = self.commands.iter().map(String::as_str).collect();
        tell(self.server, &commands).await
    }
}

/// Leaves it no memory: whatever stores something is refused.
pub(crate) async fn fill(server: SocketAddr) -> Result<Undo, Trouble> {
    tell(server, &["CONFIG SET maxmemory 1"]).await?;
    Ok(Undo { server, commands: vec!["CONFIG SET maxmemory 0".into()] })
}

/// Asks for a password that nobody knows, and closes the connections that were let in without.
pub(crate) async fn revoke(server: SocketAddr) -> Result<Undo, Trouble> {
    let demand = format!("CONFIG SET requirepass {PASSWORD}");
    tell(server, &[&demand, "CLIENT KILL TYPE normal SKIPME yes"]).await?;
    let commands = vec![format!("AUTH {PASSWORD}"), "CONFIG SET requirepass \"\"".into()];
    Ok(Undo { server, commands })
}

/// Sends commands that are answered by one line each.
async fn tell(server: SocketAddr, commands: &[&str]) -> Result<(), Trouble> {
    let mut stream = TcpStream::connect(server).await?;
    for command in commands {
        stream.write_all(format!("{command}\r\n").as_bytes()).await?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n") {
            answer.push(stream.read_u8().await?);
        }
        if !matches!(answer.first(), Some(b'+' | b':')) {
            let text = String::from_utf8_lossy(&answer);
            return Err(format!("Redis answers to {command}: {}", text.trim_end()).into());
        }
    }
    Ok(())
}
