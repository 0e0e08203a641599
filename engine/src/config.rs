//! What an embedder decides before anything is loaded: limits.

use alloc::sync::Arc;

/// Limits that every module, store and task of an [`Engine`] respects.
///
/// A module or a run that would exceed one gets [`Error::Limit`](crate::Error::Limit) or a trap,
/// never an abort. Change single fields with struct update syntax:
///
/// ```
/// # use stepwell_engine::Config;
/// let config = Config { max_call_depth: 200, ..Config::default() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Largest module in bytes. Default: 512 MiB.
    pub max_module_size: usize,
    /// Most locals of one function, its parameters included. Default: 50,000.
    pub max_locals: u32,
    /// Deepest nesting of calls in a task, in frames. Default: 20,000.
    pub max_call_depth: u32,
    /// Largest value stack of a task, in 8-byte slots over all frames. Default: 1 Mi slots (8 MiB).
    pub max_value_stack: u32,
    /// Largest linear memory in pages of 64 KiB. Default: 65,536 (4 GiB).
    pub max_memory_pages: u64,
    /// All linear memories of a store together, in bytes. Default: 8 GiB, on 32-bit hosts 1 GiB.
    pub max_store_memory: u64,
    /// Largest table in elements. Default: 10,000,000.
    pub max_table_size: u64,
    /// All tables of a store together, in elements. Default: 20,000,000.
    pub max_store_table: u64,
    /// Most instances in one store. Default: 100,000.
    pub max_instances: u32,
    /// How instructions are executed; what they do, and how many are counted, is the same.
    pub tier: Tier,
}

/// How instructions are executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// Translated to register operations wherever nobody observes and the budget covers more than a
    /// few instructions.
    #[default]
    Fast,
    /// One by one, as the code section has them.
    Exact,
    /// In turns of lengths that look random but are the same each time. For tests.
    Mixed,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_module_size: 512 << 20,
            max_locals: 50_000,
            max_call_depth: 20_000,
            max_value_stack: 1 << 20,
            max_memory_pages: 65_536,
            max_store_memory: if cfg!(target_pointer_width = "64") { 8 << 30 } else { 1 << 30 },
            max_table_size: 10_000_000,
            max_store_table: 20_000_000,
            max_instances: 100_000,
            tier: Tier::Fast,
        }
    }
}

/// A configuration shared by modules and stores. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Engine {
    config: Arc<Config>,
}

impl Engine {
    /// An engine with these limits.
    pub fn new(config: Config) -> Self {
        Self { config: Arc::new(config) }
    }

    /// The limits in force.
    pub fn config(&self) -> &Config {
        &self.config
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new(Config::default())
    }
}
