//! Expressions as a person types them: read for a place, and refused in words for beside their field.

use stepwell_engine::expression::{
    Context, Counts, Expression, ExpressionError, Message, Program, Scope, Template,
};
use stepwell_engine::{CodeOffset, FuncType, HostCall, Module, Value};

use super::Session;
use super::types::SessionError;

/// What is wrong with an expression, and with which part of it if that is not plain.
pub(crate) fn told(text: &str, error: &ExpressionError) -> String {
    let part = text.get(error.at.clone()).unwrap_or_default();
    let whole = text.trim();
    let kind = error.kind.to_string();
    match part.is_empty() || part.trim() == whole || kind.contains(part) {
        true => kind,
        false => format!("{kind} (in `{}`)", stepwell_engine::text::escaped(part)),
    }
}

fn refused(text: &str) -> impl Fn(ExpressionError) -> SessionError {
    move |error| SessionError::Input { field: 0, message: told(text, &error) }
}

/// What names mean before an instruction.
fn scope(module: &Module, offset: u32) -> Scope<'_> {
    match module.func_at(CodeOffset(offset)) {
        Some(func) => Scope::at(module, func, CodeOffset(offset)),
        None => Scope::of_module(module),
    }
}

/// Reads what is to be true at an instruction.
pub(super) fn condition_at(
    module: &Module,
    offset: u32,
    text: &str,
) -> Result<Program, SessionError> {
    let scope = scope(module, offset);
    let read = Expression::parse(text).and_then(|read| read.resolve_condition(&scope));
    read.map_err(refused(text))
}

/// Reads a message to be written at an instruction.
pub(super) fn message_at(
    module: &Module,
    offset: u32,
    text: &str,
) -> Result<Message, SessionError> {
    let scope = scope(module, offset);
    let read = Template::parse(text).and_then(|read| read.resolve(&scope));
    read.map_err(refused(text))
}

/// Reads what is to be true at calls of a function of this type, and whether it is.
pub(super) fn asked(
    text: &str,
    scope: &Scope<'_>,
    context: &Context<'_>,
) -> Result<bool, ExpressionError> {
    Expression::parse(text)?.resolve_condition(scope)?.holds(context)
}

impl Session {
    /// Looks at a call of the host: its arguments, and the caller's memory, which they point into. `None`
    /// without a caller.
    pub(super) fn at_call<T>(
        &self,
        call: &HostCall,
        reached: u64,
        look: impl FnOnce(&Scope<'_>, &Context<'_>) -> T,
    ) -> Option<T> {
        let machine = self.machine.as_ref()?;
        let frame = machine.task()?.frames(&machine.store).next()?;
        let counts = Counts { hits: reached, ..self.counts() };
        let context = Context::of_instance(&machine.store, frame.instance());
        let context = context.with_arguments(&call.args).with_counts(counts);
        let ty = FuncType::new(call.args.iter().map(Value::ty), []);
        Some(look(&Scope::of_call(&ty), &context))
    }
}
