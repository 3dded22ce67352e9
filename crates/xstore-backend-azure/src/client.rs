//! Calls of the service.

use crate::error::{self, Intent};
use crate::{Config, Credential};
use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::policies::Policy;
use azure_core::http::{ClientOptions, RetryOptions, StatusCode, Transport as Way};
use azure_storage_blob::models::{
    BlobClientDeleteOptions, BlobClientDownloadOptions, BlobClientGetPropertiesResultHeaders,
    BlobContainerClientListBlobsOptions, BlobItem, BlockBlobClientUploadOptions, DeleteSnapshotsOptionType,
    ListBlobsIncludeItem,
};
use azure_storage_blob::{BlobClient, BlobContainerClient, BlobServiceClient, BlobServiceClientOptions};
use data_encoding::BASE64;
use futures_util::StreamExt;
use sign::{CheckedUpload, SharedAccessSignature, SharedKey};
use std::fmt;
use std::num::{NonZeroU64, NonZeroUsize};
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;
use transport::{ContentRange, Transport};
use xstore_backend::{Bytes, Cursor, Entry, Error, ErrorKind, Key, Page, Payload, Prefix, Result, Stat};

mod body;
mod sign;
mod token;
pub(crate) mod transport;

/// The version of the service's interface. Older than the SDK's own, so that Azurite and clouds that lag behind know
/// it; nothing that is used here is newer.
const VERSION: &str = "2025-11-05";
/// The service makes a checksum of a range up to this length.
const CHECKED_RANGE: u64 = 4 << 20;
/// No value is longer; keeps sums within bounds.
const LONGEST: u64 = 1 << 60;
/// A name that no key has, so that nothing can be there.
const NOBODY: &str = ".xstore";

/// One container.
pub(crate) struct Client {
    container: BlobContainerClient,
    name: String,
    prefix: Prefix,
    page_size: i32,
}

