//! The line above the bytes: which memory, where to go, what to search.

use egui::{Key, RichText, Ui};
use stepwell_engine::memory::LinearMemory;
use stepwell_engine::module::ExportItem;
use stepwell_engine::{Extern, Value};

use super::template;
use crate::session::{Command, MemoryView, SearchKind, Session, Trail, memory_kind};
use crate::ui::tokens::{self, Tokens};
use crate::ui::widgets;
use crate::ui::{feedback, rects};

/// Draws it.
pub(super) fn show(
    session: &Session,
    view: &MemoryView,
    memory: &LinearMemory,
    with_inspector: bool,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    ui.horizontal_wrapped(|ui| {
        widgets::trail::buttons(session, Trail::Memory(view.id), ui, commands);
        choice(session, view, ui, commands);
        size(memory, ui);
        go_to(session, view, ui, commands);
        search(view, ui, commands);
        let follow = ui.selectable_label(view.follow, "follow");
        rects::note(&follow, || format!("memory.{}.follow_accesses", view.id));
        if follow.on_hover_text("Scroll to what a step reads or writes").clicked() {
            commands.push(Command::FollowAccesses { view: view.id, follow: !view.follow });
        }
        // It stands above the inspector where there is one.
        if !with_inspector {
            template::toggle(view, ui, commands);
        }
        let add = ui.small_button("+").accessible_name("add a memory view");
        rects::note(&add, || "memory.add".to_owned());
        if add.on_hover_text("Open one more view").clicked() {
            commands.push(Command::AddMemoryView);
        }
        if session.memory_views().len() > 1 {
            let close = ui.small_button("✗").accessible_name("close this memory view");
            if close.on_hover_text("Close this view").clicked() {
                commands.push(Command::CloseMemoryView(view.id));
            }
        }
    });
    let mine = view.id;
    feedback::show(ui, |command| match command {
        Command::GoToAddress { view, .. } | Command::Search { view, .. } => *view == mine,
        Command::WriteMemory { .. } => true,
        _ => false,
    });
}

fn choice(session: &Session, view: &MemoryView, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let memories = session.memories();
    let color_of = |named: &crate::session::NamedMemory| {
        let open = named.module.and_then(|key| session.module(key));
        open.map_or(tokens.text, |open| tokens.module(open.hue))
    };
    let Some(shown) = memories.iter().find(|named| named.addr == view.memory) else { return };
    let text = RichText::new(&shown.label).font(tokens::mono_bold()).color(color_of(shown));
    if memories.len() == 1 {
        ui.label(text);
        return;
    }
    let combo = egui::ComboBox::from_id_salt("memory").selected_text(text);
    let response = combo.show_ui(ui, |ui| {
        for named in &memories {
            let text = RichText::new(&named.label).font(tokens::mono()).color(color_of(named));
            if ui.selectable_label(named.addr == view.memory, text).clicked() {
                commands.push(Command::ViewMemory { view: view.id, memory: named.addr.0 });
            }
        }
    });
    rects::note(&response.response, || "memory.choice".to_owned());
    response.response.accessible_name("memory shown");
}

fn size(memory: &LinearMemory, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let pages = memory.pages();
    let text = format!("{} pages", widgets::grouped(pages));
    let text = if pages == 1 { "1 page".to_owned() } else { text };
    let most = match memory.ty().limits.max {
        Some(max) => format!("at most {} pages", widgets::grouped(max)),
        None => "no maximum declared".to_owned(),
    };
    let bytes = memory.bytes().len() as u64;
    ui.label(RichText::new(text).font(tokens::mono_small()).color(tokens.weak)).on_hover_text(
        format!("{} bytes, {}; {most}", widgets::grouped(bytes), widgets::size(bytes)),
    );
    for kind in memory_kind(memory.ty()) {
        let meaning = match kind.as_str() {
            "shared" => "Several threads may use this memory, and atomic operators wait on it.",
            "64-bit" => "Addresses in this memory are i64.",
            _ => "The memory grows by pages of this size, not of 64 KiB.",
        };
        let text = RichText::new(kind).font(tokens::mono_small()).color(tokens.warning);
        ui.label(text).on_hover_text(meaning);
    }
}

fn go_to(session: &Session, view: &MemoryView, ui: &mut Ui, commands: &mut Vec<Command>) {
    let tokens = Tokens::of(ui);
    let id = ui.scope_id().with("go-to");
    let mut text: String = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let edit = egui::TextEdit::singleline(&mut text)
        .hint_text("go to 0x…")
        .font(tokens::mono_small())
        .desired_width(tokens::FIELD);
    let field = ui.add(edit).accessible_name("go to address");
    rects::note(&field, || format!("memory.{}.goto", view.id));
    let help = "0x40, 64, the name of a global such as __heap_base, or an expression of the frame: $p + 8, i32[$sp]";
    let field = field.on_hover_text(help);
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if !text.trim().is_empty() {
        let plain = address(session, view, &text);
        match plain.map_or_else(|| session.address(view.memory, &text), Ok) {
            Ok(address) if entered => {
                commands.push(Command::GoToAddress { view: view.id, address });
                text.clear();
            }
            Ok(_) => {}
            Err(problem) => {
                if entered {
                    field.request_focus();
                }
                below(&field, &problem, id, tokens, ui);
            }
        }
    }
    ui.data_mut(|data| data.insert_temp(id, text));
}

