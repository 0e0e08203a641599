//! One module on both sides.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use stepwell_engine::module::ExportItem;
use stepwell_engine::types::ExternType;
use stepwell_engine::{HeapType, Module, RefType, Task, ValType};

use crate::numbers::Numbers;
use crate::oracle::{self, Oracle};
use crate::ours::{self, Ours, Way};
use crate::plain::{End, Plain, Why};
use crate::profile::Profile;

/// What has been done.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Tally {
    pub(crate) modules: u64,
    /// Calls whose ends have been compared, start functions included.
    pub(crate) calls: u64,
    /// Instructions that they executed.
    pub(crate) executed: u64,
    /// Those of them that trapped, for whatever reason.
    pub(crate) trapped: u64,
    /// Those of them that trapped because their fuel was used up, or at a random `unreachable`.
    pub(crate) unreachable: u64,
    /// Those of them that threw.
    pub(crate) threw: u64,
    /// Calls for which there are no arguments.
    pub(crate) left_out: u64,
    /// Modules that one side gave up at a limit of its own.
    pub(crate) given_up: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Tally) {
        self.modules += other.modules;
        self.calls += other.calls;
        self.executed += other.executed;
        self.trapped += other.trapped;
        self.unreachable += other.unreachable;
        self.threw += other.threw;
        self.left_out += other.left_out;
        self.given_up += other.given_up;
    }

    fn count(&mut self, end: &End) {
        self.calls += 1;
        let End::Trapped(why) = end else { return };
        self.trapped += 1;
        self.unreachable += u64::from(*why == Why::Unreachable);
        self.threw += u64::from(matches!(why, Why::Exception(_)));
    }
}

/// What the two do not agree on, or this engine not with itself.
#[derive(Debug)]
pub(crate) struct Difference {
    /// Which kind of difference it is, so that a smaller module shows the same.
    pub(crate) kind: &'static str,
    pub(crate) detail: String,
}

fn differ<T>(kind: &'static str, detail: impl Into<String>) -> Result<T, Difference> {
    Err(Difference { kind, detail: detail.into() })
}

fn failed(error: impl Into<Box<dyn Error>>) -> Difference {
    Difference { kind: "an error", detail: error.into().to_string() }
}

/// Both sides, with what chooses arguments and budgets.
pub(crate) struct Harness {
    oracle: wasmtime::Engine,
    ours: Vec<(Way, stepwell_engine::Engine)>,
}

impl Harness {
    pub(crate) fn new(profile: Profile) -> wasmtime::Result<Self> {
        let ours = Way::ALL.map(|way| (way, way.engine(profile)));
        Ok(Self { oracle: oracle::engine()?, ours: ours.into() })
    }

    /// Whether this engine takes the module.
    pub(crate) fn accepts(&self, bytes: &[u8]) -> bool {
        Module::new(&self.ours[0].1, bytes).is_ok()
    }

    /// Instantiates a module everywhere and calls all its exported functions one after the other.
    pub(crate) fn compare(&self, bytes: &[u8], seed: u64) -> Result<Tally, Difference> {
        let compared = catch_unwind(AssertUnwindSafe(|| self.compare_or_panic(bytes, seed)));
        compared.unwrap_or_else(|panic| {
            let message = panic.downcast_ref::<String>().cloned();
            let message =
                message.or_else(|| panic.downcast_ref().map(|text: &&str| (*text).into()));
            differ("a panic", message.unwrap_or_default())
        })
    }

    fn compare_or_panic(&self, bytes: &[u8], seed: u64) -> Result<Tally, Difference> {
        let mut numbers = Numbers::new(!seed);
        let mut tally = Tally { modules: 1, ..Tally::default() };
        let mut ends = Vec::new();
        let mut machines = Vec::new();
        let mut exports = Vec::new();
        for (way, engine) in &self.ours {
            let module = Module::new(engine, bytes).map_err(failed)?;
            match Ours::instantiate(*way, &module, engine, &mut numbers).map_err(failed)? {
                ours::Begun::Instance(machine) => machines.push(*machine),
                ours::Begun::Ended(end) => ends.push(end),
            }
            exports = module.exports().to_vec();
        }
        if !ends.is_empty() && !machines.is_empty() || ends.windows(2).any(|two| two[0] != two[1]) {
            return differ("start of our own", format!("{ends:?}, {} others", machines.len()));
        }
        let mut oracle = match (Oracle::instantiate(&self.oracle, bytes, &exports), ends.first()) {
            (oracle::Begun::Refused(error), _) => {
                return differ("refused", format!("only Wasmtime refuses it: {error:?}"));
            }
            (oracle::Begun::Ended(End::Exhausted), _) | (_, Some(End::Exhausted)) => {
                tally.given_up += 1;
                return Ok(tally);
            }
            (oracle::Begun::Ended(theirs), Some(ours)) => {
                tally.count(ours);
                return match *ours == theirs || do_not_fit(ours) && do_not_fit(&theirs) {
                    true => Ok(tally),
                    false => differ("end of start", format!("{ours:?}, {theirs:?}")),
                };
            }
            (oracle::Begun::Ended(theirs), None) => {
                return differ("end of start", format!("instance, {theirs:?}"));
            }
            (oracle::Begun::Instance(_), Some(ours)) => {
                return differ("end of start", format!("{ours:?}, instance"));
            }
            (oracle::Begun::Instance(oracle), None) => oracle,
        };
        let module = Module::new(&self.ours[0].1, bytes).map_err(failed)?;
        same_views(&mut oracle, &machines, "after instantiation")?;
        for (index, export) in exports.iter().enumerate().filter(|(_, it)| oracle::is_func(it)) {
            let Some(ExternType::Func(ty)) = module.export_type(export.item) else { continue };
            for _ in 0..2 {
                let args = ty.params().iter().map(|ty| argument(*ty, &module, &mut numbers));
                let Some(args) = args.collect::<Option<Vec<_>>>() else {
                    tally.left_out += 1;
                    break;
                };
                let what = format!("{:?} with {args:?}", export.item);
                let (end, executed) = call_ours(&mut machines, index, &args, &mut numbers, &what)?;
                let theirs = oracle.call(index, &args).map_err(failed)?;
                if end == End::Exhausted || theirs == End::Exhausted {
                    tally.given_up += 1;
                    return Ok(tally);
                }
                tally.count(&end);
                tally.executed += executed;
                if end != theirs {
                    return differ("end", format!("{what}: {end:?}, {theirs:?}"));
                }
                same_views(&mut oracle, &machines, &what)?;
                // Without parameters, the second call is most often the first again.
                if args.is_empty() && numbers.once_in(2) {
                    break;
                }
            }
        }
        Ok(tally)
    }
}

