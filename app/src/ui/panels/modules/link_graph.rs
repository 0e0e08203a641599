//! Who imports from whom, drawn: modules in their hues, the host below them.

use std::collections::BTreeMap;

use egui::{Align2, Color32, Pos2, Rect, Sense, Stroke, Ui, pos2, vec2};

use crate::session::{Command, ImportSource, ModuleKey, OpenModule, Session};
use crate::ui::tokens::{self, Tokens};

const NODE_HEIGHT: f32 = 22.0;
const LAYER: f32 = 46.0;
/// Between edges that go round.
const SIDE: f32 = 18.0;

/// Where an edge leads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Module(ModuleKey),
    /// Nobody: the person or a policy answers.
    Host,
}

/// Names of the imports along an edge; whether they fit.
type Edges = BTreeMap<(ModuleKey, Target, bool), Vec<String>>;

/// Draws the graph.
pub(super) fn show(session: &Session, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let edges = edges(session);
    let layers = layers(session.modules(), &edges);
    let has_host = edges.keys().any(|(_, target, _)| *target == Target::Host);
    let rows = layers.len() + usize::from(has_host);
    let height = (rows.saturating_sub(1)) as f32 * LAYER + NODE_HEIGHT + tokens::GAP;
    let (area, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());

    let mut places: BTreeMap<Target, Rect> = BTreeMap::new();
    for (row, layer) in layers.iter().enumerate() {
        for (column, key) in layer.iter().enumerate() {
            places.insert(Target::Module(*key), node_place(area, row, column, layer.len()));
        }
    }
    if has_host {
        places.insert(Target::Host, node_place(area, layers.len(), 0, 1));
    }
    let mut long = 0;
    for ((from, target, fits), names) in &edges {
        let ends = places.get(&Target::Module(*from)).zip(places.get(target));
        let Some((from_place, to_place)) = ends else { continue };
        let color = match (target, fits) {
            (_, false) => tokens.error,
            (Target::Host, _) => tokens.warning,
            (Target::Module(key), _) => {
                session.module(*key).map_or(tokens.weak, |open| tokens.module(open.hue))
            }
        };
        let dashed = *target == Target::Host || !fits;
        let path = if (to_place.top() - from_place.top()).abs() > LAYER * 1.5 {
            long += 1;
            around(area, *from_place, *to_place, long)
        } else {
            straight(*from_place, *to_place)
        };
        edge(ui, &path, color, dashed, names);
    }
    for (target, place) in &places {
        node(session, *target, *place, ui, commands);
    }
}

fn edges(session: &Session) -> Edges {
    let mut edges = Edges::new();
    for open in session.modules() {
        for (import, state) in open.module.imports().iter().zip(&open.imports) {
            let key = match &state.source {
                ImportSource::Module(provider) => (open.key, Target::Module(*provider), true),
                ImportSource::Mismatch(provider, _) => (open.key, Target::Module(*provider), false),
                ImportSource::Session | ImportSource::Nobody => (open.key, Target::Host, true),
            };
            edges.entry(key).or_default().push(format!("{}.{}", import.module, import.name));
        }
    }
    edges
}

/// Importers above their providers; modules that import each other stay where they are met first.
fn layers(modules: &[OpenModule], edges: &Edges) -> Vec<Vec<ModuleKey>> {
    let keys: Vec<ModuleKey> = modules.iter().map(|open| open.key).collect();
    layers_of(&keys, |from, to| {
        edges.keys().any(|(a, target, _)| *a == from && *target == Target::Module(to))
    })
}

fn layers_of(
    keys: &[ModuleKey],
    imports: impl Fn(ModuleKey, ModuleKey) -> bool,
) -> Vec<Vec<ModuleKey>> {
    let mut depth: BTreeMap<ModuleKey, usize> = keys.iter().map(|key| (*key, 0)).collect();
    // A path without a cycle is shorter than the number of modules.
    for _ in 0..keys.len() {
        for from in keys {
            for to in keys {
                let below = depth.get(from).copied().unwrap_or(0) + 1;
                if from != to && imports(*from, *to) && !imports(*to, *from) && below < keys.len() {
                    let entry = depth.entry(*to).or_default();
                    *entry = (*entry).max(below);
                }
            }
        }
    }
    let last = depth.values().copied().max().unwrap_or(0);
    let layer = |row| keys.iter().filter(|key| depth.get(key) == Some(&row)).copied().collect();
    let layers: Vec<Vec<ModuleKey>> = (0..=last).map(layer).collect();
    layers.into_iter().filter(|layer: &Vec<ModuleKey>| !layer.is_empty()).collect()
}

