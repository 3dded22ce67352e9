use super::*;
use xstore_backend::{BackendId, BackendUrl, Setting, SettingProblem, Settings};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

fn secret(text: &str) -> Setting {
    Setting::Secret(Secret::new(text.to_owned()))
}

fn text(text: &str) -> Setting {
    Setting::Text(text.to_owned())
}

fn read(url: &str, settings: Settings) -> Result<Config, OpenError> {
    let request = OpenRequest::new(BackendId::new("a").unwrap(), BackendUrl::new(url).unwrap());
    Config::from_request(&request.with_settings(settings))
}

fn keyed() -> Settings {
    Settings::new().with("account-key", secret(KEY))
}

#[test]
fn urls() {
    for (url, prefix) in [
        ("azblob://shares1/archive", ""),
        ("azblob://shares1/archive/", ""),
        ("azblob://shares1/archive/a/b-1", "a/b-1"),
        ("azblob://shares1/archive/a/b-1/", "a/b-1"),
    ] {
        let config = read(url, keyed()).unwrap();
        assert_eq!(
            (config.account(), config.container(), config.prefix().as_str()),
            ("shares1", "archive", prefix)
        );
        assert_eq!(config.endpoint().as_str(), "https://shares1.blob.core.windows.net/");
        assert_eq!(config.connect_timeout(), Config::DEFAULT_CONNECT_TIMEOUT);
    }
}

#[test]
fn urls_that_mean_nothing() {
    let long = format!("azblob://shares1/archive/{}", ["a"; 150].join("/"));
    for (url, hint) in [
        ("azblob:", "write azblob://ACCOUNT/CONTAINER"),
        ("azblob:shares1/archive", "write azblob://ACCOUNT/CONTAINER"),
        ("azblob://", "write azblob://ACCOUNT/CONTAINER"),
        ("azblob://shares1", "write azblob://ACCOUNT/CONTAINER"),
        ("azblob://shares1/", "write azblob://ACCOUNT/CONTAINER"),
        ("azblob:///archive", "write azblob://ACCOUNT/CONTAINER"),
        ("azblob://shares1.blob.core.windows.net/archive", "the setting endpoint"),
        ("azblob://127.0.0.1:10000/archive", "the setting endpoint"),
        ("azblob://shares1/archive?sv=1&sig=2", "settings"),
        ("azblob://shares1/archive#x", "settings"),
        ("azblob://Shares1/archive", "an account's name"),
        ("azblob://ab/archive", "an account's name"),
        ("azblob://shares1/Archive", "a container's name"),
        ("azblob://shares1/a--b", "a container's name"),
        ("azblob://shares1/-ab", "a container's name"),
        ("azblob://shares1/$root", "a container's name"),
        ("azblob://shares1/ab", "a container's name"),
        ("azblob://shares1/archive//a", "segments"),
        ("azblob://shares1/archive/A", "segments"),
        ("azblob://shares1/archive/%41", "segments"),
        ("azblob://shares1/archive/../x", "segments"),
        (&long, "longer than 256"),
    ] {
        match read(url, keyed()) {
            Err(OpenError::Url(reason)) => assert!(reason.contains(hint), "{url}: {reason}"),
            other => panic!("{url}: {other:?}"),
        }
    }
}

