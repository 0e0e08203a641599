//! An operator with its immediates, and how functions of all shapes are made of it.

use std::fmt::Write as _;

use super::values::{Ty, constant};
use crate::plain::Plain;

/// An operator with its immediates, or a few that only make sense together.
pub(super) struct Form {
    /// What it is, folded, with `{0}` and so on for its operands.
    pub(super) code: String,
    pub(super) params: Vec<Ty>,
    pub(super) results: Vec<Ty>,
    /// The values of each operand that are tried.
    pub(super) operands: Vec<Vec<Plain>>,
    /// What the other engine is asked instead: where the specification leaves a choice, the one that this engine
    /// says it takes.
    pub(super) peer: Option<String>,
}

impl Form {
    /// `i32[0,-1,0x10] f64 -> i64` and the operator. Without a list an operand takes the edges of its type.
    pub(super) fn new(signature: &str, code: impl Into<String>) -> Result<Self, String> {
        let wrong = || format!("{signature}?");
        let (params, results) = signature.split_once("->").ok_or_else(wrong)?;
        let ty = |name: &str| Ty::parse(name).ok_or_else(wrong);
        let mut form = Self {
            code: code.into(),
            params: Vec::new(),
            results: results.split_whitespace().map(ty).collect::<Result<_, _>>()?,
            operands: Vec::new(),
            peer: None,
        };
        for param in params.split_whitespace() {
            let (name, list) = param.split_once('[').unwrap_or((param, ""));
            let ty = ty(name)?;
            form.params.push(ty);
            let numbers = list.trim_end_matches(']').split(',').filter(|number| !number.is_empty());
            let values: Vec<Plain> = numbers
                .map(|text| number(text).map(|number| ty.value(number)).ok_or_else(wrong))
                .collect::<Result<_, _>>()?;
            form.operands.push(if list.is_empty() { ty.edges() } else { values });
        }
        Ok(form)
    }

    /// How many tuples of operands there are.
    pub(super) fn tuples(&self) -> usize {
        self.operands.iter().map(Vec::len).product()
    }

    /// Which value of each operand a tuple has.
    pub(super) fn digits(&self, mut tuple: usize) -> Vec<Option<usize>> {
        let digit = |values: &Vec<Plain>| {
            let digit = tuple % values.len();
            tuple /= values.len();
            Some(digit)
        };
        self.operands.iter().map(digit).collect()
    }

    /// A tuple of operands.
    pub(super) fn tuple(&self, tuple: usize) -> Vec<Plain> {
        let digits = self.digits(tuple).into_iter().flatten();
        self.operands.iter().zip(digits).map(|(values, digit)| values[digit]).collect()
    }

    /// A function that gives each result as it comes, with its operands in locals.
    pub(super) fn plain(&self, name: &str, code: &str) -> String {
        self.function(name, code, &vec![Source::Local; self.params.len()], Use::Returned)
    }

    /// A function of one shape. Nine instructions stand before it: a budget below that is the exact tier's.
    pub(super) fn function(&self, name: &str, code: &str, sources: &[Source], used: Use) -> String {
        let mut text = format!("(func (export \"{name}\")");
        let names = |tys: &[Ty]| tys.iter().map(|ty| format!(" {}", ty.name())).collect::<String>();
        for (at, ty) in self.params.iter().enumerate() {
            let _ = write!(text, " (param $p{at} {})", ty.name());
        }
        let _ = write!(text, " (result{})", names(&used.results(self)));
        let mut prefix = "nop ".repeat(9);
        let mut code = code.to_owned();
        for (at, (source, ty)) in sources.iter().zip(&self.params).enumerate() {
            let _ = write!(text, " (local $low{at} {0}) (local $high{at} {0})", ty.name());
            code = code.replace(&format!("{{{at}}}"), &source.text(at, *ty, &mut prefix));
        }
        for (at, ty) in self.results.iter().enumerate() {
            let _ = write!(text, " (local $r{at} {})", ty.name());
        }
        // Those that the code of some forms names.
        for (name, ty) in [
            ("$i", "i32"),
            ("$j", "i64"),
            ("$turn", "i32"),
            ("$a", "anyref"),
            ("$object", "(ref null $point)"),
        ] {
            if self.code.contains(&format!("local.set {name} ")) {
                let _ = write!(text, " (local {name} {ty})");
            }
        }
        let _ = writeln!(
            text,
            " (local $turns i32) (local $zero i32) {prefix}{})",
            used.text(self, &code)
        );
        text
    }
}

