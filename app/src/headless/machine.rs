//! Modules from files, linked under their stems, and the tasks to run in them: in the order of linking what
//! prepares each module, then the export.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use stepwell_engine::module::Import;
use stepwell_engine::module::disassemble::{Instruction, Listing};
use stepwell_engine::store::{FuncInfo, ObjectKind};
use stepwell_engine::text::{dotted, escaped, path_part, quoted};
use stepwell_engine::{
    AnyRef, AtomicWait, CallSite, Config, Engine, ExternType, FuncAddr, FuncIndex, FuncType,
    HostAnswer, HostCall, InstanceId, Linker, Module, Store, Task, Trap, TrapFrame, Value,
};
use stepwell_wasi::{INITIALIZE, Initializer, Wasi, system};

use super::cli::{self, Failure, Invocation, Stubs};
use super::links::Unlinked;
use super::record::Heard;
use crate::hosts::{self, ConsoleLog, HostSet, HostState, Importer, Stdin, Stream, folders};
use crate::recording;
use crate::session::{
    FuncNames, Namer, ReachedLimit, parse_value, reached_limit, trap_causes, trapped_instruction,
    type_name, value_word,
};

/// How often to look whether standard input has something, while a program polls it.
const INPUT_INTERVAL: Duration = Duration::from_millis(1);

/// Frames of a backtrace that a terminal gets to see.
const BACKTRACE: usize = 16;

/// What a task does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    StartFunction,
    Initialize,
    /// The export that was asked for.
    Call,
}

/// A store, and what is still to be run in it.
pub(super) struct Machine {
    pub(super) store: Store,
    linker: Linker,
    hosts: HostState,
    waiting: VecDeque<(String, Module)>,
    /// An instance whose `_initialize` is to be called, before the next one is made.
    uninitialized: Option<InstanceId>,
    /// What the present task does, in the instance of this stem.
    stage: (Stage, String),
    /// The name that each instance is linked under, and what its functions are called.
    names: BTreeMap<InstanceId, (String, FuncNames)>,
    raw_names: bool,
    /// What programs print, for a recording.
    pub(super) heard: Heard,
    stubs: Option<Stubs>,
    /// Export and arguments; taken when its task is made.
    call: Option<(String, Vec<String>)>,
    /// The stem of the last file given, and its instance once there is one.
    main_stem: String,
    main: Option<InstanceId>,
}

impl Machine {
    /// Loads the files and sees that everything they import is there.
    pub(super) fn new(invocation: &Invocation) -> Result<Self, Failure> {
        if invocation.files.is_empty() {
            return Err(Failure::Usage("at least one FILE is needed".to_owned()));
        }
        let mut config = Config::default();
        config.max_call_depth = invocation.max_call_depth.unwrap_or(config.max_call_depth);
        config.max_value_stack = invocation.max_value_stack.unwrap_or(config.max_value_stack);
        let engine = Engine::new(config);
        let modules = load_all(&engine, &invocation.files)?;
        let mut store = Store::new(&engine);
        if invocation.record.is_some() {
            store.note_steps(u64::MAX);
        }
        let heard = Heard::default();
        let mut machine = Self {
            store,
            linker: Linker::new(),
            hosts: host_state(invocation, &heard)?,
            heard,
            waiting: VecDeque::new(),
            uninitialized: None,
            stage: (Stage::Call, String::new()),
            names: BTreeMap::new(),
            raw_names: invocation.raw_names,
            stubs: invocation.stubs,
            call: None,
            main_stem: modules.last().map(|(stem, _)| stem.clone()).unwrap_or_default(),
            main: None,
        };
        let export = match (&invocation.export, modules.last()) {
            (Some(export), _) => Some(export.clone()),
            (None, Some((_, main))) => main.export("_start").map(|_| "_start".to_owned()),
            (None, None) => None,
        };
        if let (Some(export), Some((_, main))) = (&export, modules.last()) {
            check_call(main, export, &invocation.args)?;
        }
        if export.is_none() {
            cli::complain(
                "stepwell: the main module exports no _start; name an export with --invoke",
            );
        }
        machine.call = export.map(|export| (export, invocation.args.clone()));
        machine.waiting = in_order(modules)?;
        machine.provide()?;
        Ok(machine)
    }

