//! What goes over the connection: RESP2, which every Redis and every Valkey speaks.
//!
//! A value is sent from where it lies and read to where it stays. What the server says about lengths is believed only
//! within limits.

use crate::error::Refusal;
use futures_util::FutureExt;
use std::io;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream, sink};
use xstore_backend::buffers::Buffers;
use xstore_backend::{Bytes, Payload};

#[cfg(test)]
mod tests;

/// Bytes of a line that isn't a value: a number, a status, an error.
const MAX_LINE: u64 = 16 << 10;

/// Items of all lists of one answer. A page of a listing asks for a thousand.
const MAX_ITEMS: usize = 1 << 16;

/// Lists in lists: a page of a listing is a list that holds one.
const MAX_DEPTH: usize = 2;

/// Bytes that are collected before they are sent, or read before they are looked at.
const BUFFER: usize = 16 << 10;

/// Commands that go out together.
#[derive(Default)]
pub(crate) struct Request {
    pieces: Vec<Bytes>,
    last: Vec<u8>,
    commands: usize,
}

/// The answer to one command.
#[derive(PartialEq, Eq)]
pub(crate) enum Reply {
    /// It is done.
    Status,
    /// A number.
    Number(i64),
    /// A value.
    Value(Bytes),
    /// There is no such value.
    Nothing,
    /// A value that is longer than wanted, which wasn't kept.
    TooLong,
    /// Several answers.
    List(Vec<Reply>),
    /// The server didn't do it.
    Refused(Refusal),
}

/// Why there is no answer. Whatever was asked may have been done.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The network, or TLS.
    Io(io::Error),
    /// The server closed the connection before the answer was complete.
    Closed,
    /// The server refused what was being sent, and closed the connection.
    Refused(Refusal),
    /// The answer makes no sense, with the reason.
    Malformed(&'static str),
    /// There isn't memory for a value.
    Memory,
}

impl Request {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a command.
    #[must_use]
    pub(crate) fn command(mut self, words: &[&[u8]]) -> Self {
        self.begin(words.len());
        words.iter().for_each(|word| self.word(word));
        self
    }

    /// Adds a command with a value after the first words, which isn't copied.
    #[must_use]
    pub(crate) fn command_with(mut self, before: &[&[u8]], value: &Payload, after: &[&[u8]]) -> Self {
        self.begin(before.len() + 1 + after.len());
        before.iter().for_each(|word| self.word(word));
        self.number(b'$', value.len());
        self.pieces.push(std::mem::take(&mut self.last).into());
        self.pieces.extend(value.chunks().iter().cloned());
        self.last.extend_from_slice(b"\r\n");
        after.iter().for_each(|word| self.word(word));
        self
    }

    fn begin(&mut self, words: usize) {
        self.commands += 1;
        self.number(b'*', words);
    }

    fn word(&mut self, word: &[u8]) {
        self.number(b'$', word.len());
        self.last.extend_from_slice(word);
        self.last.extend_from_slice(b"\r\n");
    }

    fn number(&mut self, mark: u8, number: usize) {
        self.last.push(mark);
        self.last.extend_from_slice(number.to_string().as_bytes());
        self.last.extend_from_slice(b"\r\n");
    }
}

