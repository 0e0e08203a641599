//! What the fields of a template hold in a memory: where each lies, its value in words, and the bytes of a new one.

use stepwell_engine::MemAddr;

use super::super::Session;
use super::super::types::MemoryView;
use super::scalar::Scalar;
use super::{Field, FieldType, Template};

/// Elements of an array that are written out, and that can be changed together.
const ELEMENTS: usize = 64;
/// Bytes of a text that are shown.
const TEXT: usize = 256;
/// Bytes of a field that are compared with what they were.
const COMPARED: u64 = 4096;

/// Where a pointer leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldTarget {
    /// The address.
    pub address: u64,
    /// The template that reads what is there.
    pub template: Option<String>,
}

/// A field with what it holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldView {
    /// Its name.
    pub name: String,
    /// Its type as it is written.
    pub ty: String,
    /// Bytes from the beginning of the structure.
    pub offset: u64,
    /// Where it lies; absent beyond all addresses.
    pub address: Option<u64>,
    /// Its value in words; absent beyond the end of the memory.
    pub value: Option<String>,
    /// The same as it is changed, if it can be.
    pub to_edit: Option<String>,
    /// Whether it differs from the previous stop.
    pub changed: bool,
    /// Where it points to, within the memory.
    pub target: Option<FieldTarget>,
}

impl FieldType {
    /// As a number: a pointer is one of the memory's addresses.
    fn scalar(&self, pointer: usize) -> Scalar {
        match self {
            FieldType::Scalar(scalar) => *scalar,
            FieldType::Char => Scalar::Unsigned(1),
            FieldType::Pointer | FieldType::CStr | FieldType::To(_) => Scalar::Unsigned(pointer),
        }
    }

    fn text(&self) -> String {
        match self {
            FieldType::Scalar(scalar) => {
                let known = Scalar::ALL.iter().find(|(_, known)| known == scalar);
                known.map_or("", |(name, _)| name).to_owned()
            }
            FieldType::Char => "char".to_owned(),
            FieldType::Pointer => "ptr".to_owned(),
            FieldType::CStr => "cstr".to_owned(),
            FieldType::To(name) => format!("-> {name}"),
        }
    }
}

impl Field {
    fn size(&self, pointer: usize) -> u64 {
        self.ty.scalar(pointer).bytes() as u64 * u64::from(self.count.unwrap_or(1))
    }

    fn type_text(&self) -> String {
        match self.count {
            Some(count) => format!("{}[{count}]", self.ty.text()),
            None => self.ty.text(),
        }
    }

    /// Its value in words, from its bytes; `None` beyond the end.
    fn value(&self, memory: &[u8], address: u64, pointer: usize) -> Option<String> {
        let begin = usize::try_from(address).ok()?;
        let bytes = memory.get(begin..)?.get(..self.size(pointer) as usize)?;
        let scalar = self.ty.scalar(pointer);
        Some(match (&self.ty, self.count) {
            (FieldType::Char, _) => text_of(bytes),
            (FieldType::Scalar(_), None) => scalar.read(bytes, false)?,
            (FieldType::Scalar(_), Some(count)) => {
                let dots = if count as usize > ELEMENTS { " …" } else { "" };
                format!("{}{dots}", elements(scalar, bytes))
            }
            (FieldType::CStr, _) => {
                let to = scalar.bits(bytes, false)?;
                let text = usize::try_from(to).ok().and_then(|to| memory.get(to..));
                match text.filter(|_| to != 0) {
                    Some(text) => format!("0x{to:x} {}", text_of(text)),
                    None => format!("0x{to:x}"),
                }
            }
            (FieldType::Pointer | FieldType::To(_), _) => {
                format!("0x{:x}", scalar.bits(bytes, false)?)
            }
        })
    }

