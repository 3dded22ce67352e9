//! What this machine can do at best with the operations that everything else is made of.

use std::hint::black_box;

use aes::Aes256;
use aes::cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr128BE;
use sha2::{Digest, Sha256};
use xstore_keys::Entropy;

use crate::bytes::{MIB, noise, room};
use crate::failure::Failure;
use crate::measure::{Case, interleaved};
use crate::report::{Row, Section};
use crate::scope::Scope;

/// Measures all limits.
///
/// # Errors
/// Those of the cases.
pub(crate) fn section(scope: &Scope) -> Result<Section, Failure> {
    check()?;
    let mut rows = Vec::new();
    for size in [MIB, 64 * MIB] {
        rows.extend(group(scope, size)?);
    }
    Ok(Section::new(
        "Limits of this machine, one thread",
        vec![
            "memcpy: bytes copied. XOR: bytes written, two buffers into a third, compiled for any CPU of this kind.",
            "SHA-256: one stream, as sha2 has it. AES-256-CTR: keystream, as the pads take it.",
        ],
        rows,
    ))
}

/// Buffers that the cases of one size share.
struct Buffers {
    a: Vec<u8>,
    b: Vec<u8>,
    out: Vec<u8>,
    entropy: Entropy,
}

fn group(scope: &Scope, size: usize) -> Result<Vec<Row>, Failure> {
    let id = |name: &str| format!("limits/{name}/{}MiB", size / MIB);
    let cases = vec![
        Case::new(id("memcpy"), |w: &mut Buffers| {
            memcpy(&w.a, &mut w.out);
            Ok(())
        }),
        Case::new(id("xor"), |w: &mut Buffers| {
            xor(&w.a, &w.b, &mut w.out);
            Ok(())
        }),
        Case::new(id("sha256"), |w: &mut Buffers| {
            sha256(&w.a);
            Ok(())
        }),
        Case::new(id("aes-256-ctr"), |w: &mut Buffers| {
            keystream(&[7; 32], &[0; 16], &mut w.out);
            Ok(())
        }),
        Case::new(id("system-randomness"), |w: &mut Buffers| Ok(w.entropy.fill(&mut w.out)?)),
    ];
    let mut cases = scope.choose(0, cases);
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let mut buffers =
        Buffers { a: noise(size, 1), b: noise(size, 2), out: room(size), entropy: Entropy::os() };
    let series = interleaved(&mut buffers, &mut cases, scope.effort(size))?;
    let name = |id: &str| id.split('/').nth(1).unwrap_or_default().replace("-", " ");
    Ok(cases.iter().zip(&series).map(|(case, s)| Row::new(&case.id, name(&case.id), size, size, s)).collect())
}

/// Copies, with the buffers hidden from the optimiser.
pub(crate) fn memcpy(from: &[u8], to: &mut [u8]) {
    black_box(to).copy_from_slice(black_box(from));
}

/// SHA-256 of one message, and nothing gained from its being one of many.
pub(crate) fn sha256(message: &[u8]) -> [u8; 32] {
    black_box(Sha256::digest(black_box(message)).into())
}

/// Fills `out` with the keystream of AES-256 in counter mode.
pub(crate) fn keystream(key: &[u8; 32], counter: &[u8; 16], out: &mut [u8]) {
    let mut cipher = Ctr128BE::<Aes256>::new(black_box(key).into(), counter.into());
    cipher.write_keystream(black_box(out));
}

fn xor(a: &[u8], b: &[u8], out: &mut [u8]) {
    let (a, b) = (black_box(a), black_box(b));
    for ((out, a), b) in black_box(out).iter_mut().zip(a).zip(b) {
        *out = a ^ b;
    }
}

/// That each of them computes what it is named after.
fn check() -> Result<(), Failure> {
    let (a, b) = (noise(1000, 1), noise(1000, 2));
    let mut out = room(1000);
    memcpy(&a, &mut out);
    if out != a {
        return Err(Failure::Wrong("memcpy"));
    }
    xor(&a, &b, &mut out);
    if (0..1000).any(|at| out[at] != a[at] ^ b[at]) {
        return Err(Failure::Wrong("XOR"));
    }
    // FIPS 180-4's example "abc".
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    if hex(&sha256(b"abc")) != abc {
        return Err(Failure::Wrong("SHA-256"));
    }
    // SP 800-38A, F.5.5: key, first counter block, and the output block that is XORed with the plaintext.
    let key = [
        0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae, 0xf0, 0x85, 0x7d, 0x77, 0x81, 0x1f,
        0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7, 0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4,
    ];
    let counter =
        [0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];
    let mut block = [0; 16];
    keystream(&key, &counter, &mut block);
    if hex(&block) != "0bdf7df1591716335e9a8b15c860c502" {
        return Err(Failure::Wrong("AES-256-CTR"));
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_compute_what_they_are_named_after() {
        check().unwrap();
        assert_eq!(hex(&[0x0f, 0xa0]), "0fa0");
    }

    #[test]
    fn each_limit_is_a_row() {
        let scope = Scope { quick: true, ..Scope::default() };
        let rows = group(&scope, MIB).unwrap();
        let names: Vec<&str> = rows.iter().map(|row| row.what.as_str()).collect();
        assert_eq!(names, ["memcpy", "xor", "sha256", "aes 256 ctr", "system randomness"]);
        assert!(rows.iter().all(|row| row.bytes == MIB && row.gb_per_s.median > 0.0));
        let one = Scope { filter: Some("xor/1M".into()), ..scope };
        assert_eq!(group(&one, MIB).unwrap().len(), 1);
    }
}
