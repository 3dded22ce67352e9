//! The operations on one bucket: reads and writes by the service's own client, everything else by the JSON API.

use crate::Config;
use crate::error::{self, Failure, Missing};
use bytes::BytesMut;
use google_cloud_gax::retry_policy::NeverRetry;
use google_cloud_storage::client::Storage;
use google_cloud_storage::model_ext::ReadRange;
use google_cloud_storage::read_object::ReadObjectResponse;
use google_cloud_storage::read_resume_policy::NeverResume;
use reqwest::Method;
use std::fmt;
use std::ops::Range;
use xstore_backend::{Bytes, Cursor, Error, ErrorKind, Key, Page, Payload, Prefix, Result, Stat};

mod json;
mod names;
mod objects;
mod pieces;

use json::JsonApi;
use names::Names;
use pieces::Pieces;

/// Where the service listens unless a setting says otherwise.
const ENDPOINT: &str = "https://storage.googleapis.com";

/// Bytes that are reserved at most because an answer says that it is as long.
const MAX_RESERVED: usize = 128 << 20;

/// The largest number that a place in an object can have.
const LAST_PLACE: u64 = i64::MAX.unsigned_abs();

/// Bytes of the longest cursor that is sent: the service's own are much shorter.
const MAX_CURSOR: usize = 4096;

/// One bucket, or what lies below a prefix of it.
pub(crate) struct Client {
    config: Config,
    names: Names,
    /// The bucket, as the service's client calls it.
    resource: String,
    storage: Storage,
    json: JsonApi,
}

impl Client {
    /// Prepares everything and looks for the bucket.
    pub(crate) async fn open(config: Config) -> Result<Self> {
        let credentials = config.credentials().build()?;
        let endpoint = config.endpoint().unwrap_or(ENDPOINT);
        let storage = Storage::builder()
            .with_endpoint(endpoint)
            .with_credentials(credentials.clone())
            .with_retry_policy(NeverRetry)
            .with_read_resume_policy(NeverResume)
            // From this many bytes on, a write would be several requests.
            .with_resumable_upload_threshold(usize::MAX)
            .with_grpc_subchannel_count(1)
            .build()
            .await
            .map_err(error::from_client)?;
        let client = Self {
            names: Names::below(config.prefix()),
            resource: format!("projects/_/buckets/{}", config.bucket()),
            json: JsonApi::new(endpoint, credentials, &config)?,
            storage,
            config,
        };
        client.look_for_bucket().await?;
        Ok(client)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) async fn put(&self, key: &Key, data: Payload, create_only: bool) -> Result<()> {
        let (name, len) = (self.names.of(key), data.len() as u64);
        let pieces = Pieces::of(data);
        let write = self.storage.write_object(&self.resource, &name, pieces);
        let write = write.set_content_type("application/octet-stream");
        let write = if create_only { write.set_if_generation_match(0) } else { write };
        let write = match self.config.quota_project() {
            Some(project) => write.with_quota_project(project),
            None => write,
        };
        // Buffered means that the checksum is computed before the first byte is sent, and sent with the name: the
        // service refuses what it doesn't fit. The pieces aren't copied.
        let error = match write.send_buffered().await {
            Ok(object) if object.name == name && u64::try_from(object.size) == Ok(len) => return Ok(()),
            // Any object of JSON would do for the service's client.
            Ok(_) => return Err(error::senseless()),
            Err(error) => error,
        };
        match error::from_storage(error, self.config.credentials()) {
            // A write can only miss the bucket.
            Failure::Answer(answer) if answer.status() == 404 => Err(self.no_bucket().with_source(answer)),
            failure => match self.fail(failure) {
                // Without a condition there is none to fail.
                error if error.kind() == ErrorKind::AlreadyExists && !create_only => {
                    Err(error::senseless().with_source(error))
                }
                error => Err(error),
            },
        }
    }

