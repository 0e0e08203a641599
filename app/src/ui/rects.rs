//! Where widgets are on the screen, by name, for whoever drives the page from outside: a browser
//! gets no accessibility tree from the canvas.

use std::collections::BTreeMap;

use egui::{Context, Id, Rect, Response};

#[derive(Clone, Default)]
struct Rects {
    wanted: bool,
    frame: u64,
    found: BTreeMap<String, Rect>,
}

fn key() -> Id {
    Id::unique("stepwell-rects")
}

/// Notes where a widget is; costs nothing until somebody asks with [`json`].
pub fn note(response: &Response, name: impl FnOnce() -> String) {
    note_rect(&response.ctx, response.rect, name);
}

/// As [`note`], for what has no response of its own.
pub fn note_rect(ctx: &Context, rect: Rect, name: impl FnOnce() -> String) {
    if !ctx.data_mut(|data| data.get_temp_mut_or_default::<Rects>(key()).wanted) {
        return;
    }
    let frame = ctx.cumulative_frame_nr();
    let name = name();
    ctx.data_mut(|data| {
        let rects = data.get_temp_mut_or_default::<Rects>(key());
        if rects.frame != frame {
            *rects = Rects { wanted: true, frame, found: BTreeMap::new() };
        }
        rects.found.insert(name, rect);
    });
}

/// All widgets of the last frame as `{"name": [x, y, width, height]}`, in points. The first
/// question is answered with none of them: they are noted from the next frame on.
pub fn json(ctx: &Context) -> String {
    let rects = ctx.data_mut(|data| {
        let rects = data.get_temp_mut_or_default::<Rects>(key());
        let before = rects.clone();
        rects.wanted = true;
        before
    });
    if !rects.wanted {
        ctx.request_repaint();
    }
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

/// All widgets of the last frame, once [`json`] has asked for them.
pub fn places(ctx: &Context) -> BTreeMap<String, Rect> {
    ctx.data_mut(|data| data.get_temp_mut_or_default::<Rects>(key()).found.clone())
}
