//! Other processes: the test program itself, with a task.

use crate::{SECRET, TOKEN, WRONG_SECRET};
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration, OffsetDateTime};
use std::sync::Arc;
use xstore_backend::{
    BackendId, Error, ErrorKind, Key, OpenError, PutOptions, Secret, StorageBackend, async_trait,
};
use xstore_backend_azure::{AzureBackend, Config, Credential, Token};

/// What the process does instead of being a test; not set where it is one.
pub(crate) const TASK: &str = "XSTORE_AZURE_TASK";

/// The entry of such a process.
#[tokio::test]
async fn entry() {
    let Ok(task) = std::env::var(TASK) else { return };
    match &*task {
        "custom" => custom().await,
        "client-secret" => client_secret().await,
        "environment" => environment().await,
        "no-token" => no_token().await,
        "expired" => expired().await,
        "untrusted" => untrusted().await,
        other => panic!("there is no task {other}"),
    }
    println!("done: {task}");
}

/// Says whatever it is told to be a token.
#[derive(Debug)]
struct Fixed(&'static str);

#[async_trait]
impl TokenCredential for Fixed {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        assert_eq!(scopes, ["https://storage.azure.com/.default"]);
        Ok(AccessToken::new(self.0, OffsetDateTime::now_utc() + Duration::hours(1)))
    }
}

/// Opens the service with everything that is logged on standard output.
async fn open(token: Token) -> Result<AzureBackend, Error> {
    let all = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    let _ = all.try_init();
    let service = std::env::var("XSTORE_TEST_SERVICE").unwrap();
    let config = Config::new("account", "container", Credential::Token(token)).unwrap();
    let config = config.with_endpoint(&service).unwrap();
    println!("{config:?}");
    match AzureBackend::open(BackendId::new("azure").unwrap(), config).await {
        Ok(backend) => Ok(backend),
        Err(OpenError::Backend(error)) => {
            let mut next: Option<&dyn std::error::Error> = Some(&error);
            while let Some(error) = next {
                println!("{error} {error:?}");
                next = error.source();
            }
            Err(error)
        }
        Err(other) => panic!("{other:?}"),
    }
}

async fn works(token: Token) {
    let backend = open(token).await.unwrap();
    let key = Key::new("k").unwrap();
    backend.put(&key, b"value"[..].into(), &PutOptions::create_only()).await.unwrap();
    assert_eq!(backend.get(&key, 10).await.unwrap(), "value");
    println!("{backend:?}");
}

fn application(tenant: &str, secret: &str) -> Token {
    Token::ClientSecret {
        tenant_id: tenant.to_owned(),
        client_id: "0b1c2d3e".to_owned(),
        secret: Secret::new(secret.to_owned()),
    }
}

async fn custom() {
    works(Token::Custom(Arc::new(Fixed(TOKEN)))).await;
}

async fn client_secret() {
    works(application("contoso.example", SECRET)).await;
}

async fn environment() {
    works(Token::Environment).await;
}

async fn no_token() {
    let refused = open(application("contoso.example", WRONG_SECRET)).await.unwrap_err();
    assert_eq!((refused.kind(), refused.is_retryable()), (ErrorKind::AuthFailed, false), "{refused:?}");
    let words = std::error::Error::source(&refused).unwrap().to_string();
    assert!(words.contains("AADSTS7000215: Invalid client secret provided."), "{words}");
    let busy = open(application("busy.example", SECRET)).await.unwrap_err();
    assert_eq!((busy.kind(), busy.is_retryable()), (ErrorKind::Unavailable, true), "{busy:?}");
    assert!(!refused.may_have_written() && !busy.may_have_written());
}

async fn expired() {
    let refused = open(Token::Custom(Arc::new(Fixed("canary-wrong-secret-5e6f")))).await.unwrap_err();
    assert_eq!((refused.kind(), refused.is_retryable()), (ErrorKind::AuthFailed, false), "{refused:?}");
}

async fn untrusted() {
    let refused = open(Token::Custom(Arc::new(Fixed(TOKEN)))).await.unwrap_err();
    assert_eq!((refused.kind(), refused.may_have_written()), (ErrorKind::Unavailable, false), "{refused:?}");
    let mut causes = String::new();
    let mut next = std::error::Error::source(&refused);
    while let Some(error) = next {
        causes += &error.to_string();
        next = error.source();
    }
    assert!(causes.contains("certificate"), "{causes}");
}
