//! Every operator at its edges, in all shapes that the fast tier translates in different ways.
//!
//! An operator with its immediates is a [`Form`]. The other engine is asked once for each tuple of operands, with
//! these in locals and the results returned; this one has to give the same from every function that can be made
//! of the form: operands as constants, in locals and computed; results returned, stored, dropped, as conditions.
//! All is done in both tiers, in turns of both, and in budgets that end at each instruction, which have to agree
//! in everything. NaNs are compared bit by bit: this engine makes the canonical one wherever the specification
//! leaves a choice, and the other is told to.

mod coverage;
mod form;
mod forms;
mod machine;
mod peer;
mod values;
mod written;

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::mem;
use std::path::Path;
use std::rc::Rc;

use stepwell_engine::{Engine, Module};

use crate::oracle;
use crate::plain::{End, Plain};
use form::{Breadth, Form, Group, Source, Use};
use machine::{Machine, Way};
use peer::Peer;
use written::Written;

/// How much is tried.
#[derive(Clone, Copy)]
struct Extent {
    /// Tuples of operands of a form.
    tuples: usize,
    /// Of these, with which a function of another shape is called.
    calls: usize,
    /// Combinations of sources of operands that are no constants.
    sources: usize,
    /// Uses of the results for each combination of sources of the operands.
    uses: usize,
    /// Values of each operand that become constants.
    constants: usize,
    /// Tuples that become constants.
    pairs: usize,
}

const WIDE: Extent =
    Extent { tuples: 100, calls: 2, sources: 16, uses: 2, constants: 24, pairs: 8 };
const MIDDLE: Extent =
    Extent { tuples: 60, calls: 2, sources: 5, uses: 1, constants: 10, pairs: 5 };
const NARROW: Extent =
    Extent { tuples: 20, calls: 2, sources: 16, uses: 1, constants: 6, pairs: 4 };
const FULL: Extent =
    Extent { tuples: 4_000, calls: 24, sources: 64, uses: 12, constants: 1_000, pairs: 200 };

/// Differences after which it is enough.
const ENOUGH: u64 = 40;

/// What has been done.
#[derive(Default)]
struct Tally {
    forms: u64,
    modules: u64,
    functions: u64,
    /// Tuples of operands that the other engine was asked for.
    asked: u64,
    /// Calls in all ways.
    calls: u64,
    trapped: u64,
    differences: u64,
}

/// A function of a form.
struct Shape {
    form: usize,
    sources: Vec<Source>,
    /// Which of its values each operand has that is a constant.
    fixed: Vec<Option<usize>>,
    used: Use,
}

impl Shape {
    /// The number of a tuple that has the shape's constants.
    fn tuple(&self, form: &Form, turn: usize) -> usize {
        let mut weight = 1;
        let mut tuple = 0;
        for (place, values) in form.operands.iter().enumerate() {
            let other = turn.wrapping_mul([5, 11, 17, 23][place % 4]).wrapping_add(turn / 7);
            tuple += weight * self.fixed[place].unwrap_or(other % values.len());
            weight *= values.len();
        }
        tuple
    }
}

/// A call of the function that all others of its form are compared with.
struct Reference {
    args: Vec<Plain>,
    end: End,
    memories: Vec<Vec<u8>>,
    globals: Vec<Plain>,
    tables: Vec<Vec<Plain>>,
}

/// Sweeps over all operators and says how many differences there were.
///
/// What the plain functions gave is written to the folder `out`, for V8.
pub(crate) fn sweep(
    full: bool,
    only: Option<&str>,
    out: Option<&Path>,
) -> Result<u64, Box<dyn Error>> {
    let groups = forms::all(full)?;
    let ways = Way::ALL.map(|way| (way, way.engine()));
    let mut found = BTreeSet::new();
    let mut plain_modules = Vec::new();
    for group in &groups {
        let bytes = encode(&ways[0].1, group, &plain_text(group, false))?;
        coverage::collect(&bytes, &mut found)?;
        plain_modules.push(bytes);
    }
    let operators = coverage::check(&found)?;
    let oracle = oracle::engine()?;
    let mut tally = Tally::default();
    for (group, plain) in groups.iter().zip(&plain_modules) {
        if only.is_some_and(|only| !group.name.contains(only)) {
            continue;
        }
        if full {
            eprintln!("{}", group.name);
        }
        let extent = match group.breadth {
            _ if full => FULL,
            Breadth::Wide => WIDE,
            Breadth::Middle => MIDDLE,
            Breadth::Narrow => NARROW,
        };
        let peer = match group.peer {
            true => {
                Some(Peer::new(&oracle, &encode(&ways[0].1, group, &plain_text(group, true))?)?)
            }
            false => None,
        };
        let tally = &mut tally;
        let (plain_machines, references) = (Vec::new(), HashMap::new());
        let written = out.map(|_| Written::new(group));
        let mut sweep = Sweep {
            group,
            ways: &ways,
            extent,
            tally,
            plain: plain_machines,
            peer,
            written,
            references,
        };
        sweep.run(plain)?;
        if let (Some(out), Some(written)) = (out, &sweep.written) {
            written.save(out, plain)?;
        }
        if tally.differences >= ENOUGH {
            break;
        }
    }
    let Tally { forms, modules, functions, asked, calls, trapped, differences } = tally;
    println!(
        "sweep: {operators} operators, {forms} forms, {modules} modules, {functions} functions, {asked} \
         tuples of operands compared, {calls} calls in {} ways, {trapped} trapped, {differences} differences",
        ways.len(),
    );
    Ok(differences)
}