    /// The same as a person changes it.
    fn to_edit(&self, memory: &[u8], address: u64, pointer: usize) -> Option<String> {
        let begin = usize::try_from(address).ok()?;
        let bytes = memory.get(begin..)?.get(..self.size(pointer) as usize)?;
        let scalar = self.ty.scalar(pointer);
        match (&self.ty, self.count) {
            (FieldType::Char, _) => {
                let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
                let text = std::str::from_utf8(bytes.get(..end)?).ok()?;
                (text.len() <= TEXT && !text.contains(char::is_control)).then(|| text.to_owned())
            }
            (FieldType::Scalar(_), None) => scalar.read(bytes, false),
            (FieldType::Scalar(_), Some(count)) => {
                (count as usize <= ELEMENTS).then(|| elements(scalar, bytes))
            }
            (FieldType::CStr | FieldType::Pointer | FieldType::To(_), _) => {
                Some(format!("0x{:x}", scalar.bits(bytes, false)?))
            }
        }
    }

    /// The bytes that a text means.
    fn write(&self, text: &str, pointer: usize) -> Result<Vec<u8>, String> {
        let scalar = self.ty.scalar(pointer);
        match (&self.ty, self.count) {
            (FieldType::Char, count) => {
                let room = count.unwrap_or(1) as usize;
                let mut bytes = text.as_bytes().to_vec();
                if bytes.len() > room {
                    return Err(format!("{} bytes, where there is room for {room}", bytes.len()));
                }
                bytes.resize(room, 0);
                Ok(bytes)
            }
            (_, None) => scalar.write(text),
            (_, Some(count)) => {
                let words: Vec<&str> = text.split_whitespace().collect();
                if words.len() != count as usize {
                    return Err(format!("{} numbers, where {count} are needed", words.len()));
                }
                let bytes: Result<Vec<Vec<u8>>, String> =
                    words.iter().map(|word| scalar.write(word)).collect();
                Ok(bytes?.concat())
            }
        }
    }
}

fn elements(scalar: Scalar, bytes: &[u8]) -> String {
    let all = bytes.chunks(scalar.bytes()).take(ELEMENTS);
    let words: Vec<String> = all.filter_map(|bytes| scalar.read(bytes, false)).collect();
    words.join(" ")
}

/// The text up to a zero byte, quoted.
fn text_of(bytes: &[u8]) -> String {
    let end = bytes.iter().take(TEXT).position(|byte| *byte == 0);
    let is_cut = end.is_none() && bytes.len() > TEXT;
    let shown = bytes.get(..end.unwrap_or(bytes.len().min(TEXT))).unwrap_or_default();
    let dots = if is_cut { " …" } else { "" };
    format!("{:?}{dots}", String::from_utf8_lossy(shown))
}

/// Offsets of all fields, and the size of the whole with the room that its alignment asks for at the end.
fn layout(template: &Template, pointer: usize) -> (Vec<u64>, u64) {
    let (mut end, mut size, mut align) = (0u64, 0u64, 1u64);
    let offsets = template.fields.iter().map(|field| {
        let own = field.ty.scalar(pointer).bytes() as u64;
        let offset = field.at.unwrap_or_else(|| end.next_multiple_of(own));
        end = offset + field.size(pointer);
        (size, align) = (size.max(end), align.max(own));
        offset
    });
    let offsets = offsets.collect();
    (offsets, size.next_multiple_of(align))
}

impl Session {
    /// The template that a memory view reads through.
    pub fn template_of_view(&self, view: &MemoryView) -> Option<&Template> {
        self.template(self.memory_module(view.memory)?, &view.template.as_ref()?.name)
    }

    /// Where a view's template is read.
    pub fn template_address(&self, view: &MemoryView) -> u64 {
        view.template.as_ref().and_then(|shown| shown.at).unwrap_or(view.cursor)
    }

    /// Bytes from one such structure to the next.
    pub fn template_size(&self, template: &Template, memory: MemAddr) -> u64 {
        layout(template, self.pointer_size(memory)).1
    }

    /// Bytes of an address of a memory.
    fn pointer_size(&self, memory: MemAddr) -> usize {
        let memory = self.store().and_then(|store| store.memory(memory));
        memory.map_or(4, |memory| if memory.ty().index64 { 8 } else { 4 })
    }

