//! A module whose file has changed is opened anew in its place.
//!
//! Its name, its hue, what its imports get, and what was started last stay. A breakpoint, and a watchpoint on a local,
//! stays where its function is the same: one with the same bytes, of the same name, or else at the same position.

use stepwell_engine::text::escaped;
use stepwell_engine::{CodeOffset, FuncIndex, Module};

use super::breakpoint::Entry;
use super::command::{Command, ModuleKey};
use super::load::{load_module, text_of};
use super::types::SessionError;
use super::{Invocation, Session, Template, not_now};

/// Where the code of a function lies, the locals' declarations in front of it.
fn body(module: &Module, func: FuncIndex) -> Option<&[u8]> {
    let range = module.func_body(func)?;
    module.bytes().get(range.start.0 as usize..range.end.0 as usize)
}

/// The function of `new` that is the same as one of `old`.
pub(super) fn same(old: &Module, new: &Module, func: FuncIndex) -> Option<FuncIndex> {
    let wanted = body(old, func)?;
    let is_same = |other: &FuncIndex| body(new, *other) == Some(wanted);
    let named = || {
        let name = old.func_name(func)?;
        let all = (0..new.func_count()).map(FuncIndex);
        all.filter(|other| new.func_name(*other) == Some(name)).find(is_same)
    };
    Some(func).filter(is_same).or_else(named)
}

impl Session {
    /// Opens what a module's file holds now in place of the module.
    pub(super) fn reload(&mut self, key: ModuleKey, bytes: Vec<u8>) -> Result<(), SessionError> {
        let old = self.module(key).ok_or_else(|| not_now("the module is closed"))?;
        let (name, hue, imports) = (old.name.clone(), old.hue, old.imports.clone());
        let old = old.module.clone();
        let text = text_of(&bytes);
        let loaded = load_module(&self.engine, bytes);
        self.note_problem(&name, loaded.as_ref().err(), || text);
        let error = |error| SessionError::Module { name: name.clone(), error };
        let (module, source) = loaded.map_err(error)?;

        let entries = self.breakpoints.iter().filter(|entry| entry.state.module == key);
        let entries: Vec<Entry> = entries.cloned().collect();
        let watched = self.watchpoints_of(key);
        let started = self.invocation.clone().filter(|last| last.module == key);
        let breaks = self.import_breaks.clone();
        let templates: Vec<Template> =
            self.templates.iter().filter(|known| known.module == key).cloned().collect();
        let views = self.views_of(key);
        let watches = self.watches().filter(|watch| watch.module == key);
        let watches: Vec<String> = watches.map(|watch| watch.text.clone()).collect();
        self.close(key)?;
        self.install(&name, module.clone(), source)?;
        let opened = self.modules.last_mut().ok_or_else(|| not_now("the module is closed"))?;
        opened.hue = hue;
        let new = opened.key;
        // What was said about an import holds for the one of the same name.
        for (import, state) in old.imports().iter().zip(imports) {
            let mut all = module.imports().iter();
            let position =
                all.position(|new| (&new.module, &new.name) == (&import.module, &import.name));
            if let Some(state_now) = position.and_then(|at| opened.imports.get_mut(at)) {
                (state_now.policy, state_now.choice) = (state.policy, state.choice);
                state_now.provider = state.provider;
            }
        }
        for mut template in templates {
            template.module = new;
            self.templates.push(template);
        }
        self.remember_views(new, views);
        self.resolve();
        self.import_breaks = breaks;
        self.drop_import_breaks();
        let mut dropped = 0;
        for mut entry in entries {
            match moved(&old, &module, entry.state.offset) {
                Some(offset) => {
                    (entry.state.module, entry.state.offset) = (new, offset);
                    self.reread(entry);
                }
                None => dropped += 1,
            }
        }
        self.breakpoints.sort_by_key(|entry| (entry.state.module, entry.state.offset));
        dropped += self.move_watchpoints(&old, &module, new, watched);
        for text in watches {
            if !self.watches().any(|watch| watch.module == new && watch.text == text) {
                self.add_watch_of(new, &text)?;
            }
        }
        if let Some(Invocation { export, args, .. }) = started
            && module.export(&export).is_some()
        {
            self.invocation = Some(Invocation { module: new, export, args });
        }
        let name = escaped(&name);
        self.notify(
            false,
            match dropped {
                0 => format!("{name} has been opened anew"),
                1 => {
                    format!("{name} has been opened anew, without a breakpoint in what has changed")
                }
                more => format!(
                    "{name} has been opened anew, without {more} breakpoints in what has changed"
                ),
            },
        );
        self.dispatch(Command::SelectModule(new))
    }
}