    /// A store that somebody else fills.
    pub(super) fn of_store(store: Store, raw_names: bool) -> Self {
        Self {
            store,
            linker: Linker::new(),
            hosts: HostState::new(ConsoleLog::default(), Stdin::default()),
            waiting: VecDeque::new(),
            uninitialized: None,
            stage: (Stage::Call, String::new()),
            names: BTreeMap::new(),
            raw_names,
            heard: Heard::default(),
            stubs: None,
            call: None,
            main_stem: String::new(),
            main: None,
        }
    }

    /// Learns what the functions of new instances are called.
    pub(super) fn learn_names(&mut self) {
        for instance in self.store.instances().skip(self.names.len()) {
            let Some(module) = self.store.module_of(instance) else { continue };
            let name = self.store.instance_name(instance).unwrap_or_default().to_owned();
            let names = FuncNames::with_form(module, self.raw_names);
            self.names.insert(instance, (name, names));
        }
        // Names are given behind the instantiation.
        for (instance, (known, _)) in &mut self.names {
            if let Some(name) = self.store.instance_name(*instance)
                && name != known
            {
                name.clone_into(known);
            }
        }
    }

    /// Names and modules that are still to be instantiated.
    pub(super) fn modules(&self) -> impl Iterator<Item = (&str, &Module)> {
        self.waiting.iter().map(|(stem, module)| (stem.as_str(), module))
    }

    /// Defines what no file exports, or fails with everything that is missing.
    fn provide(&mut self) -> Result<(), Failure> {
        let waiting = self.waiting.clone();
        let providers: BTreeMap<&str, &Module> =
            waiting.iter().map(|(stem, module)| (stem.as_str(), module)).collect();
        let mut unlinked = Unlinked::default();
        let mut stubbed: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (stem, module) in &waiting {
            let importer = Importer::of(module);
            for (position, import) in module.imports().iter().enumerate() {
                if *import.module != **stem
                    && let Some(provider) = providers.get(&*import.module)
                {
                    unlinked.check(provider, module, position);
                    continue;
                }
                let set = importer.guess(import);
                // Who asks for stubs wants those, where only a name speaks for a set.
                let set = set.filter(|set| *set != HostSet::Console || self.stubs.is_none());
                if let Some(set) = set
                    && self.hosts.define(set, import, &mut self.linker, &mut self.store)?
                {
                    continue;
                }
                if self.stubs.is_none() {
                    unlinked.missing(import, module, &importer);
                } else if stubbed.insert((&import.module, &import.name)) {
                    self.stub(module, import)?;
                }
            }
        }
        unlinked.finish()
    }

    /// Something that fits an import: a function that is answered by [`Machine::answer`], an empty
    /// memory or table, a global of zero.
    fn stub(&mut self, importer: &Module, import: &Import) -> Result<(), Failure> {
        let (module, name) = (&import.module, &import.name);
        if let ExternType::Func(ty) = &import.ty {
            self.linker.func_unresolved(module, name, ty.clone());
        } else if let Some(item) = self.store.new_import(importer, &import.ty)? {
            self.linker.define(module, name, item);
        }
        Ok(())
    }

    /// Waits until a host function that has not answered may have something. False if there is nothing to
    /// wait for.
    pub(super) fn wait_for_host(&mut self) -> bool {
        self.hosts.timers().wake_due();
        let mut wasi = self.hosts.wasi().borrow_mut();
        let now = wasi.monotonic_now();
        let program = wasi.wake_at().map(|at| Duration::from_nanos(at.saturating_sub(now)));
        let input = wasi.awaits_input().then_some(INPUT_INTERVAL);
        let soonest = [program, self.hosts.timers().due_in(), input].into_iter().flatten().min();
        drop(wasi);
        if let Some(time) = soonest {
            std::thread::sleep(time);
        }
        soonest.is_some()
    }

    /// That a host function does not answer.
    pub(super) fn unanswered(&self, call: &HostCall) -> String {
        let place = call.caller.map_or(String::new(), |site| format!(", {}", self.place(site)));
        format!("{} waits, and nothing will come{place}", dotted(&call.module, &call.name))
    }

    /// That a task waits for what nobody will do.
    pub(super) fn deadlock(&self, wait: &AtomicWait) -> String {
        let place = wait.site.map_or(String::new(), |site| format!(", {}", self.place(site)));
        let error = stepwell_engine::Error::Deadlock { address: wait.address };
        format!("{error}{place}")
    }

