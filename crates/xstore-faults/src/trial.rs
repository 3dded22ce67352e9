//! One trial: an object is read and another one is stored while places go wrong, and what came of it is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use xstore::backend::Bytes;
use xstore::event::{Events, Progress};
use xstore::manifest::Manifest;
use xstore::{Code, Error, Store, Ticket};
use xstore_testkit::faulty::Behaviour;

use crate::fault::{Fault, Means, Objects};
use crate::kind::{Kind, Trouble};
use crate::mix::Mix;
use crate::proxy::Condition;

/// Shares that give an object back; there are as many as places.
pub const K: u8 = 3;

/// Bytes of an object: each share has a third of them.
const SIZE: usize = 300_000;

/// An operation that takes longer hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// What was held back on its way arrives within this time once it may.
const SETTLING: Duration = Duration::from_millis(300);

/// What came of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The right bytes were read; what was stored can be read without the places that went wrong.
    Survived,
    /// An error said so, and nothing is left behind.
    Refused,
    /// Anything else.
    Wrong(String),
}

/// What a trial found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What came of reading.
    pub get: Verdict,
    /// What came of storing.
    pub put: Verdict,
    /// How the places were made to go wrong.
    pub means: BTreeSet<Means>,
    /// Whether the get asked a place that went wrong.
    pub asked: bool,
    /// By which codes an error named the places.
    pub codes: BTreeMap<Kind, BTreeSet<&'static str>>,
}

/// Objects by the order of the places that hold their shares.
#[derive(Debug, Default)]
pub struct Stock {
    objects: BTreeMap<Vec<Kind>, Objects>,
    random: Option<fastrand::Rng>,
}

impl Stock {
    /// Whose bytes come from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { objects: BTreeMap::new(), random: Some(fastrand::Rng::with_seed(seed)) }
    }

    fn body(&mut self, len: usize) -> Bytes {
        let random = self.random.get_or_insert_with(|| fastrand::Rng::with_seed(0));
        std::iter::repeat_with(|| random.u8(..)).take(len).collect::<Vec<_>>().into()
    }

    async fn objects(&mut self, mix: &Mix, order: &[Kind]) -> Result<Objects, Trouble> {
        if let Some(objects) = self.objects.get(order) {
            return Ok(objects.clone());
        }
        let store = mix.open(order, K).await?;
        let older = store.put("document", self.body(SIZE)).await?;
        let body = self.body(SIZE);
        let newer = store.put("document", body.clone()).await?;
        let objects = Objects { older, newer, body };
        self.objects.insert(order.to_vec(), objects.clone());
        Ok(objects)
    }
}

/// Lets these places go wrong, reads and stores, and puts everything right again.
///
/// # Errors
/// If the trial itself can't be made.
pub async fn run(mix: &Mix, stock: &mut Stock, wrong: &[(Kind, Fault)]) -> Result<Finding, Trouble> {
    // Those that go wrong come first, so that they are asked first.
    let mut order: Vec<Kind> = wrong.iter().map(|(kind, _)| *kind).collect();
    order.extend(Kind::ALL.iter().filter(|kind| !wrong.iter().any(|(broken, _)| broken == *kind)));
    let objects = stock.objects(mix, &order).await?;
    let body = stock.body(SIZE);
    mix.forget();
    // Two stores that know nothing yet of what goes wrong.
    let (reader, writer) = (mix.open(&order, K).await?, mix.open(&order, K).await?);
    let before = all_keys(mix).await?;

    let mut injuries = Vec::new();
    for (kind, fault) in wrong {
        injuries.push(mix.inflict(*kind, *fault, &objects).await?);
    }
    let means = injuries.iter().map(|injury| injury.means).collect();
    let trial = Trial { mix, wrong, is_within: Kind::ALL.len() - wrong.len() >= usize::from(K) };
    let mut codes = BTreeMap::new();
    let (get, asked) = trial.get(&reader, &objects, &mut codes).await;
    let ticket = writer.begin("another")?;
    let put = writer.put("another", body.clone()).ticket(&ticket).deadline(DEADLINE).await;
    let put = match put {
        Ok(manifest) => trial.stored(&reader, manifest, &body).await?,
        Err(error) => Stored::of_error(trial.judge_put(&error)),
    };
    for injury in injuries {
        mix.mend(injury).await?;
    }
    let put = trial.tidied(&order, put, &ticket, &before).await?;
    Ok(Finding { get, put, means, asked, codes })
}

struct Trial<'a> {
    mix: &'a Mix,
    wrong: &'a [(Kind, Fault)],
    /// Whether no more go wrong than may.
    is_within: bool,
}

/// A put that has ended.
struct Stored {
    manifest: Option<Manifest>,
    verdict: Verdict,
}

impl Stored {
    fn of_error(verdict: Verdict) -> Self {
        Self { manifest: None, verdict }
    }
}