impl Client {
    /// Prepares connections. Nothing is sent.
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let transport = Transport::new(config.connect_timeout(), config.is_local()).map_err(|error| {
            Error::new(ErrorKind::Other, "the connections can't be prepared").with_source(error.without_url())
        })?;
        let plain = ClientOptions {
            // The caller's own retries know the deadline and the other backends.
            retry: RetryOptions::none(),
            transport: Some(Way::new(Arc::new(transport))),
            ..ClientOptions::default()
        };
        let mut signed: Vec<Arc<dyn Policy>> = vec![Arc::new(CheckedUpload)];
        let mut token = None;
        match config.credential() {
            Credential::AccountKey(key) => signed.push(Arc::new(SharedKey::new(config.account(), key))),
            Credential::Sas(sas) => signed.push(Arc::new(SharedAccessSignature(sas.clone()))),
            Credential::Token(source) => {
                let source = token::credential(source, plain.clone());
                token = Some(source.map_err(|error| error::classify(error, Intent::Other))?);
            }
        }
        let options = BlobServiceClientOptions {
            client_options: ClientOptions { per_try_policies: signed, ..plain },
            version: VERSION.to_owned(),
        };
        let service = BlobServiceClient::new(config.endpoint().clone(), token, Some(options));
        let service = service.map_err(|error| error::classify(error, Intent::Other))?;
        Ok(Self {
            container: service.blob_container_client(config.container()),
            name: config.container().to_owned(),
            prefix: config.prefix().clone(),
            page_size: i32::from(config.page_size().get().cast_signed()),
        })
    }

    /// Finds out whether the container is there and may be read, and makes it if that is wanted.
    ///
    /// Looks for a blob that can't be there: who may read blobs may do that, while a signature for one container
    /// doesn't open the container's own properties.
    pub(crate) async fn look(&self, create: bool) -> Result<()> {
        let error = match self.blob(NOBODY).get_properties(None).await {
            // Somebody else's.
            Ok(found) if is_blob(found.headers()) => return Ok(()),
            Ok(_) => return Err(error::classify(no_blob(), Intent::Other)),
            Err(error) => error,
        };
        match error::code(&error).as_deref() {
            Some("BlobNotFound") => Ok(()),
            Some("ContainerNotFound") if create => match self.container.create(None).await {
                Ok(_) => Ok(()),
                Err(error) if error::code(&error).as_deref() == Some("ContainerAlreadyExists") => Ok(()),
                Err(error) => Err(error::classify(error, Intent::Other)),
            },
            _ => Err(error::classify(error, Intent::Other)),
        }
    }

    pub(crate) async fn put(&self, key: &Key, data: Payload, create_only: bool) -> Result<()> {
        let options = BlockBlobClientUploadOptions {
            blob_content_md5: Some(body::checksum(&data).await),
            // One request, whatever the length: it lands whole or not at all.
            partition_size: NonZeroU64::new(data.len() as u64),
            parallel: Some(NonZeroUsize::MIN),
            ..Default::default()
        };
        let options = if create_only { options.if_not_exists() } else { options };
        let content = body::outgoing(data).into();
        match self.blob(key.as_str()).upload(content, Some(options)).await {
            Ok(_) => Ok(()),
            Err(error) => Err(error::classify(error, Intent::Put { create_only })),
        }
    }

    pub(crate) async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        // At least a byte, since there is no empty range. The answer tells the whole length besides.
        let end = (max as u64).clamp(1, LONGEST);
        let Some(answer) = self.download(key, 0..end).await? else { return Ok(Bytes::new()) };
        if answer.range.total > max as u64 {
            let message = format!("it has {} bytes, {max} are wanted at most", answer.range.total);
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        answer.read().await
    }

    pub(crate) async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        let range = range.start.min(LONGEST)..range.end.min(LONGEST);
        if range.is_empty() {
            return self.stat(key).await.map(|_| Bytes::new());
        }
        match self.download(key, range).await? {
            Some(answer) => answer.read().await,
            None => Ok(Bytes::new()),
        }
    }

    pub(crate) async fn delete(&self, key: &Key) -> Result<()> {
        let options = BlobClientDeleteOptions {
            // Somebody's snapshots would keep the value, and the blob couldn't be deleted without them.
            delete_snapshots: Some(DeleteSnapshotsOptionType::Include),
            ..Default::default()
        };
        match self.blob(key.as_str()).delete(Some(options)).await {
            Ok(_) => Ok(()),
            Err(error) if error::code(&error).as_deref() == Some("BlobNotFound") => Ok(()),
            Err(error) => Err(error::classify(error, Intent::Other)),
        }
    }

    pub(crate) async fn stat(&self, key: &Key) -> Result<Stat> {
        let read = |error| error::classify(error, Intent::Read);
        let found = self.blob(key.as_str()).get_properties(None).await.map_err(read)?;
        let (size, modified) = (found.content_length().map_err(read)?, found.last_modified().map_err(read)?);
        let size = size.filter(|_| is_blob(found.headers())).ok_or_else(|| read(no_blob()))?;
        Ok(Stat::new(size).with_modified(modified.map(SystemTime::from)))
    }

    pub(crate) async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        let fail = |error| error::classify(error, Intent::Other);
        let Ok(below) = self.prefix.join(prefix) else { return Ok(Page::default()) };
        let options = BlobContainerClientListBlobsOptions {
            // Tells folders from blobs, where the account has a hierarchical namespace.
            include: Some(vec![ListBlobsIncludeItem::Metadata]),
            marker: cursor.map(|cursor| cursor.as_str().to_owned()),
            maxresults: Some(self.page_size),
            prefix: (!below.as_str().is_empty()).then(|| format!("{below}/")),
            ..Default::default()
        };
        let mut pages = self.container.list_blobs(Some(options)).map_err(fail)?.into_pages();
        let Some(page) = pages.next().await else {
            return Err(error::senseless("the service gives no page"));
        };
        let page = page.map_err(fail)?.into_model().map_err(fail)?;
        if page.container_name.as_deref() != Some(&*self.name) {
            // The SDK reads any XML as a page without blobs, also the page by which a network asks for money.
            return Err(error::senseless("what answers is no listing of the container"));
        }
        let entries = page.blob_items.into_iter().filter_map(|item| self.entry(item, prefix).transpose());
        let entries = entries.collect::<Result<_>>()?;
        let next = page.next_marker.filter(|marker| !marker.is_empty());
        Ok(Page::new(entries, next.map(Cursor::new)))
    }

    /// What a listing says about a blob, where its name is a key below the prefix.
    fn entry(&self, item: BlobItem, prefix: &Prefix) -> Result<Option<Entry>> {
        let is_folder = item.metadata.and_then(|all| all.values).is_some_and(|all| {
            all.iter().any(|(name, value)| name.eq_ignore_ascii_case("hdi_isfolder") && value == "true")
        });
        let name = item.name.as_deref().filter(|_| !is_folder);
        let below = name.and_then(|name| match self.prefix.as_str() {
            "" => Some(name),
            above => name.strip_prefix(above)?.strip_prefix('/'),
        });
        let key = below.and_then(|name| Key::new(name).ok()).filter(|key| key.is_below(prefix));
        let Some(key) = key else { return Ok(None) };
        let Some((size, modified)) = item.properties.and_then(|p| Some((p.content_length?, p.last_modified)))
        else {
            return Err(error::senseless("the listing tells no length"));
        };
        Ok(Some(Entry::new(key, Stat::new(size).with_modified(modified.map(SystemTime::from)))))
    }

    /// The answer to a range that isn't empty; none where the value ends before it begins.
    async fn download(&self, key: &Key, range: Range<u64>) -> Result<Option<Answer>> {
        let len = range.end - range.start;
        let options = BlobClientDownloadOptions {
            range_get_content_md5: (len <= CHECKED_RANGE).then_some(true),
            // One request, whatever the length.
            partition_size: NonZeroUsize::new(usize::try_from(len).unwrap_or(usize::MAX)),
            parallel: Some(NonZeroUsize::MIN),
            range: Some(range.into()),
            ..Default::default()
        };
        let answer = match self.blob(key.as_str()).download(Some(options)).await {
            Ok(answer) => answer,
            // Anybody may say 416; only the service knows where the value ends.
            Err(error)
                if error.http_status() == Some(StatusCode::RequestedRangeNotSatisfiable)
                    && error::code(&error).as_deref() == Some("InvalidRange") =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error::classify(error, Intent::Read)),
        };
        let Some(range) = ContentRange::of(&answer.headers) else {
            // The SDK asks again without a range where there is nothing to be ranged over. But whoever answers
            // everything with nothing is no blob.
            if !is_blob(&answer.headers) {
                return Err(error::classify(no_blob(), Intent::Read));
            }
            let nothing = body::incoming(answer.body, 0, None).await;
            return nothing.map(|_| None).map_err(|error| error::classify(error, Intent::Read));
        };
        let checksum = checksum(&answer.headers, range, len <= CHECKED_RANGE);
        Ok(Some(Answer { range, body: answer.body, checksum }))
    }

    fn blob(&self, name: &str) -> BlobClient {
        match self.prefix.as_str() {
            "" => self.container.blob_client(name),
            above => self.container.blob_client(&format!("{above}/{name}")),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.container.url().as_str()).finish_non_exhaustive()
    }
}

