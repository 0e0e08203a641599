//! Templates: how bytes of a memory are read as the fields of a structure.
//!
//! `parse` reads what a person writes, `scalar` reads and writes numbers, `fields` says what the fields hold. A
//! template belongs to the module whose memory it is for, and is remembered with its file.

mod fields;
mod parse;
mod scalar;

use serde::{Deserialize, Serialize};

use super::command::ModuleKey;
use super::types::SessionError;
use super::{Session, not_now};

pub use fields::{FieldTarget, FieldView};
pub use parse::TemplateError;
pub use scalar::Scalar;

/// Templates of a module.
const KEPT: usize = 200;

/// What a field is read as.
#[derive(Clone, PartialEq, Eq, Debug)]
enum FieldType {
    Scalar(Scalar),
    /// A letter, or the text that an array of them is.
    Char,
    /// An address.
    Pointer,
    /// The address of a text that ends with a zero byte.
    CStr,
    /// The address of something that another template reads.
    To(String),
}

/// A field as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Field {
    name: String,
    ty: FieldType,
    /// Elements, of an array.
    count: Option<u32>,
    at: Option<u64>,
}

/// A template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    /// The module that it belongs to.
    pub module: ModuleKey,
    /// What it is called.
    pub name: String,
    /// As it was written.
    pub text: String,
    fields: Vec<Field>,
}

impl Template {
    /// How many fields it has.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether it has none: never.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// What a memory view reads through a template.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TemplateView {
    /// Its name; empty as long as none has been chosen.
    pub name: String,
    /// Where it is read; at the cursor without.
    pub at: Option<u64>,
}

impl Session {
    /// What is wrong with the text of a template, for messages beside its field.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check_template(text: &str) -> Result<(), TemplateError> {
        parse::parse(text).map(drop)
    }

    /// All templates, by module and name.
    pub fn templates(&self) -> &[Template] {
        &self.templates
    }

    /// The template of a name for a module's memory.
    pub fn template(&self, module: ModuleKey, name: &str) -> Option<&Template> {
        self.templates.iter().find(|known| known.module == module && known.name == name)
    }

    /// Adds a template, or writes one anew.
    pub(super) fn set_template(
        &mut self,
        module: ModuleKey,
        name: String,
        text: String,
    ) -> Result<(), SessionError> {
        self.module(module).ok_or_else(|| not_now("the module is closed"))?;
        let name = name.trim().to_owned();
        if !parse::is_name(&name) {
            let message = "a template needs a name of letters, digits and _".to_owned();
            return Err(SessionError::Input { field: 0, message });
        }
        let fields = parse::parse(&text)
            .map_err(|error| SessionError::Input { field: 1, message: error.to_string() })?;
        let own = self.templates.iter().filter(|known| known.module == module).count();
        let is_new = self.template(module, &name).is_none();
        if is_new && own >= KEPT {
            return Err(not_now(format!("a module has at most {KEPT} templates")));
        }
        self.templates.retain(|known| known.module != module || known.name != name);
        self.templates.push(Template { module, name, text, fields });
        self.templates.sort_by(|a, b| (a.module, &a.name).cmp(&(b.module, &b.name)));
        Ok(())
    }

    /// Removes a template; views that show it show none.
    pub(super) fn remove_template(
        &mut self,
        module: ModuleKey,
        name: &str,
    ) -> Result<(), SessionError> {
        self.template(module, name).ok_or_else(|| not_now("there is no such template"))?;
        self.templates.retain(|known| known.module != module || known.name != name);
        Ok(())
    }
}
