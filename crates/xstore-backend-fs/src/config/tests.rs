use super::*;
use xstore_backend::{Setting, SettingProblem};

fn parse(url: &str) -> Result<PathBuf, String> {
    match Config::new(&BackendUrl::new(url).unwrap(), Settings::new(), Path::new("base")) {
        Ok(config) => Ok(config.root),
        Err(OpenError::Url(reason)) => Err(reason),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_path_is_taken_as_it_stands() {
    for (url, path) in [
        ("file:disk", "base/disk"),
        ("file:disk/a b/%20?x#y", "base/disk/a b/%20?x#y"),
        ("file:../disk", "base/../disk"),
        ("file:.", "base/."),
        ("file:a:b@c", "base/a:b@c"),
    ] {
        assert_eq!(parse(url), Ok(PathBuf::from(path)), "{url}");
    }
}

#[cfg(unix)]
#[test]
fn absolute_paths() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    for (url, path) in [
        ("file:/mnt/100%25", "/mnt/100%25"),
        ("file:///mnt/disk", "/mnt/disk"),
        ("file:///mnt/disk/", "/mnt/disk/"),
        ("file:///", "/"),
        ("file://localhost/mnt/disk", "/mnt/disk"),
        ("file://LocalHost/mnt/disk", "/mnt/disk"),
        ("file:///mnt/a%20b%25%3f%23c", "/mnt/a b%?#c"),
        ("file:///mnt/%c3%A4", "/mnt/ä"),
        ("file:///mnt//x/../y", "/mnt//x/../y"),
    ] {
        assert_eq!(parse(url), Ok(PathBuf::from(path)), "{url}");
    }
    assert_eq!(parse("file:///a%ff"), Ok(PathBuf::from(OsStr::from_bytes(b"/a\xff"))));
}

#[cfg(windows)]
#[test]
fn drives() {
    assert_eq!(parse("file:///C:/a%20b"), Ok(PathBuf::from("C:/a b")));
    assert_eq!(parse(r"file:C:\disk"), Ok(PathBuf::from(r"C:\disk")));
    assert!(parse("file:///a%ff").unwrap_err().contains("UTF-8"));
}

#[test]
fn what_names_no_folder_here_is_refused_with_a_hint() {
    for (url, hint) in [
        ("file:", "names no folder"),
        ("file://", "absolute path"),
        ("file://server/share", "file:server..."),
        ("file://disk", "file:///disk..."),
        ("file:///a?b", "%3F"),
        ("file:///a#b", "%23"),
        ("file:///a%", "two hexadecimal digits"),
        ("file:///a%4", "two hexadecimal digits"),
        ("file:///a%4g", "two hexadecimal digits"),
        ("file:///a%+4", "two hexadecimal digits"),
        ("file:///a%\u{e4}", "two hexadecimal digits"),
        ("file:///a%00", "neither 00"),
        ("file:///a%2Fb", "nor 2F"),
        ("file:///a%2fb", "nor 2F"),
    ] {
        let reason = parse(url).unwrap_err();
        assert!(reason.contains(hint), "{url}: {reason}");
    }
}

#[test]
fn settings() {
    let config = |settings| Config::new(&BackendUrl::new("file:x").unwrap(), settings, Path::new(""));
    assert!(config(Settings::new()).unwrap().durable);
    assert!(!config(Settings::new().with("durable", Setting::Flag(false))).unwrap().durable);
    let problem = |settings| match config(settings) {
        Err(OpenError::Setting(error)) => error.problem,
        other => panic!("{other:?}"),
    };
    let text = Settings::new().with("durable", Setting::Text("false".into()));
    assert!(matches!(problem(text), SettingProblem::Type { .. }));
    assert_eq!(problem(Settings::new().with("sync", Setting::Flag(true))), SettingProblem::Unknown);
}
