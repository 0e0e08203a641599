//! What validation found, in words: which operands an operator expected, and which were there.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use wasmparser::{
    BinaryReader, BlockType, FuncToValidate, FuncType, FuncValidatorAllocations, FunctionBody,
    HeapType, Operator, Parser, RefType, UnpackedIndex, ValType, ValidPayload, ValidatorResources,
    WasmModuleResources,
};

use crate::features::Features;
use crate::module::code::Validator;
use crate::module::operator::{operator_name, peek};

/// Functions whose errors are told; nobody reads more at once.
const FUNCTIONS: usize = 20;
/// Operands that are shown of one instruction.
const OPERANDS: usize = 40;

/// The first error of a function.
pub(super) struct Failure {
    /// Byte offset of the operator.
    pub(super) offset: u64,
    pub(super) operator: Option<String>,
    pub(super) message: String,
    pub(super) expected: Option<String>,
    pub(super) found: Option<String>,
}

impl Failure {
    /// One of which nothing more is known.
    pub(super) fn new(offset: u64, message: String) -> Self {
        let mut failure = Self { offset, operator: None, message, expected: None, found: None };
        plain(&mut failure);
        failure
    }
}

/// Validates all functions of a module, and tells the first error of each.
pub(super) fn failures(bytes: &[u8], features: Features, names: &[Option<String>]) -> Vec<Failure> {
    let mut validator = wasmparser::Validator::new_with_features(features.to_wasm());
    let mut parser = Parser::new(0);
    parser.set_features(features.to_wasm());
    let mut failures = Vec::new();
    for payload in parser.parse_all(bytes).map_while(Result::ok) {
        match validator.payload(&payload) {
            Ok(ValidPayload::Func(func, body)) => {
                let types = Types::new(&validator, names);
                failures.extend(Function { func, body, types }.failure());
                if failures.len() >= FUNCTIONS {
                    break;
                }
            }
            Ok(_) => {}
            // It is the loader's to tell.
            Err(_) => break,
        }
    }
    failures
}

/// What types are called.
struct Types<'v> {
    types: Option<wasmparser::types::TypesRef<'v>>,
    names: &'v [Option<String>],
}

impl<'v> Types<'v> {
    fn new(validator: &'v wasmparser::Validator, names: &'v [Option<String>]) -> Self {
        Self { types: validator.types(0), names }
    }

    fn value(&self, ty: Option<ValType>) -> String {
        match ty {
            None => "any".to_string(),
            Some(ValType::Ref(ty)) => self.reference(ty),
            Some(ty) => ty.to_string(),
        }
    }

    fn reference(&self, ty: RefType) -> String {
        let HeapType::Concrete(index) = ty.heap_type() else { return ty.to_string() };
        let types = self.types.as_ref();
        let index = index.as_module_index().or_else(|| {
            let id = index.as_core_type_id()?;
            let types = types?;
            let mut all = 0..types.core_type_count_in_module();
            all.find(|index| types.core_type_at_in_module(*index) == id)
        });
        let Some(index) = index else { return ty.to_string() };
        let name = self.names.get(index as usize).and_then(Option::clone);
        let name = name.unwrap_or_else(|| index.to_string());
        let null = if ty.is_nullable() { "null " } else { "" };
        format!("(ref {null}{name})")
    }

    fn list(&self, types: &[Option<ValType>]) -> String {
        let shown: Vec<String> = types.iter().map(|ty| self.value(*ty)).collect();
        format!("[{}]", shown.join(", "))
    }
}

/// A function that may not validate.
struct Function<'a, 'v> {
    func: FuncToValidate<ValidatorResources>,
    body: FunctionBody<'a>,
    types: Types<'v>,
}

