//! The command palette: everything by a few letters of its name.

use std::sync::Arc;

use egui::{Context, Key, Modifiers, RichText, Ui};
use stepwell_engine::text::dotted;
use stepwell_engine::{CodeOffset, ExternType, FuncIndex};

use super::actions::{ALL, Action};
use crate::session::{Command, ModuleKey, OpenModule, Panel, Place, Session};
use crate::ui::fonts::bidi;
use crate::ui::layout::{self, Layout};
use crate::ui::tokens::{self, Tokens};

/// Entries shown.
const SHOWN: usize = 14;
/// The score of a function whose whole name or index was typed.
const EXACT: i32 = i32::MAX;
/// What a better way of fitting is worth: more than all letters of a title together.
const WAY: i32 = 100_000;
/// What is worth being a common action, among titles that fit in the same way.
const OFTEN: i32 = 10_000;
/// Actions that are asked for most, the most frequent first.
const COMMON: [Action; 7] = [
    Action::StepInto,
    Action::StepOver,
    Action::Continue,
    Action::StepBack,
    Action::Open,
    Action::ToggleBreakpoint,
    Action::Restart,
];
/// Functions looked through for one query.
const FUNCTIONS: u32 = 200_000;

/// An opened palette.
#[derive(Default)]
pub(super) struct Palette {
    query: String,
    selected: usize,
    /// What the query finds, for the query it was made for.
    found: Option<(String, Arc<Vec<Entry>>)>,
    had_focus: bool,
}

/// What was chosen.
pub(super) enum Choice {
    None,
    Closed,
    Action(Action),
    Commands(Vec<Command>),
}

/// Something that can be chosen.
#[derive(Clone, PartialEq, Debug)]
struct Entry {
    kind: &'static str,
    title: String,
    does: Does,
}

#[derive(Clone, PartialEq, Debug)]
enum Does {
    Action(Action),
    Commands(Vec<Command>),
}

/// How well a text fits a query: letters in order, better at word beginnings and in one piece.
/// `None` if it does not.
fn score(text: &str, query: &str) -> Option<i32> {
    let mut score = 0;
    let mut wanted = query.chars().flat_map(char::to_lowercase).filter(|sign| *sign != ' ');
    let mut next = wanted.next();
    let (mut last_hit, mut before) = (None, ' ');
    for (position, sign) in text.chars().enumerate() {
        let Some(letter) = next else { break };
        if sign.to_lowercase().eq([letter]) {
            score += 1;
            if last_hit.is_some_and(|last: usize| last + 1 == position) {
                score += 4;
            }
            if !before.is_alphanumeric() {
                score += 6;
            }
            last_hit = Some(position);
            next = wanted.next();
        }
        before = sign;
    }
    // Short names first among equals.
    next.is_none().then(|| score * 8 - (text.len().min(60) as i32) / 8)
}

/// How a title fits a query: as a whole, from its beginning, with words that begin so, somewhere, or in no
/// more than its letters.
fn way(title: &str, query: &str) -> i32 {
    let (title, query) = (title.to_lowercase(), query.trim().to_lowercase());
    let begins = |wanted: &str| {
        title.split(|sign: char| !sign.is_alphanumeric()).any(|word| word.starts_with(wanted))
    };
    if query.is_empty() {
        0
    } else if title == query {
        4
    } else if title.starts_with(&query) {
        3
    } else if query.split_whitespace().all(begins) {
        2
    } else {
        i32::from(title.contains(&query))
    }
}

/// How well a title fits: in a better way first, then by its letters.
fn fits(title: &str, query: &str) -> Option<i32> {
    Some(way(title, query) * WAY + score(title, query)?.min(OFTEN - 1))
}

/// What a common action is ahead of others.
fn often(action: Action) -> i32 {
    let place = COMMON.iter().rev().position(|common| *common == action);
    place.map_or(0, |place| (place as i32 + 1) * OFTEN)
}

