//! One connection through the proxy.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::proxy::framing::{Framing, Piece};
use crate::proxy::{Canned, Condition, Scope, Shared, Way, http};

/// Bytes that are moved at once.
const CHUNK: usize = 16 << 10;

/// A request's head that is longer than this isn't answered.
const LONGEST_HEAD: usize = 64 << 10;

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// In good order.
    Closed,
    /// Both sides see a reset.
    Reset,
}

/// Serves a client until either side is done, or the proxy puts an end to it.
pub(crate) async fn serve(mut client: TcpStream, shared: Arc<Shared>) {
    let _ = client.set_nodelay(true);
    let condition = shared.condition();
    let begun = if condition.keeps_connections() { Some(shared.order.borrow().number) } else { None };
    let end = match condition {
        Condition::Answered(canned) => answer(&mut client, &shared, &canned).await,
        _ => {
            shared.thaw().await;
            pass(&mut client, &shared, begun, &[]).await
        }
    };
    if end.is_ok_and(|end| end == End::Closed) {
        let _ = client.shutdown().await;
    } else {
        // With no time to linger, closing is a reset.
        let _ = client.set_zero_linger();
    }
}

/// Passes everything between the client and the server, after what the client has sent already.
async fn pass(
    client: &mut TcpStream,
    shared: &Shared,
    begun: Option<u64>,
    already: &[u8],
) -> io::Result<End> {
    let mut server = TcpStream::connect(shared.server).await?;
    let _ = server.set_nodelay(true);
    let (up, down) = Framing::both(shared.protocol);
    let is_only = begun.is_none();
    let end = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let turn = Turn { of_client: AtomicBool::new(true), of_server: AtomicBool::new(true) };
        let mut upwards = Pump { shared, way: Way::Up, framing: up, is_only: false, turn: &turn };
        let mut downwards = Pump { shared, way: Way::Down, framing: down, is_only, turn: &turn };
        let both = async {
            let up = async {
                match upwards.run(already.chain(from_client), to_server).await {
                    // The answer may still come.
                    Ok(End::Closed) => std::future::pending().await,
                    end => end,
                }
            };
            let down = downwards.run(from_server, to_client);
            tokio::select! { end = up => end, end = down => end }
        };
        tokio::select! {
            end = both => end,
            () = dismissed(shared, begun) => Ok(End::Reset),
        }
    };
    if !end.as_ref().is_ok_and(|end| *end == End::Closed) {
        let _ = server.set_zero_linger();
    }
    end
}

/// Returns when there is an order that lets no connection stay which was there before.
async fn dismissed(shared: &Shared, begun: Option<u64>) {
    let mut orders = shared.order.subscribe();
    let is_over = |number: u64, condition: &Condition| match begun {
        Some(begun) => number > begun && !condition.keeps_connections(),
        None => !matches!(condition, Condition::Answered(_)),
    };
    if orders.wait_for(|order| is_over(order.number, &order.condition)).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Answers one request in the server's place, if it is one of those; else passes this one on, and no other.
async fn answer(client: &mut TcpStream, shared: &Shared, canned: &Canned) -> io::Result<End> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > LONGEST_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.push(client.read_u8().await?);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let method = http::method(&text);
    if canned.scope == Scope::Writes && !canned.scope.covers(method) {
        return pass(client, shared, None, &head).await;
    }
    let (mut framing, _) = Framing::both(shared.protocol);
    consume(&mut framing, &head);
    let waits = text.lines().any(|line| line.to_ascii_lowercase().starts_with("expect:"));
    let mut buffer = vec![0; CHUNK];
    while framing.messages() == 0 && !waits {
        match client.read(&mut buffer).await? {
            0 => return Ok(End::Closed),
            n => consume(&mut framing, &buffer[..n]),
        }
    }
    shared.strike();
    client.write_all(&canned.bytes(method)).await?;
    Ok(End::Closed)
}

