//! Instructions as text, made for the rows somebody looks at.
//!
//! A [`Listing`] finds where the instructions of one function begin; each is decoded and worded
//! only when asked for. Names are the text format's.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use wasmparser::{BinaryReader, Operator, WasmFeatures};

use super::const_expr::ConstExpr;
use super::namer::Namer;
pub use super::operator::OpClass;
use super::operator::{class_of, operator_name, peek};
use super::{Module, labels::Labels};
use crate::error::Result;
use crate::ids::{CodeOffset, FuncIndex};

/// What somebody else calls functions, as `$name`.
pub type FuncNaming<'a> = dyn Fn(FuncIndex) -> String + 'a;

/// One instruction as text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instruction {
    /// Where it begins.
    pub offset: CodeOffset,
    /// How many bytes it takes.
    pub len: u32,
    /// The operator, as `i32.add`.
    pub name: Cow<'static, str>,
    /// Immediates as in the text format, as `$x` or `offset=8`; empty if it has none.
    pub immediates: String,
    /// What it is about.
    pub class: OpClass,
    /// Label depth of a `br` or `br_if`.
    pub branch_depth: Option<u32>,
    /// Function called directly.
    pub callee: Option<FuncIndex>,
}

impl core::fmt::Display for Instruction {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.name)?;
        if !self.immediates.is_empty() {
            write!(f, " {}", self.immediates)?;
        }
        Ok(())
    }
}

/// Where the instructions of a function begin and how deeply they are nested.
#[derive(Clone, Debug)]
pub struct Listing {
    module: Module,
    func: FuncIndex,
    offsets: Box<[u32]>,
    depths: Box<[u16]>,
    local_names: Vec<(u32, String)>,
    labels: Labels,
}

