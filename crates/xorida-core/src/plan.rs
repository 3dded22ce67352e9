//! How to combine and to rebuild with few passes over memory.
//!
//! [`ring`](crate::ring) says which pieces make up each block of the result. Read row by row that is about
//! half of all k(p-1) pieces for every block. What to compute first and reuse is decided here: several
//! [`Draft`]s are made (`rows`, `ladder`), and the cheapest is compiled to a [`Program`]. A program for
//! rebuilding must also keep to `secrecy`: it never forms anything that is a function of the secret alone.

mod compile;
mod draft;
mod ladder;
mod program;
mod rows;
mod scratch;
mod secrecy;

#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use self::draft::Draft;
use self::secrecy::Secrecy;
use crate::ring::{Target, solve};
use crate::{Scheme, ShareIndex};

pub(crate) use self::program::Program;
#[cfg(test)]
pub(crate) use self::program::{Place, Step};

/// The cheapest program found that gives the secret's blocks from the k `sources`.
pub(crate) fn combining(scheme: Scheme, sources: &[ShareIndex]) -> Program {
    let rows = solve(scheme, sources, Target::Secret);
    let drafts = rows::drafts(&rows, sources.len()).chain([ladder::draft(scheme, sources)]);
    let cheapest = drafts.min_by_key(Draft::cost);
    compile::compile(&cheapest.unwrap_or_else(|| rows::plain(&rows, sources.len())), scheme)
}

/// The cheapest program found that gives the pieces of share `target` from the k `sources`, without ever
/// forming a function of the secret alone.
pub(crate) fn rebuilding(scheme: Scheme, sources: &[ShareIndex], target: ShareIndex) -> Program {
    let rows = solve(scheme, sources, Target::Share(target));
    let secrecy = Secrecy::new(scheme, sources);
    let mut drafts: Vec<_> = rows::drafts(&rows, sources.len()).collect();
    drafts.sort_by_key(Draft::cost);
    drafts
        .iter()
        .chain([&rows::plain(&rows, sources.len())])
        .find_map(|draft| compile::compile_secretly(draft, scheme, &secrecy))
        .expect("plain rows always find an order, as the documentation of `Secrecy::passes` shows")
}
