//! Files: the folders that programs find, and what they leave there.
//!
//! `tree` puts the session's list into the order of a tree, `icons` draws what a row begins with,
//! `viewer` shows what a file holds.

mod icons;
mod tree;
mod viewer;

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Align2, Id, Key, Rect, RichText, Sense, Stroke, Ui, pos2};

use self::tree::Tree;
use crate::session::{Command, FileView, Session};
use crate::ui::files::{self as window_files, Request};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets::{self, virtual_rows::VirtualRows};
use crate::ui::{feedback, rects};

/// Width of the column with sizes.
const SIZES: f32 = 80.0;

/// What the panel remembers.
#[derive(Clone, Default)]
struct Look {
    /// Folders whose contents are hidden.
    folded: BTreeSet<String>,
    /// The row that buttons are about.
    selected: Option<String>,
    /// The file that is looked at.
    opened: Option<String>,
    /// The name of a folder, being typed.
    new_folder: Option<String>,
    /// The folder whose removal is to be confirmed.
    doubtful: Option<String>,
}

/// Draws it.
pub(super) fn show(session: &Session, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    window_files::note_drop_area(ui.ctx(), ui.max_rect());
    let id = Id::unique("stepwell-files");
    let mut look: Look = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let tree = Tree::of(session, ui.ctx());
    let is_there = |path: &String| tree.find(path).is_some();
    look.selected = look.selected.filter(is_there);
    look.doubtful = look.doubtful.filter(is_there);
    look.opened = look.opened.filter(is_there);
    match look.opened.clone() {
        Some(path) => {
            if viewer::show(session, &path, ui) {
                look.opened = None;
            }
        }
        None => {
            bar(session, &tree, &mut look, ui, &mut commands);
            doubt(&tree, &mut look, ui, &mut commands);
            rows(session, &tree, &mut look, ui, &mut commands);
        }
    }
    ui.data_mut(|data| data.insert_temp(id, look));
    commands
}

/// Where something new is to go: into the selected folder, or beside the selected file.
fn folder(tree: &Tree, look: &Look) -> String {
    let selected = look.selected.as_deref().and_then(|path| tree.find(path));
    match selected {
        Some(file) if file.is_folder => file.path.clone(),
        Some(file) => tree::parent(&file.path).to_owned(),
        None => String::new(),
    }
}

/// The buttons above the tree.
fn bar(session: &Session, tree: &Tree, look: &mut Look, ui: &mut Ui, commands: &mut Vec<Command>) {
    let folder = folder(tree, look);
    ui.horizontal(|ui| {
        let add = ui.small_button("Add files …").accessible_name("add files for programs");
        rects::note(&add, || "files.add".to_owned());
        let hint = "Copies of files of yours, for programs to read; or drop them here";
        if add.on_hover_text(hint).clicked() {
            window_files::request(ui.ctx(), Request::Add(folder.clone()));
        }
        let make = ui.small_button("New folder").accessible_name("new folder");
        rects::note(&make, || "files.folder".to_owned());
        if make.clicked() {
            look.new_folder = Some(String::new());
            ui.memory_mut(|memory| memory.request_focus(name_field()));
        }
        let Some(file) = look.selected.as_deref().and_then(|path| tree.find(path)) else { return };
        ui.separator();
        if !file.is_folder && file.link.is_none() {
            if ui.small_button("Open").accessible_name("open the file").clicked() {
                look.opened = Some(file.path.clone());
            }
            let save = ui.small_button("Save as …").accessible_name("save the file");
            if save.on_hover_text("A copy of it, among your own files").clicked() {
                save_as(session, &file.path, ui);
            }
        }
        let remove = ui.small_button("Remove").accessible_name("remove from the folders");
        rects::note(&remove, || "files.remove".to_owned());
        if remove.clicked() {
            ask_to_remove(file, look, commands);
        }
    });
    let mut done = false;
    if let Some(name) = &mut look.new_folder {
        ui.horizontal(|ui| {
            let within =
                if folder.is_empty() { "in /".to_owned() } else { format!("in {folder}/") };
            ui.label(RichText::new(widgets::safe(&within)).color(Tokens::of(ui).weak));
            let edit = egui::TextEdit::singleline(name).id(name_field());
            let edit = edit.desired_width(tokens::FIELD_WIDE).hint_text("name of the folder");
            let field = ui.add(edit).accessible_name("name of the folder");
            let (entered, escaped) =
                ui.input(|input| (input.key_pressed(Key::Enter), input.key_pressed(Key::Escape)));
            if field.lost_focus() && entered && !name.is_empty() {
                let path =
                    if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                commands.push(Command::MakeFolder(path));
                done = true;
            }
            done |= field.lost_focus() && escaped || field.lost_focus() && name.is_empty();
        });
    }
    if done {
        look.new_folder = None;
    }
    feedback::show(ui, |command| {
        matches!(command, Command::MakeFolder(_) | Command::PutFile { .. })
    });
}

