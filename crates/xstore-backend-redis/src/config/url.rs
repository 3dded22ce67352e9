//! The URL of a server.

use super::{Address, Config};
use std::net::Ipv6Addr;
use std::path::Path;
use xstore_backend::BackendUrl;

const FORMS: &str = "write redis://HOST[:PORT][/DATABASE], rediss:// for TLS, or redis+unix:PATH";

/// Bytes of a host name.
const MAX_HOST: usize = 253;

/// Address and, where the URL says so, number of the database; or what is wrong.
pub(super) fn parse(url: &BackendUrl, base: &Path) -> Result<(Address, Option<u32>), String> {
    match url.scheme() {
        "redis+unix" => Ok((socket(url, base)?, None)),
        scheme => {
            let authority = url.authority().ok_or(FORMS)?;
            let (host, port) = host_and_port(authority)?;
            let database = database(url.path())?;
            Ok((Address::Tcp { host, port, is_tls: scheme == "rediss" }, database))
        }
    }
}

fn socket(url: &BackendUrl, base: &Path) -> Result<Address, String> {
    let path = match url.authority() {
        None => url.rest(),
        Some("") => url.path(),
        Some(_) => return Err("a socket is a file of this machine: write redis+unix:PATH".to_owned()),
    };
    if path.is_empty() || path.ends_with('/') {
        return Err("it names no socket: write redis+unix:PATH".to_owned());
    }
    Ok(Address::Unix(base.join(path)))
}

fn host_and_port(authority: &str) -> Result<(String, u16), String> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']').ok_or("an IPv6 address has no closing bracket")?;
            address.parse::<Ipv6Addr>().map_err(|_| "there is no IPv6 address in the brackets")?;
            match after {
                "" => (address, None),
                after => (address, Some(after.strip_prefix(':').ok_or(FORMS)?)),
            }
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let is_host = !host.is_empty() && host.len() <= MAX_HOST;
    if !is_host || !(authority.starts_with('[') || host.bytes().all(is_name)) {
        return Err(format!("it names no host: {FORMS}"));
    }
    let port = match port {
        None => Config::DEFAULT_PORT,
        Some(port) => {
            let number = digits(port).and_then(|number| u16::try_from(number).ok());
            number.filter(|&port| port > 0).ok_or("a port is a number from 1 to 65535")?
        }
    };
    Ok((host.to_owned(), port))
}

fn database(path: &str) -> Result<Option<u32>, String> {
    if path.contains(['?', '#']) {
        return Err("it has no parameters: what is needed besides stands in the settings".to_owned());
    }
    match path.strip_prefix('/').unwrap_or(path) {
        "" => Ok(None),
        number => match digits(number) {
            Some(number) => Ok(Some(number)),
            None => Err("behind the host stands nothing but the number of a database".to_owned()),
        },
    }
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