impl<'a> Function<'a, '_> {
    /// A validator that has seen the locals.
    fn validator(&self) -> Option<(Validator, BinaryReader<'a>)> {
        let func = FuncToValidate {
            resources: self.func.resources.clone(),
            index: self.func.index,
            ty: self.func.ty,
            features: self.func.features,
        };
        let mut validator = func.into_validator(FuncValidatorAllocations::default());
        let mut reader = self.body.get_binary_reader();
        validator.read_locals(&mut reader).ok()?;
        reader.set_features(self.func.features);
        Some((validator, reader))
    }

    /// Runs a validator up to the first error.
    fn first_error(&self) -> Option<wasmparser::Error> {
        let func = FuncToValidate {
            resources: self.func.resources.clone(),
            index: self.func.index,
            ty: self.func.ty,
            features: self.func.features,
        };
        func.into_validator(FuncValidatorAllocations::default()).validate(&self.body).err()
    }

    fn failure(self) -> Option<Failure> {
        let error = self.first_error()?;
        let mut failure = Failure {
            offset: error.offset(),
            operator: None,
            message: error.message().to_string(),
            expected: None,
            found: None,
        };
        let explained = self.explain(&error, &mut failure);
        if explained.is_none() {
            plain(&mut failure);
        }
        Some(failure)
    }

    fn explain(&self, error: &wasmparser::Error, failure: &mut Failure) -> Option<()> {
        let (mut validator, mut reader) = self.validator()?;
        while !reader.eof() && reader.original_position() < error.offset() {
            let offset = reader.original_position();
            reader.visit_operator(&mut validator.visitor(offset)).ok()?.ok()?;
        }
        let operator = peek(&reader)?;
        let name = operator_name(&operator).into_owned();
        let is_mismatch = failure.message.starts_with("type mismatch");
        let (what, expected) = match &operator {
            Operator::End | Operator::Else | Operator::Catch { .. } | Operator::CatchAll => {
                let frame = validator.get_control_frame(0)?;
                let last = validator.control_stack_height() == 1;
                let what =
                    if last { "at the end of the function" } else { "at the end of a block" };
                (what.to_string(), Some(self.results(frame.block_type, &validator)))
            }
            _ => (format!("in {name}"), None),
        };
        failure.operator = Some(name.clone());
        if !is_mismatch {
            let message = failure.message.clone();
            failure.message = match message.strip_prefix("unknown ") {
                Some(unknown) => unknown_index(&validator, unknown, &operator, failure),
                None => format!("{message} in {name}"),
            };
            return Some(());
        }
        let at_end = expected.is_some();
        let expected = expected.or_else(|| self.operands(&validator, &operator))?;
        let floor = validator.get_control_frame(0).map_or(0, |frame| frame.height);
        let there = (validator.operand_stack_height() as usize).saturating_sub(floor);
        // Of what lies below the operands of an operator nothing is wrong.
        let shown = if at_end { there } else { there.min(expected.len()) }.min(OPERANDS);
        let found: Vec<Option<ValType>> =
            (0..shown).rev().filter_map(|depth| validator.get_operand_type(depth)).collect();
        failure.message = format!("type mismatch {what}");
        failure.expected = Some(self.types.list(&expected));
        failure.found = Some(self.types.list(&found));
        Some(())
    }

    fn results(&self, ty: BlockType, validator: &Validator) -> Vec<Option<ValType>> {
        match ty {
            BlockType::Empty => Vec::new(),
            BlockType::Type(ty) => Vec::from([Some(ty)]),
            BlockType::FuncType(index) => {
                let ty = func_type(validator, index);
                ty.map_or(Vec::new(), |ty| ty.results().iter().copied().map(Some).collect())
            }
        }
    }

    /// Types of an operator's operands.
    fn operands(
        &self,
        validator: &Validator,
        operator: &Operator<'_>,
    ) -> Option<Vec<Option<ValType>>> {
        let params = |ty: &FuncType| ty.params().iter().copied().map(Some).collect::<Vec<_>>();
        let resources = validator.resources();
        Some(match operator {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                let index = resources.type_index_of_function(*function_index)?;
                params(func_type(validator, index)?)
            }
            Operator::CallIndirect { type_index, table_index }
            | Operator::ReturnCallIndirect { type_index, table_index } => {
                let mut types = params(func_type(validator, *type_index)?);
                let table = resources.table_at(*table_index)?;
                types.push(Some(if table.table64 { ValType::I64 } else { ValType::I32 }));
                types
            }
            Operator::CallRef { type_index } | Operator::ReturnCallRef { type_index } => {
                let mut types = params(func_type(validator, *type_index)?);
                let heap = HeapType::Concrete(UnpackedIndex::Module(*type_index));
                types.push(Some(ValType::Ref(RefType::new(true, heap)?)));
                types
            }
            Operator::Throw { tag_index } => params(resources.tag_at(*tag_index)?),
            Operator::Return => {
                let ty = func_type(validator, self.func.ty)?;
                ty.results().iter().copied().map(Some).collect()
            }
            Operator::Br { relative_depth } => self.label(validator, *relative_depth)?,
            Operator::BrIf { relative_depth } => {
                let mut types = self.label(validator, *relative_depth)?;
                types.push(Some(ValType::I32));
                types
            }
            Operator::BrTable { targets } => {
                let mut types = self.label(validator, targets.default())?;
                types.push(Some(ValType::I32));
                types
            }
            other => self.probe(other)?,
        })
    }

    /// What a branch to a label carries.
    fn label(&self, validator: &Validator, depth: u32) -> Option<Vec<Option<ValType>>> {
        let frame = validator.get_control_frame(depth as usize)?;
        if frame.kind != wasmparser::FrameKind::Loop {
            return Some(self.results(frame.block_type, validator));
        }
        let BlockType::FuncType(index) = frame.block_type else { return Some(Vec::new()) };
        Some(func_type(validator, index)?.params().iter().copied().map(Some).collect())
    }

    /// Operands of an operator that looks at no label, found out by trying: on an empty stack the
    /// validator says which type it misses, and with that there, which one below.
    fn probe(&self, operator: &Operator<'_>) -> Option<Vec<Option<ValType>>> {
        let mut types: Vec<Option<ValType>> = Vec::new();
        let mut named = named_types(operator);
        while types.len() < OPERANDS {
            let (mut validator, _) = self.validator()?;
            for ty in types.iter().rev() {
                push(&mut validator, *ty)?;
            }
            match validator.op(0, operator) {
                Ok(()) => {
                    types.reverse();
                    return Some(types);
                }
                Err(error) => {
                    let missing = error.message().strip_prefix("type mismatch: expected ")?;
                    let missing = missing.strip_suffix(" but nothing on stack")?;
                    types.push(match missing {
                        "(ref null $type)" => {
                            let heap = HeapType::Concrete(UnpackedIndex::Module(named.pop()?));
                            Some(ValType::Ref(RefType::new(true, heap)?))
                        }
                        other => value_type(other)?,
                    });
                }
            }
        }
        None
    }
}

