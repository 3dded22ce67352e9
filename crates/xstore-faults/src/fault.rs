//! What goes wrong, and how each place is made to show it.

use std::fs;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use xstore::Code;
use xstore::backend::{Bytes, Key, PutOptions};
use xstore::manifest::Manifest;
use xstore_testkit::faulty::{Behaviour, Rule};

use crate::answers;
use crate::kind::{Kind, Trouble};
use crate::mix::{LARGEST, Mix};
use crate::proxy::Condition;
use crate::redis;

/// Bytes of a body that pass before it is cut off: less than any share here has.
const CUT: u64 = 10_000;

/// A request that fails for no reason.
const FLAKY: f64 = 0.3;

const LATENCY: Duration = Duration::from_millis(300);
const RATE: u32 = 400_000;

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing is there.
    Stopped,
    /// It takes requests and never answers.
    Frozen,
    /// It answers late and sends slowly.
    Slow,
    /// Every third request fails.
    Flaky,
    /// It takes no more.
    Full,
    /// It doesn't know the credentials any more.
    Revoked,
    /// It serves a share of an earlier object.
    Older,
    /// It serves changed bytes.
    Flipped,
    /// Values end too early.
    Truncated,
    /// Connections are reset in the middle of a value.
    Reset,
}

/// How it comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Means {
    /// Between client and server, by the proxy.
    Wire,
    /// By the proxy in the server's place, since the server can't be made to.
    Canned,
    /// By the server, the disk or the stored value itself.
    Real,
    /// By a layer around the adapter, since there is nothing between it and its disk.
    Layer,
}

impl Fault {
    /// All.
    pub const ALL: [Self; 10] = [
        Self::Stopped,
        Self::Frozen,
        Self::Slow,
        Self::Flaky,
        Self::Full,
        Self::Revoked,
        Self::Older,
        Self::Flipped,
        Self::Truncated,
        Self::Reset,
    ];

    /// The words for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Frozen => "frozen",
            Self::Slow => "slow",
            Self::Flaky => "flaky",
            Self::Full => "out of space",
            Self::Revoked => "credentials revoked",
            Self::Older => "an older share",
            Self::Flipped => "flipped bits",
            Self::Truncated => "truncated",
            Self::Reset => "reset in mid-body",
        }
    }

    /// The codes by which an error may name a place that shows it while something is read; none where reading goes on.
    #[must_use]
    pub fn codes(self) -> &'static [Code] {
        match self {
            Self::Stopped => &[Code::BackendUnavailable],
            Self::Frozen => &[Code::BackendTimeout],
            Self::Revoked => &[Code::BackendAuthFailed],
            Self::Older => &[Code::ShareIntegrityFailed],
            // The checksum of the connection or of the client may find it before the tags do.
            Self::Flipped | Self::Truncated | Self::Reset => {
                &[Code::ShareIntegrityFailed, Code::BackendUnavailable]
            }
            Self::Slow | Self::Flaky | Self::Full => &[],
        }
    }

    /// Whether a get from k places can fail at all if more than n-k show it.
    #[must_use]
    pub fn stops_reading(self) -> bool {
        !self.codes().is_empty()
    }
}

impl Means {
    /// The letter for it in tables.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Wire => 'w',
            Self::Canned => 'c',
            Self::Real => 'r',
            Self::Layer => 'l',
        }
    }
}

/// An object, and an earlier one of the same name, stored while all was well.
#[derive(Debug, Clone)]
pub struct Objects {
    /// The earlier one.
    pub older: Manifest,
    /// The one that is read.
    pub newer: Manifest,
    /// Its bytes.
    pub body: Bytes,
}

/// A place at which something goes wrong until it is [mended](Mix::mend).
#[derive(Debug)]
#[must_use]
pub struct Injury {
    kind: Kind,
    /// How.
    pub means: Means,
    undo: Undo,
}

#[derive(Debug)]
enum Undo {
    Proxy,
    Layer,
    Redis(redis::Undo),
    Values(Vec<(Key, Bytes)>),
    Folder { from: PathBuf, to: PathBuf },
    Disk,
}

impl Mix {
    /// Lets something go wrong at a place.
    ///
    /// # Errors
    /// If it can't be brought about.
    pub async fn inflict(&self, kind: Kind, fault: Fault, objects: &Objects) -> Result<Injury, Trouble> {
        let injury = |means, undo| Ok(Injury { kind, means, undo });
        if fault == Fault::Older {
            return injury(Means::Real, Undo::Values(self.replace(kind, objects).await?));
        }
        if kind == Kind::Redis
            && let Some(server) = kind.server()?
        {
            match fault {
                Fault::Full => return injury(Means::Real, Undo::Redis(redis::fill(server).await?)),
                Fault::Revoked => return injury(Means::Real, Undo::Redis(redis::revoke(server).await?)),
                _ => {}
            }
        }
        if let Some(proxy) = self.proxy(kind) {
            let condition = on_the_wire(kind, fault);
            let means = if matches!(condition, Condition::Answered(_)) { Means::Canned } else { Means::Wire };
            proxy.set(condition).await?;
            return injury(means, Undo::Proxy);
        }
        match fault {
            Fault::Stopped if kind == Kind::Fs => {
                let from = self.folder(kind).join("values");
                let to = self.folder(kind).join("moved away");
                fs::rename(&from, &to)?;
                injury(Means::Real, Undo::Folder { from: to, to: from })
            }
            Fault::Full if self.disks[&kind].fill()? => injury(Means::Real, Undo::Disk),
            Fault::Flipped => injury(Means::Real, Undo::Values(self.spoil(kind, objects, flipped).await?)),
            Fault::Truncated => injury(Means::Real, Undo::Values(self.spoil(kind, objects, halved).await?)),
            _ => {
                for faults in self.faults(kind) {
                    faults.set_rules(in_the_layer(fault));
                }
                injury(Means::Layer, Undo::Layer)
            }
        }
    }

