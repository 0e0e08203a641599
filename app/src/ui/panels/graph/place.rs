//! Where nodes stand and edges run: layers, with importers above their providers and hosts below all.
//!
//! A layer that is too wide takes several rows. An edge that passes rows gets a gap in each of them; all
//! edges to one node share theirs, so that they run together from there on.

use std::collections::{BTreeMap, BTreeSet};

use egui::{Pos2, Rect, Vec2, pos2, vec2};

/// Distances, in points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spacing {
    /// Height of a node.
    pub(super) height: f32,
    /// Between nodes of a row.
    pub(super) beside: f32,
    /// Between rows.
    pub(super) below: f32,
    /// Between a gap for edges that pass and what is beside it; less where there are many.
    pub(super) gap: f32,
}

/// What is to be placed: nodes by their widths, edges by positions of nodes.
pub(super) struct Plan<'a> {
    pub(super) widths: &'a [f32],
    /// Nodes from this one on are hosts.
    pub(super) hosts: usize,
    pub(super) edges: &'a [(usize, usize)],
    /// The first so many edges decide where nodes stand; the others come and go.
    pub(super) firm: usize,
}

impl Plan<'_> {
    fn firm(&self) -> &[(usize, usize)] {
        self.edges.get(..self.firm).unwrap_or(self.edges)
    }
}

/// Where the other end of an edge is from left to right, the edge's number, and which of its ends this is.
type End = (f32, usize, usize);

/// Where everything is; the origin is the upper left.
#[derive(Default, Debug)]
pub(super) struct Placed {
    pub(super) nodes: Vec<Rect>,
    /// One for each edge, as a line of many points.
    pub(super) edges: Vec<Vec<Pos2>>,
    pub(super) size: Vec2,
}

/// What stands in a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Item {
    Node(usize),
    /// The gap for edges to this node.
    Gap(usize),
}

/// Points of a curve between two rows.
const SAMPLES: usize = 12;
/// Share of the width that nodes of a row may take, so that edges can pass between them.
const FILLED: f32 = 0.8;
/// Least distance of edges that pass.
const LEAST: f32 = 3.0;
/// How often rows are sorted by what is above and below them.
const SWEEPS: usize = 3;

/// Layers from above, as a number for each module. Those of one cycle share a layer.
pub(super) fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut next = vec![Vec::new(); count];
    for (from, to) in edges {
        if *from < count && *to < count {
            next[*from].push(*to);
        }
    }
    let reached: Vec<BTreeSet<usize>> = (0..count)
        .map(|start| {
            let (mut seen, mut pending) = (BTreeSet::new(), next[start].clone());
            while let Some(node) = pending.pop() {
                if seen.insert(node) {
                    pending.extend(&next[node]);
                }
            }
            seen
        })
        .collect();
    let cycle =
        |one: usize, other: usize| reached[one].contains(&other) && reached[other].contains(&one);
    let mut depth = vec![0; count];
    // Without cycles no path is longer than the number of nodes.
    for _ in 0..=count {
        let before = depth.clone();
        for (from, followers) in next.iter().enumerate() {
            for to in followers.iter().filter(|to| !cycle(from, **to)) {
                depth[*to] = depth[*to].max(depth[from] + 1);
            }
        }
        for one in 0..count {
            let others = reached[one].iter().filter(|other| cycle(one, **other));
            depth[one] = others.map(|other| depth[*other]).fold(depth[one], usize::max);
        }
        if depth == before {
            break;
        }
    }
    depth
}

struct Rows<'a> {
    plan: &'a Plan<'a>,
    spacing: Spacing,
    rows: Vec<Vec<Item>>,
    /// Row of each node.
    row: Vec<usize>,
    /// Middle of each item.
    x: BTreeMap<(usize, Item), f32>,
}

/// Places everything in as much width as there is; more if a row needs it.
pub(super) fn place(plan: &Plan<'_>, spacing: Spacing, available: f32) -> Placed {
    if plan.widths.is_empty() {
        return Placed::default();
    }
    let mut rows = Rows::new(plan, spacing, available);
    rows.open_gaps();
    rows.arrange(available);
    for sweep in 0..SWEEPS {
        rows.sort(sweep % 2 == 1);
        rows.arrange(available);
    }
    rows.finish(available)
}

