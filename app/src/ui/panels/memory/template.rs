//! Bytes of a memory as the fields of a structure, through a template that a person writes.

use egui::{Id, Key, RichText, Ui};

use super::cell;
use crate::session::{Command, FieldView, MemoryView, ModuleKey, Session, Template, TemplateView};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets::{self, virtual_rows::VirtualRows};
use crate::ui::{feedback, rects};

/// Fields that are drawn one below the other without a list of their own.
const ALL_DRAWN: usize = 64;
/// Letters of a name in its column.
const NAME: usize = 10;

/// A template that is being written.
#[derive(Clone, Default)]
struct Draft {
    /// What it was called before; nothing if it is new.
    old: Option<String>,
    name: String,
    text: String,
    is_new: bool,
}

/// Draws it.
pub(super) fn show(
    session: &Session,
    view: &MemoryView,
    shown: &TemplateView,
    with_toggle: bool,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let Some(module) = session.memory_module(view.memory) else { return };
    let id = ui.scope_id().with("draft");
    let mut draft: Option<Draft> = ui.data(|data| data.get_temp(id)).flatten();
    let template = session.template_of_view(view);
    ui.spacing_mut().interact_size.y = tokens::ROW;
    ui.horizontal(|ui| {
        choose(session, view, shown, module, &mut draft, ui, commands);
        if with_toggle {
            toggle(view, ui, commands);
        }
    });
    match &mut draft {
        Some(text) => {
            if form(view, module, text, ui, commands) {
                draft = None;
            }
        }
        None => match template {
            Some(template) => fields(session, view, shown, template, ui, commands),
            None => drop(widgets::empty(
                ui,
                "A template reads bytes as fields. Write one with +: x: f32, y: f32, name: cstr.",
            )),
        },
    }
    ui.data_mut(|data| data.insert_temp(id, draft));
    feedback::show(
        ui,
        |command| matches!(command, Command::SetTemplate { module: known, .. } if *known == module),
    );
}

/// Which template, and buttons to write one.
fn choose(
    session: &Session,
    view: &MemoryView,
    shown: &TemplateView,
    module: ModuleKey,
    draft: &mut Option<Draft>,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let own = || session.templates().iter().filter(|known| known.module == module);
    let title = match shown.name.as_str() {
        "" => "choose",
        name => name,
    };
    let combo = egui::ComboBox::from_id_salt("template")
        .selected_text(RichText::new(title).font(tokens::mono_small()))
        .width(tokens::FIELD);
    let response = combo.show_ui(ui, |ui| {
        for known in own() {
            let text = RichText::new(&known.name).font(tokens::mono_small());
            if ui.selectable_label(known.name == shown.name, text).clicked() {
                let show = TemplateView { name: known.name.clone(), at: shown.at };
                commands.push(Command::ShowTemplate { view: view.id, show: Some(show) });
                *draft = None;
            }
        }
        if own().next().is_none() {
            ui.label("none yet: write one with +");
        }
    });
    response.response.accessible_name("template");
    let present = session.template(module, &shown.name);
    let edit = ui.add_enabled(present.is_some(), egui::Button::new("✎").small());
    let edit = edit.accessible_name("change the template");
    rects::note(&edit, || "memory.template.edit".to_owned());
    if edit.on_hover_text("Change this template").clicked()
        && let Some(known) = present
    {
        let (name, text) = (known.name.clone(), known.text.clone());
        *draft = Some(Draft { old: Some(name.clone()), name, text, is_new: true });
    }
    let add = ui.small_button("+").accessible_name("new template");
    rects::note(&add, || "memory.template.new".to_owned());
    if add.on_hover_text("Write a new template").clicked() {
        *draft = Some(Draft { is_new: true, ..Draft::default() });
    }
}

