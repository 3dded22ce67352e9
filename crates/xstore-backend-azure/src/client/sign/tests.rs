use super::*;
use data_encoding::BASE64;
use xstore_backend::Secret;

/// The bytes from 0 to 63.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";

/// Account, method, URL, headers, and the signature that an implementation of its own makes of them: a script of forty
/// lines from the text of the reference. The first is the reference's own example.
type Vector = (&'static str, Method, &'static str, &'static [(&'static str, &'static str)], &'static str);

const VECTORS: &[Vector] = &[
    (
        "myaccount",
        Method::Get,
        "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=metadata&timeout=20",
        &[("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"), ("x-ms-version", "2015-02-21")],
        "ZfuQJIowrCGKlm/KTSTcA7Tx12MxVvDi2ryOPQQw7Gw=",
    ),
    (
        "myaccount",
        Method::Put,
        "https://myaccount.blob.core.windows.net/mycontainer/a%2Fb",
        &[
            ("content-length", "11"),
            ("content-md5", "XrY7u+Ae7tCTyyK7j1rNww=="),
            ("content-type", "application/octet-stream"),
            ("if-none-match", "*"),
            ("x-ms-blob-type", "BlockBlob"),
            ("x-ms-blob-content-md5", "XrY7u+Ae7tCTyyK7j1rNww=="),
            ("x-ms-date", "Sun, 29 Nov 2026 12:00:00 GMT"),
            ("x-ms-version", "2025-11-05"),
        ],
        "hX/nyQrypyv59Gmz0sOlXMQ9/BaL0AxFyIx6H5zqqkE=",
    ),
    (
        "myaccount",
        Method::Put,
        "https://myaccount.blob.core.windows.net/mycontainer/a",
        &[
            ("content-length", "0"),
            ("x-ms-date", "Sun, 29 Nov 2026 12:00:00 GMT"),
            ("x-ms-version", "2025-11-05"),
            ("x-ms-client-request-id", "  a   b \t c "),
        ],
        "ThOSrtQY3QVL7mgwJp80g/yo8VnrBNWJg/sQPj30O3c=",
    ),
    (
        "myaccount",
        Method::Get,
        "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=list&include=snapshots&include=metadata&include=uncommittedblobs",
        &[("x-ms-date", "Sun, 29 Nov 2026 12:00:00 GMT"), ("x-ms-version", "2025-11-05")],
        "eHZ4uM8AQjyDxB4WI34GMHJFf/onWNRDCS6PjQzhyeo=",
    ),
    (
        "myaccount",
        Method::Get,
        "https://myaccount.blob.core.windows.net/c?Marker=2%2128%21a%2Bb%3D%3D&prefix=a%2Fb+c&comp=list",
        &[("x-ms-date", "Sun, 29 Nov 2026 12:00:00 GMT"), ("x-ms-version", "2025-11-05")],
        "F9Manrls43PqVxbcj2jqOiFWQx3KMxV++QN8T/ldDIc=",
    ),
    (
        "myaccount",
        Method::Get,
        "https://myaccount.blob.core.windows.net/c/a%2Fb",
        &[
            ("range", "bytes=0-99"),
            ("x-ms-range-get-content-md5", "true"),
            ("x-ms-date", "Sun, 29 Nov 2026 12:00:00 GMT"),
            ("x-ms-version", "2025-11-05"),
        ],
        "LqIfdr2JTFPycySaTTguUrJgifH8XDwB1T3rb6nQ0Jk=",
    ),
    (
        "myaccount",
        Method::Get,
        "https://myaccount.blob.core.windows.net/c/a",
        &[
            ("date", "Sun, 29 Nov 2026 12:00:00 GMT"),
            ("if-match", "\"0x1\""),
            ("if-modified-since", "Sat, 28 Nov 2026 12:00:00 GMT"),
            ("if-unmodified-since", "Mon, 30 Nov 2026 12:00:00 GMT"),
            ("content-encoding", "gzip"),
            ("content-language", "en"),
        ],
        "V51/O8P9lRx8wf6g0dxPjfG8UhuFgD0neUXnkVVfWDE=",
    ),
    (
        "devstoreaccount1",
        Method::Delete,
        "http://127.0.0.1:10000/devstoreaccount1/c/a",
        &[
            ("x-ms-delete-snapshots", "include"),
            ("date", "Sat, 28 Nov 2026 12:00:00 GMT"),
            ("x-ms-date", "Sun, 29 Nov 2026 12:00:00 GMT"),
            ("x-ms-version", "2025-11-05"),
        ],
        "qQauEit2yDj64bkcYXJRuKmpYUuhHtnFHvmeNfNkQL4=",
    ),
    (
        "myaccount",
        Method::Get,
        "https://myaccount.blob.core.windows.net?comp=list",
        &[("x-ms-date", "Sun, 29 Nov 2026 12:00:00 GMT"), ("x-ms-version", "2025-11-05")],
        "FAaYmGnC2dubMdVSO74/jln8lBHfXMxj7tnqgF7lQso=",
    ),
];

