//! Graph: modules and hosts, who imports from whom, and how the present calls go through them.
//!
//! `model` collects it from the session, `place` says where everything goes, `draw` paints. The Modules
//! panel has the same picture in small, of imports alone.

mod draw;
mod model;
mod place;

use egui::{Pos2, Rect, RichText, Sense, Ui, vec2};

use stepwell_engine::text::dotted;

use crate::session::{CallTarget, Command, ModuleKey, Panel, Session, extern_type};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use draw::{Look, Pill};
use model::{Edge, Graph};
use place::{Placed, Plan, Spacing};

/// Distances of the panel, and of the small picture.
const LARGE: Spacing = Spacing { height: 30.0, beside: 22.0, below: 60.0, gap: 22.0 };
const SMALL: Spacing = Spacing { height: 22.0, beside: 8.0, below: 30.0, gap: 10.0 };
/// Modules that the small picture has room for.
const FEW: usize = 12;
/// Imports listed at the pointer.
const HOVERED: usize = 20;
/// How near the pointer has to be to a line.
const NEAR: f32 = 5.0;

type Ends = (CallTarget, CallTarget);

/// Draws the panel.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    if session.modules().is_empty() {
        widgets::empty(
            ui,
            "No module is open. Modules appear here with arrows to those that they import from, and \
             the calls between them light up while they are stepped.",
        );
        return commands;
    }
    let graph = Graph::of(session);
    let id = ui.scope_id().with("edge");
    let selected: Option<Ends> = ui.data(|data| data.get_temp(id)).flatten();
    let mut chosen = selected.filter(|ends| graph.edges.contains_key(ends));
    egui::Panel::bottom("graph-details").show_separator_line(true).show(ui, |ui| {
        match chosen.and_then(|ends| Some((ends, graph.edges.get(&ends)?))) {
            Some((ends, edge)) => {
                if details(session, ends, edge, ui, &mut commands) {
                    chosen = None;
                }
            }
            None => draw::legend(ui),
        }
    });
    egui::ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        let margin = tokens::GROUP;
        picture(session, &graph, LARGE, margin, &mut chosen, ui, &mut commands);
    });
    if chosen != selected {
        ui.data_mut(|data| data.insert_temp(id, chosen));
        ui.ctx().request_repaint();
    }
    commands
}

/// Draws the small picture.
pub(super) fn small(session: &Session, ui: &mut Ui, commands: &mut Vec<Command>) {
    if session.modules().len() > FEW {
        let text = format!("Show the graph of {} modules", session.modules().len());
        if ui.button(text).clicked() {
            commands.push(Command::RevealPanel(Panel::Graph));
        }
        return;
    }
    let mut graph = Graph::of(session);
    // Who imports from whom, whatever is called.
    graph.path.clear();
    graph.edges.retain(|_, edge| !edge.imports.is_empty());
    graph.edges.values_mut().for_each(|edge| edge.steps.clear());
    let mut chosen = None;
    picture(session, &graph, SMALL, 0.0, &mut chosen, ui, commands);
    if chosen.is_some() {
        commands.push(Command::RevealPanel(Panel::Graph));
    }
}