    /// The next task: what prepares the modules, then the export. `None` when nothing is left.
    pub(super) fn next_task(&mut self) -> Result<Option<Task>, Failure> {
        loop {
            if let Some(instance) = self.uninitialized.take() {
                let func = self.store.export_func(instance, INITIALIZE)?;
                self.stage = (Stage::Initialize, self.name(instance).to_owned());
                return Ok(Some(self.store.start(func, &[])?));
            }
            let Some((stem, module)) = self.waiting.pop_front() else { break };
            let made = self.linker.begin_instantiate(&mut self.store, &module);
            let fail = |error| Failure::Error(format!("{}: {error}", path_part(&stem)));
            let made = made.map_err(fail)?;
            let files: BTreeSet<&str> =
                self.names.values().map(|(stem, _)| stem.as_str()).collect();
            hosts::place_symbols(&mut self.store, made.instance, |import| {
                let import = module.imports().get(import);
                import.is_some_and(|import| !files.contains(&*import.module))
            })
            .map_err(fail)?;
            self.linker.define_instance(&stem, made.instance);
            self.store.name_instance(made.instance, &stem);
            let is_main = stem == self.main_stem;
            if is_main {
                self.main = Some(made.instance);
            }
            // Who asks for it gets it: it is to be called once.
            let is_call = is_main && self.call.as_ref().is_some_and(|(name, _)| name == INITIALIZE);
            match Initializer::of(&module) {
                Initializer::Function if !is_call => self.uninitialized = Some(made.instance),
                Initializer::Misfit(ty) => cli::complain(&format!(
                    "stepwell: {} is not called before other exports: {ty}",
                    dotted(&stem, INITIALIZE)
                )),
                Initializer::Function | Initializer::Absent => {}
            }
            let names = FuncNames::with_form(&module, self.raw_names);
            self.names.insert(made.instance, (stem.clone(), names));
            if let Some(start) = made.start {
                self.stage = (Stage::StartFunction, stem);
                return Ok(Some(start));
            }
        }
        let (Some(main), Some((export, args))) = (self.main, self.call.take()) else {
            return Ok(None);
        };
        self.stage = (Stage::Call, self.main_stem.clone());
        let func = self.store.export_func(main, &export)?;
        let ty = self.store.func_type(func).cloned();
        let ty = ty.unwrap_or_else(|| FuncType::new([], []));
        let values: Result<Vec<Value>, String> =
            ty.params().iter().zip(&args).map(|(ty, text)| parse_value(*ty, text)).collect();
        let values = values.map_err(Failure::Usage)?;
        Ok(Some(self.store.start(func, &values)?))
    }

    /// What the present task is for, if it only prepares a module: `_initialize of lib, before lib.get`.
    pub(super) fn preparation(&self) -> Option<String> {
        let (stage, stem) = &self.stage;
        let what = match stage {
            Stage::StartFunction => "the start function",
            Stage::Initialize => INITIALIZE,
            Stage::Call => return None,
        };
        let before = self.call.as_ref().map(|(export, _)| dotted(&self.main_stem, export));
        let before = before.map_or_else(String::new, |before| format!(", before {before}"));
        Some(format!("{what} of {}{before}", path_part(stem)))
    }

    /// Says so if the program has ended before the export was called.
    pub(super) fn tell_early_exit(&self, code: i32) {
        if let Some(words) = self.preparation() {
            cli::complain(&format!("stepwell: ended with exit code {code} in {words}"));
        }
    }

    /// The answer to a call of a stubbed import.
    pub(super) fn answer(&self, call: &HostCall) -> HostAnswer {
        match self.stubs {
            Some(Stubs::Zero) => HostAnswer::Return(
                call.ty.results().iter().map(|ty| Value::default_of(*ty)).collect(),
            ),
            _ => HostAnswer::Trap(format!(
                "{} was called, and nothing satisfies this import",
                dotted(&call.module, &call.name)
            )),
        }
    }

    /// The name that an instance is linked under.
    pub(super) fn name(&self, instance: InstanceId) -> &str {
        self.names.get(&instance).map_or("?", |(name, _)| name)
    }