/// The types that an operator names of structures and arrays it takes, in the order of its operands.
fn named_types(operator: &Operator<'_>) -> Vec<u32> {
    use Operator as O;
    match *operator {
        O::StructGet { struct_type_index, .. }
        | O::StructGetS { struct_type_index, .. }
        | O::StructGetU { struct_type_index, .. }
        | O::StructSet { struct_type_index, .. } => Vec::from([struct_type_index]),
        O::ArrayGet { array_type_index }
        | O::ArrayGetS { array_type_index }
        | O::ArrayGetU { array_type_index }
        | O::ArraySet { array_type_index }
        | O::ArrayFill { array_type_index }
        | O::ArrayInitData { array_type_index, .. }
        | O::ArrayInitElem { array_type_index, .. } => Vec::from([array_type_index]),
        O::ArrayCopy { array_type_index_dst, array_type_index_src } => {
            Vec::from([array_type_index_dst, array_type_index_src])
        }
        _ => Vec::new(),
    }
}

fn func_type(validator: &Validator, index: u32) -> Option<&FuncType> {
    let ty = validator.resources().sub_type_at(index)?;
    match &ty.composite_type.inner {
        wasmparser::CompositeInnerType::Func(ty) => Some(ty),
        _ => None,
    }
}

/// A type as the validator writes it; `None` inside is any.
fn value_type(text: &str) -> Option<Option<ValType>> {
    Some(match text {
        "a type" => None,
        "i32" => Some(ValType::I32),
        "i64" => Some(ValType::I64),
        "f32" => Some(ValType::F32),
        "f64" => Some(ValType::F64),
        "v128" => Some(ValType::V128),
        other => {
            use wasmparser::AbstractHeapType as A;
            let all = [
                A::Func,
                A::Extern,
                A::Any,
                A::None,
                A::NoExtern,
                A::NoFunc,
                A::Eq,
                A::Struct,
                A::Array,
                A::I31,
                A::Exn,
                A::NoExn,
            ];
            let types = all.iter().flat_map(|ty| {
                let heap = HeapType::Abstract { shared: false, ty: *ty };
                [RefType::new(true, heap), RefType::new(false, heap)].into_iter().flatten()
            });
            Some(ValType::Ref(types.into_iter().find(|ty| ty.to_string() == other)?))
        }
    })
}

