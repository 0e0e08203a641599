//! What an expression is worth at present.

use alloc::vec::Vec;

use crate::ids::{InstanceId, MemAddr};
use crate::memory::LinearMemory;
use crate::module::Module;
use crate::observe::FrameView;
use crate::store::{ObjectKind, Store, Table};
use crate::types::{CompositeType, StorageType, ValType};
use crate::value::{AnyRef, Ref, Value};

use super::datum::Datum;
use super::error::{ExpressionError, ExpressionErrorKind as Kind};
use super::operation::{Count, Width};
use super::resolve::{Operation, Program};
use super::{arithmetic, convert};

/// Bytes of a text at most, and how far its end is looked for.
const MAX_TEXT: u64 = 64 << 10;

/// Counts that an expression can ask for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// How often execution has come to the breakpoint, this time included.
    pub hits: u64,
    /// Instructions that the run has executed.
    pub executed: u64,
    /// Frames of the task.
    pub depth: u64,
    /// The task's number.
    pub task: u64,
}

/// What an expression is evaluated against.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    store: &'a Store,
    instance: Option<InstanceId>,
    frame: Option<&'a FrameView<'a>>,
    arguments: &'a [Value],
    counts: Counts,
}

impl<'a> Context<'a> {
    /// A frame of a stopped task.
    pub fn of_frame(store: &'a Store, frame: &'a FrameView<'a>) -> Self {
        let counts = Counts::default();
        Self { store, instance: Some(frame.instance()), frame: Some(frame), arguments: &[], counts }
    }

    /// An instance without a frame.
    pub fn of_instance(store: &'a Store, instance: InstanceId) -> Self {
        let counts = Counts::default();
        Self { store, instance: Some(instance), frame: None, arguments: &[], counts }
    }

    /// With the arguments of a call.
    pub fn with_arguments(self, arguments: &'a [Value]) -> Self {
        Self { arguments, ..self }
    }

    /// With these counts.
    pub fn with_counts(self, counts: Counts) -> Self {
        Self { counts, ..self }
    }

    fn slot(&self, slot: u32, ty: ValType) -> Result<Datum, Kind> {
        let value = self.frame.and_then(|frame| frame.slot(slot as usize, ty));
        value.map(Datum::from).ok_or(GONE)
    }

    fn memory_addr(&self, index: u32) -> Result<MemAddr, Kind> {
        let instance = self.instance.and_then(|instance| self.store.instance(instance));
        let memories = instance.map(crate::store::Instance::memories).unwrap_or_default();
        let (what, count) = ("memory", memories.len() as u64);
        let found = memories.get(index as usize).copied();
        found.ok_or(Kind::NoSuch { what, index: index.into(), count })
    }

