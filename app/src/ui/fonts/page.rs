//! Fonts beside the page, fetched when a text first needs them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use egui::epaint::text::{FallbackRequest, FontInsert, FontProvider};
use egui::{Context, FontData};
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, Response};

use super::files::{FILES, file_of};
use super::fitted;

/// Where the files are, seen from the page.
const FOLDER: &str = "fonts";

/// How far a file has come.
#[derive(Clone, Default)]
enum State {
    #[default]
    Untouched,
    /// On its way, or not to be had.
    Asked,
    There(FontData),
}

/// Has fonts fetched.
#[derive(Clone)]
pub(in crate::ui) struct Finder {
    ctx: Context,
    files: Arc<Mutex<[State; FILES.len()]>>,
}

impl Finder {
    pub(in crate::ui) fn start(ctx: &Context) -> Self {
        let finder = Self { ctx: ctx.clone(), files: Arc::default() };
        finder.tell();
        finder
    }

    /// What no file has, the browser draws, or a box of its own.
    pub(in crate::ui) fn take_missing(&self) -> Option<char> {
        None
    }

    fn lock(&self) -> MutexGuard<'_, [State; FILES.len()]> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes egui ask, and ask anew for what it was told is not there.
    fn tell(&self) {
        self.ctx.set_font_providers(vec![Arc::new(self.clone())]);
    }

    fn fetch(&self, place: usize, name: &'static str) {
        let finder = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            match bytes(name).await {
                Ok(bytes) => {
                    if let Some(state) = finder.lock().get_mut(place) {
                        *state = State::There(FontData::from_owned(bytes));
                    }
                    finder.tell();
                }
                Err(error) => log::warn!("the font {name} cannot be fetched: {error:?}"),
            }
        });
    }
}

impl FontProvider for Finder {
    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        let character = request.cluster.chars().next()?;
        let place = file_of(character)?;
        let file = FILES.get(place)?;
        let mut files = self.lock();
        let state = files.get_mut(place)?;
        match state {
            State::There(data) => fitted(file.name, data, character, request.family),
            State::Asked => None,
            State::Untouched if file.is_last_resort && browser_has(request.cluster) => None,
            State::Untouched => {
                *state = State::Asked;
                self.fetch(place, file.name);
                None
            }
        }
    }
}

/// Fetches a file.
async fn bytes(name: &str) -> Result<Vec<u8>, JsValue> {
    let window = web_sys::window().ok_or("there is no window")?;
    let response = JsFuture::from(window.fetch_with_str(&format!("{FOLDER}/{name}"))).await?;
    let response: Response = response.dyn_into()?;
    if !response.ok() {
        return Err(format!("status {}", response.status()).into());
    }
    let buffer: ArrayBuffer = JsFuture::from(response.array_buffer()?).await?.dyn_into()?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// Whether the browser has a font for it: then it looks different from what no font has.
fn browser_has(cluster: &str) -> bool {
    /// A character that does not exist.
    const NOBODYS: &str = "\u{378}";
    match (drawn(cluster), drawn(NOBODYS)) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    }
}

/// What the browser draws for a character: its width and its pixels.
fn drawn(text: &str) -> Option<(f64, Vec<u8>)> {
    const SIZE: u32 = 24;
    let document = web_sys::window()?.document()?;
    let canvas: HtmlCanvasElement = document.create_element("canvas").ok()?.dyn_into().ok()?;
    canvas.set_width(2 * SIZE);
    canvas.set_height(2 * SIZE);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    context.set_font(&format!("{SIZE}px monospace"));
    context.fill_text(text, 0.0, f64::from(SIZE)).ok()?;
    let width = context.measure_text(text).ok()?.width();
    let side = f64::from(2 * SIZE);
    let pixels = context.get_image_data(0.0, 0.0, side, side).ok()?.data().0;
    Some((width, pixels))
}