    /// A function's name as its author wrote it, or as the module has it where that is asked for.
    pub(super) fn func_name(&self, instance: InstanceId, func: FuncIndex) -> Option<Cow<'_, str>> {
        self.names.get(&instance)?.1.readable(func)
    }

    /// `main.$f`.
    pub(super) fn func(&self, instance: InstanceId, func: FuncIndex) -> String {
        let func = match self.names.get(&instance) {
            Some((_, names)) => names.place(func),
            None => format!("func[{func}]"),
        };
        format!("{}.{func}", path_part(self.name(instance)))
    }

    /// An instruction of a listing, with functions called as in places.
    pub(super) fn instruction(
        &self,
        site: CallSite,
        listing: &Listing,
        position: usize,
    ) -> Option<Instruction> {
        let (_, names) = self.names.get(&site.instance)?;
        listing.instruction_with(position, &|func| names.operand(func))
    }

    /// A value as one word of a line: a string by what it says.
    pub(super) fn value(&self, value: &Value) -> String {
        value_word(&self.store, value)
    }

    /// `main.$f at 0x0041`.
    pub(super) fn place(&self, site: CallSite) -> String {
        format!("{} at 0x{:04x}", self.func(site.instance, site.func), site.offset.0)
    }

    /// A trap with what it was about and its backtrace, a line each.
    pub(super) fn explain(&self, task: &Task, trap: &Trap) -> String {
        let mut text = format!("trap: {}", escaped(&trap.code.to_string()));
        if let Some(frame) = task.frames(&self.store).next() {
            if let Some(instruction) = trapped_instruction(&frame, &trap.code, self) {
                text.push_str(&format!("\n  {instruction}"));
            }
            for cause in trap_causes(&self.store, &frame, self) {
                text.push_str(&format!("\n  {cause}"));
            }
        }
        if let Some(limit) = reached_limit(&self.store, task, &trap.code) {
            let option = match limit {
                ReachedLimit::CallDepth(_) => ": --max-call-depth",
                ReachedLimit::ValueStack { .. } => ": --max-value-stack",
                ReachedLimit::HostDepth(_) => "",
            };
            text.push_str(&format!("\n  {limit}{option}"));
        }
        for (position, TrapFrame { site, .. }) in trap.backtrace.iter().take(BACKTRACE).enumerate()
        {
            text.push_str(&format!("\n  {position}: {}", self.place(*site)));
        }
        let omitted = trap.omitted_frames + trap.backtrace.len().saturating_sub(BACKTRACE);
        if omitted > 0 {
            text.push_str(&format!(
                "\n  … and {}",
                cli::count(omitted, "frame more", "frames more")
            ));
        }
        if let Some(words) = self.preparation() {
            text.push_str(&format!("\n  in {words}"));
        }
        text
    }
}

impl Namer for Machine {
    fn operand(&self, instance: InstanceId, func: FuncIndex) -> String {
        let names = self.names.get(&instance);
        names.map_or_else(|| func.to_string(), |(_, names)| names.operand(func))
    }

    fn value(&self, value: &Value) -> String {
        let object = match value {
            Value::FuncRef(Some(func)) => return self.func_ref(*func),
            Value::AnyRef(Some(AnyRef::Object(object))) => *object,
            Value::ExnRef(Some(object)) => *object,
            other => return value_word(&self.store, other),
        };
        let type_of = |id, kind: &str| match self.store.origin_of(id) {
            Some((module, index)) => format!("{kind} of type {}", type_name(module, index)),
            None => kind.to_owned(),
        };
        match self.store.object_kind(object) {
            Some(ObjectKind::Struct(id)) => type_of(id, "a structure"),
            Some(ObjectKind::Array(id, len)) => type_of(id, &format!("an array of {len}")),
            _ => value_word(&self.store, value),
        }
    }

    fn func(&self, func: FuncAddr) -> String {
        let ty = self.store.func_type(func).map(ToString::to_string);
        format!("{} of {}", self.func_ref(func), ty.unwrap_or_default())
    }
}

impl Machine {
    /// What a reference to a function refers to: `main.$f`, `host env.log`.
    fn func_ref(&self, func: FuncAddr) -> String {
        match self.store.func_info(func) {
            Some(FuncInfo::Wasm { instance, func }) => self.func(instance, func),
            Some(FuncInfo::Host { module, name }) => format!("host {}", dotted(&module, &name)),
            None => func.to_string(),
        }
    }
}

