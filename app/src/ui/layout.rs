//! Panels in tiles: where they stand at first, opening, closing, and what is kept of it.

use egui::{Ui, WidgetText};
use egui_tiles::{
    Behavior, Container, EditAction, LinearDir, SimplificationOptions, TabState, Tile, TileId,
};
use egui_tiles::{Tiles, Tree, UiResponse};

use super::arrangements;
use super::panels;
use super::rects;
use super::tokens::Tokens;
use crate::session::{Arrangement, Command, Panel, Session};

/// How much of its room a panel keeps that cannot show anything.
const IDLE_SHARE: f32 = 0.55;

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
        Panel::Watches => "Watches",
        Panel::Origins => "Origins",
        Panel::Log => "Log",
        Panel::Answers => "Answers",
        Panel::Find => "Find",
        Panel::Problems => "Problems",
        Panel::Learn => "Learn",
    }
}

/// The panels of the window.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Layout {
    tree: Tree<Panel>,
    /// What it was made for, until a person moves something.
    #[serde(skip)]
    pub(super) arrangement: Arrangement,
    /// A tab that is to come into sight in its strip, and for how many frames still: arrows beside the strip
    /// come and go with the first.
    #[serde(skip)]
    revealed: Option<(TileId, u8)>,
}

impl Default for Layout {
    fn default() -> Self {
        Self::of(Arrangement::default())
    }
}

impl Layout {
    /// All panels, arranged for a purpose.
    pub(super) fn of(arrangement: Arrangement) -> Self {
        let mut tiles = Tiles::default();
        let root = arrangements::place(arrangement, &mut tiles);
        let tree = Tree::new(egui::Id::unique("stepwell-panels"), root, tiles);
        Self { tree, arrangement, revealed: None }
    }

    /// Draws all panels; what is done in them comes back as commands. Whether a person has moved
    /// a panel or an edge comes with it.
    pub(super) fn show(&mut self, session: &Session, ui: &mut Ui) -> (Vec<Command>, bool) {
        let revealed = self.revealed.map(|(tile, _)| tile);
        let mut drawer =
            Drawer { session, commands: Vec::new(), moved: false, closed: Vec::new(), revealed };
        let dragged = self.tree.dragged_id(ui.ctx());
        let idle = self.idle_tabs(session);
        self.scale_shares(&idle, IDLE_SHARE);
        self.tree.ui(&mut drawer, ui);
        self.scale_shares(&idle, 1.0 / IDLE_SHARE);
        let Drawer { commands, moved, closed, .. } = drawer;
        self.revealed = self.revealed.and_then(|(tile, left)| Some((tile, left.checked_sub(1)?)));
        if self.revealed.is_some() {
            ui.ctx().request_repaint();
        }
        for tile in closed {
            self.tree.set_visible(tile, false);
        }
        if moved {
            self.lift(dragged);
            self.arrangement = Arrangement::Own;
        }
        (commands, moved)
    }

    /// Tabs in a column whose panel in front cannot show anything.
    fn idle_tabs(&self, session: &Session) -> Vec<TileId> {
        let is_idle = |tile: &TileId| {
            let Some(Tile::Container(Container::Tabs(tabs))) = self.tree.tiles.get(*tile) else {
                return false;
            };
            let front = tabs.active.and_then(|front| self.tree.tiles.get_pane(&front));
            front.is_some_and(|panel| panels::is_idle(*panel, session))
        };
        let columns = self.tree.tiles.tiles().filter_map(|tile| match tile {
            Tile::Container(Container::Linear(column)) if column.dir == LinearDir::Vertical => {
                Some(column.children.iter().copied().filter(is_idle))
            }
            _ => None,
        });
        columns.flatten().collect()
    }

    /// Gives parts of columns more or less room, for a frame: what is kept is what a person has chosen.
    fn scale_shares(&mut self, parts: &[TileId], factor: f32) {
        for tile in self.tree.tiles.tiles_mut() {
            if let Tile::Container(Container::Linear(column)) = tile {
                for part in parts.iter().filter(|part| column.children.contains(part)) {
                    column.shares[*part] *= factor;
                }
            }
        }
    }

    /// Puts rows and columns that lie among tabs beside these tabs: a panel that is dropped at a
    /// side of a tab is meant to be beside all of them, and a row has no name to be a tab.
    fn lift(&mut self, dragged: Option<TileId>) {
        while let Some((tabs, row)) = self.row_among_tabs() {
            let Some(Tile::Container(Container::Linear(linear))) = self.tree.tiles.get_mut(row)
            else {
                return;
            };
            // What was there before is a tab again.
            let stays = linear.children.iter().copied().find(|child| Some(*child) != dragged);
            let Some(stays) = stays else { return };
            for child in linear.children.iter_mut().filter(|child| **child == stays) {
                *child = tabs;
            }
            linear.shares.replace_with(stays, tabs);
            let parent = self.tree.tiles.parent_of(tabs).filter(|parent| *parent != row);
            if let Some(Tile::Container(Container::Tabs(tabs))) = self.tree.tiles.get_mut(tabs) {
                for child in tabs.children.iter_mut().filter(|child| **child == row) {
                    *child = stays;
                }
                tabs.active = Some(stays);
            }
            match parent.and_then(|parent| self.tree.tiles.get_mut(parent)) {
                Some(Tile::Container(Container::Linear(linear))) => {
                    for child in linear.children.iter_mut().filter(|child| **child == tabs) {
                        *child = row;
                    }
                    linear.shares.replace_with(tabs, row);
                }
                Some(Tile::Container(Container::Tabs(outer))) => {
                    for child in outer.children.iter_mut().filter(|child| **child == tabs) {
                        *child = row;
                    }
                }
                _ => self.tree.root = Some(row),
            }
        }
    }

