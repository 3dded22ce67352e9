//! A container in Azurite: the one request of a cloud that has to be signed by hand.

use std::io;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::itest::http;

/// The account that Azurite has from the beginning. Account and key are published; nothing is secret about them.
pub(crate) const ACCOUNT: &str = "devstoreaccount1";
pub(crate) const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

const VERSION: &str = "2021-12-02";

/// Makes a container. One that is there already is fine.
///
/// # Errors
/// If Azurite doesn't answer, or refuses.
pub(crate) fn make_container(port: u16, container: &str) -> io::Result<()> {
    let target = format!("/{ACCOUNT}/{container}?restype=container");
    // Azurite takes a date from any time, so none needs to be asked for.
    let date = "Thu, 01 Jan 2026 00:00:00 GMT";
    let authorization = format!("SharedKey {ACCOUNT}:{}", signature(container, date)?);
    let headers = [("x-ms-date", date), ("x-ms-version", VERSION), ("authorization", authorization.as_str())];
    let answer = http::ask(port, "PUT", &target, &headers, "")?;
    match answer.status {
        201 | 409 => Ok(()),
        status => Err(io::Error::other(format!("Azurite answers {status} to a request for a container"))),
    }
}

/// As "Authorize with Shared Key" has it: the method, eleven headers that this request lacks, its own headers, the
/// resource, the query.
fn signature(container: &str, date: &str) -> io::Result<String> {
    let text = format!(
        "PUT{}x-ms-date:{date}\nx-ms-version:{VERSION}\n/{ACCOUNT}/{ACCOUNT}/{container}\nrestype:container",
        "\n".repeat(12)
    );
    let key = BASE64.decode(KEY.as_bytes()).map_err(|_| io::Error::other("the key is not base64"))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(io::Error::other)?;
    mac.update(text.as_bytes());
    Ok(BASE64.encode(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_another_implementation() {
        // Python: base64(hmac.new(base64(key), text, sha256))
        let expected = "yBivLBy1G5DQqg9I9QN3vRTaltPKKhzpnO34nBx/ffY=";
        assert_eq!(signature("testcontainer", "Thu, 01 Jan 2026 00:00:00 GMT").unwrap(), expected);
    }
}
