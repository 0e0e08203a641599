//! An export: a function with fields for its arguments, or another item with its type.

use egui::{RichText, Ui};
use stepwell_engine::module::{Export, ExportItem};
use stepwell_engine::text::{dotted, identifier};
use stepwell_engine::{ExternType, FuncIndex, FuncType, ValType};

use crate::session::{
    Command, OpenModule, Panel, RunState, Session, Shape, extern_type, func_type, val_type,
};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;

/// Modules with more exports than this show the fields of a function when they are asked for.
const UNFOLDED: usize = 24;

/// Room for the buttons behind the name of a function.
const BUTTONS: f32 = 122.0;

/// Exports shown in the panel.
pub(super) const LISTED: usize = 200;

/// Draws an export.
pub(super) fn show(
    session: &Session,
    open: &OpenModule,
    export: &Export,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    match (export.item, open.module.export_type(export.item)) {
        (ExportItem::Func(func), Some(ExternType::Func(ty))) => {
            function(session, open, export, func, &ty, ui, commands);
        }
        (_, ty) => {
            let tokens = Tokens::of(ui);
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(widgets::safe(&export.name)).font(tokens::mono()));
                let ty = ty.map_or(String::new(), |ty| extern_type(&open.module, &ty));
                ui.label(RichText::new(ty).font(tokens::mono_small()).color(tokens.weak));
            });
        }
    }
}

fn function(
    session: &Session,
    open: &OpenModule,
    export: &Export,
    func: FuncIndex,
    ty: &FuncType,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let id = ui.scope_id().with(("start", &*export.name));
    let started = session
        .invocation()
        .filter(|(module, name, _)| *module == open.key && *name == &*export.name)
        .map(|(_, _, args)| {
            // A type before a number says no more than the label of the field.
            let plain = |(ty, text): (&ValType, &String)| {
                let prefix = format!("{}:", val_type(&open.module, *ty));
                text.strip_prefix(&prefix).unwrap_or(text).to_owned()
            };
            ty.params().iter().zip(args).map(plain).collect::<Vec<String>>()
        });
    let count = ty.params().len();
    let mut texts: Vec<String> = ui
        .data(|data| data.get_temp(id))
        .or(started.clone())
        .unwrap_or_else(|| ty.params().iter().map(|ty| default_text(*ty)).collect());
    texts.resize(count, String::new());
    let many = open.module.exports().len() > UNFOLDED;
    let folded = many
        && count > 0
        && started.is_none()
        && !ui.data(|data| data.get_temp::<bool>(id.with("open"))).unwrap_or(false);
    let mut fits = true;
    for (ty, text) in ty.params().iter().zip(&texts) {
        fits &= Session::check_value(*ty, text).is_ok();
    }
    let name = widgets::safe(&export.name);
    let show_name = |room: f32, ui: &mut Ui, commands: &mut Vec<Command>| {
        let color = if started.is_some() { tokens.accent } else { tokens.text };
        let text = RichText::new(widgets::elided(&name, room, tokens::TEXT));
        let label = egui::Label::new(text.font(tokens::mono()).color(color));
        let label = ui.add(label.truncate().sense(egui::Sense::click()));
        label.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &*name));
        rects::note(&label, || format!("modules.name.{}.{}", open.name, export.name));
        let written = func_type(&open.module, ty);
        if label.on_hover_text(format!("{name}\n{written}\nClick to show its code")).clicked() {
            commands.push(Command::ShowFunction { module: open.key, func: func.0 });
        }
    };
    // A name that leaves no room for the buttons has a line of its own.
    let width = ui.available_width();
    let is_long = name.chars().count() as f32 * tokens::MONO_WIDTH > width - BUTTONS;
    if is_long {
        show_name(width, ui, commands);
    }
    ui.horizontal(|ui| {
        if !is_long {
            show_name(width, ui, commands);
        }
        if folded {
            unfold(ui, id, open, export, ty);
            return;
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let start = || Command::Start {
                module: open.key,
                export: export.name.to_string(),
                args: texts.clone(),
            };
            let step = ui.add_enabled(fits, quiet("Step"));
            let step = step.accessible_name(format!("Step {}", dotted(&open.name, &export.name)));
            rects::note(&step, || format!("modules.step.{}.{}", open.name, export.name));
            if step.on_hover_text("Stand before its first instruction").clicked() {
                commands.push(start());
            }
            let run = ui.add_enabled(fits, quiet("Run"));
            let run = run.accessible_name(format!("Run {}", dotted(&open.name, &export.name)));
            rects::note(&run, || format!("modules.run.{}.{}", open.name, export.name));
            if run.on_hover_text("Start it and let it run").clicked() {
                commands.push(start());
                commands.push(Command::Continue);
            }
            task_button(session, open, export, fits.then_some(&texts), ui, commands);
        });
    });
    if count == 0 || folded {
        return;
    }
    let names = open.module.local_names(func);
    egui::Grid::new(id).num_columns(2).spacing(tokens::GRID).show(ui, |ui| {
        for (position, (ty, text)) in ty.params().iter().zip(&mut texts).enumerate() {
            let name = names
                .iter()
                .find(|(index, name)| *index as usize == position && !name.is_empty())
                .map_or(String::new(), |(_, name)| identifier(name) + " ");
            ui.horizontal(|ui| {
                ui.add_space(tokens::INDENT);
                ui.label(RichText::new(&name).font(tokens::mono_small()).color(tokens.weak));
                ui.label(
                    RichText::new(val_type(&open.module, *ty))
                        .font(tokens::mono_small())
                        .color(tokens.ty(*ty)),
                );
            });
            ui.vertical(|ui| {
                let label = format!("argument {position} of {}", dotted(&open.name, &export.name));
                let edit = egui::TextEdit::singleline(text)
                    .font(tokens::mono_small())
                    .hint_text(default_text(*ty))
                    .desired_width(ui.available_width().min(tokens::FIELD_WIDE));
                let field = ui.add(edit).accessible_name(label);
                rects::note(&field, || {
                    format!("modules.arg.{}.{}.{position}", open.name, export.name)
                });
                if let Err(problem) = Session::check_value(*ty, text) {
                    let problem = RichText::new(problem).small().color(tokens.error);
                    ui.add(egui::Label::new(problem).wrap());
                }
                if field.changed() {
                    ui.data_mut(|data| data.insert_temp(id.with("touched"), true));
                }
            });
            ui.end_row();
        }
    });
    // What was typed stays; untouched fields follow what was started elsewhere.
    if ui.data(|data| data.get_temp::<bool>(id.with("touched"))).unwrap_or(false) {
        ui.data_mut(|data| data.insert_temp(id, texts));
    }
}