    /// Tabs of which one is a row or a column of several.
    fn row_among_tabs(&self) -> Option<(TileId, TileId)> {
        let is_row = |tile: &&TileId| {
            let tile = self.tree.tiles.get(**tile);
            matches!(tile, Some(Tile::Container(Container::Linear(row))) if row.children.len() > 1)
        };
        self.tree.tiles.iter().find_map(|(id, tile)| match tile {
            Tile::Container(Container::Tabs(tabs)) => {
                tabs.children.iter().find(is_row).map(|row| (*id, *row))
            }
            _ => None,
        })
    }

    /// Whether a panel is open, in front or behind another tab.
    pub(super) fn is_open(&self, panel: Panel) -> bool {
        self.tile_of(panel).is_some_and(|tile| self.tree.is_visible(tile))
    }

    /// A layout that was kept, with the panels that are new since then; closed, so that nothing
    /// moves. Without any panel left it is the default.
    pub(super) fn with_all_panels(mut self) -> Self {
        if Panel::ALL.iter().all(|panel| self.tile_of(*panel).is_none()) {
            return Self::default();
        }
        for panel in Panel::ALL {
            if self.tile_of(panel).is_none() {
                let tile = self.insert(panel);
                self.tree.set_visible(tile, false);
            }
        }
        self.lift(None);
        self
    }

    /// Opens a panel, or closes it.
    pub(super) fn toggle(&mut self, panel: Panel) {
        self.arrangement = Arrangement::Own;
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
        self.revealed = Some((tile, 2));
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
    moved: bool,
    closed: Vec<TileId>,
    /// The tab that is to come into sight.
    revealed: Option<TileId>,
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

    fn on_tab_button(
        &mut self,
        tiles: &mut Tiles<Panel>,
        tile: TileId,
        button: egui::Response,
    ) -> egui::Response {
        if self.revealed == Some(tile) {
            button.scroll_to_me_animation(None, egui::style::ScrollAnimation::none());
        }
        if let Some(panel) = tiles.get_pane(&tile) {
            rects::note(&button, || format!("tab.{}", title(*panel)));
        }
        button
    }

    fn is_tab_closable(&self, _tiles: &Tiles<Panel>, _tile: TileId) -> bool {
        true
    }

    fn on_tab_close(&mut self, _tiles: &mut Tiles<Panel>, tile: TileId) -> bool {
        // Once all are drawn: in between, the tiles count on each other's places.
        self.closed.push(tile);
        self.moved = true;
        false
    }

    fn on_edit(&mut self, action: EditAction) {
        self.moved |= matches!(action, EditAction::TileResized | EditAction::TileDropped);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What egui_tiles makes of a panel that is dropped at a side of a tab.
    fn drop_beside(layout: &mut Layout, dragged: Panel, target: Panel) -> TileId {
        let tile = layout.tile_of(dragged).unwrap();
        let target = layout.tile_of(target).unwrap();
        let row = layout.tree.tiles.insert_horizontal_tile(vec![target, tile]);
        for (id, other) in layout.tree.tiles.iter_mut() {
            if let Tile::Container(Container::Tabs(tabs)) = other {
                tabs.children.retain(|child| *child != tile);
                for child in &mut tabs.children {
                    *child = if *child == target && *id != row { row } else { *child };
                }
            }
        }
        tile
    }

    #[test]
    fn a_panel_dropped_at_a_side_of_a_tab_stands_beside_all_tabs() {
        for (dragged, target) in
            [(Panel::Stack, Panel::Code), (Panel::Graph, Panel::Code), (Panel::Code, Panel::Graph)]
        {
            let mut layout = Layout::default();
            let tile = drop_beside(&mut layout, dragged, target);
            layout.lift(Some(tile));
            assert_eq!(layout.row_among_tabs(), None);
            let parent = |tile| layout.tree.tiles.parent_of(tile).unwrap();
            let tabs = parent(layout.tile_of(target).unwrap());
            let kept = layout.tile_of(Panel::FastCode).unwrap();
            assert_eq!(parent(kept), tabs, "the other tabs stay with {target:?}");
            assert_eq!(parent(tile), parent(tabs), "{dragged:?} is beside all of them");
        }
    }

    #[test]
    fn every_arrangement_has_every_panel() {
        for arrangement in arrangements::ALL {
            let layout = Layout::of(arrangement);
            for panel in Panel::ALL {
                assert!(layout.tile_of(panel).is_some(), "{panel:?} in {arrangement:?}");
                let comes_later = arrangements::comes_later(panel);
                assert_eq!(layout.is_open(panel), !comes_later, "{panel:?}");
            }
        }
    }
}
