//! The table: what the service says, and what that means.

use super::Intent;
use xstore_backend::ErrorKind;
use xstore_backend::ErrorKind::{
    AlreadyExists, AuthFailed, NotFound, Other, QuotaExceeded, Timeout, TooLarge, Unavailable, Unsupported,
};

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) kind: ErrorKind,
    pub(super) is_retryable: bool,
    pub(super) may_have_written: bool,
    pub(super) message: &'static str,
}

/// The meaning of an answer: by the service's own code, or else by its status.
pub(super) fn row(status: u16, code: Option<&str>, intent: Intent) -> Row {
    let find = |code| CODES.iter().find(|(known, ..)| *known == code);
    let found = code.and_then(find).map(|(_, kind, fate, message)| (*kind, *fate, *message));
    let (kind, fate, message) = found.unwrap_or_else(|| of_status(status));
    let creates = intent == Intent::Put { create_only: true };
    let (kind, fate, message) = match kind {
        _ if creates && code.is_some_and(|code| ONLY_WHERE_ONE_IS.contains(&code)) => {
            (AlreadyExists, Never, "")
        }
        // The condition of a put that creates; nobody else makes one.
        AlreadyExists if !creates => (Other, Never, UNEXPECTED),
        NotFound if intent != Intent::Read => (Other, Never, UNEXPECTED),
        kind => (kind, fate, message),
    };
    Row {
        kind,
        is_retryable: matches!(fate, Again | Maybe),
        may_have_written: matches!(fate, Maybe),
        message,
    }
}

/// What becomes of the request, and whether another attempt makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Refused, as it will be again.
    Never,
    /// Refused for now.
    Again,
    /// Failed on the way; it may have been done.
    Maybe,
}

use Fate::{Again, Maybe, Never};

const UNEXPECTED: &str = "the service gave an answer that makes no sense";
const NO_CONTAINER: &str = "there is no such container";
const REFUSED: &str = "the credential is wrong, has expired or isn't valid yet, or this machine's clock is off by \
                       more than 15 minutes";
const NOT_ALLOWED: &str = "the credential doesn't allow this";
const NOT_FROM_HERE: &str = "the account or the credential doesn't allow this from here or in this way";
const HELD: &str = "somebody holds a lease on the blob";
const ARCHIVED: &str = "the blob is in the archive tier; it has to be brought back first";

/// Refusals that only a blob which is there can bring about. A put that creates needs to know no more.
const ONLY_WHERE_ONE_IS: [&str; 3] =
    ["UnauthorizedBlobOverwrite", "BlobImmutableDueToPolicy", "LeaseIdMissing"];

