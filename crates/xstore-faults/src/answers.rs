//! Answers of the clouds that their emulators can't be made to give, as the vendors document them.

use crate::kind::Kind;
use crate::proxy::Canned;

/// The service has no room.
pub(crate) fn full(kind: Kind) -> Canned {
    match kind {
        Kind::Azure => azure(507, "InsufficientStorage", "There is no room left."),
        Kind::Gcs => google(403, "storageQuotaExceeded", "The quota of the storage is used up."),
        _ => amazon(507, "InsufficientStorage", "There is no room left."),
    }
    .to_writes()
}

/// The service doesn't know the credentials any more.
pub(crate) fn revoked(kind: Kind) -> Canned {
    match kind {
        Kind::Azure => azure(403, "AuthenticationFailed", "Server failed to authenticate the request."),
        Kind::Gcs => google(401, "authError", "Invalid Credentials"),
        _ => {
            let text = "The AWS Access Key Id you provided does not exist in our records.";
            amazon(403, "InvalidAccessKeyId", text)
        }
    }
}

fn amazon(status: u16, code: &str, message: &str) -> Canned {
    let body =
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
    Canned::new(status).header("x-amz-request-id", "1").body("application/xml", &body)
}

fn azure(status: u16, code: &str, message: &str) -> Canned {
    let body =
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
    Canned::new(status).header("x-ms-error-code", code).body("application/xml", &body)
}

fn google(status: u16, reason: &str, message: &str) -> Canned {
    let error = format!("{{\"domain\":\"global\",\"reason\":\"{reason}\",\"message\":\"{message}\"}}");
    let body = format!("{{\"error\":{{\"code\":{status},\"message\":\"{message}\",\"errors\":[{error}]}}}}");
    Canned::new(status).body("application/json", &body)
}
