//! The short way through a host call: that of a typed function of which nobody keeps a record.
//!
//! It does what [`Active::answer_host`] does, without lists of values: arguments are read from the caller's
//! stack, results are written back to it. Where the fast tier then goes on to another such call, it is
//! answered from here, without the exact tier in between.

use core::task::Waker;

use super::super::advance::STEP;
use super::super::arena::Active;
use super::super::exact::{Bulk, Machine, Op};
use super::super::fast::{self, Leave};
use super::super::frame::Frame;
use super::super::state::{Phase, Status, TaskState};
use super::super::stop::{CallState, Stop};
use crate::config::Tier;
use crate::error::Result;
use crate::host::Caller;
use crate::host::typed::{NO_SLOTS, Slots, Typed};
use crate::ids::FuncAddr;
use crate::store::{FuncEntity, Parts, Store};

/// What has become of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Given,
    /// There is none yet.
    Pending,
    /// The call has to go the long way, which has not begun.
    LongWay,
}

impl Active {
    /// Answers the pending call, if the short way leads there, and those that follow. `None` if the call that
    /// is pending then is to go the long way, and otherwise a stop if one stays pending.
    pub(super) fn answer_typed(
        &mut self,
        store: &mut Store,
        fuel: &mut u64,
        bulk: &mut u64,
        waker: &Waker,
    ) -> Result<Option<Option<Stop>>> {
        let Status::Waiting { mut func, tail, phase: Phase::Called } = self.state.status else {
            return Ok(None);
        };
        let mut answer = self.answer_one(store, func, tail, waker);
        while answer == Answer::Given
            && let Some(next) = self.next_call(store, fuel, bulk)?
        {
            func = next;
            self.state.status = Status::Waiting { func, tail: false, phase: Phase::Called };
            answer = self.answer_one(store, func, false, waker);
        }
        Ok(match answer {
            Answer::Given => Some(None),
            Answer::Pending => Some(self.host_call(store, func, CallState::InProgress)),
            Answer::LongWay => None,
        })
    }

    /// Runs on in the fast tier to the next call of a host function, which is then made. `None` if it does
    /// not come to one: the usual way goes on from there.
    fn next_call(
        &mut self,
        store: &mut Store,
        fuel: &mut u64,
        bulk: &mut u64,
    ) -> Result<Option<FuncAddr>> {
        store.pay_charge(fuel);
        if !matches!(self.state.status, Status::Ready)
            || *fuel <= STEP
            || store.engine().config().tier != Tier::Fast
            || store.debugger.is_active()
        {
            return Ok(None);
        }
        let before = *fuel;
        let TaskState { stack, frames, executed, progress, .. } = &mut *self.state;
        let Parts { engine, modules, types, state, scratch, marks, .. } = store.parts();
        let config = engine.config();
        let bulk_work = Bulk { allowance: *bulk, progress };
        let mut machine =
            Machine { config, modules, types, state, stack, frames, bulk: bulk_work, marks };
        let left = fast::run(&mut machine, fuel, scratch, None);
        *bulk = machine.bulk.allowance;
        let called = match left {
            Ok(Leave::Exact(1)) if *fuel > 0 => {
                frames.last().and_then(|frame| called(store, frame))
            }
            _ => None,
        };
        *fuel -= u64::from(called.is_some());
        *executed += before - *fuel;
        left.map(|_| called)
    }

    /// Answers one call, if the short way leads there.
    fn answer_one(
        &mut self,
        store: &mut Store,
        func: FuncAddr,
        tail: bool,
        waker: &Waker,
    ) -> Answer {
        if !store.recorder.is_idle() || store.debugger.breaks_on_call(func) {
            return Answer::LongWay;
        }
        let Some(&FuncEntity::Host { host, .. }) = store.state.funcs.get(func.index()) else {
            return Answer::LongWay;
        };
        // Nothing can call it meanwhile: there is no other run of the store.
        let Some(typed) = store.hosts.take_typed(host) else { return Answer::LongWay };
        let mut slots = NO_SLOTS;
        let live = self.state.stack.live();
        let base = live.len().saturating_sub(typed.param_slots);
        let args = live.get(base..).unwrap_or_default();
        slots.iter_mut().zip(args).for_each(|(slot, arg)| *slot = *arg);
        let result = (typed.call)(&mut Caller { store, task: &self.state, waker }, &mut slots);
        let answer = match result {
            Err(error) if error.is_pending() => Answer::Pending,
            Ok(()) if !tail && !typed.checked && self.put_results(base, &typed, &slots) => {
                Answer::Given
            }
            result => {
                let result = result.map(|()| typed.results(&slots));
                self.conclude(store, func, result, None);
                Answer::Given
            }
        };
        store.hosts.put_typed(host, typed);
        answer
    }

    /// Puts results where the arguments of a call begin; false if there is no room yet, or no frame has made
    /// the call.
    #[inline]
    fn put_results(&mut self, base: usize, typed: &Typed, slots: &Slots) -> bool {
        let task = &mut self.state;
        let end = base + typed.result_slots;
        let (Some(frame), Some(place)) =
            (task.frames.last_mut(), task.stack.slots.get_mut(base..end))
        else {
            return false;
        };
        place.iter_mut().zip(slots).for_each(|(slot, result)| *slot = *result);
        task.stack.top = end as u32;
        frame.pc += 1;
        task.status = Status::Ready;
        true
    }
}

/// The host function that a frame's next instruction calls, if that is a direct call of one.
fn called(store: &Store, frame: &Frame) -> Option<FuncAddr> {
    let instance = store.state.instances.get(frame.instance.index())?;
    let module = store.modules.get(instance.module.index())?;
    let code = module.module.inner().code(frame.func).ok()?;
    let Op::CallImport { func } = *code.ops.get(frame.pc as usize)? else { return None };
    let addr = *instance.funcs.get(func as usize)?;
    let entity = store.state.funcs.get(addr.index())?;
    matches!(entity, FuncEntity::Host { .. }).then_some(addr)
}
