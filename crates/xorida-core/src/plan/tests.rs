//! Programs run on symbols: a block is the set of secret and random blocks that it is the XOR of. What
//! holds for the symbols holds for all bytes.

use alloc::vec;
use alloc::vec::Vec;
use std::collections::HashMap;

use super::{Place, Program, Step, combining, rebuilding};
use crate::kernel::MAX_SOURCES;
use crate::{Scheme, ShareIndex, Threshold};

/// A block as a vector over GF(2): bit b for secret block b, bit p-1+b for random block b.
type Symbol = Vec<u64>;

fn scheme(k: u8, n: u8, p: u8) -> Scheme {
    Scheme::with_prime(Threshold::new(k, n).unwrap(), p).unwrap()
}

fn unit(scheme: Scheme, bit: usize) -> Symbol {
    let mut symbol = vec![0; (scheme.blocks() + scheme.randomness_blocks()).div_ceil(64)];
    symbol[bit / 64] = 1 << (bit % 64);
    symbol
}

fn add(sum: &mut Symbol, term: &Symbol) {
    for (sum, term) in sum.iter_mut().zip(term) {
        *sum ^= term;
    }
}

/// The formula again, in the words of the paper.
fn piece(scheme: Scheme, index: ShareIndex, j: usize) -> Symbol {
    let (p, i) = (usize::from(scheme.p()), usize::from(index.get()));
    let random = scheme.blocks();
    let mut sum = unit(scheme, random + j);
    match (p + j - i) % p {
        0 => {}
        s => add(&mut sum, &unit(scheme, s - 1)),
    }
    for m in 1..usize::from(scheme.k()) - 1 {
        add(&mut sum, &unit(scheme, random + (p - 1) + (m - 1) * p + (m * i + j) % p));
    }
    sum
}

/// Whether a symbol is a function of the secret alone, and not nothing.
fn tells(scheme: Scheme, symbol: &Symbol) -> bool {
    let secret_part = |word: usize| match scheme.blocks().saturating_sub(word * 64) {
        64.. => u64::MAX,
        bits => (1 << bits) - 1,
    };
    symbol.iter().any(|&word| word != 0)
        && symbol.iter().enumerate().all(|(at, &word)| word & !secret_part(at) == 0)
}

/// Runs a program on the symbols of `sources`. `watch` sees, for each step, all that it XORs.
fn run(
    scheme: Scheme,
    program: &Program,
    sources: &[ShareIndex],
    mut watch: impl FnMut(Step, &[Symbol]),
) -> Vec<Symbol> {
    let mut blocks: HashMap<Place, Symbol> = HashMap::new();
    for (share, &source) in (0..).zip(sources) {
        for piece_number in 0..scheme.blocks() {
            let place = Place::Input { share, piece: u8::try_from(piece_number).unwrap() };
            blocks.insert(place, piece(scheme, source, piece_number));
        }
    }
    for (step, operands) in program.steps() {
        assert!(!matches!(step.destination, Place::Input { .. }), "a program writes to its input");
        assert!((1..=MAX_SOURCES).contains(&operands.len()));
        assert!(!operands.contains(&step.destination), "a step reads what it writes");
        // Reading a block that nothing has written yet fails here.
        let mut terms: Vec<Symbol> = operands.iter().map(|operand| blocks[operand].clone()).collect();
        if step.accumulate {
            terms.push(blocks[&step.destination].clone());
        }
        watch(step, &terms);
        let sum = terms.iter().skip(1).fold(terms[0].clone(), |mut sum, term| {
            add(&mut sum, term);
            sum
        });
        blocks.insert(step.destination, sum);
    }
    (0..scheme.blocks()).map(|block| blocks[&Place::Output(u8::try_from(block).unwrap())].clone()).collect()
}

/// Whether some XOR of some of the terms tells something: all 2^m - 1 of them, in Gray code order.
fn any_sum_tells(scheme: Scheme, terms: &[Symbol]) -> bool {
    let mut sum = vec![0; terms[0].len()];
    (1_u32..1 << terms.len()).any(|number| {
        add(&mut sum, &terms[number.trailing_zeros() as usize]);
        tells(scheme, &sum)
    })
}

fn check_combining(scheme: Scheme, sources: &[ShareIndex]) {
    let secret: Vec<_> = (0..scheme.blocks()).map(|block| unit(scheme, block)).collect();
    let program = combining(scheme, sources);
    assert!(run(scheme, &program, sources, |_, _| {}) == secret, "{scheme:?} {sources:?}");
}

fn check_rebuilding(scheme: Scheme, sources: &[ShareIndex], target: ShareIndex) {
    let expected: Vec<_> = (0..scheme.blocks()).map(|j| piece(scheme, target, j)).collect();
    let program = rebuilding(scheme, sources, target);
    let rebuilt = run(scheme, &program, sources, |step, terms| {
        assert!(!any_sum_tells(scheme, terms), "{scheme:?} {sources:?} {target:?} {step:?}");
    });
    assert!(rebuilt == expected, "{scheme:?} {sources:?} {target:?}");
}

