//! Many tasks on one thread, which wait for a simulated device and compute in turn.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use stepwell_engine::sched::{Outcome, Priority, Scheduler};
use stepwell_engine::{Engine, Error, FuncAddr, FuncType, HostError, Linker, Module, Store, Value};

use crate::measure::{least, line, ms};

const TASKS: u32 = 10_000;
/// Tasks of high priority among them.
const HIGH: u32 = 100;
const ROUNDS: i32 = 20;
/// How long the device takes.
const WAIT: Duration = Duration::from_millis(1);

/// Each round waits, and then executes 5,609 instructions.
const TEXT: &str = r#"(module (import "device" "read" (func $read))
  (func (export "run") (param $rounds i32) (result i32) (local $n i32) (local $sum i32)
    loop
      call $read
      i32.const 400 local.set $n
      loop
        local.get $sum  local.get $n  i32.add  i32.const 3  i32.mul  local.get $n  i32.xor
        local.set $sum
        local.get $n  i32.const 1  i32.sub  local.tee $n
        br_if 0
      end
      local.get $rounds  i32.const 1  i32.sub  local.tee $rounds
      br_if 0
    end
    local.get $sum))"#;

/// A reading that ends at a time.
struct Timer {
    due: Instant,
    number: u64,
    waker: Waker,
    /// When it was ended.
    fired: Rc<Cell<Option<Instant>>>,
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Timer {}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

/// The device: what is being read, and how long those waited who had been woken, by priority.
#[derive(Default)]
struct Device {
    timers: RefCell<BinaryHeap<Reverse<Timer>>>,
    readings: Cell<u64>,
    slowest: [Cell<Duration>; 2],
}

impl Device {
    fn link(self: &Rc<Self>, linker: &mut Linker) {
        let device = self.clone();
        linker.func_async_local("device", "read", FuncType::new([], []), move |caller, _| {
            let device = device.clone();
            async move {
                let task = caller.with_local(|caller| caller.task()).await?;
                let fired = Rc::new(Cell::new(None));
                poll_fn(|context| match fired.get() {
                    Some(_) => Poll::Ready(()),
                    None => {
                        device.begin(context.waker(), &fired);
                        Poll::Pending
                    }
                })
                .await;
                let woken = fired.get().ok_or_else(|| HostError::new("woken too early"))?;
                let slowest = &device.slowest[usize::from(task.0 >= u64::from(HIGH))];
                slowest.set(slowest.get().max(woken.elapsed()));
                Ok(vec![])
            }
        });
    }

    fn begin(&self, waker: &Waker, fired: &Rc<Cell<Option<Instant>>>) {
        let number = self.readings.get();
        self.readings.set(number + 1);
        let (due, waker, fired) = (Instant::now() + WAIT, waker.clone(), fired.clone());
        self.timers.borrow_mut().push(Reverse(Timer { due, number, waker, fired }));
    }

    /// Ends what is due, and says when the next reading will be.
    fn end(&self, now: Instant) -> Option<Instant> {
        let mut timers = self.timers.borrow_mut();
        while let Some(Reverse(timer)) = timers.peek() {
            if timer.due > now {
                return Some(timer.due);
            }
            if let Some(Reverse(timer)) = timers.pop() {
                timer.fired.set(Some(now));
                timer.waker.wake();
            }
        }
        None
    }
}

fn instantiate(linker: &Linker) -> Result<(Store, FuncAddr), Error> {
    let engine = Engine::default();
    let mut store = Store::new(&engine);
    let instance = linker.instantiate(&mut store, &Module::from_wat(&engine, TEXT)?)?;
    let run = store.export_func(instance, "run")?;
    Ok((store, run))
}

/// The same computing, one task after the other, by a device that answers at once.
fn without_waiting() -> Result<Duration, Error> {
    let mut linker = Linker::new();
    linker.func_local("device", "read", FuncType::new([], []), |_, _| Ok(vec![]));
    let (mut store, run) = instantiate(&linker)?;
    let mut fine = true;
    let time = least(3, || {
        fine &= (0..TASKS).all(|_| store.invoke(run, &[Value::I32(ROUNDS)]).is_ok());
    });
    if fine { Ok(time) } else { Err(Error::NotWaiting) }
}

pub fn measure() -> Result<(), Error> {
    let device: Rc<Device> = Rc::default();
    let mut linker = Linker::new();
    device.link(&mut linker);
    let (mut store, run) = instantiate(&linker)?;
    let mut scheduler = Scheduler::new();
    let allocated = crate::ALLOCATOR.allocated();
    for task in 0..TASKS {
        let started = store.start(run, &[Value::I32(ROUNDS)])?;
        let priority = if task < HIGH { Priority::High } else { Priority::Normal };
        scheduler.spawn(started, priority);
    }
    let spawned = crate::ALLOCATOR.allocated();

    let (mut turns, mut executed) = (0u64, 0u64);
    let (mut slowest, mut slept) = (Duration::ZERO, Duration::ZERO);
    let began = Instant::now();
    let mut now = began;
    loop {
        let next = device.end(now);
        let Some(turn) = scheduler.turn(&mut store) else {
            let Some(due) = next else { break };
            std::thread::sleep(due.saturating_duration_since(now));
            let woken = Instant::now();
            slept += woken - now;
            now = woken;
            continue;
        };
        let after = Instant::now();
        slowest = slowest.max(after - now);
        now = after;
        turns += 1;
        executed += turn.executed;
        if let Outcome::Failed(error) = turn.outcome {
            return Err(error);
        }
    }
    let total = began.elapsed();
    let plain = without_waiting()?;

    // What a task takes while it waits for the device.
    let before = crate::ALLOCATOR.allocated();
    let mut parked = Scheduler::new();
    for _ in 0..TASKS {
        parked.spawn(store.start(run, &[Value::I32(1)])?, Priority::Normal);
    }
    while parked.parked_len() < TASKS as usize {
        parked.turn(&mut store);
    }
    let memory = crate::ALLOCATOR.allocated() - before;

    line("sched.tasks", f64::from(TASKS), "");
    line("sched.total", ms(total), "ms");
    line("sched.slept", ms(slept), "ms");
    line("sched.turns", turns as f64, "");
    line("sched.rate", executed as f64 / total.as_secs_f64() / 1e6, "M/s");
    line("sched.without_waiting", ms(plain), "ms");
    let overhead = (total - slept).as_secs_f64() - plain.as_secs_f64();
    line("sched.overhead_a_turn", overhead * 1e9 / turns as f64, "ns");
    line("sched.slowest_turn", ms(slowest), "ms");
    line("sched.slowest_wake.high", ms(device.slowest[0].get()), "ms");
    line("sched.slowest_wake.normal", ms(device.slowest[1].get()), "ms");
    line("sched.memory.spawned", (spawned - allocated) as f64 / f64::from(TASKS), "B a task");
    line("sched.memory.parked", memory as f64 / f64::from(TASKS), "B a task");
    Ok(())
}
