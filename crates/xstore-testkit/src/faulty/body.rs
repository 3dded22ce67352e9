//! Values that are not what was put.

use crate::faulty::Behaviour;
use fastrand::Rng;
use xstore_backend::{Bytes, Payload};

/// The value, or a range of it that begins at `start`, as the behaviour shows or stores it.
pub(crate) fn spoiled(value: Bytes, start: u64, behaviour: Option<&Behaviour>, random: &mut Rng) -> Bytes {
    match behaviour {
        Some(Behaviour::Truncated { by }) => value.slice(..value.len().saturating_sub(*by)),
        Some(Behaviour::Extended { by }) => {
            let mut longer = value.to_vec();
            longer.resize(value.len() + by, 0);
            random.fill(&mut longer[value.len()..]);
            longer.into()
        }
        Some(Behaviour::BitFlip { at }) => {
            let bits = value.len() as u64 * 8;
            let bit = match at {
                Some(at) => at.checked_sub(start.saturating_mul(8)).filter(|bit| *bit < bits),
                None if bits == 0 => None,
                None => Some(random.u64(..bits)),
            };
            bit.map_or(value.clone(), |bit| flipped(&value, bit))
        }
        _ => value,
    }
}

fn flipped(value: &Bytes, bit: u64) -> Bytes {
    let mut bytes = value.to_vec();
    if let Some(byte) = usize::try_from(bit / 8).ok().and_then(|at| bytes.get_mut(at)) {
        *byte ^= 1 << (bit % 8);
    }
    bytes.into()
}

/// The length that such a value is said to have.
pub(crate) fn spoiled_size(size: u64, behaviour: Option<&Behaviour>) -> u64 {
    match behaviour {
        Some(Behaviour::Truncated { by }) => size.saturating_sub(*by as u64),
        Some(Behaviour::Extended { by }) => size.saturating_add(*by as u64),
        _ => size,
    }
}

/// What is stored in place of this.
pub(crate) fn spoiled_payload(data: Payload, behaviour: Option<&Behaviour>, random: &mut Rng) -> Payload {
    match behaviour {
        Some(Behaviour::Truncated { .. } | Behaviour::Extended { .. } | Behaviour::BitFlip { .. }) => {
            spoiled(data.to_bytes(), 0, behaviour, random).into()
        }
        _ => data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(behaviour: &Behaviour, start: u64, value: &'static [u8]) -> Bytes {
        spoiled(Bytes::from_static(value), start, Some(behaviour), &mut Rng::with_seed(1))
    }

    #[test]
    fn a_bit_of_the_value_is_flipped_where_it_is() {
        let flip = Behaviour::BitFlip { at: Some(10) };
        assert_eq!(show(&flip, 0, &[0, 0, 0]), [0, 4, 0][..]);
        assert_eq!(show(&flip, 1, &[0, 0]), [4, 0][..]);
        assert_eq!(show(&flip, 2, &[0]), [0][..]);
        assert_eq!(show(&flip, 0, &[0]), [0][..]);
        let anywhere = show(&Behaviour::BitFlip { at: None }, 0, &[0; 50]);
        assert_eq!(anywhere.iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
        assert_eq!(show(&Behaviour::BitFlip { at: None }, 0, &[]), [][..]);
    }

    #[test]
    fn values_get_shorter_and_longer() {
        assert_eq!(show(&Behaviour::Truncated { by: 2 }, 0, b"abc"), "a");
        assert_eq!(show(&Behaviour::Truncated { by: 9 }, 0, b"abc"), "");
        let longer = show(&Behaviour::Extended { by: 20 }, 0, b"abc");
        assert!(longer.len() == 23 && longer.starts_with(b"abc") && longer[3..] != [0; 20]);
        assert_eq!(spoiled_size(3, Some(&Behaviour::Truncated { by: 2 })), 1);
        assert_eq!(spoiled_size(3, Some(&Behaviour::Extended { by: 2 })), 5);
        assert_eq!(spoiled_size(3, None), 3);
    }
}
