//! The handle that tells a faulty backend what to do wrong.

use crate::faulty::history::{History, Mark};
use crate::faulty::record::{Call, Counts};
use crate::faulty::rule::{Active, Draw, Rule};
use crate::faulty::{Behaviour, late::Late};
use fastrand::Rng;
use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use xstore_backend::{Bytes, Cursor, Key, Operation, Payload, Prefix};

/// Tells one [`FaultyBackend`](crate::faulty::FaultyBackend) what to do wrong, at any time, and what it was asked. A
/// clone is the same handle.
///
/// Operations that have begun go on as they began.
#[derive(Clone, Debug)]
pub struct Faults {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    seed: u64,
    state: Mutex<State>,
    /// A late write has landed or was taken back.
    landed: Notify,
}

/// What is known and changes.
#[derive(Debug, Default)]
pub(crate) struct State {
    rules: Vec<Active>,
    /// How often each operation on each key came in: where the chance of each is taken from.
    seen: HashMap<(Operation, String), u64>,
    /// How often each rule for server errors made each operation on each key fail.
    server_errors: HashMap<(usize, Operation, String), u32>,
    /// Which page of its listing a cursor leads to.
    pages: HashMap<(String, Cursor), usize>,
    pub(crate) counts: Counts,
    pub(crate) log: Vec<Call>,
    pub(crate) history: History,
    pub(crate) late: Late,
}

/// What is to go wrong in one operation.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) delay: Duration,
    pub(crate) rate: Option<NonZeroU64>,
    pub(crate) rule: Option<Rule>,
    pub(crate) random: Rng,
    /// Which page of a listing it is.
    pub(crate) page: usize,
}

impl Plan {
    pub(crate) fn behaviour(&self) -> Option<&Behaviour> {
        self.rule.as_ref().map(|rule| &rule.behaviour)
    }
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { shared: Arc::new(Shared { seed, state: Mutex::default(), landed: Notify::new() }) }
    }

    /// From now on this, and nothing else.
    pub fn set(&self, behaviour: Behaviour) {
        self.set_rules([Rule::new(behaviour)]);
    }

    /// From now on these, and nothing else. The first rule that fires decides; delays of all that fire add up.
    pub fn set_rules(&self, rules: impl IntoIterator<Item = Rule>) {
        let rules = rules.into_iter().map(Active::new).collect();
        let mut state = self.state();
        state.rules = rules;
        state.server_errors.clear();
    }

    /// This too, where no rule before it decides.
    pub fn add(&self, rule: Rule) {
        self.state().rules.push(Active::new(rule));
    }

    /// The next `operations` go on as they would, and after them it is [down](Behaviour::Down).
    pub fn fail_after(&self, operations: u64) {
        self.add(Rule::new(Behaviour::Down).after(operations));
    }

    /// From now on nothing goes wrong. Late writes still land.
    pub fn clear(&self) {
        self.set_rules([]);
    }

    /// How much was asked so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.state().counts.clone()
    }

    /// What was asked so far, in the order in which it came in.
    #[must_use]
    pub fn log(&self) -> Vec<Call> {
        self.state().log.clone()
    }

    /// Forgets what was asked so far, but for the operations that are going on. The chances of the seed go on.
    pub fn reset_counts(&self) {
        let mut state = self.state();
        state.counts.reset();
        state.log.clear();
    }

    /// This moment, for [`Behaviour::RolledBack`].
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.state().history.mark()
    }

    /// Lets the history know a value that didn't come through here, as if it had been put now.
    pub fn remember(&self, key: &Key, value: impl Into<Payload>) {
        self.state().history.record(key, Some(value.into()));
    }

    /// Late writes that have neither landed nor been taken back.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.state().late.pending()
    }

    /// Waits until no late write is pending.
    ///
    /// # Cancel safety
    /// It only waits.
    pub async fn settled(&self) {
        loop {
            let landed = self.shared.landed.notified();
            if self.pending() == 0 {
                return;
            }
            landed.await;
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wake_settled(&self) {
        self.shared.landed.notify_waiters();
    }

    /// Notes an operation, and decides what goes wrong in it.
    pub(crate) fn begin(&self, operation: Operation, subject: Subject<'_>) -> Plan {
        let mut state = self.state();
        state.counts.begin(operation);
        let plan = state.plan(self.shared.seed, operation, subject);
        let fault = match plan.behaviour() {
            Some(behaviour) => Some(behaviour.name()),
            None if plan.rate.is_some() => Some("trickle"),
            None => (!plan.delay.is_zero()).then_some("slow"),
        };
        state.log.push(Call { operation, key: subject.key().cloned(), fault });
        plan
    }

    /// Notes where a listing goes on.
    pub(crate) fn note_page(&self, prefix: &Prefix, next: Option<&Cursor>, page: usize) {
        if let Some(next) = next {
            self.state().pages.insert((prefix.to_string(), next.clone()), page);
        }
    }
}

/// What an operation is about.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    Key(&'a Key),
    List(&'a Prefix, Option<&'a Cursor>),
    Nothing,
}

