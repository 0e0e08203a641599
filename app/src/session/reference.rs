//! References as what they refer to: a function's name, an object's type, a number.

use stepwell_engine::module::NameKind;
use stepwell_engine::store::{FuncInfo, ObjectKind};
use stepwell_engine::text::{dotted, escaped, identifier, quoted};
use stepwell_engine::{
    AnyRef, FuncAddr, FuncIndex, InstanceId, ObjectAddr, Store, TagAddr, TypeId, ValType, Value,
};

use super::type_text;
use super::{Command, ModuleKey, Namer, Session, defined_type};

/// Code units shown of a string.
const SHOWN: u32 = 40;

/// What a string of the heap says, in quotation marks; `None` for other objects. One that is longer ends
/// in dots.
fn string_text(store: &Store, object: ObjectAddr) -> Option<String> {
    let value = Value::ExternRef(Some(AnyRef::Object(object)));
    let (units, len) = store.first_code_units(value, SHOWN)?;
    let shown = quoted(&String::from_utf16_lossy(&units));
    Some(if len > SHOWN { shown + "…" } else { shown })
}

/// A value as one word of a line: `i32:5`, and a string by what it says: `externref:"text"`.
pub fn value_word(store: &Store, value: &Value) -> String {
    let object = match value {
        Value::ExternRef(Some(AnyRef::Object(object)))
        | Value::AnyRef(Some(AnyRef::Object(object))) => Some(*object),
        _ => None,
    };
    match object.and_then(|object| string_text(store, object)) {
        Some(text) => format!("{}:{text}", value.ty()),
        None => value.to_string(),
    }
}

/// What a reference refers to, in words.
#[derive(Clone, PartialEq, Debug)]
pub struct Reference {
    /// In short: `a.main`, `$point #7`, `i31:5`, `extern 3`, `null`.
    pub text: String,
    /// The full type, and what else there is to say; empty for null.
    pub detail: String,
    /// The module of a function.
    pub module: Option<ModuleKey>,
    /// What shows it.
    pub show: Option<Command>,
}

impl Reference {
    fn plain(text: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { text: text.into(), detail: detail.into(), module: None, show: None }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        self.text == "null"
    }
}

impl Namer for Session {
    fn operand(&self, instance: InstanceId, func: FuncIndex) -> String {
        let open = self.module_of_instance(instance);
        open.map_or_else(|| func.to_string(), |open| open.names.operand(func))
    }

    fn value(&self, value: &Value) -> String {
        self.value_text(value)
    }

    fn func(&self, func: FuncAddr) -> String {
        let Reference { text, .. } = self.func_reference(func);
        let ty = self.store().and_then(|store| store.func_type(func));
        let ty = ty.map(|ty| type_text::func(ty, &|id| self.type_name_in_store(id)));
        format!("{text} of {}", ty.unwrap_or_default())
    }
}

impl Session {
    /// What a value refers to, as the machine stands; `None` for numbers and vectors.
    pub fn reference(&self, value: &Value) -> Option<Reference> {
        let data = |to: AnyRef, given: &str| match to {
            AnyRef::I31(number) => Reference::plain(
                format!("i31:{number}"),
                "an integer of 31 bits, without an object",
            ),
            AnyRef::Host(addr) => {
                Reference::plain(format!("extern {addr}"), format!("a value of the host{given}"))
            }
            AnyRef::Object(object) => self.object_reference(object),
        };
        Some(match *value {
            Value::FuncRef(Some(addr)) => self.func_reference(addr),
            Value::ExternRef(Some(to)) => data(to, ""),
            Value::AnyRef(Some(to)) => data(to, ", taken in by any.convert_extern"),
            Value::ExnRef(Some(object)) => self.object_reference(object),
            Value::FuncRef(None)
            | Value::ExternRef(None)
            | Value::AnyRef(None)
            | Value::ExnRef(None) => Reference::plain("null", ""),
            Value::I32(_) | Value::I64(_) | Value::F32(_) | Value::F64(_) | Value::V128(_) => {
                return None;
            }
        })
    }

    /// A value in one line: what a reference refers to, else `i32:5` and the like.
    pub fn value_text(&self, value: &Value) -> String {
        self.reference(value).map_or_else(|| value.to_string(), |reference| reference.text)
    }

