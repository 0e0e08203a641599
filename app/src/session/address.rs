//! An address as an expression says it, for the memory that is looked at.

use stepwell_engine::MemAddr;
use stepwell_engine::expression::{Context, Expression, ExpressionError, Scope};

use super::Session;
use super::expressions::told;

impl Session {
    /// What an expression as `$p + 8` or `i32[$sp]` is worth as an address: in the frame that is looked at, or without
    /// one in an instance that has this memory.
    ///
    /// # Errors
    /// In words for beside the field.
    pub fn address(&self, memory: MemAddr, text: &str) -> Result<u64, String> {
        let read = |error: ExpressionError| told(text, &error);
        let nothing = || "there is nothing that has addresses yet".to_owned();
        let store = self.store().ok_or_else(nothing)?;
        let expression = Expression::parse(text).map_err(read)?;
        let frames = self.frames();
        let datum = match frames.get(self.selected_frame()) {
            Some(frame) => {
                let program = expression.resolve(&Scope::of_frame(frame)).map_err(read)?;
                let context = Context::of_frame(store, frame).with_counts(self.counts());
                program.evaluate(&context).map_err(read)?
            }
            None => {
                let has_it = |instance: &stepwell_engine::InstanceId| {
                    let known = store.instance(*instance);
                    known.is_some_and(|known| known.memories().contains(&memory))
                };
                let instance = store.instances().find(has_it).ok_or_else(nothing)?;
                let open = self.module_of_instance(instance).ok_or_else(nothing)?;
                let scope = Scope::of_module(&open.module);
                let context = Context::of_instance(store, instance).with_counts(self.counts());
                let program = expression.resolve(&scope).map_err(read)?;
                program.evaluate(&context).map_err(read)?
            }
        };
        datum.address().ok_or_else(|| "it is no address".to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::Command;
    use super::super::tests::{start, with};
    use super::*;

    #[test]
    fn an_address_is_an_expression_of_the_frame() {
        let text = r#"(module (memory 1) (data (i32.const 16) "\40\00\00\00")
          (global $base (export "base") i32 (i32.const 32))
          (func (export "run") (param $p i32) (param $f f32) nop))"#;
        let mut session = with(&[("m", text)]);
        assert!(session.address(MemAddr(0), "$base").is_err(), "nothing runs yet");
        start(&mut session, "m", "run", &["16", "0.5"]);
        let memory = session.memories()[0].addr;
        for (text, address) in
            [("$p + 8", 24), ("i32[$p]", 64), ("i32[$p] + 4 * 2", 72), ("$base", 32), ("0x10", 16)]
        {
            assert_eq!(session.address(memory, text), Ok(address), "{text}");
        }
        for text in ["$f", "$q", "$p +", "i32[0x1_0000]", "0 - 1"] {
            assert!(session.address(memory, text).is_err(), "{text}");
        }
        session.apply(Command::StepBy(2)).unwrap();
        assert_eq!(session.address(memory, "$base + 1"), Ok(33), "without a frame");
    }
}
