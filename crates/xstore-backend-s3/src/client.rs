//! The requests, one function each.

use crate::body::{checksum, receive, sending};
use crate::error::{classify, is_no_bucket, is_unexplained, not_found, senseless, too_large};
use crate::{Checksum, Config};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{
    BucketLocationConstraint, ChecksumMode, CreateBucketConfiguration, EncodingType, ServerSideEncryption,
    StorageClass,
};
use percent_encoding::percent_decode_str;
use std::fmt;
use std::ops::Range;
use std::time::SystemTime;
use xstore_backend::{
    Bytes, Cursor, Entry, Error, ErrorKind, Key, Operation, Page, Payload, Prefix, Result, Stat,
};

/// What stands under it isn't a value: the name is no key.
const PROBE: &str = "_xstore-probe";

/// Places beyond this are beyond the end of any value, and some servers can't read their numbers.
const LAST_BYTE: u64 = i64::MAX as u64 - 1;

/// A bucket, and the keys that lead into it.
pub(crate) struct Client {
    sdk: aws_sdk_s3::Client,
    config: Config,
}

impl Client {
    pub(crate) async fn connect(config: Config) -> Result<Self> {
        Ok(Self { sdk: crate::connect::connect(&config).await?, config })
    }

    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    /// Stores a value; with `create_only` where there is none.
    pub(crate) async fn put(&self, key: &Key, data: Payload, create_only: bool) -> Result<()> {
        if create_only && !self.config.conditional_writes() {
            let found = self.stat(key).await.map_err(|error| error.with_may_have_written(false));
            match found {
                Ok(_) => return Err(Error::new(ErrorKind::AlreadyExists, "")),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let is_conditional = create_only && self.config.conditional_writes();
        match self.put_at(self.name(key.as_str()), data, is_conditional).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && is_conditional => {
                Err(self.confirm(key, error).await)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // There was no condition that could fail.
                let error = senseless("the server refuses to replace the value").with_source(error);
                Err(error.with_may_have_written(false))
            }
            done => done,
        }
    }

    /// Reads a value, whole.
    pub(crate) async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        let mode = (self.config.checksum() == Checksum::Crc32).then_some(ChecksumMode::Enabled);
        let got = self.request(key).set_checksum_mode(mode).send().await;
        let got = match got {
            Ok(got) => got,
            Err(error) => return Err(self.explain(&error, Operation::Get).await),
        };
        let is_whole = |(first, last, len)| first == 0 && last + 1 == len;
        if got.content_range().is_some_and(|told| !part(told).is_some_and(is_whole)) {
            return Err(senseless("the server sends a part of the value for the whole"));
        }
        receive(got.body, length(got.content_length)?, max).await
    }

