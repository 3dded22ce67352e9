//! Whether enough shares of a part are stored.

/// What makes a part good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WriteRule {
    /// Shares that it takes to read.
    pub(crate) k: usize,
    /// Durable shares that have to be stored: the write quorum.
    pub(crate) durable: usize,
}

/// Where the writing of a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteVerdict {
    /// Something is on its way that may still matter.
    Pending,
    /// All shares are stored.
    Committed,
    /// Not all, but as many as the rule asks for, and no more are on their way.
    Degraded,
    /// The rule can't be met any more.
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// On its way to a durable or a volatile place.
    Sending {
        durable: bool,
    },
    Stored {
        durable: bool,
    },
    Given,
}

/// The shares of one part on their way.
#[derive(Debug)]
pub(crate) struct WriteQuorum {
    rule: WriteRule,
    slots: Vec<Slot>,
}

impl WriteQuorum {
    /// A part of n shares, none of which has a place yet.
    pub(crate) fn new(rule: WriteRule, n: usize) -> Self {
        Self { rule, slots: vec![Slot::Given; n] }
    }

    /// A share is sent to a place: the first one, or a spare after a failure.
    pub(crate) fn sending(&mut self, index: usize, durable: bool) {
        if let Some(slot) = self.slots.get_mut(index) {
            *slot = Slot::Sending { durable };
        }
    }

    /// It is stored there.
    pub(crate) fn stored(&mut self, index: usize) {
        if let Some(slot) = self.slots.get_mut(index)
            && let Slot::Sending { durable } = *slot
        {
            *slot = Slot::Stored { durable };
        }
    }

    /// It isn't, and there is no other place for it.
    pub(crate) fn given_up(&mut self, index: usize) {
        if let Some(slot) = self.slots.get_mut(index) {
            *slot = Slot::Given;
        }
    }

    /// Where it stands.
    pub(crate) fn verdict(&self) -> WriteVerdict {
        let count = |wanted: fn(&Slot) -> bool| self.slots.iter().filter(|slot| wanted(slot)).count();
        let stored = count(|slot| matches!(slot, Slot::Stored { .. }));
        let sending = count(|slot| matches!(slot, Slot::Sending { .. }));
        let durable = count(|slot| matches!(slot, Slot::Stored { durable: true }));
        let durable_on_its_way = count(|slot| matches!(slot, Slot::Sending { durable: true }));
        if durable + durable_on_its_way < self.rule.durable || stored + sending < self.rule.k {
            return WriteVerdict::Failed;
        }
        match (sending, stored == self.slots.len()) {
            (0, true) => WriteVerdict::Committed,
            (0, false) => WriteVerdict::Degraded,
            _ => WriteVerdict::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every outcome of every share, durable or not, under every rule: the verdict is what counting says.
    #[test]
    fn every_outcome_of_every_share() {
        for n in 2..=6_usize {
            for k in 2..=n {
                for w in 0..=n {
                    for durables in 0..1_u32 << n {
                        for oks in 0..1_u32 << n {
                            one_outcome(n, WriteRule { k, durable: w }, durables, oks);
                        }
                    }
                }
            }
        }
    }

    fn one_outcome(n: usize, rule: WriteRule, durables: u32, oks: u32) {
        let bit = |set: u32, i: usize| set >> i & 1 == 1;
        let mut quorum = WriteQuorum::new(rule, n);
        for i in 0..n {
            quorum.sending(i, bit(durables, i));
        }
        let possible = (durables.count_ones() as usize) >= rule.durable;
        assert_eq!(quorum.verdict() == WriteVerdict::Failed, !possible);
        for i in 0..n {
            if bit(oks, i) { quorum.stored(i) } else { quorum.given_up(i) }
        }
        let stored = oks.count_ones() as usize;
        let durable = (oks & durables).count_ones() as usize;
        let expected = match (durable >= rule.durable && stored >= rule.k, stored == n) {
            (true, true) => WriteVerdict::Committed,
            (true, false) => WriteVerdict::Degraded,
            (false, _) => WriteVerdict::Failed,
        };
        assert_eq!(quorum.verdict(), expected, "n {n} {rule:?} durable {durables:b} ok {oks:b}");
    }

    #[test]
    fn a_spare_takes_the_place_of_what_failed() {
        let mut quorum = WriteQuorum::new(WriteRule { k: 2, durable: 3 }, 3);
        for i in 0..3 {
            quorum.sending(i, true);
        }
        quorum.stored(0);
        quorum.stored(1);
        assert_eq!(quorum.verdict(), WriteVerdict::Pending);
        quorum.sending(2, true);
        assert_eq!(quorum.verdict(), WriteVerdict::Pending);
        quorum.stored(2);
        assert_eq!(quorum.verdict(), WriteVerdict::Committed);
        // A volatile spare doesn't make up for a durable place.
        let mut quorum = WriteQuorum::new(WriteRule { k: 2, durable: 3 }, 3);
        for i in 0..3 {
            quorum.sending(i, true);
        }
        quorum.sending(2, false);
        assert_eq!(quorum.verdict(), WriteVerdict::Failed);
    }

    #[test]
    fn a_lost_cause_is_known_before_the_rest_has_answered() {
        let mut quorum = WriteQuorum::new(WriteRule { k: 2, durable: 2 }, 3);
        for i in 0..3 {
            quorum.sending(i, true);
        }
        quorum.given_up(0);
        assert_eq!(quorum.verdict(), WriteVerdict::Pending);
        quorum.given_up(1);
        assert_eq!(quorum.verdict(), WriteVerdict::Failed);
    }
}
