//! Who asks, and how that is proved.

use crate::error;
use google_cloud_auth::build_errors::Error as BuildError;
use google_cloud_auth::credentials::{
    self, anonymous, external_account, external_account_authorized_user, impersonated, service_account,
    user_account,
};
use serde_json::Value;
use xstore_backend::{Error, Secret};

/// All that an adapter needs may be done with this scope; tokens for anything else would be worth more to a thief.
const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_write";

/// The kinds of credential files, each with the fields without which it is worth nothing.
const KINDS: &[(&str, &[&str])] = &[
    ("service_account", &["client_email", "private_key", "private_key_id", "project_id"]),
    ("authorized_user", &["client_id", "client_secret", "refresh_token"]),
    ("impersonated_service_account", &["service_account_impersonation_url", "source_credentials"]),
    ("external_account", &["audience", "credential_source", "subject_token_type", "token_url"]),
    ("external_account_authorized_user", &["client_id", "client_secret", "refresh_token", "token_url"]),
];

/// Where credentials come from.
#[derive(Debug, Clone)]
pub(crate) enum Credentials {
    /// Wherever this machine keeps them.
    Default,
    /// From the configuration.
    Json(Secret),
    /// There are none.
    Anonymous,
}

impl Credentials {
    /// Prepares them. Nothing is sent yet.
    pub(crate) fn build(&self) -> Result<credentials::Credentials, Error> {
        let built = match self {
            Self::Default => {
                // Otherwise a machine of Google's would be asked, for as long as it takes.
                credentials::Builder::default().with_universe_domain("googleapis.com").build()
            }
            Self::Json(json) => from_json(json),
            Self::Anonymous => Ok(anonymous::Builder::new().build()),
        };
        built.map_err(|error| error::from_build(&error, self))
    }

    /// What to do where they are refused.
    pub(crate) const fn hint(&self) -> &'static str {
        match self {
            Self::Default => {
                "set credentials, or GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login, \
                 or run on a machine with a service account"
            }
            Self::Json(_) => "look at the setting credentials: is the key whole, in use and not expired?",
            Self::Anonymous => "the bucket isn't public: set credentials instead of anonymous = true",
        }
    }
}

/// Whether a JSON may be credentials: why not, without a word of it.
pub(crate) fn check(json: &Secret) -> Result<(), String> {
    let Ok(Value::Object(fields)) = serde_json::from_str(json.expose()) else {
        return Err("it is no JSON object: give the whole credential file, not its path".to_owned());
    };
    let kind = fields.get("type").and_then(Value::as_str);
    let Some((kind, needed)) = KINDS.iter().find(|(known, _)| Some(*known) == kind) else {
        let known: Vec<_> = KINDS.iter().map(|(kind, _)| *kind).collect();
        return Err(format!("its \"type\" is none of {}", known.join(", ")));
    };
    match needed.iter().find(|name| !fields.contains_key(**name)) {
        Some(name) => Err(format!("a {kind} has a field \"{name}\", which is missing")),
        None => Ok(()),
    }
}

fn from_json(json: &Secret) -> Result<credentials::Credentials, BuildError> {
    let value: Value = serde_json::from_str(json.expose()).unwrap_or_default();
    match value.get("type").and_then(Value::as_str) {
        Some("authorized_user") => user_account::Builder::new(value).build(),
        Some("impersonated_service_account") => {
            impersonated::Builder::new(value).with_scopes([SCOPE]).build()
        }
        Some("external_account") => external_account::Builder::new(value).build(),
        Some("external_account_authorized_user") => {
            external_account_authorized_user::Builder::new(value).build()
        }
        _ => {
            let scope = service_account::AccessSpecifier::from_scopes([SCOPE]);
            service_account::Builder::new(value).with_access_specifier(scope).build()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> String {
        check(&Secret::new(json.to_owned())).unwrap_err()
    }

    #[test]
    fn what_is_no_credential_file_is_refused_without_a_word_of_it() {
        for json in ["", "HUNTER2", "\"HUNTER2\"", "[\"HUNTER2\"]", "{\"private_key\": \"HUNTER2"] {
            let reason = refusal(json);
            assert!(reason.contains("not its path") && !reason.contains("HUNTER2"), "{reason}");
        }
        for json in ["{}", r#"{"type": "HUNTER2"}"#, r#"{"type": 5}"#, r#"{"type": "gdch_service_account"}"#]
        {
            let reason = refusal(json);
            assert!(reason.contains("service_account") && !reason.contains("HUNTER2"), "{reason}");
        }
        let reason = refusal(r#"{"type": "authorized_user", "client_id": "x", "client_secret": "HUNTER2"}"#);
        assert!(reason.contains("refresh_token") && !reason.contains("HUNTER2"), "{reason}");
    }

    #[tokio::test]
    async fn fields_of_another_type_are_refused_without_their_value() {
        let json = r#"{"type": "service_account", "client_email": {"x": "HUNTER2"}, "private_key": ["HUNTER2"],
            "private_key_id": "HUNTER2", "project_id": "HUNTER2"}"#;
        let error = Credentials::Json(Secret::new(json.to_owned())).build().unwrap_err();
        assert_eq!(error.kind(), xstore_backend::ErrorKind::AuthFailed);
        assert!(!format!("{error} {error:?}").contains("HUNTER2"), "{error:?}");
    }
}