impl<'a> Rows<'a> {
    fn new(plan: &'a Plan<'a>, spacing: Spacing, available: f32) -> Self {
        let count = plan.widths.len();
        let mut depth = layers(plan.hosts, plan.firm());
        let last = depth.iter().copied().max().map_or(0, |last| last + 1);
        depth.resize(count, last);
        let (mut rows, mut row) = (Vec::new(), vec![0; count]);
        for layer in 0..=last {
            let nodes: Vec<usize> = (0..count).filter(|node| depth[*node] == layer).collect();
            let width = |part: &[usize]| -> f32 {
                part.iter().map(|node| plan.widths[*node] + spacing.beside).sum()
            };
            // As few rows as have room, of about as many nodes each.
            let sizes = (1..=nodes.len()).map(|rows| nodes.len().div_ceil(rows));
            let fits = |size: &usize| {
                nodes.chunks(*size).all(|part| width(part) <= available * FILLED || part.len() == 1)
            };
            let size = { sizes }.find(fits).unwrap_or(1);
            for part in nodes.chunks(size) {
                for node in part {
                    row[*node] = rows.len();
                }
                rows.push(part.iter().map(|node| Item::Node(*node)).collect());
            }
        }
        Self { plan, spacing, rows, row, x: BTreeMap::new() }
    }

    /// Makes room for the edges that pass a row.
    fn open_gaps(&mut self) {
        let mut gaps = BTreeSet::new();
        for (from, to) in self.plan.edges {
            gaps.extend((self.row[*from] + 1..self.row[*to]).map(|row| (row, Item::Gap(*to))));
        }
        for (row, gap) in gaps {
            self.rows[row].push(gap);
        }
    }

    fn width(&self, item: Item) -> f32 {
        match item {
            Item::Node(node) => self.plan.widths[node],
            Item::Gap(_) => 0.0,
        }
    }

    /// Distances between the items of a row, one less than there are.
    fn distances(&self, row: &[Item], available: f32) -> Vec<f32> {
        let Spacing { beside, gap, .. } = self.spacing;
        let pairs = || row.windows(2);
        let nodes = |pair: &&[Item]| matches!(pair, [Item::Node(_), Item::Node(_)]);
        let fixed: f32 = row.iter().map(|item| self.width(*item)).sum::<f32>()
            + beside * pairs().filter(nodes).count() as f32;
        let others = pairs().count() - pairs().filter(nodes).count();
        let room = (available - fixed) / others.max(1) as f32;
        let gap = gap.min(room).max(LEAST);
        pairs().map(|pair| if nodes(&pair) { beside } else { gap }).collect()
    }

    /// Rows side by side in their order, each in the middle.
    fn arrange(&mut self, available: f32) {
        for (number, row) in self.rows.iter().enumerate() {
            let distances = self.distances(row, available);
            let widths: f32 = row.iter().map(|item| self.width(*item)).sum();
            let mut left = (available - widths - distances.iter().sum::<f32>()) / 2.0;
            for (item, distance) in row.iter().zip(distances.into_iter().chain([0.0])) {
                let width = self.width(*item);
                self.x.insert((number, *item), left + width / 2.0);
                left += width + distance;
            }
        }
    }

    /// What an item of a row is connected with in the row above it, or below.
    fn neighbours(&self, row: usize, item: Item, above: bool) -> Vec<f32> {
        let mut found = Vec::new();
        for (from, to) in self.plan.firm() {
            let (top, bottom) = (self.row[*from], self.row[*to]);
            // The edge as a line of items, of which one is the item asked for.
            let at = |row: usize| match row {
                row if row == top => Item::Node(*from),
                row if row == bottom => Item::Node(*to),
                _ => Item::Gap(*to),
            };
            if !(top..=bottom).contains(&row) || at(row) != item {
                continue;
            }
            let other = if above { row.checked_sub(1) } else { Some(row + 1) };
            let other = other.filter(|other| (top..=bottom).contains(other));
            found.extend(other.and_then(|other| self.x.get(&(other, at(other)))));
        }
        found
    }

