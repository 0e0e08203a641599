//! The other engine: Wasmtime.

use stepwell_engine::module::{Export, ExportItem};
use wasmtime::{
    AnyRef, AsContextMut, Collector, Config, Engine, Error, Extern, ExternRef, Func, Global, I31,
    Instance, Memory, Module, OptLevel, Result, Rooted, Store, Table, ThrownException, Trap, Val,
};

use crate::plain::{End, Plain, View, Why};
use crate::profile::{FUEL, FUEL_EXPORT};

/// Instructions, nearly, after which a call is given up.
const MOST_INSTRUCTIONS: u64 = 20_000_000;

/// An instance, and its exports in the module's order.
pub(crate) struct Oracle {
    store: Store<()>,
    exports: Vec<Extern>,
    fuel: Option<Global>,
    /// Instructions, nearly, after which a call is given up. An operator on a range costs its length.
    pub(crate) most_instructions: u64,
}

/// An engine with everything that a module may use.
pub(crate) fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config
        .cranelift_nan_canonicalization(true)
        .cranelift_opt_level(OptLevel::None)
        .collector(Collector::Null)
        .consume_fuel(true)
        .max_wasm_stack(2 << 20)
        .relaxed_simd_deterministic(true)
        .shared_memory(true)
        .wasm_backtrace_max_frames(None)
        .wasm_custom_page_sizes(true)
        .wasm_exceptions(true)
        .wasm_function_references(true)
        .wasm_gc(true)
        .wasm_memory64(true)
        .wasm_multi_memory(true)
        .wasm_tail_call(true)
        .wasm_threads(true)
        .wasm_wide_arithmetic(true);
    Engine::new(&config)
}

/// How instantiation ended, and the instance if it did well.
pub(crate) enum Begun {
    Instance(Box<Oracle>),
    Ended(End),
    /// The module is not accepted.
    Refused(Error),
}

impl Oracle {
    pub(crate) fn instantiate(engine: &Engine, bytes: &[u8], exports: &[Export]) -> Begun {
        let module = match Module::new(engine, bytes) {
            Ok(module) => module,
            Err(error) => return Begun::Refused(error),
        };
        Self::of(&module, exports)
    }

    /// An instance of a module that has been compiled.
    pub(crate) fn of(module: &Module, exports: &[Export]) -> Begun {
        let mut store = Store::new(module.engine(), ());
        if let Err(error) = store.set_fuel(MOST_INSTRUCTIONS) {
            return Begun::Refused(error);
        }
        let instance = match Instance::new(&mut store, module, &[]) {
            Ok(instance) => instance,
            Err(error) => return Begun::Ended(ended(&mut store, &error)),
        };
        let fuel = instance.get_global(&mut store, FUEL_EXPORT);
        let names = exports.iter().map(|export| &*export.name);
        let exports = names.filter_map(|name| instance.get_export(&mut store, name)).collect();
        Begun::Instance(Box::new(Self {
            store,
            exports,
            fuel,
            most_instructions: MOST_INSTRUCTIONS,
        }))
    }

    /// Gives memories their first contents back, if there is nothing else that a call can have changed.
    pub(crate) fn put_back(&mut self, contents: &[Vec<u8>]) -> bool {
        let mut contents = contents.iter();
        self.exports.iter().all(|export| match export {
            Extern::Func(_) => true,
            Extern::Memory(memory) => {
                let data = memory.data_mut(&mut self.store);
                contents.next().is_some_and(|bytes| {
                    let same_size = data.len() == bytes.len();
                    if same_size {
                        data.copy_from_slice(bytes);
                    }
                    same_size
                })
            }
            _ => false,
        }) && contents.len() == 0
            && self.exports.iter().any(|export| matches!(export, Extern::Memory(_)))
    }

    fn func(&self, export: usize) -> Option<Func> {
        self.exports.get(export)?.clone().into_func()
    }

    /// Calls the function that an export names.
    pub(crate) fn call(&mut self, export: usize, args: &[Plain]) -> Result<End> {
        let func = self.func(export).ok_or_else(|| Error::msg("not a function"))?;
        if let Some(fuel) = self.fuel {
            fuel.set(&mut self.store, Val::I32(FUEL as i32))?;
        }
        self.store.set_fuel(self.most_instructions)?;
        let ty = func.ty(&self.store);
        let mut values = Vec::new();
        for (arg, ty) in args.iter().zip(ty.params()) {
            values.push(self.value(*arg, &ty)?);
        }
        let mut results = vec![Val::I32(0); ty.results().len()];
        match func.call(&mut self.store, &values, &mut results) {
            Ok(()) => {
                let results = results.into_iter().map(|value| plain(&mut self.store, value));
                Ok(End::Returned(results.collect::<Result<_>>()?))
            }
            Err(error) => Ok(ended(&mut self.store, &error)),
        }
    }