/// By code. What isn't here is what its status says.
pub(super) const CODES: &[(&str, ErrorKind, Fate, &str)] = &[
    // Not there, or already there.
    ("BlobNotFound", NotFound, Never, ""),
    ("BlobAlreadyExists", AlreadyExists, Never, ""),
    ("ConditionNotMet", AlreadyExists, Never, ""),
    ("TargetConditionNotMet", AlreadyExists, Never, ""),
    ("ContainerNotFound", Unavailable, Never, NO_CONTAINER),
    ("ContainerDisabled", Unavailable, Never, "the container is disabled"),
    ("ContainerBeingDeleted", Unavailable, Again, "the container is being deleted"),
    ("ResourceNotFound", Unavailable, Never, "there is no such account or container"),
    ("AccountBeingCreated", Unavailable, Again, "the account is being made"),
    // Not allowed.
    ("AuthenticationFailed", AuthFailed, Never, REFUSED),
    ("AuthorizationFailure", AuthFailed, Never, REFUSED),
    ("InvalidAuthenticationInfo", AuthFailed, Never, REFUSED),
    ("NoAuthenticationInformation", AuthFailed, Never, REFUSED),
    ("AuthorizationPermissionMismatch", AuthFailed, Never, NOT_ALLOWED),
    ("AuthorizationResourceTypeMismatch", AuthFailed, Never, NOT_ALLOWED),
    ("AuthorizationServiceMismatch", AuthFailed, Never, NOT_ALLOWED),
    ("InsufficientAccountPermissions", AuthFailed, Never, NOT_ALLOWED),
    ("UnauthorizedBlobOverwrite", AuthFailed, Never, NOT_ALLOWED),
    ("AuthorizationProtocolMismatch", AuthFailed, Never, NOT_FROM_HERE),
    ("AuthorizationSourceIPMismatch", AuthFailed, Never, NOT_FROM_HERE),
    ("AccountRequiresHttps", AuthFailed, Never, "the account takes https only"),
    (
        "PublicAccessNotPermitted",
        AuthFailed,
        Never,
        "the account doesn't let anybody in without a credential",
    ),
    ("KeyBasedAuthenticationNotPermitted", AuthFailed, Never, "the account takes no keys; use tokens"),
    ("AccountIsDisabled", AuthFailed, Never, "the account is disabled"),
    (
        "BlobImmutableDueToPolicy",
        AuthFailed,
        Never,
        "a retention policy or a legal hold keeps the blob as it is",
    ),
    (
        "BlobUsesCustomerSpecifiedEncryption",
        AuthFailed,
        Never,
        "the blob is encrypted with a key of somebody's own",
    ),
    // In use.
    ("LeaseIdMissing", Unavailable, Never, HELD),
    ("LeaseIdMismatchWithBlobOperation", Unavailable, Never, HELD),
    ("LeaseIdMismatchWithContainerOperation", Unavailable, Never, HELD),
    ("LeaseLost", Unavailable, Never, HELD),
    ("LeaseNotPresentWithBlobOperation", Unavailable, Never, HELD),
    ("PendingCopyOperation", Unavailable, Again, "the blob is being copied to"),
    ("SystemInUse", Unavailable, Again, "the blob is in use"),
    ("BlobOverwritten", Unavailable, Again, "the blob was replaced meanwhile"),
    ("SnapshotsPresent", Unavailable, Never, "the blob has snapshots"),
    ("BlobArchived", Unavailable, Never, ARCHIVED),
    ("BlobBeingRehydrated", Unavailable, Never, ARCHIVED),
    // Busy or broken.
    ("ServerBusy", Unavailable, Maybe, "the service is busy or the account over its rate"),
    ("InternalError", Unavailable, Maybe, "the service failed"),
    ("OperationTimedOut", Timeout, Maybe, "the service didn't get it done in time"),
    (
        "Md5Mismatch",
        Unavailable,
        Again,
        "the value was changed on the way: the service found another checksum",
    ),
    ("InvalidMd5", Other, Never, "the service doesn't understand the checksum"),
    // The value or its name is at fault.
    ("RequestBodyTooLarge", TooLarge, Never, "the value is longer than the service takes"),
    ("ContentLengthLargerThanTierLimit", TooLarge, Never, "the value is longer than its tier takes"),
    ("BlobTierInadequateForContentLength", TooLarge, Never, "the value is longer than its tier takes"),
    ("InvalidResourceName", Unsupported, Never, "the service doesn't take this name"),
    ("InvalidUri", Unsupported, Never, "the service doesn't take this name"),
    ("OutOfRangeInput", Unsupported, Never, "the service doesn't take this name or this cursor"),
    ("InvalidBlobType", Unsupported, Never, "there is a blob of another type"),
    ("FeatureVersionMismatch", Unsupported, Never, "the service or the blob is of another version"),
    ("InvalidHeaderValue", Unsupported, Never, "the service doesn't know this version of its interface"),
    ("UnsupportedHeader", Unsupported, Never, "the service doesn't know this version of its interface"),
];

fn of_status(status: u16) -> (ErrorKind, Fate, &'static str) {
    match status {
        300..=399 => (Unavailable, Never, "the service is elsewhere; see the setting endpoint"),
        401 | 403 => (AuthFailed, Never, REFUSED),
        404 => (Unavailable, Never, "something else than the service answers, or the container is missing"),
        407 => (AuthFailed, Never, "the proxy wants to know who asks"),
        408 => (Timeout, Maybe, "the service got tired of waiting"),
        413 => (TooLarge, Never, "the value is longer than the service takes"),
        429 => (Unavailable, Again, "the account is over its rate"),
        504 => (Timeout, Maybe, "the service didn't answer in time"),
        507 => (QuotaExceeded, Maybe, "the service has no room"),
        500..=599 => (Unavailable, Maybe, "the service failed"),
        400..=499 => (Other, Never, "the service refused the request"),
        _ => (Other, Maybe, UNEXPECTED),
    }
}