    /// Sorts rows by where their neighbours are.
    fn sort(&mut self, upward: bool) {
        let count = self.rows.len();
        for step in 0..count {
            let row = if upward { count - 1 - step } else { step };
            let mut keyed: Vec<(f32, Item)> = self.rows[row]
                .iter()
                .map(|item| {
                    let near = self.neighbours(row, *item, !upward);
                    let own = self.x.get(&(row, *item)).copied().unwrap_or(0.0);
                    let sum: f32 = near.iter().sum();
                    (if near.is_empty() { own } else { sum / near.len() as f32 }, *item)
                })
                .collect();
            keyed.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            self.rows[row] = keyed.into_iter().map(|(_, item)| item).collect();
        }
    }

    fn finish(&self, available: f32) -> Placed {
        let Spacing { height, below, .. } = self.spacing;
        let lefts = self.x.iter().map(|((_, item), x)| x - self.width(*item) / 2.0);
        let left = lefts.fold(0.0, f32::min);
        let rights = self.x.iter().map(|((_, item), x)| x + self.width(*item) / 2.0);
        let right = rights.fold(available, f32::max);
        let top = |row: usize| row as f32 * (height + below);
        let x = |row: usize, item: Item| self.x.get(&(row, item)).copied().unwrap_or(0.0) - left;
        let nodes: Vec<Rect> = (0..self.plan.widths.len())
            .map(|node| {
                let row = self.row[node];
                let middle = pos2(x(row, Item::Node(node)), top(row) + height / 2.0);
                Rect::from_center_size(middle, vec2(self.plan.widths[node], height))
            })
            .collect();
        let ports = self.ports(&nodes);
        let edges = self.plan.edges.iter().zip(ports).map(|((from, to), [start, end])| {
            let (first, last) = (self.row[*from], self.row[*to]);
            if first == last {
                return beside(nodes[*from], nodes[*to], below);
            }
            let mut line = vec![start];
            let mut here = start;
            for row in first + 1..last {
                let x = x(row, Item::Gap(*to));
                curve(here, pos2(x, top(row)), &mut line);
                here = pos2(x, top(row) + height);
                line.push(here);
            }
            curve(here, end, &mut line);
            line
        });
        let edges = edges.collect();
        // Arcs below the last row.
        let last = self.rows.len() - 1;
        let mut arcs = self.plan.edges.iter();
        let arcs = arcs.any(|(from, to)| self.row[*from] == last && self.row[*to] == last);
        let room = if arcs { below * 0.6 } else { 0.0 };
        let size = vec2(right - left, top(last) + height + room);
        Placed { nodes, edges, size }
    }

    /// Where edges leave and arrive: side by side along the nodes, in the order of the other ends.
    fn ports(&self, nodes: &[Rect]) -> Vec<[Pos2; 2]> {
        let mut ends: BTreeMap<(usize, bool), Vec<End>> = BTreeMap::new();
        for (number, (from, to)) in self.plan.edges.iter().enumerate() {
            let down = self.row[*from] < self.row[*to];
            let ends_of = [(*from, down, nodes[*to]), (*to, !down, nodes[*from])];
            for (end, (node, bottom, other)) in ends_of.into_iter().enumerate() {
                let list = ends.entry((node, bottom)).or_default();
                list.push((other.center().x, number, end));
            }
        }
        let mut ports = vec![[Pos2::ZERO; 2]; self.plan.edges.len()];
        for ((node, bottom), mut list) in ends {
            let rect = nodes[node];
            list.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let step = rect.width() / (list.len() + 1) as f32;
            let y = if bottom { rect.bottom() } else { rect.top() };
            for (place, (_, number, end)) in list.into_iter().enumerate() {
                ports[number][end] = pos2(rect.left() + step * (place + 1) as f32, y);
            }
        }
        ports
    }
}

/// Down, or up, from one point to another, upright at both ends.
fn curve(from: Pos2, to: Pos2, line: &mut Vec<Pos2>) {
    let bend = (to.y - from.y) * 0.5;
    let (one, two) = (from + vec2(0.0, bend), to - vec2(0.0, bend));
    for sample in 1..=SAMPLES {
        let t = sample as f32 / SAMPLES as f32;
        let (a, b, c) = (from.lerp(one, t), one.lerp(two, t), two.lerp(to, t));
        line.push(a.lerp(b, t).lerp(b.lerp(c, t), t));
    }
}

