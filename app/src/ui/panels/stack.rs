//! Stack: operands, labels and locals of the frame that is looked at.

use std::ops::Range;

use egui::{RichText, Ui};
use stepwell_engine::observe::{FrameView, Label, LabelKind, types_at};
use stepwell_engine::text::identifier;
use stepwell_engine::{ValType, Value};

use crate::session::{Asked, Command, OpenModule, RunState, Session, val_type};
use crate::ui::fonts::bidi;
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets::{self, edit::EditValue};

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    let frames = session.frames();
    let position = session.selected_frame();
    let Some(frame) = frames.get(position) else {
        let hint = match session.run_state() {
            RunState::Stopped(crate::session::StopReason::Done(values)) => {
                returned(session, values, ui, &mut commands);
                return commands;
            }
            _ => {
                "Nothing runs. Choose an export in Modules and press Step: operands, labels and locals of its frame appear here."
            }
        };
        widgets::empty(ui, hint);
        return commands;
    };
    if *session.run_state() == RunState::Running {
        widgets::empty(ui, "Running …  Pause (F6) to look at the stack.");
        return commands;
    }
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().interact_size.y = tokens::ROW;
        heading(session, frame, position, ui);
        throws(session, ui, &mut commands);
        operands(session, frame, position, ui, &mut commands);
        ui.add_space(tokens::GAP);
        locals(session, frame, position, ui, &mut commands);
        ui.add_space(tokens::GAP);
        labels(session, frame, ui, &mut commands);
    });
    commands
}

/// What the export returned.
fn returned(session: &Session, values: &[Value], ui: &mut Ui, commands: &mut Vec<Command>) {
    widgets::section(ui, "Returned");
    if values.is_empty() {
        ui.label("nothing: the function has no results");
    }
    for (index, value) in (0..).zip(values) {
        ui.horizontal(|ui| {
            widgets::value(session, ui, value, commands);
            if session.can_ask_origin() {
                let link = ui.link(RichText::new("where from?").small());
                if link.on_hover_text(widgets::origin::QUESTION).clicked() {
                    commands.push(Command::AskOrigin(Asked::Result(index)));
                }
            }
        });
    }
}

/// Whose stack it is.
fn heading(session: &Session, frame: &FrameView<'_>, position: usize, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        let open = session.module_of_instance(frame.instance());
        let color = open.map_or(tokens.text, |open| tokens.module(open.hue));
        let name = session.frame_label(frame);
        let text = RichText::new(bidi::drawn(&name)).font(tokens::mono_bold());
        ui.label(text.color(color));
        let which = match position {
            0 => String::new(),
            1 => "its caller".to_owned(),
            _ => format!("caller {position} up"),
        };
        ui.label(RichText::new(which).color(tokens.weak));
    });
}

/// What the next instruction throws, and who will catch it.
fn throws(session: &Session, ui: &mut Ui, commands: &mut Vec<Command>) {
    let Some(throw) = session.throwing() else { return };
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        let words = |text: String| RichText::new(text).color(tokens.warning);
        let Some(catcher) = throw.catcher else {
            ui.label(words(format!("throws {}: nobody catches it", throw.tag)));
            return;
        };
        ui.label(words(format!("throws {}: caught in", throw.tag)));
        let open = catcher.module.and_then(|key| session.module(key));
        let color = open.map_or(tokens.text, |open| tokens.module(open.hue));
        let place = format!("{} at 0x{:04x}", catcher.label, catcher.offset.0);
        let text = RichText::new(&place).font(tokens::mono()).color(color);
        // In one piece on the next line, where it does not fit this one.
        ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Extend);
        let link = ui.link(text);
        rects::note(&link, || "stack.catcher".to_owned());
        if link.on_hover_text("Show the frame that catches it, where it goes on").clicked() {
            commands.push(Command::SelectFrame(catcher.frame));
            let offset = catcher.offset.0;
            commands.extend(catcher.module.map(|module| Command::ShowOffset { module, offset }));
        }
    });
}