fn number(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let number = match digits.strip_prefix("0x") {
        Some(digits) => u128::from_str_radix(digits, 16).ok()? as i128,
        None => digits.parse().ok()?,
    };
    Some(sign * number)
}

/// Where an operand comes from.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Source {
    Local,
    /// One of the [`COMPUTED`](Self::COMPUTED) ways to compute it.
    Computed(usize),
    Constant(Plain),
}

impl Source {
    /// Ways to compute an operand: what melts into an address, what melts into nothing, a scaled index.
    pub(super) const COMPUTED: usize = 3;

    fn text(self, at: usize, ty: Ty, prefix: &mut String) -> String {
        let name = ty.name();
        let local = format!("(local.get $p{at})");
        match (self, ty) {
            (Source::Local, _) => local,
            (Source::Constant(value), _) => constant(value),
            (Source::Computed(0), Ty::I32 | Ty::I64) => {
                format!("({name}.add ({name}.add {local} ({name}.const -5)) ({name}.const 5))")
            }
            (Source::Computed(1), Ty::I32 | Ty::I64) => {
                format!("({name}.xor ({name}.xor {local} ({name}.const 7)) ({name}.const 7))")
            }
            (Source::Computed(_), Ty::I32 | Ty::I64) => {
                let _ = write!(
                    prefix,
                    "(local.set $low{at} ({name}.and {local} ({name}.const 7))) \
                     (local.set $high{at} ({name}.shr_u {local} ({name}.const 3))) "
                );
                format!(
                    "({name}.add (local.get $low{at}) ({name}.shl (local.get $high{at}) ({name}.const 3)))"
                )
            }
            (Source::Computed(0), Ty::F32 | Ty::F64) => {
                format!("({name}.neg ({name}.neg {local}))")
            }
            (Source::Computed(1), Ty::F32 | Ty::F64) => {
                let int = if ty == Ty::F32 { "i32" } else { "i64" };
                format!("({name}.reinterpret_{int} ({int}.reinterpret_{name} {local}))")
            }
            (Source::Computed(0), Ty::V128) => format!("(v128.not (v128.not {local}))"),
            (Source::Computed(1), Ty::V128) => {
                let seven = constant(Plain::V128(7));
                format!("(v128.xor (v128.xor {local} {seven}) {seven})")
            }
            (Source::Computed(_), _) => {
                format!("(select {local} (local.get $high{at}) (i32.eqz (local.get $zero)))")
            }
        }
    }
}

/// What is done with the results.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Use {
    Returned,
    /// Put into locals first.
    Stored,
    Teed,
    Dropped,
    /// Put into the first operand's local.
    Replaced,
    /// The same, while the operand is still to be used.
    ReplacedBelow,
    BrIf,
    BrIfNot,
    If,
    IfNot,
    Select,
    /// The condition at the end of a loop that is left after the second turn.
    Loop,
}

impl Use {
    const ALL: [Self; 12] = [
        Use::Returned,
        Use::Stored,
        Use::Dropped,
        Use::BrIf,
        Use::BrIfNot,
        Use::If,
        Use::Replaced,
        Use::Select,
        Use::ReplacedBelow,
        Use::Loop,
        Use::Teed,
        Use::IfNot,
    ];

    /// Those that a form's results can have.
    pub(super) fn of(form: &Form) -> Vec<Self> {
        let first = form.params.first();
        // What may return by itself has to return the same.
        let returns = form.code.contains("(return");
        let fits = |used: &Self| match used {
            Use::Returned => true,
            Use::Dropped | Use::ReplacedBelow if returns => false,
            Use::BrIf | Use::BrIfNot | Use::If | Use::IfNot | Use::Select | Use::Loop
                if returns =>
            {
                false
            }
            Use::Stored | Use::Dropped => !form.results.is_empty(),
            Use::Teed => form.results.len() == 1,
            Use::Replaced | Use::ReplacedBelow => {
                form.results.len() == 1 && form.results.first() == first
            }
            Use::BrIf | Use::BrIfNot | Use::If | Use::IfNot | Use::Select | Use::Loop => {
                matches!(form.results[..], [Ty::I32 | Ty::I64])
            }
        };
        Self::ALL.into_iter().filter(fits).collect()
    }

