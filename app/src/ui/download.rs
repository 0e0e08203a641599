//! Files that a browser is to save.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Blob, HtmlAnchorElement, Url};

/// Has the browser save bytes as a file of this name.
///
/// # Errors
/// What the browser says.
pub(super) fn start(name: &str, bytes: &[u8]) -> Result<(), String> {
    let said = |error: JsValue| format!("the browser does not save it: {error:?}");
    let document = web_sys::window().and_then(|window| window.document());
    let document = document.ok_or("there is no page")?;
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence(&parts).map_err(said)?;
    let address = Url::create_object_url_with_blob(&blob).map_err(said)?;
    let anchor = document.create_element("a").map_err(said)?;
    let anchor = anchor.dyn_into::<HtmlAnchorElement>().map_err(|_| "there are no links")?;
    anchor.set_href(&address);
    anchor.set_download(name);
    anchor.click();
    Url::revoke_object_url(&address).map_err(said)
}
