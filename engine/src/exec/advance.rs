//! From one stop to the next: which tier executes, and what becomes of a task when it leaves off.

use alloc::boxed::Box;
use core::task::Waker;

use super::arena::Active;
use super::exact::{self, Bulk, Exit, Machine, Transfer, Unwound};
use super::fast;
use super::state::{Phase, Status, TaskState};
use super::stop::{Stop, TrapCode};
use crate::config::Tier;
use crate::error::Result;
use crate::ids::ObjectAddr;
use crate::observe::{self, Debugger, Observer, Unobserved};
use crate::store::{Parts, Store};

/// Budgets up to this one are left to the exact tier.
pub(super) const STEP: u64 = 8;

/// Runs in the fast tier, and in the exact tier what that leaves.
fn advance_fast(
    machine: &mut Machine<'_>,
    fuel: &mut u64,
    scratch: &mut fast::Scratch,
) -> Result<Exit> {
    // The fast tier knows nothing of what has been done already.
    if machine.bulk.progress.is_some() {
        let exit = advance_exact(machine, fuel, 1, &mut Unobserved)?;
        if !matches!(exit, Exit::Budget) || *fuel == 0 {
            return Ok(exit);
        }
    }
    loop {
        match fast::run(machine, fuel, scratch, None)? {
            fast::Leave::Done => return Ok(Exit::Done),
            fast::Leave::Exact(_) if *fuel == 0 => return Ok(Exit::Budget),
            fast::Leave::Exact(count) => {
                let exit = advance_exact(machine, fuel, count, &mut Unobserved)?;
                if !matches!(exit, Exit::Budget) || *fuel == 0 {
                    return Ok(exit);
                }
            }
        }
    }
}

/// Runs at most so many instructions in the exact tier.
fn advance_exact(
    machine: &mut Machine<'_>,
    fuel: &mut u64,
    count: u64,
    observer: &mut impl Observer,
) -> Result<Exit> {
    let mut part = count.min(*fuel);
    *fuel -= part;
    let exit = exact::run(machine, &mut part, observer);
    *fuel += part;
    exit
}

/// As [`advance_fast`] where breakpoints are set or memory is watched: the fast tier hands over
/// before each of these instructions, and the exact tier tells whether to stop.
fn advance_observed(
    machine: &mut Machine<'_>,
    fuel: &mut u64,
    scratch: &mut fast::Scratch,
    debugger: &mut Debugger,
) -> Result<Exit> {
    let mut instruments = debugger.take_instruments();
    let mut result = if debugger.passes_first() {
        advance_exact(machine, fuel, 1, debugger)
    } else {
        Ok(Exit::Budget)
    };
    while matches!(result, Ok(Exit::Budget)) && *fuel > 0 {
        result = match fast::run(machine, fuel, scratch, Some(&mut instruments)) {
            Ok(fast::Leave::Done) => Ok(Exit::Done),
            Ok(fast::Leave::Exact(count)) => advance_exact(machine, fuel, count, debugger),
            Err(error) => Err(error),
        };
    }
    debugger.put_instruments(instruments);
    result
}

/// Changes tier every few instructions, wherever that happens to be.
fn advance_mixed(
    machine: &mut Machine<'_>,
    fuel: &mut u64,
    scratch: &mut fast::Scratch,
    executed: u64,
) -> Result<Exit> {
    // xorshift64*, from a seed that differs from stop to stop.
    let mut random = executed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    loop {
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        let part = (random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56).min(*fuel);
        let mut left = part;
        *fuel -= part;
        let exit = if random & 2 == 0 {
            exact::run(machine, &mut left, &mut Unobserved)
        } else {
            advance_fast(machine, &mut left, scratch)
        };
        *fuel += left;
        match exit? {
            Exit::Budget if *fuel > 0 => {}
            exit => return Ok(exit),
        }
    }
}

impl Active {
    #[inline(always)]
    pub(super) fn run_to_stop(
        &mut self,
        store: &mut Store,
        fuel: &mut u64,
        bulk: &mut u64,
        waker: &Waker,
    ) -> Result<Stop> {
        loop {
            if !matches!(self.state.status, Status::Ready) {
                match self.stand(store, fuel, bulk, waker)? {
                    Some(stop) => return Ok(stop),
                    None => {
                        // Host functions that call host functions come to no instruction of wasm.
                        let used_up = store.pay_charge(fuel);
                        if matches!(self.state.status, Status::Waiting { .. }) {
                            if used_up {
                                return Ok(Stop::Budget);
                            }
                            if store.take_interruption() {
                                return Ok(Stop::Interrupted);
                            }
                        }
                        continue;
                    }
                }
            }
            match self.state.advance(store, fuel, bulk)? {
                Exit::Budget | Exit::Part => return Ok(Stop::Budget),
                exit => {
                    if let Some(stop) = self.leave_off(store, exit, fuel, bulk)? {
                        return Ok(stop);
                    }
                }
            }
        }
    }

    /// What a task that is not ready stops with, unless it has become so. Apart from the loop, so that steps
    /// do not pay for it.
    #[inline(never)]
    fn stand(
        &mut self,
        store: &mut Store,
        fuel: &mut u64,
        bulk: &mut u64,
        waker: &Waker,
    ) -> Result<Option<Stop>> {
        Ok(Some(match &self.state.status {
            Status::Ready => return Ok(None),
            Status::Done(values) => Stop::Done(values.clone()),
            Status::Trapped(trap) => Stop::Trap(trap.clone()),
            Status::Exited(code) => Stop::Exit(*code),
            Status::Parked(waiting) => {
                let waiting = *waiting;
                if store.state.waiters.is_woken(self.state.identity.place) {
                    self.state.go_on(store, 0);
                    return Ok(None);
                }
                Stop::Wait(self.state.wait(store, waiting))
            }
            Status::Waiting { .. } => return self.answer_host(store, fuel, bulk, waker),
        }))
    }

