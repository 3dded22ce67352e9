//! Lower-case hex of a fixed length, the only form in which a manifest shows bytes.

use data_encoding::HEXLOWER;

use crate::Problem;

/// Exactly `2·N` lower-case digits.
pub(crate) fn decode<const N: usize>(text: &str) -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    // The decoder panics where the output has another length than the input asks for.
    if text.len() != 2 * N {
        return Err(Problem::Hex { digits: 2 * N });
    }
    match HEXLOWER.decode_mut(text.as_bytes(), &mut bytes) {
        Ok(_) => Ok(bytes),
        Err(_) => Err(Problem::Hex { digits: 2 * N }),
    }
}

/// Appends two digits for each byte.
pub(crate) fn append(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + 2 * bytes.len(), 0);
    HEXLOWER.encode_mut(bytes, &mut out[start..]);
}