fn consume(framing: &mut Framing, bytes: &[u8]) {
    let mut rest = bytes;
    while !rest.is_empty() {
        rest = &rest[framing.next(rest).len()..];
    }
}

/// Whose bytes are the first of a message: what the client sends after an answer is a request, and the other way
/// round.
struct Turn {
    of_client: AtomicBool,
    of_server: AtomicBool,
}

impl Turn {
    /// Whether bytes that go this way begin a message.
    fn begins(&self, way: Way) -> bool {
        let (this, other) = match way {
            Way::Up => (&self.of_client, &self.of_server),
            Way::Down => (&self.of_server, &self.of_client),
        };
        other.store(true, Ordering::Relaxed);
        this.swap(false, Ordering::Relaxed)
    }
}

/// Moves bytes one way.
struct Pump<'a> {
    shared: &'a Shared,
    way: Way,
    framing: Framing,
    /// The connection ends with the first answer.
    is_only: bool,
    turn: &'a Turn,
}

impl Pump<'_> {
    async fn run(
        &mut self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> io::Result<End> {
        let mut buffer = vec![0; CHUNK];
        loop {
            let n = from.read(&mut buffer).await?;
            if n == 0 {
                to.shutdown().await?;
                return Ok(End::Closed);
            }
            self.shared.thaw().await;
            let condition = self.shared.condition();
            if self.delay(&condition, n).await.is_break() {
                return Ok(End::Reset);
            }
            let (sent, end) = self.spoil(&condition, &mut buffer[..n]);
            to.write_all(&buffer[..sent]).await?;
            if let Some(end) = end {
                to.flush().await?;
                return Ok(end);
            }
            if self.is_only && self.framing.messages() > 0 {
                return Ok(End::Closed);
            }
        }
    }

    /// What happens to bytes wherever they belong to: they wait, or the connection breaks.
    async fn delay(&self, condition: &Condition, n: usize) -> ControlFlow<()> {
        let is_first = self.turn.begins(self.way);
        match condition {
            Condition::Slow { latency, bytes_per_second } => {
                self.shared.strike();
                let transfer = Duration::from_secs_f64(n as f64 / f64::from((*bytes_per_second).max(1)));
                let is_answer = is_first && self.way == Way::Down;
                tokio::time::sleep(if is_answer { transfer + *latency } else { transfer }).await;
            }
            Condition::Flaky { probability }
                if is_first && self.way == Way::Up && self.shared.draw(*probability) =>
            {
                self.shared.strike();
                return ControlFlow::Break(());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    /// What happens to bodies: how many of the bytes pass, and how the connection ends if it does.
    fn spoil(&mut self, condition: &Condition, bytes: &mut [u8]) -> (usize, Option<End>) {
        let mut at = 0;
        while at < bytes.len() {
            let piece = self.framing.next(&bytes[at..]);
            if let Piece::Body { len, offset } = piece {
                let cut = match condition {
                    Condition::Reset { up, down } => {
                        let after = if self.way == Way::Up { up } else { down };
                        after.map(|after| (after, End::Reset))
                    }
                    Condition::Truncated { after } if self.way == Way::Down => Some((*after, End::Closed)),
                    _ => None,
                };
                if let Some((after, end)) = cut
                    && offset + len as u64 > after
                {
                    self.shared.strike();
                    let kept = usize::try_from(after.saturating_sub(offset)).unwrap_or(len);
                    return (at + kept, Some(end));
                }
                if let Condition::Flipped { first, step } = condition
                    && self.way == Way::Down
                {
                    self.flip(&mut bytes[at..at + len], offset, *first, (*step).max(1));
                }
            }
            at += piece.len();
        }
        (at, None)
    }

    fn flip(&self, body: &mut [u8], offset: u64, first: u64, step: u64) {
        for (at, byte) in (offset..).zip(body) {
            if at >= first && (at - first).is_multiple_of(step) {
                *byte ^= 1;
                self.shared.strike();
            }
        }
    }
}
