//! One row of code.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Align2, Color32, FontId, Rect, Sense, Stroke, Ui, pos2, vec2};
use stepwell_engine::module::disassemble::{Instruction, OpClass};
use stepwell_engine::text::{dotted, identifier, quoted};
use stepwell_engine::{CodeOffset, FuncIndex, ValType};

use super::help;
use crate::session::{
    BreakpointState, Command, Hint, ModuleKey, OpenModule, Panel, Question, RunState, Session,
    val_type,
};
use crate::ui::fonts::bidi;
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};

/// Width of the breakpoint gutter.
const GUTTER: f32 = 18.0;
/// Width of the offsets.
const OFFSETS: f32 = 80.0;
/// Width of the lanes for branch arrows.
pub(super) const LANES: f32 = 40.0;
/// Indentation of one level.
const INDENT: f32 = 14.0;
/// Levels that are indented; deeper code stays readable.
const DEEPEST: u16 = 14;
/// Declared locals that the row of a function names.
const LOCALS: usize = 32;
/// Where the lanes of branch arrows end, from the left.
pub(super) const LANES_RIGHT: f32 = GUTTER + OFFSETS + LANES;

/// What all rows have in common.
pub(super) struct Context<'a> {
    pub(super) session: &'a Session,
    pub(super) open: &'a OpenModule,
    /// Where the innermost frame stands.
    pub(super) pc: Option<CodeOffset>,
    /// Where other frames wait.
    callers: Vec<CodeOffset>,
    /// The row that was clicked, or where a stop put the cursor.
    cursor: Option<CodeOffset>,
    breakpoints: BTreeMap<u32, &'a BreakpointState>,
    trapped: bool,
    hints: Arc<BTreeMap<u32, Hint>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        session: &'a Session,
        open: &'a OpenModule,
        cursor: Option<CodeOffset>,
        hints: Arc<BTreeMap<u32, Hint>>,
    ) -> Self {
        let (mut pc, mut callers) = (None, Vec::new());
        for (position, frame) in session.frames().iter().enumerate() {
            let here = session.module_of_instance(frame.instance());
            if here.is_none_or(|module| module.key != open.key) {
                continue;
            }
            match position {
                0 => pc = Some(frame.offset()),
                _ => callers.push(frame.offset()),
            }
        }
        callers.sort_unstable();
        let breakpoints = session
            .breakpoints()
            .filter(|breakpoint| breakpoint.module == open.key)
            .map(|breakpoint| (breakpoint.offset, breakpoint))
            .collect();
        let trapped =
            matches!(session.run_state(), RunState::Stopped(crate::session::StopReason::Trap(_)));
        Self { session, open, pc, callers, cursor, breakpoints, trapped, hints }
    }

    fn key(&self) -> ModuleKey {
        self.open.key
    }
}