#[track_caller]
fn refused(settings: Settings, name: &str, hint: &str) {
    match read("azblob://shares1/archive", settings).unwrap_err() {
        OpenError::Setting(error) => {
            assert_eq!(error.name, name, "{error}");
            assert!(error.to_string().contains(hint), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn endpoints() {
    let at = |endpoint: &str| keyed().with("endpoint", text(endpoint));
    for good in [
        "https://shares1.blob.core.usgovcloudapi.net",
        "https://10.1.2.3/shares1",
        "http://127.0.0.1:10000/shares1",
        "http://127.9.9.9/shares1",
        "http://localhost:10000/shares1",
        "http://[::1]:10000/shares1",
    ] {
        read("azblob://shares1/archive", at(good)).unwrap();
    }
    for (bad, hint) in [
        ("nonsense", "it is no URL"),
        ("ftp://host/", "begins with https://"),
        ("file:///x", "begins with https://"),
        ("https://user@host/", "no user name"),
        ("https://:pass@host/", "no user name"),
        ("https://host/?sig=1", "the setting sas"),
        ("https://host/#x", "the setting sas"),
        ("http://shares1.blob.core.windows.net", "allow-http"),
        ("http://localhost.example/", "allow-http"),
        ("http://10.0.0.1/shares1", "allow-http"),
    ] {
        refused(at(bad), "endpoint", hint);
    }
    let allowed = at("http://10.0.0.1/shares1").with("allow-http", Setting::Flag(true));
    read("azblob://shares1/archive", allowed).unwrap();
    let token = Settings::new().with("credential", text("developer-tools"));
    let token = token.with("endpoint", text("http://127.0.0.1/a")).with("allow-http", Setting::Flag(true));
    refused(token, "endpoint", "over https only");
}

#[test]
fn credentials() {
    let kind = |settings| match read("azblob://shares1/archive", settings).unwrap().credential() {
        Credential::AccountKey(_) => "key".to_owned(),
        Credential::Sas(_) => "sas".to_owned(),
        Credential::Token(token) => format!("{token:?}"),
    };
    let by = |name: &str| Settings::new().with("credential", text(name));
    assert_eq!(kind(keyed()), "key");
    assert_eq!(kind(Settings::new().with("sas", secret(" ?sv=1&sig=a%2Fb%3D\n"))), "sas");
    assert_eq!(kind(Settings::new()), "Environment");
    assert_eq!(kind(by("environment")), "Environment");
    assert_eq!(kind(by("developer-tools")), "DeveloperTools");
    assert_eq!(kind(by("managed-identity")), "ManagedIdentity");
    assert_eq!(kind(by("managed-identity").with("client-id", text("0b1c-2d"))), "ManagedIdentity");
    let pod =
        by("workload-identity").with("client-id", text("0b1c")).with("tenant-id", text("contoso.example"));
    assert_eq!(kind(pod), "WorkloadIdentity");
    let application = by("client-secret").with("client-id", text("0b1c")).with("tenant-id", text("2d3e"));
    assert_eq!(kind(application.clone().with("client-secret", secret("s"))), "ClientSecret");

    refused(application, "client-secret", "missing");
    refused(by("client-secret"), "tenant-id", "missing");
    refused(by("password"), "credential", "environment, developer-tools");
    refused(by("developer-tools").with("client-id", text("0b1c")), "client-id", "no setting");
    refused(by("managed-identity").with("client-id", text("a/b")), "client-id", "as Azure's portal shows it");
    refused(by("environment").with("account-key", secret(KEY)), "account-key", "one way in");
    refused(by("environment").with("sas", secret("sv=1&sig=2")), "sas", "one way in");
    refused(keyed().with("sas", secret("sv=1&sig=2")), "account-key", "one way in");
    refused(Settings::new().with("account-key", text(KEY)), "account-key", "never the secret itself");
    for bad in ["", "not base64!", "MDEy", "MDEyMzQ1Njc4OWFiY2RlZg"] {
        refused(Settings::new().with("account-key", secret(bad)), "account-key", "base64");
    }
    for (bad, hint) in [
        ("", "no sv="),
        ("sv=1", "no sv="),
        ("sig=1", "no sv="),
        ("xsv=1&xsig=2", "no sv="),
        ("https://a.blob.core.windows.net/c?sv=1&sig=2", "alone"),
        ("BlobEndpoint=x;SharedAccessSignature=sv=1&sig=2", "alone"),
        ("sv=1&sig=2 3", "characters"),
        ("sv=1&sig=2#3", "characters"),
        ("sv=1&sig=\u{e9}", "characters"),
    ] {
        refused(Settings::new().with("sas", secret(bad)), "sas", hint);
    }
}

#[test]
fn the_emulator() {
    let emulator = || Settings::new().with("emulator", Setting::Flag(true));
    let config = read("azblob://devstoreaccount1/archive", emulator()).unwrap();
    assert_eq!(config.endpoint().as_str(), "http://127.0.0.1:10000/devstoreaccount1");
    assert!(matches!(config.credential(), Credential::AccountKey(_)));
    let elsewhere = emulator().with("endpoint", text("http://127.0.0.1:9/devstoreaccount1"));
    let config = read("azblob://devstoreaccount1/archive", elsewhere).unwrap();
    assert_eq!(config.endpoint().port(), Some(9));
    refused(emulator(), "emulator", "devstoreaccount1");
    refused(emulator().with("account-key", secret(KEY)), "account-key", "brings its own key");
    refused(emulator().with("sas", secret("sv=1&sig=2")), "sas", "brings its own key");
    refused(emulator().with("credential", text("environment")), "credential", "brings its own key");
    read("azblob://shares1/archive", keyed().with("emulator", Setting::Flag(false))).unwrap();
}

#[test]
fn other_settings() {
    let config =
        read("azblob://shares1/archive", keyed().with("connect-timeout", Setting::Integer(1500))).unwrap();
    assert_eq!(config.connect_timeout(), Duration::from_millis(1500));
    refused(keyed().with("connect-timeout", Setting::Integer(0)), "connect-timeout", "1 to 600000");
    refused(keyed().with("connect-timeout", Setting::Integer(600_001)), "connect-timeout", "1 to 600000");
    match read("azblob://shares1/archive", keyed().with("acount-key", text("x"))).unwrap_err() {
        OpenError::Setting(error) => assert_eq!(error.problem, SettingProblem::Unknown),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_set_by_code_has_bounds() {
    let config = || Config::emulator("archive").unwrap();
    let page = config().with_page_size(NonZeroU16::MAX).page_size();
    assert_eq!(page, Config::MAX_PAGE_SIZE);
    let timeout = config().with_connect_timeout(Duration::MAX).connect_timeout();
    assert_eq!(timeout, Config::MAX_CONNECT_TIMEOUT);
    assert!(config().with_prefix(Prefix::new(&["a"; 129].join("/")).unwrap()).is_err());
    assert!(config().with_prefix(Prefix::new(&["a"; 128].join("/")).unwrap()).is_ok());
}

#[test]
fn nothing_secret_is_printed() {
    let config =
        read("azblob://shares1/archive", Settings::new().with("sas", secret("sv=1&sig=canary"))).unwrap();
    assert!(!format!("{config:?}").contains("canary"));
    assert!(!format!("{:?}", Config::emulator("archive").unwrap()).contains("Eby8"));
}