fn entries(session: &Session, layout: &Layout, query: &str) -> Vec<Entry> {
    let mut found: Vec<(i32, Entry)> = Vec::new();
    let mut offer = |kind: &'static str, title: String, more: i32, does: &dyn Fn() -> Does| {
        // Words may stand in another order than in the title.
        if let Some(fits) =
            fits(&title, query).or((way(&title, query) > 0).then(|| way(&title, query) * WAY))
        {
            found.push((fits + more, Entry { kind, title, does: does() }));
        }
    };
    for action in ALL.into_iter().filter(|action| *action != Action::Palette) {
        if action.obstacle(session).is_none() {
            offer("action", action.title().to_owned(), often(action), &|| Does::Action(action));
        }
    }
    for open in session.modules() {
        for export in open.module.exports() {
            let Some(ExternType::Func(ty)) = open.module.export_type(export.item) else { continue };
            if !ty.params().is_empty() {
                continue;
            }
            let title = format!("Step {}", dotted(&open.name, &export.name));
            offer("start", title, 0, &|| {
                Does::Commands(vec![Command::Start {
                    module: open.key,
                    export: export.name.to_string(),
                    args: Vec::new(),
                }])
            });
        }
    }
    for example in session.examples() {
        let title = format!("Example: {}", example.title);
        offer("example", title, 0, &|| {
            Does::Commands(vec![Command::OpenExample(example.id.clone())])
        });
    }
    for panel in Panel::ALL {
        let verb = if layout.is_open(panel) { "Show" } else { "Open" };
        let title = format!("{verb} panel {}", layout::title(panel));
        // It is found by its name as if that were all of the title.
        let more = (way(layout::title(panel), query) - way(&title, query)).max(0) * WAY;
        offer("panel", title, more, &|| Does::Commands(vec![Command::RevealPanel(panel)]));
    }
    if !query.trim().is_empty() {
        functions(session, query, &mut found);
    }
    found.sort_by(|(a, first), (b, second)| b.cmp(a).then_with(|| first.title.cmp(&second.title)));
    found.truncate(SHOWN);
    found.into_iter().map(|(_, entry)| entry).collect()
}

fn functions(session: &Session, query: &str, found: &mut Vec<(i32, Entry)>) {
    let exact = session.find_functions(query);
    for (key, place) in &exact {
        let Some(open) = session.module(*key) else { continue };
        found.push((EXACT, function_entry(open, place.func, place.offset)));
    }
    let mut hits: Vec<(i32, &OpenModule, FuncIndex)> = Vec::new();
    let mut left = FUNCTIONS;
    for open in session.modules() {
        let first = open.module.imported_func_count();
        for index in (first..open.module.func_count()).take(left as usize) {
            let func = FuncIndex(index);
            let shown = open.names.found(func).and_then(|name| fits(name, query));
            let raw = open.module.func_name(func).and_then(|name| fits(name, query));
            let is_exact =
                |(key, place): &(ModuleKey, Place)| *key == open.key && place.func == func;
            if let Some(score) = shown.max(raw)
                && !exact.iter().any(is_exact)
            {
                hits.push((score, open, func));
            }
        }
        left = left.saturating_sub(open.module.func_count());
    }
    // Only the best are shown, and need words.
    hits.sort_by_key(|(score, ..)| std::cmp::Reverse(*score));
    let best = hits.into_iter().take(SHOWN);
    found.extend(best.map(|(score, open, func)| (score, function_entry(open, func, None))));
}

fn function_entry(open: &OpenModule, func: FuncIndex, offset: Option<CodeOffset>) -> Entry {
    let module = open.key;
    let show = match offset {
        Some(offset) => Command::ShowOffset { module, offset: offset.0 },
        None => Command::ShowFunction { module, func: func.0 },
    };
    let does = Does::Commands(vec![Command::RevealPanel(Panel::Code), show]);
    Entry { kind: "function", title: open.func_label(func), does }
}

