//! Who calls whom: the path of the present calls, and how often there were others.

use std::collections::BTreeMap;

use stepwell_engine::InstanceId;

use super::Session;
use super::command::ModuleKey;
use super::types::{CallTarget, StackEntry};

/// How often modules have called each other and the host.
pub type CallCounts = BTreeMap<(ModuleKey, CallTarget), u64>;

impl Session {
    /// Whom calls of an import by an instance reach.
    pub(super) fn target_of(&self, caller: InstanceId, module: &str, name: &str) -> CallTarget {
        match self.set_of(caller, module, name) {
            Some(set) => CallTarget::Set(set),
            None => CallTarget::Host,
        }
    }

    /// The modules and hosts that the selected task's calls lead through, outermost first; calls within
    /// one are left out. The last is where it stands.
    pub fn call_path(&self) -> Vec<CallTarget> {
        let frames = self.frames();
        let mut caller = None;
        let mut path: Vec<CallTarget> = Vec::new();
        for entry in self.call_stack().into_iter().rev() {
            let next = match entry {
                StackEntry::Frame(number) => {
                    caller = frames.get(number).map(|frame| frame.instance());
                    let open = caller.and_then(|instance| self.module_of_instance(instance));
                    open.map(|open| CallTarget::Module(open.key))
                }
                StackEntry::Host { module, name } => {
                    caller.map(|caller| self.target_of(caller, &module, &name))
                }
            };
            path.extend(next.filter(|next| path.last() != Some(next)));
        }
        path
    }

    /// What [`calls_between`](Self::calls_between) was at the previous stop.
    pub fn calls_before(&self) -> &CallCounts {
        &self.remembered.calls
    }
}
