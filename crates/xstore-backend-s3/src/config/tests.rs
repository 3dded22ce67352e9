use super::*;
use xstore_backend::{BackendId, OpenRequest, Setting, SettingProblem, Settings};

fn request(url: &str, settings: Settings) -> OpenRequest {
    OpenRequest::new(BackendId::new("b").unwrap(), BackendUrl::new(url).unwrap()).with_settings(settings)
}

fn config_of(settings: Settings) -> Config {
    Config::from_request(&request("s3://bucket", settings)).unwrap()
}

fn refusal(settings: Settings) -> SettingError {
    match Config::from_request(&request("s3://bucket", settings)) {
        Err(OpenError::Setting(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn text(text: &str) -> Setting {
    Setting::Text(text.into())
}

fn secret(text: &str) -> Setting {
    Setting::Secret(Secret::new(text.into()))
}

#[test]
fn urls() {
    let longest = format!("s3://my-bucket/{}", "p".repeat(256));
    for (url, bucket, prefix) in [
        ("s3://my-bucket", "my-bucket", ""),
        ("s3://my-bucket/", "my-bucket", ""),
        ("s3://my.bucket.1/a/B_c-d.e", "my.bucket.1", "a/B_c-d.e"),
        ("s3://abc/a/b/", "abc", "a/b"),
        ("s3://abc/..a/.b", "abc", "..a/.b"),
        (&longest, "my-bucket", &"p".repeat(256)),
    ] {
        let config = Config::new(&BackendUrl::new(url).unwrap()).unwrap();
        assert_eq!((config.bucket(), config.prefix()), (bucket, prefix), "{url}");
    }
}

#[test]
fn urls_that_name_no_bucket_are_refused() {
    let too_long = format!("s3://my-bucket/{}", "p".repeat(257));
    let long_name = format!("s3://{}", "b".repeat(64));
    for url in [
        "s3:bucket",
        "s3:/bucket",
        "s3://",
        "s3:///key",
        "s3://ab",
        "s3://Bucket",
        "s3://buck_et",
        "s3://-bucket",
        "s3://bucket.",
        "s3://a..b",
        "s3://192.168.1.1",
        "s3://bucket:9000",
        "s3://bucket--use1-az4--x-s3",
        "s3://bucket?region=x",
        "s3://bucket/a?b",
        "s3://bucket/a#b",
        "s3://bucket/a//b",
        "s3://bucket//",
        "s3://bucket/a/../b",
        "s3://bucket/.",
        "s3://bucket/a b",
        "s3://bucket/a%20b",
        "s3://bucket/ü",
        &too_long,
        &long_name,
    ] {
        let refused = Config::new(&BackendUrl::new(url).unwrap());
        assert!(matches!(refused, Err(OpenError::Url(_))), "{url}: {refused:?}");
    }
}

#[test]
fn settings() {
    let plain = config_of(Settings::new());
    assert_eq!(plain, Config::new(&BackendUrl::new("s3://bucket").unwrap()).unwrap());
    assert_eq!((plain.region(), plain.endpoint(), plain.path_style()), (None, None, false));
    assert_eq!((plain.connect_timeout(), plain.checksum()), (Duration::from_secs(5), Checksum::Crc32));
    assert!(plain.conditional_writes() && plain.durable());
    let all = Settings::new()
        .with("region", text("eu-central-1"))
        .with("endpoint", text("https://minio.example:9000"))
        .with("path-style", Setting::Flag(false))
        .with("access-key-id", secret("id"))
        .with("secret-access-key", secret("key"))
        .with("session-token", secret("token"))
        .with("connect-timeout", Setting::Integer(250))
        .with("checksum", text("md5"))
        .with("conditional-writes", Setting::Flag(false))
        .with("durable", Setting::Flag(false))
        .with("storage-class", text("STANDARD_IA"))
        .with("server-side-encryption", text("aws:kms"))
        .with("kms-key-id", text("arn:aws:kms:eu-central-1:123456789012:key/1234abcd"));
    let keys = |token: Option<&str>| {
        let secret = |text: &str| Secret::new(text.into());
        Keys::new(secret("id"), secret("key")).with_session_token(token.map(secret))
    };
    let expected = Config::new(&BackendUrl::new("s3://bucket").unwrap())
        .unwrap()
        .with_region("eu-central-1")
        .unwrap()
        .with_endpoint("https://minio.example:9000")
        .unwrap()
        .with_path_style(false)
        .with_keys(keys(Some("token")))
        .with_connect_timeout(Duration::from_millis(250))
        .with_checksum(Checksum::Md5)
        .with_conditional_writes(false)
        .with_durable(false)
        .with_storage_class("STANDARD_IA")
        .unwrap()
        .with_encryption("aws:kms", Some("arn:aws:kms:eu-central-1:123456789012:key/1234abcd".into()))
        .unwrap();
    assert_eq!(config_of(all), expected);
    assert_ne!(expected.clone().with_keys(keys(None)), expected);
    let profile = config_of(Settings::new().with("profile", text("backup")));
    assert_eq!(profile, plain.with_profile("backup"));
}

#[test]
fn path_style_goes_with_an_endpoint() {
    let at = |url: &str| config_of(Settings::new().with("endpoint", text(url)));
    assert!(at("https://minio.example").path_style());
    assert!(!at("https://minio.example").with_path_style(false).path_style());
}

#[test]
fn plain_http_stays_on_this_machine_unless_it_is_allowed() {
    let at = |url: &str| Settings::new().with("endpoint", text(url));
    for good in [
        "http://127.0.0.1:9000",
        "http://127.9.9.9",
        "http://localhost:9000/path",
        "http://[::1]:9000",
        "https://a.b-c.example",
        "https://[2001:db8::1]:9000/x",
    ] {
        assert_eq!(config_of(at(good)).endpoint(), Some(good));
    }
    for plain in
        ["http://minio.example", "http://10.0.0.1:9000", "http://localhost.example", "http://[2001:db8::1]"]
    {
        assert_eq!(refusal(at(plain)).name, "endpoint", "{plain}");
        assert_eq!(refusal(at(plain).with("allow-http", Setting::Flag(false))).name, "endpoint");
        assert_eq!(config_of(at(plain).with("allow-http", Setting::Flag(true))).endpoint(), Some(plain));
    }
    assert_eq!(refusal(Settings::new().with("allow-http", Setting::Flag(true))).name, "allow-http");
}

#[test]
fn endpoints_that_are_none_are_refused_without_being_printed() {
    for bad in [
        "",
        "minio.example:9000",
        "ftp://minio.example",
        "https://",
        "https:///path",
        "https://user:hunter2@minio.example",
        "https://minio.example:99999",
        "https://minio.example:",
        "https://minio.example:1:2",
        "https://minio.example?x=hunter2",
        "https://minio.example/#x",
        "https://mi nio.example",
        "https://minio.example\\@other",
        "https://[::1",
        "https://[minio]:9000",
        "https://[::1]x",
    ] {
        let error =
            refusal(Settings::new().with("endpoint", text(bad)).with("allow-http", Setting::Flag(true)));
        assert_eq!(error.name, "endpoint", "{bad}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn keys_come_in_pairs_and_as_they_are() {
    let id = || Settings::new().with("access-key-id", secret("id"));
    let missing = refusal(id());
    assert_eq!((missing.name.as_str(), missing.problem), ("secret-access-key", SettingProblem::Missing));
    let missing = refusal(Settings::new().with("secret-access-key", secret("key")));
    assert_eq!((missing.name.as_str(), missing.problem), ("access-key-id", SettingProblem::Missing));
    let lonely = refusal(Settings::new().with("session-token", secret("token")));
    assert_eq!(lonely.problem, SettingProblem::Missing);
    let both = refusal(id().with("secret-access-key", secret("key")).with("profile", text("backup")));
    assert_eq!(both.name, "profile");
    for bad in ["", "key\n", "a key", "k\u{e9}y"] {
        let error = refusal(id().with("secret-access-key", secret(bad)));
        assert_eq!(error.name, "secret-access-key");
    }
    let plain = refusal(Settings::new().with("secret-access-key", text("hunter2")));
    assert_eq!(plain.problem, SettingProblem::Plain);
}

#[test]
fn settings_out_of_bounds_are_refused() {
    let long = "x".repeat(65);
    for (name, value) in [
        ("region", text("")),
        ("region", text("eu central")),
        ("region", text(&long)),
        ("connect-timeout", Setting::Integer(0)),
        ("connect-timeout", Setting::Integer(600_001)),
        ("checksum", text("sha1")),
        ("storage-class", text("GLACIER")),
        ("storage-class", text("DEEP_ARCHIVE")),
        ("storage-class", text("a b")),
        ("server-side-encryption", text("rot13")),
        ("kms-key-id", text("key")),
        ("profile", text("")),
        ("anonymous", Setting::Flag(true)),
    ] {
        assert_eq!(refusal(Settings::new().with(name, value)).name, name);
    }
    let pointless =
        Settings::new().with("server-side-encryption", text("AES256")).with("kms-key-id", text("key"));
    assert_eq!(refusal(pointless).name, "kms-key-id");
    let config = config_of(Settings::new()).with_connect_timeout(Duration::MAX);
    assert_eq!(config.connect_timeout(), Config::MAX_CONNECT_TIMEOUT);
}

#[test]
fn no_key_is_printed() {
    let settings =
        Settings::new().with("access-key-id", secret("hunter1")).with("secret-access-key", secret("hunter2"));
    let printed = format!("{0:?} {0:#?}", config_of(settings.with("session-token", secret("hunter3"))));
    assert!(!printed.contains("hunter"), "{printed}");
}