/// The operand stack, top first.
fn operands(
    session: &Session,
    frame: &FrameView<'_>,
    position: usize,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let operands = frame.operands();
    let title = match operands.len() {
        0 => "Operands".to_owned(),
        1 => "Operands · 1".to_owned(),
        count => format!("Operands · {count}, top first"),
    };
    widgets::section(ui, &title);
    if operands.is_empty() {
        ui.label(RichText::new("the stack is empty").color(tokens.faint));
        return;
    }
    let before = session.previous(position).map(|(_, operands)| operands);
    let types = declared(frame, &operands);
    let count = operands.len();
    rows(ui, "operands", 2, count, |ui, range| {
        let shown = operands.iter().enumerate().rev();
        for (index, value) in shown.skip(range.start).take(range.len()) {
            let changed =
                before.is_some_and(|before| before.get(index).is_none_or(|old| !same(old, value)));
            // As expressions count them.
            let depth = operands.len() - 1 - index;
            let number = if depth == 0 { "top".to_owned() } else { depth.to_string() };
            let number = RichText::new(number).font(tokens::mono_small()).color(tokens.faint);
            ui.label(number).on_hover_text(format!("stack {depth} in expressions"));
            let name = format!("operand {index}");
            let edit = EditValue::new(session, &name, value)
                .changed(changed)
                .of_instance(frame.instance());
            let asked = Asked::Operand { frame: position, operand: index as u32 };
            let edit = edit.declared(types.get(index).cloned().unwrap_or_default()).asked(asked);
            if let Some(text) = edit.show(ui, commands) {
                let operand = index as u32;
                commands.push(Command::SetOperand { frame: position, operand, value: text });
            }
            ui.end_row();
        }
    });
    crate::ui::feedback::show(ui, |command| matches!(command, Command::SetOperand { .. }));
}

/// What types validation gives to operands, where there are references among them.
fn declared(frame: &FrameView<'_>, operands: &[Value]) -> Vec<String> {
    if operands.iter().all(|value| value.as_ref().is_none()) {
        return Vec::new();
    }
    let types = types_at(frame.module(), frame.func(), frame.offset()).ok().flatten();
    let types = types.map_or(Vec::new(), |at| at.operands);
    types.iter().map(|ty| reference_type(frame, *ty)).collect()
}

/// A reference's type in words; what a number is, is plain to see.
fn reference_type(frame: &FrameView<'_>, ty: ValType) -> String {
    if ty.is_ref() { val_type(frame.module(), ty) } else { String::new() }
}

/// As many rows of a grid as are in sight, where there are many: a function may have 50,000 locals.
fn rows(
    ui: &mut Ui,
    id: &str,
    columns: usize,
    count: usize,
    show: impl FnOnce(&mut Ui, Range<usize>),
) {
    let height = tokens::ROW + tokens::GRID[1];
    let (top, sight) = (ui.cursor().top(), ui.clip_rect());
    let at = |y: f32| (((y - top) / height).max(0.0) as usize).min(count);
    let range =
        if count > FEW { at(sight.top())..(at(sight.bottom()) + 1).min(count) } else { 0..count };
    ui.add_space(range.start as f32 * height);
    let left = count - range.end;
    let grid = egui::Grid::new(id).num_columns(columns).spacing(tokens::GRID);
    // Columns are as wide as what was in sight before, so that nothing moves sideways for long.
    grid.min_col_width(0.0).show(ui, |ui| show(ui, range));
    ui.add_space(left as f32 * height);
}

/// So many rows are all laid out.
const FEW: usize = 100;

/// Equal bit by bit, so that a NaN is what it was.
fn same(a: &Value, b: &Value) -> bool {
    a.ty() == b.ty() && a.to_bits() == b.to_bits()
}

fn locals(
    session: &Session,
    frame: &FrameView<'_>,
    position: usize,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    widgets::section(ui, "Locals");
    let types = frame.local_types();
    if types.is_empty() {
        ui.label(RichText::new("the function has none").color(tokens.faint));
        return;
    }
    let before = session.previous(position).map(|(locals, _)| locals);
    let params = frame.module().func_type(frame.func()).map_or(0, |ty| ty.params().len());
    rows(ui, "locals", 3, types.len(), |ui, range| {
        for local in &frame.locals_of(&types, range) {
            let old = before.and_then(|before| before.get(local.index as usize));
            let changed = old.is_some_and(|old| !same(old, &local.value));
            let number = RichText::new(local.index.to_string()).font(tokens::mono_small());
            let number = ui.label(number.color(tokens.faint)).rect;
            let places = session.local_to_watch(frame, local.index);
            for place in places.iter().flatten() {
                widgets::watch::beside(session, Some(place), number, ui);
            }
            let is_param = (local.index as usize) < params;
            let name = match &local.name {
                Some(name) => identifier(name),
                None if is_param => "param".to_owned(),
                None => "local".to_owned(),
            };
            let color = if local.name.is_some() { tokens.text } else { tokens.faint };
            let ty = types.get(local.index as usize).copied();
            let written = ty.map_or(String::new(), |ty| val_type(frame.module(), ty));
            let kind = if is_param { "parameter" } else { "local" };
            ui.label(RichText::new(&name).font(tokens::mono()).color(color))
                .on_hover_text(format!("{kind} of type {written}"));
            let label = format!("local {} {name}", local.index);
            let declared = ty.map_or(String::new(), |ty| reference_type(frame, ty));
            let edit = EditValue::new(session, &label, &local.value)
                .changed(changed)
                .of_instance(frame.instance());
            let asked = Asked::Local { frame: position, local: local.index };
            let edit = edit.declared(declared).local(places).asked(asked);
            if let Some(text) = edit.show(ui, commands) {
                let local = local.index;
                commands.push(Command::SetLocal { frame: position, local, value: text });
            }
            ui.end_row();
        }
    });
    crate::ui::feedback::show(ui, |command| matches!(command, Command::SetLocal { .. }));
}

