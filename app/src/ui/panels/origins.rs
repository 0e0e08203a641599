//! Origins: where a value comes from, a tree that is opened step by step.

use egui::{RichText, Ui};
use stepwell_engine::text::escaped;

use crate::session::{Command, OriginAnswer, OriginAt, OriginNode, Session};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Levels that are moved to the right; those below stand under each other.
const INDENTED: usize = 24;

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let Some(root) = session.origins().root() else {
        widgets::empty(
            ui,
            "Right click an operand, a local, a global, an element of a table or bytes, and ask where it comes from: \
             what made it is told here, and what that was made of.",
        );
        return commands;
    };
    ui.horizontal(|ui| {
        let mut all_steps = session.origins().all_steps;
        let free = session.can_ask_origin();
        let steps = ui.add_enabled(free, egui::Checkbox::new(&mut all_steps, "all steps"));
        let hint = "Tell each instruction that has only carried the value, as local.get does; \
                    otherwise they are passed through";
        if steps.on_hover_text(hint).changed() {
            commands.push(Command::ShowOriginSteps(all_steps));
        }
        if let Some((_, down_to)) = session.asks_origin() {
            let tokens = Tokens::of(ui);
            let text = format!("looking, down to {} …", widgets::grouped(down_to));
            ui.label(RichText::new(text).color(tokens.weak));
            if ui.small_button("Stop looking").clicked() {
                commands.push(Command::Pause);
            }
        }
    });
    egui::ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Extend);
        ui.spacing_mut().interact_size.y = tokens::ROW;
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut left = Vec::from([(root, 0)]);
        while let Some((position, depth)) = left.pop() {
            let Some(node) = session.origins().node(position) else { continue };
            let inputs = value(session, node, position, depth, ui, &mut commands);
            left.extend(inputs.into_iter().rev().map(|input| (input, depth + 1)));
        }
    });
    commands
}

/// A value with who made it; what that was made of, if it is open.
fn value(
    session: &Session,
    node: &OriginNode,
    position: usize,
    depth: usize,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) -> Vec<usize> {
    let tokens = Tokens::of(ui);
    let closed = ui.scope_id().with(("closed", position, node.clock));
    let is_closed = ui.data(|data| data.get_temp(closed).unwrap_or(false));
    let indent = tokens::GROUP * depth.min(INDENTED) as f32;
    let answers = node.answers.as_deref();
    ui.horizontal(|ui| {
        ui.add_space(indent);
        let has_more = answers.is_none_or(|answers| {
            answers.len() > 1 || answers.iter().any(|answer| !answer.inputs.is_empty())
        });
        let sign = if answers.is_none() || is_closed { "▸" } else { "▾" };
        let free = answers.is_some() || session.can_ask_origin();
        let button = egui::Button::new(if has_more { sign } else { "·" }).small().frame(false);
        let button = button.min_size(egui::vec2(tokens::ROW, 0.0));
        let button = ui.add_enabled(free && has_more, button);
        let name = match answers {
            None => format!("where does {} {} come from", node.label, node.value),
            Some(_) => format!("what {} {} was made of", node.label, node.value),
        };
        rects::note(&button, || format!("origins.{position}"));
        let hint = if answers.is_none() { widgets::origin::QUESTION } else { "Open or close" };
        let button = button.accessible_name(name).on_hover_text(hint);
        if button.clicked() {
            match answers {
                None => commands.push(Command::OpenOrigin(position)),
                Some(_) => {
                    ui.data_mut(|data| data.insert_temp(closed, !is_closed));
                }
            }
        }
        let label = RichText::new(escaped(&node.label)).font(tokens::mono()).color(tokens.weak);
        ui.label(label);
        let shown = RichText::new(format!("= {}", escaped(&node.value))).font(tokens::mono_bold());
        ui.label(shown);
        if let Some([answer]) = answers {
            author(answer, ui, commands);
        }
    });
    let Some(answers) = answers else { return Vec::new() };
    if let [answer] = answers {
        through(answer, indent, ui);
    }
    if is_closed {
        return Vec::new();
    }
    if answers.len() > 1 {
        for answer in answers {
            ui.horizontal(|ui| {
                ui.add_space(indent + tokens::GROUP);
                let part = answer.part.as_deref().unwrap_or_default();
                let part = RichText::new(escaped(part)).font(tokens::mono());
                ui.label(part.color(tokens.weak));
                author(answer, ui, commands);
            });
            through(answer, indent + tokens::GROUP, ui);
        }
    }
    answers.iter().flat_map(|answer| answer.inputs.iter().copied()).collect()
}

/// Who made it, where and when: a click goes to that moment.
fn author(answer: &OriginAnswer, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    if let Some(made) = &answer.made {
        ui.label(RichText::new(format!("from {}", escaped(made))).font(tokens::mono()));
    }
    ui.label(RichText::new("by").color(tokens.faint));
    let author = escaped(&answer.author);
    let Some(OriginAt { clock, site }) = &answer.at else {
        let color = if answer.is_unknown { tokens.warning } else { tokens.text };
        ui.label(RichText::new(author).color(color));
        return;
    };
    let link = ui.link(RichText::new(&*author).font(tokens::mono()));
    let count = widgets::grouped(*clock);
    let label = format!("{author} at {count}");
    link.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Link, true, &label));
    if link.on_hover_text("Go to the moment before it").clicked() {
        commands.push(Command::SeekTo(*clock));
    }
    if let Some((module, offset, place)) = site {
        let place = RichText::new(escaped(place)).font(tokens::mono_small()).color(tokens.weak);
        let place = ui.add(egui::Label::new(place).sense(egui::Sense::click()));
        if place.on_hover_text("Show it in the code").clicked() {
            commands.push(Command::ShowOffset { module: *module, offset: *offset });
        }
    }
    let count = RichText::new(format!("#{count}")).font(tokens::mono_small());
    ui.label(count.color(tokens.faint)).on_hover_text("Instructions before it");
}

/// What a value came by way of.
fn through(answer: &OriginAnswer, indent: f32, ui: &mut Ui) {
    if answer.through.is_empty() {
        return;
    }
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.add_space(indent + 2.0 * tokens::GROUP);
        let text = format!("by way of {}", answer.through.join(" → "));
        ui.label(RichText::new(escaped(&text)).small().color(tokens.faint));
    });
}