    fn results(self, form: &Form) -> Vec<Ty> {
        match self {
            Use::Returned | Use::Stored | Use::Teed | Use::Replaced => form.results.clone(),
            Use::Dropped => Vec::new(),
            Use::ReplacedBelow => [&form.params[..1], &form.results[..]].concat(),
            Use::BrIf | Use::BrIfNot | Use::If | Use::IfNot | Use::Select | Use::Loop => {
                vec![Ty::I32]
            }
        }
    }

    /// What a call has to give that gave `values` where they were returned.
    pub(super) fn expected(self, args: &[Plain], values: &[Plain]) -> Vec<Plain> {
        match self {
            Use::Returned | Use::Stored | Use::Teed | Use::Replaced => values.to_vec(),
            Use::Dropped => Vec::new(),
            Use::ReplacedBelow => [&args[..1], values].concat(),
            Use::BrIf | Use::BrIfNot | Use::If | Use::IfNot | Use::Select => {
                vec![Plain::I32(u32::from(holds(values)))]
            }
            Use::Loop => vec![Plain::I32(1 + u32::from(holds(values)))],
        }
    }

    fn text(self, form: &Form, code: &str) -> String {
        let get = |at: usize| format!("(local.get $r{at}) ");
        // Of 64 bits, only whether they are 0 can be a condition.
        let (condition, not) = match form.results[..] {
            [Ty::I64] => (format!("(i64.ne {code} (i64.const 0))"), format!("(i64.eqz {code})")),
            _ => (code.to_owned(), format!("(i32.eqz {code})")),
        };
        match self {
            Use::Returned => code.to_owned(),
            Use::Stored => {
                let count = form.results.len();
                let set = (0..count).rev().map(|at| format!("(local.set $r{at}) "));
                let get = (0..count).map(get);
                format!("{code} {}{}", set.collect::<String>(), get.collect::<String>())
            }
            Use::Teed => format!("(drop (local.tee $r0 {code})) {}", get(0)),
            Use::Dropped => format!("{code} {}", "drop ".repeat(form.results.len())),
            Use::Replaced => format!("(local.set $p0 {code}) (local.get $p0)"),
            Use::ReplacedBelow => format!("(local.get $p0) (local.set $p0 {code}) (local.get $p0)"),
            Use::BrIf => {
                format!("(block (br_if 0 {condition}) (return (i32.const 0))) (i32.const 1)")
            }
            Use::BrIfNot => format!("(block (br_if 0 {not}) (return (i32.const 1))) (i32.const 0)"),
            Use::If => {
                format!("(if (result i32) {condition} (then (i32.const 1)) (else (i32.const 0)))")
            }
            Use::IfNot => {
                format!("(if (result i32) {not} (then (i32.const 0)) (else (i32.const 1)))")
            }
            Use::Select => format!("(select (i32.const 1) (i32.const 0) {condition})"),
            Use::Loop => format!(
                "(block (loop (br_if 1 (i32.eq (local.get $turns) (i32.const 2))) \
                 (local.set $turns (i32.add (local.get $turns) (i32.const 1))) \
                 (br_if 0 {condition}))) (local.get $turns)"
            ),
        }
    }
}

fn holds(values: &[Plain]) -> bool {
    !matches!(values, [Plain::I32(0) | Plain::I64(0)])
}

/// How much of a group is tried where not everything is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Breadth {
    /// Operators with handlers of their own for many shapes.
    Wide,
    Middle,
    /// An operator has many forms.
    Narrow,
}

/// Forms on the same memories, tables and so on.
pub(super) struct Group {
    pub(super) name: String,
    /// What the forms refer to.
    pub(super) fields: String,
    pub(super) forms: Vec<Form>,
    /// Whether a call changes more than it returns. Each is then made on a new instance.
    pub(super) changes: bool,
    pub(super) breadth: Breadth,
    /// Whether the other engine knows the operators.
    pub(super) peer: bool,
}