/// Host functions that use this process's own streams, clocks and folders.
fn host_state(invocation: &Invocation, heard: &Heard) -> Result<HostState, Failure> {
    let (log, stdin) = (ConsoleLog::default(), Stdin::default());
    let keeps_stdout = invocation.keeps_stdout;
    let (records, hearer) = (invocation.record.is_some(), heard.clone());
    log.set_sink(move |entry| {
        let is_output = entry.stream == Stream::Stdout && !keeps_stdout;
        let (to, print): (_, fn(&[u8])) = match is_output {
            true => (recording::Stream::Stdout, cli::print_bytes),
            false => (recording::Stream::Stderr, cli::complain_bytes),
        };
        print(&entry.bytes);
        if records {
            hearer.hear(to, &entry.bytes);
        }
    });
    stdin.close();
    let hosts = HostState::new(log, stdin);
    hosts.listen_to_notes(|note| cli::complain(&format!("stepwell: note: {note}")));
    let mut wasi = Wasi::command_line();
    let file = invocation.files.last().and_then(|file| file.file_name());
    let name = file.map(|file| file.to_string_lossy().into_owned());
    wasi.arg(name.unwrap_or_default()).args(&invocation.program_args);
    if keeps_stdout {
        wasi.stdout(system::Stderr);
    }
    if records {
        wasi.stdout(heard.stdout()).stderr(heard.stderr());
    }
    for (name, value) in &invocation.env {
        wasi.env(name, value);
    }
    folders::share(&mut wasi, &invocation.folders).map_err(|(folder, error)| {
        Failure::Error(format!("--dir {}: {error}", folder.display()))
    })?;
    *hosts.wasi().borrow_mut() = wasi;
    Ok(hosts)
}

fn load_all(engine: &Engine, files: &[PathBuf]) -> Result<Vec<(String, Module)>, Failure> {
    let mut modules: Vec<(String, Module)> = Vec::new();
    let mut stems = BTreeSet::new();
    for file in files {
        let stem = cli::stem(file);
        if !stems.insert(stem.clone()) {
            let stem = path_part(&stem);
            let message = format!("two files have the stem {stem}, under which they are linked");
            return Err(Failure::Usage(message));
        }
        modules.push((stem, cli::load(engine, file)?));
    }
    Ok(modules)
}

/// Export and arguments fit the main module; tells before anything runs.
fn check_call(main: &Module, export: &str, texts: &[String]) -> Result<(), Failure> {
    let unknown = || {
        let names: Vec<String> = main
            .exports()
            .iter()
            .filter(|known| main.export_type(known.item).is_some_and(|ty| ty.kind() == "func"))
            .map(|known| path_part(&known.name).into_owned())
            .take(20)
            .collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Failure::Error(format!("no exported function named {}; there are: {known}", quoted(export)))
    };
    let item = main.export(export).map(|export| export.item);
    let Some(ExternType::Func(ty)) = item.and_then(|item| main.export_type(item)) else {
        return Err(unknown());
    };
    if texts.len() != ty.params().len() {
        let (wanted, given) = (ty.params().len(), texts.len());
        return Err(Failure::Usage(format!(
            "{} takes {}, {given} given: {ty}",
            path_part(export),
            cli::count(wanted, "argument", "arguments")
        )));
    }
    for (position, (ty, text)) in ty.params().iter().zip(texts).enumerate() {
        if let Err(problem) = parse_value(*ty, text) {
            let export = path_part(export);
            let message = format!("argument {} of {export}: {problem}", position + 1);
            return Err(Failure::Usage(message));
        }
    }
    Ok(())
}

/// Providers before those who import them, else as given; the main module stays last unless
/// another one imports it.
fn in_order(modules: Vec<(String, Module)>) -> Result<VecDeque<(String, Module)>, Failure> {
    let positions: BTreeMap<&str, usize> =
        modules.iter().zip(0..).map(|((stem, _), position)| (stem.as_str(), position)).collect();
    // How many providers each still waits for, and who waits for each.
    let mut providers = Vec::with_capacity(modules.len());
    let mut importers = vec![Vec::new(); modules.len()];
    for (position, (_, module)) in modules.iter().enumerate() {
        let imports = module.imports().iter();
        let imported = imports.filter_map(|import| positions.get(&*import.module).copied());
        let imported: BTreeSet<usize> = imported.filter(|other| *other != position).collect();
        providers.push(imported.len());
        for other in imported {
            importers[other].push(position);
        }
    }
    let mut ready: BTreeSet<usize> = (0..modules.len()).filter(|at| providers[*at] == 0).collect();
    let mut order = Vec::with_capacity(modules.len());
    while let Some(next) = ready.pop_first() {
        order.push(next);
        for importer in &importers[next] {
            providers[*importer] -= 1;
            if providers[*importer] == 0 {
                ready.insert(*importer);
            }
        }
    }
    if order.len() < modules.len() {
        let in_cycle = modules.iter().zip(&providers).filter(|(_, providers)| **providers > 0);
        let names: Vec<_> = in_cycle.map(|((stem, _), _)| path_part(stem)).collect();
        let names = names.join(", ");
        return Err(Failure::Error(format!("these modules import each other: {names}")));
    }
    let mut modules: Vec<Option<(String, Module)>> = modules.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|position| modules[position].take()).collect())
}