/// Before there were bulk operators, which segment did not fit was nobody's business.
fn do_not_fit(end: &End) -> bool {
    matches!(end, End::Trapped(Why::MemoryOutOfBounds | Why::TableOutOfBounds))
}

/// Calls an export in all ways, which have to end in the same state.
fn call_ours(
    machines: &mut [Ours],
    export: usize,
    args: &[Plain],
    numbers: &mut Numbers,
    what: &str,
) -> Result<(End, u64), Difference> {
    let mut first: Option<(End, Task)> = None;
    for at in 0..machines.len() {
        let (end, task) = machines[at].call(export, args, numbers).map_err(failed)?;
        let way = machines[at].way;
        let Some((expected, expected_task)) = &first else {
            first = Some((end, task));
            continue;
        };
        let describe = || format!("{what} {way:?}: {end:?} not {expected:?}");
        if end != *expected {
            return differ("end of our own", describe());
        }
        if task.executed() != expected_task.executed() {
            let counts = (task.executed(), expected_task.executed());
            return differ("count of our own", format!("{}: {counts:?}", describe()));
        }
        // Objects are given other places once garbage has been collected.
        if machines[at].collects() {
            if let Some(difference) = machines[at].view().difference(&machines[0].view()) {
                return differ("state of our own", format!("{}: {difference}", describe()));
            }
        } else if machines[at].state() != machines[0].state() {
            return differ("state of our own", describe());
        }
    }
    first.map(|(end, task)| (end, task.executed())).ok_or_else(|| failed("no way to run"))
}

fn same_views(oracle: &mut Oracle, machines: &[Ours], when: &str) -> Result<(), Difference> {
    let theirs = oracle.view().map_err(failed)?;
    match machines.first().and_then(|ours| ours.view().difference(&theirs)) {
        Some(difference) => differ("state", format!("{when}: {difference}")),
        None => Ok(()),
    }
}

/// Numbers at which something changes.
const EDGES: [u64; 12] = [
    0,
    1,
    2,
    7,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x10_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    u64::MAX - 1,
    u64::MAX,
];

const FLOATS: [f64; 10] =
    [0.0, -0.0, 1.0, -1.5, 1e10, 4_294_967_295.5, -9.3e18, f64::INFINITY, f64::NAN, 1e-310];

/// An argument of a type; none where it takes an object.
fn argument(ty: ValType, module: &Module, numbers: &mut Numbers) -> Option<Plain> {
    let edge = EDGES[numbers.below(EDGES.len() as u64) as usize];
    let float = FLOATS[numbers.below(FLOATS.len() as u64) as usize];
    let any = numbers.next();
    let random = numbers.once_in(2);
    Some(match ty {
        ValType::I32 => Plain::I32(if random { any } else { edge } as u32),
        ValType::I64 => Plain::I64(if random { any } else { edge }),
        ValType::F32 if random => Plain::F32(any as u32),
        ValType::F32 => Plain::F32((float as f32).to_bits()),
        ValType::F64 if random => Plain::F64(any),
        ValType::F64 => Plain::F64(float.to_bits()),
        ValType::V128 if random => Plain::V128(u128::from(any) << 64 | u128::from(edge)),
        ValType::V128 => Plain::V128(u128::from(float.to_bits()) << 64 | u128::from(any)),
        ValType::Ref(ty) if ty.nullable && random => Plain::Null,
        ValType::Ref(RefType { nullable, heap }) => match heap {
            HeapType::Any | HeapType::Eq | HeapType::I31 => Plain::I31((any as i32) << 1 >> 1),
            HeapType::Extern => Plain::Host(any as u32 & 0xffff),
            HeapType::Func => Plain::Export(some_func(module, numbers)?),
            _ if nullable => Plain::Null,
            _ => return None,
        },
    })
}

/// The position of some export that is a function.
fn some_func(module: &Module, numbers: &mut Numbers) -> Option<usize> {
    let exports = module.exports().iter().enumerate();
    let funcs = exports.filter(|(_, export)| matches!(export.item, ExportItem::Func(_)));
    let funcs: Vec<usize> = funcs.map(|(index, _)| index).collect();
    funcs.get(numbers.below(funcs.len().max(1) as u64) as usize).copied()
}
