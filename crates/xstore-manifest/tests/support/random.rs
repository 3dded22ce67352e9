//! Random valid bodies over the whole of the format.

use std::collections::BTreeMap;

use proptest::prelude::*;
use xstore_keys::KeyId;
use xstore_manifest::{
    BackendId, Body, Name, ObjectId, Origin, Part, Past, Share, ShareKey, SharingId, State, Threshold,
    Timestamp,
};

const PRIMES: [u64; 18] = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67];

/// Any valid body. Number of shares and parts shrink; the rest follows from a seed.
pub(crate) fn body() -> impl Strategy<Value = Body> {
    let n = prop_oneof![8 => 2..=6_u64, 2 => 7..=63_u64, 1 => Just(64)];
    (n, 1..=5_usize, any::<u64>()).prop_map(|(n, parts, seed)| Dice(seed).body(n, parts))
}

/// A small deterministic generator (SplitMix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `low` to `high`, both included, and the ends more often than chance has them.
    pub(crate) fn within(&mut self, low: u64, high: u64) -> u64 {
        match self.next() % 8 {
            0 => low,
            1 => high,
            _ => low + self.next() % (high - low + 1),
        }
    }

    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[usize::try_from(self.next() % list.len() as u64).unwrap()]
    }

    fn byte(&mut self, low: u64, high: u64) -> u8 {
        u8::try_from(self.within(low, high)).unwrap()
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_le_bytes()[0])
    }

    fn text(&mut self, low: u64, high: u64, alphabet: &[char]) -> String {
        (0..self.within(low, high)).map(|_| *self.pick(alphabet)).collect()
    }

    pub(crate) fn body(&mut self, n: u64, parts: usize) -> Body {
        let k = self.within(2, n);
        let p = *self.pick(&PRIMES.into_iter().filter(|p| *p >= n).collect::<Vec<_>>());
        let part = self.within(1, 64 << 20);
        let state = *self.pick(&[State::Committed, State::Degraded]);
        let segment = (p - 1) * self.within(1, (4 << 20) / (p - 1));
        Body {
            created: Timestamp::from_millis(i64::try_from(self.within(0, 253_402_300_799_999)).unwrap())
                .unwrap(),
            ext: self.ext(),
            generation: self.within(1, (1 << 53) - 1),
            key: self.name(),
            object: ObjectId::from_bytes(self.bytes()),
            origin: *self.pick(&[Origin::Put, Origin::Recover]),
            p: u8::try_from(p).unwrap(),
            part: u32::try_from(part).unwrap(),
            parts: (1..=parts).map(|number| self.part(k, n, p, part, state, number == parts)).collect(),
            revision: self.within(1, (1 << 53) - 1),
            segment: u32::try_from(segment).unwrap(),
            state,
            threshold: Threshold { k: u8::try_from(k).unwrap(), n: u8::try_from(n).unwrap() },
            ttl: if self.next().is_multiple_of(2) { None } else { Some(self.within(0, (1 << 53) - 1)) },
        }
    }

    fn part(&mut self, k: u64, n: u64, p: u64, part: u64, state: State, last: bool) -> Part {
        let pieces = p - 1;
        // Stepwise and from the words of the format, not from the crate's formulas.
        let mut full = part + 1;
        while !full.is_multiple_of(pieces) {
            full += 1;
        }
        let mut room = 32;
        while room % pieces != 0 {
            room += 1;
        }
        let (least, most) = ((room + 136).div_ceil(pieces), (128 << 10) / pieces);
        let missing = if state == State::Committed { 0 } else { self.within(0, n - k) };
        let mut shares: Vec<_> = (0..n).map(|index| Some(self.share(index))).collect();
        for _ in 0..missing {
            let index = usize::try_from(self.next() % n).unwrap();
            shares[index] = None;
        }
        let mut past: Vec<_> = (0..self.within(0, 4))
            .map(|number| Past { backend: self.backend(100 + number), index: self.byte(0, n - 1) })
            .collect();
        past.sort_by(|a, b| (a.index, a.backend.as_str()).cmp(&(b.index, b.backend.as_str())));
        Part {
            bytes: if last { pieces * self.within(1, full / pieces) } else { full },
            past,
            sharing: SharingId::from_bytes(self.bytes()),
            shares,
            trailer: u32::try_from(pieces * self.within(least, most)).unwrap(),
        }
    }

    fn share(&mut self, index: u64) -> Share {
        let namespace = self.text(0, 62, &['a', 'z', '0', '9', '-']);
        let name: String = self.text(32, 32, &['a', 'm', 'z', '2', '7']);
        let lane = self.pick(&['m', 'v', 'c']);
        Share {
            backend: self.backend(index),
            hmac: self.bytes(),
            index: u8::try_from(index).unwrap(),
            key: ShareKey::new(&format!("n{namespace}/{lane}/{name}")).unwrap(),
            key_id: KeyId::from_bytes(self.bytes()),
        }
    }

    /// Different numbers make different ids.
    fn backend(&mut self, number: u64) -> BackendId {
        let rest = self.text(0, 20, &['a', 'q', 'z', '0', '9', '.', '_', '-']);
        BackendId::new(&format!("{number}.{rest}")).unwrap()
    }

    fn name(&mut self) -> Name {
        let alphabet = [
            'a',
            '"',
            '\\',
            '/',
            ' ',
            '\u{a0}',
            'é',
            '\u{ad}',
            '\u{2028}',
            '\u{202e}',
            '\u{ffff}',
            '\u{1f600}',
            '\u{10ffff}',
        ];
        Name::new(&self.text(1, 256, &alphabet)).unwrap()
    }

    fn ext(&mut self) -> BTreeMap<String, String> {
        let alphabet: Vec<char> = ('\0'..' ')
            .chain(['a', '"', '\\', '/', '\u{7f}', '\u{80}', 'é', '\u{2029}', '\u{1f600}'])
            .collect();
        (0..self.within(0, 6))
            .map(|_| {
                (self.text(1, 64, &['a', 'b', 'z', '0', '9', '.', '_', '-']), self.text(0, 300, &alphabet))
            })
            .collect()
    }
}