/// Name and text of a template, with what is wrong with the text below it. True once it is done.
fn form(
    view: &MemoryView,
    module: ModuleKey,
    draft: &mut Draft,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) -> bool {
    let tokens = Tokens::of(ui);
    let width = ui.available_width() - tokens::GROUP;
    let edit = egui::TextEdit::singleline(&mut draft.name)
        .hint_text("name, as Point")
        .font(tokens::mono_small())
        .desired_width(width);
    let name = ui.add(edit).accessible_name("name of the template");
    if std::mem::take(&mut draft.is_new) {
        name.request_focus();
    }
    let edit = egui::TextEdit::multiline(&mut draft.text)
        .hint_text(
            "x: f32 @0, y: f32,\nname: cstr, next: -> Point,\ntag: char[4], data: u8[16] @24",
        )
        .font(tokens::mono_small())
        .desired_rows(4)
        .desired_width(width);
    let text = ui.add(edit).accessible_name("fields of the template");
    rects::note(&text, || "memory.template.text".to_owned());
    let text = text.on_hover_text(
        "Fields with types and, if need be, offsets. i8 to u64, f32, f64; ptr is an address, cstr that of a text, \
         -> Name that of another structure; char[8] is a text in place. Without an offset a field lies where a C \
         compiler puts it.",
    );
    let problem = match draft.text.trim() {
        "" => None,
        _ => Session::check_template(&draft.text).err(),
    };
    if let Some(problem) = &problem {
        let text = RichText::new(problem.to_string()).small().color(tokens.error);
        let label = ui.add(egui::Label::new(text).wrap());
        rects::note(&label, || "memory.template.problem".to_owned());
    }
    let mut done = false;
    ui.horizontal(|ui| {
        let ready =
            problem.is_none() && !draft.text.trim().is_empty() && !draft.name.trim().is_empty();
        let save = ui.add_enabled(ready, egui::Button::new("Keep").small());
        let save = save.accessible_name("keep the template");
        rects::note(&save, || "memory.template.keep".to_owned());
        let by_key = text.has_focus()
            && ui.input(|input| input.modifiers.command && input.key_pressed(Key::Enter));
        if save.on_hover_text("Ctrl+Enter").clicked() || (ready && by_key) {
            let name = draft.name.trim().to_owned();
            let set = Command::SetTemplate { module, name: name.clone(), text: draft.text.clone() };
            commands.push(set);
            if let Some(old) = draft.old.take().filter(|old| *old != name) {
                commands.push(Command::RemoveTemplate { module, name: old });
            }
            let at = view.template.as_ref().and_then(|shown| shown.at);
            let show = Some(TemplateView { name, at });
            commands.push(Command::ShowTemplate { view: view.id, show });
            done = true;
        }
        if ui.small_button("Cancel").accessible_name("leave the template").clicked() {
            done = true;
        }
        if let Some(old) = &draft.old {
            let remove = ui.small_button("Remove").accessible_name("remove the template");
            if remove.clicked() {
                commands.push(Command::RemoveTemplate { module, name: old.clone() });
                done = true;
            }
        }
    });
    done
}

/// Where it is read, and its fields.
fn fields(
    session: &Session,
    view: &MemoryView,
    shown: &TemplateView,
    template: &Template,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let address = session.template_address(view);
    ui.horizontal(|ui| place(session, view, shown, template, address, ui, commands));
    let count = template.len();
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if count > ALL_DRAWN {
            // Only what is on screen is read.
            ui.allocate_ui(ui.available_size(), |ui| {
                VirtualRows::new(ui, "fields", count as u64).show(ui, |ui, row, room| {
                    let row = row as usize;
                    let all = session.template_fields(template, view.memory, address, row..row + 1);
                    if let Some(field) = all.first() {
                        let builder = egui::UiBuilder::new().max_rect(room);
                        ui.scope_builder(builder, |ui| {
                            ui.horizontal(|ui| {
                                one(session, view, template, row, field, ui, commands)
                            });
                        });
                    }
                });
            });
            return;
        }
        let grid = egui::Grid::new("template").num_columns(3).spacing(tokens::GRID);
        grid.min_col_width(0.0).show(ui, |ui| {
            let all = session.template_fields(template, view.memory, address, 0..count);
            for (row, field) in all.iter().enumerate() {
                one(session, view, template, row, field, ui, commands);
                ui.end_row();
            }
        });
    });
}