    pub(crate) async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        match self.read(key, ReadRange::all()).await {
            Ok(response) => {
                let size = size_of(&response);
                if size.is_some_and(|size| size > max as u64) {
                    return Err(too_large());
                }
                let value = self.body(response, size, max).await?;
                if size.is_some_and(|size| size != value.len() as u64) {
                    return Err(cut_short());
                }
                Ok(value)
            }
            Err(failure) => Err(self.fail_to_read(failure).await),
        }
    }

    pub(crate) async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        // No value is longer than the largest place that the service's client can ask for.
        let end = range.end.min(LAST_PLACE);
        let Some(wanted) = end.checked_sub(range.start).filter(|wanted| *wanted > 0) else {
            // Behind every end. But the value has to be there.
            return self.stat(key).await.map(|_| Bytes::new());
        };
        match self.read(key, ReadRange::segment(range.start, wanted)).await {
            Ok(response) => {
                let size = size_of(&response);
                let expected = size.map(|size| size.min(end).saturating_sub(range.start));
                let max = usize::try_from(wanted).unwrap_or(usize::MAX);
                let bytes = self.body(response, expected, max).await?;
                if expected.is_some_and(|expected| expected != bytes.len() as u64) {
                    return Err(cut_short());
                }
                Ok(bytes)
            }
            // Anybody may say no; only the value's end is a reason.
            Err(Failure::Answer(answer)) if answer.status() == 416 => match self.stat(key).await {
                Ok(stat) if range.start >= stat.size => Ok(Bytes::new()),
                Ok(_) => Err(error::senseless().with_source(answer)),
                Err(error) => Err(error),
            },
            Err(failure) => Err(self.fail_to_read(failure).await),
        }
    }

    pub(crate) async fn delete(&self, key: &Key) -> Result<()> {
        let name = self.names.of(key);
        let failure = match self.json.send(Method::DELETE, Some(&name), &[], json::MAX_SMALL).await {
            // The service has nothing to add. What stands between may say 200 to everything, but with a page.
            Ok(body) if matches!(body.trim_ascii(), b"" | b"null") => return Ok(()),
            Ok(_) => return Err(error::senseless()),
            Err(failure) => failure,
        };
        let error = self.fail_to_read(failure).await;
        if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
    }

    pub(crate) async fn stat(&self, key: &Key) -> Result<Stat> {
        let name = self.names.of(key);
        let query = [("fields", "size,timeCreated")];
        match self.json.send(Method::GET, Some(&name), &query, json::MAX_SMALL).await {
            Ok(body) => objects::stat(&body),
            Err(failure) => Err(self.fail_to_read(failure).await),
        }
    }

    pub(crate) async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        let begin = self.names.begin_of(prefix);
        let page_size = self.config.page_size().to_string();
        let mut query =
            vec![("fields", "nextPageToken,kind,items(name,size,timeCreated)"), ("maxResults", &*page_size)];
        if !begin.is_empty() {
            query.push(("prefix", &begin));
        }
        if let Some(cursor) = cursor.map(Cursor::as_str) {
            if cursor.is_empty() || cursor.len() > MAX_CURSOR {
                return Err(Error::new(ErrorKind::Other, "the cursor is none of this backend's"));
            }
            query.push(("pageToken", cursor));
        }
        match self.json.send(Method::GET, None, &query, json::MAX_PAGE).await {
            Ok(body) => objects::page(&body, &self.names, prefix),
            Err(failure) => Err(self.fail_to_list(failure)),
        }
    }

    async fn read(&self, key: &Key, range: ReadRange) -> Result<ReadObjectResponse, Failure> {
        let read = self.storage.read_object(&self.resource, self.names.of(key)).set_read_range(range);
        let read = match self.config.quota_project() {
            Some(project) => read.with_quota_project(project),
            None => read,
        };
        let response = read.send().await;
        response.map_err(|error| error::from_storage(error, self.config.credentials()))
    }

    /// The bytes of an answer, no more than `max`, in one piece of memory where its length is known.
    async fn body(&self, mut response: ReadObjectResponse, len: Option<u64>, max: usize) -> Result<Bytes> {
        let len = len.and_then(|len| usize::try_from(len).ok());
        let mut all = BytesMut::new();
        while let Some(piece) = response.next().await {
            let piece =
                piece.map_err(|error| self.fail(error::from_storage(error, self.config.credentials())))?;
            if piece.len() > max - all.len() {
                return Err(too_large());
            }
            if all.is_empty() {
                if Some(piece.len()) == len {
                    // Nothing follows, but the checksum is looked at only at the end.
                    return match response.next().await {
                        None => Ok(piece),
                        Some(Ok(_)) => Err(cut_short()),
                        Some(Err(error)) => {
                            Err(self.fail(error::from_storage(error, self.config.credentials())))
                        }
                    };
                }
                all.reserve(len.unwrap_or_default().min(max).min(MAX_RESERVED));
            }
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    /// A request that needs no more than the right to list, and finds out whether the bucket is there.
    async fn look_for_bucket(&self) -> Result<()> {
        let begin = self.names.begin_of(&Prefix::all());
        let mut query = vec![("fields", "kind"), ("maxResults", "1")];
        if !begin.is_empty() {
            query.push(("prefix", &begin));
        }
        match self.json.send(Method::GET, None, &query, json::MAX_PAGE).await {
            Ok(body) => objects::check(&body),
            Err(failure) => Err(self.fail_to_list(failure)),
        }
    }

    fn fail(&self, failure: Failure) -> Error {
        failure.into_error(self.config.credentials())
    }

    /// A listing can only miss the bucket.
    fn fail_to_list(&self, failure: Failure) -> Error {
        match failure {
            Failure::Answer(answer) if answer.status() == 404 => self.no_bucket().with_source(answer),
            failure => self.fail(failure),
        }
    }

    /// Where something is missing, finds out what it is.
    async fn fail_to_read(&self, failure: Failure) -> Error {
        let answer = match failure {
            Failure::Answer(answer) if answer.status() == 404 => answer,
            failure => return self.fail(failure),
        };
        match answer.missing() {
            Some(Missing::Object) => Error::new(ErrorKind::NotFound, ""),
            Some(Missing::Bucket) => self.no_bucket().with_source(answer),
            None => match self.look_for_bucket().await {
                Ok(()) => Error::new(ErrorKind::NotFound, ""),
                Err(error) => error,
            },
        }
    }

    fn no_bucket(&self) -> Error {
        error::no_bucket(self.config.bucket())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The size of the whole value, where the answer tells it.
fn size_of(response: &ReadObjectResponse) -> Option<u64> {
    u64::try_from(response.object().size).ok().filter(|size| *size > 0)
}

fn too_large() -> Error {
    Error::new(ErrorKind::TooLarge, "")
}

fn cut_short() -> Error {
    Error::new(ErrorKind::Unavailable, "the answer has another length than the value")
}
