//! A proxy between a client and a server on the loopback that goes wrong as it is told to, at any time.

mod canned;
mod condition;
mod connection;
mod framing;
mod http;
mod redis;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use canned::{Canned, Scope};
pub use condition::Condition;
pub(crate) use condition::Way;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// So often it is tried to listen again at a port that was closed for a while.
const REOPENINGS: u32 = 100;

/// What passes through, as far as bodies have to be told from what surrounds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http,
    /// The protocol of Redis, version 2 or 3.
    Redis,
}

/// A proxy that listens until it is dropped.
///
/// ```no_run
/// # async fn example(server: std::net::SocketAddr) -> std::io::Result<()> {
/// use xstore_faults::proxy::{Condition, Protocol, Proxy};
///
/// let proxy = Proxy::start(server, Protocol::Http, 42).await?;
/// println!("connect to {}", proxy.address());
/// proxy.set(Condition::Frozen).await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

/// What the proxy and its connections share.
#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    protocol: Protocol,
    order: watch::Sender<Order>,
    /// The number of the last order that the listener obeys, or why it can't.
    obeyed: watch::Sender<Result<u64, io::ErrorKind>>,
    strikes: AtomicU64,
    random: Mutex<fastrand::Rng>,
}

/// What to do from now on.
#[derive(Debug, Clone)]
struct Order {
    number: u64,
    condition: Condition,
}

impl Proxy {
    /// Listens on a free port of the loopback and passes everything on. What is left to chance is decided by the seed
    /// and the order in which things happen.
    ///
    /// # Errors
    /// If no port can be had.
    ///
    /// # Panics
    /// Needs a tokio runtime with I/O and timers.
    pub async fn start(server: SocketAddr, protocol: Protocol, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            server,
            protocol,
            order: watch::Sender::new(Order { number: 0, condition: Condition::Pass }),
            obeyed: watch::Sender::new(Ok(0)),
            strikes: AtomicU64::new(0),
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
        });
        let listening = tokio::spawn(listen(Arc::clone(&shared), address, listener));
        Ok(Self { address, shared, listening })
    }

    /// Where clients connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what happens, to connections that exist as well. Returns when it is so.
    ///
    /// # Errors
    /// If the port can't be listened at again after [`Condition::Refused`].
    pub async fn set(&self, condition: Condition) -> io::Result<()> {
        let mut number = 0;
        self.shared.order.send_modify(|order| {
            order.number += 1;
            order.condition = condition;
            number = order.number;
        });
        let mut obeyed = self.shared.obeyed.subscribe();
        let is_done = |state: &Result<u64, _>| state.as_ref().map_or(true, |obeyed| *obeyed >= number);
        let gone = |_| io::Error::other("the proxy has stopped");
        obeyed.wait_for(is_done).await.map_err(gone)?.map(drop).map_err(io::Error::from)
    }

    /// How often the conditions so far did something: a connection cut, an answer changed, a byte held back. Refused
    /// connections are the system's business and not counted.
    #[must_use]
    pub fn strikes(&self) -> u64 {
        self.shared.strikes.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        // Connections end with the order.
        self.shared.order.send_modify(|order| {
            order.number += 1;
            order.condition = Condition::Refused;
        });
    }
}

impl Shared {
    fn condition(&self) -> Condition {
        self.order.borrow().condition.clone()
    }

    fn strike(&self) {
        self.strikes.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether something with this probability happens now.
    fn draw(&self, probability: f64) -> bool {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).f64() < probability
    }

    /// Waits while everything is frozen.
    async fn thaw(&self) {
        if matches!(self.order.borrow().condition, Condition::Frozen) {
            self.strike();
        }
        let mut orders = self.order.subscribe();
        let _ = orders.wait_for(|order| !matches!(order.condition, Condition::Frozen)).await;
    }
}

/// Accepts connections, except while they are to be refused.
async fn listen(shared: Arc<Shared>, address: SocketAddr, listener: TcpListener) {
    let mut orders = shared.order.subscribe();
    let mut listener = Some(listener);
    loop {
        let order = orders.borrow_and_update().clone();
        if matches!(order.condition, Condition::Refused) {
            listener = None;
        } else if listener.is_none() {
            match reopen(address).await {
                Ok(open) => listener = Some(open),
                Err(error) => {
                    shared.obeyed.send_modify(|state| *state = Err(error.kind()));
                    return;
                }
            }
        }
        shared.obeyed.send_modify(|state| *state = Ok(order.number));
        tokio::select! {
            biased;
            changed = orders.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            accepted = accept(listener.as_ref()) => {
                if let Ok((client, _)) = accepted {
                    tokio::spawn(connection::serve(client, Arc::clone(&shared)));
                }
            }
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<(tokio::net::TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// Takes the same port again. Connections that are being closed may hold it for a moment.
async fn reopen(address: SocketAddr) -> io::Result<TcpListener> {
    let mut left = REOPENINGS;
    loop {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        match socket.bind(address).and_then(|()| socket.listen(BACKLOG)) {
            Ok(listener) => return Ok(listener),
            Err(error) if left == 0 => return Err(error),
            Err(_) => left -= 1,
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
