//! Stepwell in a page.
//!
//! Starts the window in the canvas `#stepwell-canvas` and puts a handle on `window.stepwell`:
//!
//! - `state()` — the session as an object, see `Session::state_json`;
//! - `apply(command)` — does a command, an object or JSON text such as `{ "StepBy": 10 }` or
//!   `"StepInto"`; returns `null`, or what is wrong with it;
//! - `rects()` — where widgets are, by name, as `[x, y, width, height]` in points; noted from the
//!   first question on;
//! - `open(name, bytes)` — opens a module under a file name;
//! - `memory(index, address, length)` — a copy of bytes of a linear memory.
//!
//! The page hears of two events on `window`: `stepwell-ready` when the first frame has been drawn,
//! `stepwell-failed` with a message in `detail.message` when that fails or the program later ends
//! on an error of its own. `?example=memory` in the address opens that example instead of the
//! first one.
#![cfg(target_arch = "wasm32")]

mod handle;
mod page;

use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Starts the window; called by the page as soon as the program is there.
#[wasm_bindgen(start)]
pub fn start() {
    eframe::WebLogger::init(log::LevelFilter::Warn).ok();
    wasm_bindgen_futures::spawn_local(async {
        if let Err(message) = run().await {
            page::failed(&message);
        }
    });
}

async fn run() -> Result<(), String> {
    let document = page::window()?.document().ok_or("the page has no document")?;
    let canvas = document
        .get_element_by_id("stepwell-canvas")
        .ok_or("the page has no canvas #stepwell-canvas")?
        .dyn_into::<web_sys::HtmlCanvasElement>()
        .map_err(|_| "#stepwell-canvas is no canvas")?;
    page::keep_keys(&canvas)?;
    let example = page::example();
    let runner = eframe::WebRunner::new();
    page::tell_panics();
    let creator: eframe::AppCreator<'static> =
        Box::new(move |creation| Ok(Box::new(page::Page::new(creation, &example))));
    // What the page asks for, too; see page.js.
    let options = eframe::WebOptions {
        webgl_context_option: eframe::WebGlContextOption::WebGl2,
        ..Default::default()
    };
    let started = runner.start(canvas, options, creator).await;
    started.map_err(|error| page::text_of(&error))?;
    handle::install(runner)
}
