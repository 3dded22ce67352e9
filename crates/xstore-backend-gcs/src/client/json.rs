//! Requests to the JSON API.

use crate::Config;
use crate::credentials::Credentials;
use crate::error::{self, Answer, Failure};
use google_cloud_auth::credentials::{CacheableResource, Credentials as Tokens};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, Url};
use std::time::Duration;
use xstore_backend::{Error, ErrorKind};

/// Bytes of an answer about one object, or of a refusal.
pub(super) const MAX_SMALL: usize = 64 << 10;

/// Bytes of a page: a thousand names of 1024 bytes, each escaped, with room.
pub(super) const MAX_PAGE: usize = 16 << 20;

/// After this time there is no access token: servers of tokens answer at once or never, and their clients would wait
/// for as long as the operating system does.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);

const QUOTA_PROJECT: HeaderName = HeaderName::from_static("x-goog-user-project");

/// The JSON API of one bucket.
pub(super) struct JsonApi {
    http: Client,
    /// The list of the bucket's objects.
    objects: Url,
    tokens: Tokens,
    credentials: Credentials,
    quota_project: Option<HeaderValue>,
}

impl JsonApi {
    pub(super) fn new(endpoint: &str, tokens: Tokens, config: &Config) -> Result<Self, Error> {
        let http = Client::builder()
            .connect_timeout(config.connect_timeout())
            // Credentials go to the endpoint and nowhere else.
            .redirect(Policy::none())
            .build()
            .map_err(error::from_network)?;
        let bad = |_| Error::new(ErrorKind::Other, "the URL of the bucket can't be made");
        let mut objects = Url::parse(endpoint).map_err(bad)?;
        objects.set_path(&format!("/storage/v1/b/{}/o", config.bucket()));
        let quota_project = config.quota_project().and_then(|project| HeaderValue::from_str(project).ok());
        Ok(Self { http, objects, tokens, credentials: config.credentials().clone(), quota_project })
    }

    /// What the service says about the objects of the bucket, or about one of them; at most `max` bytes.
    pub(super) async fn send(
        &self,
        method: Method,
        object: Option<&str>,
        query: &[(&str, &str)],
        max: usize,
    ) -> Result<Vec<u8>, Failure> {
        let url = url_of(&self.objects, object);
        let request = self.http.request(method, url).query(query).headers(self.headers().await?);
        let response = request.send().await.map_err(|error| Failure::Error(error::from_network(error)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_success() {
            return body(response, max).await.map_err(Failure::Error);
        }
        // A refusal counts whatever becomes of the words that come with it.
        let words = body(response, MAX_SMALL).await.unwrap_or_default();
        Err(Failure::Answer(Answer::new(status, &headers, &words)))
    }

    async fn headers(&self) -> Result<HeaderMap, Failure> {
        let credentials = &self.credentials;
        let headers = tokio::time::timeout(TOKEN_TIMEOUT, self.tokens.headers(Default::default())).await;
        let mut headers = match headers {
            Ok(Ok(CacheableResource::New { data, .. })) => data,
            // That is said only to those who name what they have.
            Ok(Ok(CacheableResource::NotModified)) => HeaderMap::new(),
            Ok(Err(error)) => return Err(Failure::Error(error::from_credentials(&error, credentials))),
            Err(_) => return Err(Failure::Error(error::no_token_in_time(credentials))),
        };
        if let Some(project) = &self.quota_project {
            headers.insert(QUOTA_PROJECT, project.clone());
        }
        Ok(headers)
    }
}

/// Names of objects are one segment of the path, with their slashes escaped.
fn url_of(objects: &Url, object: Option<&str>) -> Url {
    let mut url = objects.clone();
    if let (Some(object), Ok(mut path)) = (object, url.path_segments_mut()) {
        path.push(object);
    }
    url
}

async fn body(mut response: Response, max: usize) -> Result<Vec<u8>, Error> {
    let mut all = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(error::from_network)? {
        if piece.len() > max - all.len() {
            return Err(error::senseless());
        }
        all.extend_from_slice(&piece);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_segment() {
        let objects = Url::parse("https://storage.googleapis.com/storage/v1/b/bucket/o").unwrap();
        for (name, path) in [
            ("dir", "dir"),
            ("dir/x", "dir%2Fx"),
            ("a/b/c.d-e_f", "a%2Fb%2Fc.d-e_f"),
            ("Team~/x=1/a", "Team~%2Fx=1%2Fa"),
            ("a%2Fb", "a%252Fb"),
            ("a?b#c d", "a%3Fb%23c%20d"),
        ] {
            let url = url_of(&objects, Some(name));
            assert_eq!(url.path(), format!("/storage/v1/b/bucket/o/{path}"));
        }
        assert_eq!(url_of(&objects, None), objects);
    }
}
