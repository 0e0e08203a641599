//! What the host functions of one run share.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use stepwell_engine::module::Import;
use stepwell_engine::text::{dotted, identifier, path_part};
use stepwell_engine::{
    AsyncCaller, Caller, Error, Extern, ExternType, InstanceId, Linker, Store, ValType, Value,
};
use stepwell_wasi::{Note, NoteKind, Wasi};
use web_time::{Instant, SystemTime, UNIX_EPOCH};

use super::call::{AsyncCall, AsyncFunction, Call, Function, Item, Lookup};
use super::emscripten::Runtime;
use super::guess::look_up;
use super::log::Origin;
use super::{ConsoleLog, HostSet, Stdin, Timers, js_string, spectest, wasi};

/// What clocks show.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub enum Time {
    /// The time of the day.
    #[default]
    Real,
    /// So many milliseconds since 1970 at first, and one nanosecond more with each instruction that
    /// the calling task executes: the same in every run.
    Counted {
        /// Milliseconds since 1970 at first.
        begin: f64,
    },
}

/// The state of one run's host functions; clones are the same state.
///
/// It belongs to one store: a further run in another store gets a new one, which may keep log and
/// input. A call that is answered from a record does not come here: nothing is printed or read again.
#[derive(Clone)]
pub struct HostState {
    inner: Rc<Inner>,
}

struct Inner {
    log: ConsoleLog,
    stdin: Stdin,
    wasi: RefCell<Wasi>,
    /// Who makes the WASI call that writes.
    writer: Rc<Cell<Option<Origin>>>,
    timers: Timers,
    time: Cell<Time>,
    started: Instant,
    random: Cell<u64>,
    /// Memories, tables and globals that have been made, by the name they are imported as.
    made: RefCell<BTreeMap<(String, String), Extern>>,
    runtimes: RefCell<BTreeMap<Option<InstanceId>, Runtime>>,
    notes: RefCell<Option<(Listener, BTreeSet<NoteKind>)>>,
}

type Listener = Box<dyn FnMut(&str)>;

impl Default for HostState {
    fn default() -> Self {
        Self::new(ConsoleLog::default(), Stdin::default())
    }
}

impl fmt::Debug for HostState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostState").field("log", &self.inner.log).finish_non_exhaustive()
    }
}

impl HostState {
    /// The state of a new run.
    pub fn new(log: ConsoleLog, stdin: Stdin) -> Self {
        let writer = Rc::new(Cell::new(None));
        Self {
            inner: Rc::new(Inner {
                wasi: RefCell::new(wasi::context(&log, &stdin, &writer)),
                writer,
                timers: Timers::default(),
                log,
                stdin,
                time: Cell::default(),
                started: Instant::now(),
                random: Cell::new(0),
                made: RefCell::default(),
                runtimes: RefCell::default(),
                notes: RefCell::default(),
            }),
        }
    }

    /// What programs have written.
    pub fn log(&self) -> &ConsoleLog {
        &self.inner.log
    }

    /// What programs read.
    pub fn stdin(&self) -> &Stdin {
        &self.inner.stdin
    }

    /// What programs of WASI see and change.
    pub fn wasi(&self) -> &RefCell<Wasi> {
        &self.inner.wasi
    }

    /// A context for another program: it writes to the log and reads from the standard input, and has no
    /// arguments, environment and files yet.
    pub fn new_wasi(&self) -> Wasi {
        wasi::context(&self.inner.log, &self.inner.stdin, &self.inner.writer)
    }

    pub(super) fn writer(&self) -> &Cell<Option<Origin>> {
        &self.inner.writer
    }

    /// Hands the first note of each kind to `listener`: what works here and not everywhere, with the call
    /// that it is about.
    pub fn listen_to_notes(&self, listener: impl FnMut(&str) + 'static) {
        *self.inner.notes.borrow_mut() = Some((Box::new(listener), BTreeSet::new()));
    }

    pub(super) fn listens_to_notes(&self) -> bool {
        self.inner.notes.borrow().is_some()
    }

    pub(super) fn note(&self, caller: &Caller<'_>, module: &str, name: &str, note: &Note) {
        // A listener that makes calls itself does not hear of those.
        let Ok(mut notes) = self.inner.notes.try_borrow_mut() else { return };
        let Some((listener, told)) = notes.as_mut() else { return };
        if told.insert(note.kind()) {
            listener(&format!("{}, {}: {note}", dotted(module, name), place(caller)));
        }
    }

    /// What tasks wait for that sleep.
    pub fn timers(&self) -> &Timers {
        &self.inner.timers
    }

    /// Changes what clocks show.
    pub fn set_time(&self, time: Time) {
        self.inner.time.set(time);
    }