    fn memory(&self, index: u32) -> Result<&'a LinearMemory, Kind> {
        self.store.memory(self.memory_addr(index)?).ok_or(GONE)
    }

    fn table(&self, index: u32) -> Result<&'a Table, Kind> {
        let instance = self.instance.and_then(|instance| self.store.instance(instance));
        let tables = instance.map(crate::store::Instance::tables).unwrap_or_default();
        let (what, count) = ("table", tables.len() as u64);
        let addr = tables.get(index as usize).copied();
        let addr = addr.ok_or(Kind::NoSuch { what, index: index.into(), count })?;
        self.store.table(addr).ok_or(GONE)
    }

    fn global(&self, index: u32) -> Result<Datum, Kind> {
        let instance = self.instance.and_then(|instance| self.store.instance(instance));
        let addr = instance.and_then(|instance| instance.globals().get(index as usize).copied());
        let value = addr.and_then(|addr| self.store.global(addr));
        value.map(|(_, value)| Datum::from(value)).ok_or(GONE)
    }

    fn count(&self, count: Count) -> u64 {
        match count {
            Count::Hits => self.counts.hits,
            Count::Executed => self.counts.executed,
            Count::Depth => self.counts.depth,
            Count::Task => self.counts.task,
        }
    }

    fn bytes(&self, memory: u32, address: u64, len: u64) -> Result<&'a [u8], Kind> {
        let memory = self.memory(memory)?;
        let size = memory.size();
        memory.read(address, len).map_err(|_| Kind::OutOfBounds { address, len, size })
    }

    fn load(&self, memory: u32, address: u64, width: Width) -> Result<Datum, Kind> {
        let bytes = self.bytes(memory, address, width.bytes())?;
        let little_endian = bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        Ok(width.read(little_endian))
    }

    fn zero_terminated(&self, memory: u32, address: u64) -> Result<Datum, Kind> {
        let size = self.memory(memory)?.size();
        let len = size.checked_sub(address).filter(|left| *left > 0);
        let len = len.ok_or(Kind::OutOfBounds { address, len: 1, size })?.min(MAX_TEXT + 1);
        let bytes = self.bytes(memory, address, len)?;
        match bytes.iter().position(|byte| *byte == 0) {
            Some(end) => Ok(Datum::Text(bytes.get(..end).unwrap_or_default().to_vec())),
            None if len > MAX_TEXT => Err(Kind::TextTooLong(MAX_TEXT)),
            None => Err(Kind::OutOfBounds { address: size, len: 1, size }),
        }
    }

    fn text(&self, memory: u32, address: u64, len: u64) -> Result<Datum, Kind> {
        match len > MAX_TEXT {
            true => Err(Kind::TextTooLong(MAX_TEXT)),
            false => Ok(Datum::Text(self.bytes(memory, address, len)?.to_vec())),
        }
    }

    fn string(&self, of: &Datum) -> Result<Datum, Kind> {
        let Datum::Ref(reference) = of else { return Err(Kind::NotA("string")) };
        if reference.is_null() {
            return Err(Kind::Null);
        }
        let units = self.store.first_code_units((*reference).into(), MAX_TEXT as u32);
        let (units, len) = units.ok_or(Kind::NotA("string"))?;
        if u64::from(len) > MAX_TEXT {
            return Err(Kind::TextTooLong(MAX_TEXT));
        }
        Ok(Datum::Text(alloc::string::String::from_utf16_lossy(&units).into_bytes()))
    }

    /// A field of a structure, by its name or number; the number of elements of an array.
    fn field(&self, of: &Datum, name: &str) -> Result<Datum, Kind> {
        let (object, kind) = self.object(of)?;
        let no_field = || Kind::NoField(name.into());
        let position = match kind {
            ObjectKind::Array(_, len) | ObjectKind::String(len) if name == "length" => {
                return Ok(Datum::U32(len));
            }
            ObjectKind::Struct(ty) => {
                let named = self
                    .store
                    .origin_of(ty)
                    .and_then(|(module, index)| field_named(module, index, name));
                named.or_else(|| name.parse().ok())
            }
            ObjectKind::Exception(_) => name.parse().ok(),
            _ => None,
        };
        let found = self.store.object(object).ok_or(GONE)?;
        let value = position.and_then(|position: usize| found.fields.get(position).copied());
        Ok(self.unpacked(kind, position, value.ok_or_else(no_field)?))
    }

    /// Packed fields and elements have no sign.
    fn unpacked(&self, kind: ObjectKind, field: Option<usize>, value: Value) -> Datum {
        let ty = match kind {
            ObjectKind::Struct(ty) | ObjectKind::Array(ty, _) => self.store.defined_type(ty),
            _ => None,
        };
        let storage = ty.and_then(|ty| match &ty.composite {
            CompositeType::Struct(ty) => ty.fields().get(field?).map(|field| field.storage),
            CompositeType::Array(ty) => Some(ty.element.storage),
            CompositeType::Func(_) => None,
        });
        let is_packed = matches!(storage, Some(StorageType::I8 | StorageType::I16));
        match value {
            Value::I32(value) if is_packed => Datum::U32(value as u32),
            value => value.into(),
        }
    }

    fn object(&self, of: &Datum) -> Result<(crate::ids::ObjectAddr, ObjectKind), Kind> {
        let object = match of {
            Datum::Ref(Ref::Any(Some(AnyRef::Object(addr))))
            | Datum::Ref(Ref::Extern(Some(AnyRef::Object(addr))))
            | Datum::Ref(Ref::Exn(Some(addr))) => *addr,
            Datum::Ref(to) if to.is_null() => return Err(Kind::Null),
            Datum::Null => return Err(Kind::Null),
            _ => return Err(Kind::NotA("object")),
        };
        Ok((object, self.store.object_kind(object).ok_or(GONE)?))
    }

    fn element(&self, of: &Datum, index: &Datum) -> Result<Datum, Kind> {
        let (object, kind) = self.object(of)?;
        let ObjectKind::Array(_, len) = kind else { return Err(Kind::NotA("array")) };
        let wanted = whole(index)?;
        let value = u32::try_from(wanted).ok().and_then(|index| self.store.element(object, index));
        let out = Kind::IndexOutOf { what: "elements", index: wanted, len: len.into() };
        Ok(self.unpacked(kind, None, value.ok_or(out)?))
    }

    fn table_element(&self, table: u32, index: &Datum) -> Result<Datum, Kind> {
        let table = self.table(table)?;
        let wanted = address(index)?;
        let (what, len) = ("elements", table.size());
        let value = table.get(wanted);
        value.map(Datum::from).ok_or(Kind::IndexOutOf { what, index: wanted.into(), len })
    }
}

