//! What opens the door.

use azure_core::credentials::TokenCredential;
use data_encoding::BASE64;
use std::fmt;
use std::sync::Arc;
use xstore_backend::{Secret, SettingError};
use zeroize::Zeroizing;

/// How requests are authorised.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credential {
    /// One of the two keys of the storage account: each request is signed with it.
    AccountKey(AccountKey),
    /// A shared access signature: it is sent along with each request.
    Sas(Sas),
    /// A token of Microsoft Entra ID, got when it is needed and renewed before it expires. Needs https.
    Token(Token),
}

/// Where tokens of Microsoft Entra ID come from.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Token {
    /// What the environment is made for: a workload identity where `AZURE_FEDERATED_TOKEN_FILE` is set, a managed
    /// identity where `IDENTITY_ENDPOINT` is, else the developer tools. Decided when the backend is opened; nothing
    /// is tried by asking.
    #[default]
    Environment,
    /// Whoever is logged in with `az`, or else with `azd`.
    DeveloperTools,
    /// The identity that Azure gives to a machine, a container or an app.
    ManagedIdentity {
        /// The client id of a user-assigned identity; the system-assigned one without it.
        client_id: Option<String>,
    },
    /// The identity of a pod in Kubernetes, by a file that the cluster writes.
    WorkloadIdentity {
        /// Instead of `AZURE_CLIENT_ID`.
        client_id: Option<String>,
        /// Instead of `AZURE_TENANT_ID`.
        tenant_id: Option<String>,
    },
    /// An application with a secret.
    ClientSecret {
        /// The directory.
        tenant_id: String,
        /// The application.
        client_id: String,
        /// Its secret.
        secret: Secret,
    },
    /// A credential of the program's own.
    Custom(Arc<dyn TokenCredential>),
}

/// A key of a storage account: shown by nothing, wiped when the last clone is dropped.
#[derive(Clone)]
pub struct AccountKey(Arc<Zeroizing<Vec<u8>>>);

/// A shared access signature: shown by nothing, wiped when the last clone is dropped.
#[derive(Clone)]
pub struct Sas(Secret);

impl AccountKey {
    /// Reads a key as Azure's portal shows it: base64. Space around it is ignored.
    ///
    /// # Errors
    /// [`SettingError`] for `account-key` where it isn't base64 of 16 to 1024 bytes.
    pub fn new(text: &Secret) -> Result<Self, SettingError> {
        match BASE64.decode(text.expose().trim().as_bytes()).map(Zeroizing::new) {
            Ok(key) if (16..=1024).contains(&key.len()) => Ok(Self(Arc::new(key))),
            _ => Err(SettingError::value(
                "account-key",
                "it must be the key as Azure shows it: base64, usually 88 characters long",
            )),
        }
    }

    /// The bytes, for the one place that signs with them.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Sas {
    /// Reads a signature as Azure makes it: `sv=...&sig=...`, with or without a question mark in front. Space around
    /// it is ignored.
    ///
    /// # Errors
    /// [`SettingError`] for `sas` where it is a whole URL, a connection string or something else.
    pub fn new(text: &Secret) -> Result<Self, SettingError> {
        let refuse = |reason: &str| Err(SettingError::value("sas", reason));
        let text = text.expose().trim();
        let text = text.strip_prefix('?').unwrap_or(text);
        if text.contains("://") || text.contains(';') {
            return refuse(
                "give the signature alone, beginning with sv=, without a URL or a connection string",
            );
        }
        let is_sane = |b: u8| b.is_ascii_alphanumeric() || b"-._~%&=:+/,*".contains(&b);
        if text.len() > 4096 || !text.bytes().all(is_sane) {
            return refuse("it has characters that no signature has; copy it again");
        }
        let has =
            |name: &str| text.split('&').any(|pair| pair.split_once('=').is_some_and(|(n, _)| n == name));
        if !has("sv") || !has("sig") {
            return refuse("it has no sv= and sig=; copy the whole signature");
        }
        Ok(Self(Secret::new(text.to_owned())))
    }

    /// The query parameters, for the one place that sends them.
    pub(crate) fn query(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountKey(..)")
    }
}

impl fmt::Debug for Sas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sas(..)")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "Environment",
            Self::DeveloperTools => "DeveloperTools",
            Self::ManagedIdentity { .. } => "ManagedIdentity",
            Self::WorkloadIdentity { .. } => "WorkloadIdentity",
            Self::ClientSecret { .. } => "ClientSecret",
            // The program's own type may print what it likes.
            Self::Custom(_) => "Custom",
        })
    }
}
