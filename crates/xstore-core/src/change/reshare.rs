//! Reshare: an object read and put again, part by part, under a new sharing and another threshold.

use super::Reshared;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::event::{OperationKind, Progress, Reporter};
use crate::get::Sink;
use crate::put::{Lineage, Source};
use crate::store::{Inner, Store};
use crate::ticket::{Made, Ticket};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;
use xstore_manifest::Manifest;
use zeroize::Zeroizing;

/// What a reshare was asked to do.
pub(crate) struct ReshareRequest<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) k: u8,
    pub(crate) n: u8,
    pub(crate) ticket: Option<Ticket>,
    pub(crate) progress: Progress,
    pub(crate) deadline: Option<Duration>,
}

/// Reshares.
pub(crate) async fn reshare(store: &Store, request: ReshareRequest<'_>) -> Result<Reshared> {
    let ReshareRequest { manifest, k, n, ticket, progress, deadline } = request;
    let reporter = Reporter::new(progress, OperationKind::Reshare, n, None);
    let done = within(store, manifest, (k, n), ticket, deadline, &reporter).await;
    reporter.finish(done.as_ref().err().map(|error| error.code().as_str()));
    done
}

async fn within(
    store: &Store,
    manifest: &Manifest,
    threshold: (u8, u8),
    given: Option<Ticket>,
    deadline: Option<Duration>,
    reporter: &Reporter,
) -> Result<Reshared> {
    let inner = store.inner();
    // Expired objects are refused before anything is split.
    manifest.check_expiry(inner.now()?)?;
    let (ticket, _) = inner.ticket_of(manifest, given.as_ref())?;
    let _alone = inner.alone(manifest.object)?;
    let work = run(inner, manifest, threshold, &ticket, reporter);
    let Some(limit) = deadline else { return work.await };
    match timeout(limit, work).await {
        Ok(done) => done,
        Err(_) if ticket.is_empty() => Err(crate::put::too_late(limit)),
        Err(_) => Err(crate::put::swept(store, &ticket, crate::put::too_late(limit)).await),
    }
}

async fn run(
    inner: &Arc<Inner>,
    manifest: &Manifest,
    (k, n): (u8, u8),
    ticket: &Ticket,
    reporter: &Reporter,
) -> Result<Reshared> {
    let writer = Store::new(inner.with_threshold(k, n)?);
    let _open = inner.buffers.open();

    let (sender, receiver) = channel(1);
    let lineage = Lineage {
        generation: manifest.generation + 1,
        revision: manifest.revision + 1,
        ext: super::attempts::without(&manifest.ext),
        expires_in: inner.expires_in(manifest)?,
    };
    let source = Source::reader(Incoming { parts: receiver, rest: None }, inner.settings.part);
    // The old shares are read in silence: the events are those of what is written.
    let silent = Reporter::new(Progress::none(), OperationKind::Get, manifest.threshold.n, None);
    let reading = async {
        let mut sink = Outgoing(sender);
        let read = crate::get::whole(inner, manifest, None, &silent, &mut sink).await;
        if read.is_err() {
            // The put must not take the end of what could be read for the end of the object.
            let cut = io::Error::other("the object can't be read to its end");
            let _ = sink.0.send(Err(cut)).await;
        }
        read
    };
    let writing = crate::put::put_again(&writer, ticket, source, manifest.ttl, lineage, reporter);
    let (read, written) = tokio::join!(reading, writing);
    let (payload, made) = match (read, written) {
        (Ok(payload), Ok(made)) => (payload, made),
        // Whichever failed first made the other fail.
        (Err(error), Err(other)) if error.code() == Code::SinkFailed => return Err(prefer(other, error)),
        (Err(error), _) => return Err(error),
        (_, Err(error)) => return Err(error),
    };
    let (at, keep) = (Arc::clone(inner), ticket.clone());
    let line = Made { revision: made.revision, hmac: *made.hmac() };
    crate::compute::run(move || keep.make(line, at.keys()?)).await?;
    Ok(Reshared { manifest: made, ticket: ticket.clone(), payload })
}

/// The put's own error, unless it only says that the source ended.
fn prefer(put: Error, get: Error) -> Error {
    if put.code() == Code::SourceFailed { get } else { put }
}

/// A part of the payload, or why there is none.
type Piece = io::Result<Zeroizing<Vec<u8>>>;

/// Hands what is read to the put, a part at a time.
struct Outgoing(Sender<Piece>);

impl Sink for Outgoing {
    async fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let piece = Zeroizing::new(bytes.to_vec());
        self.0
            .send(Ok(piece))
            .await
            .map_err(|_| Error::new(Code::SinkFailed, "the object can't be put again"))
    }

    async fn end(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What was read, as the put's source.
struct Incoming {
    parts: Receiver<Piece>,
    rest: Option<(Zeroizing<Vec<u8>>, usize)>,
}

impl AsyncRead for Incoming {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if let Some((piece, from)) = &mut self.rest
                && *from < piece.len()
            {
                let count = (piece.len() - *from).min(into.remaining());
                into.put_slice(&piece[*from..*from + count]);
                *from += count;
                return Poll::Ready(Ok(()));
            }
            match ready!(self.parts.poll_recv(context)) {
                Some(piece) => self.rest = Some((piece?, 0)),
                None => return Poll::Ready(Ok(())),
            }
        }
    }
}
