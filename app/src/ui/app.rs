//! The window as a whole: a session, the panels, and what surrounds them.

use std::sync::Arc;
use std::task::Wake;
use std::time::Duration;

use egui::Ui;

use super::feedback;
use super::files::{self, Files, Opened};
use super::fonts;
use super::layout::Layout;
use super::panels;
use super::shell::actions::Effect;
use super::shell::{FirstMinute, Shell, theme_preference};
use super::tokens;
#[cfg(not(target_arch = "wasm32"))]
use super::watch::Watch;
use super::widgets;
use crate::session::{
    Arrangement, Awaited, Command, FileMemory, LayoutRequest, Panel, Session, SessionError, Shape,
    Theme,
};

/// How long a run may take of a frame.
const SLICE: Duration = Duration::from_millis(8);
/// Smallest and largest zoom.
const ZOOM: std::ops::RangeInclusive<f32> = 0.5..=3.0;
/// Under which the window's settings are kept.
const STORAGE_KEY: &str = "stepwell";

/// The window's state.
pub struct App {
    /// The work itself.
    pub session: Session,
    layout: Layout,
    /// As the person has last moved the panels.
    own_layout: Option<Layout>,
    /// Something that is kept has changed since it was last written.
    unsaved: bool,
    shell: Shell,
    files: Files,
    /// Looks for fonts that the window lacks; scenes without a screen take none of the machine's.
    fonts: Option<fonts::Finder>,
    #[cfg(not(target_arch = "wasm32"))]
    watch: Watch,
    /// The pending call that was brought to the front.
    revealed_call: Option<u64>,
    input_was_awaited: bool,
    title: String,
    zoom: f32,
}

/// Draws a frame when a host function has something for a task that waits.
struct Repaint(egui::Context);

impl Wake for Repaint {
    fn wake(self: Arc<Self>) {
        self.0.request_repaint();
    }
}

/// What is kept from one run of the program to the next.
#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct Settings {
    layout: Option<Layout>,
    arrangement: Option<Arrangement>,
    own_layout: Option<Layout>,
    first_minute_is_over: bool,
    theme: Theme,
    vector_shape: Shape,
    zoom: Option<f32>,
    reduce_motion: bool,
    recent: Vec<super::files::Recent>,
    files: Vec<FileMemory>,
    /// Whether files that change on disk are opened anew without a question.
    reload_always: bool,
}

impl App {
    /// A window on a session. `ctx` gets fonts and themes.
    pub fn new(ctx: &egui::Context, mut session: Session) -> Self {
        tokens::install(ctx);
        session.set_waker(Arc::new(Repaint(ctx.clone())).into());
        Self {
            session,
            layout: Layout::default(),
            own_layout: None,
            unsaved: false,
            shell: Shell::default(),
            files: Files::default(),
            fonts: None,
            #[cfg(not(target_arch = "wasm32"))]
            watch: Watch::default(),
            revealed_call: None,
            input_was_awaited: false,
            title: String::new(),
            zoom: 1.0,
        }
    }

    /// Takes up what was kept by [`settings`](Self::settings). What cannot be read is left out.
    pub fn restore(&mut self, ctx: &egui::Context, text: &str) {
        let Ok(settings) = serde_json::from_str::<Settings>(text) else {
            log::warn!("the kept settings cannot be read; beginning afresh");
            return;
        };
        if let Some(layout) = settings.layout {
            self.layout = layout.with_all_panels();
            self.layout.arrangement = settings.arrangement.unwrap_or(Arrangement::Own);
        }
        self.own_layout = settings.own_layout.map(Layout::with_all_panels);
        if settings.first_minute_is_over {
            self.shell.first_minute = None;
        }
        self.shell.reduce_motion = settings.reduce_motion;
        self.files.set_recent(settings.recent);
        self.session.set_file_memories(settings.files);
        #[cfg(not(target_arch = "wasm32"))]
        {
            self.watch.always = settings.reload_always;
        }
        self.apply(ctx, Command::SetTheme(settings.theme));
        self.apply(ctx, Command::ShowVectors(settings.vector_shape));
        if let Some(zoom) = settings.zoom {
            self.zoom = zoom.clamp(*ZOOM.start(), *ZOOM.end());
            ctx.set_zoom_factor(self.zoom);
        }
    }

    /// A window as eframe makes it, with what was kept from the last time.
    pub fn start(creation: &eframe::CreationContext<'_>, session: Session) -> Self {
        let mut app = Self::new(&creation.egui_ctx, session);
        app.fonts = Some(fonts::Finder::start(&creation.egui_ctx));
        let kept = creation.storage.and_then(|storage| storage.get_string(STORAGE_KEY));
        if kept.is_none() {
            app.layout = Layout::of(Arrangement::Learn);
        }
        app.welcome();
        if let Some(kept) = kept {
            app.restore(&creation.egui_ctx, &kept);
        }
        app
    }

