//! Who of the chosen members gets which share.

/// Deals the share indexes 0 to `n - 1` to the places `chosen`, sorted and as many, so that each fits and the
/// sequence of places is the smallest. None where there is no way.
pub(super) fn deal(n: u8, chosen: &[usize], fits: impl Fn(u8, usize) -> bool) -> Option<Vec<usize>> {
    let shares = usize::from(n);
    if chosen.len() != shares {
        return None;
    }
    let fits: Vec<Vec<bool>> =
        (0..n).map(|index| chosen.iter().map(|&place| fits(index, place)).collect()).collect();
    let mut matching = Matching { fits, holder: vec![None; shares], holds: vec![None; shares] };
    for index in 0..shares {
        if !matching.improve(index, 0, &mut vec![false; shares]) {
            return None;
        }
    }
    for index in 0..shares {
        matching.lower(index);
    }
    matching.holds.into_iter().map(|member| Some(chosen[member?])).collect()
}

/// Shares and members that fit each other, each at most once.
struct Matching {
    fits: Vec<Vec<bool>>,
    /// The share of each member.
    holder: Vec<Option<usize>>,
    /// The member of each share.
    holds: Vec<Option<usize>>,
}

impl Matching {
    /// Gives `index` a member, moving other shares from `first` on where needed, but not to members in `seen`.
    fn improve(&mut self, index: usize, first: usize, seen: &mut [bool]) -> bool {
        for member in 0..self.holder.len() {
            if seen[member] || !self.fits[index][member] {
                continue;
            }
            seen[member] = true;
            let is_free = match self.holder[member] {
                None => true,
                Some(other) => other >= first && self.improve(other, first, seen),
            };
            if is_free {
                self.holder[member] = Some(index);
                self.holds[index] = Some(member);
                return true;
            }
        }
        false
    }

    /// Gives `index` the first member that leaves all later shares a member, without touching earlier ones.
    fn lower(&mut self, index: usize) {
        let Some(now) = self.holds[index] else { return };
        for member in 0..now {
            let Some(other) = self.holder[member].filter(|&other| other > index) else { continue };
            if !self.fits[index][member] {
                continue;
            }
            // The other share needs another member; what this share gives up is free.
            let mut seen = vec![false; self.holder.len()];
            seen[member] = true;
            self.holder[now] = None;
            if self.improve(other, index + 1, &mut seen) {
                self.holder[member] = Some(index);
                self.holds[index] = Some(member);
                return;
            }
            self.holder[now] = Some(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_pins_the_order_stays() {
        assert_eq!(deal(3, &[2, 5, 9], |_, _| true), Some(vec![2, 5, 9]));
        assert_eq!(deal(0, &[], |_, _| true), Some(vec![]));
        assert_eq!(deal(2, &[1], |_, _| true), None);
    }

    #[test]
    fn pins_move_as_little_as_they_must() {
        assert_eq!(deal(3, &[0, 1, 2], |index, at| index != 0 || at == 2), Some(vec![2, 0, 1]));
        assert_eq!(deal(3, &[0, 1, 2], |index, at| index != 2 || at == 0), Some(vec![1, 2, 0]));
        assert_eq!(deal(3, &[0, 1, 2], |index, at| index == 0 || at != 0), Some(vec![0, 1, 2]));
        assert_eq!(deal(3, &[0, 1, 2], |index, at| index == 0 || at == 1), None);
    }

    /// The first way in the order of sequences, looked for one share after the other.
    fn first(fits: &[Vec<bool>], begun: &mut Vec<usize>) -> bool {
        let index = begun.len();
        index == fits.len()
            || (0..fits.len()).any(|member| {
                let is_next = fits[index][member] && !begun.contains(&member);
                is_next && {
                    begun.push(member);
                    first(fits, begun) || begun.pop().is_none()
                }
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_smallest_sequence_is_dealt(
            fits in (1..=7usize).prop_flat_map(|n| {
                prop::collection::vec(prop::collection::vec(prop::bool::weighted(0.5), n), n)
            }),
        ) {
            let members: Vec<usize> = (0..fits.len()).collect();
            let n = u8::try_from(fits.len()).unwrap();
            let mut expected = Vec::new();
            let exists = first(&fits, &mut expected);
            let dealt = deal(n, &members, |index, at| fits[usize::from(index)][at]);
            prop_assert_eq!(dealt, exists.then_some(expected));
        }
    }
}