/// A connection that counts the answers which it owes.
pub(crate) struct Wire<S> {
    stream: BufStream<S>,
    owed: usize,
    is_broken: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream: BufStream::with_capacity(BUFFER, BUFFER, stream), owed: 0, is_broken: false }
    }

    /// Whether the next answer would be that to the next command: false as long as one is owed, and so also after a
    /// future was dropped in the middle of something.
    pub(crate) fn is_idle(&self) -> bool {
        self.owed == 0 && !self.is_broken
    }

    /// Never idle again.
    pub(crate) fn give_up(&mut self) {
        self.is_broken = true;
    }

    /// Whether it still stands, as far as that is known without asking: nothing arrives while nothing is owed, but
    /// the news that the server closed it.
    pub(crate) async fn is_silent(&mut self) -> bool {
        // Lets the runtime hear what the system knows already.
        tokio::task::yield_now().await;
        self.stream.fill_buf().now_or_never().is_none()
    }

    /// Sends the commands. Each is answered by one [`reply`](Self::reply).
    ///
    /// # Cancel safety
    /// Dropped half-way, it leaves a connection that is never [idle](Self::is_idle) again. So it is with all of these.
    pub(crate) async fn send(&mut self, request: Request) -> Result<(), Broken> {
        self.owed += request.commands;
        for piece in request.pieces.iter().map(AsRef::as_ref).chain([&*request.last]) {
            if let Err(error) = self.stream.write_all(piece).await {
                return self.not_sent(error);
            }
        }
        match self.stream.flush().await {
            Ok(()) => Ok(()),
            Err(error) => self.not_sent(error),
        }
    }

    /// A server that closes the connection in the middle of a command has said why before.
    fn not_sent(&mut self, error: io::Error) -> Result<(), Broken> {
        match self.read(0).now_or_never() {
            Some(Ok(Reply::Refused(refusal))) => self.broken(Broken::Refused(refusal)),
            _ => self.broken(Broken::Io(error)),
        }
    }

    /// The answer to the oldest command that has none yet. Values of up to `limit` bytes are kept.
    pub(crate) async fn reply(&mut self, limit: usize) -> Result<Reply, Broken> {
        match self.read(limit).await {
            Ok(reply) => {
                self.owed = self.owed.saturating_sub(1);
                Ok(reply)
            }
            Err(broken) => self.broken(broken),
        }
    }

    fn broken<T>(&mut self, broken: Broken) -> Result<T, Broken> {
        self.is_broken = true;
        Err(broken)
    }

    async fn read(&mut self, limit: usize) -> Result<Reply, Broken> {
        let mut open: Vec<(usize, Vec<Reply>)> = Vec::new();
        let mut room = MAX_ITEMS;
        loop {
            let line = self.line().await?;
            let (&mark, rest) = line.split_first().ok_or(Broken::Malformed("an empty line"))?;
            let mut reply = match mark {
                b'+' => Reply::Status,
                b'-' => Reply::Refused(Refusal::from_line(rest)),
                b':' => Reply::Number(number(rest)?),
                b'$' => match length(rest)? {
                    None => Reply::Nothing,
                    Some(len) => self.value(len, limit, open.is_empty()).await?,
                },
                b'*' => match length(rest)? {
                    None => Reply::Nothing,
                    Some(0) => Reply::List(Vec::new()),
                    Some(len) => {
                        let len = usize::try_from(len).ok().filter(|&len| len <= room);
                        let len = len.ok_or(Broken::Malformed("a list without end"))?;
                        if open.len() == MAX_DEPTH {
                            return Err(Broken::Malformed("lists that are too deep"));
                        }
                        room -= len;
                        open.push((len, Vec::with_capacity(len)));
                        continue;
                    }
                },
                _ => return Err(Broken::Malformed("an answer of no known kind")),
            };
            // It completes the lists whose last item it is.
            loop {
                let Some((left, items)) = open.last_mut() else { return Ok(reply) };
                items.push(reply);
                *left -= 1;
                if *left > 0 {
                    break;
                }
                reply = Reply::List(open.pop().map(|(_, items)| items).unwrap_or_default());
            }
        }
    }

    async fn line(&mut self) -> Result<Vec<u8>, Broken> {
        let mut line = Vec::new();
        (&mut self.stream).take(MAX_LINE).read_until(b'\n', &mut line).await.map_err(Broken::Io)?;
        if line.ends_with(b"\r\n") {
            line.truncate(line.len() - 2);
            return Ok(line);
        }
        let is_cut_off = (line.len() as u64) < MAX_LINE && !line.ends_with(b"\n");
        Err(if is_cut_off { Broken::Closed } else { Broken::Malformed("a line that has no end") })
    }

    async fn value(&mut self, len: u64, limit: usize, is_whole: bool) -> Result<Reply, Broken> {
        let Some(wanted) = usize::try_from(len).ok().filter(|&len| len <= limit) else {
            if is_whole {
                // Reading on would only cost time; the connection isn't used again.
                self.is_broken = true;
                return Ok(Reply::TooLong);
            }
            let skipped = tokio::io::copy_buf(&mut (&mut self.stream).take(len), &mut sink()).await;
            if skipped.map_err(Broken::Io)? < len {
                return Err(Broken::Closed);
            }
            self.end_of_value().await?;
            return Ok(Reply::TooLong);
        };
        let mut buffer = Buffers::shared().try_take(wanted).map_err(|_| Broken::Memory)?;
        match self.stream.read_exact(buffer.bytes_mut()).await {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(Broken::Closed),
            Err(error) => return Err(Broken::Io(error)),
        }
        self.end_of_value().await?;
        Ok(Reply::Value(buffer.freeze()))
    }

    async fn end_of_value(&mut self) -> Result<(), Broken> {
        match self.line().await?.is_empty() {
            true => Ok(()),
            false => Err(Broken::Malformed("a value that is longer than announced")),
        }
    }
}

fn number(text: &[u8]) -> Result<i64, Broken> {
    let text = std::str::from_utf8(text).ok();
    text.and_then(|text| text.parse().ok()).ok_or(Broken::Malformed("a number that is none"))
}

/// None for -1, which stands for nothing.
fn length(text: &[u8]) -> Result<Option<u64>, Broken> {
    match number(text)? {
        -1 => Ok(None),
        len => u64::try_from(len).map(Some).map_err(|_| Broken::Malformed("a negative length")),
    }
}

/// Shows no byte of a value.
impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status => f.write_str("Status"),
            Self::Number(number) => f.debug_tuple("Number").field(number).finish(),
            Self::Value(bytes) => f.debug_struct("Value").field("len", &bytes.len()).finish(),
            Self::Nothing => f.write_str("Nothing"),
            Self::TooLong => f.write_str("TooLong"),
            Self::List(items) => f.debug_tuple("List").field(items).finish(),
            Self::Refused(refusal) => f.debug_tuple("Refused").field(refusal).finish(),
        }
    }
}
