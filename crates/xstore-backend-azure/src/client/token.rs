//! Where tokens come from.

use crate::Token;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::ClientOptions;
use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use std::env::var_os;
use std::sync::Arc;

/// The credential that asks for tokens, by the given way. Asks for none yet.
pub(super) fn credential(
    token: &Token,
    client_options: ClientOptions,
) -> azure_core::Result<Arc<dyn TokenCredential>> {
    Ok(match token {
        Token::Environment => return credential(&by_environment(), client_options),
        Token::DeveloperTools => DeveloperToolsCredential::new(None)?,
        Token::ManagedIdentity { client_id } => {
            ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
                client_options,
            }))?
        }
        Token::WorkloadIdentity { client_id, tenant_id } => {
            WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
                credential_options: ClientAssertionCredentialOptions { client_options },
                client_id: client_id.clone(),
                tenant_id: tenant_id.clone(),
                ..Default::default()
            }))?
        }
        Token::ClientSecret { tenant_id, client_id, secret } => ClientSecretCredential::new(
            tenant_id,
            client_id.clone(),
            Secret::new(secret.expose().to_owned()),
            Some(ClientSecretCredentialOptions { client_options }),
        )?,
        Token::Custom(credential) => credential.clone(),
    })
}

fn by_environment() -> Token {
    if var_os("AZURE_FEDERATED_TOKEN_FILE").is_some() {
        Token::WorkloadIdentity { client_id: None, tenant_id: None }
    } else if var_os("IDENTITY_ENDPOINT").is_some() {
        Token::ManagedIdentity { client_id: None }
    } else {
        Token::DeveloperTools
    }
}
