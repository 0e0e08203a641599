//! Nodes, edges and what is written on them.

use egui::{Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, pos2, vec2};

use super::model::{self, Edge, Graph};
use super::place::Placed;
use crate::session::{CallTarget, Session};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Around the text of a node.
const PADDING: f32 = 10.0;
/// Widest and narrowest node.
const WIDTH: std::ops::RangeInclusive<f32> = 44.0..=190.0;
/// Height of what is written on an edge.
const PILL: f32 = 15.0;
/// Calls of the present path that are numbered on one edge.
const STEPS: usize = 3;

/// How wide a node is.
pub(super) fn width(session: &Session, node: CallTarget, ui: &Ui) -> f32 {
    let text = title(session, node);
    let galley = ui.painter().layout_no_wrap(text, tokens::mono_bold(), Color32::WHITE);
    (galley.size().x + PADDING * 2.0).clamp(*WIDTH.start(), *WIDTH.end())
}

/// What is written on a node.
pub(super) fn title(session: &Session, node: CallTarget) -> String {
    let name = model::name(session, node);
    match node {
        CallTarget::Host => {
            let policies = model::policies(session);
            if policies.is_empty() { name } else { format!("{name}: {policies}") }
        }
        _ => name,
    }
}

/// Line and ground of a node, and of the edges that lead to it.
pub(super) fn colors(session: &Session, node: CallTarget, tokens: &Tokens) -> (Color32, Color32) {
    let open = match node {
        CallTarget::Module(key) => session.module(key),
        _ => None,
    };
    match open {
        Some(open) => (tokens.module(open.hue), tokens.module_back(open.hue)),
        None => (tokens.host, tokens.panel),
    }
}

/// How an edge is drawn.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub(super) color: Color32,
    /// It leads to a host, does not fit, or stands for calls without an import.
    pub(super) dashed: bool,
    /// The present calls go along it.
    pub(super) live: bool,
    /// The pointer is on it, or on one of its ends.
    pub(super) marked: bool,
    /// The pointer is somewhere else.
    pub(super) back: bool,
}

pub(super) fn edge(painter: &Painter, line: &[Pos2], look: Look, tokens: &Tokens) {
    let [.., before, end] = *line else { return };
    let fade = if look.back { 0.25 } else { 1.0 };
    let color = look.color.gamma_multiply(fade);
    if look.live {
        let glow = Stroke::new(7.0, tokens.accent.gamma_multiply(0.35 * fade));
        painter.line(line.to_vec(), glow);
    }
    let stroke = Stroke::new(if look.live || look.marked { 2.5 } else { 1.3 }, color);
    if look.dashed {
        painter.extend(Shape::dashed_line(line, stroke, 4.0, 3.0));
    } else {
        painter.line(line.to_vec(), stroke);
    }
    let along = (end - before).normalized();
    let across = vec2(-along.y, along.x);
    let size = if look.live { 8.0 } else { 6.0 };
    let points = vec![
        end,
        end - along * size + across * size * 0.55,
        end - along * size - across * size * 0.55,
    ];
    painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
}

/// What is written on an edge: numbers of the present calls, imports, calls.
pub(super) struct Pill {
    steps: String,
    imports: String,
    calls: String,
    bold: bool,
}

impl Pill {
    /// `counts` of the small graph are imports alone.
    pub(super) fn of(edge: &Edge, small: bool) -> Self {
        let steps: Vec<String> = edge.steps.iter().take(STEPS).map(usize::to_string).collect();
        let more = if edge.steps.len() > STEPS { "…" } else { "" };
        let steps = if small { String::new() } else { format!("{}{more}", steps.join("·")) };
        let calls = match edge.calls {
            calls if small || calls == 0 => String::new(),
            calls => format!("{}×", widgets::grouped(calls)),
        };
        let imports = match edge.imports.len() {
            0 => String::new(),
            count => count.to_string(),
        };
        Self { steps, imports, calls, bold: edge.new_calls > 0 }
    }

    fn parts(&self, color: Color32, tokens: &Tokens) -> Vec<(String, FontId, Color32, bool)> {
        let small = tokens::mono_small();
        let calls = if self.bold {
            FontId::new(tokens::SMALL, tokens::mono_bold().family)
        } else {
            small.clone()
        };
        let words = if self.bold { tokens.text } else { tokens.weak };
        [
            (self.steps.clone(), small.clone(), tokens.on_accent, true),
            (self.imports.clone(), small, color, false),
            (self.calls.clone(), calls, words, false),
        ]
        .into_iter()
        .filter(|(text, ..)| !text.is_empty())
        .collect()
    }

