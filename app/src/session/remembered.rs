//! What was to be seen at the previous stop, so that changes can be marked.

use stepwell_engine::observe::FrameView;
use stepwell_engine::{InstanceId, Value};

use super::{CallCounts, Session};

/// Frames whose values are remembered.
const REMEMBERED_FRAMES: usize = 16;

/// What frames and globals held at the previous stop.
#[derive(Default)]
pub(super) struct Remembered {
    /// Whose frames they are.
    task: Option<u32>,
    /// By depth, outermost 1.
    frames: Vec<RememberedFrame>,
    pub(super) globals: Vec<Value>,
    pub(super) calls: CallCounts,
}

struct RememberedFrame {
    depth: usize,
    instance: InstanceId,
    func: u32,
    locals: Vec<Value>,
    operands: Vec<Value>,
}

impl Remembered {
    pub(super) fn of(session: &Session) -> Self {
        let frames = session.frames();
        let depth = frames.len();
        let globals = session.store().map_or(Vec::new(), |store| {
            (0..).map_while(|at| Some(store.global(stepwell_engine::GlobalAddr(at))?.1)).collect()
        });
        let frames = frames
            .iter()
            .take(REMEMBERED_FRAMES)
            .enumerate()
            .map(|(position, frame)| RememberedFrame {
                depth: depth - position,
                instance: frame.instance(),
                func: frame.func().0,
                locals: frame.locals().into_iter().map(|local| local.value).collect(),
                operands: frame.operands(),
            })
            .collect();
        let (task, calls) = (session.selected_task(), session.calls_between());
        Self { task, frames, globals, calls }
    }

    /// Locals and operands of the activation that `frame`, at this depth, may still be.
    pub(super) fn frame(
        &self,
        task: Option<u32>,
        depth: usize,
        frame: &FrameView<'_>,
    ) -> Option<(&[Value], &[Value])> {
        let known = self.frames.iter().find(|known| {
            self.task == task
                && known.depth == depth
                && known.instance == frame.instance()
                && known.func == frame.func().0
        })?;
        Some((&known.locals, &known.operands))
    }
}
