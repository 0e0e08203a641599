//! Functions whose types are known to the compiler.

use core::marker::PhantomData;

use super::Store;
use crate::error::{Error, Result};
use crate::exec::Task;
use crate::host::typed::NativeTypes;
use crate::ids::FuncAddr;
use crate::types::ValType;
use crate::value::Value;

/// A function that takes `Params` and returns `Results`; see [`Store::typed_func`].
pub struct TypedFunc<Params, Results> {
    func: FuncAddr,
    types: PhantomData<fn(Params) -> Results>,
}

impl<Params, Results> Clone for TypedFunc<Params, Results> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Params, Results> Copy for TypedFunc<Params, Results> {}

impl<Params, Results> core::fmt::Debug for TypedFunc<Params, Results> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "TypedFunc({})", self.func)
    }
}

impl Store {
    /// A function in types of Rust: numbers, [references](crate::host::typed), or tuples of them.
    ///
    /// ```
    /// # #[cfg(feature = "wat")] {
    /// # use stepwell_engine::{Engine, Linker, Module, Store};
    /// # let engine = Engine::default();
    /// let module = Module::from_wat(
    ///     &engine,
    ///     r#"(module (func (export "div") (param i32 i32) (result i32 i32)
    ///          (i32.div_u (local.get 0) (local.get 1))  (i32.rem_u (local.get 0) (local.get 1))))"#,
    /// )?;
    /// let mut store = Store::new(&engine);
    /// let instance = Linker::new().instantiate(&mut store, &module)?;
    /// let div = store.typed_func::<(u32, u32), (u32, u32)>(store.export_func(instance, "div")?)?;
    /// assert_eq!(div.call(&mut store, (17, 5))?, (3, 2));
    /// # }
    /// # Ok::<(), stepwell_engine::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownIndex`] if the store has no such function; [`Error::Arity`] or [`Error::Type`] if its
    /// type is another one.
    pub fn typed_func<Params: NativeTypes, Results: NativeTypes>(
        &self,
        func: FuncAddr,
    ) -> Result<TypedFunc<Params, Results>> {
        let unknown = Error::UnknownIndex { what: "function", index: u64::from(func.0) };
        let ty = self.func_type(func).ok_or(unknown)?;
        self.check_types(("parameters", "parameter"), ty.params(), Params::TYPES, true)?;
        self.check_types(("results", "result"), ty.results(), Results::TYPES, false)?;
        Ok(TypedFunc { func, types: PhantomData })
    }

    /// Whether values go from one list of types to the other: those `given` to the function, or those that it
    /// has.
    fn check_types(
        &self,
        (many, one): (&'static str, &'static str),
        own: &[ValType],
        asked: &[ValType],
        given: bool,
    ) -> Result<()> {
        if own.len() != asked.len() {
            return Err(Error::Arity { what: many, expected: own.len(), found: asked.len() });
        }
        for (position, (&expected, &found)) in own.iter().zip(asked).enumerate() {
            let (from, to) = if given { (found, expected) } else { (expected, found) };
            if from != to && !self.types.val_matches(from, to) {
                return Err(Error::Type { what: one, position, expected, found });
            }
        }
        Ok(())
    }
}

impl<Params: NativeTypes, Results: NativeTypes> TypedFunc<Params, Results> {
    /// The function.
    pub fn func(&self) -> FuncAddr {
        self.func
    }

    /// Calls the function and runs it to its end.
    ///
    /// # Errors
    /// Those of [`Store::invoke`], and those of [`Store::typed_func`] in a store whose function of this
    /// address is another one.
    pub fn call(&self, store: &mut Store, params: Params) -> Result<Results> {
        let task = self.start(store, params)?;
        let values = store.finish(task)?;
        Ok(Results::from_values(&values))
    }

    /// Starts the function: the task stands before its first instruction.
    ///
    /// # Errors
    /// Those of [`Store::start`], and those of [`Store::typed_func`] in a store whose function of this
    /// address is another one.
    pub fn start(&self, store: &mut Store, params: Params) -> Result<Task> {
        store.typed_func::<Params, Results>(self.func)?;
        store.start(self.func, &params.into_values())
    }

    /// The results that a task of this function has stopped with.
    ///
    /// # Errors
    /// [`Error::Arity`] or [`Error::Type`] if they are not of its types.
    pub fn results(&self, store: &Store, values: &[Value]) -> Result<Results> {
        store.check_values(("results", "result"), Results::TYPES, values)?;
        Ok(Results::from_values(values))
    }
}
