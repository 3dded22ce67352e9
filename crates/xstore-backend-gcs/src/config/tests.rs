use super::*;
use xstore_backend::{BackendId, Setting, SettingProblem};

fn request(url: &str) -> OpenRequest {
    OpenRequest::new(BackendId::new("cloud").unwrap(), BackendUrl::new(url).unwrap())
}

fn config_of(url: &str, settings: Settings) -> Config {
    Config::from_request(&request(url).with_settings(settings)).unwrap()
}

fn refusal(settings: Settings) -> SettingError {
    match Config::from_request(&request("gs://bucket").with_settings(settings)) {
        Err(OpenError::Setting(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn text(value: &str) -> Setting {
    Setting::Text(value.to_owned())
}

fn key_of_a_service_account() -> Secret {
    let json = r#"{"type": "service_account", "client_email": "a@b", "private_key": "HUNTER2",
        "private_key_id": "1", "project_id": "p"}"#;
    Secret::new(json.to_owned())
}

#[test]
fn buckets_and_prefixes() {
    for (url, bucket, prefix) in [
        ("gs://bucket", "bucket", ""),
        ("gs://bucket/", "bucket", ""),
        ("gs://my_bucket-1.example.com/Team~A/x=1", "my_bucket-1.example.com", "Team~A/x=1"),
        ("gs://bucket/a/b/", "bucket", "a/b"),
    ] {
        let config = config_of(url, Settings::new());
        assert_eq!((config.bucket(), config.prefix()), (bucket, prefix), "{url}");
    }
    let longest = "a".repeat(511);
    assert_eq!(config_of(&format!("gs://bucket/{longest}"), Settings::new()).prefix(), longest);
}

#[test]
fn urls_that_name_no_bucket_are_refused() {
    let long = format!("gs://{}", "a".repeat(64));
    let long_prefix = format!("gs://bucket/{}", "a".repeat(512));
    for url in [
        "gs:",
        "gs:bucket",
        "gs://",
        "gs:///prefix",
        "gs://ab",
        "gs://Bucket",
        "gs://-bucket",
        "gs://bucket-",
        "gs://a..b",
        "gs://bucket:443",
        "gs://bücket",
        "gs://bucket?x=1",
        "gs://bucket/a?x=1",
        "gs://bucket/a#b",
        "gs://bucket/a%20b",
        "gs://bucket//a",
        "gs://bucket/a//b",
        "gs://bucket/../a",
        "gs://bucket/a/.",
        "gs://bucket/a b",
        "gs://bucket/a*",
        &long,
        &long_prefix,
    ] {
        assert!(matches!(Config::from_request(&request(url)), Err(OpenError::Url(_))), "{url}");
    }
}

#[test]
fn settings() {
    let plain = config_of("gs://bucket", Settings::new());
    assert_eq!((plain.endpoint(), plain.quota_project()), (None, None));
    assert_eq!((plain.connect_timeout(), plain.page_size().get()), (Duration::from_secs(5), 1000));
    assert!(matches!(plain.credentials(), Credentials::Default));
    let all = Settings::new()
        .with("endpoint", text("https://storage.example.com:8443"))
        .with("credentials", Setting::Secret(key_of_a_service_account()))
        .with("quota-project", text("example.com:my-project-1"))
        .with("connect-timeout", Setting::Integer(250));
    let config = config_of("gs://bucket", all);
    assert_eq!(config.endpoint(), Some("https://storage.example.com:8443/"));
    assert_eq!(config.quota_project(), Some("example.com:my-project-1"));
    assert_eq!(config.connect_timeout(), Duration::from_millis(250));
    assert!(matches!(config.credentials(), Credentials::Json(_)));
    assert!(!format!("{config:?}").contains("HUNTER2"));
    let anonymous = config_of("gs://bucket", Settings::new().with("anonymous", Setting::Flag(true)));
    assert!(matches!(anonymous.credentials(), Credentials::Anonymous));
}

#[test]
fn http_stays_on_this_machine_unless_it_is_allowed() {
    let with = |endpoint: &str, is_allowed| {
        let settings = Settings::new().with("endpoint", text(endpoint));
        settings.with("allow-http", Setting::Flag(is_allowed))
    };
    for local in ["http://127.0.0.1:4443", "http://127.8.0.1", "http://localhost:1", "http://[::1]:1/"] {
        assert!(config_of("gs://bucket", with(local, false)).endpoint().is_some(), "{local}");
    }
    let names = ["192.168.0.1", "localhost.example.com", "127.0.0.1.example.com", "[::2]", "0.0.0.0"];
    for host in names {
        let endpoint = format!("http://{host}:4443");
        let error = refusal(with(&endpoint, false));
        assert!(error.to_string().contains("allow-http"), "{error}");
        assert!(config_of("gs://bucket", with(&endpoint, true)).endpoint().is_some());
    }
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for endpoint in [
        "",
        "storage.googleapis.com",
        "ftp://host",
        "https://",
        "https://host/path",
        "https://host?x",
        "https://host#x",
        "https://user@host",
        "https://user:HUNTER2@host",
    ] {
        let error = refusal(Settings::new().with("endpoint", text(endpoint)));
        assert_eq!(error.name, "endpoint");
        assert!(error.to_string().contains("write https://HOST") && !error.to_string().contains("HUNTER2"));
    }
    for (name, value) in [
        ("quota-project", text("")),
        ("quota-project", text("a b")),
        ("quota-project", text("a\u{e9}")),
        ("connect-timeout", Setting::Integer(0)),
        ("connect-timeout", Setting::Integer(600_001)),
        ("credentials", Setting::Secret(Secret::new("HUNTER2".to_owned()))),
    ] {
        let error = refusal(Settings::new().with(name, value));
        assert_eq!(error.name, name);
        assert!(matches!(error.problem, SettingProblem::Value(_)), "{error:?}");
        assert!(!error.to_string().contains("HUNTER2"));
    }
    let plain = refusal(Settings::new().with("credentials", text("HUNTER2")));
    assert_eq!(plain.problem, SettingProblem::Plain);
    let unknown = refusal(Settings::new().with("region", text("x")));
    assert_eq!((unknown.name.as_str(), unknown.problem), ("region", SettingProblem::Unknown));
    let both = Settings::new()
        .with("anonymous", Setting::Flag(true))
        .with("credentials", Setting::Secret(key_of_a_service_account()));
    assert_eq!(refusal(both).name, "credentials");
}

#[test]
fn builders_stay_within_the_bounds() {
    let config = Config::new("bucket").unwrap().with_connect_timeout(Duration::ZERO);
    assert_eq!(config.connect_timeout(), Config::MIN_CONNECT_TIMEOUT);
    let config = config.with_connect_timeout(Duration::MAX).with_page_size(NonZeroU16::MAX);
    assert_eq!(
        (config.connect_timeout(), config.page_size()),
        (Config::MAX_CONNECT_TIMEOUT, Config::MAX_PAGE_SIZE)
    );
}
