//! The text of an integrity key: Bech32m, in upper case.
//!
//! Bech32m (BIP-350), not Bech32 (BIP-173), because a Bech32 text that ends in `P` stays valid when `Q`s are
//! put before that `P` or taken away. The fixed length would catch that here, but other readers of the format
//! may be laxer. Both checksums detect every change of up to four characters in texts of up to 90.

use bech32::primitives::decode::CheckedHrpstring;
use bech32::primitives::iter::{ByteIterExt, Fe32IterExt};
use bech32::{Bech32m, Fe32, Hrp};
use zeroize::Zeroizing;

use super::KeyError;

/// The human-readable part and the separator.
const PREFIX: &str = "XSTORE-KEY-1";
const HRP: Hrp = Hrp::parse_unchecked("xstore-key-");

/// 32 bytes are 51.2 characters of five bits; the checksum has six characters.
const DATA: usize = 52;
pub(crate) const LENGTH: usize = PREFIX.len() + DATA + 6;

/// The bits of the last data character that 32 bytes leave unused.
const UNUSED: u8 = 0b1111;

pub(super) fn encode(bytes: &[u8; 32]) -> Zeroizing<String> {
    // Character by character into room that never grows: the library's own `encode_*` functions go through
    // buffers that nobody wipes.
    let mut text = Zeroizing::new(String::with_capacity(LENGTH));
    let characters = bytes.iter().copied().bytes_to_fes().with_checksum::<Bech32m>(&HRP).chars();
    text.extend(characters.map(|character| character.to_ascii_uppercase()));
    text
}

pub(super) fn decode(text: &str, bytes: &mut [u8; 32]) -> Result<(), KeyError> {
    let data = text.strip_prefix(PREFIX).ok_or(KeyError::Prefix)?;
    if text.len() != LENGTH {
        return Err(KeyError::Length { expected: LENGTH, found: text.len() });
    }
    // The library takes either case; this format takes one, so that a key has one text.
    let is_foreign = |c: char| c.is_ascii_lowercase() || Fe32::from_char(c).is_err();
    if let Some(at) = data.find(is_foreign) {
        return Err(KeyError::Character { offset: PREFIX.len() + at });
    }
    let checked = CheckedHrpstring::new::<Bech32m>(text).map_err(|_| KeyError::Checksum)?;
    let last = checked.fe32_iter().last().map_or(UNUSED, Fe32::to_u8);
    if last & UNUSED != 0 {
        return Err(KeyError::Padding);
    }
    for (byte, decoded) in bytes.iter_mut().zip(checked.byte_iter()) {
        *byte = decoded;
    }
    Ok(())
}
