//! Each panel, with something in it and empty.

use stepwell_ui_tests::Scene;

#[test]
fn an_example_is_shown_ready_to_step() {
    let mut scene = Scene::example("attribution");
    assert!(scene.has("Modules"));
    scene.picture("attribution");
}
