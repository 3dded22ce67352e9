//! What a text from outside has to look like.

use crate::Config;
use std::net::IpAddr;
use xstore_backend::{BackendUrl, SettingError};

/// The bucket and the prefix.
pub(super) fn place_of(url: &BackendUrl) -> Result<(String, String), &'static str> {
    let bucket = url.authority().ok_or("write s3://BUCKET or s3://BUCKET/PREFIX")?;
    if bucket.is_empty() {
        return Err("it names no bucket: write s3://BUCKET or s3://BUCKET/PREFIX");
    }
    if bucket.contains(':') {
        return Err(
            "the first part is the name of the bucket, without a port: the server is the setting endpoint",
        );
    }
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let ends = [bucket.as_bytes()[0], bucket.as_bytes()[bucket.len() - 1]];
    let is_name = (3..=63).contains(&bucket.len())
        && bucket.bytes().all(is_inner)
        && ends.iter().all(u8::is_ascii_alphanumeric)
        && !bucket.contains("..")
        && bucket.parse::<IpAddr>().is_err();
    if !is_name {
        return Err(
            "a bucket's name has 3 to 63 of the characters a-z 0-9 . - and begins and ends with a letter or \
                    digit",
        );
    }
    if bucket.ends_with("--x-s3") {
        return Err("directory buckets (S3 Express One Zone) aren't supported");
    }
    let prefix = match url.path().strip_prefix('/') {
        Some("") => "",
        Some(path) => path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path),
        None if url.path().is_empty() => "",
        None => return Err("nothing stands behind it but a prefix: what is needed besides has settings"),
    };
    let is_segment = |segment: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !segment.is_empty() && segment.bytes().all(is_plain) && segment.bytes().any(|byte| byte != b'.')
    };
    if prefix.len() > Config::MAX_PREFIX || !(prefix.is_empty() || prefix.split('/').all(is_segment)) {
        return Err(
            "behind the bucket there is a prefix of up to 256 bytes: words of the characters A-Z a-z 0-9 . _ \
                    - joined by slashes",
        );
    }
    Ok((bucket.to_owned(), prefix.to_owned()))
}

/// Whether it is the address of a server, and one that may be spoken to in the open.
pub(super) fn check_endpoint(url: &str, allow_http: bool) -> Result<(), &'static str> {
    const FORM: &str = "write https://HOST or https://HOST:PORT";
    let (is_plain, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        _ => return Err(FORM),
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err("keys don't stand in it: there are settings for them");
    }
    // In brackets there is an address of version 6.
    let (host, port) = match authority.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, after)) if host.parse::<IpAddr>().is_ok() => (host, after),
        Some(_) => return Err(FORM),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let is_host = !host.is_empty() && (authority.starts_with('[') || host.bytes().all(is_host));
    let is_path = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/.-_~".contains(&byte));
    if !is_host || !is_port || !is_path || url.len() > 1024 {
        return Err(FORM);
    }
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if is_plain && !is_here && !allow_http {
        return Err("http:// is neither encrypted nor protected: write https://, or set allow-http = true");
    }
    Ok(())
}

/// Letters, digits and some other characters.
pub(super) fn word(
    name: &str,
    text: String,
    max: usize,
    others: &str,
    example: &str,
) -> Result<String, SettingError> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || others.as_bytes().contains(&byte);
    if (1..=max).contains(&text.len()) && text.bytes().all(is_good) {
        return Ok(text);
    }
    let others: Vec<String> = others.chars().map(String::from).collect();
    let others = others.join(" ");
    let reason = format!("it has 1 to {max} of the characters A-Z a-z 0-9 {others}, {example}");
    Err(SettingError::value(name, reason))
}