/// A module of a group's functions in their plainest shape.
fn plain_text(group: &Group, peer: bool) -> String {
    let func = |(at, form): (usize, &Form)| {
        let code = form.peer.as_ref().filter(|_| peer).unwrap_or(&form.code);
        form.plain(&at.to_string(), code)
    };
    group.forms.iter().enumerate().map(func).collect()
}

fn encode(engine: &Engine, group: &Group, functions: &str) -> Result<Vec<u8>, String> {
    let text = format!("(module {}\n{functions})", group.fields);
    let module = Module::from_wat(engine, &text);
    let module = module.map_err(|error| format!("{}: {error}\n{}", group.name, group.fields))?;
    Ok(module.bytes().to_vec())
}

struct Sweep<'a> {
    group: &'a Group,
    ways: &'a [(Way, Engine); 4],
    extent: Extent,
    tally: &'a mut Tally,
    plain: Vec<Machine>,
    peer: Option<Peer>,
    written: Option<Written>,
    /// By form and number of the tuple; none where the ways did not agree.
    references: HashMap<(usize, usize), Option<Rc<Reference>>>,
}

impl Sweep<'_> {
    fn run(&mut self, plain: &[u8]) -> Result<(), Box<dyn Error>> {
        self.plain = self.machines(plain)?;
        // Not all in one, since a module is held in every way and as text.
        let mut shapes = Vec::new();
        for (at, form) in self.group.forms.iter().enumerate() {
            self.tally.forms += 1;
            self.tally.functions += 1;
            for tuple in spread(form.tuples(), self.extent.tuples) {
                self.reference(at, tuple)?;
            }
            shapes.extend(self.shapes(at));
            if shapes.len() > 4_000 || at + 1 == self.group.forms.len() {
                self.compare(&shapes)?;
                shapes.clear();
                self.references.clear();
            }
        }
        Ok(())
    }

    fn differ(&mut self, form: &Form, detail: &str) {
        self.tally.differences += 1;
        if self.tally.differences <= ENOUGH {
            println!("{}: {}: {detail}", self.group.name, form.code);
        }
    }

    fn machines(&mut self, bytes: &[u8]) -> Result<Vec<Machine>, Box<dyn Error>> {
        self.tally.modules += 1;
        let mut machines = Vec::new();
        for (way, engine) in self.ways {
            let module = Module::new(engine, bytes)?;
            machines.push(Machine::new(*way, engine, &module, self.group.changes)?);
        }
        Ok(machines)
    }

    /// What a form gives for a tuple, here and there.
    fn reference(
        &mut self,
        at: usize,
        tuple: usize,
    ) -> Result<Option<Rc<Reference>>, Box<dyn Error>> {
        if let Some(known) = self.references.get(&(at, tuple)) {
            return Ok(known.clone());
        }
        let form = &self.group.forms[at];
        let args = form.tuple(tuple);
        let mut plain = mem::take(&mut self.plain);
        let called = self.call(&mut plain, at, form, &args, tuple as u64);
        self.plain = plain;
        let reference = called?.map(Rc::new);
        self.tally.asked += 1;
        if let (Some(peer), Some(reference)) = (&mut self.peer, &reference) {
            let difference = peer.difference(at, reference, self.group.changes)?;
            if let Some(difference) = difference {
                self.differ(form, &format!("{args:?}: {difference}"));
            }
        }
        if let (Some(written), Some(reference)) = (&mut self.written, &reference) {
            written.add(at, reference);
        }
        self.references.insert((at, tuple), reference.clone());
        Ok(reference)
    }

    /// Calls a function in all ways. None if they do not agree.
    fn call(
        &mut self,
        machines: &mut [Machine],
        func: usize,
        form: &Form,
        args: &[Plain],
        salt: u64,
    ) -> Result<Option<Reference>, Box<dyn Error>> {
        let (first, others) = machines.split_first_mut().ok_or("no way to run")?;
        let (end, task) = first.call(func, args, 0)?;
        self.tally.calls += 1;
        self.tally.trapped += u64::from(!matches!(end, End::Returned(_)));
        let within = salt % task.executed().saturating_sub(9).max(1);
        for other in others {
            let called = other.call(func, args, within);
            self.tally.calls += 1;
            let problem = match &called {
                Err(error) => error.to_string(),
                Ok((theirs, _)) if *theirs != end => format!("{theirs:?} not {end:?}"),
                Ok((_, theirs)) if theirs.executed() != task.executed() => {
                    format!("{} executed, not {}", theirs.executed(), task.executed())
                }
                Ok(_) if other.store.state() != first.store.state() => "another state".into(),
                Ok(_) => continue,
            };
            let way = other.way;
            self.differ(
                form,
                &format!("function {func} {args:?} {way:?} within {within}: {problem}"),
            );
            return Ok(None);
        }
        let (globals, tables, memories) = match self.group.changes {
            true => first.exported(),
            false => Default::default(),
        };
        Ok(Some(Reference { args: args.to_vec(), end, memories, globals, tables }))
    }

    /// The functions of a form, but for the plain one.
    fn shapes(&self, at: usize) -> Vec<Shape> {
        let form = &self.group.forms[at];
        let mut uses = Use::of(form);
        // It is executed twice there.
        uses.retain(|used| *used != Use::Loop || !self.group.changes);
        let mut shapes = Vec::new();
        let mut turn = at;
        let mut add = |sources: &[Source], fixed: &[Option<usize>], count: usize| {
            for _ in 0..count.min(uses.len()) {
                let used = uses[turn % uses.len()];
                shapes.push(Shape {
                    form: at,
                    sources: sources.to_vec(),
                    fixed: fixed.to_vec(),
                    used,
                });
                turn += 1;
            }
        };
        let count = form.params.len();
        let moving: Vec<Source> = [Source::Local]
            .into_iter()
            .chain((0..Source::COMPUTED).map(Source::Computed))
            .collect();
        for index in spread(moving.len().pow(count as u32), self.extent.sources) {
            let mut rest = index;
            let sources: Vec<Source> = (0..count)
                .map(|_| {
                    let source = moving[rest % moving.len()];
                    rest /= moving.len();
                    source
                })
                .collect();
            add(
                &sources,
                &vec![None; count],
                if index == 0 { uses.len() } else { self.extent.uses },
            );
        }
        let seldom = self.extent.uses.div_ceil(3);
        // One operand a constant, each of its values, the others moving.
        for place in 0..count {
            let values = &form.operands[place];
            for index in spread(values.len(), self.extent.constants) {
                let value = &values[index];
                for other in 0..count.min(2) {
                    let mut sources = vec![moving[(index * 2 + other) % moving.len()]; count];
                    let mut fixed = vec![None; count];
                    sources[place] = Source::Constant(*value);
                    fixed[place] = Some(index);
                    add(&sources, &fixed, seldom);
                }
            }
        }
        if count > 1 {
            for index in spread(form.tuples(), self.extent.pairs) {
                let sources: Vec<Source> =
                    form.tuple(index).into_iter().map(Source::Constant).collect();
                add(&sources, &form.digits(index), seldom);
            }
        }
        shapes
    }

    /// Whether functions of other shapes give what the plain ones gave.
    fn compare(&mut self, shapes: &[Shape]) -> Result<(), Box<dyn Error>> {
        let group = self.group;
        let mut text = String::new();
        for (at, shape) in shapes.iter().enumerate() {
            let form = &group.forms[shape.form];
            text += &form.function(&at.to_string(), &form.code, &shape.sources, shape.used);
        }
        let bytes = encode(&self.ways[0].1, group, &text)?;
        let mut machines = self.machines(&bytes)?;
        for (at, shape) in shapes.iter().enumerate() {
            self.tally.functions += 1;
            let form = &group.forms[shape.form];
            let free = form.operands.iter().zip(&shape.fixed).filter(|(_, fixed)| fixed.is_none());
            let tuples: usize = free.map(|(values, _)| values.len()).product();
            for turn in 0..tuples.min(self.extent.calls) {
                let tuple = shape.tuple(form, at * self.extent.calls + turn);
                let Some(reference) = self.reference(shape.form, tuple)? else { continue };
                let args = &reference.args;
                let Some(got) = self.call(&mut machines, at, form, args, (turn * 7 + at) as u64)?
                else {
                    continue;
                };
                let expected = match &reference.end {
                    End::Returned(values) => End::Returned(shape.used.expected(args, values)),
                    other => other.clone(),
                };
                let what = match () {
                    () if got.end != expected => format!("{:?} not {expected:?}", got.end),
                    () if got.memories != reference.memories => "another memory".into(),
                    () if got.globals != reference.globals => "another global".into(),
                    () if got.tables != reference.tables => "another table".into(),
                    () => continue,
                };
                let Shape { sources, used, .. } = shape;
                self.differ(form, &format!("{sources:?} {used:?} {args:?}: {what}"));
            }
        }
        Ok(())
    }
}

/// So many numbers below `count`, far apart, 0 first.
fn spread(count: usize, most: usize) -> impl Iterator<Item = usize> {
    fn divisor(a: usize, b: usize) -> usize {
        if b == 0 { a } else { divisor(b, a % b) }
    }
    // About the golden section, and without a common divisor, so that no digit of a tuple stands still.
    let from = if count > most { count * 618 / 1_000 } else { 1 };
    let step = (from..).find(|step| divisor(*step, count) == 1).unwrap_or(1);
    (0..count.min(most)).map(move |at| at * step % count)
}