/// Everything, in as much width as there is; `chosen` is the edge that is looked at.
fn picture(
    session: &Session,
    graph: &Graph,
    spacing: Spacing,
    margin: f32,
    chosen: &mut Option<Ends>,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let is_small = spacing.height < LARGE.height;
    let prefix = if is_small { "link graph" } else { "graph" };
    // What is imported decides where modules stand; calls come and go.
    let imports = |(_, edge): &(&Ends, &Edge)| !edge.imports.is_empty();
    let mut edges: Vec<Ends> = graph.edges.iter().filter(imports).map(|(ends, _)| *ends).collect();
    let firm = edges.len();
    edges.extend(graph.edges.iter().filter(|edge| !imports(edge)).map(|(ends, _)| *ends));
    let available = ui.available_width() - margin * 2.0;
    let placed = placed(session, graph, (&edges, firm), spacing, available, ui);
    let size = placed.size + vec2(margin, margin) * 2.0;
    let (area, response) = ui.allocate_exact_size(size, Sense::click());
    let placed = moved(placed, area.min + vec2(margin, margin));
    let pointer = ui.input(|input| input.pointer.hover_pos());
    let pointer = pointer.filter(|_| ui.rect_contains_pointer(area));
    let hovered = pointer.and_then(|pointer| under(graph, &placed, &edges, pointer));

    let tokens = Tokens::of(ui);
    let painter = ui.painter().clone();
    let mut order: Vec<(bool, usize)> = Vec::new();
    let mut looks: Vec<Look> = Vec::new();
    for (number, ends) in edges.iter().enumerate() {
        let Some(edge) = graph.edges.get(ends) else { continue };
        let color = match edge.fits() {
            true => draw::colors(session, ends.1, tokens).0,
            false => tokens.error,
        };
        let marked =
            *chosen == Some(*ends) || hovered.is_some_and(|hovered| hovered.touches(*ends));
        let look = Look {
            color,
            dashed: model::is_host(&ends.1) || !edge.fits() || edge.imports.is_empty(),
            live: !edge.steps.is_empty(),
            marked,
            back: hovered.is_some() && !marked,
        };
        looks.push(look);
        order.push((look.live || look.marked, number));
    }
    order.sort();
    for (_, number) in &order {
        if let (Some(line), Some(look)) = (placed.edges.get(*number), looks.get(*number)) {
            draw::edge(&painter, line, *look, tokens);
        }
    }
    for (node, place) in graph.nodes.iter().zip(&placed.nodes) {
        let back = hovered.is_some_and(|hovered| !hovered.concerns(*node, &edges));
        draw::node(session, graph, *node, *place, back, ui);
        click_node(session, graph, *node, *place, prefix, ui, commands);
    }
    let mut taken: Vec<Rect> = Vec::new();
    for (ends, (line, look)) in edges.iter().zip(placed.edges.iter().zip(&looks)) {
        let Some(edge) = graph.edges.get(ends) else { continue };
        let pill = Pill::of(edge, is_small);
        let (place, is_free) = pill.place(&painter, line, &placed, &taken, tokens);
        taken.push(place);
        // Where everything is full, the pointer finds out.
        if look.marked || look.live || is_free && !look.back {
            pill.paint(&painter, place, look.color, tokens);
        }
        let label = format!("{prefix}: {}", summary(session, *ends, edge));
        let id = ui.scope_id().with(("edge", format!("{ends:?}")));
        let response = ui.interact(place, id, Sense::click());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
        rects::note(&response, || label.clone());
        if response.on_hover_text(told(session, *ends, edge)).clicked() {
            *chosen = if *chosen == Some(*ends) { None } else { Some(*ends) };
        }
    }
    if let Some(Hovered::Edge(ends)) = hovered
        && let Some(edge) = graph.edges.get(&ends)
    {
        if response.clicked() {
            *chosen = if *chosen == Some(ends) { None } else { Some(ends) };
        }
        response.on_hover_text_at_pointer(told(session, ends, edge));
    }
}

/// What the pointer is on.
#[derive(Clone, Copy)]
enum Hovered {
    Node(CallTarget),
    Edge(Ends),
}

impl Hovered {
    /// Whether an edge belongs to it.
    fn touches(self, ends: Ends) -> bool {
        match self {
            Hovered::Node(node) => ends.0 == node || ends.1 == node,
            Hovered::Edge(edge) => edge == ends,
        }
    }

    /// Whether a node does.
    fn concerns(self, node: CallTarget, edges: &[Ends]) -> bool {
        let mut edges = edges.iter();
        matches!(self, Hovered::Node(own) if own == node)
            || edges.any(|ends| self.touches(*ends) && (ends.0 == node || ends.1 == node))
    }
}

fn under(graph: &Graph, placed: &Placed, edges: &[Ends], pointer: Pos2) -> Option<Hovered> {
    let mut nodes = graph.nodes.iter().zip(&placed.nodes);
    if let Some((node, _)) = nodes.find(|(_, place)| place.contains(pointer)) {
        return Some(Hovered::Node(*node));
    }
    let lines = edges.iter().zip(&placed.edges);
    let near = lines.map(|(ends, line)| (draw::distance(line, pointer), ends));
    let nearest = near.min_by(|(a, _), (b, _)| a.total_cmp(b));
    nearest.filter(|(distance, _)| *distance <= NEAR).map(|(_, ends)| Hovered::Edge(*ends))
}

fn placed(
    session: &Session,
    graph: &Graph,
    (edges, firm): (&[Ends], usize),
    spacing: Spacing,
    available: f32,
    ui: &Ui,
) -> Placed {
    let widths: Vec<f32> =
        graph.nodes.iter().map(|node| draw::width(session, *node, ui).min(available)).collect();
    let position = |node: CallTarget| graph.nodes.iter().position(|known| *known == node);
    let ends = edges.iter().map(|(from, to)| (position(*from), position(*to)));
    let ends: Vec<(usize, usize)> = ends.filter_map(|(from, to)| Some((from?, to?))).collect();
    let hosts = graph.nodes.iter().filter(|node| !model::is_host(node)).count();
    let plan = Plan { widths: &widths, hosts, edges: &ends, firm };
    place::place(&plan, spacing, available)
}

