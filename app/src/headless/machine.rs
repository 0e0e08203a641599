//! Modules from files, linked under their stems, and the tasks to run in them: start functions in
//! the order of linking, then the export.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use stepwell_engine::module::Import;
use stepwell_engine::module::disassemble::{Instruction, Listing};
use stepwell_engine::text::{dotted, escaped, path_part, quoted};
use stepwell_engine::{
    AtomicWait, CallSite, Config, Engine, ExternType, FuncIndex, FuncType, HostAnswer, HostCall,
    InstanceId, Linker, Module, Store, Task, Trap, TrapFrame, Value,
};
use stepwell_wasi::{NativeTree, Wasi, system};

use super::cli::{self, Failure, Invocation, Stubs};
use crate::hosts::{self, ConsoleLog, HostSet, HostState, Stdin, Stream};
use crate::session::{FuncNames, parse_value, value_word};

/// How often to look whether standard input has something, while a program polls it.
const INPUT_INTERVAL: Duration = Duration::from_millis(1);

/// Frames of a backtrace that a terminal gets to see.
const BACKTRACE: usize = 16;

/// A store, and what is still to be run in it.
pub(super) struct Machine {
    pub(super) store: Store,
    linker: Linker,
    hosts: HostState,
    waiting: VecDeque<(String, Module)>,
    /// The name that each instance is linked under, and what its functions are called.
    names: BTreeMap<InstanceId, (String, FuncNames)>,
    raw_names: bool,
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
        let engine = Engine::new(Config::default());
        let modules = load_all(&engine, &invocation.files)?;
        let mut machine = Self {
            store: Store::new(&engine),
            linker: Linker::new(),
            hosts: host_state(invocation)?,
            waiting: VecDeque::new(),
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

    /// Defines what no file exports, or fails with everything that is missing.
    fn provide(&mut self) -> Result<(), Failure> {
        let stems: Vec<String> = self.waiting.iter().map(|(stem, _)| stem.clone()).collect();
        let (mut missing, mut advice) = (Vec::new(), Vec::new());
        let mut stubbed: Vec<(String, String)> = Vec::new();
        for (stem, module) in self.waiting.clone() {
            for import in module.imports() {
                if stems.iter().any(|known| **known == *import.module && *known != stem) {
                    continue;
                }
                let set = hosts::guess(import, &module);
                // Who asks for stubs wants those, where only a name speaks for a set.
                let set = set.filter(|set| *set != HostSet::Console || self.stubs.is_none());
                if let Some(set) = set
                    && self.hosts.define(set, import, &mut self.linker, &mut self.store)?
                {
                    continue;
                }
                let key = (import.module.to_string(), import.name.to_string());
                if self.stubs.is_none() {
                    let line = format!("  {}: {}", dotted(&import.module, &import.name), import.ty);
                    if !missing.contains(&line) {
                        missing.push(line);
                    }
                    if let Some(text) = hosts::advice(import, &module)
                        && !advice.contains(&text)
                    {
                        advice.push(text);
                    }
                } else if !stubbed.contains(&key) {
                    self.stub(&module, import)?;
                    stubbed.push(key);
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let count = missing.len();
        let what = if count == 1 { "import is" } else { "imports are" };
        let advice: String = advice.iter().map(|text| format!("\n{text}")).collect();
        Err(Failure::Error(format!(
            "{count} {what} not satisfied; give the module as an earlier FILE, or use \
             --stub-imports zero|trap:\n{}{advice}",
            missing.join("\n")
        )))
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

    /// The next task: a start function, then the export. `None` when nothing is left.
    pub(super) fn next_task(&mut self) -> Result<Option<Task>, Failure> {
        while let Some((stem, module)) = self.waiting.pop_front() {
            let made = self.linker.begin_instantiate(&mut self.store, &module);
            let made =
                made.map_err(|error| Failure::Error(format!("{}: {error}", path_part(&stem))))?;
            self.linker.define_instance(&stem, made.instance);
            self.store.name_instance(made.instance, &stem);
            if stem == self.main_stem {
                self.main = Some(made.instance);
            }
            let names = FuncNames::with_form(&module, self.raw_names);
            self.names.insert(made.instance, (stem, names));
            if let Some(start) = made.start {
                return Ok(Some(start));
            }
        }
        let (Some(main), Some((export, args))) = (self.main, self.call.take()) else {
            return Ok(None);
        };
        let func = self.store.export_func(main, &export)?;
        let ty = self.store.func_type(func).cloned();
        let ty = ty.unwrap_or_else(|| FuncType::new([], []));
        let values: Result<Vec<Value>, String> =
            ty.params().iter().zip(&args).map(|(ty, text)| parse_value(*ty, text)).collect();
        let values = values.map_err(Failure::Usage)?;
        Ok(Some(self.store.start(func, &values)?))
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

    /// A trap with its backtrace, a line each.
    pub(super) fn explain(&self, trap: &Trap) -> String {
        let mut text = format!("trap: {}", escaped(&trap.code.to_string()));
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
        text
    }
}

/// Host functions that use this process's own streams, clocks and folders.
fn host_state(invocation: &Invocation) -> Result<HostState, Failure> {
    let (log, stdin) = (ConsoleLog::default(), Stdin::default());
    let keeps_stdout = invocation.keeps_stdout;
    log.set_sink(move |entry| match entry.stream {
        Stream::Stdout if !keeps_stdout => cli::print_bytes(&entry.bytes),
        _ => cli::complain_bytes(&entry.bytes),
    });
    stdin.close();
    let hosts = HostState::new(log, stdin);
    let mut wasi = Wasi::command_line();
    let file = invocation.files.last().and_then(|file| file.file_name());
    let name = file.map(|file| file.to_string_lossy().into_owned());
    wasi.arg(name.unwrap_or_default()).args(&invocation.program_args);
    if keeps_stdout {
        wasi.stdout(system::Stderr);
    }
    for (name, value) in &invocation.env {
        wasi.env(name, value);
    }
    let mut tree = None;
    for (host, guest) in &invocation.folders {
        let fail = |error: String| Failure::Error(format!("--dir {}: {error}", host.display()));
        // All in one tree, so that files can be moved from one to another.
        let further = tree.and_then(|id| wasi.tree_as::<NativeTree>(id).map(|tree| (id, tree)));
        let opened = match further {
            Some((id, tree)) => {
                let handle = tree.open_further(host).map_err(|error| fail(error.to_string()))?;
                wasi.preopen_handle(id, handle, guest)
            }
            None => {
                let first = NativeTree::open(host).map_err(|error| fail(error.to_string()))?;
                let id = *tree.insert(wasi.add_tree(first));
                wasi.preopen(id, guest)
            }
        };
        opened.map_err(|error| fail(error.meaning().to_owned()))?;
    }
    *hosts.wasi().borrow_mut() = wasi;
    Ok(hosts)
}

fn load_all(engine: &Engine, files: &[PathBuf]) -> Result<Vec<(String, Module)>, Failure> {
    let mut modules: Vec<(String, Module)> = Vec::new();
    for file in files {
        let stem = cli::stem(file);
        if modules.iter().any(|(known, _)| *known == stem) {
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
    let mut ordered: VecDeque<(String, Module)> = VecDeque::new();
    let mut rest = modules;
    while !rest.is_empty() {
        let waits = |stem: &str, module: &Module| {
            module.imports().iter().any(|import| {
                *import.module != *stem && rest.iter().any(|(other, _)| **other == *import.module)
            })
        };
        let ready = rest.iter().position(|(stem, module)| !waits(stem, module));
        let Some(ready) = ready else {
            let names: Vec<_> = rest.iter().map(|(stem, _)| path_part(stem)).collect();
            let names = names.join(", ");
            return Err(Failure::Error(format!("these modules import each other: {names}")));
        };
        ordered.push_back(rest.remove(ready));
    }
    Ok(ordered)
}