    /// Milliseconds since 1970, for a task that has executed so many instructions.
    pub fn unix_time(&self, executed: u64) -> f64 {
        match self.inner.time.get() {
            Time::Real => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                since.map_or(0.0, |since| since.as_millis() as f64)
            }
            Time::Counted { begin } => begin + (executed as f64 / 1e6).floor(),
        }
    }

    /// Milliseconds since the run began, with fractions.
    pub fn elapsed(&self, executed: u64) -> f64 {
        match self.inner.time.get() {
            Time::Real => self.inner.started.elapsed().as_secs_f64() * 1e3,
            Time::Counted { .. } => executed as f64 / 1e6,
        }
    }

    /// A random number, good for games and hash tables. With [counted](Time::Counted) time the same in
    /// every run.
    pub(super) fn random(&self) -> u64 {
        let seed = match self.inner.time.get() {
            Time::Real => self.unix_time(0).to_bits() ^ self.elapsed(0).to_bits().rotate_left(32),
            Time::Counted { begin } => begin.to_bits(),
        };
        // SplitMix64.
        let state = match self.inner.random.get() {
            0 => seed,
            state => state,
        };
        let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.inner.random.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A random number from 0 up to, but not including, 1.
    pub(super) fn random_fraction(&self) -> f64 {
        (self.random() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// What Emscripten's JavaScript would hold for an instance.
    pub(super) fn runtime<R>(
        &self,
        instance: Option<InstanceId>,
        work: impl FnOnce(&mut Runtime) -> R,
    ) -> R {
        work(self.inner.runtimes.borrow_mut().entry(instance).or_default())
    }

    /// Defines exactly this import: a function, or the memory, table or global that the set has; false
    /// if the set does not [provide](super::provides) it.
    ///
    /// A linker must be used with the store that its definitions were made in.
    ///
    /// # Errors
    /// [`Error::Limit`] and [`Error::OutOfMemory`] for a memory or table that cannot be made.
    pub fn define(
        &self,
        set: HostSet,
        import: &Import,
        linker: &mut Linker,
        store: &mut Store,
    ) -> Result<bool, Error> {
        match set {
            HostSet::Wasi => return Ok(wasi::define(self, import, linker)),
            HostSet::Timer => return Ok(self.inner.timers.define(import, linker)),
            HostSet::JsString => return Ok(js_string::define(import, linker)),
            _ => {}
        }
        let Lookup::Found(item) = look_up(set, import) else { return Ok(false) };
        match (item, &import.ty) {
            (Item::Function(function), ExternType::Func(_)) => {
                self.link_function(import, function, linker)
            }
            (Item::Future(function), ExternType::Func(_)) => {
                self.link_future(import, function, linker)
            }
            (Item::Made(ty, value), _) => {
                let made = self.made(import, &ty, value, store)?;
                linker.define(&import.module, &import.name, made);
            }
            (Item::Function(_) | Item::Future(_), _) => return Ok(false),
        }
        Ok(true)
    }

    /// Defines everything that the specification's test suite imports from `spectest`.
    ///
    /// # Errors
    /// Those of [`HostState::define`].
    pub fn define_spectest(&self, linker: &mut Linker, store: &mut Store) -> Result<(), Error> {
        for import in spectest::all() {
            self.define(HostSet::Spectest, &import, linker, store)?;
        }
        Ok(())
    }

    fn link_function(&self, import: &Import, function: Rc<Function>, linker: &mut Linker) {
        let ExternType::Func(ty) = &import.ty else { return };
        let state = self.clone();
        let results: Rc<[ValType]> = ty.results().into();
        linker.func_local(&import.module, &import.name, ty.clone(), move |caller, args| {
            function(&mut Call { state: &state, caller, args, results: &results })
        });
    }

    fn link_future(&self, import: &Import, function: AsyncFunction, linker: &mut Linker) {
        let ExternType::Func(ty) = &import.ty else { return };
        let state = self.clone();
        let results: Rc<[ValType]> = ty.results().into();
        let name: Rc<str> = Rc::from(&*import.name);
        let begin = move |caller: AsyncCaller, args: Vec<Value>| {
            let (state, name, results) = (state.clone(), name.clone(), results.clone());
            async move {
                let instance = caller.with(|caller| caller.instance()).await?;
                function(AsyncCall { state, caller, instance, name, args, results }).await
            }
        };
        linker.func_async_local(&import.module, &import.name, ty.clone(), begin);
    }

    fn made(
        &self,
        import: &Import,
        ty: &ExternType,
        value: Option<Value>,
        store: &mut Store,
    ) -> Result<Extern, Error> {
        let key = (import.module.to_string(), import.name.to_string());
        let known = self.inner.made.borrow().get(&key).copied();
        if let Some(known) = known
            && store.extern_type(known).is_some_and(|found| matches(&found, &import.ty))
        {
            return Ok(known);
        }
        let made = match ty {
            ExternType::Memory(ty) => Extern::Memory(store.new_memory(*ty)?),
            ExternType::Table(ty) => Extern::Table(store.new_table(*ty)?),
            ExternType::Global(ty) => {
                let value = value.unwrap_or_else(|| Value::default_of(ty.content));
                Extern::Global(store.new_global(*ty, value)?)
            }
            ExternType::Func(_) | ExternType::Tag(_) => {
                return Err(Error::UnknownExport { name: import.name.to_string() });
            }
        };
        self.inner.made.borrow_mut().insert(key, made);
        Ok(made)
    }
}

/// Where a call is made: `main.$f at 0x0041`.
fn place(caller: &Caller<'_>) -> String {
    let Some(site) = caller.site() else { return "called by the embedder".to_owned() };
    let func = match caller.func_name() {
        Some(name) => identifier(name),
        None => format!("func[{}]", site.func),
    };
    let module = path_part(caller.module_name().unwrap_or("?"));
    format!("{module}.{func} at 0x{:04x}", site.offset.0)
}

/// Whether a memory, table or global of one type can be imported as another (*Matching, external
/// types*). Types defined by modules fit nothing: their numbers mean something there only.
pub(super) fn matches(found: &ExternType, wanted: &ExternType) -> bool {
    match (found, wanted) {
        (ExternType::Memory(found), ExternType::Memory(wanted)) => {
            (found.index64, found.shared, found.page_size_log2)
                == (wanted.index64, wanted.shared, wanted.page_size_log2)
                && found.limits.matches(&wanted.limits)
        }
        (ExternType::Table(found), ExternType::Table(wanted)) => {
            (found.index64, found.element) == (wanted.index64, wanted.element)
                && found.limits.matches(&wanted.limits)
        }
        (ExternType::Global(found), ExternType::Global(wanted)) => found == wanted,
        _ => false,
    }
}