    /// What becomes of a task when execution has left off; a stop if the embedder is to know.
    #[inline(never)]
    fn leave_off(
        &mut self,
        store: &mut Store,
        exit: Exit,
        fuel: &mut u64,
        bulk: &mut u64,
    ) -> Result<Option<Stop>> {
        match exit {
            Exit::Budget | Exit::Part => return Ok(Some(Stop::Budget)),
            Exit::Done => {
                self.state.finish();
                self.returned(store);
            }
            Exit::Trap(code) => {
                let trap = self.state.trap(store, code);
                self.trapped(store, trap);
            }
            Exit::Exception(object) => self.unwind(store, object)?,
            Exit::Collect(words) => {
                if !store.types_within(&self.state, bulk)? {
                    return Ok(Some(Stop::Budget));
                }
                store.collect(Some(&self.state))?;
                let most = store.engine().config().max_heap;
                if !store.state.heap.make_room(words, most) {
                    *fuel = fuel.saturating_sub(1);
                    self.state.executed += 1;
                    let trap = self.state.trap(store, TrapCode::HeapExhausted);
                    self.trapped(store, trap);
                }
            }
            Exit::Wait(waiting) => {
                let place = self.state.identity.place;
                store.state.waiters.add(place, waiting.memory, waiting.address);
                self.state.status = Status::Parked(waiting);
            }
            Exit::Host(func, transfer) => {
                let tail = transfer == Transfer::TailCall;
                self.state.status = Status::Waiting { func, tail, phase: Phase::Called };
            }
            Exit::Breakpoint => {
                self.state.reported = Some(self.state.executed);
                return Ok(observe::site(store, &self.state).map(Stop::Breakpoint));
            }
            Exit::Watchpoint => {
                let hit = store.debugger.take_hit();
                return Ok(hit.map(|hit| Stop::Watchpoint(Box::new(hit.typed(store)))));
            }
        }
        Ok(None)
    }

    /// Goes to the handler of an exception, or traps.
    pub(super) fn unwind(&mut self, store: &mut Store, object: ObjectAddr) -> Result<()> {
        match self.state.unwind(store, object)? {
            Unwound::Caught => {}
            Unwound::Returned => {
                self.state.finish();
                self.returned(store);
            }
            Unwound::Uncaught => self.pass_on(store, object)?,
        }
        Ok(())
    }
}

impl TaskState {
    /// Runs the exact tier, with observation only where something is observed.
    #[inline(always)]
    fn advance(&mut self, store: &mut Store, fuel: &mut u64, bulk: &mut u64) -> Result<Exit> {
        let before = *fuel;
        // An instruction that has begun is past its breakpoint.
        let skip = self.reported == Some(self.executed) || self.progress.is_some();
        let Parts { engine, modules, types, state, debugger, scratch, marks } = store.parts();
        let tier = engine.config().tier;
        let (place, has_begun) = (self.identity.place, self.progress.is_some());
        let task = self.identity.id;
        if debugger.is_active() {
            debugger.end_left(task, self.all_frames());
            debugger.prepare(state, types, modules);
        }
        let mut machine = Machine {
            config: engine.config(),
            modules,
            types,
            state,
            stack: &mut self.stack,
            frames: &mut self.frames,
            bulk: Bulk { allowance: *bulk, progress: &mut self.progress },
            marks,
        };
        let exit = if debugger.is_active() {
            debugger.begin(task, skip);
            if has_begun {
                debugger.take_up(place, self.executed);
            }
            let exit = if tier == Tier::Exact || debugger.is_logging() || *fuel <= STEP {
                exact::run(&mut machine, fuel, debugger)
            } else {
                advance_observed(&mut machine, fuel, scratch, debugger)
            };
            if matches!(exit, Ok(Exit::Part)) {
                debugger.leave_off(place, self.executed + (before - *fuel));
            }
            exit
        } else {
            match tier {
                Tier::Exact => exact::run(&mut machine, fuel, &mut Unobserved),
                // A step is over before the fast tier would have begun.
                Tier::Fast if *fuel <= STEP => exact::run(&mut machine, fuel, &mut Unobserved),
                Tier::Fast => advance_fast(&mut machine, fuel, scratch),
                Tier::Mixed => advance_mixed(&mut machine, fuel, scratch, self.executed),
            }
        };
        *bulk = machine.bulk.allowance;
        if debugger.is_active() && !matches!(exit, Ok(Exit::Budget | Exit::Part)) {
            debugger.end_left(task, self.all_frames());
        }
        self.executed += before - *fuel;
        if !matches!(exit, Ok(Exit::Budget | Exit::Part)) {
            self.progress = None;
        }
        exit
    }

    /// Goes to the handler of an exception.
    fn unwind(&mut self, store: &mut Store, object: ObjectAddr) -> Result<Unwound> {
        let Parts { engine, modules, types, state, marks, .. } = store.parts();
        let config = engine.config();
        let (stack, frames) = (&mut self.stack, &mut self.frames);
        let bulk = Bulk::unlimited(&mut self.progress);
        let mut machine = Machine { config, modules, types, state, stack, frames, bulk, marks };
        exact::unwind(&mut machine, object)
    }
}
