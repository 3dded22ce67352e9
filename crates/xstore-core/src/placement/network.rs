//! A flow that tells whether a choice of members can still be completed, and how well at best.

use std::collections::VecDeque;

const SOURCE: usize = 0;
const SINK: usize = 1;

/// Enough for anything.
const UNLIMITED: u32 = u32::MAX;

/// Shares flow from the source through a left node, through a class of members and through a right node to the
/// sink. Left and right nodes have limits (how many shares may be of this kind, or under this value), and of every
/// class at least and at most so many members are taken, each of which costs its rank.
#[derive(Debug)]
pub(super) struct Network {
    /// How much has to flow.
    total: u32,
    classes: usize,
    /// Edge `2 * i` and its reverse `2 * i + 1` follow each other; the first ones are those of the classes.
    edges: Vec<Edge>,
    /// The edges that leave each node.
    leaving: Vec<Vec<usize>>,
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    to: usize,
    /// What may flow more.
    room: u32,
    /// What a share costs that flows here.
    cost: i64,
}

/// A full flow.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flow {
    /// How many members of each class it takes.
    pub(super) taken: Vec<u32>,
    /// The sum of their ranks.
    pub(super) cost: u64,
}

/// One side of a network: the limit of each node, and the nodes of each class.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) limits: Vec<u32>,
    pub(super) nodes: Vec<Vec<usize>>,
}

impl Network {
    /// `total` shares between two sides, which speak of the same classes as `ranks` does.
    pub(super) fn new(total: u32, ranks: &[u32], left: &Side, right: &Side) -> Self {
        let classes = ranks.len();
        let (into, out) = (|class: usize| 2 + 2 * class, |class: usize| 3 + 2 * class);
        let lefts = 2 + 2 * classes;
        let rights = lefts + left.limits.len();
        let mut network = Self {
            total,
            classes,
            edges: Vec::new(),
            leaving: vec![Vec::new(); rights + right.limits.len()],
        };
        for (class, &rank) in ranks.iter().enumerate() {
            network.connect(into(class), out(class), 0, rank.into());
        }
        for (node, &limit) in left.limits.iter().enumerate() {
            network.connect(SOURCE, lefts + node, limit, 0);
        }
        for (node, &limit) in right.limits.iter().enumerate() {
            network.connect(rights + node, SINK, limit, 0);
        }
        for class in 0..classes {
            for &node in &left.nodes[class] {
                network.connect(lefts + node, into(class), UNLIMITED, 0);
            }
            for &node in &right.nodes[class] {
                network.connect(out(class), rights + node, UNLIMITED, 0);
            }
        }
        network
    }

    /// The cheapest full flow that takes at least `floor` and at most `ceiling` members of each class.
    pub(super) fn flow(&self, floor: &[u32], ceiling: &[u32]) -> Option<Flow> {
        let mut edges = self.edges.clone();
        // First what has to be taken, alone: a flow with more in it can be thinned out to that.
        for (class, &floor) in floor.iter().enumerate() {
            edges[2 * class].room = floor;
        }
        let least = floor.iter().sum();
        if least > self.total || self.fill(&mut edges, least) < least {
            return None;
        }
        // Then the rest, which may send that other ways but not take it back. So there is no way yet on which
        // something could be saved, which is what makes the cheapest ways, one after the other, the cheapest flow.
        for class in 0..self.classes {
            edges[2 * class].room = ceiling[class].saturating_sub(floor[class]);
            edges[2 * class + 1].room = 0;
        }
        let rest = self.total - least;
        if self.fill(&mut edges, rest) < rest {
            return None;
        }
        let taken: Vec<u32> =
            (0..self.classes).map(|class| floor[class] + edges[2 * class + 1].room).collect();
        let cost = |(class, &taken): (usize, &u32)| u64::from(taken) * edges[2 * class].cost.unsigned_abs();
        Some(Flow { cost: taken.iter().enumerate().map(cost).sum(), taken })
    }

    /// Adds up to `wanted` to the flow, along the cheapest ways, and tells how much it was.
    fn fill(&self, edges: &mut [Edge], wanted: u32) -> u32 {
        let mut done = 0;
        while done < wanted {
            let Some(way) = self.way(edges) else { break };
            let room = way.iter().map(|&edge| edges[edge].room).min().unwrap_or(0).min(wanted - done);
            for edge in way {
                edges[edge].room -= room;
                edges[edge ^ 1].room += room;
            }
            done += room;
        }
        done
    }

