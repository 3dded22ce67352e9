//! TLS: whom we trust, and who we are.

use crate::Config;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use xstore_backend::{Error, ErrorKind};

/// Reads the files and makes what opens TLS connections. Blocks.
///
/// The provider of cryptography is named, so that nothing depends on what the process has installed as its own.
pub(crate) fn connector(config: &Config) -> Result<TlsConnector, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Other, "TLS can't be set up").with_source(error))?;
    let builder = builder.with_root_certificates(trusted(config.ca_file())?);
    let client = match config.client_certificate() {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate, CLIENT)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(KEY, error))?;
            let with = builder.with_client_auth_cert(chain, key);
            with.map_err(|error| refuse("the client's certificate and its key don't go together", error))?
        }
    };
    Ok(TlsConnector::from(Arc::new(client)))
}

const CA: &str = "the file of the setting ca-file can't be read, or holds no certificate in PEM form";
const CLIENT: &str =
    "the file of the setting client-certificate-file can't be read, or holds no certificate in PEM form";
const KEY: &str =
    "the file of the setting client-key-file can't be read, or holds no private key in PEM form";

fn trusted(ca_file: Option<&Path>) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    if let Some(path) = ca_file {
        for certificate in certificates(path, CA)? {
            store.add(certificate).map_err(|error| refuse(CA, error))?;
        }
        return Ok(store);
    }
    // What the system has and can't be used is left out, as every program does.
    let found = rustls_native_certs::load_native_certs();
    store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        let message = "the system trusts no certificate at all: name one by the setting ca-file";
        return Err(Error::new(ErrorKind::AuthFailed, message));
    }
    Ok(store)
}

fn certificates(path: &Path, message: &'static str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let all = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, pem::Error>>);
    match all {
        Ok(certificates) if certificates.is_empty() => Err(Error::new(ErrorKind::AuthFailed, message)),
        other => other.map_err(|error| unreadable(message, error)),
    }
}

/// The parser quotes lines of the file, so what it says isn't kept.
fn unreadable(message: &'static str, error: pem::Error) -> Error {
    match error {
        pem::Error::Io(error) => refuse(message, error),
        _ => Error::new(ErrorKind::AuthFailed, message),
    }
}

fn refuse(message: &'static str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::AuthFailed, message).with_source(error)
}
