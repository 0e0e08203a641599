//! A value that can be changed in place.

use egui::{Key, RichText, Ui};
use stepwell_engine::{InstanceId, Value};

use crate::session::{Asked, Command, Reference, Session, Shape, WatchTarget, untyped};
use crate::ui::rects;
use crate::ui::tokens::{self, Tokens};

/// A value; a double click turns it into a field, and so does its menu: a click on a reference shows
/// what it refers to. Wrong text is explained below the field and changes nothing.
pub struct EditValue<'a> {
    session: &'a Session,
    name: &'a str,
    value: &'a Value,
    changed: bool,
    enabled: bool,
    declared: String,
    instance: Option<InstanceId>,
    place: Option<WatchTarget>,
    /// The same place in the present call alone.
    in_call: Option<WatchTarget>,
    /// What is asked about where it comes from.
    asked: Option<Asked>,
}

impl<'a> EditValue<'a> {
    /// A value with a name for screen readers and tests, unique in its `Ui`.
    pub fn new(session: &'a Session, name: &'a str, value: &'a Value) -> Self {
        let declared = String::new();
        Self {
            session,
            name,
            value,
            changed: false,
            enabled: true,
            declared,
            instance: None,
            place: None,
            in_call: None,
            asked: None,
        }
    }

    /// What holds the value, if that can be watched: from its menu.
    pub fn place(mut self, place: Option<WatchTarget>) -> Self {
        self.place = place;
        self
    }

    /// As what it can be asked where it comes from: from its menu.
    pub fn asked(mut self, asked: Asked) -> Self {
        self.asked = Some(asked);
        self
    }

    /// The type that its place is declared with, for the tooltip of references.
    pub fn declared(mut self, ty: String) -> Self {
        self.declared = ty;
        self
    }

    /// The instance whose memory it may be an address of; else that of the frame that is looked at.
    pub fn of_instance(mut self, instance: InstanceId) -> Self {
        self.instance = Some(instance);
        self
    }

    /// The same for a local, in all calls and in the present one.
    pub fn local(mut self, places: Option<[WatchTarget; 2]>) -> Self {
        (self.place, self.in_call) = places.map(|[all, one]| (all, one)).unzip();
        self
    }

    /// Marks the value as changed since the previous stop.
    pub fn changed(mut self, changed: bool) -> Self {
        self.changed = changed;
        self
    }

    /// Whether it can be changed at present.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Draws it; returns the new text once it is entered and means a value.
    pub fn show(self, ui: &mut Ui, commands: &mut Vec<Command>) -> Option<String> {
        let id = ui.scope_id().with(("edit", self.name));
        let editing: Option<String> = ui.data(|data| data.get_temp(id)).flatten();
        match editing {
            Some(text) => self.field(ui, id, text),
            None => {
                self.resting(ui, id, commands);
                None
            }
        }
    }