impl Palette {
    /// Draws it.
    pub(super) fn show(&mut self, session: &Session, layout: &Layout, ctx: &Context) -> Choice {
        let keys = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if keys(Key::Escape) {
            return Choice::Closed;
        }
        let (up, down) = (keys(Key::ArrowUp), keys(Key::ArrowDown));
        let entered = ctx.input(|input| input.key_pressed(Key::Enter));
        let area = egui::Area::new(egui::Id::unique("stepwell-palette"))
            .order(egui::Order::Foreground)
            .anchor(egui::Align2::CENTER_TOP, [0.0, tokens::PALETTE_TOP]);
        let mut choice = Choice::None;
        let shown = area.show(ctx, |ui| {
            let tokens = Tokens::of(ui);
            let frame = egui::Frame::popup(ui.style())
                .stroke(egui::Stroke::new(1.0, tokens.accent))
                .inner_margin(tokens::GROUP);
            frame.show(ui, |ui| {
                ui.set_width(tokens::PALETTE_WIDTH);
                let edit = egui::TextEdit::singleline(&mut self.query)
                    .hint_text("an action, a function, an example …")
                    .desired_width(f32::INFINITY);
                let field = ui.add(edit).accessible_name("palette");
                if !self.had_focus {
                    field.request_focus();
                    self.had_focus = true;
                }
                let list = self.list(session, layout);
                self.selected = match (up, down) {
                    (true, _) => self.selected.saturating_sub(1),
                    (_, true) => (self.selected + 1).min(list.len().saturating_sub(1)),
                    _ => self.selected.min(list.len().saturating_sub(1)),
                };
                if list.is_empty() {
                    ui.label(RichText::new("Nothing has these letters.").color(tokens.weak));
                }
                for (position, entry) in list.iter().enumerate() {
                    let clicked = line(entry, position == self.selected, ui);
                    if clicked || (entered && position == self.selected) {
                        choice = match &entry.does {
                            Does::Action(action) => Choice::Action(*action),
                            Does::Commands(commands) => Choice::Commands(commands.clone()),
                        };
                    }
                }
            });
        });
        let outside = ctx.input(|input| {
            let position = input.pointer.interact_pos();
            input.pointer.any_pressed()
                && position.is_some_and(|position| !shown.response.rect.contains(position))
        });
        if outside && matches!(choice, Choice::None) { Choice::Closed } else { choice }
    }

    fn list(&mut self, session: &Session, layout: &Layout) -> Arc<Vec<Entry>> {
        match &self.found {
            Some((query, list)) if *query == self.query => list.clone(),
            _ => {
                let list = Arc::new(entries(session, layout, &self.query));
                self.found = Some((self.query.clone(), list.clone()));
                self.selected = 0;
                list
            }
        }
    }
}

fn line(entry: &Entry, selected: bool, ui: &mut Ui) -> bool {
    let tokens = Tokens::of(ui);
    let size = egui::vec2(ui.available_width(), tokens::ROW + tokens::GAP);
    let (place, response) = ui.allocate_exact_size(size, egui::Sense::click());
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, selected, &entry.title)
    });
    if selected || response.hovered() {
        let fill = if selected { tokens.selection } else { tokens.hover_row };
        ui.painter().rect_filled(place, 3.0, fill);
    }
    let painter = ui.painter().with_clip_rect(place);
    let y = place.center().y;
    let left = egui::pos2(place.left() + tokens::GAP, y);
    let font = egui::FontId::proportional(tokens::TEXT);
    painter.text(left, egui::Align2::LEFT_CENTER, bidi::drawn(&entry.title), font, tokens.text);
    let right = egui::pos2(place.right() - tokens::GAP, y);
    let font = tokens::mono_small();
    let keys = match entry.does {
        Does::Action(action) => action.keys_text(ui.ctx()),
        Does::Commands(_) => entry.kind.to_owned(),
    };
    painter.text(right, egui::Align2::RIGHT_CENTER, keys, font, tokens.weak);
    response.clicked()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_is_asked_for_comes_first() {
        let mut session = Session::new();
        session.apply(Command::OpenExample("recursion".to_owned())).unwrap();
        session.apply(Command::StepBy(3)).unwrap();
        let layout = Layout::default();
        for (query, first) in [
            ("watch", "Show panel Watches"),
            ("find", "Open panel Find"),
            ("find in", "Find in all functions …"),
            ("memory", "Show panel Memory"),
            ("mem", "Show panel Memory"),
            ("frames", "Show panel Frames"),
            ("step", "Step into"),
            ("over", "Step over"),
            ("back", "Back to the place before"),
            ("step back", "Step back into"),
            ("back step", "Step back into"),
            ("run", "Run or continue"),
            ("run back", "Run back"),
            ("break", "Show panel Breakpoints"),
            ("stop", "Stop"),
            ("open", "Open files …"),
            ("help", "Keys and help"),
            ("tasks", "Show panel Tasks"),
            ("text", "Larger text"),
            ("stpov", "Step over"),
        ] {
            let found = entries(&session, &layout, query);
            let titles: Vec<&str> = found.iter().map(|entry| &*entry.title).collect();
            assert_eq!(titles.first(), Some(&first), "{query}: {titles:?}");
        }
    }

    #[test]
    fn letters_in_order_fit_and_word_beginnings_fit_better() {
        assert!(score("Step over", "so").is_some());
        assert!(score("Step over", "os").is_none());
        assert!(score("Step over", "ov") > score("Remove it", "ov"));
        assert!(score("anything", "").is_some());
        assert!(score("f", "f") > score("f_with_a_very_long_name_behind_it", "f"));
    }
}