    /// The edges of a cheapest way with room from source to sink, from its end.
    fn way(&self, edges: &[Edge]) -> Option<Vec<usize>> {
        // What the cheapest way known to each node costs, and its last edge.
        let mut best: Vec<Option<(i64, usize)>> = vec![None; self.leaving.len()];
        let mut is_queued = vec![false; self.leaving.len()];
        let mut queue = VecDeque::from([SOURCE]);
        while let Some(node) = queue.pop_front() {
            is_queued[node] = false;
            let here = best[node].map_or(0, |(cost, _)| cost);
            for &edge in &self.leaving[node] {
                let Edge { to, room, cost } = edges[edge];
                let there = here + cost;
                if room == 0 || to == SOURCE || best[to].is_some_and(|(known, _)| known <= there) {
                    continue;
                }
                best[to] = Some((there, edge));
                if !is_queued[to] {
                    is_queued[to] = true;
                    queue.push_back(to);
                }
            }
        }
        let mut way = Vec::new();
        let mut node = SINK;
        while node != SOURCE {
            let (_, edge) = best[node]?;
            way.push(edge);
            node = edges[edge ^ 1].to;
        }
        Some(way)
    }

    fn connect(&mut self, from: usize, to: usize, room: u32, cost: i64) {
        self.leaving[from].push(self.edges.len());
        self.edges.push(Edge { to, room, cost });
        self.leaving[to].push(self.edges.len());
        self.edges.push(Edge { to: from, room: 0, cost: -cost });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(network: &Network, floor: &[u32], ceiling: &[u32]) -> Option<Vec<u32>> {
        network.flow(floor, ceiling).map(|flow| flow.taken)
    }

    #[test]
    fn a_full_flow_obeys_floors_ceilings_and_limits() {
        // Two kinds of shares; the classes 0 and 1 are under one value, class 2 under another.
        let left = Side { limits: vec![1, 2], nodes: vec![vec![0, 1], vec![1], vec![1]] };
        let right = Side { limits: vec![2, 2], nodes: vec![vec![0], vec![0], vec![1]] };
        let network = Network::new(3, &[0, 0, 0], &left, &right);
        // The first kind fits class 0 alone.
        let any = taken(&network, &[0, 0, 0], &[1, 1, 2]).unwrap();
        assert_eq!((any[0], any.iter().sum::<u32>()), (1, 3));
        assert_eq!(taken(&network, &[0, 1, 0], &[1, 1, 2]), Some(vec![1, 1, 1]));
        assert_eq!(taken(&network, &[0, 0, 2], &[1, 1, 2]), Some(vec![1, 0, 2]));
        assert_eq!(taken(&network, &[0, 1, 2], &[1, 1, 2]), None, "there is no room for class 0");
        assert_eq!(taken(&network, &[0, 0, 0], &[0, 1, 2]), None, "nothing fits the first kind");
        assert_eq!(taken(&network, &[0, 0, 0], &[1, 1, 0]), None, "two are too few");
        assert_eq!(taken(&network, &[2, 2, 0], &[2, 2, 2]), None, "four are too many");
    }

    #[test]
    fn a_floor_moves_other_flow_but_is_not_taken_back() {
        // Two shares of two kinds, and class 0 could serve both.
        let left = Side { limits: vec![1, 1], nodes: vec![vec![0, 1], vec![0]] };
        let right = Side { limits: vec![2], nodes: vec![vec![0], vec![0]] };
        let network = Network::new(2, &[0, 0], &left, &right);
        assert_eq!(taken(&network, &[1, 0], &[1, 1]), Some(vec![1, 1]));
        assert_eq!(taken(&network, &[0, 1], &[1, 1]), Some(vec![1, 1]));
        assert_eq!(taken(&network, &[0, 2], &[1, 2]), None);
    }

    #[test]
    fn the_flow_is_the_cheapest() {
        // Class 0 is the cheapest but stands in the way of the next two.
        let left = Side { limits: vec![1, 1, 1], nodes: vec![vec![0], vec![0], vec![1], vec![2]] };
        let right = Side { limits: vec![1, 1, 1], nodes: vec![vec![0], vec![1], vec![0], vec![2]] };
        let network = Network::new(2, &[1, 2, 3, 9], &left, &right);
        let all = [1, 1, 1, 1];
        assert_eq!(network.flow(&[0; 4], &all), Some(Flow { taken: vec![0, 1, 1, 0], cost: 5 }));
        assert_eq!(network.flow(&[1, 0, 0, 0], &all), Some(Flow { taken: vec![1, 0, 0, 1], cost: 10 }));
        assert_eq!(network.flow(&[0; 4], &[1, 0, 1, 1]), Some(Flow { taken: vec![1, 0, 0, 1], cost: 10 }));
    }
}