fn name_field() -> Id {
    Id::unique("stepwell-files-folder")
}

fn save_as(session: &Session, path: &str, ui: &Ui) {
    let Some(bytes) = session.file(path) else { return };
    let name = tree::name(path).to_owned();
    window_files::request(ui.ctx(), Request::Save(name, bytes.into()));
}

/// A file goes at once, a folder with something in it after a question.
fn ask_to_remove(file: &FileView, look: &mut Look, commands: &mut Vec<Command>) {
    if file.is_folder {
        look.doubtful = Some(file.path.clone());
    } else {
        commands.push(Command::RemoveFile(file.path.clone()));
    }
}

/// The question whether a folder is to go.
fn doubt(tree: &Tree, look: &mut Look, ui: &mut Ui, commands: &mut Vec<Command>) {
    let Some(path) = look.doubtful.clone() else { return };
    let inside = tree.inside(&path);
    if inside == 0 {
        look.doubtful = None;
        commands.push(Command::RemoveFile(path));
        return;
    }
    let tokens = Tokens::of(ui);
    let frame = egui::Frame::new().fill(tokens.error_back).corner_radius(4);
    frame.inner_margin(tokens::GAP).show(ui, |ui| {
        ui.horizontal(|ui| {
            let things = if inside == 1 { "one thing" } else { "things" };
            let count = if inside == 1 { String::new() } else { format!("{inside} ") };
            let text = format!("Remove {} with {count}{things} in it?", widgets::safe(&path));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.small_button("Keep").accessible_name("keep the folder").clicked() {
                    look.doubtful = None;
                }
                if ui.small_button("Remove").accessible_name("remove the folder").clicked() {
                    look.doubtful = None;
                    commands.push(Command::RemoveFile(path.clone()));
                }
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.add(egui::Label::new(RichText::new(text).color(tokens.error)).truncate());
                });
            });
        });
    });
}

/// The tree.
fn rows(session: &Session, tree: &Tree, look: &mut Look, ui: &mut Ui, commands: &mut Vec<Command>) {
    if tree.files.is_empty() {
        widgets::empty(
            ui,
            "No files yet. Drop files here, or add them, for programs to read; what programs write \
             appears here, too.",
        );
        return;
    }
    let shown = tree.shown(&look.folded);
    let list = VirtualRows::new(ui, "tree", shown.len() as u64);
    list.show(ui, |ui, number, place| {
        let position = shown.get(number as usize).copied();
        let Some(file) = position.and_then(|position| tree.files.get(position)) else { return };
        row(session, file, look, place, ui, commands);
    });
}