    /// Says to who has just begun what to press.
    pub fn welcome(&mut self) {
        self.shell.first_minute = Some(FirstMinute::default());
    }

    /// Layout, theme, zoom, recent files and what is remembered of files, to be kept.
    pub fn settings(&self) -> String {
        let settings = Settings {
            layout: Some(self.layout.clone()),
            arrangement: Some(self.layout.arrangement),
            own_layout: self.own_layout.clone(),
            first_minute_is_over: self.shell.first_minute.is_none(),
            theme: self.session.theme(),
            vector_shape: self.session.vector_shape(),
            zoom: Some(self.zoom),
            reduce_motion: self.shell.reduce_motion,
            recent: self.files.recent().to_vec(),
            files: self.session.file_memories(),
            #[cfg(not(target_arch = "wasm32"))]
            reload_always: self.watch.always,
            #[cfg(target_arch = "wasm32")]
            reload_always: false,
        };
        serde_json::to_string(&settings).unwrap_or_default()
    }

    /// Opens a file of the system as soon as the window is there.
    pub fn open_path(&self, path: std::path::PathBuf) {
        self.files.read(path);
    }

    /// Opens bytes under a file name.
    pub fn open_bytes(&self, name: &str, bytes: Vec<u8>) {
        self.files.take(name.to_owned(), bytes);
    }

    /// Lets a run go on; to be called once a frame, before [`show`](Self::show).
    pub fn advance(&mut self, ctx: &egui::Context) {
        if let Some(character) = self.fonts.as_ref().and_then(fonts::Finder::take_missing) {
            self.session.inform(fonts::missing(character));
        }
        self.files.dropped(ctx);
        while let Some(opened) = self.files.next(ctx) {
            match opened {
                // Not by `apply`, which keeps a copy for what is said beside fields: it may be large.
                Opened::Open(command, path) => {
                    #[cfg(not(target_arch = "wasm32"))]
                    if let Some(path) = &path {
                        self.watch.add(path, ctx);
                    }
                    let _ = path;
                    // It is among the notices if it could not be done.
                    let _ = self.session.apply(command);
                    ctx.request_repaint();
                }
                Opened::Put(command, said) => match self.session.apply(command) {
                    Ok(()) => self.session.inform(said),
                    // There is no field beside which it could stand.
                    Err(error @ SessionError::Input { .. }) => {
                        self.session.report(format!("{error}"));
                    }
                    Err(_) => {}
                },
                Opened::Failed(message) => self.session.report(message),
            }
        }
        if self.session.tick(SLICE) {
            ctx.request_repaint();
        } else if let Some(time) = self.session.next_look() {
            ctx.request_repaint_after(time);
        }
        // What answers by itself brings nothing to the front.
        let pending = self.session.pending_call();
        let pending = pending.filter(|record| self.session.awaited(record) == Awaited::Person);
        let pending = pending.map(|record| record.number);
        if pending.is_some() && pending != self.revealed_call {
            self.layout.reveal(Panel::HostCalls);
        }
        self.revealed_call = pending;
        let awaited = self.session.awaits_input();
        if awaited && !self.input_was_awaited {
            self.layout.reveal(Panel::Console);
            panels::focus_input(ctx);
            ctx.request_repaint();
        }
        self.input_was_awaited = awaited;
    }

    /// Draws everything and does what was asked for.
    pub fn show(&mut self, ui: &mut Ui) {
        let motion = if self.shell.reduce_motion { 0.0 } else { tokens::MOTION };
        if ui.style().animation_time != motion {
            ui.ctx().all_styles_mut(|style| style.animation_time = motion);
        }
        widgets::vector::set_shape(ui.ctx(), self.session.vector_shape());
        let mut effects = self.shell.keys(&self.session, ui);
        effects.extend(self.shell.frame(&self.session, &self.layout, &self.files, ui));
        let frame = egui::Frame::new().fill(ui.visuals().extreme_bg_color).inner_margin(3);
        egui::CentralPanel::default().frame(frame).show(ui, |ui| {
            let (commands, moved) = self.layout.show(&self.session, ui);
            self.unsaved |= moved;
            effects.extend(commands.into_iter().map(Effect::Command));
        });
        effects.extend(self.shell.above(&self.session, &self.layout, &self.files, ui));
        #[cfg(not(target_arch = "wasm32"))]
        effects.extend(self.watch.show(&self.session, ui.ctx()).into_iter().map(Effect::Command));
        let shape = widgets::vector::take_choice(ui.ctx());
        effects.extend(shape.map(|shape| Effect::Command(Command::ShowVectors(shape))));
        for effect in effects {
            self.take_effect(ui.ctx(), effect);
        }
        for request in files::take_requests(ui.ctx()) {
            self.files.take_request(request, ui.ctx());
        }
        self.name_window(ui.ctx());
    }

