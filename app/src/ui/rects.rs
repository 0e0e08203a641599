//! Where widgets are on the screen, by name, for whoever drives the page from outside: a browser
//! gets no accessibility tree from the canvas.

use std::collections::BTreeMap;

use egui::{Context, Id, Rect, Response};

#[derive(Clone, Default)]
struct Rects {
    frame: u64,
    found: BTreeMap<String, Rect>,
}

fn key() -> Id {
    Id::unique("stepwell-rects")
}

/// Notes where a widget is; the name is made only when the page asks for it.
pub fn note(response: &Response, name: impl FnOnce() -> String) {
    note_rect(&response.ctx, response.rect, name);
}

/// As [`note`], for what has no response of its own.
pub fn note_rect(ctx: &Context, rect: Rect, name: impl FnOnce() -> String) {
    if cfg!(any(target_arch = "wasm32", test)) {
        let frame = ctx.cumulative_frame_nr();
        let name = name();
        ctx.data_mut(|data| {
            let rects = data.get_temp_mut_or_default::<Rects>(key());
            if rects.frame != frame {
                *rects = Rects { frame, found: BTreeMap::new() };
            }
            rects.found.insert(name, rect);
        });
    }
}

/// All widgets of the last frame as `{"name": [x, y, width, height]}`, in points.
pub fn json(ctx: &Context) -> String {
    let rects = ctx.data(|data| data.get_temp::<Rects>(key())).unwrap_or_default();
    let map: serde_json::Map<String, serde_json::Value> = rects
        .found
        .iter()
        .map(|(name, rect)| {
            let place = [rect.left(), rect.top(), rect.width(), rect.height()];
            (name.clone(), serde_json::json!(place))
        })
        .collect();
    serde_json::Value::Object(map).to_string()
}