impl Listing {
    /// The listing of a function defined in the module; an imported one has no instructions.
    ///
    /// # Errors
    /// None for functions of a validated module.
    pub fn new(module: &Module, func: FuncIndex) -> Result<Self> {
        let mut offsets = Vec::new();
        let mut depths = Vec::new();
        let mut labels = Labels::new(module, func);
        if let Some(reader) = super::code::body_reader(module.inner(), func) {
            let body = wasmparser::FunctionBody::new(reader);
            let mut operators = body.get_operators_reader().map_err(super::code::internal)?;
            let mut depth = 0u16;
            while !operators.eof() {
                let (operator, offset) =
                    operators.read_with_offset().map_err(super::code::internal)?;
                let outdent = matches!(
                    operator,
                    Operator::End
                        | Operator::Else
                        | Operator::Catch { .. }
                        | Operator::CatchAll
                        | Operator::Delegate { .. }
                );
                offsets.push(offset as u32);
                labels.operator(&operator);
                depths.push(depth.saturating_sub(u16::from(outdent)));
                match operator {
                    Operator::Block { .. }
                    | Operator::Loop { .. }
                    | Operator::If { .. }
                    | Operator::TryTable { .. }
                    | Operator::Try { .. } => depth = depth.saturating_add(1),
                    Operator::End | Operator::Delegate { .. } => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
        Ok(Self {
            module: module.clone(),
            func,
            offsets: offsets.into_boxed_slice(),
            depths: depths.into_boxed_slice(),
            local_names: module.local_names(func),
            labels,
        })
    }

    /// The function listed.
    pub fn func(&self) -> FuncIndex {
        self.func
    }

    /// Number of instructions.
    pub fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// Where an instruction begins.
    pub fn offset(&self, position: usize) -> Option<CodeOffset> {
        self.offsets.get(position).copied().map(CodeOffset)
    }

    /// The instruction that begins at an offset.
    pub fn position(&self, offset: CodeOffset) -> Option<usize> {
        self.offsets.binary_search(&offset.0).ok()
    }

    /// How many blocks enclose an instruction; `else` and `end` stand with their opener.
    pub fn depth(&self, position: usize) -> u16 {
        self.depths.get(position).copied().unwrap_or(0)
    }

    /// The name of the label that a `block`, `loop`, `if` or `try` brings.
    pub fn label_name(&self, position: usize) -> Option<&str> {
        self.labels.opened_at(position)
    }

    /// An instruction as text.
    pub fn instruction(&self, position: usize) -> Option<Instruction> {
        self.word(position, None)
    }

    /// As [`instruction`](Self::instruction), with functions called what `names` says.
    pub fn instruction_with(&self, position: usize, names: &FuncNaming<'_>) -> Option<Instruction> {
        self.word(position, Some(names))
    }

    fn word(&self, position: usize, funcs: Option<&FuncNaming<'_>>) -> Option<Instruction> {
        let offset = *self.offsets.get(position)?;
        let reader = reader_at(&self.module, offset)?;
        let operator = peek(&reader)?;
        let body_end = self.module.func_body(self.func)?.end.0;
        let end = self.offsets.get(position + 1).copied().unwrap_or(body_end);
        let namer = Namer {
            module: &self.module,
            locals: &self.local_names,
            label: &|depth| self.labels.enclosing(position, depth),
            own_label: self.labels.opened_at(position),
            funcs,
        };
        Some(Instruction {
            offset: CodeOffset(offset),
            len: end - offset,
            name: operator_name(&operator),
            immediates: namer.immediates(&operator),
            class: class_of(&operator),
            branch_depth: match operator {
                Operator::Br { relative_depth }
                | Operator::BrIf { relative_depth }
                | Operator::BrOnNull { relative_depth }
                | Operator::BrOnNonNull { relative_depth }
                | Operator::BrOnCast { relative_depth, .. }
                | Operator::BrOnCastFail { relative_depth, .. } => Some(relative_depth),
                _ => None,
            },
            callee: match operator {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    Some(FuncIndex(function_index))
                }
                _ => None,
            },
        })
    }
}

/// The first `most` operators of a constant expression as text, as `i32.const 40 i32.const 2 i32.add`.
pub fn const_text(
    module: &Module,
    expr: &ConstExpr,
    most: usize,
    names: &FuncNaming<'_>,
) -> String {
    let namer =
        Namer { module, locals: &[], label: &|_| None, own_label: None, funcs: Some(names) };
    namer.const_expr(expr, most)
}

fn reader_at(module: &Module, offset: u32) -> Option<BinaryReader<'_>> {
    let bytes = module.bytes().get(offset as usize..)?;
    Some(BinaryReader::new_features(bytes, u64::from(offset), WasmFeatures::all()))
}

#[cfg(test)]
#[cfg(feature = "wat")]
mod tests {
    use super::*;
    use crate::{Config, Engine};
    use wasmparser::{MemArg, MemArgTarget};

    #[test]
    fn instructions_read_as_in_the_text_format() {
        let module = Module::from_wat(
            &Engine::new(Config::default()),
            r#"(module $m
                 (memory $a 1) (memory $b 1) (table $t 1 funcref)
                 (func $f (param $x i32) (result i32)
                   block (result i32)
                     local.get $x
                     i32.load8_u $b offset=8
                     i32.const -1
                     call_indirect (param i32) (result i32)
                   end
                   f64.const -nan  drop
                   nop
                   call $f)
                 (func $g nop))"#,
        )
        .unwrap();
        let listing = Listing::new(&module, FuncIndex(0)).unwrap();
        let lines: Vec<_> = (0..listing.len())
            .map(|at| {
                format!(
                    "{}{}",
                    " ".repeat(listing.depth(at).into()),
                    listing.instruction(at).unwrap()
                )
            })
            .collect();
        assert_eq!(
            lines,
            [
                "block (result i32)",
                " local.get $x",
                " i32.load8_u $b offset=8",
                " i32.const -1",
                " call_indirect (param i32) (result i32)",
                "end",
                "f64.const -nan:0x8000000000000",
                "drop",
                "nop",
                "call $f",
                "end",
            ]
        );
        assert_eq!(listing.instruction(2).map(|line| line.len), Some(4));
    }

