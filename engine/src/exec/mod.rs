//! Execution: tasks, their frames and stops, and the tier that runs the code.
//!
//! A [`Task`] enters here with a store and a budget. `fast` runs translated functions as long as the
//! budget pays for more than a statement, `exact` everything else, both on the same
//! frames, until something stops them; the task turns that into a [`Stop`], asking the host
//! registry for an answer first where a call needs one. Imports `store`, `module`, `semantics`.

mod advance;
pub(crate) mod arena;
pub(crate) mod exact;
pub(crate) mod fast;
pub(crate) mod frame;
mod host_call;
mod limits;
mod state;
mod stop;
mod task;

pub use host_call::CallAsync;
pub(crate) use host_call::Suspended;
pub use limits::InterruptHandle;
pub(crate) use limits::RunLimits;
pub(crate) use state::{Status, TaskState};
pub use stop::{
    AtomicWait, Beyond, Budget, BulkProgress, CallSite, CallState, Exception, HostAnswer, HostCall,
    SegmentTrap, Space, Stop, Trap, TrapCode, TrapFrame, WatchKind,
};
pub use task::Task;
