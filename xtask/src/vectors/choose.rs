//! Choices of k out of n, all of them or some that are spread evenly.

/// At most `most` choices of `k` out of `0..n`, each ascending, in lexical order; all of them if there are not
/// more than `most`. Otherwise the first, the last, and others at equal distances between them.
///
/// For `k` of 1 to `n` of at most 64 and `most` of at least 2.
pub(crate) fn choices(n: usize, k: usize, most: usize) -> Vec<Vec<usize>> {
    let all = binomial(n, k);
    let wanted = u128::try_from(most).unwrap_or(u128::MAX).min(all);
    let last = all.saturating_sub(1);
    // The product stays below 2^64 * 2^64.
    let rank = |i: u128| if wanted < all { i * last / (wanted - 1) } else { i };
    (0..wanted).map(|i| unrank(n, k, rank(i))).collect()
}

/// The number of choices of k out of n; exact for n <= 64.
fn binomial(n: usize, k: usize) -> u128 {
    if k > n {
        return 0;
    }
    // Each intermediate value is a binomial coefficient itself, so the division leaves no rest.
    (0..k).fold(1, |product, i| product * (n - i) as u128 / (i as u128 + 1))
}

/// The choice at `rank` in lexical order.
fn unrank(n: usize, k: usize, mut rank: u128) -> Vec<usize> {
    let mut chosen = Vec::with_capacity(k);
    for candidate in 0..n {
        let open = k - chosen.len();
        if open == 0 {
            break;
        }
        // So many choices go on with this candidate; they come before those without it.
        let with = binomial(n - candidate - 1, open - 1);
        if rank < with {
            chosen.push(candidate);
        } else {
            rank -= with;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_choices_are_all_there() {
        assert_eq!(choices(3, 2, 200), [[0, 1], [0, 2], [1, 2]]);
        assert_eq!(choices(4, 4, 200), [[0, 1, 2, 3]]);
        let mut all = choices(10, 3, 200);
        assert_eq!(all.len(), 120);
        all.dedup();
        assert_eq!(all.len(), 120);
        assert!(all.iter().all(|c| c.is_sorted_by(|a, b| a < b) && c.len() == 3 && c[2] < 10));
    }

    #[test]
    fn many_are_sampled_from_the_first_to_the_last() {
        for (n, k) in [(12, 7), (16, 8), (64, 32), (64, 3)] {
            let mut some = choices(n, k, 200);
            assert_eq!(some.len(), 200);
            assert_eq!(some.first(), Some(&(0..k).collect::<Vec<_>>()));
            assert_eq!(some.last(), Some(&(n - k..n).collect::<Vec<_>>()));
            assert!(some.is_sorted());
            some.dedup();
            assert_eq!(some.len(), 200, "({k}, {n}): a choice came twice");
        }
    }

    #[test]
    fn coefficients_are_exact() {
        assert_eq!(binomial(64, 32), 1_832_624_140_942_590_534);
        assert_eq!(binomial(5, 0), 1);
        assert_eq!(binomial(2, 3), 0);
    }
}
