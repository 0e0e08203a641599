//! Where panels stand: arrangements, what is kept of them, windows of any size, and the first minute.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use egui::{Rect, Theme, pos2, vec2};
use egui_kittest::kittest::Queryable as _;
use stepwell::session::{Arrangement, Command, Panel, Session};
use stepwell::ui::rects;
use stepwell_ui_tests::Scene;

const ALL: [Arrangement; 4] =
    [Arrangement::Learn, Arrangement::Debug, Arrangement::Hosts, Arrangement::Speed];

/// The widgets of a frame by their names.
fn places(scene: &mut Scene) -> BTreeMap<String, Rect> {
    rects::json(&scene.harness.ctx);
    scene.harness.run_steps(2);
    rects::places(&scene.harness.ctx)
}

/// Names as tool chains write them.
const NAMES: [&str; 4] = [
    "_RNvXs_NtNtCs1234_7mycrate4http6clientNtB4_10ConnectionNtNtCs5678_4core5clone5Clone5clone",
    "_ZNSt3__112basic_stringIcNS_11char_traitsIcEENS_9allocatorIcEEE6__initEPKcmm",
    "__napi_register__create_async_image_processor_with_options_and_callback_7",
    "f",
];

fn long_names() -> Session {
    let exports: Vec<String> = NAMES
        .iter()
        .map(|name| format!("(func (export {name:?}) (param i32 i64) unreachable)"))
        .collect();
    let text = format!("(module (memory 1) {})", exports.join(" "));
    let mut session = Session::new();
    let name = "a_file_whose_name_has_sixty_letters_as_build_tools_write_them".to_owned();
    session.apply(Command::Open { name, bytes: text.into_bytes() }).unwrap();
    session
}

/// A frame in which widgets of the shell and of Modules are in reach and do not lie on each other.
fn check(scene: &mut Scene, told: &str) {
    let places = places(scene);
    let window = scene.harness.ctx.content_rect();
    let panels: Vec<(&String, &Rect)> =
        places.iter().filter(|(name, _)| name.starts_with("panel.")).collect();
    assert!(!panels.is_empty());
    for (name, rect) in &panels {
        assert!(window.expand(1.0).contains_rect(**rect), "{told}: {name} at {rect} in {window}");
    }
    let shell: Vec<(&String, &Rect)> = places
        .iter()
        .filter(|(name, _)| {
            ["toolbar.", "banner.", "first_minute."].iter().any(|part| name.starts_with(part))
        })
        .collect();
    let modules: Vec<(&String, &Rect)> =
        places.iter().filter(|(name, _)| name.starts_with("modules.")).collect();
    for (name, rect) in &shell {
        assert!(window.expand(1.0).contains_rect(**rect), "{told}: {name} at {rect} in {window}");
    }
    if let Some(panel) = places.get("panel.Modules") {
        assert!(!modules.is_empty(), "{told}");
        for (name, rect) in &modules {
            let inside = rect.left() >= panel.left() - 1.0 && rect.right() <= panel.right() + 1.0;
            assert!(inside, "{told}: {name} at {rect} in {panel}");
        }
    }
    let code: Vec<(&String, &Rect)> = places
        .iter()
        .filter(|(name, _)| {
            name.starts_with("code.tab.") || ["code.pc", "code.goto"].contains(&name.as_str())
        })
        .collect();
    for group in [&panels, &shell, &modules, &code] {
        for (place, (name, rect)) in group.iter().enumerate() {
            for (other, against) in group.iter().skip(place + 1) {
                let shared = rect.intersect(**against);
                let apart = shared.width() < 1.0 || shared.height() < 1.0;
                assert!(apart, "{told}: {name} {rect} and {other} {against}");
            }
        }
    }
}

#[test]
fn nothing_is_out_of_reach_at_any_size_with_long_names() {
    for (theme, word) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        for (width, height, zoom) in [
            (800.0, 600.0, 1.0),
            (1024.0, 700.0, 1.0),
            (1280.0, 800.0, 1.0),
            (1440.0, 900.0, 1.0),
            (1920.0, 1080.0, 1.0),
            (1280.0, 800.0, 1.5),
        ] {
            let mut scene = Scene::with(long_names(), theme);
            // Text at 150 % leaves a window two thirds of its points.
            scene.harness.set_size(vec2(width / zoom, height / zoom));
            scene.harness.step();
            scene.settle().picture(&format!("long-names-{width}-{zoom}-{word}"));
            for arrangement in ALL {
                scene.apply([Command::Arrange(arrangement)]);
                check(&mut scene, &format!("{arrangement:?} {width} x {height} at {zoom}, {word}"));
            }
        }
    }
}

