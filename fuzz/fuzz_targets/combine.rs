//! Any parameters and bytes for the scheme: typed errors, never a panic; and whatever k shares are given, what is
//! combined from them splits and rebuilds to the same shares.
//!
//! Input: k, n, p, L (16 bits), how many indexes, the indexes, a target, then bytes for the shares.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xorida_core::{CombinePlan, RebuildPlan, Scheme, ShareIndex, Threshold};

fuzz_target!(|data: &[u8]| {
    let [k, n, p, l0, l1, count, rest @ ..] = data else { return };
    let Ok(threshold) = Threshold::new(*k, *n) else { return };
    let scheme = match Scheme::with_prime(threshold, *p) {
        Ok(scheme) => scheme,
        Err(_) => Scheme::new(threshold),
    };
    // Large systems take milliseconds each; the small ones have all the branches.
    if usize::from(*k) * scheme.blocks() > 200 {
        return;
    }
    let (indexes, rest) = rest.split_at(usize::from(*count).min(rest.len()));
    let indexes: Vec<ShareIndex> = indexes.iter().filter_map(|&i| ShareIndex::new(i, scheme).ok()).collect();
    let Some((target, bytes)) = rest.split_first() else { return };
    let Ok(plan) = CombinePlan::new(scheme, &indexes) else {
        if let Ok(target) = ShareIndex::new(*target, scheme) {
            assert!(RebuildPlan::new(scheme, &indexes, target).is_err(), "both refuse the same indexes");
        }
        return;
    };
    let length = usize::from(u16::from_le_bytes([*l0, *l1])) % 64 * scheme.blocks();
    let mut shares = vec![vec![0; length]; indexes.len()];
    for (byte, given) in shares.iter_mut().flatten().zip(bytes.iter().cycle().take(if bytes.is_empty() {
        0
    } else {
        usize::MAX
    })) {
        *byte = *given;
    }
    let views: Vec<&[u8]> = shares.iter().map(|share| &share[..]).collect();
    let mut secret = vec![0xa5; length];
    if plan.combine(&views, &mut secret).is_err() {
        assert_eq!(length, 0, "k shares of one length combine");
        return;
    }
    let Ok(target) = ShareIndex::new(*target, scheme) else { return };
    let Ok(rebuild) = RebuildPlan::new(scheme, &indexes, target) else { return };
    let mut rebuilt = vec![0x5a; length];
    rebuild.rebuild(&views, &mut rebuilt).expect("lengths are right");

    // The rebuilt share together with any k - 1 of the others must give the same secret.
    for skipped in 0..indexes.len() {
        let mut with: Vec<ShareIndex> = indexes.clone();
        with[skipped] = target;
        let Ok(plan) = CombinePlan::new(scheme, &with) else { continue };
        let mut shares = views.clone();
        shares[skipped] = &rebuilt;
        let mut again = vec![0; length];
        plan.combine(&shares, &mut again).expect("lengths are right");
        assert_eq!(again, secret);
    }
});