/// The first row of a function.
pub(super) fn header(open: &OpenModule, func: FuncIndex, ui: &mut Ui, place: Rect) {
    let tokens = Tokens::of(ui);
    let mut job = LayoutJob::default();
    let mut add = |text: &str, color: Color32, font: FontId| {
        job.append(&bidi::drawn(text), 0.0, TextFormat::simple(font, color));
    };
    add(&format!("func {}", func.0), tokens.faint, tokens::mono());
    if let Some(name) = open.names.identifier(func) {
        add(&format!(" {name}"), tokens.module(open.hue), tokens::mono_bold());
    }
    add(&signature(open, func), tokens.weak, tokens::mono());
    for export in open.module.exports() {
        if export.item == stepwell_engine::module::ExportItem::Func(func) {
            add(&format!("  export {}", quoted(&export.name)), tokens.good, tokens::mono());
        }
    }
    let mut text = job.text.clone();
    if let Some(symbol) = open.names.symbol(func) {
        text.push_str(&format!("\n{symbol}"));
    }
    let galley = ui.painter().layout_job(job);
    ui.painter().rect_filled(place, 0.0, tokens.raised);
    let y = place.center().y - galley.size().y / 2.0;
    ui.painter().galley(pos2(place.left() + tokens::GAP, y), galley, tokens.text);
    let response = ui.interact(place, ui.scope_id().with(("func", func.0)), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
    response.on_hover_text(text);
}

/// Parameters, results and declared locals with their names, as the text format writes them.
fn signature(open: &OpenModule, func: FuncIndex) -> String {
    let Some(ty) = open.module.func_type(func) else { return String::new() };
    let names: BTreeMap<u32, String> = open.module.local_names(func).into_iter().collect();
    let mut text = String::new();
    let params = (0..).zip(ty.params().iter().copied());
    variables(open, "param", params, &names, &mut text);
    if !ty.results().is_empty() {
        let results: Vec<String> =
            ty.results().iter().map(|ty| val_type(&open.module, *ty)).collect();
        text.push_str(&format!(" (result {})", results.join(" ")));
    }
    let declared = open.module.declared_locals(func);
    let count: u64 = declared.iter().map(|(count, _)| u64::from(*count)).sum();
    let each = declared.into_iter().flat_map(|(count, ty)| (0..count).map(move |_| ty));
    let locals = (ty.params().len() as u32..).zip(each.take(LOCALS));
    variables(open, "local", locals, &names, &mut text);
    if count > LOCALS as u64 {
        text.push_str(&format!(" … ({count} locals)"));
    }
    text
}

fn variables(
    open: &OpenModule,
    keyword: &str,
    variables: impl Iterator<Item = (u32, ValType)>,
    names: &BTreeMap<u32, String>,
    text: &mut String,
) {
    // Those without a name share one pair of parentheses.
    let mut unnamed: Vec<String> = Vec::new();
    let close = |unnamed: &mut Vec<String>, text: &mut String| {
        if !unnamed.is_empty() {
            text.push_str(&format!(" ({keyword} {})", unnamed.join(" ")));
            unnamed.clear();
        }
    };
    for (index, ty) in variables {
        let ty = val_type(&open.module, ty);
        match names.get(&index) {
            Some(name) => {
                close(&mut unnamed, text);
                text.push_str(&format!(" ({keyword} {} {ty})", identifier(name)));
            }
            None => unnamed.push(ty),
        }
    }
    close(&mut unnamed, text);
}

/// A row with an instruction.
pub(super) fn instruction(
    context: &Context<'_>,
    instruction: &Instruction,
    depth: u16,
    ui: &mut Ui,
    place: Rect,
    commands: &mut Vec<Command>,
) {
    let offset = instruction.offset;
    let id = ui.scope_id().with(("row", offset.0));
    let response = ui.interact(place, id, Sense::click());
    let import = instruction.callee.and_then(|callee| context.open.module.func_import(callee));
    let text = match import {
        Some(import) => {
            let import = dotted(&import.module, &import.name);
            format!("0x{:04x} {instruction} {import}", offset.0)
        }
        None => format!("0x{:04x} {instruction}", offset.0),
    };
    let text = match context.hints.get(&offset.0) {
        Some(hint) => format!("{text} {}", hint.text()),
        None => text,
    };
    response.widget_info(|| {
        let selected = context.pc == Some(offset);
        egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, selected, &text)
    });
    rects::note(&response, || format!("code.row.{}.{}", context.open.name, offset.0));
    paint(context, instruction, depth, ui, place, response.hovered());

    let gutter = Rect::from_min_size(place.min, vec2(GUTTER, place.height()));
    let in_gutter = |pos: Option<egui::Pos2>| pos.is_some_and(|pos| gutter.contains(pos));
    if response.clicked() {
        if in_gutter(response.interact_pointer_pos()) {
            commands.push(Command::ToggleBreakpoint { module: context.key(), offset: offset.0 });
        } else {
            commands.push(Command::ShowOffset { module: context.key(), offset: offset.0 });
        }
    }
    if response.double_clicked()
        && let Some(command) = go_to_callee(context, instruction)
    {
        commands.push(command);
    }
    let response = if in_gutter(response.hover_pos()) {
        response.on_hover_text("Click: set or remove a breakpoint (F9)")
    } else {
        response.on_hover_ui(|ui| help::show(&instruction.name, ui))
    };
    response.context_menu(|ui| menu(context, instruction, ui, commands));
}

fn go_to_callee(context: &Context<'_>, instruction: &Instruction) -> Option<Command> {
    let callee = instruction.callee?;
    context.open.module.func_body(callee)?;
    Some(Command::ShowFunction { module: context.key(), func: callee.0 })
}

