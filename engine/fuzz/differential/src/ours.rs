//! This engine, in several ways that have to be the same.

use std::error::Error;

use stepwell_engine::store::StoreState;
use stepwell_engine::{
    AnyRef, Budget, Config, Engine, Error as EngineError, Extern, ExternAddr, FuncAddr, GlobalAddr,
    InstanceId, LinkError, Linker, MemAddr, Module, Stop, Store, TableAddr, Task, Tier, TrapCode,
    ValType, Value,
};

use crate::numbers::Numbers;
use crate::plain::{End, Plain, View, Why};
use crate::profile::{FUEL, FUEL_EXPORT, Profile};

/// Instructions after which a call is given up.
const MOST_INSTRUCTIONS: u64 = 5_000_000;

/// Stops of a call at which it goes on as a clone.
const MOST_CLONES: u32 = 3;

/// How instructions are executed, and what happens in between.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Way {
    tier: Tier,
    /// In budgets of random size.
    sliced: bool,
    /// At some stops the present is put aside, something else is done, and it is taken up again.
    cloned: bool,
    /// At some stops garbage is collected.
    collected: bool,
}

impl Way {
    /// The first is what the others are compared with.
    pub(crate) const ALL: [Self; 7] = [
        Self { tier: Tier::Exact, sliced: false, cloned: false, collected: false },
        Self { tier: Tier::Fast, sliced: false, cloned: false, collected: false },
        Self { tier: Tier::Mixed, sliced: false, cloned: false, collected: false },
        Self { tier: Tier::Exact, sliced: true, cloned: true, collected: false },
        Self { tier: Tier::Fast, sliced: true, cloned: true, collected: false },
        Self { tier: Tier::Mixed, sliced: true, cloned: true, collected: false },
        Self { tier: Tier::Fast, sliced: true, cloned: true, collected: true },
    ];

    pub(crate) fn engine(self, profile: Profile) -> Engine {
        Engine::new(
            Config::default().tier(self.tier).features(profile.features()).validation_threads(1),
        )
    }
}

/// An instance that is run in one way.
pub(crate) struct Ours {
    pub(crate) way: Way,
    store: Store,
    exports: Vec<Extern>,
    fuel: Option<GlobalAddr>,
}

/// How instantiation ended, and the instance if it did well.
pub(crate) enum Begun {
    Instance(Box<Ours>),
    Ended(End),
}

impl Ours {
    pub(crate) fn instantiate(
        way: Way,
        module: &Module,
        engine: &Engine,
        numbers: &mut Numbers,
    ) -> Result<Begun, Box<dyn Error>> {
        let mut store = Store::new(engine);
        let begun = match Linker::new().begin_instantiate(&mut store, module) {
            Ok(begun) => begun,
            Err(EngineError::Trap(trap)) => return Ok(Begun::Ended(trapped(&trap.code))),
            Err(EngineError::Link { errors })
                if errors
                    .iter()
                    .any(|error| matches!(error.reason, LinkError::DoesNotFit { .. })) =>
            {
                return Ok(Begun::Ended(End::Trapped(Why::MemoryOutOfBounds)));
            }
            Err(EngineError::Limit { .. }) => return Ok(Begun::Ended(End::Exhausted)),
            Err(error) => return Err(error.into()),
        };
        let mut ours = Self { way, store, exports: Vec::new(), fuel: None };
        ours.find_exports(module, begun.instance);
        if let Some(start) = begun.start {
            let (end, _) = ours.finish(start, numbers)?;
            if !matches!(end, End::Returned(_)) {
                return Ok(Begun::Ended(end));
            }
        }
        Ok(Begun::Instance(Box::new(ours)))
    }

    fn find_exports(&mut self, module: &Module, instance: InstanceId) {
        let find = |name: &str| self.store.export(instance, name);
        let fuel = find(FUEL_EXPORT);
        self.exports = module.exports().iter().filter_map(|export| find(&export.name)).collect();
        self.fuel = match fuel {
            Some(Extern::Global(fuel)) => Some(fuel),
            _ => None,
        };
    }

    pub(crate) fn state(&self) -> &StoreState {
        self.store.state()
    }

    pub(crate) fn collects(&self) -> bool {
        self.way.collected
    }

    fn func(&self, export: usize) -> Option<FuncAddr> {
        match self.exports.get(export)? {
            Extern::Func(func) => Some(*func),
            _ => None,
        }
    }

    /// Calls the function that an export names, and gives its task as well.
    pub(crate) fn call(
        &mut self,
        export: usize,
        args: &[Plain],
        numbers: &mut Numbers,
    ) -> Result<(End, Task), Box<dyn Error>> {
        let func = self.func(export).ok_or("not a function")?;
        if let Some(fuel) = self.fuel {
            self.store.set_global(fuel, Value::I32(FUEL as i32))?;
        }
        let ty = self.store.func_type(func).ok_or("no type")?;
        let values = args.iter().zip(ty.params()).map(|(arg, ty)| self.value(*arg, *ty));
        let task = self.store.start(func, &values.collect::<Vec<_>>())?;
        self.finish(task, numbers)
    }

    fn value(&self, arg: Plain, ty: ValType) -> Value {
        match arg {
            Plain::I32(bits) => Value::I32(bits as i32),
            Plain::I64(bits) => Value::I64(bits as i64),
            Plain::F32(bits) => Value::F32(f32::from_bits(bits)),
            Plain::F64(bits) => Value::F64(f64::from_bits(bits)),
            Plain::V128(bits) => Value::V128(bits),
            Plain::I31(value) => Value::AnyRef(Some(AnyRef::I31(value))),
            Plain::Host(number) => Value::ExternRef(Some(AnyRef::Host(ExternAddr(number)))),
            Plain::Export(export) => Value::FuncRef(self.func(export)),
            Plain::Null | Plain::Something => Value::default_of(ty),
        }
    }