    #[test]
    fn types_labels_and_locals_have_their_names() {
        let module = Module::from_wat(
            &Engine::new(Config::default()),
            r#"(module
                 (type $pair (struct (field $a i32)))
                 (type $t (func (param (ref null $pair)) (result i32)))
                 (table $table 1 funcref) (tag $oops)
                 (func $f (param $p (ref null $pair)) (result i32) (local $"odd name" i32)
                   block $out (result i32)
                     loop $again
                       local.get $"odd name"  br_if $again
                       block $again br $again br 1 end
                       block i32.const 7 br 2 end
                       local.get $p  i32.const 0  call_indirect (type $t)
                       i32.const 0  br_table $out $out
                     end
                     i32.const 1
                     block $b try_table (catch $oops $b) end end
                   end
                   local.get $p  local.get $p  i32.const 1
                   select (result (ref null $pair))  drop
                   try $t try throw $oops delegate $t catch_all end))"#,
        )
        .unwrap();
        let listing = Listing::new(&module, FuncIndex(0)).unwrap();
        let all: Vec<_> = (0..listing.len()).filter_map(|at| listing.instruction(at)).collect();
        let texts: Vec<String> = all.iter().map(alloc::string::ToString::to_string).collect();
        for text in [
            "block $out (result i32)",
            "loop $again",
            "local.get $\"odd name\"",
            "br_if $again",
            "block $again",
            // The loop of this name is hidden there.
            "br 1",
            "br $out",
            "call_indirect (type $t)",
            "br_table $out $out",
            "try_table (catch $oops $b)",
            "select (result (ref null $pair))",
            "delegate $t",
        ] {
            assert!(texts.iter().any(|found| found == text), "{text}: {texts:?}");
        }
        let position = texts.iter().position(|text| text == "br $out").unwrap();
        let called = listing.instruction_with(position, &|_| String::new()).unwrap();
        assert_eq!(called.to_string(), "br $out");
        assert_eq!(listing.label_name(0), Some("out"));
    }

    #[test]
    fn constant_expressions_are_words_too() {
        let text = "(module (type $p (struct (field i64) (field f32)))
             (import \"m\" \"g\" (global $from externref))
             (global i32 (i32.add (i32.const 40) (i32.const -2)))
             (global (ref $p) (struct.new $p (i64.const -1) (f32.const nan)))
             (global anyref (any.convert_extern (global.get $from)))
             (global (ref null $p) (ref.null $p)) (global funcref (ref.func $f))
             (global v128 (v128.const i32x4 1 2 3 4)) (func $f))";
        let module = Module::from_wat(&Engine::new(Config::default()), text).unwrap();
        let word = |index| {
            let expr = module.global_init(index).unwrap();
            const_text(&module, expr, 4, &|func| alloc::format!("f{func}"))
        };
        assert_eq!(
            [1, 2, 3, 4, 5, 6].map(word),
            [
                "i32.const 40 i32.const -2 i32.add",
                "i64.const -1 f32.const nan:0x400000 struct.new $p",
                "global.get $from any.convert_extern",
                "ref.null $p",
                "ref.func f0",
                "v128.const i32x4 0x00000001 0x00000002 0x00000003 0x00000004",
            ]
        );
    }

    #[test]
    fn names_of_prefixed_operators() {
        let name = |operator: Operator<'_>| operator_name(&operator).into_owned();
        assert_eq!(name(Operator::I32TruncSatF32S), "i32.trunc_sat_f32_s");
        assert_eq!(name(Operator::I8x16Swizzle), "i8x16.swizzle");
        assert_eq!(name(Operator::BrIf { relative_depth: 0 }), "br_if");
        assert_eq!(name(Operator::MemoryCopy { dst_mem: 0, src_mem: 0 }), "memory.copy");
        let memarg = MemArg {
            align: 0,
            max_align: 0,
            offset: 0,
            target: MemArgTarget::Memory(0),
            ordering: None,
        };
        assert_eq!(name(Operator::I32AtomicRmw8AddU { memarg }), "i32.atomic.rmw8.add_u");
    }
}
