//! The menu of an import: which opened module satisfies it.

use egui::{Color32, Response, RichText, Ui};
use stepwell_engine::text::dotted;

use crate::session::{Command, ImportState, OpenModule, ProviderChoice, Session};
use crate::ui::tokens::{self, Tokens};
use crate::ui::{rects, widgets};

/// Room for a module's name.
const NAME: f32 = 90.0;

/// Who satisfies an import now, as a word with a menu to choose another one.
pub(super) fn show(
    session: &Session,
    open: &OpenModule,
    position: usize,
    text: &str,
    color: Color32,
    hint: &str,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) -> Response {
    let import = open.module.imports().get(position);
    let import = import.map_or_else(String::new, |import| dotted(&import.module, &import.name));
    let label = format!("{text} for {import}");
    let shown = widgets::elided(text, NAME, tokens::SMALL);
    let shown = RichText::new(shown).font(tokens::mono_small()).color(color);
    let word = ui.add(egui::Label::new(shown).selectable(false).sense(egui::Sense::click()));
    word.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
    rects::note(&word, || format!("modules.provider.{}.{position}", open.name));
    egui::Popup::menu(&word).show(|ui| entries(session, open, position, ui, commands));
    word.on_hover_cursor(egui::CursorIcon::PointingHand)
        .on_hover_text(format!("{hint}\nClick to choose another module"))
}

/// The modules that export what the import needs, and what there is beside them.
pub(super) fn entries(
    session: &Session,
    open: &OpenModule,
    position: usize,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let tokens = Tokens::of(ui);
    let Some(state) = open.imports.get(position) else { return };
    let mut choose = |provider: ProviderChoice, ui: &mut Ui| {
        commands.push(Command::ChooseProvider { module: open.key, import: position, provider });
        ui.close();
    };
    let providers = session.providers(open, position);
    if providers.is_empty() {
        ui.label(RichText::new("No opened module exports a match.").color(tokens.weak));
    }
    for provider in providers {
        let text = format!("← {}", widgets::safe(&provider.name));
        let text = RichText::new(text).font(tokens::mono_small());
        let choice = ProviderChoice::Module(provider.name.clone());
        let label =
            ui.selectable_label(state.provider == choice, text.color(tokens.module(provider.hue)));
        if label.on_hover_text("This module, whatever the import is called").clicked() {
            choose(choice, ui);
        }
    }
    for (choice, text, hint) in [
        (
            ProviderChoice::ByName,
            "as its name says",
            "The module that is called as the import says",
        ),
        (ProviderChoice::NoModule, "no module", "A host set, a policy or you answer"),
    ] {
        let label = ui.selectable_label(state.provider == choice, text);
        if label.on_hover_text(hint).clicked() {
            choose(choice, ui);
        }
    }
}

/// Whether somebody has chosen, or could: a box of hosts and policies offers modules only then.
pub(super) fn is_of_use(
    session: &Session,
    open: &OpenModule,
    position: usize,
    state: &ImportState,
) -> bool {
    state.provider != ProviderChoice::ByName || !session.providers(open, position).is_empty()
}
