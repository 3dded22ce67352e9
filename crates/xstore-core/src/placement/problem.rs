//! The rules over the candidates, reduced to numbers: classes of members that no rule tells apart, and networks.

use std::collections::{BTreeMap, BTreeSet};

use super::network::{Network, Side};
use super::rule::{Pins, limit};
use super::{Candidate, Rule};

/// A choice to be made: how many members of each class.
#[derive(Debug)]
pub(super) struct Problem {
    /// How many members are to be chosen.
    pub(super) shares: u32,
    /// The places of the members that may get anything, the best first.
    pub(super) order: Vec<usize>,
    /// The class of each of them.
    pub(super) class_of: Vec<usize>,
    /// How many members each class has, which have one rank.
    pub(super) sizes: Vec<u32>,
    /// What a choice has to let through. A choice of all its members that all networks let through is valid.
    pub(super) networks: Vec<Network>,
    /// Whether an incomplete choice that all networks let through can always be completed. Else it's only likely.
    pub(super) is_exact: bool,
}

impl Problem {
    pub(super) fn new(rules: &[&Rule], k: u8, n: u8, candidates: &[Candidate<'_>]) -> Self {
        let order = eligible(rules, candidates);
        let kinds = kinds(&Pins::new(rules), n, &order, candidates);
        let partitions = partitions(rules, limit(k), &order, candidates);
        let mut classes = BTreeMap::new();
        let mut sizes = Vec::new();
        let mut firsts = Vec::new();
        let class_of: Vec<usize> = (0..order.len())
            .map(|i| {
                let looks: (u32, Vec<bool>, Vec<usize>) = (
                    candidates[order[i]].rank,
                    kinds.keys().map(|fits| fits[i]).collect(),
                    partitions.iter().map(|values| values[i]).collect(),
                );
                let class = *classes.entry(looks).or_insert(sizes.len());
                if class == sizes.len() {
                    sizes.push(0);
                    firsts.push(i);
                }
                sizes[class] += 1;
                class
            })
            .collect();
        let ranks: Vec<u32> = firsts.iter().map(|&i| candidates[order[i]].rank).collect();
        let shares = u32::from(n);
        let demand = Side {
            limits: kinds.values().copied().collect(),
            nodes: firsts
                .iter()
                .map(|&i| {
                    kinds.keys().enumerate().filter_map(|(kind, fits)| fits[i].then_some(kind)).collect()
                })
                .collect(),
        };
        let limit = u32::try_from(limit(k)).unwrap_or(u32::MAX);
        let spreads: Vec<Side> = partitions.iter().map(|values| spread(values, limit, &firsts)).collect();
        let has_pins = kinds.keys().any(|fits| fits.contains(&false));
        let is_exact = spreads.len() <= 1 || (spreads.len() == 2 && !has_pins);
        Self {
            shares,
            order,
            class_of,
            sizes,
            networks: networks(shares, &ranks, &demand, has_pins, &spreads),
            is_exact,
        }
    }
}

/// The members that may get something, the best first.
fn eligible(rules: &[&Rule], candidates: &[Candidate<'_>]) -> Vec<usize> {
    let is_inside = |candidate: &Candidate<'_>| {
        rules.iter().all(|rule| !rule.is_on_members() || rule.lets_in(candidate.labels))
    };
    let mut names = BTreeSet::new();
    // The name counts also where the first of that name is outside: two entries of one member never get two shares.
    let mut order: Vec<usize> = (0..candidates.len())
        .filter(|&at| names.insert(candidates[at].id) && is_inside(&candidates[at]))
        .collect();
    order.sort_by_key(|&at| (candidates[at].rank, at));
    order
}

/// Which members each kind of share may go to, and how many shares are of that kind.
fn kinds(pins: &Pins<'_>, n: u8, order: &[usize], candidates: &[Candidate<'_>]) -> BTreeMap<Vec<bool>, u32> {
    let mut kinds = BTreeMap::new();
    for index in 0..n {
        let fits = order.iter().map(|&at| pins.admit(index, candidates[at].labels)).collect();
        *kinds.entry(fits).or_default() += 1;
    }
    kinds
}

/// For each spread rule that matters, the value of each member, as a number.
fn partitions(
    rules: &[&Rule],
    limit: usize,
    order: &[usize],
    candidates: &[Candidate<'_>],
) -> Vec<Vec<usize>> {
    let mut kept: Vec<Vec<usize>> = Vec::new();
    for rule in rules {
        let Rule::Spread { label } = rule else { continue };
        let mut numbers = BTreeMap::new();
        let mut counts = Vec::new();
        let mut values = Vec::with_capacity(order.len());
        for &at in order {
            let number = match candidates[at].labels.value(label) {
                Some(value) => *numbers.entry(value).or_insert(counts.len()),
                None => counts.len(),
            };
            if number == counts.len() {
                counts.push(0);
            }
            counts[number] += 1;
            values.push(number);
        }
        // Nothing to limit, or limited by another rule already.
        if counts.iter().all(|&count| count <= limit) || kept.iter().any(|other| is_within(&values, other)) {
            continue;
        }
        kept.retain(|other| !is_within(other, &values));
        kept.push(values);
    }
    kept
}

/// Whether all members under one value of `inner` are under one value of `outer`. Then a limit on `outer` is one on
/// `inner`.
fn is_within(inner: &[usize], outer: &[usize]) -> bool {
    let mut of = BTreeMap::new();
    inner.iter().zip(outer).all(|(value, outer)| *of.entry(*value).or_insert(*outer) == *outer)
}

fn spread(values: &[usize], limit: u32, firsts: &[usize]) -> Side {
    let count = values.iter().max().map_or(0, |max| max + 1);
    Side { limits: vec![limit; count], nodes: firsts.iter().map(|&i| vec![values[i]]).collect() }
}

/// Pins with each spread rule, and each two spread rules with each other.
fn networks(shares: u32, ranks: &[u32], demand: &Side, has_pins: bool, spreads: &[Side]) -> Vec<Network> {
    let mut networks = Vec::new();
    if spreads.is_empty() {
        let free = Side { limits: vec![shares], nodes: vec![vec![0]; demand.nodes.len()] };
        networks.push(Network::new(shares, ranks, demand, &free));
    }
    for (i, one) in spreads.iter().enumerate() {
        // Without pins, two spread rules say all that each of them says.
        if has_pins || spreads.len() == 1 {
            networks.push(Network::new(shares, ranks, demand, one));
        }
        networks.extend(spreads[..i].iter().map(|other| Network::new(shares, ranks, one, other)));
    }
    networks
}
