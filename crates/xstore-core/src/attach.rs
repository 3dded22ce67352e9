//! Marks: a value under each namespace that tells a mounted, empty place from one that isn't there, and one place
//! from two names for it.

use crate::code::Code;
use crate::error::{Attempt, Error, Result, random};
use crate::member::Seat;
use crate::store::Inner;
use data_encoding::BASE32_NOPAD;
use futures_util::future::join_all;
use std::time::Duration;
use tokio::time::Instant;
use xstore_backend::retry::RetryPolicy;
use xstore_backend::{Bytes, Error as BackendError, ErrorKind, Key, Operation, PutOptions, retry};

/// How long a mark that was seen is trusted to be still there.
const TRUST: Duration = Duration::from_secs(30);
/// What a mark begins with; 26 random characters follow.
const MAGIC: &str = "xStore-mark-1 ";
/// A mark has 40 bytes; what is longer isn't one.
const MAX_MARK: usize = 256;

impl Inner {
    /// Makes sure that the member's place is the one that is meant.
    ///
    /// Ok may be up to 30 seconds old: adapters notice by themselves when their place vanishes while they are open.
    pub(crate) async fn attach(&self, seat: &Seat) -> Result<(), BackendError> {
        if self.is_attached(seat) { Ok(()) } else { self.attach_anew(seat).await }
    }

    /// Whether the member's mark was seen a moment ago.
    pub(crate) fn is_attached(&self, seat: &Seat) -> bool {
        seat.seen().is_some_and(|(at, _)| at.elapsed() < TRUST)
    }

    /// As [`attach`](Self::attach), and looks now, whatever was seen a moment ago.
    pub(crate) async fn attach_anew(&self, seat: &Seat) -> Result<(), BackendError> {
        // What was seen before counts no more, whatever comes of it.
        seat.forget();
        let mark = match self.read_mark(seat).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if seat.is_marked {
                    return Err(BackendError::new(
                        ErrorKind::Unavailable,
                        "its mark is missing: the place is reachable, but isn't the one that was initialised (an \
                         unmounted disk looks like that)",
                    )
                    .with_retryable(false)
                    .at(&seat.id, Operation::Open, None));
                }
                self.write_mark(seat).await?
            }
            other => other?,
        };
        self.refuse_alias(seat, &mark)?;
        seat.see(Instant::now(), &mark);
        Ok(())
    }

    /// A mark is asked for twice at most: a place that isn't there must not hold up the others.
    fn asking(&self) -> RetryPolicy {
        let retry = &self.settings.retry;
        let twice =
            RetryPolicy::new(retry.max_attempts().min(2), retry.initial_delay(), 1, retry.max_delay());
        twice.unwrap_or(RetryPolicy::ONCE).with_seed(retry.seed())
    }

    async fn read_mark(&self, seat: &Seat) -> Result<Box<str>, BackendError> {
        let key = mark_key(seat)?;
        let value = retry::get(&*seat.backend, &key, MAX_MARK, &self.asking(), &retry::silent).await?;
        parse(&value).ok_or_else(|| {
            BackendError::new(ErrorKind::Unavailable, "what stands in its mark's place is no mark")
                .with_retryable(false)
                .at(&seat.id, Operation::Open, Some(&key))
        })
    }

    /// Writes a mark unless there is one; returns the one that stands there then.
    pub(crate) async fn write_mark(&self, seat: &Seat) -> Result<Box<str>, BackendError> {
        let key = mark_key(seat)?;
        let fresh: [u8; 16] = self.entropy().array().map_err(|error| {
            BackendError::new(ErrorKind::Other, "no random bytes for its mark").with_source(error)
        })?;
        let text = format!("{MAGIC}{}\n", BASE32_NOPAD.encode(&fresh).to_ascii_lowercase());
        let options = PutOptions::create_only();
        let policy = &self.asking();
        let written =
            retry::put(&*seat.backend, &key, Bytes::from(text).into(), &options, policy, &retry::silent);
        match written.await {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => self.read_mark(seat).await,
        }
    }

    /// Two members that show one mark are one place under two names.
    fn refuse_alias(&self, seat: &Seat, mark: &str) -> Result<(), BackendError> {
        let same = |other: &&std::sync::Arc<Seat>| {
            other.id != seat.id && other.seen().is_some_and(|(_, seen)| *seen == *mark)
        };
        match self.seats.iter().find(same) {
            None => Ok(()),
            Some(other) => Err(BackendError::new(
                ErrorKind::Unavailable,
                format!("it is the same place as {}: every share needs a place of its own", other.id),
            )
            .with_retryable(false)
            .at(&seat.id, Operation::Open, None)),
        }
    }

    /// Marks every member, and refuses two names for one place.
    pub(crate) async fn initialise(&self) -> Result<()> {
        let marks = join_all(self.seats.iter().map(|seat| self.write_mark(seat))).await;
        let mut failed = Vec::new();
        let mut good = Vec::new();
        for (seat, mark) in self.seats.iter().zip(marks) {
            match mark {
                Ok(mark) => good.push((seat, mark)),
                Err(error) => {
                    failed.push(Attempt::new(
                        seat.id.clone(),
                        None,
                        None,
                        Code::of_backend(error.kind()),
                        error,
                    ));
                }
            }
        }
        if !failed.is_empty() {
            return Err(
                Error::new(Code::BackendUnavailable, "not every backend can be marked").with_attempts(failed)
            );
        }
        // A mark that shows up under another member's name, too, means one place for both.
        for (seat, mark) in &good {
            let Ok(key) = mark_key(seat) else { continue };
            for (other, _) in good.iter().filter(|(other, _)| other.id != seat.id) {
                let found = retry::get(&*other.backend, &key, MAX_MARK, &self.asking(), &retry::silent).await;
                if found.is_ok_and(|value| parse(&value).as_ref() == Some(mark)) {
                    let message = format!(
                        "{} and {} are the same place: every share needs a place of its own",
                        seat.id, other.id
                    );
                    return Err(Error::new(Code::LayoutRefused, message).with_backend(&other.id));
                }
            }
        }
        Ok(())
    }

    /// A fresh name of 26 characters.
    pub(crate) fn fresh_name(&self) -> Result<String> {
        let bytes: [u8; 16] = self.entropy().array().map_err(random)?;
        Ok(BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
    }
}

fn mark_key(seat: &Seat) -> Result<Key, BackendError> {
    seat.key("mark").ok_or_else(|| BackendError::new(ErrorKind::Unsupported, "its namespace makes no key"))
}

fn parse(value: &[u8]) -> Option<Box<str>> {
    let text = std::str::from_utf8(value).ok()?;
    let name = text.strip_prefix(MAGIC)?.strip_suffix('\n')?;
    let is_name = name.len() == 26 && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
    is_name.then(|| name.into())
}