/// A button of a row among many: it has a frame where the pointer is.
fn quiet(text: &str) -> egui::Button<'_> {
    egui::Button::new(text).small().frame_when_inactive(false)
}

/// Starts the export beside what runs already; only with arguments that can be read.
fn task_button(
    session: &Session,
    open: &OpenModule,
    export: &Export,
    args: Option<&Vec<String>>,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let stands = matches!(session.run_state(), RunState::Stopped(_));
    let button = ui.add_enabled(stands && args.is_some(), quiet("+"));
    let button = button.accessible_name(format!("+ Task {}", dotted(&open.name, &export.name)));
    rects::note(&button, || format!("modules.task.{}.{}", open.name, export.name));
    let hint = "Start it as one more task of the run: it shares memories and globals with the \
                others, and F5 runs all of them by turns. See Tasks.";
    let button = button.on_hover_text(hint);
    let obstacle = match session.run_state() {
        RunState::Running => "Pause the run first.",
        RunState::Idle => "Start a run with Run or Step first.",
        RunState::Stopped(_) => "An argument cannot be read.",
    };
    if button.on_disabled_hover_text(format!("{hint}\n{obstacle}")).clicked()
        && let Some(args) = args
    {
        let (module, export) = (open.key, export.name.to_string());
        commands.push(Command::Spawn { module, export, args: args.clone() });
        if session.task_count() == 1 {
            commands.push(Command::RevealPanel(Panel::Tasks));
        }
    }
}

/// In place of the fields of an export, where there are many: its parameters, to be clicked.
fn unfold(ui: &mut Ui, id: egui::Id, open: &OpenModule, export: &Export, ty: &FuncType) {
    let tokens = Tokens::of(ui);
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        let params: Vec<String> =
            ty.params().iter().map(|ty| val_type(&open.module, *ty)).collect();
        let text = RichText::new(format!("({}) …", params.join(", ")));
        let text = text.font(tokens::mono_small()).color(tokens.weak);
        let button = ui.add(egui::Button::new(text).small().truncate());
        let button =
            button.accessible_name(format!("arguments of {}", dotted(&open.name, &export.name)));
        rects::note(&button, || format!("modules.unfold.{}.{}", open.name, export.name));
        if button.on_hover_text("Fill in the arguments, then Step or Run").clicked() {
            ui.data_mut(|data| data.insert_temp(id.with("open"), true));
        }
    });
}

fn default_text(ty: ValType) -> String {
    match ty {
        ValType::Ref(_) => "null".to_owned(),
        ValType::V128 => Shape::default().text(0),
        _ => "0".to_owned(),
    }
}
