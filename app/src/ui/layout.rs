//! Panels in tiles: where they stand at first, opening, closing, and what is kept of it.

use egui::{Ui, WidgetText};
use egui_tiles::{Behavior, Container, Linear, LinearDir, SimplificationOptions, TabState, Tile};
use egui_tiles::{TileId, Tiles, Tree, UiResponse};

use super::panels;
use super::rects;
use super::tokens::Tokens;
use crate::session::{Command, Panel, Session};

/// All panels, in the order in which menus name them.
pub(super) const PANELS: [Panel; 17] = [
    Panel::Modules,
    Panel::Code,
    Panel::FastCode,
    Panel::Stack,
    Panel::Frames,
    Panel::Memory,
    Panel::HostCalls,
    Panel::Console,
    Panel::Files,
    Panel::Tasks,
    Panel::Graph,
    Panel::Globals,
    Panel::Tables,
    Panel::Heap,
    Panel::Breakpoints,
    Panel::Problems,
    Panel::Learn,
];

/// What a panel is called.
pub(super) fn title(panel: Panel) -> &'static str {
    match panel {
        Panel::Modules => "Modules",
        Panel::Code => "Code",
        Panel::FastCode => "Fast code",
        Panel::Stack => "Stack",
        Panel::Frames => "Frames",
        Panel::Memory => "Memory",
        Panel::Globals => "Globals",
        Panel::Tables => "Tables",
        Panel::Heap => "Heap",
        Panel::HostCalls => "Host calls",
        Panel::Console => "Console",
        Panel::Files => "Files",
        Panel::Tasks => "Tasks",
        Panel::Graph => "Graph",
        Panel::Timeline => "Timeline",
        Panel::Breakpoints => "Breakpoints",
        Panel::Problems => "Problems",
        Panel::Learn => "Learn",
    }
}

/// The panels of the window.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Layout {
    tree: Tree<Panel>,
}

impl Default for Layout {
    /// Modules and examples on the left, code above memory in the middle, the machine's state on
    /// the right.
    fn default() -> Self {
        let mut tiles = Tiles::default();
        let tabs = |tiles: &mut Tiles<Panel>, panels: &[Panel]| {
            let panes: Vec<TileId> = panels.iter().map(|panel| tiles.insert_pane(*panel)).collect();
            tiles.insert_tab_tile(panes)
        };
        let column = |tiles: &mut Tiles<Panel>, parts: Vec<(TileId, f32)>, dir: LinearDir| {
            let mut linear = Linear::new(dir, parts.iter().map(|(tile, _)| *tile).collect());
            for (tile, share) in parts {
                linear.shares.set_share(tile, share);
            }
            tiles.insert_container(Container::Linear(linear))
        };
        let left = tabs(&mut tiles, &[Panel::Modules, Panel::Learn]);
        let code = tabs(&mut tiles, &[Panel::Code, Panel::FastCode, Panel::Graph]);
        let problems = tiles.insert_pane(Panel::Problems);
        let memory = tabs(&mut tiles, &[Panel::Memory, Panel::Console, Panel::Files]);
        if let Some(Tile::Container(container)) = tiles.get_mut(memory) {
            container.add_child(problems);
        }
        // It comes when there are some.
        tiles.set_visible(problems, false);
        let stack = tabs(&mut tiles, &[Panel::Stack]);
        let frames = tabs(&mut tiles, &[Panel::Frames, Panel::Tasks, Panel::Breakpoints]);
        let calls =
            tabs(&mut tiles, &[Panel::HostCalls, Panel::Globals, Panel::Tables, Panel::Heap]);
        let middle = column(&mut tiles, vec![(code, 0.62), (memory, 0.38)], LinearDir::Vertical);
        let right = column(
            &mut tiles,
            vec![(stack, 0.44), (frames, 0.22), (calls, 0.34)],
            LinearDir::Vertical,
        );
        let root = column(
            &mut tiles,
            vec![(left, 0.22), (middle, 0.48), (right, 0.30)],
            LinearDir::Horizontal,
        );
        Self { tree: Tree::new(egui::Id::unique("stepwell-panels"), root, tiles) }
    }
}

