//! The page around the window: its events, its address, its keys.

use eframe::egui;
use stepwell::session::{Command, FIRST_EXAMPLE, Session};
use stepwell::ui::App;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast as _, JsValue};

/// The window, and what the handle needs of it.
pub(crate) struct Page {
    pub(crate) app: App,
    pub(crate) context: egui::Context,
    frames: u32,
}

impl Page {
    pub(crate) fn new(creation: &eframe::CreationContext<'_>, example: &str) -> Self {
        let mut session = Session::new();
        if session.apply(Command::OpenExample(example.to_owned())).is_err() {
            // The notice says which example there is not.
            let _ = session.apply(Command::OpenExample(FIRST_EXAMPLE.to_owned()));
        }
        let app = App::start(creation, session);
        Self { app, context: creation.egui_ctx.clone(), frames: 0 }
    }
}

impl eframe::App for Page {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        self.app.logic(ctx, frame);
        // The second frame begins when the first one has been painted.
        self.frames = self.frames.saturating_add(1);
        match self.frames {
            1 => ctx.request_repaint(),
            2 => ready(),
            _ => {}
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.app.ui(ui, frame);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.app.save(storage);
    }

    fn as_any_mut(&mut self) -> Option<&mut dyn std::any::Any> {
        Some(self)
    }
}

pub(crate) fn window() -> Result<web_sys::Window, String> {
    web_sys::window().ok_or_else(|| "there is no window".to_owned())
}

/// An error of JavaScript as text.
pub(crate) fn text_of(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => error.as_string().unwrap_or_else(|| format!("{error:?}")),
    }
}

fn ready() {
    dispatch("stepwell-ready", &JsValue::NULL);
}

/// Tells the page that the window cannot be shown.
pub(crate) fn failed(message: &str) {
    let detail = js_sys::Object::new();
    let set = js_sys::Reflect::set(&detail, &"message".into(), &message.into());
    if set.is_ok() {
        dispatch("stepwell-failed", &detail);
    }
}

/// Lets the page know when the program ends on an error of its own: the canvas would just stand
/// still. To be called when the window has set its own hook, which goes on working.
pub(crate) fn tell_panics() {
    let log = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        log(panic);
        failed(&panic.to_string());
    }));
}

fn dispatch(name: &str, detail: &JsValue) {
    let init = web_sys::CustomEventInit::new();
    init.set_detail(detail);
    if let Ok(event) = web_sys::CustomEvent::new_with_event_init_dict(name, &init)
        && let Ok(window) = window()
    {
        // Nobody listens in an embedding page that does not care.
        let _ = window.dispatch_event(&event);
    }
}

/// The example that the address names.
pub(crate) fn example() -> String {
    let search = window().ok().and_then(|window| window.location().search().ok());
    let query = search.unwrap_or_default();
    let named = web_sys::UrlSearchParams::new_with_str(&query).ok();
    named.and_then(|params| params.get("example")).unwrap_or_else(|| FIRST_EXAMPLE.to_owned())
}

/// Keys that mean something in the window must not reload the page, open the browser's dialogs or
/// its tools while the window has the focus.
pub(crate) fn keep_keys(canvas: &web_sys::HtmlCanvasElement) -> Result<(), String> {
    let canvas = canvas.clone();
    let listener = Closure::<dyn FnMut(_)>::new(move |event: web_sys::KeyboardEvent| {
        let document = window().ok().and_then(|window| window.document());
        let active = document.as_ref().and_then(web_sys::Document::active_element);
        let body = document.as_ref().and_then(web_sys::Document::body);
        // The window's own text field lies beside the canvas, not in it.
        let is_typing = active.as_ref().is_some_and(|active| active.tag_name() == "INPUT");
        let elsewhere = active.is_some_and(|active| {
            let is = |other: &web_sys::Element| active == *other;
            !is(&canvas) && !body.as_deref().is_some_and(is) && active.tag_name() != "INPUT"
        });
        let command = event.ctrl_key() || event.meta_key();
        let key = event.key();
        let ours = match key.as_str() {
            "F1" | "F5" | "F6" | "F8" | "F9" | "F10" | "F11" => true,
            "p" | "P" | "o" | "O" | "\\" | "'" | ";" | ":" | "+" | "-" | "=" | "0" => command,
            // Back and forward in the window, not out of the page.
            "ArrowLeft" | "ArrowRight" => event.alt_key(),
            // The end of standard input, in place of a bookmark.
            "d" | "D" => event.ctrl_key() && is_typing,
            _ => false,
        };
        if ours && !elsewhere {
            event.prevent_default();
        }
    });
    let target = window()?;
    target
        .add_event_listener_with_callback("keydown", listener.as_ref().unchecked_ref())
        .map_err(|error| text_of(&error))?;
    // It lives as long as the page.
    listener.forget();
    keep_side_buttons(&target)
}

/// The side buttons of a mouse go back and forward in the window, not out of the page.
fn keep_side_buttons(target: &web_sys::Window) -> Result<(), String> {
    let listener = Closure::<dyn FnMut(_)>::new(|event: web_sys::MouseEvent| {
        if matches!(event.button(), 3 | 4) {
            event.prevent_default();
        }
    });
    for name in ["mousedown", "mouseup"] {
        target
            .add_event_listener_with_callback(name, listener.as_ref().unchecked_ref())
            .map_err(|error| text_of(&error))?;
    }
    listener.forget();
    Ok(())
}