fn request(method: Method, url: &str, headers: &[(&'static str, &'static str)]) -> Request {
    let mut request = Request::new(Url::parse(url).unwrap(), method);
    for (name, value) in headers {
        request.insert_header(*name, *value);
    }
    request
}

fn signer(account: &str) -> SharedKey {
    SharedKey::new(account, &AccountKey::new(&Secret::new(KEY.to_owned())).unwrap())
}

#[test]
fn signatures() {
    for (account, method, url, headers, expected) in VECTORS {
        let authorization = signer(account).authorization(&request(*method, url, headers));
        assert_eq!(authorization, format!("SharedKey {account}:{expected}"), "{url}");
    }
}

#[test]
fn what_is_signed() {
    let headers = [("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"), ("x-ms-version", "2015-02-21")];
    let url =
        "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=metadata&timeout=20";
    let request = request(Method::Get, url, &headers);
    assert_eq!(
        string_to_sign("myaccount", request.method(), request.url(), request.headers()),
        "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n\
         /myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
    );
}

/// Keeps what would have been sent.
#[derive(Debug, Default)]
struct Last(std::sync::Mutex<Option<Request>>);

#[async_trait]
impl Policy for Last {
    async fn send(&self, _: &Context, request: &mut Request, _: &[Arc<dyn Policy>]) -> PolicyResult {
        *self.0.lock().unwrap() = Some(request.clone());
        Err(azure_core::Error::with_message(azure_core::error::ErrorKind::Other, "kept"))
    }
}

/// The request before and behind a policy.
async fn sent(policy: &dyn Policy, mut request: Request) -> (Request, Request) {
    let last = Arc::new(Last::default());
    let next: [Arc<dyn Policy>; 1] = [last.clone()];
    policy.send(&Context::new(), &mut request, &next).await.unwrap_err();
    let sent = last.0.lock().unwrap().take().unwrap();
    (request, sent)
}

#[tokio::test]
async fn a_signature_that_was_made_beforehand_stays_out_of_the_request() {
    let policy = SharedAccessSignature(Sas::new(&Secret::new("?sv=2025&sig=a%2Bb%3D".to_owned())).unwrap());
    for (url, expected) in [
        ("https://h/c/k", "https://h/c/k?sv=2025&sig=a%2Bb%3D"),
        ("https://h/c?comp=list&prefix=a%2Fb", "https://h/c?comp=list&prefix=a%2Fb&sv=2025&sig=a%2Bb%3D"),
    ] {
        let (kept, sent) = sent(&policy, request(Method::Get, url, &[])).await;
        assert_eq!((kept.url().as_str(), sent.url().as_str()), (url, expected));
    }
    assert!(!format!("{policy:?} {:?}", signer("a")).contains("sv="));
}

#[tokio::test]
async fn a_date_is_added_and_signed() {
    let (_, sent) = sent(&signer("a"), request(Method::Get, "https://h/c/k", &[])).await;
    let header = |name| sent.headers().get_optional_str(&HeaderName::from_static(name)).unwrap();
    assert!(header("x-ms-date").ends_with(" GMT") && header("authorization").starts_with("SharedKey a:"));
}

#[tokio::test]
async fn an_upload_is_compared_with_what_is_to_be_kept() {
    let checksum = BASE64.encode(&[7; 16]);
    let mut put = request(Method::Put, "https://h/c/k", &[]);
    put.insert_header("x-ms-blob-content-md5", checksum.clone());
    let (_, with) = sent(&CheckedUpload, put).await;
    assert_eq!(with.headers().get_optional_string(&HeaderName::from_static("content-md5")), Some(checksum));
    let (_, without) = sent(&CheckedUpload, request(Method::Put, "https://h/c/k", &[])).await;
    assert_eq!(without.headers().get_optional_string(&HeaderName::from_static("content-md5")), None);
}
