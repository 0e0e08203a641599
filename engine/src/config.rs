//! What an embedder decides before anything is loaded: limits.

use alloc::sync::Arc;

use crate::features::Features;
#[cfg(feature = "std")]
use crate::store::allocator::Pool;
use crate::store::allocator::{InstanceAllocator, OnDemand};

/// Limits that every module, store and task of an [`Engine`] respects.
///
/// A module or a run that would exceed one gets [`Error::Limit`](crate::Error::Limit) or a trap,
/// never an abort. Each field has a method that sets it:
///
/// ```
/// # use stepwell_engine::Config;
/// let config = Config::default().max_call_depth(200);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// What modules may use. Default: everything that the engine executes.
    pub features: Features,
    /// Largest module in bytes. Default: 512 MiB.
    pub max_module_size: usize,
    /// Most locals of one function, its parameters included. Default: 50,000.
    pub max_locals: u32,
    /// Deepest nesting of calls in a task, in frames. Default: 20,000.
    pub max_call_depth: u32,
    /// Deepest nesting of host functions that have called back into wasm, in a task. Each may have
    /// `max_call_depth` frames above it. Default: 100.
    pub max_host_depth: u32,
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
    /// Largest heap of structures, arrays and exceptions of a store, in bytes, garbage included. Default:
    /// 1 GiB, on 32-bit hosts 256 MiB.
    pub max_heap: u64,
    /// Most instances in one store. Default: 100,000.
    pub max_instances: u32,
    /// Threads that validate a module, at most; small ones take one. Without `std` it is always one.
    /// Default: as many as the system runs at the same time, but no more than 4.
    pub validation_threads: u32,
    /// Where memories, tables, task stacks and instances come from.
    pub allocation: Allocation,
    /// How instructions are executed; what they do, and how many are counted, is the same.
    pub tier: Tier,
}

/// Where memories, tables, task stacks and instances come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Allocation {
    /// From the system, when they are needed.
    #[default]
    OnDemand,
    /// From slots that all stores of the engine share. For hosts that make many short-lived
    /// instances: a slot is used again without asking the system, and there are never more of them.
    #[cfg(feature = "std")]
    Pooling(Pooling),
}

/// How many slots a pool has, and how large they are.
///
/// [`Module::new`](crate::Module::new) refuses a module that can never fit, with the limit's name.
/// `max_memory_pages` and `max_table_size` of the [`Config`] are lowered to what a slot holds. What
/// is asked for when all slots of a kind are in use is an [`Error::Limit`](crate::Error::Limit).
///
/// No memory, table or stack shows what was in its slot before.
///
/// ```
/// # #[cfg(feature = "wat")] {
/// use stepwell_engine::{Allocation, Config, Engine, Linker, Module, Pooling, Store};
///
/// let pooling = Pooling::default().instances(2);
/// let config = Config::default().allocation(Allocation::Pooling(pooling));
/// let engine = Engine::new(config);
/// let module = Module::from_wat(&engine, "(module (memory 1))")?;
/// for _ in 0..1_000 {
///     let mut store = Store::new(&engine);
///     Linker::new().instantiate(&mut store, &module)?;
/// }
/// # }
/// # Ok::<(), stepwell_engine::Error>(())
/// ```
#[cfg(feature = "std")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pooling {
    /// Instances at the same time, over all stores. Default: 1,000.
    pub instances: u32,
    /// Memories at the same time. Default: 1,000.
    pub memories: u32,
    /// Largest memory in pages of 64 KiB. Addresses for all slots are reserved; memory is taken as it
    /// is touched. Default: 16,384 (1 GiB).
    pub memory_pages: u64,
    /// Bytes up to which a memory keeps its pages from one use to the next and is cleared in place;
    /// those of larger ones go back to the system. Default: 256 KiB.
    pub keep_resident: usize,
    /// Tables at the same time. Default: 1,000.
    pub tables: u32,
    /// Largest table in elements. Default: 20,000.
    pub table_elements: u64,
    /// Tasks at the same time. Default: 1,000.
    pub stacks: u32,
}

#[cfg(feature = "std")]
impl Default for Pooling {
    fn default() -> Self {
        Self {
            instances: 1_000,
            memories: 1_000,
            memory_pages: 16_384,
            keep_resident: 256 << 10,
            tables: 1_000,
            table_elements: 20_000,
            stacks: 1_000,
        }
    }
}

/// How instructions are executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tier {
    /// Translated to register operations wherever the budget covers more than a few instructions and
    /// no log of memory accesses is kept.
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
            features: Features::ALL,
            max_module_size: 512 << 20,
            max_locals: 50_000,
            max_call_depth: 20_000,
            max_host_depth: 100,
            max_value_stack: 1 << 20,
            max_memory_pages: 65_536,
            max_store_memory: if cfg!(target_pointer_width = "64") { 8 << 30 } else { 1 << 30 },
            max_table_size: 10_000_000,
            max_store_table: 20_000_000,
            max_heap: if cfg!(target_pointer_width = "64") { 1 << 30 } else { 256 << 20 },
            max_instances: 100_000,
            validation_threads: parallel(),
            allocation: Allocation::OnDemand,
            tier: Tier::Fast,
        }
    }
}

macro_rules! setters {
    ($($(#[$attribute:meta])* $of:ident { $($field:ident: $ty:ty,)* })*) => {$(
        $(#[$attribute])*
        impl $of {$(
            #[doc = concat!("Sets [`", stringify!($field), "`](", stringify!($of), "::", stringify!($field), ").")]
            #[must_use]
            pub fn $field(mut self, $field: $ty) -> Self {
                self.$field = $field;
                self
            }
        )*}
    )*};
}

setters! {
    Config {
        features: Features,
        max_module_size: usize,
        max_locals: u32,
        max_call_depth: u32,
        max_host_depth: u32,
        max_value_stack: u32,
        max_memory_pages: u64,
        max_store_memory: u64,
        max_table_size: u64,
        max_store_table: u64,
        max_heap: u64,
        max_instances: u32,
        validation_threads: u32,
        allocation: Allocation,
        tier: Tier,
    }
    #[cfg(feature = "std")]
    Pooling {
        instances: u32,
        memories: u32,
        memory_pages: u64,
        keep_resident: usize,
        tables: u32,
        table_elements: u64,
        stacks: u32,
    }
}

/// Threads that are worth having.
fn parallel() -> u32 {
    #[cfg(feature = "std")]
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
    #[cfg(not(feature = "std"))]
    let threads = 1;
    threads.min(4) as u32
}

/// A configuration shared by modules and stores, and their pool if they have one. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Engine {
    config: Arc<Config>,
    allocator: Arc<dyn InstanceAllocator>,
}

impl Engine {
    /// An engine with these limits.
    pub fn new(mut config: Config) -> Self {
        let allocator: Arc<dyn InstanceAllocator> = match &config.allocation {
            Allocation::OnDemand => Arc::new(OnDemand),
            #[cfg(feature = "std")]
            Allocation::Pooling(pooling) => Arc::new(Pool::new(pooling.clone())),
        };
        allocator.tune(&mut config);
        if !crate::exec::fast::keeps_stack() {
            config.tier = Tier::Exact;
        }
        Self { config: Arc::new(config), allocator }
    }

    /// The limits in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn allocator(&self) -> &Arc<dyn InstanceAllocator> {
        &self.allocator
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new(Config::default())
    }
}
