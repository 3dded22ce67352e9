//! The table: what the server says, and what that means.

use xstore_backend::ErrorKind;

/// Kind, whether another attempt makes sense, and what to say: by the code of an answer, or else by its status.
pub(super) fn of_code(code: Option<&str>, status: u16) -> (ErrorKind, bool, &'static str) {
    if let Some(&(_, kind, is_retryable, message)) = CODES.iter().find(|row| Some(row.0) == code) {
        return (kind, is_retryable, message);
    }
    match STATUSES.iter().find(|row| row.0 == status) {
        // A code that says something else than what is usual for the status isn't trusted to mean this.
        Some((404, ..)) if code.is_some_and(|code| code != "NotFound") => {
            (ErrorKind::Unavailable, false, "the server says that something isn't there")
        }
        Some(&(_, kind, is_retryable, message)) => (kind, is_retryable, message),
        None if status >= 500 => (ErrorKind::Unavailable, true, "the server failed"),
        None => (ErrorKind::Other, false, UNEXPECTED),
    }
}

/// Kind, whether another attempt makes sense, and what to say, by the code of an answer.
pub(super) const CODES: &[(&str, ErrorKind, bool, &str)] = {
    use ErrorKind::{
        AlreadyExists, AuthFailed, NotFound, Other, QuotaExceeded, TooLarge, Unavailable, Unsupported,
    };
    &[
        ("NoSuchKey", NotFound, false, ""),
        ("PreconditionFailed", AlreadyExists, false, ""),
        // Others are at work on the same value.
        ("ConditionalRequestConflict", Unavailable, true, "another write of the same value is under way"),
        ("OperationAborted", Unavailable, true, "another change of the same bucket is under way"),
        // The place.
        ("NoSuchBucket", Unavailable, false, "there is no such bucket"),
        ("PermanentRedirect", Unavailable, false, ELSEWHERE),
        ("TemporaryRedirect", Unavailable, true, "the server sends us elsewhere, as after a bucket was made"),
        ("Redirect", Unavailable, true, "the server sends us elsewhere, as after a bucket was made"),
        ("AuthorizationHeaderMalformed", Unavailable, false, ELSEWHERE),
        ("IllegalLocationConstraintException", Unavailable, false, ELSEWHERE),
        ("InvalidLocationConstraint", Unavailable, false, "the server has no such region"),
        ("InvalidBucketName", Unavailable, false, "the server takes no bucket of this name"),
        ("BucketAlreadyExists", AuthFailed, false, "the bucket belongs to somebody else"),
        ("TooManyBuckets", QuotaExceeded, false, "the account has as many buckets as it may"),
        ("InvalidObjectState", Unavailable, false, "the value is in an archive and has to be restored first"),
        // Who asks.
        ("AccessDenied", AuthFailed, false, "these credentials don't allow it"),
        ("AllAccessDisabled", AuthFailed, false, "the bucket is closed to everybody"),
        ("AccountProblem", AuthFailed, false, "there is a problem with the account"),
        ("InvalidAccessKeyId", AuthFailed, false, "the server doesn't know the access key"),
        ("NotSignedUp", AuthFailed, false, "the server doesn't know the access key"),
        ("SignatureDoesNotMatch", AuthFailed, false, "the secret access key is wrong"),
        ("ExpiredToken", AuthFailed, false, "the credentials have expired"),
        ("ExpiredTokenException", AuthFailed, false, "the credentials have expired"),
        ("InvalidToken", AuthFailed, false, "the session token is wrong"),
        ("InvalidTokenId", AuthFailed, false, "the session token is wrong"),
        ("TokenRefreshRequired", AuthFailed, false, "the credentials have to be renewed"),
        ("RequestTimeTooSkewed", AuthFailed, false, "the clock of this machine is wrong"),
        ("RequestExpired", AuthFailed, false, "the clock of this machine is wrong"),
        ("KMS.DisabledException", AuthFailed, false, "the key that encrypts the bucket is disabled"),
        ("KMS.NotFoundException", AuthFailed, false, "the key that encrypts the bucket is gone"),
        // Load.
        ("SlowDown", Unavailable, true, BUSY),
        ("Throttling", Unavailable, true, BUSY),
        ("ThrottlingException", Unavailable, true, BUSY),
        ("RequestLimitExceeded", Unavailable, true, BUSY),
        ("TooManyRequests", Unavailable, true, BUSY),
        ("BandwidthLimitExceeded", Unavailable, true, BUSY),
        ("ServiceUnavailable", Unavailable, true, BUSY),
        ("InternalError", Unavailable, true, "the server failed"),
        ("RequestTimeout", Unavailable, true, "the value didn't arrive in time"),
        // What arrived is not what was sent.
        ("BadDigest", Unavailable, true, CHANGED),
        ("XAmzContentChecksumMismatch", Unavailable, true, CHANGED),
        ("XAmzContentSHA256Mismatch", Unavailable, true, CHANGED),
        ("IncompleteBody", Unavailable, true, "the value broke off on its way"),
        // Room.
        ("QuotaExceeded", QuotaExceeded, false, "the quota is used up"),
        ("StorageFull", QuotaExceeded, false, "the server is full"),
        ("InsufficientStorage", QuotaExceeded, false, "the server is full"),
        ("XMinioStorageFull", QuotaExceeded, false, "the server is full"),
        ("XMinioAdminBucketQuotaExceeded", QuotaExceeded, false, "the quota of the bucket is used up"),
        ("EntityTooLarge", TooLarge, false, "the value is longer than the server takes"),
        ("NotImplemented", Unsupported, false, "the server can't do what the settings ask for"),
        // Never, unless there is a bug here or there.
        ("InvalidArgument", Other, false, UNEXPECTED),
        ("InvalidRequest", Other, false, UNEXPECTED),
        ("InvalidDigest", Other, false, UNEXPECTED),
        ("KeyTooLongError", Other, false, "the server takes no name as long as prefix and key"),
        ("MethodNotAllowed", Other, false, UNEXPECTED),
        ("MissingContentLength", Other, false, UNEXPECTED),
    ]
};

/// The same by status, where the code says nothing.
pub(super) const STATUSES: &[(u16, ErrorKind, bool, &str)] = {
    use ErrorKind::{AlreadyExists, AuthFailed, NotFound, QuotaExceeded, TooLarge, Unavailable, Unsupported};
    &[
        (301, Unavailable, false, ELSEWHERE),
        (302, Unavailable, false, ELSEWHERE),
        (307, Unavailable, true, "the server sends us elsewhere, as after a bucket was made"),
        (308, Unavailable, false, ELSEWHERE),
        (401, AuthFailed, false, ""),
        (403, AuthFailed, false, ""),
        (404, NotFound, false, ""),
        (408, Unavailable, true, "the value didn't arrive in time"),
        (409, Unavailable, true, "another change is under way"),
        (412, AlreadyExists, false, ""),
        (413, TooLarge, false, "the value is longer than the server takes"),
        (429, Unavailable, true, BUSY),
        (501, Unsupported, false, "the server can't do what the settings ask for"),
        (503, Unavailable, true, BUSY),
        (507, QuotaExceeded, false, "the server is full"),
    ]
};

const BUSY: &str = "the server is overloaded";
const CHANGED: &str = "the value arrived changed";
pub(super) const ELSEWHERE: &str = "the bucket is in another region, or at another server";
pub(super) const UNEXPECTED: &str = "the server refuses the request";