/// Puts a value of a type on the stack.
fn push(validator: &mut Validator, ty: Option<ValType>) -> Option<()> {
    let operator = match ty.unwrap_or(ValType::I32) {
        ValType::I32 => Operator::I32Const { value: 0 },
        ValType::I64 => Operator::I64Const { value: 0 },
        ValType::F32 => Operator::F32Const { value: 0.0.into() },
        ValType::F64 => Operator::F64Const { value: 0.0.into() },
        ValType::V128 => {
            validator.op(0, &Operator::I32Const { value: 0 }).ok()?;
            Operator::I8x16Splat
        }
        ValType::Ref(ty) => Operator::RefNull { hty: ty.heap_type() },
    };
    validator.op(0, &operator).ok()?;
    if let Some(ValType::Ref(ty)) = ty
        && !ty.is_nullable()
    {
        validator.op(0, &Operator::RefAsNonNull).ok()?;
    }
    Some(())
}

/// `memory 0`, `local 3: local index out of bounds`: how many there are, and the message.
fn unknown_index(
    validator: &Validator,
    unknown: &str,
    operator: &Operator<'_>,
    failure: &mut Failure,
) -> String {
    let what = unknown.split(':').next().unwrap_or(unknown).trim();
    let kind = what.trim_end_matches(|last: char| last.is_ascii_digit() || last == ' ');
    let resources = validator.resources();
    let count = |known: &dyn Fn(u32) -> bool| (0..u32::MAX).take_while(|at| known(*at)).count();
    let there = match kind {
        "memory" => Some(count(&|at| resources.memory_at(at).is_some())),
        "table" => Some(count(&|at| resources.table_at(at).is_some())),
        "global" => Some(count(&|at| resources.global_at(at).is_some())),
        "tag" => Some(count(&|at| resources.tag_at(at).is_some())),
        "type" => Some(count(&|at| resources.sub_type_at(at).is_some())),
        "function" => Some(count(&|at| resources.type_index_of_function(at).is_some())),
        "elem segment" => Some(count(&|at| resources.element_type_at(at).is_some())),
        "local" => Some(validator.len_locals() as usize),
        "label" => Some(validator.control_stack_height() as usize),
        _ => None,
    };
    let index = match operator {
        Operator::GlobalGet { global_index } | Operator::GlobalSet { global_index } => {
            Some(*global_index)
        }
        Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
            Some(*relative_depth)
        }
        _ => None,
    };
    let what = match index {
        Some(index) if what == kind => format!("{kind} {index}"),
        _ => what.to_string(),
    };
    let what = format!("{what} in {}", operator_name(operator));
    match there {
        Some(0) => return format!("unknown {what}: there is no {kind}"),
        Some(there) => failure.expected = Some(format!("an index below {there}")),
        None => {}
    }
    format!("unknown {what}")
}

/// Takes apart a message that says both types itself.
fn plain(failure: &mut Failure) {
    let Some(rest) = failure.message.strip_prefix("type mismatch: expected ") else { return };
    let both = rest.split_once(", found ").or_else(|| rest.split_once(" but found "));
    let (expected, found) = match (both, rest.strip_suffix(" but nothing on stack")) {
        (Some((expected, found)), _) => (expected.to_string(), found.to_string()),
        (None, Some(expected)) => (expected.to_string(), "nothing".to_string()),
        (None, None) => return,
    };
    let operator = failure.operator.as_deref();
    failure.message =
        operator.map_or("type mismatch".to_string(), |name| format!("type mismatch in {name}"));
    (failure.expected, failure.found) = (Some(expected), Some(found));
}