fn node_place(area: Rect, row: usize, column: usize, columns: usize) -> Rect {
    let width = area.width() / columns as f32;
    let center = pos2(
        area.left() + width * (column as f32 + 0.5),
        area.top() + row as f32 * LAYER + NODE_HEIGHT / 2.0,
    );
    Rect::from_center_size(center, vec2((width - tokens::GAP * 2.0).min(110.0), NODE_HEIGHT))
}

/// An edge past the layers between its ends, on the right of what stands in them.
fn around(area: Rect, from: Rect, to: Rect, number: usize) -> Vec<Pos2> {
    let x = area.right() - number as f32 * SIDE;
    let (start, end) = (from.right_center(), to.right_center());
    vec![start, pos2(x, start.y), pos2(x, end.y), end]
}

fn straight(from: Rect, to: Rect) -> Vec<Pos2> {
    let down = from.center().y <= to.center().y;
    let (start, end) = if from.center().y == to.center().y {
        let right = from.center().x < to.center().x;
        if right {
            (from.right_center(), to.left_center())
        } else {
            (from.left_center(), to.right_center())
        }
    } else if down {
        (from.center_bottom(), to.center_top())
    } else {
        (from.center_top(), to.center_bottom())
    };
    vec![start, end]
}

fn edge(ui: &Ui, path: &[Pos2], color: Color32, dashed: bool, names: &[String]) {
    let [.., before, end] = *path else { return };
    let stroke = Stroke::new(1.5, color);
    let painter = ui.painter();
    if dashed {
        painter.extend(egui::Shape::dashed_line(path, stroke, 4.0, 3.0));
    } else {
        painter.line(path.to_vec(), stroke);
    }
    let along = (end - before).normalized();
    let across = vec2(-along.y, along.x);
    for side in [-1.0, 1.0] {
        painter.line_segment([end, end - along * 6.0 + across * side * 3.5], stroke);
    }
    let middle = match *path {
        [start, end] => start.lerp(end, 0.5),
        [_, from, to, _] => from.lerp(to, 0.5),
        _ => end,
    };
    let label = Rect::from_center_size(middle, vec2(24.0, 14.0));
    painter.rect_filled(label, 3.0, Tokens::of(ui).raised);
    let count = names.len().to_string();
    painter.text(middle, Align2::CENTER_CENTER, count, tokens::mono_small(), color);
    hover(ui, label, names);
}

fn hover(ui: &Ui, place: Rect, names: &[String]) {
    let id = ui.scope_id().with(("edge", place.center().x as i32, place.center().y as i32));
    let response = ui.interact(place.expand(4.0), id, Sense::hover());
    let mut text = names.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    if names.len() > 20 {
        text.push_str(&format!("\nand {} more", names.len() - 20));
    }
    response.on_hover_text(text);
}

fn node(session: &Session, target: Target, place: Rect, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let (name, color, back) = match target {
        Target::Module(key) => match session.module(key) {
            Some(open) => {
                (open.name.as_str(), tokens.module(open.hue), tokens.module_back(open.hue))
            }
            None => return,
        },
        Target::Host => ("host", tokens.warning, tokens.panel),
    };
    let response = ui.interact(place, ui.scope_id().with(("node", name)), Sense::click());
    let label = format!("link graph: {name}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
    let painter = ui.painter();
    painter.rect_filled(place, 4.0, back);
    painter.rect_stroke(place, 4.0, Stroke::new(1.0, color), egui::StrokeKind::Inside);
    let clipped = painter.with_clip_rect(place);
    let at: Pos2 = place.center();
    clipped.text(at, Align2::CENTER_CENTER, name, tokens::mono_bold(), color);
    let hint = match target {
        Target::Module(_) => "Show this module's code",
        Target::Host => "Imports that no module satisfies: you or a policy answers",
    };
    if response.on_hover_text(hint).clicked()
        && let Target::Module(key) = target
    {
        commands.push(Command::SelectModule(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn importers_stand_above_their_providers() {
        let keys = [ModuleKey(0), ModuleKey(1), ModuleKey(2)];
        let chain = layers_of(&keys, |a, b| (a.0, b.0) == (2, 1) || (a.0, b.0) == (1, 0));
        assert_eq!(chain, [vec![ModuleKey(2)], vec![ModuleKey(1)], vec![ModuleKey(0)]]);
        let each_other = layers_of(&keys, |a, b| a.0 < 2 && b.0 < 2);
        assert_eq!(each_other.len(), 1);
        let ring = layers_of(&keys, |a, b| (a.0 + 1) % 3 == b.0);
        assert_eq!(ring.iter().flatten().count(), 3);
    }
}
