//! Which shares of a part to ask for.

/// Where the reading of a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadVerdict {
    /// Something is on its way.
    Pending,
    /// As many good shares as wanted are there.
    Ready,
    /// They aren't and won't be.
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Waiting,
    Asked,
    Good,
    Bad,
}

/// The shares of one part, in the order in which they are to be asked for.
#[derive(Debug)]
pub(crate) struct ReadQuorum {
    wanted: usize,
    sources: Vec<Source>,
}

impl ReadQuorum {
    /// `k` of `candidates` shares are needed.
    pub(crate) fn new(k: usize, candidates: usize) -> Self {
        Self { wanted: k, sources: vec![Source::Waiting; candidates] }
    }

    /// The next share to ask for, as long as those that are good or asked are fewer than wanted.
    pub(crate) fn ask(&mut self) -> Option<usize> {
        let busy = self.count(Source::Asked) + self.count(Source::Good);
        if busy < self.wanted { self.ask_another() } else { None }
    }

    /// The next share to ask for although enough are: those that are asked are slow. None where none is left.
    pub(crate) fn ask_another(&mut self) -> Option<usize> {
        let next = self.sources.iter().position(|source| *source == Source::Waiting)?;
        self.sources[next] = Source::Asked;
        Some(next)
    }

    /// A share came and verifies so far.
    pub(crate) fn good(&mut self, candidate: usize) {
        self.set(candidate, Source::Good);
    }

    /// A share didn't come or is refused.
    pub(crate) fn bad(&mut self, candidate: usize) {
        self.set(candidate, Source::Bad);
    }

    /// A share that failed may be asked for again.
    pub(crate) fn again(&mut self, candidate: usize) {
        self.set(candidate, Source::Waiting);
    }

    /// The good ones don't suffice after all: some of their segments are bad. One more is wanted.
    pub(crate) fn want_more(&mut self) {
        self.wanted = self.count(Source::Good) + 1;
    }

    /// Where it stands.
    pub(crate) fn verdict(&self) -> ReadVerdict {
        let good = self.count(Source::Good);
        let hope = self.count(Source::Asked) + self.count(Source::Waiting);
        match (good >= self.wanted, good + hope >= self.wanted) {
            (true, _) => ReadVerdict::Ready,
            (false, true) => ReadVerdict::Pending,
            (false, false) => ReadVerdict::Failed,
        }
    }

    fn count(&self, wanted: Source) -> usize {
        self.sources.iter().filter(|source| **source == wanted).count()
    }

    fn set(&mut self, candidate: usize, to: Source) {
        if let Some(source) = self.sources.get_mut(candidate) {
            *source = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a share does when it is asked for.
    #[derive(Clone, Copy, PartialEq)]
    enum Behaviour {
        Good,
        Bad,
        Hangs,
    }

    /// All behaviours of all shares: the part is readable exactly if k shares are good, each share is asked at most
    /// once, and none that isn't needed.
    #[test]
    fn every_behaviour_of_every_share() {
        for n in 2..=6_u32 {
            for k in 2..=n as usize {
                for code in 0..3_u32.pow(n) {
                    let behaviours: Vec<Behaviour> = (0..n)
                        .map(|i| match code / 3_u32.pow(i) % 3 {
                            0 => Behaviour::Good,
                            1 => Behaviour::Bad,
                            _ => Behaviour::Hangs,
                        })
                        .collect();
                    drive(k, &behaviours);
                }
            }
        }
    }

    fn drive(k: usize, behaviours: &[Behaviour]) {
        let mut quorum = ReadQuorum::new(k, behaviours.len());
        let mut asked = Vec::new();
        let mut hanging = 0;
        let verdict = loop {
            let next = quorum.ask().or_else(|| {
                // Only those that hang are left: time passes, and the next one is asked.
                (quorum.verdict() == ReadVerdict::Pending).then(|| quorum.ask_another()).flatten()
            });
            let Some(next) = next else { break quorum.verdict() };
            assert!(!asked.contains(&next));
            asked.push(next);
            match behaviours[next] {
                Behaviour::Good => quorum.good(next),
                Behaviour::Bad => quorum.bad(next),
                Behaviour::Hangs => hanging += 1,
            }
            match quorum.verdict() {
                ReadVerdict::Pending => {}
                verdict => break verdict,
            }
        };
        let good = behaviours.iter().filter(|b| **b == Behaviour::Good).count();
        assert_eq!(verdict == ReadVerdict::Ready, good >= k);
        if good >= k {
            let first_k = behaviours.iter().enumerate().filter(|(_, b)| **b == Behaviour::Good).nth(k - 1);
            // Nothing behind the share that completes the set was asked for, but while one hung.
            let needed = first_k.map(|(at, _)| at + 1).unwrap_or_default();
            assert!(asked.len() <= needed.max(k) && asked.len() >= k, "{} of {needed}", asked.len());
        } else if hanging == 0 {
            assert_eq!(verdict, ReadVerdict::Failed);
        }
    }

    #[test]
    fn bad_segments_bring_in_more_shares_until_none_is_left() {
        let mut quorum = ReadQuorum::new(2, 4);
        let asked: Vec<usize> = std::iter::from_fn(|| quorum.ask()).collect();
        assert_eq!(asked, [0, 1]);
        quorum.good(0);
        quorum.good(1);
        for more in [2, 3] {
            assert_eq!(quorum.verdict(), ReadVerdict::Ready);
            quorum.want_more();
            assert_eq!(quorum.verdict(), ReadVerdict::Pending);
            assert_eq!(quorum.ask(), Some(more));
            assert_eq!(quorum.ask(), None);
            quorum.good(more);
        }
        quorum.want_more();
        assert_eq!(quorum.verdict(), ReadVerdict::Failed);
    }
}