fn row(
    session: &Session,
    file: &FileView,
    look: &mut Look,
    place: Rect,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let response = ui.interact(place, ui.scope_id().with(&file.path), Sense::click());
    let path = widgets::safe(&file.path);
    let is_selected = look.selected.as_ref() == Some(&file.path);
    let kind = match (file.is_folder, &file.link) {
        (true, _) => "folder",
        (false, Some(_)) => "link",
        (false, None) => "file",
    };
    let label = format!("{kind} {path}");
    response
        .widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_selected, &label));
    rects::note(&response, || format!("files.{path}"));
    if is_selected {
        ui.painter().rect_filled(place, 2.0, tokens.selection);
    } else if response.hovered() {
        ui.painter().rect_filled(place, 2.0, tokens.hover_row);
    }
    let is_folded = look.folded.contains(&file.path);
    let depth = file.path.matches('/').count() as f32;
    let left = place.left() + tokens::GAP + depth * tokens::INDENT;
    let arrow = Rect::from_center_size(pos2(left + 5.0, place.center().y), egui::Vec2::splat(8.0));
    let icon = Rect::from_center_size(pos2(left + 20.0, place.center().y), egui::vec2(12.0, 12.0));
    let painter = ui.painter();
    match (file.is_folder, &file.link) {
        (true, _) => {
            icons::arrow(painter, arrow, is_folded, tokens.weak);
            icons::folder(painter, icon, tokens.accent);
        }
        (false, Some(_)) => icons::link(painter, icon, tokens.read),
        (false, None) => icons::file(painter, icon, tokens.weak),
    }
    let name = widgets::safe(tree::name(&file.path));
    let at = pos2(icon.right() + 6.0, place.center().y);
    let room = Rect::from_min_max(at, pos2(place.right() - SIZES, place.bottom()));
    let name_painter =
        painter.with_clip_rect(room.with_min_y(place.top()).intersect(ui.clip_rect()));
    let color = if file.is_changed { tokens.changed } else { tokens.text };
    let drawn = name_painter.text(at, Align2::LEFT_CENTER, &name, tokens::mono(), color);
    if file.is_changed {
        let y = drawn.bottom() - 1.0;
        name_painter.hline(drawn.x_range(), y, Stroke::new(1.5, tokens.changed));
    }
    if let Some(link) = &file.link {
        let text = format!("→ {}", widgets::safe(link));
        let at = pos2(drawn.right() + tokens::GROUP, place.center().y);
        name_painter.text(at, Align2::LEFT_CENTER, text, tokens::mono_small(), tokens.weak);
    }
    if !file.is_folder {
        let at = pos2(place.right() - tokens::GAP, place.center().y);
        let size = widgets::size(file.size);
        painter.text(at, Align2::RIGHT_CENTER, size, tokens::mono_small(), tokens.weak);
    }
    let is_on_arrow =
        response.interact_pointer_pos().is_some_and(|pointer| arrow.expand(4.0).contains(pointer));
    if file.is_folder && (response.double_clicked() || response.clicked() && is_on_arrow) {
        if !look.folded.remove(&file.path) {
            look.folded.insert(file.path.clone());
        }
    } else if response.clicked() {
        look.selected = Some(file.path.clone());
    }
    if !file.is_folder && file.link.is_none() && response.double_clicked() {
        look.opened = Some(file.path.clone());
    }
    let response = response.on_hover_ui(|ui| {
        ui.set_max_width(tokens::TOOLTIP);
        ui.label(RichText::new(&path).font(tokens::mono()));
        if !file.is_folder {
            ui.label(format!("{} bytes", widgets::grouped(file.size)));
        }
        if file.is_changed {
            ui.label("Written by the program since it was started.");
        }
        ui.label(if file.is_folder {
            "Double click to fold it."
        } else {
            "Double click to read it."
        });
    });
    response.context_menu(|ui| {
        if !file.is_folder && file.link.is_none() {
            if ui.button("Open").clicked() {
                look.opened = Some(file.path.clone());
            }
            if ui.button("Save as …").clicked() {
                save_as(session, &file.path, ui);
            }
        }
        if ui.button("Copy the path").clicked() {
            ui.copy_text(file.path.clone());
        }
        if ui.button("Remove").clicked() {
            ask_to_remove(file, look, commands);
        }
    });
}

/// Kept from frame to frame by whoever derives something from the list.
type Kept<T> = Option<(u64, Arc<T>)>;
