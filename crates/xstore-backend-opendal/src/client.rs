//! What is asked of OpenDAL, and in which order, so that the contract is kept.

use futures_util::try_join;
use opendal_core::raw::OpStat;
use opendal_core::{Buffer, ErrorKind as Theirs, Metadata, Operator};
use xstore_backend::{Error, ErrorKind, Payload, Result, Stat};

use crate::config::Config;
use crate::error::{Doing, classify, classify_options};
use crate::service::{Facts, Place, Service, Whole};
use crate::staged::{Temporary, successor};

#[cfg(all(test, feature = "b2"))]
mod b2_tests;
mod publish;
mod reading;

/// A service, and where in it the values are. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) operator: Operator,
    pub(crate) facts: &'static Facts,
    /// Before each key: nothing, or a folder and its slash.
    pub(crate) prefix: String,
}

/// Where a value is at the moment.
struct Found {
    path: String,
    metadata: Metadata,
}

impl Client {
    /// Asks nobody yet.
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let operator = operator(config).map_err(classify_options)?;
        Ok(Self { operator, facts: config.service().facts(), prefix: config.prefix() })
    }

    /// Looks whether the place of the values is there: everything else would take its absence for theirs.
    pub(crate) async fn look_for_place(&self) -> Result<()> {
        let found = match self.facts.place {
            Place::Sure => return Ok(()),
            Place::Bucket => {
                let options = opendal_core::options::ListOptions { limit: Some(1), ..Default::default() };
                let lister = self.operator.lister_options(&self.prefix, options).await;
                let first = async { futures_util::TryStreamExt::try_next(&mut lister?).await };
                first.await.map(|_| true)
            }
            Place::Folder if self.prefix.is_empty() => {
                // Asked of the service itself: the operator would just say yes.
                let service = self.operator.base_service();
                let stat = service.stat_dyn(self.operator.base_context(), "/", OpStat::new()).await;
                stat.map(|found| found.into_metadata().is_dir())
            }
            Place::Folder => self.operator.stat(&self.prefix).await.map(|found| found.is_dir()),
        };
        match found {
            Ok(true) => Ok(()),
            Ok(false) => Err(missing()),
            Err(error) => Err(match classify(error, Doing::Reading) {
                error if error.kind() == ErrorKind::NotFound => missing().with_source(error),
                error => error,
            }),
        }
    }

    /// Makes the folder of the values, but not the one that it is in: if that is missing, something else is wrong.
    pub(crate) async fn make_place(&self) -> Result<()> {
        if self.facts.place != Place::Folder || self.prefix.is_empty() {
            return self.look_for_place().await;
        }
        match self.look_for_place().await {
            Err(error) if error.kind() == ErrorKind::Unavailable && !error.is_retryable() => {}
            result => return result,
        }
        let parent =
            self.prefix.trim_end_matches('/').rsplit_once('/').map(|(parent, _)| format!("{parent}/"));
        let above = Self { prefix: parent.unwrap_or_default(), ..self.clone() };
        above.look_for_place().await?;
        self.operator.create_dir(&self.prefix).await.map_err(|error| classify(error, Doing::Else))?;
        self.look_for_place().await
    }

    pub(crate) async fn put(&self, path: &str, data: &Payload, create_only: bool) -> Result<()> {
        if data.len() as u64 > self.facts.max_put {
            let message = format!("{} takes values of up to {} bytes", self.facts.name, self.facts.max_put);
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        let value = Buffer::from_iter(data.chunks().iter().filter(|piece| !piece.is_empty()).cloned());
        if self.facts.place == Place::Sure {
            return self.write(path, value, create_only).await;
        }
        let nothing_written = |error: Error| error.with_may_have_written(false);
        let ahead = self.look_ahead(path, create_only).await.map_err(nothing_written)?;
        match self.facts.whole {
            Whole::AtOnce => self.write(path, value, false).await,
            Whole::Renamed | Whole::RenamedTwice => {
                let temporary = Temporary::new(&self.operator, path);
                self.write(temporary.path(), value, false).await.map_err(nothing_written)?;
                if self.facts.whole == Whole::RenamedTwice {
                    return self.publish(temporary, path, ahead.as_ref(), create_only).await;
                }
                self.rename(temporary.path(), path).await?;
                temporary.renamed();
                Ok(())
            }
        }
    }

    /// What is at `path` before something is written there; the place must be there.
    async fn look_ahead(&self, path: &str, create_only: bool) -> Result<Option<Found>> {
        let is_asked = create_only || self.facts.place == Place::Folder;
        let ahead = async { if is_asked { self.look(path).await } else { Ok(None) } };
        let place = async {
            // A write into a bucket that isn't there fails by itself.
            if self.facts.place == Place::Folder { self.look_for_place().await } else { Ok(()) }
        };
        let (ahead, ()) = try_join!(ahead, place)?;
        match ahead {
            // A rename would take all that is in it away.
            Some(found) if found.metadata.is_dir() => {
                Err(Error::new(ErrorKind::Other, "there is a folder in the value's place"))
            }
            Some(_) if create_only => Err(Error::new(ErrorKind::AlreadyExists, "")),
            ahead => Ok(ahead),
        }
    }

    async fn rename(&self, from: &str, to: &str) -> Result<()> {
        self.operator.rename(from, to).await.map_err(|error| classify(error, Doing::Else))
    }

    async fn write(&self, path: &str, value: Buffer, create_only: bool) -> Result<()> {
        let options =
            opendal_core::options::WriteOptions { if_not_exists: create_only, ..Default::default() };
        let written = self.operator.write_options(path, value, options).await;
        written.map(drop).map_err(|error| classify(error, Doing::Else))
    }

    pub(crate) async fn stat(&self, path: &str) -> Result<Stat> {
        match self.look(path).await? {
            Some(found) if !found.metadata.is_dir() => Ok(to_stat(&found.metadata)),
            _ => Err(self.not_there().await),
        }
    }

    /// Deletes a value, and nothing else: some services delete whole folders as readily.
    pub(crate) async fn delete(&self, path: &str) -> Result<()> {
        let Some(found) = self.look(path).await? else { return self.look_for_place().await };
        if found.metadata.is_dir() {
            return Ok(());
        }
        // The successor first: it would become the value otherwise.
        if self.facts.whole == Whole::RenamedTwice {
            self.remove(&successor(path)).await?;
        }
        self.remove(path).await
    }

    /// How many names to ask for at once, where that makes a difference: B2 gives 100 otherwise, at the same price.
    pub(crate) fn names_a_request(&self) -> Option<usize> {
        (self.facts.place == Place::Bucket).then_some(1000)
    }

    /// Removes what has this name; Ok also where nothing has.
    pub(crate) async fn remove(&self, path: &str) -> Result<()> {
        match self.operator.delete(path).await {
            Err(error) if error.kind() == Theirs::NotFound => Ok(()),
            result => result.map_err(|error| classify(error, Doing::Else)),
        }
    }

    /// Whether there is a value, where it is told from a folder by asking.
    pub(crate) async fn is_value(&self, path: &str) -> Result<bool> {
        let asks = self.facts.place == Place::Folder;
        Ok(asks && self.look(path).await?.is_some_and(|found| !found.metadata.is_dir()))
    }

    /// A listing of a folder names at least the folder. One that names nothing is good only if there is none.
    pub(crate) async fn expect_no_folder(&self, folder: &str) -> Result<()> {
        if self.facts.place != Place::Folder {
            return Ok(());
        }
        // The root of everything is always there.
        let found = if folder.is_empty() {
            Ok(true)
        } else {
            self.operator.stat(folder).await.map(|found| found.is_dir())
        };
        match found {
            Ok(true) => {
                Err(Error::new(ErrorKind::Unavailable, "the service lists nothing of a folder that is there"))
            }
            Ok(false) => Ok(()),
            Err(error) if error.kind() == Theirs::NotFound => Ok(()),
            Err(error) => Err(classify(error, Doing::Reading)),
        }
    }

    /// What is at `path`, or about to be.
    async fn look(&self, path: &str) -> Result<Option<Found>> {
        if self.facts.place == Place::Bucket {
            return self.look_in_listing(path).await;
        }
        let beside = successor(path);
        let places: &[&str] =
            if self.facts.whole == Whole::RenamedTwice { &[path, &beside, path, &beside] } else { &[path] };
        for path in places {
            match self.operator.stat(path).await {
                Ok(metadata) => return Ok(Some(Found { path: (*path).to_owned(), metadata })),
                Err(error) => match classify(error, Doing::Reading) {
                    error if error.kind() == ErrorKind::NotFound => {}
                    error => return Err(error),
                },
            }
        }
        Ok(None)
    }

    /// The same where OpenDAL takes any name that begins like it for the value.
    async fn look_in_listing(&self, path: &str) -> Result<Option<Found>> {
        use futures_util::TryStreamExt;
        let options =
            opendal_core::options::ListOptions { limit: Some(1), recursive: true, ..Default::default() };
        let listing = async { self.operator.lister_options(path, options).await?.try_next().await };
        let first = listing.await.map_err(|error| classify(error, Doing::Else))?;
        Ok(first.filter(|entry| entry.path() == path).map(|entry| {
            let (path, metadata) = entry.into_parts();
            Found { path, metadata }
        }))
    }

    /// Nothing was found: because it isn't there, or because nothing is.
    async fn not_there(&self) -> Error {
        match self.look_for_place().await {
            Ok(()) => Error::new(ErrorKind::NotFound, ""),
            Err(error) => error,
        }
    }
}