    /// Puts everything right again.
    ///
    /// # Errors
    /// If it can't be.
    pub async fn mend(&self, injury: Injury) -> Result<(), Trouble> {
        match injury.undo {
            Undo::Proxy => {
                if let Some(proxy) = self.proxy(injury.kind) {
                    proxy.set(Condition::Pass).await?;
                }
            }
            Undo::Layer => {
                for faults in self.faults(injury.kind) {
                    faults.clear();
                }
            }
            Undo::Redis(undo) => undo.run().await?,
            Undo::Values(values) => {
                for (key, value) in values {
                    self.overwrite(injury.kind, &key, value).await?;
                }
            }
            Undo::Folder { from, to } => fs::rename(from, to)?,
            Undo::Disk => self.disks[&injury.kind].relieve()?,
        }
        Ok(())
    }

    /// Puts the shares of the older object in the place of the newer one's; returns what was there.
    async fn replace(&self, kind: Kind, objects: &Objects) -> Result<Vec<(Key, Bytes)>, Trouble> {
        let mut kept = Vec::new();
        let older = share_keys(&objects.older, kind)?;
        for (key, old) in share_keys(&objects.newer, kind)?.into_iter().zip(older) {
            let value = self.direct(kind).get(&old, LARGEST).await?;
            kept.push((key.clone(), self.direct(kind).get(&key, LARGEST).await?));
            self.overwrite(kind, &key, value).await?;
        }
        Ok(kept)
    }

    /// Changes the shares of the newer object; returns what was there.
    async fn spoil(
        &self,
        kind: Kind,
        objects: &Objects,
        change: fn(&Bytes) -> Bytes,
    ) -> Result<Vec<(Key, Bytes)>, Trouble> {
        let mut kept = Vec::new();
        for key in share_keys(&objects.newer, kind)? {
            let value = self.direct(kind).get(&key, LARGEST).await?;
            self.overwrite(kind, &key, change(&value)).await?;
            kept.push((key, value));
        }
        Ok(kept)
    }

    async fn overwrite(&self, kind: Kind, key: &Key, value: Bytes) -> Result<(), Trouble> {
        self.direct(kind).delete(key).await?;
        Ok(self.direct(kind).put(key, value.into(), &PutOptions::default()).await?)
    }
}

/// Where a place keeps the shares of an object.
fn share_keys(manifest: &Manifest, kind: Kind) -> Result<Vec<Key>, Trouble> {
    let shares = manifest.body().parts.iter().flat_map(|part| part.shares.iter().flatten());
    let here = shares.filter(|share| share.backend.as_str() == kind.name());
    here.map(|share| Ok(Key::new(share.key.as_str())?)).collect()
}

fn flipped(value: &Bytes) -> Bytes {
    let mut changed = value.to_vec();
    let middle = changed.len() / 2;
    if let Some(byte) = changed.get_mut(middle) {
        *byte ^= 1;
    }
    changed.into()
}

fn halved(value: &Bytes) -> Bytes {
    value.slice(..value.len() / 2)
}

fn on_the_wire(kind: Kind, fault: Fault) -> Condition {
    match fault {
        Fault::Stopped | Fault::Older => Condition::Refused,
        Fault::Frozen => Condition::Frozen,
        Fault::Slow => Condition::Slow { latency: LATENCY, bytes_per_second: RATE },
        Fault::Flaky => Condition::Flaky { probability: FLAKY },
        Fault::Full => Condition::Answered(answers::full(kind)),
        Fault::Revoked => Condition::Answered(answers::revoked(kind)),
        // Beyond the answers that tell about buckets, within every share.
        Fault::Flipped => Condition::Flipped { first: CUT, step: CUT },
        Fault::Truncated => Condition::Truncated { after: CUT },
        Fault::Reset => Condition::Reset { up: Some(CUT), down: Some(CUT) },
    }
}

fn in_the_layer(fault: Fault) -> Vec<Rule> {
    match fault {
        Fault::Frozen => vec![Rule::new(Behaviour::Hang)],
        Fault::Slow => {
            let bytes_per_second = NonZeroU64::new(RATE.into()).unwrap_or(NonZeroU64::MIN);
            vec![Rule::new(Behaviour::Slow(LATENCY)), Rule::new(Behaviour::Trickle { bytes_per_second })]
        }
        Fault::Flaky => {
            let server_error = Behaviour::ServerError { times: u32::MAX, retry_after: None };
            vec![Rule::new(server_error).with_probability(FLAKY)]
        }
        Fault::Full => vec![Rule::new(Behaviour::Quota)],
        Fault::Revoked => vec![Rule::new(Behaviour::Auth)],
        // A write that is done, and whose answer doesn't come; a read that ends too early.
        Fault::Reset => vec![Rule::new(Behaviour::LostAck), Rule::new(Behaviour::Truncated { by: 1 })],
        Fault::Stopped | Fault::Older | Fault::Flipped | Fault::Truncated => vec![Rule::new(Behaviour::Down)],
    }
}
