use super::*;
use xstore_backend::{BackendId, BackendUrl, Setting, SettingProblem};

fn request(url: &str, settings: Settings) -> OpenRequest {
    let url = BackendUrl::new(url).unwrap();
    OpenRequest::new(BackendId::new("r").unwrap(), url).with_base("/base").with_settings(settings)
}

fn config(url: &str) -> Config {
    Config::from_request(&request(url, Settings::new())).unwrap()
}

fn refusal(url: &str, settings: Settings) -> SettingError {
    match Config::from_request(&request(url, settings)) {
        Err(OpenError::Setting(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn text(value: &str) -> Setting {
    Setting::Text(value.to_owned())
}

#[test]
fn urls() {
    for (url, expected) in [
        ("redis://h", Config::tcp("h", 6379)),
        ("redis://h/", Config::tcp("h", 6379)),
        ("redis://cache-1.example_x:6380/15", Config::tcp("cache-1.example_x", 6380).with_database(15)),
        ("rediss://10.0.0.1:1/0", Config::tls("10.0.0.1", 1)),
        ("rediss://[::1]:6390", Config::tls("::1", 6390)),
        ("redis://[fe80::1]", Config::tcp("fe80::1", 6379)),
        ("redis+unix:run/redis.sock", Config::unix("/base/run/redis.sock")),
        ("redis+unix:/run/a b%20.sock", Config::unix("/run/a b%20.sock")),
        ("redis+unix:///run/redis.sock", Config::unix("/run/redis.sock")),
    ] {
        assert_eq!(config(url), expected, "{url}");
    }
}

#[test]
fn urls_that_name_no_server_are_refused() {
    let long = format!("redis://{}", "a".repeat(254));
    for url in [
        "redis:",
        "redis:h",
        "redis://",
        "redis:///1",
        "redis://:6379",
        "redis://h:",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:+1",
        "redis://h:6379x",
        "redis://h:1:2",
        "redis://h/x",
        "redis://h/-1",
        "redis://h/1/2",
        "redis://h/4294967296",
        "redis://h/1?x=y",
        "redis://h?x=y",
        "redis://h#x",
        "redis://a b",
        "redis://h%20",
        "redis://[::1",
        "redis://[::1]x",
        "redis://[::1]6379",
        "redis://[h]",
        "redis://::1",
        "redis+unix:",
        "redis+unix:///",
        "redis+unix://host/x",
        "redis+unix:run/",
        &long,
    ] {
        let result = Config::from_request(&request(url, Settings::new()));
        assert!(matches!(result, Err(OpenError::Url(_))), "{url}: {result:?}");
    }
}

#[test]
fn settings() {
    let secret = || Secret::new("CANARY".to_owned());
    let all = Settings::new()
        .with("database", Setting::Integer(3))
        .with("username", text("me"))
        .with("password", Setting::Secret(secret()))
        .with("ca-file", text("ca.pem"))
        .with("client-certificate-file", text("/abs/c.pem"))
        .with("client-key-file", text("k.pem"))
        .with("prefix", text("a/b"))
        .with("expiry", Setting::Flag(true))
        .with("durable", Setting::Flag(false))
        .with("connect-timeout", Setting::Integer(250))
        .with("connections", Setting::Integer(3));
    let expected = Config::tls("h", 6379)
        .with_database(3)
        .with_credentials(Some("me".to_owned()), secret())
        .with_ca_file("/base/ca.pem")
        .with_client_certificate("/abs/c.pem", "/base/k.pem")
        .with_prefix("a/b".parse().unwrap())
        .with_expiry(true)
        .with_durable(false)
        .with_connect_timeout(Duration::from_millis(250))
        .with_connections(3);
    let config = Config::from_request(&request("rediss://h", all)).unwrap();
    assert_eq!(config, expected);
    assert!(!format!("{config:?} {config:#?}").contains("CANARY"));
    assert_eq!((config.username(), config.database(), config.connections()), (Some("me"), 3, 3));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let with = |name: &str, value: Setting| Settings::new().with(name, value);
    let value = |settings: Settings| match refusal("redis://h/1", settings) {
        SettingError { name, problem: SettingProblem::Value(_), .. } => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(value(with("database", Setting::Integer(1))), "database");
    assert_eq!(value(with("database", Setting::Integer(-1))), "database");
    assert_eq!(value(with("prefix", text("a:b"))), "prefix");
    assert_eq!(value(with("connect-timeout", Setting::Integer(0))), "connect-timeout");
    assert_eq!(value(with("connect-timeout", Setting::Integer(600_001))), "connect-timeout");
    assert_eq!(value(with("connections", Setting::Integer(0))), "connections");
    assert_eq!(value(with("connections", Setting::Integer(257))), "connections");
    for name in ["ca-file", "client-certificate-file", "client-key-file"] {
        assert_eq!(value(with(name, text("x"))), name);
    }
    for (name, missing) in [
        ("username", "password"),
        ("client-certificate-file", "client-key-file"),
        ("client-key-file", "client-certificate-file"),
    ] {
        assert_eq!(refusal("rediss://h", with(name, text("x"))), SettingError::missing(missing));
    }
    assert_eq!(refusal("redis://h", with("password", text("x"))).problem, SettingProblem::Plain);
    assert_eq!(refusal("redis://h", with("timeout", text("x"))).problem, SettingProblem::Unknown);
}

#[test]
fn builders_stay_within_the_bounds() {
    let config = Config::tcp("h", 1).with_connect_timeout(Duration::MAX).with_connections(0);
    assert_eq!((config.connect_timeout(), config.connections()), (Config::MAX_CONNECT_TIMEOUT, 1));
    assert_eq!(config.with_connections(usize::MAX).connections(), Config::MAX_CONNECTIONS);
}