    /// Reads a part of a value, as far as there is one.
    pub(crate) async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let max = usize::try_from(range.end - range.start)
            .map_err(|error| too_large("the range doesn't fit into the memory").with_source(error))?;
        let (first, last) = (range.start.min(LAST_BYTE), (range.end - 1).min(LAST_BYTE));
        let got = self.request(key).range(format!("bytes={first}-{last}")).send().await;
        let got = match got {
            Ok(got) => got,
            Err(error) => {
                let refused = error.raw_response().filter(|answer| answer.status().as_u16() == 416);
                let Some(refused) = refused else { return Err(self.explain(&error, Operation::Get).await) };
                let told =
                    refused.headers().get("content-range").and_then(|told| told.strip_prefix("bytes */"));
                let size = match told.and_then(|size| size.parse().ok()) {
                    Some(size) => size,
                    // Anybody may say no; only the value's end is a reason.
                    None => self.stat(key).await?.size,
                };
                return if first < size {
                    Err(senseless("the server takes no part of the value"))
                } else {
                    Ok(Bytes::new())
                };
            }
        };
        let Some(told) = got.content_range() else {
            return Err(senseless("the server ignores which part of the value is wanted"));
        };
        // As much of it as there is, and nothing else.
        let len = part(told).filter(|part| part.0 == first && part.1 == last.min(part.2 - 1));
        let len = len.map(|(first, last, _)| last - first + 1);
        let len = len.ok_or_else(|| senseless("the server sends another part of the value"))?;
        receive(got.body, Some(len), max).await
    }

    /// What is known about a value.
    pub(crate) async fn stat(&self, key: &Key) -> Result<Stat> {
        let head = self.sdk.head_object().bucket(self.config.bucket()).key(self.name(key.as_str()));
        match head.send().await {
            Ok(found) => stat_of(found.content_length, found.last_modified()),
            Err(error) => Err(self.explain(&error, Operation::Stat).await),
        }
    }

    /// Removes a value, if there is one.
    pub(crate) async fn delete(&self, key: &Key) -> Result<()> {
        let delete = self.sdk.delete_object().bucket(self.config.bucket()).key(self.name(key.as_str()));
        let Err(error) = delete.send().await else { return Ok(()) };
        let error = self.explain(&error, Operation::Delete).await;
        if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
    }

    /// A page of the keys below a prefix.
    pub(crate) async fn list(&self, prefix: &Prefix, cursor: Option<&Cursor>) -> Result<Page> {
        let below = match prefix.as_str() {
            "" => self.root(),
            inner => format!("{}/", self.name(inner)),
        };
        let page = self.sdk.list_objects_v2().bucket(self.config.bucket()).prefix(&below);
        // Else a foreign name with a control character would spoil the page.
        let page = page.encoding_type(EncodingType::Url);
        let page = page.set_continuation_token(cursor.map(|cursor| cursor.as_str().to_owned()));
        let page = page.send().await.map_err(|error| classify(&error, Operation::List))?;
        let is_encoded = page.encoding_type() == Some(&EncodingType::Url);
        let root = self.root();
        let mut entries = Vec::with_capacity(page.contents().len());
        for object in page.contents() {
            let name = object.key().unwrap_or_default();
            let name = if is_encoded { percent_decode_str(name).decode_utf8_lossy() } else { name.into() };
            let Some(Ok(key)) = name.strip_prefix(&*root).map(Key::new) else { continue };
            if !key.is_below(prefix) {
                return Err(senseless("the server lists what lies elsewhere"));
            }
            entries.push(Entry::new(key, stat_of(object.size(), object.last_modified())?));
        }
        let next = match (page.is_truncated(), page.next_continuation_token()) {
            (Some(true), Some(next)) if cursor.is_none_or(|cursor| cursor.as_str() != next) => {
                Some(Cursor::new(next))
            }
            (Some(true), _) => return Err(senseless("the server doesn't tell where the listing goes on")),
            (Some(false), _) => None,
            (None, _) => return Err(senseless("the server doesn't tell whether the listing ends")),
        };
        Ok(Page::new(entries, next))
    }

    /// Whether the bucket is there and these credentials may look into it.
    pub(crate) async fn check(&self) -> Result<()> {
        let page = self.sdk.list_objects_v2().bucket(self.config.bucket()).prefix(self.root()).max_keys(1);
        // Its errors have a body that says why, unlike those of HEAD.
        page.send().await.map(drop).map_err(|error| classify(&error, Operation::List))
    }

    /// Makes the bucket where there is none, and makes sure that the server decides who creates a value.
    pub(crate) async fn create(&self) -> Result<()> {
        match self.check().await {
            Err(error) if is_no_bucket(&error) => self.create_bucket().await?,
            other => other?,
        }
        if self.config.conditional_writes() { self.check_conditions().await } else { Ok(()) }
    }

    async fn create_bucket(&self) -> Result<()> {
        let region = self.sdk.config().region().map(ToString::to_string).unwrap_or_default();
        // The first region of AWS is named by saying nothing.
        let place = (!["us-east-1", "auto"].contains(&region.as_str())).then(|| {
            let place = BucketLocationConstraint::from(region.as_str());
            CreateBucketConfiguration::builder().location_constraint(place).build()
        });
        let made = self.sdk.create_bucket().bucket(self.config.bucket());
        match made.set_create_bucket_configuration(place).send().await {
            Ok(_) => Ok(()),
            // By somebody else with the same credentials, just now.
            Err(error) if error.as_service_error().is_some_and(|e| e.is_bucket_already_owned_by_you()) => {
                Ok(())
            }
            Err(error) => Err(classify(&error, Operation::Open)),
        }
    }

    /// Some servers know nothing of the condition, ignore it, and overwrite.
    async fn check_conditions(&self) -> Result<()> {
        let name = self.name(PROBE);
        let put = || self.put_at(name.clone(), Payload::from(PROBE.as_bytes()), true);
        // One that is there already may be that of another process, or of one that was killed.
        let mut answer = put().await;
        if answer.is_ok() {
            answer = put().await;
        }
        let removed = self.sdk.delete_object().bucket(self.config.bucket()).key(&name).send().await;
        match answer {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                removed.map(drop).map_err(|error| classify(&error, Operation::Open))
            }
            Err(error) if error.kind() != ErrorKind::Unsupported => Err(error),
            ignored => {
                let message = "the server ignores If-None-Match, so that two writers could overwrite each other: set \
                               conditional-writes = false to use it nevertheless";
                let error = Error::new(ErrorKind::Unsupported, message);
                Err(match ignored {
                    Err(cause) => error.with_source(cause),
                    Ok(()) => error,
                })
            }
        }
    }

    async fn put_at(&self, name: String, data: Payload, is_conditional: bool) -> Result<()> {
        let checksum_text = checksum(&data, self.config.checksum()).await;
        let (crc32, md5) = match self.config.checksum() {
            Checksum::Md5 => (None, checksum_text),
            _ => (checksum_text, None),
        };
        let put = self.sdk.put_object().bucket(self.config.bucket()).key(name);
        let put = put.set_if_none_match(is_conditional.then(|| "*".to_owned()));
        let put = put.set_checksum_crc32(crc32).set_content_md5(md5);
        let put = put.set_storage_class(self.config.storage_class().map(StorageClass::from));
        let put = put.set_server_side_encryption(self.config.encryption().map(ServerSideEncryption::from));
        let put = put.set_ssekms_key_id(self.config.kms_key_id().map(str::to_owned));
        let put = put.body(sending(data));
        put.send().await.map(drop).map_err(|error| classify(&error, Operation::Put))
    }

    /// Whether a value that is said to exist does: to some servers, values below the key are one.
    async fn confirm(&self, key: &Key, exists: Error) -> Error {
        match self.stat(key).await {
            Ok(_) => exists,
            Err(error) if error.kind() == ErrorKind::NotFound => Error::new(
                ErrorKind::Unavailable,
                "the server says that the value exists, and then that it doesn't",
            )
            .with_may_have_written(false)
            .with_source(exists),
            Err(error) => error.with_may_have_written(false),
        }
    }

    fn request(&self, key: &Key) -> GetObjectFluentBuilder {
        self.sdk.get_object().bucket(self.config.bucket()).key(self.name(key.as_str()))
    }

    /// The error of a request about one value. What doesn't say why is asked about at the bucket: only where that is
    /// in order, the value isn't there.
    async fn explain<E>(&self, error: &SdkError<E>, operation: Operation) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let error = classify(error, operation);
        if error.kind() != ErrorKind::NotFound && !is_unexplained(&error) {
            return error;
        }
        match self.check().await {
            Err(why) => why,
            Ok(()) if error.kind() == ErrorKind::NotFound => not_found(),
            Ok(()) => error,
        }
    }

    /// The name of the object that holds the value.
    fn name(&self, key: &str) -> String {
        self.root() + key
    }

    /// What all names begin with.
    fn root(&self) -> String {
        match self.config.prefix() {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        }
    }
}

/// The first and the last byte and the length of the whole, from `bytes FIRST-LAST/LENGTH`.
fn part(told: &str) -> Option<(u64, u64, u64)> {
    let (part, len) = told.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = part.split_once('-')?;
    let (first, last, len) = (first.parse().ok()?, last.parse().ok()?, len.parse().ok()?);
    (first <= last && last < len).then_some((first, last, len))
}

fn stat_of(size: Option<i64>, modified: Option<&DateTime>) -> Result<Stat> {
    let size = length(size)?.ok_or_else(|| senseless("the server doesn't tell the length"))?;
    // A time that no clock shows is as good as none.
    let modified = modified.and_then(|at| SystemTime::try_from(*at).ok());
    Ok(Stat::new(size).with_modified(modified))
}

fn length(told: Option<i64>) -> Result<Option<u64>> {
    let checked = |len| u64::try_from(len).map_err(|_| senseless("the server tells a negative length"));
    told.map(checked).transpose()
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.config).finish_non_exhaustive()
    }
}
