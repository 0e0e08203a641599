//! Where panels stand for a purpose: all of them each time, in other places.

use egui_tiles::{Container, Linear, LinearDir, TileId, Tiles};

use crate::session::{Arrangement, Panel};

/// Those that have a name, in the order of the menu.
pub(super) const ALL: [Arrangement; 4] =
    [Arrangement::Learn, Arrangement::Debug, Arrangement::Hosts, Arrangement::Speed];

/// What one is called.
pub(super) fn title(arrangement: Arrangement) -> &'static str {
    match arrangement {
        Arrangement::Learn => "Learn",
        Arrangement::Debug => "Debug",
        Arrangement::Hosts => "Hosts",
        Arrangement::Speed => "Speed",
        Arrangement::Own => "Custom",
    }
}

/// What one is for.
pub(super) fn purpose(arrangement: Arrangement) -> &'static str {
    match arrangement {
        Arrangement::Learn => "The examples and their texts beside the code",
        Arrangement::Debug => "The state of the machine round the code",
        Arrangement::Hosts => "Host calls, console and files in large",
        Arrangement::Speed => "The code beside what the fast tier makes of it",
        Arrangement::Own => "As you have last moved the panels",
    }
}

/// Whether a panel comes when there is something in it, or when it is asked for.
pub(super) fn comes_later(panel: Panel) -> bool {
    matches!(panel, Panel::Problems | Panel::Find | Panel::Answers | Panel::Origins)
}

/// A part of the window before it has its place: tabs, or a row or column of parts with their shares.
enum Part {
    Tabs(&'static [Panel]),
    Row(Vec<(Part, f32)>),
    Column(Vec<(Part, f32)>),
}

impl Part {
    fn insert(self, tiles: &mut Tiles<Panel>) -> TileId {
        let (dir, parts) = match self {
            Part::Tabs(panels) => {
                let panes: Vec<TileId> =
                    panels.iter().map(|panel| tiles.insert_pane(*panel)).collect();
                for (pane, _) in panes.iter().zip(panels).filter(|(_, of)| comes_later(**of)) {
                    tiles.set_visible(*pane, false);
                }
                return tiles.insert_tab_tile(panes);
            }
            Part::Row(parts) => (LinearDir::Horizontal, parts),
            Part::Column(parts) => (LinearDir::Vertical, parts),
        };
        let mut linear = Linear::new(dir, Vec::new());
        for (part, share) in parts {
            let tile = part.insert(tiles);
            linear.children.push(tile);
            linear.shares.set_share(tile, share);
        }
        tiles.insert_container(Container::Linear(linear))
    }
}

/// Puts all panels into their places; the root of them.
pub(super) fn place(arrangement: Arrangement, tiles: &mut Tiles<Panel>) -> TileId {
    use Panel::{
        Answers, Breakpoints, Code, Console, FastCode, Files, Find, Frames, Globals, Graph, Heap,
        HostCalls, Learn, Log, Memory, Modules, Origins, Problems, Stack, Tables, Tasks, Timeline,
        Watches,
    };
    use Part::{Column, Row, Tabs};
    let parts = match arrangement {
        Arrangement::Learn => Row(vec![
            (Column(vec![(Tabs(&[Learn]), 0.5), (Tabs(&[Modules]), 0.5)]), 0.25),
            (
                Column(vec![
                    (Tabs(&[Code, FastCode, Graph]), 0.62),
                    (
                        Tabs(&[
                            Memory, Console, Log, Timeline, Answers, Files, Find, Problems, Origins,
                        ]),
                        0.38,
                    ),
                ]),
                0.46,
            ),
            (
                Column(vec![
                    (Tabs(&[Stack]), 0.6),
                    (
                        Tabs(&[
                            Frames,
                            HostCalls,
                            Globals,
                            Tables,
                            Heap,
                            Tasks,
                            Watches,
                            Breakpoints,
                        ]),
                        0.4,
                    ),
                ]),
                0.29,
            ),
        ]),
        Arrangement::Debug | Arrangement::Own => Row(vec![
            (Tabs(&[Modules, Learn]), 0.22),
            (
                Column(vec![
                    (Tabs(&[Code, FastCode, Graph]), 0.57),
                    (
                        Tabs(&[
                            Memory, Console, Log, Timeline, Answers, Files, Find, Problems, Origins,
                        ]),
                        0.43,
                    ),
                ]),
                0.48,
            ),
            (
                Column(vec![
                    (Tabs(&[Stack]), 0.38),
                    (Tabs(&[Frames, Watches, Tasks, Breakpoints]), 0.28),
                    (Tabs(&[HostCalls, Globals, Tables, Heap]), 0.34),
                ]),
                0.30,
            ),
        ]),
        Arrangement::Hosts => Row(vec![
            (Tabs(&[Modules, Learn]), 0.22),
            (
                Column(vec![
                    (Tabs(&[HostCalls, Graph]), 0.6),
                    (
                        Tabs(&[
                            Console, Log, Timeline, Answers, Files, Memory, Find, Problems, Origins,
                        ]),
                        0.4,
                    ),
                ]),
                0.46,
            ),
            (
                Column(vec![
                    (Tabs(&[Code, FastCode]), 0.55),
                    (
                        Tabs(&[Stack, Frames, Watches, Tasks, Breakpoints, Globals, Tables, Heap]),
                        0.45,
                    ),
                ]),
                0.32,
            ),
        ]),
        Arrangement::Speed => Row(vec![
            (Tabs(&[Modules, Learn]), 0.20),
            (
                Column(vec![
                    (Row(vec![(Tabs(&[Code]), 0.5), (Tabs(&[FastCode]), 0.5)]), 0.72),
                    (
                        Tabs(&[
                            Memory, Console, Log, Timeline, Answers, Files, HostCalls, Graph, Find,
                            Problems, Origins,
                        ]),
                        0.28,
                    ),
                ]),
                0.56,
            ),
            (
                Column(vec![
                    (Tabs(&[Stack]), 0.5),
                    (Tabs(&[Frames, Watches, Tasks, Breakpoints, Globals, Tables, Heap]), 0.5),
                ]),
                0.24,
            ),
        ]),
    };
    parts.insert(tiles)
}