fn menu(
    context: &Context<'_>,
    instruction: &Instruction,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let (module, offset) = (context.key(), instruction.offset.0);
    let running = *context.session.run_state() == RunState::Running;
    if ui.add_enabled(!running, egui::Button::new("Run to here")).clicked() {
        commands.push(Command::RunTo { module, offset });
    }
    let known = context.breakpoints.get(&offset);
    let toggle = if known.is_some() { "Remove breakpoint" } else { "Set breakpoint" };
    if ui.button(toggle).clicked() {
        commands.push(Command::ToggleBreakpoint { module, offset });
    }
    if let Some(breakpoint) = known {
        let enabled = !breakpoint.enabled;
        let text = if enabled { "Enable breakpoint" } else { "Disable breakpoint" };
        if ui.button(text).clicked() {
            commands.push(Command::EnableBreakpoint { module, offset, enabled });
        }
    }
    if ui.button("Condition or message …").clicked() {
        if known.is_none() {
            commands.push(Command::ToggleBreakpoint { module, offset });
        }
        commands.push(Command::RevealPanel(Panel::Breakpoints));
    }
    if context.session.past().is_some_and(|past| past.is_kept && past.end > past.first)
        && ui.add_enabled(!running, egui::Button::new("All moments here")).clicked()
    {
        commands.push(Command::AskRun(Question::Hits { module, offset }));
    }
    if let Some(command) = go_to_callee(context, instruction)
        && ui.button("Show the function called").clicked()
    {
        commands.push(command);
    }
    if ui.button("Find all like this").clicked() {
        commands.push(Command::FindInCode(instruction.to_string()));
        commands.push(Command::AskWhatToFind);
    }
    ui.separator();
    if ui.button("Copy instruction").clicked() {
        ui.copy_text(instruction.to_string());
    }
    if ui.button("Copy offset").clicked() {
        ui.copy_text(format!("0x{offset:x}"));
    }
}

fn paint(
    context: &Context<'_>,
    instruction: &Instruction,
    depth: u16,
    ui: &Ui,
    place: Rect,
    hovered: bool,
) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter();
    let offset = instruction.offset;
    let is_pc = context.pc == Some(offset);
    let is_caller = context.callers.binary_search(&offset).is_ok();
    let back = match (is_pc, is_caller, hovered) {
        (true, _, _) if context.trapped => Some(tokens.error_back),
        (true, _, _) => Some(tokens.pc_row),
        (_, true, _) => Some(tokens.caller_row),
        (_, _, true) => Some(tokens.hover_row),
        _ => None,
    };
    if let Some(back) = back {
        painter.rect_filled(place, 0.0, back);
    }
    if context.cursor == Some(offset) && !is_pc {
        let line = Stroke::new(1.0, tokens.line);
        painter.rect_stroke(place, 0.0, line, egui::StrokeKind::Inside);
    }
    gutter(context, offset, ui, place, hovered, is_pc, is_caller);

    let y = place.center().y;
    let offsets = pos2(place.left() + GUTTER + OFFSETS - 10.0, y);
    let text = format!("0x{:04x}", offset.0);
    let weak = if is_pc { tokens.text } else { tokens.faint };
    painter.text(offsets, Align2::RIGHT_CENTER, text, tokens::mono_small(), weak);

    let mut x = place.left() + LANES_RIGHT;
    for level in 0..depth.min(DEEPEST) {
        let guide = x + f32::from(level) * INDENT + 3.0;
        painter.vline(guide, place.y_range(), Stroke::new(1.0, tokens.line.gamma_multiply(0.7)));
    }
    x += f32::from(depth.min(DEEPEST)) * INDENT;
    let galley = painter.layout_job(words(context, instruction, tokens, is_pc));
    painter.galley(pos2(x, y - galley.size().y / 2.0), galley, tokens.text);
}