/// What was there when the expression was written is not there now.
const GONE: Kind = Kind::NotHere { what: "it", why: "the frame or instance is another" };

fn field_named(module: &Module, ty: u32, name: &str) -> Option<usize> {
    let CompositeType::Struct(structure) = &module.types().get(ty as usize)?.composite else {
        return None;
    };
    (0..structure.fields().len()).find(|field| module.field_name(ty, *field as u32) == Some(name))
}

fn lane(vector: &Datum, index: &Datum, width: Width) -> Result<Datum, Kind> {
    let Datum::V128(bits) = vector else { return Err(Kind::NotA("vector")) };
    let (wanted, count) = (whole(index)?, 16 / width.bytes());
    if !(0..i128::from(count)).contains(&wanted) {
        return Err(Kind::IndexOutOf { what: "lanes", index: wanted, len: count });
    }
    Ok(width.read((bits >> (wanted as u64 * width.bytes() * 8)) as u64))
}

fn whole(index: &Datum) -> Result<i128, Kind> {
    index.integer().ok_or(Kind::NotFor { operator: "[]", ty: index.ty() })
}

fn address(datum: &Datum) -> Result<u64, Kind> {
    datum.address().ok_or_else(|| match datum.integer() {
        Some(value) => {
            Kind::DoesNotFit { value: alloc::format!("{value}"), ty: super::datum::DatumType::U64 }
        }
        None => Kind::NotFor { operator: "[]", ty: datum.ty() },
    })
}

impl Program {
    /// Its value.
    ///
    /// # Errors
    /// Why it has none at present: bytes behind the end of a memory, a division by zero, a field of null; and
    /// where. A frame of another function than the one it was resolved for is refused.
    pub fn evaluate(&self, context: &Context<'_>) -> Result<Datum, ExpressionError> {
        if let Some((module, func)) = &self.place {
            let is_it =
                |frame: &FrameView<'_>| frame.func() == *func && frame.module().same(module);
            if !context.frame.is_some_and(is_it) {
                let at = self.operations.first().map_or(0..0, |first| first.at.clone());
                return Err(ExpressionError { at, kind: GONE });
            }
        }
        let mut stack = Stack(Vec::with_capacity(4));
        let mut next = 0;
        while let Some(operation) = self.operations.get(next) {
            next += 1;
            match stack.apply(&operation.operation, context) {
                Ok(Some(target)) => next = target,
                Ok(None) => {}
                Err(kind) => return Err(ExpressionError::new(&operation.at, kind)),
            }
        }
        Ok(stack.pop())
    }