/// Bytes of a value that are on their way.
struct Answer {
    range: ContentRange,
    body: azure_core::http::response::AsyncResponseBody,
    checksum: Option<Vec<u8>>,
}

impl Answer {
    async fn read(self) -> Result<Bytes> {
        let read = |error| error::classify(error, Intent::Read);
        let len = usize::try_from(self.range.len()).map_err(|error| {
            Error::new(ErrorKind::TooLarge, "it doesn't fit into the memory").with_source(error)
        })?;
        body::incoming(self.body, len, self.checksum.as_deref()).await.map_err(read)
    }
}

/// Whether the answer comes from the service and is about a blob. What stands between may say 200 to everything.
fn is_blob(headers: &Headers) -> bool {
    headers.get_optional_str(&HeaderName::from_static("x-ms-blob-type")).is_some()
}

fn no_blob() -> azure_core::Error {
    transport::garbled("what answers tells nothing of a blob")
}

/// The checksum of the bytes in an answer: that of the range, where it was asked for, or that of the blob, where the
/// range is all of it. Another kind of writer may have stored none.
fn checksum(headers: &Headers, range: ContentRange, is_asked_for: bool) -> Option<Vec<u8>> {
    let read = |name| {
        let text = headers.get_optional_str(&HeaderName::from_static(name))?;
        BASE64.decode(text.as_bytes()).ok().filter(|sum| sum.len() == 16)
    };
    let of_range = read("content-md5").filter(|_| is_asked_for || range.is_whole());
    of_range.or_else(|| read("x-ms-blob-content-md5").filter(|_| range.is_whole()))
}
