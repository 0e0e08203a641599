//! What a frame takes in which every panel is in front, and there is much of what one of them shows.

use std::fmt::Write as _;

use egui_tiles::{Tiles, Tree};
use stepwell::session::Panel;
use stepwell::ui::App;

use crate::frames::{frame, report, step, window};
use crate::measure::line;

type Failure = Box<dyn std::error::Error>;

const FRAMES: usize = 200;
const LOCALS: usize = 50_000;
const CALLS: u64 = 100_000;
const DEPTH: u32 = 1_000;

/// Settings in which all panels stand side by side.
fn settings() -> Result<String, Failure> {
    let mut tiles = Tiles::default();
    let panes = Panel::ALL.map(|panel| tiles.insert_pane(panel)).to_vec();
    let root = tiles.insert_grid_tile(panes);
    let tree = Tree::new(egui::Id::unique("stepwell-panels"), root, tiles);
    Ok(serde_json::to_string(&serde_json::json!({ "layout": tree }))?)
}

/// A function that goes round in a loop with very many locals.
fn locals() -> String {
    let mut text = String::from("(module (memory 1) (func (export \"run\")");
    for _ in 0..LOCALS {
        text.push_str(" (local i32)");
    }
    let last = LOCALS - 1;
    let _ = write!(
        text,
        "(loop (local.set {last} (i32.add (local.get {last}) (i32.const 1))) (br 0))))"
    );
    text
}

/// Calls the host over and over.
const CALLER: &str =
    "(module (import \"env\" \"log\" (func $log (param i32) (result i32))) (memory 1)
    (func (export \"run\") (loop (drop (call $log (i32.const 1))) (br 0))))";

/// Calls itself down to a depth, where it goes round in a loop.
fn deep() -> String {
    format!(
        "(module (memory 1) (func $down (export \"run\") (param i32)
            (if (i32.lt_u (local.get 0) (i32.const {DEPTH}))
                (then (call $down (i32.add (local.get 0) (i32.const 1))))
                (else (loop (br 0))))))"
    )
}

/// Steps in each frame of a window with a program that has run for so many instructions.
fn scene(name: &str, bytes: Vec<u8>, steps: u64) -> Result<App, Failure> {
    let (ctx, mut app) = window(bytes, steps)?;
    app.restore(&ctx, &settings()?);
    let mut number = 0;
    let mut next = |app: &mut App, events| {
        number += 1;
        frame(&ctx, app, number, events)
    };
    for _ in 0..20 {
        next(&mut app, vec![]);
    }
    let before = app.session.clock();
    let mut times: Vec<_> = (0..FRAMES).map(|_| next(&mut app, vec![step()])).collect();
    report(name, &mut times);
    let executed = app.session.clock() - before;
    line(&format!("frame.{name}.executed"), executed as f64, "instructions");
    stepwell::ui::rects::json(&ctx);
    next(&mut app, vec![]);
    let places = stepwell::ui::rects::places(&ctx);
    let shown = places.keys().filter(|name| name.starts_with("panel.")).count();
    line(&format!("frame.{name}.shown"), shown as f64, "panels");
    Ok(app)
}

pub fn measure(path: &str) -> Result<(), Failure> {
    scene("all_panels", std::fs::read(path)?, 10_000)?;
    scene("locals", wat::parse_str(locals())?, 100)?;
    let called = scene("host_calls", wat::parse_str(CALLER)?, CALLS * 5)?;
    line("frame.host_calls.kept", called.session.host_calls().len() as f64, "calls");
    let deep = scene("deep", wat::parse_str(deep())?, u64::from(DEPTH) * 20)?;
    line("frame.deep.depth", deep.session.frames().len() as f64, "frames");
    Ok(())
}
