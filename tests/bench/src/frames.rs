//! What a frame of the window takes with a big module open: layout, painting and tessellation, all
//! that happens on the processor before the graphics driver.

use std::time::{Duration, Instant};

use egui::{Event, Modifiers, MouseWheelUnit, RawInput, Rect, TouchPhase, pos2, vec2};
use stepwell::session::{Command, ImportPolicy, Session};
use stepwell::ui::App;

use crate::crowded;
use crate::measure::{line, ms};

type Failure = Box<dyn std::error::Error>;

const FRAMES: usize = 300;
/// Somewhere in the code panel of the default layout.
const CODE: egui::Pos2 = pos2(560.0, 260.0);

/// A window of 1280 by 800 points with a module that has run for so many instructions.
pub fn window(bytes: Vec<u8>, steps: u64) -> Result<(egui::Context, App), Failure> {
    let mut session = Session::new();
    session.apply(Command::Open { name: "big".to_owned(), bytes })?;
    while session.tick(Duration::from_millis(100)) {}
    let open = session.modules().first().ok_or("nothing was opened")?;
    let (key, imports) = (open.key, open.imports.len());
    let export = open.module.exports().iter().find_map(|export| {
        let ty = open.module.export_type(export.item)?;
        matches!(ty, stepwell_engine::ExternType::Func(_)).then_some((export.name.to_string(), ty))
    });
    let (export, ty) = export.ok_or("no function is exported")?;
    let stepwell_engine::ExternType::Func(ty) = ty else { return Err("no function".into()) };
    for import in 0..imports {
        let policy = ImportPolicy::Zero;
        // Memories and the like have no policy.
        let _ = session.apply(Command::SetPolicy { module: key, import, policy });
    }
    let args = ty.params().iter().map(|_| "0".to_owned()).collect();
    session.apply(Command::Start { module: key, export, args })?;
    session.apply(Command::StepBy(steps))?;
    while session.tick(Duration::from_millis(100)) {}

    let ctx = egui::Context::default();
    stepwell::ui::tokens::install(&ctx);
    let app = App::new(&ctx, session);
    Ok((ctx, app))
}

/// One frame; how long it took.
pub fn frame(ctx: &egui::Context, app: &mut App, number: usize, events: Vec<Event>) -> Duration {
    let input = RawInput {
        screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1280.0, 800.0))),
        time: Some(number as f64 / 60.0),
        events,
        ..RawInput::default()
    };
    let start = Instant::now();
    let output = ctx.run_ui(input, |ui| {
        app.advance(ui.ctx());
        app.show(ui);
    });
    let shapes = ctx.tessellate(output.shapes.clone(), output.pixels_per_point);
    let time = start.elapsed();
    std::hint::black_box(shapes.len());
    output.drop_without_applying_deltas();
    time
}

pub fn report(name: &str, times: &mut [Duration]) {
    times.sort();
    line(&format!("frame.{name}.median"), ms(times[times.len() / 2]), "ms");
    line(&format!("frame.{name}.p99"), ms(times[times.len() * 99 / 100]), "ms");
    line(&format!("frame.{name}.longest"), ms(times[times.len() - 1]), "ms");
}

/// The key that steps.
pub fn step() -> Event {
    Event::Key {
        key: egui::Key::F11,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers::NONE,
    }
}

pub fn measure(path: &str) -> Result<(), Failure> {
    let (ctx, mut app) = window(std::fs::read(path)?, 10_000)?;
    let mut number = 0;
    let mut next = |app: &mut App, events: Vec<Event>| {
        number += 1;
        frame(&ctx, app, number, events)
    };
    // Fonts and listings are made in the first frames.
    line("frame.first", ms(next(&mut app, vec![])), "ms");
    for _ in 0..20 {
        next(&mut app, vec![Event::PointerMoved(CODE)]);
    }
    let mut resting: Vec<_> = (0..FRAMES).map(|_| next(&mut app, vec![])).collect();
    report("resting", &mut resting);

    let wheel = Event::MouseWheel {
        source: egui::MouseWheelSource::Wheel,
        unit: MouseWheelUnit::Line,
        delta: vec2(0.0, -20.0),
        phase: TouchPhase::Move,
        modifiers: Modifiers::NONE,
    };
    let mut scrolled: Vec<_> = (0..FRAMES).map(|_| next(&mut app, vec![wheel.clone()])).collect();
    report("scrolled", &mut scrolled);

    let before = app.session.clock();
    let mut stepped: Vec<_> = (0..FRAMES).map(|_| next(&mut app, vec![step()])).collect();
    report("stepped", &mut stepped);
    let executed = app.session.clock() - before;
    line("frame.stepped.executed", executed as f64, "instructions");
    crowded::measure(path)
}