#[test]
fn arrangements_in_both_themes() {
    for (theme, word) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        for arrangement in ALL {
            let mut session = Session::new();
            session.apply(Command::OpenExample("attribution".to_owned())).unwrap();
            let mut scene = Scene::with(session, theme);
            scene.harness.set_size(vec2(1440.0, 900.0));
            scene.apply([Command::Arrange(arrangement), Command::StepBy(3)]);
            check(&mut scene, &format!("{arrangement:?}"));
            scene.picture(&format!("arrangement-{arrangement:?}-{word}"));
        }
    }
}

#[test]
fn what_a_person_has_moved_is_kept_beside_the_named_arrangements() {
    let mut scene = Scene::example("recursion");
    scene.apply([Command::TogglePanel(Panel::Memory)]);
    assert!(!scene.has("Memory"));
    scene.apply([Command::Arrange(Arrangement::Speed)]);
    assert!(scene.has("Memory"));
    let kept = scene.harness.state_mut().settings();

    let mut scene = Scene::example("recursion");
    let ctx = scene.harness.ctx.clone();
    scene.harness.state_mut().restore(&ctx, &kept);
    scene.settle();
    assert!(scene.has("Memory"));
    scene.key_with(egui::Modifiers::COMMAND, egui::Key::Num5);
    assert!(!scene.has("Memory"), "as it was moved");
    scene.apply([Command::Arrange(Arrangement::Debug)]);
    assert!(scene.has("Memory"));
}

#[test]
fn a_stop_moves_no_panel() {
    let mut scene = Scene::text(
        "m",
        "(module (func (export \"f\") (i32.div_s (i32.const 1) (i32.const 0)) drop))",
    );
    let before = places(&mut scene).get("panel.Code").copied().unwrap();
    scene.click("Run m.f");
    assert!(scene.says("Trap: integer divide by zero"));
    assert_eq!(places(&mut scene).get("panel.Code").copied().unwrap(), before);

    let mut scene = Scene::example("attribution");
    let before = places(&mut scene).get("panel.Code").copied().unwrap();
    scene.apply([Command::Continue]);
    assert!(scene.session().pending_call().is_some());
    assert_eq!(places(&mut scene).get("panel.Code").copied().unwrap(), before);
}

#[test]
fn the_first_minute_is_five_things_and_comes_once() {
    let mut scene = Scene::example("recursion");
    assert!(!scene.has("To begin:"), "only for who has just begun");
    scene.harness.state_mut().welcome();
    scene.settle().picture("first-minute");
    scene.click("1 Step one instruction");
    assert_eq!(scene.session().clock(), 1);
    scene.click("2 Step over").click("3 Run on");
    assert!(scene.has("To begin:"));
    assert!(!scene.session().is_unfinished());
    scene.click("4 Step back");
    assert!(
        scene.session().is_past(),
        "what this tool does beside others is among the first things"
    );
    assert!(scene.says("The line at the bottom leads to any moment of the run."));
    scene.picture("first-minute-back");
    scene.click("5 Begin again");
    assert!(scene.says("Others are in Modules, examples in Learn."), "the last words are read too");
    assert_eq!(scene.session().clock(), 0);
    scene.key(egui::Key::F11);
    assert!(!scene.has("To begin:"));

    let kept = scene.harness.state_mut().settings();
    let mut scene = Scene::example("recursion");
    scene.harness.state_mut().welcome();
    let ctx = scene.harness.ctx.clone();
    scene.harness.state_mut().restore(&ctx, &kept);
    assert!(!scene.settle().has("To begin:"));
}