fn words(
    context: &Context<'_>,
    instruction: &Instruction,
    tokens: &Tokens,
    is_pc: bool,
) -> LayoutJob {
    let color = match instruction.class {
        OpClass::Control => tokens.op_control,
        OpClass::Call => tokens.op_call,
        OpClass::Variable => tokens.op_variable,
        OpClass::Memory | OpClass::Table => tokens.op_memory,
        OpClass::Const => tokens.op_constant,
        OpClass::Numeric | OpClass::Parametric => tokens.op_other,
    };
    let font = if is_pc { tokens::mono_bold() } else { tokens::mono() };
    let mut job = LayoutJob::default();
    job.append(&instruction.name, 0.0, TextFormat::simple(font, color));
    if !instruction.immediates.is_empty() {
        let color = match instruction.callee {
            Some(callee) => callee_color(context, callee, tokens),
            None => tokens.text,
        };
        let format = TextFormat::simple(tokens::mono(), color);
        let text = format!(" {}", instruction.immediates);
        job.append(&bidi::drawn(&text), 0.0, format);
    }
    if let Some(callee) = instruction.callee
        && let Some(import) = context.open.module.func_import(callee)
    {
        let text = format!("  {}", dotted(&import.module, &import.name));
        let format = TextFormat::simple(tokens::mono_small(), tokens.faint);
        job.append(&bidi::drawn(&text), 0.0, format);
    }
    if let Some(hint) = context.hints.get(&instruction.offset.0) {
        let text = format!("  {}", hint.text());
        let format = TextFormat::simple(tokens::mono_small(), tokens.faint);
        job.append(&bidi::drawn(&text), 0.0, format);
    }
    job
}

/// A callee has the hue of the module that it belongs to.
fn callee_color(context: &Context<'_>, callee: FuncIndex, tokens: &Tokens) -> Color32 {
    use crate::session::ImportSource;
    if context.open.module.func_import(callee).is_none() {
        return tokens.module(context.open.hue);
    }
    let mut funcs = context
        .open
        .module
        .imports()
        .iter()
        .zip(&context.open.imports)
        .filter(|(import, _)| matches!(import.ty, stepwell_engine::ExternType::Func(_)));
    let provider = match funcs.nth(callee.0 as usize).map(|(_, state)| &state.source) {
        Some(ImportSource::Module(key)) => context.session.module(*key),
        _ => None,
    };
    provider.map_or(tokens.host, |module| tokens.module(module.hue))
}

fn gutter(
    context: &Context<'_>,
    offset: CodeOffset,
    ui: &Ui,
    place: Rect,
    hovered: bool,
    is_pc: bool,
    is_caller: bool,
) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter();
    let center = pos2(place.left() + GUTTER / 2.0, place.center().y);
    match context.breakpoints.get(&offset.0) {
        Some(breakpoint) if breakpoint.enabled => {
            match breakpoint.message.is_empty() {
                true => painter.circle_filled(center, 5.0, tokens.breakpoint),
                // What does not stop is no disc.
                false => painter.add(egui::Shape::convex_polygon(
                    [(0.0, -5.5), (5.5, 0.0), (0.0, 5.5), (-5.5, 0.0)]
                        .map(|(x, y)| center + egui::vec2(x, y))
                        .to_vec(),
                    tokens.breakpoint,
                    Stroke::NONE,
                )),
            };
            if !breakpoint.condition.is_empty() {
                painter.circle_filled(center, 1.8, tokens.panel);
            }
        }
        Some(_) => {
            painter.circle_stroke(center, 4.5, Stroke::new(1.5, tokens.breakpoint));
        }
        None if hovered => {
            painter.circle_stroke(center, 4.5, Stroke::new(1.0, tokens.faint));
        }
        None => {}
    }
    if let Some(breakpoint) = context.breakpoints.get(&offset.0)
        && breakpoint.hits > 0
    {
        let place = pos2(place.right() - tokens::GROUP, place.center().y);
        let text = format!("{} ×", breakpoint.hits);
        painter.text(place, Align2::RIGHT_CENTER, text, tokens::mono_small(), tokens.weak);
    }
    let marker = match (is_pc, is_caller) {
        (true, _) if context.trapped => Some(("⚠", tokens.error)),
        (true, _) => Some(("▶", tokens.pc)),
        (_, true) => Some(("↳", tokens.weak)),
        _ => None,
    };
    if let Some((sign, color)) = marker {
        let place = pos2(place.left() + GUTTER + 5.0, place.center().y);
        painter.text(place, Align2::CENTER_CENTER, sign, tokens::mono_small(), color);
    }
}