fn moved(mut placed: Placed, origin: Pos2) -> Placed {
    let by = origin.to_vec2();
    placed.nodes.iter_mut().for_each(|rect| *rect = rect.translate(by));
    placed.edges.iter_mut().flatten().for_each(|point| *point += by);
    placed
}

fn click_node(
    session: &Session,
    graph: &Graph,
    node: CallTarget,
    place: Rect,
    prefix: &str,
    ui: &Ui,
    commands: &mut Vec<Command>,
) {
    let name = model::name(session, node);
    let response =
        ui.interact(place, ui.scope_id().with(("node", format!("{node:?}"))), Sense::click());
    let stands = match (graph.is_innermost(node), graph.is_on_path(node)) {
        (true, _) => ", where the task stands",
        (_, true) => ", calling",
        _ => "",
    };
    let label = format!("{prefix}: {name}{stands}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
    rects::note(&response, || format!("{prefix}.{name}"));
    let hint = match node {
        CallTarget::Module(_) => format!("{name}: click to show this module's code"),
        CallTarget::Set(_) => format!("{name}: a ready set of host functions answers"),
        CallTarget::Host => {
            "Imports that nobody satisfies: you answer, or a policy does. Modules has the choice."
                .to_owned()
        }
    };
    if response.on_hover_text(hint).clicked()
        && let CallTarget::Module(key) = node
    {
        commands.push(Command::SelectModule(key));
    }
}

/// `a → b, 2 imports, 5 calls`.
fn summary(session: &Session, ends: Ends, edge: &Edge) -> String {
    let (from, to) = (model::name(session, ends.0), model::name(session, ends.1));
    let mut text = format!("{from} → {to}, {}", plural(edge.imports.len() as u64, "import"));
    if edge.calls > 0 {
        text.push_str(&format!(", {}", plural(edge.calls, "call")));
    }
    if edge.new_calls > 0 {
        text.push_str(&format!(", {} new", widgets::grouped(edge.new_calls)));
    }
    if !edge.steps.is_empty() {
        text.push_str(", on the way");
    }
    text
}

fn plural(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", widgets::grouped(count))
}

fn import_name(session: &Session, module: ModuleKey, position: usize) -> Option<String> {
    let import = session.module(module)?.module.imports().get(position)?;
    Some(dotted(&import.module, &import.name))
}

/// What the pointer is told of an edge.
fn told(session: &Session, ends: Ends, edge: &Edge) -> String {
    let mut text = summary(session, ends, edge);
    for import in edge.imports.iter().take(HOVERED) {
        let name = import_name(session, import.module, import.position).unwrap_or_default();
        let misfit = import.misfit.as_ref().map_or(String::new(), |why| format!(": {why}"));
        text.push_str(&format!("\n{name}{misfit}"));
    }
    if edge.imports.len() > HOVERED {
        text.push_str(&format!("\nand {} more", edge.imports.len() - HOVERED));
    }
    if edge.imports.is_empty() {
        text.push_str("\nthrough a table or a reference, not an import");
    }
    text
}

/// The imports along an edge with their types; true if it is closed.
fn details(
    session: &Session,
    ends: Ends,
    edge: &Edge,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) -> bool {
    let tokens = Tokens::of(ui);
    let mut closed = false;
    ui.horizontal(|ui| {
        let text = RichText::new(summary(session, ends, edge)).font(tokens::mono_bold());
        ui.label(text.color(draw::colors(session, ends.1, tokens).0));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let close = ui.small_button("✗").accessible_name("close the list of imports");
            closed = close.on_hover_text("Close this list").clicked();
        });
    });
    let height = tokens::ROW * 6.0;
    let scroll = egui::ScrollArea::vertical().max_height(height).min_scrolled_height(height);
    scroll.auto_shrink([false, true]).show(ui, |ui| {
        for import in &edge.imports {
            let Some(open) = session.module(import.module) else { continue };
            let Some(found) = open.module.imports().get(import.position) else { continue };
            ui.horizontal_wrapped(|ui| {
                let name = RichText::new(dotted(&found.module, &found.name));
                let color = tokens.module(open.hue);
                let link = ui.add(
                    egui::Label::new(name.font(tokens::mono()).color(color)).sense(Sense::click()),
                );
                if link.on_hover_text("Show the importing module's code").clicked() {
                    commands.push(Command::SelectModule(open.key));
                }
                let ty = RichText::new(extern_type(&open.module, &found.ty));
                ui.label(ty.font(tokens::mono_small()).color(tokens.weak));
                if let Some(why) = &import.misfit {
                    ui.label(RichText::new(why).small().color(tokens.error));
                }
            });
        }
        if edge.imports.is_empty() {
            let text = "Called through a table or a reference, not an import.";
            ui.label(RichText::new(text).color(tokens.weak));
        }
    });
    closed
}
