use super::*;
use xstore_backend::{BackendId, Setting, SettingProblem};

fn request(url: &str) -> OpenRequest {
    let url = BackendUrl::new(url).unwrap();
    OpenRequest::new(BackendId::new("db").unwrap(), url).with_base("/base")
}

fn config_of(request: &OpenRequest) -> Config {
    Config::from_request(request).unwrap()
}

fn refusal(request: &OpenRequest) -> SettingError {
    match Config::from_request(request) {
        Err(OpenError::Setting(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn paths() {
    for (url, path) in [
        ("sqlite:shares.db", "/base/shares.db"),
        ("sqlite:../a b%20c.db", "/base/../a b%20c.db"),
        ("sqlite:/mnt/disk/x.db", "/mnt/disk/x.db"),
        ("sqlite:///mnt/disk/a%20b.db", "/mnt/disk/a b.db"),
        ("sqlite:///mnt/%41%C3%A9%3f.db", "/mnt/Aé?.db"),
        ("sqlite://localhost/mnt/x.db", "/mnt/x.db"),
        ("sqlite:file:x.db", "/base/file:x.db"),
    ] {
        assert_eq!(config_of(&request(url)).path(), Path::new(path), "{url}");
    }
}

#[cfg(unix)]
#[test]
fn a_path_of_a_url_may_be_any_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let config = config_of(&request("sqlite:///mnt/%ff.db"));
    assert_eq!(config.path().as_os_str().as_bytes(), b"/mnt/\xff.db");
}

#[test]
fn urls_that_name_no_file_are_refused() {
    for url in [
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite://host/x.db",
        "sqlite://x.db",
        "sqlite::memory:",
        "sqlite:///a%00b",
        "sqlite:///a%2Fb",
        "sqlite:///a%2",
        "sqlite:///a%+1",
        "sqlite:///a%é",
        "sqlite:///a?mode=ro",
        "sqlite:///a#b",
    ] {
        assert!(matches!(Config::from_request(&request(url)), Err(OpenError::Url(_))), "{url}");
    }
}

#[test]
fn settings() {
    let plain = config_of(&request("sqlite:x.db"));
    assert_eq!(plain, Config::new("/base/x.db"));
    assert_eq!((plain.busy_timeout(), plain.max_size()), (Duration::from_secs(5), None));
    assert!(plain.secure_delete());
    let all = Settings::new()
        .with("busy-timeout", Setting::Integer(250))
        .with("max-size", Setting::Integer(1 << 20))
        .with("secure-delete", Setting::Flag(false));
    let config = config_of(&request("sqlite:x.db").with_settings(all));
    let expected = Config::new("/base/x.db")
        .with_busy_timeout(Duration::from_millis(250))
        .with_max_size(Some(1 << 20))
        .with_secure_delete(false);
    assert_eq!(config, expected);
}

#[test]
fn settings_out_of_bounds_are_refused() {
    for (name, value) in [("busy-timeout", -1), ("busy-timeout", 600_001), ("max-size", (1 << 20) - 1)] {
        let settings = Settings::new().with(name, Setting::Integer(value));
        let error = refusal(&request("sqlite:x.db").with_settings(settings));
        assert_eq!(error.name, name);
        assert!(matches!(error.problem, SettingProblem::Value(_)), "{error:?}");
    }
    for (name, value) in [("busy-timeout", 0), ("busy-timeout", 600_000), ("max-size", i64::MAX)] {
        config_of(&request("sqlite:x.db").with_settings(Settings::new().with(name, Setting::Integer(value))));
    }
    let settings = Settings::new().with("sync", Setting::Flag(false));
    let error = refusal(&request("sqlite:x.db").with_settings(settings));
    assert_eq!((error.name.as_str(), error.problem), ("sync", SettingProblem::Unknown));
}

#[test]
fn builders_stay_within_the_bounds() {
    let config = Config::new("x").with_busy_timeout(Duration::MAX).with_max_size(Some(1));
    assert_eq!(config.busy_timeout(), Config::MAX_BUSY_TIMEOUT);
    assert_eq!(config.max_size(), Some(Config::MIN_MAX_SIZE));
}