    /// Some of a template's fields with what they hold.
    pub fn template_fields(
        &self,
        template: &Template,
        memory: MemAddr,
        address: u64,
        range: std::ops::Range<usize>,
    ) -> Vec<FieldView> {
        let pointer = self.pointer_size(memory);
        let bytes = self.store().and_then(|store| store.memory(memory));
        let bytes = bytes.map_or(&[][..], |memory| memory.bytes());
        let (offsets, _) = layout(template, pointer);
        let fields = template.fields.iter().zip(offsets).take(range.end).skip(range.start);
        fields
            .map(|(field, offset)| {
                let address = address.checked_add(offset);
                let len = field.size(pointer).min(COMPARED);
                let marks = address.map(|address| self.byte_marks(memory, address, len as usize));
                let value = address.and_then(|address| field.value(bytes, address, pointer));
                FieldView {
                    name: field.name.clone(),
                    ty: field.type_text(),
                    offset,
                    address,
                    changed: value.is_some() && marks.is_some_and(|m| m.iter().any(|m| m.changed)),
                    to_edit: address.and_then(|address| field.to_edit(bytes, address, pointer)),
                    target: address.and_then(|address| target(field, bytes, address, pointer)),
                    value,
                }
            })
            .collect()
    }

    /// The bytes that a text means for a field of a template.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn field_bytes(
        &self,
        template: &Template,
        memory: MemAddr,
        field: usize,
        text: &str,
    ) -> Result<Vec<u8>, String> {
        let field = template.fields.get(field).ok_or("there is no such field")?;
        field.write(text, self.pointer_size(memory))
    }
}