#[test]
fn a_revealed_tab_is_in_sight_in_its_strip() {
    let mut scene = Scene::example("recursion");
    scene.harness.set_size(vec2(1024.0, 700.0));
    scene.settle();
    for panel in Panel::ALL {
        scene.apply([Command::RevealPanel(panel)]).settle();
        let places = places(&mut scene);
        let name = format!("{panel:?}");
        let title = match panel {
            Panel::FastCode => "Fast code",
            Panel::HostCalls => "Host calls",
            _ => &name,
        };
        let tab = places.get(&format!("tab.{title}")).copied().unwrap();
        let room = places.get(&format!("panel.{title}")).copied().unwrap();
        assert!(room.x_range().contains(tab.center().x), "{title}: {tab:?} in {room:?}");
        assert!(tab.width() > 0.0 && room.right() + 1.0 >= tab.right(), "{title}: {tab:?}");
    }
}

#[test]
fn the_menu_of_views_fits_a_small_window_with_large_text() {
    let mut scene = Scene::example("recursion");
    scene.apply([Command::SetZoom(1.5)]);
    scene.harness.set_size(vec2(1024.0 / 1.5, 700.0 / 1.5));
    scene.settle().click("View").picture("view-menu");
    let last = places(&mut scene).get("toolbar.motion").copied().unwrap();
    let window = scene.harness.ctx.content_rect();
    assert!(window.contains_rect(last), "{last:?} in {window:?}");
}

#[test]
fn the_first_minute_can_be_dismissed() {
    let mut scene = Scene::example("recursion");
    scene.harness.state_mut().welcome();
    scene.settle().click("dismiss the first minute");
    assert!(!scene.has("To begin:"));
}

#[test]
fn a_window_in_which_nothing_moves_draws_no_frame() {
    for id in ["recursion", "attribution", "memory"] {
        for arrangement in ALL {
            let mut scene = Scene::example(id);
            scene.apply([Command::Arrange(arrangement), Command::StepBy(5)]);
            scene.harness.run();
            scene.harness.step();
            let output = scene.harness.output();
            let delay = output.viewport_output.values().map(|view| view.repaint_delay).min();
            assert_eq!(delay, Some(std::time::Duration::MAX), "{id} {arrangement:?}");
        }
    }
}

/// Numbers that look like chance, the same for a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Clicks, drags, keys, wheels and sizes at random. `STEPWELL_MONKEY` is how many, `STEPWELL_RANDOM_SEED`
/// where they begin.
#[test]
fn a_monkey_finds_no_panic() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let count = number("STEPWELL_MONKEY").unwrap_or(150);
    let seed = number("STEPWELL_RANDOM_SEED").unwrap_or(20_261_129);
    println!("STEPWELL_RANDOM_SEED={seed}");
    let mut chance = Chance(seed.max(1));
    let mut scene = Scene::example("attribution");
    scene.harness.state_mut().welcome();
    let keys = [
        egui::Key::F5,
        egui::Key::F6,
        egui::Key::F9,
        egui::Key::F10,
        egui::Key::F11,
        egui::Key::Escape,
        egui::Key::Enter,
        egui::Key::Tab,
        egui::Key::ArrowDown,
        egui::Key::PageUp,
        egui::Key::F1,
    ];
    for _ in 0..count {
        let size = scene.harness.ctx.content_rect().size();
        let mut place =
            || pos2(chance.below(size.x as u64 + 1) as f32, chance.below(size.y as u64 + 1) as f32);
        let (from, to) = (place(), place());
        let harness = &mut scene.harness;
        match chance.below(10) {
            0..4 => {
                harness.hover_at(from);
                harness.drag_at(from);
                harness.drop_at(from);
            }
            4 | 5 => {
                harness.drag_at(from);
                harness.step();
                harness.hover_at(to);
                harness.step();
                harness.drop_at(to);
            }
            6 | 7 => harness.key_press(keys[chance.below(keys.len() as u64) as usize]),
            8 => harness.event(egui::Event::Text("1$".to_owned())),
            _ => {
                let width = 640 + chance.below(1280);
                harness.set_size(vec2(width as f32, 400.0 + chance.below(700) as f32));
            }
        }
        harness.run_steps(2);
    }
}

#[test]
fn the_last_tab_of_a_place_can_be_closed() {
    let mut scene = Scene::example("recursion");
    let tab = scene.harness.get_by_label("Stack").rect();
    scene.click_at(tab.right_center() - vec2(12.0, 0.0));
    assert!(!scene.has("Stack"));
    scene.apply([Command::RevealPanel(Panel::Stack)]);
    assert!(scene.has("Stack"));
}