    fn take_effect(&mut self, ctx: &egui::Context, effect: Effect) {
        match effect {
            Effect::Command(command) => drop(self.apply(ctx, command)),
            Effect::Commands(commands) => {
                let _ = commands.into_iter().all(|command| self.apply(ctx, command));
            }
            Effect::Copy(text) => ctx.copy_text(text),
            Effect::OpenDialog => self.files.dialog(ctx),
            Effect::AskForPath => {
                #[cfg(not(target_arch = "wasm32"))]
                self.files.ask_for_path();
            }
            Effect::OpenRecent(position) => {
                self.files.open_recent(position);
                ctx.request_repaint();
            }
            Effect::Zoom(factor) => {
                let zoom = if factor == 0.0 { 1.0 } else { ctx.zoom_factor() * factor };
                ctx.set_zoom_factor(zoom.clamp(*ZOOM.start(), *ZOOM.end()));
            }
        }
    }

    /// Does a command; a refusal, which is false, is shown where it came from.
    pub fn apply(&mut self, ctx: &egui::Context, command: Command) -> bool {
        let result = self.session.apply(command.clone());
        feedback::note(ctx, &command, &result);
        self.follow(ctx, &command);
        result.is_ok()
    }

    /// Does in the window what a command that the session has done asks for.
    pub fn follow(&mut self, ctx: &egui::Context, command: &Command) {
        if let Command::SetTheme(theme) = command {
            ctx.set_theme(theme_preference(*theme));
        }
        for request in self.session.take_layout_requests() {
            match request {
                LayoutRequest::Toggle(panel) => self.layout.toggle(panel),
                LayoutRequest::Reveal(panel) => self.layout.reveal(panel),
                LayoutRequest::Reset => self.arrange(Arrangement::default()),
                LayoutRequest::Arrange(arrangement) => self.arrange(arrangement),
                LayoutRequest::Zoom(zoom) => {
                    ctx.set_zoom_factor(zoom.clamp(*ZOOM.start(), *ZOOM.end()));
                }
            }
        }
        self.unsaved |= matches!(
            command,
            Command::SetTheme(_)
                | Command::SetZoom(_)
                | Command::ShowVectors(_)
                | Command::TogglePanel(_)
                | Command::Arrange(_)
                | Command::ResetLayout
        );
        ctx.request_repaint();
    }

    /// Arranges the panels; how a person has moved them can be had back.
    fn arrange(&mut self, arrangement: Arrangement) {
        if self.layout.arrangement == Arrangement::Own {
            self.own_layout = Some(self.layout.clone());
        }
        self.layout = match (arrangement, self.own_layout.as_ref()) {
            (Arrangement::Own, Some(own)) => own.clone(),
            (Arrangement::Own, None) => self.layout.clone(),
            (named, _) => Layout::of(named),
        };
        self.layout.arrangement = arrangement;
    }

    /// The window's title says what is open and how far it has come.
    fn name_window(&mut self, ctx: &egui::Context) {
        let modules = self.session.modules().iter();
        let names: Vec<_> =
            modules.map(|open| stepwell_engine::text::escaped(&open.name)).collect();
        let title = match names.as_slice() {
            [] => "Stepwell".to_owned(),
            names => {
                let clock = self.session.clock();
                format!("Stepwell · {} · executed {clock}", names.join(", "))
            }
        };
        if title != self.title {
            self.title.clone_from(&title);
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title));
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.advance(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        if ctx.input(|input| input.modifiers.command && input.key_pressed(egui::Key::Q)) {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        let first_minute = self.shell.first_minute.clone();
        self.show(ui);
        self.unsaved |= self.zoom != ctx.zoom_factor() || first_minute != self.shell.first_minute;
        self.zoom = ctx.zoom_factor();
        // At once and not at the end: a window that is killed has none.
        if self.unsaved
            && !ctx.input(|input| input.pointer.any_down())
            && let Some(storage) = frame.storage_mut()
        {
            self.unsaved = false;
            storage.set_string(STORAGE_KEY, self.settings());
            storage.flush();
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        storage.set_string(STORAGE_KEY, self.settings());
    }
}
