//! What runs before a module is used: `_initialize` of a reactor.

use stepwell_engine::ExternType;
use stepwell_engine::module::Module;

/// The export of a reactor that prepares it (*application ABI*).
pub const INITIALIZE: &str = "_initialize";

/// What a module has under the name [`INITIALIZE`].
#[derive(Clone, PartialEq, Debug)]
pub enum Initializer {
    /// Nothing: the module can be used as it is.
    Absent,
    /// A function that is to be called once, behind the start function and before any other export.
    Function,
    /// Something else, that cannot be called so.
    Misfit(ExternType),
}

impl Initializer {
    /// What a module has.
    ///
    /// ```
    /// use stepwell_engine::{Config, Engine, Module};
    /// use stepwell_wasi::Initializer;
    ///
    /// let engine = Engine::new(Config::default());
    /// let reactor = Module::from_wat(&engine, r#"(module (func (export "_initialize")))"#)?;
    /// assert_eq!(Initializer::of(&reactor), Initializer::Function);
    /// # Ok::<(), stepwell_engine::Error>(())
    /// ```
    pub fn of(module: &Module) -> Self {
        let item = module.export(INITIALIZE).map(|export| export.item);
        match item.and_then(|item| module.export_type(item)) {
            None => Self::Absent,
            Some(ExternType::Func(ty)) if ty.params().is_empty() && ty.results().is_empty() => {
                Self::Function
            }
            Some(other) => Self::Misfit(other),
        }
    }
}