/// Where a pointer leads, if that is in the memory.
fn target(field: &Field, memory: &[u8], address: u64, pointer: usize) -> Option<FieldTarget> {
    let template = match &field.ty {
        FieldType::Pointer | FieldType::CStr => None,
        FieldType::To(name) => Some(name.clone()),
        FieldType::Scalar(_) | FieldType::Char => return None,
    };
    let bytes = memory.get(usize::try_from(address).ok()?..)?;
    let address = field.ty.scalar(pointer).bits(bytes, false)?;
    let is_there = address != 0 && address < memory.len() as u64;
    is_there.then_some(FieldTarget { address, template })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::super::Command;
    use super::super::super::tests::{key, start, with};
    use super::*;

    const TEXT: &str = r#"(module (memory (export "m") 1)
      (data (i32.const 16) "\00\00\80\3f\00\00\00\c0\40\00\00\00\10\00\00\00abc\00\00\01\02\03")
      (data (i32.const 64) "hello\00")
      (func (export "run") (i32.store (i32.const 20) (i32.const 0)) nop))"#;

    const POINT: &str =
        "x: f32, y: f32 @4, name: cstr, next: -> Point, tag: char[4], data: u8[4] @20";

    fn begun() -> Session {
        let mut session = with(&[("m", TEXT)]);
        start(&mut session, "m", "run", &[]);
        let module = key(&session, "m");
        let (name, text) = ("Point".to_owned(), POINT.to_owned());
        session.apply(Command::SetTemplate { module, name, text }).unwrap();
        session
    }

    fn fields(session: &Session, address: u64) -> Vec<FieldView> {
        let (template, memory) = (&session.templates()[0], session.memories()[0].addr);
        session.template_fields(template, memory, address, 0..100)
    }

    #[test]
    fn fields_are_read_where_they_lie() {
        let session = begun();
        let all = fields(&session, 16);
        let values: Vec<_> = all.iter().map(|field| field.value.as_deref().unwrap()).collect();
        assert_eq!(values, ["1", "-2", "0x40 \"hello\"", "0x10", "\"abc\"", "0 1 2 3"]);
        let offsets: Vec<u64> = all.iter().map(|field| field.offset).collect();
        assert_eq!(offsets, [0, 4, 8, 12, 16, 20]);
        assert_eq!(all[5].address, Some(36));
        let types: Vec<_> = all.iter().map(|field| field.ty.as_str()).collect();
        assert_eq!(types, ["f32", "f32", "cstr", "-> Point", "char[4]", "u8[4]"]);
        let next = FieldTarget { address: 16, template: Some("Point".to_owned()) };
        assert_eq!(all[3].target, Some(next));
        // At the end of the memory, and beyond all addresses.
        let end = fields(&session, 0xfffc);
        assert_eq!(end[0].value.as_deref(), Some("0"));
        assert!(end[1..].iter().all(|field| field.value.is_none() && field.target.is_none()));
        assert_eq!(fields(&session, u64::MAX)[1].address, None);
    }

    #[test]
    fn fields_pack_as_a_compiler_does() {
        let mut session = begun();
        let module = key(&session, "m");
        let set = |session: &mut Session, text: &str| {
            let (name, text) = ("Point".to_owned(), text.to_owned());
            session.apply(Command::SetTemplate { module, name, text }).unwrap();
            let template = session.templates()[0].clone();
            let (offsets, size) = layout(&template, 4);
            assert_eq!(session.template_size(&template, session.memories()[0].addr), size);
            (offsets, size)
        };
        assert_eq!(set(&mut session, "a: u8, b: u32, c: u8"), (vec![0, 4, 8], 12));
        assert_eq!(set(&mut session, "a: u8, b: f64, c: u16[3], d: ptr"), (vec![0, 8, 16, 24], 32));
        assert_eq!(set(&mut session, "a: u32 @8, b: u8, c: u8 @0"), (vec![8, 12, 0], 16));
        assert_eq!(session.templates().len(), 1, "written anew");
    }

    #[test]
    fn a_step_that_writes_a_field_marks_it_wherever_the_view_stands() {
        let mut session = begun();
        let view = session.memory_views()[0].id;
        let show = super::super::TemplateView { name: "Point".to_owned(), at: Some(16) };
        session.apply(Command::ShowTemplate { view, show: Some(show) }).unwrap();
        session.apply(Command::FollowAccesses { view, follow: false }).unwrap();
        session.apply(Command::ScrollMemory { view, top: 0xf000 }).unwrap();
        session.apply(Command::StepBy(3)).unwrap();
        let changed: Vec<bool> = fields(&session, 16).iter().map(|field| field.changed).collect();
        assert_eq!(changed, [false, true, false, false, false, false]);
    }

    #[test]
    fn what_is_typed_becomes_a_fields_bytes() {
        let session = begun();
        let (template, memory) = (&session.templates()[0], session.memories()[0].addr);
        let bytes = |field, text| session.field_bytes(template, memory, field, text);
        assert_eq!(bytes(0, "1"), Ok(vec![0, 0, 0x80, 0x3f]));
        assert_eq!(bytes(2, "0x40"), Ok(vec![0x40, 0, 0, 0]));
        assert_eq!(bytes(4, "xy"), Ok(b"xy\0\0".to_vec()));
        assert!(bytes(4, "abcde").unwrap_err().contains("room for 4"));
        assert_eq!(bytes(5, "9 8 7 0xff"), Ok(vec![9, 8, 7, 255]));
        assert!(bytes(5, "1 2").unwrap_err().contains("4 are needed"));
        assert!(bytes(5, "1 2 3 256").is_err() && bytes(0, "x").is_err());
        let all = fields(&session, 16);
        let to_edit: Vec<_> = all.iter().map(|field| field.to_edit.as_deref().unwrap()).collect();
        assert_eq!(to_edit, ["1", "-2", "0x40", "0x10", "abc", "0 1 2 3"]);
        for (number, text) in to_edit.iter().enumerate() {
            let offset = all[number].address.unwrap() as usize;
            let written = bytes(number, text).unwrap();
            let memory = session.store().unwrap().memory(memory).unwrap().bytes();
            assert_eq!(memory[offset..offset + written.len()], written, "{text}");
        }
    }

    #[test]
    fn wrong_templates_are_refused_with_the_place_and_change_nothing() {
        let mut session = begun();
        let module = key(&session, "m");
        let mut set = |name: &str, text: &str| {
            let (name, text) = (name.to_owned(), text.to_owned());
            session.apply(Command::SetTemplate { module, name, text }).unwrap_err().to_string()
        };
        assert!(set("Point", "x: f33").contains("column 4"));
        assert!(set("a b", "x: f32").contains("a name"));
        assert_eq!(session.templates()[0].text, POINT);
        let name = "Point".to_owned();
        session.apply(Command::RemoveTemplate { module, name: name.clone() }).unwrap();
        session.apply(Command::RemoveTemplate { module, name }).unwrap_err();
        assert!(session.templates().is_empty());
    }
}