impl Trial<'_> {
    fn is_wrong(&self, kind: Kind) -> bool {
        self.wrong.iter().any(|(wrong, _)| *wrong == kind)
    }

    async fn get(
        &self,
        store: &Store,
        objects: &Objects,
        codes: &mut BTreeMap<Kind, BTreeSet<&'static str>>,
    ) -> (Verdict, bool) {
        let (progress, events) = Progress::channel();
        let got = store.get(&objects.newer).progress(progress).deadline(DEADLINE).await;
        let asked = self.asked(events).await;
        let verdict = match got {
            Ok(bytes) if bytes != objects.body => Verdict::Wrong("other bytes were read".into()),
            Ok(_) if !self.is_within && self.wrong.iter().all(|(_, fault)| fault.stops_reading()) => {
                Verdict::Wrong("it was read although too much goes wrong: nothing went wrong".into())
            }
            Ok(_) => Verdict::Survived,
            Err(error) => {
                note(&error, codes);
                self.judge_get(&error)
            }
        };
        (verdict, asked)
    }

    /// Whether a place that goes wrong was asked.
    async fn asked(&self, mut events: Events) -> bool {
        let mut asked = false;
        while let Some(event) = events.next().await {
            let kind = event.backend.and_then(|id| kind_of(id.as_str()));
            asked |= kind.is_some_and(|kind| self.is_wrong(kind));
        }
        asked
    }

    fn judge_get(&self, error: &Error) -> Verdict {
        if self.is_within {
            return Verdict::Wrong(format!("{}: {error}", error.code()));
        }
        if error.code() != Code::InsufficientShares {
            return Verdict::Wrong(format!("the code is {}: {error}", error.code()));
        }
        let is_named = |(kind, fault): &&(Kind, Fault)| {
            let mut own = error.attempts().iter().filter(|attempt| attempt.backend.as_str() == kind.name());
            !fault.stops_reading() || own.any(|attempt| fault.codes().contains(&attempt.code))
        };
        let unnamed = self.wrong.iter().find(|wrong| !is_named(wrong));
        match unnamed {
            Some((kind, _)) => {
                Verdict::Wrong(format!("{} isn't named as it should be: {error}", kind.name()))
            }
            None => Verdict::Refused,
        }
    }

    /// A put may be refused, by a code of its own and with the places that refused it.
    fn judge_put(&self, error: &Error) -> Verdict {
        let codes = [Code::ShareUploadFailed, Code::InsufficientBackends];
        let others = error
            .attempts()
            .iter()
            .filter(|attempt| !kind_of(attempt.backend.as_str()).is_some_and(|kind| self.is_wrong(kind)));
        if !codes.contains(&error.code()) || error.attempts().is_empty() {
            return Verdict::Wrong(format!("the put's code is {}: {error}", error.code()));
        }
        match others.into_iter().next() {
            Some(other) => Verdict::Wrong(format!("a place in order is blamed: {other}")),
            None => Verdict::Refused,
        }
    }

    /// Whether what was stored can be read without the places that go wrong.
    async fn stored(&self, store: &Store, manifest: Manifest, body: &Bytes) -> Result<Stored, Trouble> {
        if self.is_within {
            for (kind, _) in self.wrong {
                self.take_away(*kind).await?;
            }
        }
        let got = store.get(&manifest).deadline(DEADLINE).await;
        let verdict = match got {
            Ok(bytes) if bytes == *body => Verdict::Survived,
            Ok(_) => Verdict::Wrong("what was stored reads as other bytes".into()),
            // Beyond what may go wrong, what was stored may have to wait for its places.
            Err(_) if !self.is_within => Verdict::Survived,
            Err(error) => Verdict::Wrong(format!("what was stored can't be read: {error}")),
        };
        if self.is_within {
            for (kind, _) in self.wrong {
                self.give_back(*kind).await?;
            }
        }
        Ok(Stored { manifest: Some(manifest), verdict })
    }

    async fn take_away(&self, kind: Kind) -> Result<(), Trouble> {
        if let Some(proxy) = self.mix.proxy(kind) {
            proxy.set(Condition::Refused).await?;
        }
        for faults in self.mix.faults(kind) {
            faults.set(Behaviour::Down);
        }
        Ok(())
    }

    async fn give_back(&self, kind: Kind) -> Result<(), Trouble> {
        if let Some(proxy) = self.mix.proxy(kind) {
            proxy.set(Condition::Pass).await?;
        }
        for faults in self.mix.faults(kind) {
            faults.clear();
        }
        Ok(())
    }

    /// All is well again: what was stored is read and removed, what may have been left is swept, and then there is
    /// exactly what was there before.
    async fn tidied(
        &self,
        order: &[Kind],
        put: Stored,
        ticket: &Ticket,
        before: &BTreeSet<String>,
    ) -> Result<Verdict, Trouble> {
        let store = self.mix.open(order, K).await?;
        // What the proxy held back arrives now, as it does from a network that was cut for a while.
        tokio::time::sleep(SETTLING).await;
        if let Some(manifest) = &put.manifest {
            if let Err(error) = store.get(manifest).deadline(DEADLINE).await {
                return Ok(Verdict::Wrong(format!(
                    "what was stored is lost when all is well again: {error}"
                )));
            }
            let deleted = store.delete(manifest).await?;
            if let Some(attempt) = deleted.remaining().first() {
                return Ok(Verdict::Wrong(format!(
                    "a share isn't deleted when all is well again: {attempt}"
                )));
            }
        }
        let swept = store.sweep(ticket).await?;
        if let Some(attempt) = swept.unconfirmed.first() {
            return Ok(Verdict::Wrong(format!("the sweep isn't done when all is well again: {attempt}")));
        }
        let after = all_keys(self.mix).await?;
        if let Some(left) = after.symmetric_difference(before).next() {
            return Ok(Verdict::Wrong(format!("{left} is left behind or lost")));
        }
        Ok(put.verdict)
    }
}

/// Which codes an error names places by.
fn note(error: &Error, codes: &mut BTreeMap<Kind, BTreeSet<&'static str>>) {
    for attempt in error.attempts() {
        if let Some(kind) = kind_of(attempt.backend.as_str()) {
            codes.entry(kind).or_default().insert(attempt.code.as_str());
        }
    }
}

fn kind_of(name: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.name() == name)
}

async fn all_keys(mix: &Mix) -> Result<BTreeSet<String>, Trouble> {
    let mut all = BTreeSet::new();
    for kind in Kind::ALL {
        all.extend(mix.keys(kind).await?.iter().map(|key| format!("{}: {key}", kind.name())));
    }
    Ok(all)
}
