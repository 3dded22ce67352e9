//! Free ports on the loopback.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// So many ports that were free a moment ago, all different. Somebody else may take one before it is used: whoever
/// starts a server on one is prepared to try again.
///
/// # Errors
/// If the system has none to give.
pub(crate) fn free<const N: usize>() -> io::Result<[u16; N]> {
    // All are held until the last is found, so that none comes twice.
    let held: Vec<TcpListener> =
        (0..N).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<io::Result<_>>()?;
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&held) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_and_different() {
        let mut ports = free::<10>().unwrap();
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, ports[9])).is_ok());
        ports.sort_unstable();
        assert!(ports.windows(2).all(|pair| pair[0] < pair[1]) && ports[0] > 0);
    }
}