    fn value(&mut self, arg: Plain, ty: &wasmtime::ValType) -> Result<Val> {
        Ok(match arg {
            Plain::I32(bits) => Val::I32(bits as i32),
            Plain::I64(bits) => Val::I64(bits as i64),
            Plain::F32(bits) => Val::F32(bits),
            Plain::F64(bits) => Val::F64(bits),
            Plain::V128(bits) => Val::V128(bits.into()),
            Plain::I31(value) => {
                let value = AnyRef::from_i31(&mut self.store, I31::wrapping_i32(value));
                Val::AnyRef(Some(value))
            }
            Plain::Host(number) => Val::ExternRef(Some(ExternRef::new(&mut self.store, number)?)),
            Plain::Export(export) => Val::FuncRef(self.func(export)),
            Plain::Null | Plain::Something => {
                let ty = ty.as_ref().ok_or_else(|| Error::msg("no reference"))?;
                Val::null_ref(ty.heap_type())
            }
        })
    }

    /// What is exported besides functions.
    pub(crate) fn view(&mut self) -> Result<View<'_>> {
        let (mut globals, mut tables) = (Vec::new(), Vec::new());
        let mut memories: Vec<Memory> = Vec::new();
        for export in &self.exports {
            match export {
                Extern::Global(global) => {
                    let value = global.get(&mut self.store);
                    globals.push(plain(&mut self.store, value)?);
                }
                Extern::Table(table) => tables.push(elements(&mut self.store, table)?),
                Extern::Memory(memory) => memories.push(*memory),
                _ => {}
            }
        }
        let memories = memories.iter().map(|memory| memory.data(&self.store)).collect();
        Ok(View { globals, tables, memories })
    }
}

/// Whether an export is one that calls go to.
pub(crate) fn is_func(export: &Export) -> bool {
    matches!(export.item, ExportItem::Func(_))
}

fn elements(store: &mut Store<()>, table: &Table) -> Result<Vec<Plain>> {
    let mut elements = Vec::new();
    for index in 0..table.size(&*store) {
        let element = table.get(&mut *store, index);
        elements.push(match element {
            Some(element) => plain(store, element.into())?,
            None => Plain::Null,
        });
    }
    Ok(elements)
}

fn plain(store: &mut Store<()>, value: Val) -> Result<Plain> {
    Ok(match value {
        Val::I32(value) => Plain::I32(value as u32),
        Val::I64(value) => Plain::I64(value as u64),
        Val::F32(bits) => Plain::F32(bits),
        Val::F64(bits) => Plain::F64(bits),
        Val::V128(bits) => Plain::V128(bits.into()),
        Val::ExternRef(Some(to)) => match number(store, to)? {
            Some(number) => number,
            None => {
                let to = AnyRef::convert_extern(&mut *store, to)?;
                any(store, to)?
            }
        },
        Val::AnyRef(Some(to)) => any(store, to)?,
        other => match other.ref_().is_some_and(|to| to.is_null()) {
            true => Plain::Null,
            false => Plain::Something,
        },
    })
}

fn number(store: &mut Store<()>, to: Rooted<ExternRef>) -> Result<Option<Plain>> {
    let data = to.data(&*store)?;
    Ok(data.and_then(|data| data.downcast_ref()).map(|number| Plain::Host(*number)))
}

fn any(store: &mut Store<()>, to: Rooted<AnyRef>) -> Result<Plain> {
    if let Some(value) = to.as_i31(&*store)? {
        return Ok(Plain::I31(value.get_i32()));
    }
    if to.is_eqref(&*store)? {
        return Ok(Plain::Something);
    }
    let outside = ExternRef::convert_any(&mut *store, to)?;
    Ok(number(store, outside)?.unwrap_or(Plain::Something))
}

/// How a call ended that did not return.
fn ended(store: &mut Store<()>, error: &Error) -> End {
    if error.is::<ThrownException>() {
        return End::Trapped(match carried(store) {
            Ok(values) => Why::Exception(values),
            Err(error) => Why::Other(error.to_string()),
        });
    }
    let Some(trap) = error.downcast_ref::<Trap>() else {
        return End::Trapped(Why::Other(format!("{error:?}")));
    };
    End::Trapped(match trap {
        Trap::StackOverflow | Trap::OutOfFuel | Trap::AllocationTooLarge => return End::Exhausted,
        Trap::UnreachableCodeReached => Why::Unreachable,
        Trap::MemoryOutOfBounds => Why::MemoryOutOfBounds,
        Trap::TableOutOfBounds => Why::TableOutOfBounds,
        Trap::IndirectCallToNull => Why::NullElement,
        Trap::BadSignature => Why::TypeMismatch,
        Trap::IntegerDivisionByZero => Why::DivideByZero,
        Trap::IntegerOverflow => Why::Overflow,
        Trap::BadConversionToInteger => Why::BadConversion,
        Trap::NullReference => Why::NullReference,
        Trap::CastFailure => Why::CastFailure,
        Trap::ArrayOutOfBounds => Why::ArrayOutOfBounds,
        Trap::HeapMisaligned => Why::UnalignedAtomic,
        Trap::AtomicWaitNonSharedMemory => Why::ExpectedShared,
        other => Why::Other(other.to_string()),
    })
}

/// What the uncaught exception carries.
fn carried(store: &mut Store<()>) -> Result<Vec<Plain>> {
    let mut context = store.as_context_mut();
    let exception = context.take_pending_exception();
    let exception = exception.ok_or_else(|| Error::msg("no exception"))?;
    let values: Vec<Val> = exception.fields(context)?.collect();
    values.into_iter().map(|value| plain(store, value)).collect()
}