pub(crate) fn to_stat(metadata: &Metadata) -> Stat {
    Stat::new(metadata.content_length()).with_modified(metadata.last_modified().map(Into::into))
}

fn missing() -> Error {
    Error::new(ErrorKind::Unavailable, "the place of the values isn't there").with_retryable(false)
}

fn contended() -> Error {
    Error::new(ErrorKind::Unavailable, "others keep replacing the value")
}

/// Without any of OpenDAL's layers that retry, wait or log.
fn operator(config: &Config) -> opendal_core::Result<Operator> {
    let told = config.told();
    match config.service() {
        Service::Memory => Operator::from_iter::<opendal_core::services::Memory>(told),
        #[cfg(feature = "b2")]
        Service::B2 => over_http(Operator::from_iter::<opendal_service_b2::B2>(told)?, config),
        #[cfg(feature = "webdav")]
        Service::Webdav => over_http(Operator::from_iter::<opendal_service_webdav::Webdav>(told)?, config),
        #[cfg(all(feature = "fs", unix))]
        Service::Fs => Operator::from_iter::<opendal_service_fs::Fs>(told),
        #[cfg(all(feature = "sftp", unix))]
        Service::Sftp => Operator::from_iter::<opendal_service_sftp::Sftp>(told),
        #[allow(unreachable_patterns, reason = "not where all are built")]
        service => Err(opendal_core::Error::new(
            Theirs::Unsupported,
            format!("this program was built without {service}"),
        )),
    }
}

#[cfg(feature = "transport")]
fn over_http(operator: Operator, config: &Config) -> opendal_core::Result<Operator> {
    let transport = crate::transport::Transport::new(config.connect_timeout()).map_err(|error| {
        opendal_core::Error::new(Theirs::Unexpected, "the HTTP client can't be made").set_source(error)
    })?;
    let transporter = opendal_core::HttpTransporter::new(transport);
    let context = opendal_core::OperationContext::new().with_http_transport(transporter);
    Ok(operator.with_context(context))
}