impl<'a> Subject<'a> {
    const fn key(self) -> Option<&'a Key> {
        match self {
            Self::Key(key) => Some(key),
            Self::List(..) | Self::Nothing => None,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Key(key) => key.to_string(),
            Self::List(prefix, cursor) => format!("{prefix}\n{}", cursor.map_or("", Cursor::as_str)),
            Self::Nothing => String::new(),
        }
    }
}

impl State {
    fn plan(&mut self, seed: u64, operation: Operation, subject: Subject<'_>) -> Plan {
        let text = subject.text();
        let seen = self.seen.entry((operation, text.clone())).or_default();
        let chance = mixed(seed, operation, &text, *seen);
        *seen += 1;
        let page = match subject {
            Subject::List(prefix, Some(cursor)) => {
                self.pages.get(&(prefix.to_string(), cursor.clone())).copied().unwrap_or(0)
            }
            _ => 0,
        };
        let random = Rng::with_seed(chance);
        let mut plan = Plan { delay: Duration::ZERO, rate: None, rule: None, random, page };
        for (at, active) in self.rules.iter_mut().enumerate() {
            // Another number for each rule, whatever the others did with theirs.
            let draw = Draw(chance.wrapping_add((at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            let is_decided = plan.rule.is_some() && !active.rule.behaviour.is_delay();
            if is_decided || !active.fires(operation, subject.key(), page, draw) {
                continue;
            }
            match &active.rule.behaviour {
                Behaviour::Slow(delay) => plan.delay = plan.delay.saturating_add(*delay),
                Behaviour::SlowBetween(from, to) => {
                    let part = to.saturating_sub(*from).mul_f64(plan.random.f64());
                    plan.delay = plan.delay.saturating_add(*from).saturating_add(part);
                }
                Behaviour::Trickle { bytes_per_second } => {
                    plan.rate = Some(plan.rate.map_or(*bytes_per_second, |rate| rate.min(*bytes_per_second)));
                }
                Behaviour::ServerError { times, .. } => {
                    let failures = self.server_errors.entry((at, operation, text.clone())).or_default();
                    if *failures < *times {
                        *failures += 1;
                        plan.rule = Some(active.rule.clone());
                    }
                }
                _ => plan.rule = Some(active.rule.clone()),
            }
        }
        plan
    }
}

/// A number from the seed and what it is for (FNV-1a). The standard library's hash may change with its version, and
/// with it what a seed means.
fn mixed(seed: u64, operation: Operation, text: &str, seen: u64) -> u64 {
    let words = [seed, seen];
    let numbers = words.iter().flat_map(|word| word.to_le_bytes());
    let name = operation.to_string();
    let bytes = numbers.chain(name.bytes()).chain([0]).chain(text.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The bytes of an older value.
pub(crate) fn whole(value: Option<Payload>) -> Option<Bytes> {
    value.map(|value| value.to_bytes())
}
