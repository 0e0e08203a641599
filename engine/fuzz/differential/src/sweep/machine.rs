//! This engine, in the ways that have to be the same.

use std::error::Error;

use stepwell_engine::store::StoreState;
use stepwell_engine::{
    Budget, Config, Engine, Extern, FuncAddr, Linker, Module, Stop, Store, Task, Tier, Value,
};

use crate::ours::{plain, trapped, view};
use crate::plain::{End, Plain, View};

/// A budget that is just more than what the exact tier keeps for itself.
const SLICE: u64 = 9;

/// Instructions after which a call is given up.
const MOST_INSTRUCTIONS: u64 = 1_000_000;

/// How a call is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    Exact,
    Fast,
    Mixed,
    /// In the fast tier, which stops somewhere else each time.
    Sliced,
}

impl Way {
    /// The first is what the others are compared with.
    pub(super) const ALL: [Self; 4] = [Self::Exact, Self::Fast, Self::Mixed, Self::Sliced];

    pub(super) fn engine(self) -> Engine {
        let tier = match self {
            Way::Exact => Tier::Exact,
            Way::Fast | Way::Sliced => Tier::Fast,
            Way::Mixed => Tier::Mixed,
        };
        Engine::new(Config::default().tier(tier).validation_threads(1))
    }
}

/// An instance of a module, run in one way.
pub(super) struct Machine {
    pub(super) way: Way,
    pub(super) store: Store,
    exports: Vec<Extern>,
    funcs: Vec<FuncAddr>,
    /// What every call begins with, where calls change it.
    fresh: Option<StoreState>,
}

impl Machine {
    pub(super) fn new(
        way: Way,
        engine: &Engine,
        module: &Module,
        changes: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let mut store = Store::new(engine);
        let instance = Linker::new().instantiate(&mut store, module)?;
        let exports =
            module.exports().iter().filter_map(|export| store.export(instance, &export.name));
        let exports: Vec<Extern> = exports.collect();
        let func = |item: &Extern| match item {
            Extern::Func(func) => Some(*func),
            _ => None,
        };
        let funcs = exports.iter().filter_map(func).collect();
        let fresh = changes.then(|| store.state().clone());
        Ok(Self { way, store, exports, funcs, fresh })
    }

    /// Globals, tables and memories that are exported.
    pub(super) fn exported(&self) -> (Vec<Plain>, Vec<Vec<Plain>>, Vec<Vec<u8>>) {
        let View { globals, tables, memories } = view(&self.store, &self.exports);
        (globals, tables, memories.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// Calls an exported function. The first budget ends `within` instructions after the first that the fast
    /// tier executes.
    pub(super) fn call(
        &mut self,
        func: usize,
        args: &[Plain],
        within: u64,
    ) -> Result<(End, Task), Box<dyn Error>> {
        if let Some(fresh) = &self.fresh {
            self.store.restore(fresh.clone())?;
        }
        let func = *self.funcs.get(func).ok_or("no such function")?;
        let args: Vec<Value> = args.iter().map(value).collect::<Result<_, _>>()?;
        let mut task = self.store.start(func, &args)?;
        let mut slice = if self.way == Way::Sliced { SLICE + within } else { MOST_INSTRUCTIONS };
        loop {
            let before = task.executed();
            let end = match task.run(&mut self.store, Budget::instructions(slice))? {
                Stop::Budget if task.executed() != before + slice => {
                    return Err(format!("{slice} became {}", task.executed() - before).into());
                }
                Stop::Budget if task.executed() < MOST_INSTRUCTIONS => {
                    slice = slice.min(SLICE + within % 3);
                    continue;
                }
                Stop::Budget => End::Exhausted,
                Stop::Wait(_) => {
                    task.time_out(&mut self.store)?;
                    continue;
                }
                Stop::Done(values) => End::Returned(values.into_iter().map(plain).collect()),
                Stop::Trap(trap) => trapped(&trap.code),
                other => return Err(format!("stopped by {other:?}").into()),
            };
            return Ok((end, task));
        }
    }
}

fn value(plain: &Plain) -> Result<Value, String> {
    Ok(match *plain {
        Plain::I32(bits) => Value::I32(bits as i32),
        Plain::I64(bits) => Value::I64(bits as i64),
        Plain::F32(bits) => Value::F32(f32::from_bits(bits)),
        Plain::F64(bits) => Value::F64(f64::from_bits(bits)),
        Plain::V128(bits) => Value::V128(bits),
        other => return Err(format!("{other:?} as an argument")),
    })
}