fn subsets(scheme: Scheme) -> impl Iterator<Item = Vec<ShareIndex>> {
    (0_u64..1 << scheme.n())
        .filter(move |set| set.count_ones() == u32::from(scheme.k()))
        .map(move |set| ShareIndex::all(scheme).filter(|index| set >> index.get() & 1 != 0).collect())
}

/// k indexes spread unevenly over the scheme, in no order.
fn scattered(scheme: Scheme, step: usize) -> Vec<ShareIndex> {
    let mut left: Vec<_> = ShareIndex::all(scheme).collect();
    let mut at = step;
    (0..scheme.k())
        .map(|_| {
            at = (at * 7 + step) % left.len();
            left.swap_remove(at)
        })
        .collect()
}

#[test]
fn every_small_plan_is_right_and_rebuilding_never_forms_a_function_of_the_secret() {
    for n in 2..=8 {
        for k in 2..=n {
            for p in [3, 5, 7, 11, 13].into_iter().filter(|&p| p >= n) {
                let scheme = scheme(k, n, p);
                for sources in subsets(scheme) {
                    check_combining(scheme, &sources);
                    for target in ShareIndex::all(scheme).filter(|index| !sources.contains(index)) {
                        check_rebuilding(scheme, &sources, target);
                    }
                }
            }
        }
    }
}

#[test]
fn large_plans_are_right_and_keep_the_rule_too() {
    let schemes = [
        (2, 11, 11),
        (10, 11, 11),
        (3, 16, 17),
        (5, 16, 17),
        (8, 16, 67),
        (2, 64, 67),
        (3, 64, 67),
        (4, 64, 67),
        (16, 31, 31),
        (32, 64, 67),
        (63, 64, 67),
    ];
    for (k, n, p) in schemes {
        let scheme = scheme(k, n, p);
        for step in [1, 5] {
            let sources = scattered(scheme, step);
            check_combining(scheme, &sources);
            let target = ShareIndex::all(scheme).find(|index| !sources.contains(index)).unwrap();
            check_rebuilding(scheme, &sources, target);
        }
    }
    check_combining(scheme(64, 64, 67), &scattered(scheme(64, 64, 67), 3));
}

#[test]
fn the_watch_would_see_a_function_of_the_secret() {
    // Combining may form them, and does: its results are.
    let scheme = scheme(3, 5, 5);
    let sources: Vec<_> = ShareIndex::all(scheme).take(3).collect();
    let mut seen = false;
    run(scheme, &combining(scheme, &sources), &sources, |_, terms| seen |= any_sum_tells(scheme, terms));
    assert!(seen);
    // And so does rebuilding without the rule, where the threshold is 2.
    let scheme = self::scheme(2, 5, 5);
    let sources: Vec<_> = ShareIndex::all(scheme).take(2).collect();
    let rows =
        crate::ring::solve(scheme, &sources, crate::ring::Target::Share(ShareIndex::new(4, scheme).unwrap()));
    let careless = super::compile::compile(&super::rows::plain(&rows, 2), scheme);
    let mut seen = false;
    run(scheme, &careless, &sources, |_, terms| seen |= any_sum_tells(scheme, terms));
    assert!(seen);
}

#[test]
fn the_ladder_is_right_whenever_it_might_be_chosen() {
    for (k, n, p) in
        [(2, 2, 3), (2, 5, 7), (3, 3, 3), (3, 7, 11), (4, 4, 5), (5, 9, 13), (7, 7, 7), (6, 64, 67)]
    {
        let scheme = scheme(k, n, p);
        for sources in [1, 2, 5].map(|step| scattered(scheme, step)) {
            let program = super::compile::compile(&super::ladder::draft(scheme, &sources), scheme);
            let secret: Vec<_> = (0..scheme.blocks()).map(|block| unit(scheme, block)).collect();
            assert!(run(scheme, &program, &sources, |_, _| {}) == secret, "{scheme:?} {sources:?}");
        }
    }
}

#[test]
fn plans_are_much_cheaper_than_their_rows() {
    let cost = |k, n, step| {
        let scheme = scheme(k, n, Scheme::new(Threshold::new(k, n).unwrap()).p());
        let sources = scattered(scheme, step);
        let rows = crate::ring::solve(scheme, &sources, crate::ring::Target::Secret);
        let reads = |program: &Program| program.steps().map(|(_, operands)| operands.len()).sum::<usize>();
        let plain = super::compile::compile(&super::rows::plain(&rows, sources.len()), scheme);
        (reads(&combining(scheme, &sources)), reads(&plain))
    };
    // Three reads per block are the least for k = 2: two pieces and a block already known.
    let (chosen, plain) = cost(2, 64, 1);
    assert!(chosen <= 3 * 66 && plain > 1000, "{chosen} of {plain}");
    let (chosen, plain) = cost(4, 64, 5);
    assert!(chosen * 4 < plain, "{chosen} of {plain}");
    let (chosen, plain) = cost(64, 64, 1);
    assert!(chosen * 2 < plain, "{chosen} of {plain}");
}
