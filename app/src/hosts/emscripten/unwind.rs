//! `longjmp` and thrown C++ exceptions, as programs have them that do not use wasm's own exceptions.
//!
//! Whatever may be left that way is called through an import `invoke_…`, which calls the function back by
//! its index in the table. The throwing function traps with a message that stands for the throw; `invoke_…`
//! catches it, puts the program's stack pointer back, and notes in a variable of the program, by its export
//! `setThrew`, that something was thrown. The program looks there after each such call.

use stepwell_engine::{
    Caller, Extern, FuncAddr, FuncType, HostError, HostResult, Trap, TrapCode, ValType, Value,
};

use super::super::call::{Answering, AsyncCall, Call, number, trap, unsigned};
use super::{Does, Entry};

/// What a throw traps with; what no `invoke_…` catches, a person reads.
const LONGJMP: &str = "longjmp, and no setjmp that is still running to go back to";
pub(super) const THROW: &str = "a C++ exception was thrown, and nothing catches it; unless the program was \
                                built with -fexceptions, it cannot catch any";

pub(super) const FUNCTIONS: &[Entry] = &[
    Entry("_emscripten_throw_longjmp", &["v"], Does::At(throw_longjmp)),
    Entry("emscripten_throw_longjmp", &["v"], Does::At(throw_longjmp)),
    Entry("emscripten_longjmp", &["vpi"], Does::Back(longjmp)),
    Entry("emscripten_longjmp_jmpbuf", &["vpi"], Does::Back(longjmp)),
];

fn throw_longjmp(_: &mut Call<'_, '_>) -> HostResult {
    trap(LONGJMP)
}

fn longjmp(call: AsyncCall) -> Answering {
    Box::pin(async move {
        let (buffer, value) = (unsigned(&call.args, 0), unsigned(&call.args, 1));
        call.set_threw(buffer as i64, value as i64).await?;
        trap(LONGJMP)
    })
}

fn is_throw(trap: &Trap) -> bool {
    matches!(&trap.code, TrapCode::Host(message) if matches!(&**message, LONGJMP | THROW))
}

/// `invoke_…(index, arguments…)`.
pub(super) fn invoke(call: AsyncCall) -> Answering {
    Box::pin(async move {
        let stack = call.call(&["emscripten_stack_get_current", "stackSave"], &[]).await?;
        let (func, args) = call.invoked().await?;
        let thrown = match call.caller.try_call(func, &args).await? {
            Ok(values) => return Ok(values),
            Err(trap) if is_throw(&trap) => trap,
            Err(trap) => return Err(trap.into()),
        };
        if let Some(stack) = stack {
            call.call(&["_emscripten_stack_restore", "stackRestore"], &[stack]).await?;
        }
        if call.set_threw(1, 0).await?.is_none() {
            return Err(thrown.into());
        }
        Ok(call.results.iter().map(|ty| Value::default_of(*ty)).collect())
    })
}

impl AsyncCall {
    /// What an `invoke_…` is to call: the function in the table, or where that has numbers of 64 bits and
    /// they came as halves, the export that puts them together.
    async fn invoked(&self) -> Result<(FuncAddr, Vec<Value>), HostError> {
        let (index, name) = (unsigned(&self.args, 0), self.name.clone());
        let args = self.args.clone();
        let results = self.results.clone();
        let find = move |caller: &mut Caller<'_>| {
            let func = table_entry(caller, index).map_err(|what| format!("{name}: {what}"))?;
            let given = args.get(1..).unwrap_or_default();
            if takes(caller.store().func_type(func), given, &results) {
                return Ok((func, given.to_vec()));
            }
            let signature = name.strip_prefix("invoke_").unwrap_or_default();
            let Some(Extern::Func(dynamic)) = caller.export(&format!("dynCall_{signature}")) else {
                return trap(format!("{name}: the function at index {index} is of another type"));
            };
            match takes(caller.store().func_type(dynamic), &args, &results) {
                true => Ok((dynamic, args)),
                false => trap(format!("{name}: dynCall_{signature} is of another type")),
            }
        };
        self.caller.with_local(find).await?
    }

    /// Calls the first of these exports that there is with integers; its result, or 0. `None` without one.
    pub(super) async fn call(
        &self,
        names: &'static [&'static str],
        args: &[i64],
    ) -> Result<Option<i64>, HostError> {
        let args = args.to_vec();
        let find = move |caller: &mut Caller<'_>| {
            let export = |name: &&str| match caller.export(name) {
                Some(Extern::Func(func)) => Some((func, caller.store().func_type(func)?.clone())),
                _ => None,
            };
            let (func, ty) = names.iter().find_map(export)?;
            let args: Vec<Value> =
                ty.params().iter().zip(&args).map(|(ty, arg)| number(*ty, *arg)).collect();
            Some((func, args))
        };
        let Some((func, args)) = self.caller.with_local(find).await? else { return Ok(None) };
        let values = self.caller.call(func, &args).await?;
        Ok(Some(match values.first() {
            Some(Value::I32(value)) => i64::from(*value as u32),
            Some(Value::I64(value)) => *value,
            _ => 0,
        }))
    }

    pub(super) async fn set_threw(&self, threw: i64, value: i64) -> Result<Option<i64>, HostError> {
        self.call(&["setThrew", "_setThrew"], &[threw, value]).await
    }
}

fn table_entry(caller: &Caller<'_>, index: u64) -> Result<FuncAddr, String> {
    let table = match caller.export("__indirect_function_table") {
        Some(Extern::Table(table)) => Some(table),
        _ => {
            let instance = caller.instance().and_then(|id| caller.store().instance(id));
            instance.and_then(|instance| instance.tables().first().copied())
        }
    };
    let table = table.and_then(|table| caller.store().table(table));
    match table.map(|table| table.get(index)) {
        Some(Some(Value::FuncRef(Some(func)))) => Ok(func),
        Some(Some(_)) => Err(format!("no function stands at index {index} of the table")),
        Some(None) => Err(format!("index {index} lies beyond the end of the table")),
        None => Err("the module has no table of functions".to_owned()),
    }
}

fn takes(ty: Option<&FuncType>, args: &[Value], results: &[ValType]) -> bool {
    ty.is_some_and(|ty| {
        ty.results() == results && ty.params().iter().copied().eq(args.iter().map(Value::ty))
    })
}