    /// Runs a task to its end.
    fn finish(
        &mut self,
        mut task: Task,
        numbers: &mut Numbers,
    ) -> Result<(End, Task), Box<dyn Error>> {
        let mut clones = 0;
        while task.executed() < MOST_INSTRUCTIONS {
            let most = MOST_INSTRUCTIONS - task.executed();
            let slice = if self.way.sliced { some_budget(numbers).min(most) } else { most };
            let before = task.executed();
            let stop = task.run(&mut self.store, Budget::instructions(slice))?;
            match stop {
                Stop::Budget if task.executed() != before + slice => {
                    return Err(format!("{slice} became {}", task.executed() - before).into());
                }
                Stop::Budget => {}
                Stop::Done(values) => {
                    let values = values.into_iter().map(plain).collect();
                    return Ok((End::Returned(values), task));
                }
                Stop::Trap(trap) => return Ok((trapped(&trap.code), task)),
                other => return Err(format!("stopped by {other:?}").into()),
            }
            if self.way.collected && numbers.once_in(3) {
                self.store.collect_garbage()?;
            }
            if self.way.cloned && clones < MOST_CLONES && numbers.once_in(4) {
                clones += 1;
                self.go_astray(&mut task, numbers)?;
            }
        }
        Ok((End::Exhausted, task))
    }

    /// Puts the present aside, goes on for a while, and comes back to it.
    fn go_astray(&mut self, task: &mut Task, numbers: &mut Numbers) -> Result<(), Box<dyn Error>> {
        let state = self.store.state().clone();
        task.run(&mut self.store, Budget::instructions(some_budget(numbers)))?;
        self.store.restore(state)?;
        Ok(())
    }

    /// What is exported besides functions.
    pub(crate) fn view(&self) -> View<'_> {
        view(&self.store, &self.exports)
    }
}

/// What is exported besides functions.
pub(crate) fn view<'a>(store: &'a Store, exports: &[Extern]) -> View<'a> {
    let mut view = View { globals: Vec::new(), tables: Vec::new(), memories: Vec::new() };
    for export in exports {
        match *export {
            Extern::Func(_) | Extern::Tag(_) => {}
            Extern::Global(global) => {
                view.globals.extend(store.global(global).map(|(_, value)| plain(value)));
            }
            Extern::Table(table) => view.tables.push(elements(store, table)),
            Extern::Memory(memory) => view.memories.push(bytes(store, memory)),
        }
    }
    view
}

fn elements(store: &Store, table: TableAddr) -> Vec<Plain> {
    let table = store.table(table);
    let elements = |index| table.and_then(|table| table.get(index));
    (0..table.map_or(0, |table| table.size())).filter_map(elements).map(plain).collect()
}

fn bytes(store: &Store, memory: MemAddr) -> &[u8] {
    store.memory(memory).map_or(&[], |memory| memory.bytes())
}

/// Most often a few instructions.
fn some_budget(numbers: &mut Numbers) -> u64 {
    let most = 1 << numbers.below(13);
    1 + numbers.below(most)
}

pub(crate) fn plain(value: Value) -> Plain {
    match value {
        Value::I32(value) => Plain::I32(value as u32),
        Value::I64(value) => Plain::I64(value as u64),
        Value::F32(value) => Plain::F32(value.to_bits()),
        Value::F64(value) => Plain::F64(value.to_bits()),
        Value::V128(bits) => Plain::V128(bits),
        Value::FuncRef(None)
        | Value::ExternRef(None)
        | Value::AnyRef(None)
        | Value::ExnRef(None) => Plain::Null,
        Value::ExternRef(Some(to)) | Value::AnyRef(Some(to)) => match to {
            AnyRef::Host(number) => Plain::Host(number.0),
            AnyRef::I31(value) => Plain::I31(value),
            AnyRef::Object(_) => Plain::Something,
        },
        Value::FuncRef(Some(_)) | Value::ExnRef(Some(_)) => Plain::Something,
    }
}

pub(crate) fn trapped(code: &TrapCode) -> End {
    End::Trapped(match code {
        TrapCode::CallStackExhausted | TrapCode::HeapExhausted => return End::Exhausted,
        TrapCode::Unreachable => Why::Unreachable,
        TrapCode::MemoryOutOfBounds => Why::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds | TrapCode::UndefinedElement => Why::TableOutOfBounds,
        TrapCode::UninitializedElement => Why::NullElement,
        TrapCode::IndirectCallTypeMismatch => Why::TypeMismatch,
        TrapCode::IntegerDivideByZero => Why::DivideByZero,
        TrapCode::IntegerOverflow => Why::Overflow,
        TrapCode::InvalidConversionToInteger => Why::BadConversion,
        TrapCode::NullFunction
        | TrapCode::NullReference
        | TrapCode::NullStruct
        | TrapCode::NullArray
        | TrapCode::NullI31
        | TrapCode::NullException => Why::NullReference,
        TrapCode::CastFailure => Why::CastFailure,
        TrapCode::ArrayOutOfBounds => Why::ArrayOutOfBounds,
        TrapCode::Exception(exception) => {
            Why::Exception(exception.values.iter().copied().map(plain).collect())
        }
        TrapCode::UnalignedAtomic => Why::UnalignedAtomic,
        TrapCode::ExpectedShared => Why::ExpectedShared,
        _ => Why::Other(code.to_string()),
    })
}