    /// Whether it is true: an integer unless it is 0, a reference unless it is null.
    ///
    /// # Errors
    /// As [`Program::evaluate`].
    pub fn holds(&self, context: &Context<'_>) -> Result<bool, ExpressionError> {
        let value = self.evaluate(context)?;
        convert::truth(&value).map_err(|kind| {
            let at = self.operations.last().map_or(0..0, |last| last.at.clone());
            ExpressionError { at, kind }
        })
    }
}

/// Values of what has been evaluated and not used yet.
struct Stack(Vec<Datum>);

impl Stack {
    fn pop(&mut self) -> Datum {
        self.0.pop().unwrap_or(Datum::Null)
    }

    /// Does an operation; where to go on, if not behind it.
    fn apply(
        &mut self,
        operation: &Operation,
        context: &Context<'_>,
    ) -> Result<Option<usize>, Kind> {
        let value = match operation {
            Operation::Constant(datum) => datum.clone(),
            Operation::Slot(slot, ty) => context.slot(*slot, *ty)?,
            Operation::Argument(index) => {
                let value = context.arguments.get(*index as usize).copied();
                value.map(Datum::from).ok_or(GONE)?
            }
            Operation::Global(index) => context.global(*index)?,
            Operation::Count(count) => Datum::U64(context.count(*count)),
            Operation::MemorySize(memory) => Datum::U64(context.memory(*memory)?.pages()),
            Operation::TableSize(table) => Datum::U64(context.table(*table)?.size()),
            Operation::Load(width, memory) => {
                let from = address(&self.pop())?;
                context.load(*memory, from, *width)?
            }
            Operation::Text(memory) => {
                let (len, from) = (address(&self.pop())?, address(&self.pop())?);
                context.text(*memory, from, len)?
            }
            Operation::ZeroTerminated(memory) => {
                let from = address(&self.pop())?;
                context.zero_terminated(*memory, from)?
            }
            Operation::TableElement(table) => context.table_element(*table, &self.pop())?,
            Operation::StringOf => context.string(&self.pop())?,
            Operation::Unary(operator) => arithmetic::unary(*operator, self.pop())?,
            Operation::Binary(operator) => {
                let (right, left) = (self.pop(), self.pop());
                arithmetic::binary(*operator, left, right)?
            }
            Operation::Convert(width) => convert::converted(&self.pop(), *width)?,
            Operation::Bits => convert::bits(&self.pop())?,
            Operation::Lane(width) => {
                let (index, vector) = (self.pop(), self.pop());
                lane(&vector, &index, *width)?
            }
            Operation::Field(name) => context.field(&self.pop(), name)?,
            Operation::Element => {
                let (index, array) = (self.pop(), self.pop());
                context.element(&array, &index)?
            }
            Operation::Truth => Datum::Bool(convert::truth(&self.pop())?),
            Operation::AndThen(target) | Operation::OrElse(target) => {
                let truth = convert::truth(&self.pop())?;
                if truth == matches!(operation, Operation::AndThen(_)) {
                    return Ok(None);
                }
                self.0.push(Datum::Bool(truth));
                return Ok(Some(*target));
            }
            Operation::Otherwise(target) => {
                let truth = convert::truth(&self.pop())?;
                return Ok((!truth).then_some(*target));
            }
            Operation::Skip(target) => return Ok(Some(*target)),
            Operation::Merge(ty) => {
                let value = self.pop();
                match ty {
                    Some(ty) => convert::adapted(value, *ty)?,
                    None => value,
                }
            }
        };
        self.0.push(value);
        Ok(None)
    }
}