/// What is wrong with a text, over what lies below its field: nothing moves for it.
fn below(field: &egui::Response, problem: &str, id: egui::Id, tokens: &Tokens, ui: &Ui) {
    let area = egui::Area::new(id.with("problem"))
        .order(egui::Order::Foreground)
        .interactable(false)
        .fixed_pos(field.rect.left_bottom());
    area.show(ui.ctx(), |ui| {
        egui::Frame::popup(ui.style()).show(ui, |ui| {
            ui.set_max_width(tokens::TOOLTIP);
            ui.label(RichText::new(problem).small().color(tokens.error));
        });
    });
}

/// A sum of numbers and names of exported globals.
fn address(session: &Session, view: &MemoryView, text: &str) -> Option<u64> {
    let mut sum = 0u64;
    for part in text.split('+') {
        sum = sum.checked_add(term(session, view, part.trim())?)?;
    }
    Some(sum)
}

fn term(session: &Session, view: &MemoryView, text: &str) -> Option<u64> {
    let plain = text.replace('_', "");
    if let Some(hex) = plain.strip_prefix("0x").or(plain.strip_prefix("0X")) {
        return u64::from_str_radix(hex, 16).ok();
    }
    if let Ok(number) = plain.parse() {
        return Some(number);
    }
    global_value(session, view, text.strip_prefix('$').unwrap_or(text))
}

/// The value of a global of the module whose memory is shown, by its export or its name.
fn global_value(session: &Session, view: &MemoryView, name: &str) -> Option<u64> {
    use stepwell_engine::module::NameKind;
    let memories = session.memories();
    let key = memories.iter().find(|named| named.addr == view.memory)?.module?;
    let (open, store) = (session.module(key)?, session.store()?);
    let instance = session.instance_of(key)?;
    let exported = open.module.export(name).and_then(|export| match export.item {
        ExportItem::Global(_) => store.export(instance, name),
        _ => None,
    });
    let addr = match exported {
        Some(Extern::Global(addr)) => addr,
        _ => {
            let globals = store.instance(instance)?.globals();
            let index = (0u32..globals.len() as u32)
                .find(|index| open.module.item_name(NameKind::Global, *index) == Some(name))?;
            *globals.get(index as usize)?
        }
    };
    match store.global(addr)?.1 {
        Value::I32(value) => Some(u64::from(value as u32)),
        Value::I64(value) => Some(value as u64),
        _ => None,
    }
}

/// What a search field remembers.
#[derive(Clone)]
struct SearchField {
    text: String,
    kind: SearchKind,
}

fn search(view: &MemoryView, ui: &mut Ui, commands: &mut Vec<Command>) {
    let id = ui.scope_id().with("search");
    let mut search: SearchField = ui
        .data(|data| data.get_temp(id))
        .unwrap_or(SearchField { text: String::new(), kind: SearchKind::Text });
    let edit = egui::TextEdit::singleline(&mut search.text)
        .hint_text("search")
        .font(tokens::mono_small())
        .desired_width(tokens::FIELD);
    let field = ui.add(edit).accessible_name("search memory");
    rects::note(&field, || format!("memory.{}.search", view.id));
    let kinds = [
        (SearchKind::Text, "text"),
        (SearchKind::Bytes, "bytes"),
        (SearchKind::Integer(1), "8 bit"),
        (SearchKind::Integer(2), "16 bit"),
        (SearchKind::Integer(4), "32 bit"),
        (SearchKind::Integer(8), "64 bit"),
    ];
    let shown =
        kinds.iter().find(|(kind, _)| *kind == search.kind).map_or("text", |(_, name)| name);
    let combo = egui::ComboBox::from_id_salt("kind").selected_text(shown).width(tokens::NUMBER);
    let response = combo.show_ui(ui, |ui| {
        for (kind, name) in &kinds {
            if ui.selectable_label(search.kind == *kind, *name).clicked() {
                search.kind = kind.clone();
            }
        }
    });
    response.response.accessible_name("what to search for");
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let next = ui.add_enabled(!search.text.is_empty(), egui::Button::new("▾").small());
    let next = next.accessible_name("search next").on_hover_text("Find the next one (Enter)");
    if (entered && !search.text.is_empty()) || next.clicked() {
        let (kind, text) = (search.kind.clone(), search.text.clone());
        commands.push(Command::Search { view: view.id, kind, text });
        if entered {
            field.request_focus();
        }
    }
    ui.data_mut(|data| data.insert_temp(id, search));
}