/// The address, whether it stays there, and the structures before and behind it.
fn place(
    session: &Session,
    view: &MemoryView,
    shown: &TemplateView,
    template: &Template,
    address: u64,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let size = session.template_size(template, view.memory);
    let at = RichText::new(format!("0x{address:x}")).font(tokens::mono_small()).color(tokens.weak);
    let label = ui.label(at);
    let what = format!("{} bytes from here", widgets::grouped(size));
    rects::note(&label, || "memory.template.address".to_owned());
    label.on_hover_text(what);
    let stays = shown.at.is_some();
    let pin = ui.selectable_label(stays, RichText::new("stay").small());
    let pin = pin.accessible_name("keep the template at this address");
    rects::note(&pin, || "memory.template.stay".to_owned());
    let set = |at: Option<u64>| {
        let show = TemplateView { name: template.name.clone(), at };
        Command::ShowTemplate { view: view.id, show: Some(show) }
    };
    if pin.on_hover_text("Stay at this address, wherever the cursor is").clicked() {
        commands.push(set((!stays).then_some(address)));
    }
    let last = session.store().and_then(|store| store.memory(view.memory));
    let end = last.map_or(0, |memory| memory.bytes().len() as u64);
    let before = address.checked_sub(size);
    let behind = address.checked_add(size).filter(|next| *next < end);
    for (sign, name, to) in
        [("‹", "the structure before", before), ("›", "the structure behind", behind)]
    {
        let button = ui.add_enabled(to.is_some(), egui::Button::new(sign).small());
        let button = button.accessible_name(name);
        if button.on_hover_text(format!("Read {name}, as in an array")).clicked()
            && let Some(to) = to
        {
            match stays {
                true => commands.push(set(Some(to))),
                false => commands.push(Command::SelectBytes { view: view.id, address: to, len: 1 }),
            }
        }
    }
}

/// Offset, name and value of a field.
fn one(
    session: &Session,
    view: &MemoryView,
    template: &Template,
    row: usize,
    field: &FieldView,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let offset = RichText::new(format!("@{}", field.offset)).font(tokens::mono_small());
    let offset = ui.add(egui::Label::new(offset.color(tokens.faint)).sense(egui::Sense::click()));
    if let Some(address) = field.address {
        let offset = offset.on_hover_text(format!("at 0x{address:x}; click to go there"));
        if offset.clicked() && field.value.is_some() {
            commands.push(Command::GoToAddress { view: view.id, address });
        }
    }
    let name = RichText::new(cell::shorten(&field.name, NAME)).font(tokens::mono_small());
    ui.label(name.color(tokens.weak)).on_hover_text(format!("{}: {}", field.name, field.ty));
    ui.horizontal(|ui| {
        // A letter of the small font is this wide.
        let room = (ui.available_width() - tokens::GROUP) / (tokens::SMALL * 0.6);
        let cell = cell::Cell {
            name: &field.name,
            id: format!("memory.{}.template.{}", view.id, field.name),
            value: field.value.as_deref(),
            to_edit: field.to_edit.as_deref(),
            changed: field.changed,
            most: (room.max(4.0) as usize).max(cell::MOST),
        };
        let bytes =
            cell.show(session, ui, |text| session.field_bytes(template, view.memory, row, text));
        if let (Some(bytes), Some(address)) = (bytes, field.address) {
            commands.push(Command::WriteMemory { memory: view.memory.0, address, bytes });
        }
        if let Some(to) = &field.target {
            let follow = ui.small_button("→").accessible_name(format!("follow {}", field.name));
            rects::note(&follow, || format!("memory.{}.template.{}.follow", view.id, field.name));
            if follow.on_hover_text(format!("Read 0x{:x}", to.address)).clicked() {
                let stays = view.template.as_ref().is_some_and(|shown| shown.at.is_some());
                if let Some(name) = &to.template {
                    let at = stays.then_some(to.address);
                    let show = Some(TemplateView { name: name.clone(), at });
                    commands.push(Command::ShowTemplate { view: view.id, show });
                }
                commands.push(Command::GoToAddress { view: view.id, address: to.address });
            }
        }
    });
}

/// A button that shows structures, the one of before again, or hides them.
pub(super) fn toggle(view: &MemoryView, ui: &mut Ui, commands: &mut Vec<Command>) {
    let is_shown = view.template.is_some();
    let label = ui.selectable_label(is_shown, "struct");
    let label = label.accessible_name("read as a structure");
    rects::note(&label, || format!("memory.{}.struct", view.id));
    if label.on_hover_text("Read the bytes at the cursor as the fields of a structure").clicked() {
        let known: Option<TemplateView> = ui.data(|data| data.get_temp(last_id(view)));
        let show = (!is_shown).then(|| known.unwrap_or_default());
        if let Some(shown) = &view.template {
            ui.data_mut(|data| data.insert_temp(last_id(view), shown.clone()));
        }
        commands.push(Command::ShowTemplate { view: view.id, show });
    }
}

/// Where the template is kept that a view showed before.
fn last_id(view: &MemoryView) -> Id {
    Id::unique(("stepwell-template", view.id))
}