    fn resting(&self, ui: &mut Ui, id: egui::Id, commands: &mut Vec<Command>) {
        let reference = self.session.reference(self.value);
        let response = match &reference {
            Some(to) => {
                super::reference::label(self.session, to, self.changed, egui::Sense::hover(), ui)
            }
            None => super::text::value_label(ui, self.value, self.changed, false),
        };
        let response = ui.interact(response.rect, id.with("click"), egui::Sense::click());
        let text = match (self.value, &reference) {
            (_, Some(to)) => to.text.clone(),
            (Value::V128(vector), None) => {
                format!("v128:{}", super::vector::shape(ui.ctx()).text(*vector))
            }
            (other, None) => other.to_string(),
        };
        let text = format!("{} = {text}", self.name);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, self.enabled, &text));
        rects::note(&response, || format!("value.{}", self.name));
        let is_link = reference.as_ref().is_some_and(|to| to.show.is_some());
        let mut begins = self.enabled && !is_link && response.double_clicked();
        let response = match &reference {
            Some(to) => super::reference::follow(to, ui, response, commands),
            None => response,
        };
        let response = response.on_hover_ui(|ui| self.explain(reference.as_ref(), ui));
        let is_integer = matches!(self.value, Value::I32(_) | Value::I64(_));
        if self.enabled || is_integer || self.place.is_some() || self.asked.is_some() {
            response.context_menu(|ui| {
                if self.enabled && ui.button("Change the value").clicked() {
                    begins = true;
                    ui.close();
                }
                let show = super::memory::show(self.session, ui.ctx(), self.instance, self.value);
                super::memory::menu_entry(show, ui, commands);
                if let Some(asked) = self.asked {
                    super::origin::entry(self.session, asked, ui, commands);
                }
                if let Some(place) = self.place {
                    super::watch::menu(self.session, place, ui, commands);
                }
                if let Some(place) = self.in_call {
                    ui.menu_button("In this call alone", |ui| {
                        super::watch::menu(self.session, place, ui, commands);
                    });
                }
            });
        }
        if begins {
            let text = self.text_to_edit(ui);
            ui.data_mut(|data| data.insert_temp(id, Some(text)));
            ui.memory_mut(|memory| memory.request_focus(id.with("field")));
        }
    }

    fn text_to_edit(&self, ui: &Ui) -> String {
        match self.value {
            Value::V128(vector) => super::vector::shape(ui.ctx()).text(*vector),
            Value::AnyRef(_) | Value::ExternRef(_) | Value::ExnRef(_) => {
                self.session.value_text(self.value)
            }
            other => untyped(other),
        }
    }

    /// Other ways to write the value.
    fn explain(&self, reference: Option<&Reference>, ui: &mut Ui) {
        if let Some(reference) = reference {
            super::reference::explain(reference, &self.declared, ui);
        }
        let lines = match *self.value {
            Value::I32(value) => {
                vec![format!("0x{value:08x}"), format!("unsigned {}", value as u32)]
            }
            Value::I64(value) => {
                vec![format!("0x{value:016x}"), format!("unsigned {}", value as u64)]
            }
            Value::F32(value) => vec![format!("bits 0x{:08x}", value.to_bits())],
            Value::F64(value) => vec![format!("bits 0x{:016x}", value.to_bits())],
            Value::V128(value) => Shape::ALL.map(|shape| shape.text(value)).to_vec(),
            Value::FuncRef(_) | Value::ExternRef(_) | Value::AnyRef(_) | Value::ExnRef(_) => {
                Vec::new()
            }
        };
        for line in lines {
            ui.label(RichText::new(line).font(tokens::mono()));
        }
        for place in [self.place, self.in_call].iter().flatten() {
            if let Some(words) = super::watch::words(self.session, place) {
                ui.label(words);
            }
        }
        if self.enabled {
            let is_link = reference.is_some_and(|to| to.show.is_some());
            let how = if is_link { "Right click" } else { "Double click" };
            ui.label(format!("{how} to change it."));
        }
    }

    fn field(&self, ui: &mut Ui, id: egui::Id, mut text: String) -> Option<String> {
        let tokens = Tokens::of(ui);
        let (field, problem) = ui
            .vertical(|ui| {
                let problem = Session::check_value(self.value.ty(), &text).err();
                let edit = egui::TextEdit::singleline(&mut text)
                    .id(id.with("field"))
                    .font(tokens::mono())
                    .desired_width(tokens::FIELD_WIDE);
                let field = ui.add(edit).accessible_name(self.name);
                if let Some(problem) = &problem {
                    ui.colored_label(tokens.error, problem);
                }
                (field, problem)
            })
            .inner;
        rects::note(&field, || format!("value.{}.field", self.name));
        let (entered, escaped) =
            ui.input(|input| (input.key_pressed(Key::Enter), input.key_pressed(Key::Escape)));
        let left = field.lost_focus();
        let done = left && (escaped || !entered || problem.is_none());
        if left && !done {
            field.request_focus();
        }
        let kept = if done { None } else { Some(text.clone()) };
        ui.data_mut(|data| data.insert_temp(id, kept));
        (left && entered && problem.is_none()).then_some(text)
    }
}