/// An arc below two nodes of a row; deeper on the way back.
fn beside(from: Rect, to: Rect, below: f32) -> Vec<Pos2> {
    let right = from.center().x < to.center().x;
    let apart = if right { 6.0 } else { -6.0 };
    let (start, end) =
        (from.center_bottom() - vec2(apart, 0.0), to.center_bottom() - vec2(apart, 0.0));
    let bend = vec2(0.0, if right { below * 0.35 } else { below * 0.75 });
    let mut line = vec![start];
    for sample in 1..=SAMPLES {
        let t = sample as f32 / SAMPLES as f32;
        let (one, two) = (start + bend, end + bend);
        let (a, b, c) = (start.lerp(one, t), one.lerp(two, t), two.lerp(end, t));
        line.push(a.lerp(b, t).lerp(b.lerp(c, t), t));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACING: Spacing = Spacing { height: 20.0, beside: 10.0, below: 40.0, gap: 8.0 };

    #[test]
    fn importers_stand_above_their_providers() {
        assert_eq!(layers(3, &[(2, 1), (1, 0)]), [2, 1, 0]);
        assert_eq!(layers(3, &[(2, 1), (1, 0), (2, 0)]), [2, 1, 0]);
        assert_eq!(layers(2, &[(0, 1), (1, 0)]), [0, 0]);
        assert_eq!(layers(3, &[(0, 1), (1, 2), (2, 0)]), [0, 0, 0]);
        assert_eq!(layers(4, &[(3, 0), (0, 1), (1, 0), (1, 2)]), [1, 1, 2, 0]);
    }

    fn check(widths: &[f32], hosts: usize, edges: &[(usize, usize)], available: f32) -> Placed {
        let placed = place(&Plan { widths, hosts, edges, firm: edges.len() }, SPACING, available);
        for (number, one) in placed.nodes.iter().enumerate() {
            for other in &placed.nodes[number + 1..] {
                assert!(!one.intersects(*other), "{one:?} {other:?}");
            }
            let whole = Rect::from_min_size(Pos2::ZERO, placed.size);
            assert!(whole.expand(0.5).contains_rect(*one), "{one:?} in {whole:?}");
        }
        for ((from, to), line) in edges.iter().zip(&placed.edges) {
            let (first, last) = (line[0], line[line.len() - 1]);
            assert!(placed.nodes[*from].expand(0.5).contains(first));
            assert!(placed.nodes[*to].expand(0.5).contains(last));
        }
        placed
    }

    #[test]
    fn nodes_do_not_overlap_and_edges_pass_between_them() {
        let widths = [60.0; 32];
        let mut edges: Vec<(usize, usize)> = (1..30).map(|node| (node, (node - 1) / 3)).collect();
        edges.extend((0..30).map(|node| (node, 30 + node % 2)));
        for available in [220.0, 350.0, 1200.0] {
            let placed = check(&widths, 30, &edges, available);
            for ((from, to), line) in edges.iter().zip(&placed.edges) {
                for (node, rect) in placed.nodes.iter().enumerate() {
                    let passes = line.iter().any(|point| rect.shrink(1.0).contains(*point));
                    assert!(
                        !passes || node == *from || node == *to,
                        "{from} → {to} through {node}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_wide_layer_takes_several_rows() {
        let placed = check(&[90.0; 12], 12, &[], 350.0);
        let rows: BTreeSet<i32> = placed.nodes.iter().map(|rect| rect.top() as i32).collect();
        assert_eq!((rows.len(), placed.size.x), (6, 350.0));
        check(&[50.0, 50.0], 2, &[(0, 1), (1, 0)], 300.0);
        let nothing = Plan { widths: &[], hosts: 0, edges: &[], firm: 0 };
        assert_eq!(place(&nothing, SPACING, 100.0).size, Vec2::ZERO);
    }

    #[test]
    fn calls_move_nothing() {
        let (widths, edges) = ([50.0; 4], [(0, 1), (1, 2), (2, 0), (3, 0)]);
        let placed = |firm: usize, edges: &[(usize, usize)]| {
            place(&Plan { widths: &widths, hosts: 3, edges, firm }, SPACING, 300.0).nodes
        };
        assert_eq!(placed(2, &edges), placed(2, &edges[..2]));
    }
}
