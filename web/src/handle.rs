//! The handle on `window.stepwell`.

use js_sys::{JSON, Reflect, Uint8Array};
use stepwell::session::Command;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::page::{self, Page};

/// What JavaScript gets.
#[wasm_bindgen]
pub struct Handle {
    runner: eframe::WebRunner,
}

/// Puts the handle where the page finds it.
pub(crate) fn install(runner: eframe::WebRunner) -> Result<(), String> {
    let window = page::window()?;
    let handle = JsValue::from(Handle { runner });
    Reflect::set(&window, &"stepwell".into(), &handle).map_err(|error| page::text_of(&error))?;
    Ok(())
}

#[wasm_bindgen]
impl Handle {
    /// The session as an object.
    pub fn state(&self) -> JsValue {
        let state = self.with(|page| page.app.session.state_json().to_string());
        parsed(state)
    }

    /// Does a command; returns `null`, or what is wrong with it.
    pub fn apply(&self, command: JsValue) -> JsValue {
        let text = match command.as_string() {
            // A plain name such as StepInto is a command, too.
            Some(text) if text.starts_with(['{', '"']) => Some(text),
            Some(text) => Some(format!("{text:?}")),
            None => JSON::stringify(&command).ok().and_then(|text| text.as_string()),
        };
        let Some(text) = text else { return "a command is an object or its JSON".into() };
        let command: Command = match serde_json::from_str(&text) {
            Ok(command) => command,
            Err(error) => return format!("no such command: {error}").into(),
        };
        let result = self.with(|page| {
            let context = page.context.clone();
            page.app.session.apply(command.clone()).map_err(|error| {
                context.request_repaint();
                error.to_string()
            })?;
            page.app.follow(&context, &command);
            Ok(())
        });
        match result {
            Some(Ok(())) => JsValue::NULL,
            Some(Err(message)) => {
                let message: String = message;
                message.into()
            }
            None => "the window has gone".into(),
        }
    }

    /// Where widgets are, by name.
    pub fn rects(&self) -> JsValue {
        parsed(self.with(|page| stepwell::ui::rects::json(&page.context)))
    }

    /// Opens a module under a file name; what is wrong with it becomes a notice. A large one is being opened
    /// for a while: see `opening` in the state.
    pub fn open(&self, name: &str, bytes: Vec<u8>) {
        self.with(|page| {
            page.app.open_bytes(name, bytes);
            page.context.request_repaint();
        });
    }

    /// A copy of bytes of a linear memory, by its address in the store; `null` if there are none.
    pub fn memory(&self, memory: u32, address: f64, length: f64) -> JsValue {
        let bytes = self.with(|page| {
            let store = page.app.session.store()?;
            let memory = store.memory(stepwell_engine::MemAddr(memory))?;
            let bytes = memory.read(address as u64, length as u64).ok()?;
            Some(Uint8Array::from(bytes))
        });
        bytes.flatten().map_or(JsValue::NULL, JsValue::from)
    }

    fn with<R>(&self, work: impl FnOnce(&mut Page) -> R) -> Option<R> {
        let mut page = self.runner.app_mut::<Page>()?;
        Some(work(&mut page))
    }
}

fn parsed(text: Option<String>) -> JsValue {
    text.and_then(|text| JSON::parse(&text).ok()).unwrap_or(JsValue::NULL)
}