    fn func_reference(&self, addr: FuncAddr) -> Reference {
        let Some(store) = self.store() else { return Reference::plain(addr.to_string(), "") };
        let ty = store.func_type(addr);
        let ty =
            ty.map_or(String::new(), |ty| type_text::func(ty, &|id| self.type_name_in_store(id)));
        match store.func_info(addr) {
            Some(FuncInfo::Wasm { instance, func }) => {
                let open = self.module_of_instance(instance);
                let module = open.map_or("?", |open| open.name.as_str());
                let key = open.map(|open| open.key);
                Reference {
                    text: self.func_label(instance, func),
                    detail: format!("function {func} of {}: {ty}", escaped(module)),
                    module: key,
                    show: key.map(|module| Command::ShowFunction { module, func: func.0 }),
                }
            }
            Some(FuncInfo::Host { module, name, .. }) => Reference::plain(
                format!("host {}", dotted(&module, &name)),
                format!("host function: {ty}"),
            ),
            None => Reference::plain(addr.to_string(), "there is no such function"),
        }
    }

    /// An object, whatever refers to it; a string is what it says.
    pub fn object_reference(&self, object: ObjectAddr) -> Reference {
        let show = Some(Command::ShowObject(Some(object.0)));
        let said = self.store().and_then(|store| string_text(store, object));
        let text = match said {
            Some(said) => format!("{said} #{object}"),
            None => format!("{} #{object}", self.object_type_name(object)),
        };
        let detail = self.object_type_text(object);
        Reference { text, detail, module: None, show }
    }

    /// What an object is an instance of: `$point`, `struct`, `array`, or `exn $oops`.
    pub fn object_type_name(&self, object: ObjectAddr) -> String {
        let kind = self.store().and_then(|store| store.object_kind(object));
        kind.map_or_else(|| "object".to_owned(), |kind| self.kind_name(kind))
    }

    /// What objects of a kind are called.
    pub fn kind_name(&self, kind: ObjectKind) -> String {
        let named = |id: TypeId, other: &str| self.defined_name(id).unwrap_or(other.to_owned());
        match kind {
            ObjectKind::Struct(id) => named(id, "struct"),
            ObjectKind::Array(id, _) => named(id, "array"),
            ObjectKind::Exception(tag) => format!("exn {}", self.tag_name(tag)),
            ObjectKind::String(_) => "string".to_owned(),
        }
    }

    /// The full type of an object, with the module that defines it.
    pub fn object_type_text(&self, object: ObjectAddr) -> String {
        let found = || {
            let store = self.store()?;
            let (id, len) = match store.object_kind(object)? {
                ObjectKind::Struct(id) => (id, None),
                ObjectKind::Array(id, len) => (id, Some(len)),
                ObjectKind::String(_) => {
                    let value = Value::ExternRef(Some(AnyRef::Object(object)));
                    let (units, len) = store.first_code_units(value, 2 * SHOWN)?;
                    let text = quoted(&String::from_utf16_lossy(&units));
                    return Some(format!("a string of {len} code units: {text}"));
                }
                ObjectKind::Exception(tag) => {
                    let name = |id| self.type_name_in_store(id);
                    let values = store.tag_type(tag)?.params().iter();
                    let values: Vec<String> = values.map(|ty| type_text::val(*ty, &name)).collect();
                    return Some(format!("an exception that carries ({})", values.join(", ")));
                }
            };
            let (module, index) = store.origin_of(id)?;
            let len = match len {
                None => String::new(),
                Some(1) => ", 1 element".to_owned(),
                Some(len) => format!(", {len} elements"),
            };
            let owner = self.modules().iter().find(|open| open.module.same(module));
            let owner = owner.map_or(String::new(), |open| format!(" of {}", escaped(&open.name)));
            Some(format!("{}{len}: type {index}{owner}", defined_type(module, index)))
        };
        found().unwrap_or_else(|| "there is no such object any more".to_owned())
    }

    /// The name that a module gives to a type of the store.
    fn defined_name(&self, id: TypeId) -> Option<String> {
        let (module, index) = self.store()?.origin_of(id)?;
        module.item_name(NameKind::Type, index).map(identifier)
    }

    fn type_name_in_store(&self, id: u32) -> String {
        self.defined_name(TypeId(id)).unwrap_or_else(|| format!("type {id}"))
    }

    /// A value type that counts the store's types, with their names.
    pub fn store_type(&self, ty: ValType) -> String {
        type_text::val(ty, &|id| self.type_name_in_store(id))
    }

    /// What a tag is called.
    pub fn tag_name(&self, tag: TagAddr) -> String {
        let name = self.store().and_then(|store| store.tag_name(tag));
        name.map_or_else(|| format!("tag {tag}"), |name| identifier(&name))
    }
}
