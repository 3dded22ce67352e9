//! Get: k shares of each part, from the members that are likely to be fastest; others take over where these fail.

pub(crate) mod fetch;
pub(crate) mod part;
mod range;

use crate::code::Code;
use crate::error::{Error, Result};
use crate::event::{OperationKind, Progress, Reporter};
use crate::store::{Inner, Store};
use fetch::Context;
use futures_util::{StreamExt, stream};
use part::WholePart;
use std::ops::Range;
use std::sync::Arc;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use xorida_core::{Scheme, Threshold};
use xstore_manifest::{Body, Manifest};
use xstore_share::{Layout, ObjectCheck, PartShape, Plans};

/// Bytes of shares and payload that the parts in flight may take; with large parts or a large k only one is read at a
/// time.
const MEMORY: u64 = 256 << 20;

/// Where the payload goes.
pub(crate) trait Sink: Send {
    /// Takes the next bytes, all of them.
    fn take(&mut self, bytes: &[u8]) -> impl Future<Output = Result<()>> + Send;
    /// Everything was taken.
    fn end(&mut self) -> impl Future<Output = Result<()>> + Send;
}

impl Sink for Vec<u8> {
    async fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.try_reserve(bytes.len()).map_err(|error| {
            Error::new(
                Code::SinkFailed,
                "the object doesn't fit in memory: read it to a writer, or a range of it",
            )
            .with_source(error)
        })?;
        self.extend_from_slice(bytes);
        Ok(())
    }

    async fn end(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A writer as a sink.
pub(crate) struct To<W>(pub(crate) W);

impl<W: AsyncWrite + Send + Unpin> Sink for To<W> {
    async fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.write_all(bytes).await.map_err(writing)
    }

    async fn end(&mut self) -> Result<()> {
        self.0.flush().await.map_err(writing)
    }
}

fn writing(error: std::io::Error) -> Error {
    Error::new(Code::SinkFailed, "what was read can't be written").with_source(error)
}

/// An object whose manifest may be used now.
pub(crate) struct Object<'m> {
    pub(crate) manifest: &'m Manifest,
    pub(crate) scheme: Scheme,
    pub(crate) plans: Arc<Plans>,
}

impl<'m> Object<'m> {
    /// Checks name, expiry and parameters.
    pub(crate) fn open(inner: &Inner, manifest: &'m Manifest, name: Option<&str>) -> Result<Self> {
        if let Some(name) = name {
            manifest.require_name(name)?;
        }
        manifest.check_expiry(inner.now()?)?;
        Self::of(inner, manifest)
    }

    /// As [`open`](Self::open), whether expired or not: for what doesn't read the payload.
    pub(crate) fn of(inner: &Inner, manifest: &'m Manifest) -> Result<Self> {
        let declared = manifest.body().threshold;
        let threshold = Threshold::new(declared.k, declared.n).map_err(parameters)?;
        let scheme = Scheme::with_prime(threshold, manifest.body().p).map_err(parameters)?;
        Ok(Self { manifest, scheme, plans: inner.plans.of(scheme) })
    }

    pub(crate) fn body(&self) -> &'m Body {
        self.manifest.body()
    }

    /// The manifest's entry for a part.
    pub(crate) fn part(&self, number: u32) -> Result<&'m xstore_manifest::Part> {
        let part = usize::try_from(number).ok().and_then(|number| self.body().parts.get(number));
        part.ok_or_else(|| Error::new(Code::ManifestInvalid, "there is no such part").with_part(number))
    }

    /// The shape of a part's shares.
    pub(crate) fn shape(&self, part: &xstore_manifest::Part) -> Result<PartShape> {
        let layout = Layout::new(self.scheme, self.body().segment, part.trailer).map_err(parameters)?;
        layout.part(part.bytes).map_err(parameters)
    }
}

fn parameters(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Code::ManifestInvalid, "the manifest's parameters don't fit together").with_source(error)
}

/// What a read was asked to do.
pub(crate) struct Request<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) name: Option<&'a str>,
    pub(crate) progress: Progress,
}

/// Reads all of an object into a sink; returns its length.
pub(crate) async fn get(store: &Store, request: Request<'_>, sink: &mut impl Sink) -> Result<u64> {
    let inner = store.inner();
    let _open = inner.buffers.open();
    let n = request.manifest.body().threshold.n;
    let reporter = Reporter::new(request.progress, OperationKind::Get, n, Some(request.manifest.length()));
    let done = whole(inner, request.manifest, request.name, &reporter, sink).await;
    reporter.finish(done.as_ref().err().map(|error| error.code().as_str()));
    done
}

/// As [`get`], with a reporter that begins and ends elsewhere.
pub(crate) async fn whole(
    inner: &Arc<Inner>,
    manifest: &Manifest,
    name: Option<&str>,
    reporter: &Reporter,
    sink: &mut impl Sink,
) -> Result<u64> {
    let object = Object::open(inner, manifest, name)?;
    let body = object.body();
    let mut check = ObjectCheck::new(body.part);
    let count = u32::try_from(body.parts.len()).unwrap_or(u32::MAX);
    let object = &object;
    let mut parts = stream::iter(0..count)
        .map(|number| async move { WholePart::read(Context::new(inner, object, number, reporter)?).await })
        .buffered(at_once(object));
    while let Some(part) = parts.next().await {
        let part = part?;
        // For the last part this is the check of the whole object; it comes before its bytes leave.
        check.add(&part.finished).map_err(|error| Error::from(error).with_part(part.number))?;
        sink.take(part.payload()).await?;
        reporter.advance(part.payload().len() as u64);
    }
    drop(parts);
    sink.end().await?;
    Ok(check.length())
}

/// How many parts are read at once.
fn at_once(object: &Object<'_>) -> usize {
    let body = object.body();
    let largest = body.parts.iter().map(|part| part.bytes).max().unwrap_or(0);
    if largest.saturating_mul(u64::from(object.scheme.k()) + 1) * 2 <= MEMORY { 2 } else { 1 }
}

/// Reads a range of an object.
pub(crate) async fn get_range(store: &Store, request: Request<'_>, range: Range<u64>) -> Result<Vec<u8>> {
    let inner = store.inner();
    let _open = inner.buffers.open();
    let n = request.manifest.body().threshold.n;
    let reporter = Reporter::new(request.progress, OperationKind::Get, n, None);
    let done = range::read(inner, request.manifest, request.name, &reporter, range).await;
    reporter.finish(done.as_ref().err().map(|error| error.code().as_str()));
    done
}
