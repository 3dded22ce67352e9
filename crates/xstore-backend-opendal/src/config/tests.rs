use super::*;
use xstore_backend::{BackendId, BackendUrl, Setting, SettingProblem};

const HUNTER: &str = "hunter2";

fn request(url: &str, settings: Settings) -> OpenRequest {
    let request = OpenRequest::new(BackendId::new("there").unwrap(), BackendUrl::new(url).unwrap());
    request.with_base("/base").with_settings(settings)
}

fn read(url: &str, settings: Settings) -> Result<Config, OpenError> {
    Config::from_request(&request(url, settings))
}

fn text(value: &str) -> Setting {
    Setting::Text(value.into())
}

fn hidden() -> Setting {
    Setting::Secret(Secret::new(HUNTER.into()))
}

#[track_caller]
fn refused(result: Result<Config, OpenError>) -> SettingError {
    match result {
        Err(OpenError::Setting(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_url_names_a_service() {
    assert_eq!(read("opendal:memory", Settings::new()).unwrap(), Config::new(Service::Memory));
    for (url, part) in [
        ("opendal:", "opendal:SERVICE"),
        ("opendal://memory", "opendal:SERVICE"),
        ("opendal:memory/x", "no such service"),
        ("opendal:Memory", "no such service"),
        ("opendal:s3", "adapter of its own"),
        ("opendal:gdrive", "the same name"),
    ] {
        let Err(OpenError::Url(reason)) = read(url, Settings::new()) else { panic!("{url}") };
        assert!(reason.contains(part) && !reason.contains("gdrive,"), "{url}: {reason}");
    }
}

#[cfg(feature = "webdav")]
mod webdav {
    use super::*;

    fn dav() -> Settings {
        Settings::new().with("endpoint", text("https://cloud.example/dav"))
    }

    #[test]
    fn options_and_secrets_are_passed_on() {
        let settings = dav()
            .with("root", text("/shares/x/"))
            .with("username", text("alice"))
            .with("password", hidden())
            .with("disable_create_dir", Setting::Flag(true))
            .with("connect-timeout", Setting::Integer(250))
            .with("durable", Setting::Flag(true));
        let config = read("opendal:webdav", settings).unwrap();
        assert_eq!((config.prefix().as_str(), config.durable()), ("shares/x/", true));
        assert_eq!(config.connect_timeout(), Duration::from_millis(250));
        let mut told = config.told();
        told.sort();
        let expected = [
            ("disable_create_dir", "true"),
            ("endpoint", "https://cloud.example/dav"),
            ("password", HUNTER),
            ("root", "/"),
            ("username", "alice"),
        ];
        assert!(told.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected), "{told:?}");
        let shown = format!("{config:?}{config:#?}");
        assert!(shown.contains("alice") && !shown.contains(HUNTER), "{shown}");
    }

    #[test]
    fn durability_is_not_assumed() {
        assert!(!read("opendal:webdav", dav()).unwrap().durable());
        let memory = Settings::new().with("durable", Setting::Flag(true));
        assert!(refused(read("opendal:memory", memory)).to_string().contains("loss of power"));
    }

    #[test]
    fn what_the_service_does_not_know_is_refused_with_what_it_knows() {
        let error = refused(read("opendal:webdav", dav().with("passwort", hidden())));
        assert_eq!(error.name, "passwort");
        let message = error.to_string();
        assert!(message.contains("endpoint, root, username, password, token"), "{message}");
        let direct =
            Config::new(Service::Webdav).with_option("endpoint", "https://x").with_option("bucket", "b");
        assert_eq!(direct.check().unwrap_err().name, "bucket");
        let direct = Config::new(Service::Webdav).with_secret("endpoint", Secret::new("https://x".into()));
        assert_eq!(direct.check().unwrap_err().name, "endpoint");
    }

    #[test]
    fn a_secret_in_plain_text_is_refused() {
        for name in ["password", "token"] {
            let error = refused(read("opendal:webdav", dav().with(name, text(HUNTER))));
            assert_eq!((error.name.as_str(), &error.problem), (name, &SettingProblem::Plain));
            let direct =
                Config::new(Service::Webdav).with_option("endpoint", "https://x").with_option(name, HUNTER);
            assert_eq!(direct.check().unwrap_err().problem, SettingProblem::Plain);
        }
    }

    #[test]
    fn values_are_checked() {
        let missing = refused(read("opendal:webdav", Settings::new()));
        assert_eq!((missing.name.as_str(), missing.problem), ("endpoint", SettingProblem::Missing));
        let endpoints = [
            "cloud.example",
            "ftp://cloud.example",
            "https://",
            "https:///dav",
            "https://alice:hunter2@cloud.example/dav",
            "https://cloud.example/dav?x=1",
            "https://cloud.example/#x",
            "",
            "https://x\n",
        ];
        for endpoint in endpoints {
            let error = refused(read("opendal:webdav", Settings::new().with("endpoint", text(endpoint))));
            assert_eq!(error.name, "endpoint", "{endpoint:?}");
            assert!(!error.to_string().contains(HUNTER));
        }
        for root in ["a/../b", "..", "./a", "a//b"] {
            assert_eq!(
                refused(read("opendal:webdav", dav().with("root", text(root)))).name,
                "root",
                "{root:?}"
            );
        }
        let error = refused(read("opendal:webdav", dav().with("connect-timeout", Setting::Integer(0))));
        assert_eq!(error.name, "connect-timeout");
    }
}

#[cfg(all(feature = "sftp", unix))]
#[test]
fn nothing_becomes_an_option_of_ssh() {
    let sftp = |endpoint: &str, user: &str| {
        let settings = Settings::new().with("endpoint", text(endpoint)).with("root", text("/srv/x"));
        read("opendal:sftp", settings.with("user", text(user)))
    };
    for endpoint in
        ["host", "ssh://host:2222", "host.example", "[::1]", "alice@host", "ssh://alice@10.0.0.1:22"]
    {
        assert_eq!(sftp(endpoint, "alice").unwrap().prefix(), "srv/x/", "{endpoint}");
    }
    for endpoint in
        ["-oProxyCommand=x", "ssh://-x", "alice@-x", "-x@host", "a b", "host;x", "ssh://", "host/path"]
    {
        assert_eq!(refused(sftp(endpoint, "alice")).name, "endpoint", "{endpoint}");
    }
    assert_eq!(refused(sftp("host", "-lroot")).name, "user");
    let relative = Settings::new().with("endpoint", text("host")).with("root", text("srv"));
    assert_eq!(refused(read("opendal:sftp", relative)).name, "root");
}

#[cfg(all(feature = "fs", unix))]
#[test]
fn a_folder_of_this_machine_is_relative_to_the_configuration() {
    let at = |root: &str| read("opendal:fs", Settings::new().with("root", text(root))).unwrap().prefix();
    assert_eq!(at("shares"), "base/shares/");
    assert_eq!(at("/shares"), "shares/");
    assert_eq!(at("/"), "");
}

#[cfg(feature = "b2")]
#[test]
fn a_bucket_is_a_name() {
    let b2 = |bucket: &str| {
        let settings =
            Settings::new().with("bucket", text(bucket)).with("bucket_id", text("e73ede9969c64427a54f0a1b"));
        read(
            "opendal:b2",
            settings.with("application_key_id", text("0011")).with("application_key", hidden()),
        )
    };
    let config = b2("my-bucket").unwrap();
    assert_eq!((config.durable(), config.prefix().as_str()), (true, ""));
    assert_eq!(refused(b2("a/b")).name, "bucket");
    assert!(!format!("{config:?}").contains(HUNTER));
}