/// Where an instruction of the old module is in the new one.
fn moved(old: &Module, new: &Module, offset: u32) -> Option<u32> {
    let func = old.func_at(CodeOffset(offset))?;
    let other = same(old, new, func)?;
    let (from, to) = (old.func_body(func)?.start.0, new.func_body(other)?.start.0);
    Some(to + offset.checked_sub(from)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::tests::{key, run_on, start, with};
    use super::super::{ImportPolicy, RunState, StopReason};
    use super::*;

    const OLD: &str = r#"(module
      (import "env" "ask" (func $ask (result i32)))
      (func $stays (result i32) i32.const 3)
      (func $changes (result i32) i32.const 4)
      (func (export "run") (result i32) call $stays call $changes i32.add call $ask i32.add))"#;
    /// One more function in front, and one that is another.
    const NEW: &str = r#"(module
      (import "env" "more" (func $more))
      (import "env" "ask" (func $ask (result i32)))
      (func $first (result i32) i32.const 100)
      (func $changes (result i32) i32.const 5)
      (func $stays (result i32) i32.const 3)
      (func (export "run") (result i32) call $stays call $changes i32.add call $ask i32.add))"#;

    fn start_of(session: &Session, name: &str) -> u32 {
        let open = &session.modules()[0];
        let mut all = (0..open.module.func_count()).map(FuncIndex);
        let func = all.find(|func| open.module.func_name(*func) == Some(name)).unwrap();
        open.module.func_body(func).unwrap().start.0 + 1
    }

    #[test]
    fn breakpoints_stay_where_their_function_is_the_same() {
        let mut session = with(&[("other", "(module)"), ("main", OLD)]);
        let other = key(&session, "other");
        session.apply(Command::Close(other)).unwrap();
        let module = key(&session, "main");
        for name in ["stays", "changes"] {
            let offset = start_of(&session, name);
            session.apply(Command::ToggleBreakpoint { module, offset }).unwrap();
        }
        let offset = start_of(&session, "stays");
        let condition = "depth == 9".to_owned();
        session.apply(Command::SetCondition { module, offset, condition }).unwrap();
        session.apply(Command::SetCondition { module, offset, condition: String::new() }).unwrap();
        let policy = ImportPolicy::Zero;
        session.apply(Command::SetPolicy { module, import: 0, policy }).unwrap();
        start(&mut session, "main", "run", &[]);
        let hue = session.modules()[0].hue;

        session.apply(Command::Reload { module, bytes: NEW.as_bytes().to_vec() }).unwrap();
        let open = &session.modules()[0];
        assert_eq!((open.name.as_str(), open.hue), ("main", hue));
        let policies: Vec<_> = open.imports.iter().map(|state| state.policy).collect();
        assert_eq!(policies, [ImportPolicy::Ask, ImportPolicy::Zero]);
        let places: Vec<u32> = session.breakpoints().map(|point| point.offset).collect();
        assert_eq!(places, [start_of(&session, "stays")]);
        assert!(session.notices().last().unwrap().text.contains("without a breakpoint"));
        // It goes on being what is started.
        session.apply(Command::Restart).unwrap();
        session.apply(Command::Continue).unwrap();
        run_on(&mut session);
        assert!(matches!(
            session.run_state(),
            RunState::Stopped(StopReason::Breakpoint { hits: 1, .. })
        ));
    }

    #[test]
    fn a_file_that_is_broken_now_leaves_the_module_as_it_was() {
        let mut session = with(&[("main", OLD)]);
        let module = key(&session, "main");
        let bytes = b"(module (func $f drop))".to_vec();
        assert!(session.apply(Command::Reload { module, bytes }).is_err());
        assert_eq!(session.modules()[0].key, module);
        assert_eq!(session.problems().len(), 1);
    }
}