/// The label stack, innermost first: the number is what `br` says.
fn labels(session: &Session, frame: &FrameView<'_>, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let title = widgets::section(ui, "Labels");
    title
        .on_hover_text("What br can name: 0 is the innermost block, the last one is the function.");
    let labels = frame.labels();
    let open = session.module_of_instance(frame.instance());
    let module = open.map(|open| open.key);
    let count = labels.len();
    rows(ui, "labels", 4, count, |ui, range| {
        let shown = labels.iter().rev().enumerate();
        for (depth, label) in shown.skip(range.start).take(range.len()) {
            ui.label(
                RichText::new(format!("br {depth}")).font(tokens::mono_small()).color(tokens.faint),
            );
            let named = open.and_then(|open| label_name(open, frame, label, ui));
            let named = named.map_or(String::new(), |name| format!(" {name}"));
            let kind = format!("{}{named}", label.kind.name());
            let kind = RichText::new(kind).font(tokens::mono());
            let kind = ui.label(kind.color(tokens.op_control));
            let clauses = open.and_then(|open| catches(open, frame, label, ui));
            if let Some(clauses) = &clauses {
                kind.on_hover_text(clauses);
            }
            let goes = match label.kind {
                LabelKind::Func => "returns".to_owned(),
                LabelKind::Loop => format!("again from 0x{:04x}", label.target.0),
                _ => format!("on at 0x{:04x}", label.target.0),
            };
            let target = RichText::new(goes).font(tokens::mono_small()).color(tokens.weak);
            let link = ui.add(egui::Label::new(target).sense(egui::Sense::click()));
            if let Some(module) = module {
                let opened = format!("opened at 0x{:04x}; click to show the target", label.start.0);
                if link.on_hover_text(opened).clicked() && label.kind != LabelKind::Func {
                    commands.push(Command::ShowOffset { module, offset: label.target.0 });
                }
            }
            let takes = match label.arity {
                0 => "takes nothing".to_owned(),
                1 => "takes 1 value".to_owned(),
                arity => format!("takes {arity} values"),
            };
            let kept = match label.height {
                0 => "and empties the operand stack below".to_owned(),
                1 => "and keeps the lowest operand".to_owned(),
                height => format!("and keeps the {height} lowest operands"),
            };
            ui.label(RichText::new(&takes).font(tokens::mono_small()).color(tokens.weak))
                .on_hover_text(format!("A branch {takes} {kept}."));
            ui.end_row();
            // Where rows are counted, each is one.
            if let Some(clauses) = clauses.filter(|_| count <= FEW) {
                ui.label("");
                ui.label("");
                let text = RichText::new(clauses).font(tokens::mono_small());
                ui.label(text.color(tokens.warning));
                ui.end_row();
            }
        }
    });
}

/// What the module calls a label, as its opener says.
fn label_name(open: &OpenModule, frame: &FrameView<'_>, label: &Label, ui: &Ui) -> Option<String> {
    if label.kind == LabelKind::Func {
        return None;
    }
    let listing = super::code::listing_of(ui.ctx(), open, frame.func())?;
    listing.label_name(listing.position(label.start)?).map(identifier)
}

/// What a `try_table`, `try` or `catch` catches, as its operator says.
fn catches(open: &OpenModule, frame: &FrameView<'_>, label: &Label, ui: &Ui) -> Option<String> {
    if !matches!(label.kind, LabelKind::TryTable | LabelKind::Try | LabelKind::Catch) {
        return None;
    }
    let listing = super::code::listing_of(ui.ctx(), open, frame.func())?;
    let opener = listing.position(label.start)?;
    let found = match label.kind {
        LabelKind::TryTable => {
            let text = open.instruction(&listing, opener)?.immediates;
            text.find("(catch").and_then(|at| text.get(at..)).map(str::to_owned)
        }
        _ => {
            // The clauses stand as deep as their `try`, and are as many as there are up to its end.
            let depth = listing.depth(opener);
            let behind = (opener + 1..listing.len()).filter(|at| listing.depth(*at) == depth);
            let clauses = behind.map_while(|at| {
                let instruction = listing.instruction(at)?;
                let ends = matches!(&*instruction.name, "end" | "delegate");
                (!ends || instruction.name == "delegate").then(|| instruction.to_string())
            });
            let is_clause = |text: &String| text.starts_with("catch") || text.starts_with("deleg");
            Some(clauses.filter(is_clause).collect::<Vec<_>>().join(", "))
        }
    };
    Some(found.filter(|text| !text.is_empty()).unwrap_or_else(|| "catches nothing".to_owned()))
}