    fn size(&self, painter: &Painter, tokens: &Tokens) -> f32 {
        let parts = self.parts(Color32::WHITE, tokens);
        let widths = parts.into_iter().map(|(text, font, color, _)| {
            painter.layout_no_wrap(text, font, color).size().x + tokens::GAP * 1.5
        });
        widths.sum::<f32>() + tokens::GAP
    }

    /// A place near the beginning of the edge, where nothing else is if there is one; whether it is.
    pub(super) fn place(
        &self,
        painter: &Painter,
        line: &[Pos2],
        placed: &Placed,
        taken: &[Rect],
        tokens: &Tokens,
    ) -> (Rect, bool) {
        let size = vec2(self.size(painter, tokens), PILL);
        // Behind the first rows the edges to one node run together.
        let near = line.get(..line.len().min(13)).unwrap_or(line);
        let at = |share: f32| {
            let position = (share * (near.len() - 1) as f32) as usize;
            let middle = near.get(position).copied().unwrap_or_default();
            Rect::from_center_size(middle, size)
        };
        let free = |rect: &Rect| {
            let mut all = taken.iter().chain(&placed.nodes);
            !all.any(|other| other.intersects(*rect))
        };
        let tried = [0.5, 0.42, 0.6, 0.33, 0.7, 0.25, 0.84, 0.17];
        let found = tried.into_iter().map(at).find(free);
        (found.unwrap_or_else(|| at(0.5)), found.is_some())
    }

    pub(super) fn paint(&self, painter: &Painter, place: Rect, color: Color32, tokens: &Tokens) {
        painter.rect_filled(place, 4.0, tokens.raised);
        painter.rect_stroke(place, 4.0, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
        let mut left = place.left() + tokens::GAP * 1.25;
        for (text, font, color, on_accent) in self.parts(color, tokens) {
            let galley = painter.layout_no_wrap(text, font, color);
            let size = galley.size();
            if on_accent {
                let back = Rect::from_min_max(
                    pos2(left - tokens::GAP, place.top()),
                    pos2(left + size.x + tokens::GAP / 2.0, place.bottom()),
                );
                painter.rect_filled(back, 4.0, tokens.accent);
            }
            painter.galley(pos2(left, place.center().y - size.y / 2.0), galley, color);
            left += size.x + tokens::GAP * 1.5;
        }
    }
}

/// A node, with what the present calls make of it.
pub(super) fn node(
    session: &Session,
    graph: &Graph,
    node: CallTarget,
    place: Rect,
    back: bool,
    ui: &Ui,
) {
    let tokens = Tokens::of(ui);
    let fade = if back { 0.35 } else { 1.0 };
    let (color, ground) = colors(session, node, tokens);
    let (color, live) = (color.gamma_multiply(fade), graph.is_on_path(node));
    let painter = ui.painter();
    painter.rect_filled(place, 5.0, tokens.panel);
    painter.rect_filled(place, 5.0, ground.gamma_multiply(fade));
    let stroke = Stroke::new(if live { 2.0 } else { 1.0 }, color);
    painter.rect_stroke(place, 5.0, stroke, StrokeKind::Inside);
    if graph.is_innermost(node) {
        let ring = Stroke::new(3.0, tokens.accent);
        painter.rect_stroke(place.expand(2.0), 7.0, ring, StrokeKind::Outside);
    } else if live {
        let ring = Stroke::new(2.0, tokens.accent.gamma_multiply(0.45));
        painter.rect_stroke(place.expand(1.0), 6.0, ring, StrokeKind::Outside);
    }
    let text = title(session, node);
    let galley = painter.layout_no_wrap(text, tokens::mono_bold(), color);
    // What is too long shows its beginning.
    let middle = place.center() - galley.size() / 2.0;
    let at = pos2(middle.x.max(place.left() + tokens::GAP), middle.y);
    let clip = place.shrink2(vec2(tokens::GAP, 0.0)).intersect(ui.clip_rect());
    painter.with_clip_rect(clip).galley(at, galley, color);
}

/// How far a point is from a line of points.
pub(super) fn distance(line: &[Pos2], point: Pos2) -> f32 {
    let pairs = line.windows(2).filter_map(|pair| {
        let [a, b] = *pair else { return None };
        let along = b - a;
        let share = ((point - a).dot(along) / along.length_sq().max(1e-6)).clamp(0.0, 1.0);
        Some((a + along * share).distance(point))
    });
    pairs.fold(f32::INFINITY, f32::min)
}

/// What the signs mean.
pub(super) fn legend(ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let text = "An arrow: imports from, with how many imports, and × how often they were called in this \
                run, bold if since the last stop. Bright: the present calls, in their order. Click \
                an arrow for its imports.";
    ui.add(egui::Label::new(egui::RichText::new(text).small().color(tokens.weak)).wrap());
}