impl Layout {
    /// Draws all panels; what is done in them comes back as commands.
    pub(super) fn show(&mut self, session: &Session, ui: &mut Ui) -> Vec<Command> {
        let mut drawer = Drawer { session, commands: Vec::new() };
        self.tree.ui(&mut drawer, ui);
        drawer.commands
    }

    /// Whether a panel is open, in front or behind another tab.
    pub(super) fn is_open(&self, panel: Panel) -> bool {
        self.tile_of(panel).is_some_and(|tile| self.tree.is_visible(tile))
    }

    /// A layout that was kept, with the panels that are new since then; closed, so that nothing
    /// moves. Without any panel left it is the default.
    pub(super) fn with_all_panels(mut self) -> Self {
        if PANELS.iter().all(|panel| self.tile_of(*panel).is_none()) {
            return Self::default();
        }
        for panel in PANELS {
            if self.tile_of(panel).is_none() {
                let tile = self.insert(panel);
                self.tree.set_visible(tile, false);
            }
        }
        self
    }

    /// Opens a panel, or closes it.
    pub(super) fn toggle(&mut self, panel: Panel) {
        match self.tile_of(panel) {
            Some(tile) if self.tree.is_visible(tile) => self.tree.set_visible(tile, false),
            _ => self.reveal(panel),
        }
    }

    /// Opens a panel and brings its tab to the front.
    pub(super) fn reveal(&mut self, panel: Panel) {
        let tile = match self.tile_of(panel) {
            Some(tile) => tile,
            None => self.insert(panel),
        };
        self.tree.set_visible(tile, true);
        self.tree.make_active(|candidate, _| candidate == tile);
    }

    fn tile_of(&self, panel: Panel) -> Option<TileId> {
        self.tree.tiles.find_pane(&panel)
    }

    fn insert(&mut self, panel: Panel) -> TileId {
        let tile = self.tree.tiles.insert_pane(panel);
        match self.tree.root() {
            Some(root) => match self.tree.tiles.get_mut(root) {
                Some(Tile::Container(container)) => container.add_child(tile),
                _ => {
                    let root = self.tree.tiles.insert_horizontal_tile(vec![root, tile]);
                    self.tree.root = Some(root);
                }
            },
            None => self.tree.root = Some(tile),
        }
        tile
    }
}

/// Draws panes; the tree calls it.
struct Drawer<'a> {
    session: &'a Session,
    commands: Vec<Command>,
}

impl Behavior<Panel> for Drawer<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, panel: &mut Panel) -> UiResponse {
        let tokens = Tokens::of(ui);
        rects::note_rect(ui.ctx(), ui.max_rect(), || format!("panel.{}", title(*panel)));
        egui::Frame::new().fill(tokens.panel).inner_margin(6).show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            ui.push_id(*panel as u8, |ui| {
                self.commands.extend(panels::show(*panel, self.session, ui));
            });
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, panel: &Panel) -> WidgetText {
        title(*panel).into()
    }

    fn is_tab_closable(&self, _tiles: &Tiles<Panel>, _tile: TileId) -> bool {
        true
    }

    fn on_tab_close(&mut self, tiles: &mut Tiles<Panel>, tile: TileId) -> bool {
        tiles.set_visible(tile, false);
        false
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        24.0
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        3.0
    }

    fn tab_bar_color(&self, visuals: &egui::Visuals) -> egui::Color32 {
        visuals.extreme_bg_color
    }

    fn tab_bg_color(
        &self,
        visuals: &egui::Visuals,
        _tiles: &Tiles<Panel>,
        _tile: TileId,
        state: &TabState,
    ) -> egui::Color32 {
        if state.active { visuals.panel_fill } else { visuals.extreme_bg_color }
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..Default::default() }
    }
}
