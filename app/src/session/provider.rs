//! Which opened module satisfies an import: by its name, or as a person says.

use stepwell_engine::module::Matching;
use stepwell_engine::text::{dotted, path_part};

use super::command::{ModuleKey, ProviderChoice};
use super::types::{ImportSource, OpenModule, SessionError};
use super::{Session, not_now};

impl Session {
    /// The opened modules that export what an import needs, in order of opening.
    pub fn providers(&self, importer: &OpenModule, import: usize) -> Vec<&OpenModule> {
        let Some(wanted) = importer.module.imports().get(import) else { return Vec::new() };
        let mut matching = Matching::new();
        let mut fits = |open: &&OpenModule| {
            let export = open.module.export(&wanted.name);
            open.key != importer.key
                && export.is_some_and(|export| {
                    matching.fits(&open.module, export.item, &importer.module, import)
                })
        };
        self.modules().iter().filter(|open| fits(open)).collect()
    }

    /// Has a module satisfy an import, and all imports of the module that are called the same.
    pub(super) fn choose_provider(
        &mut self,
        key: ModuleKey,
        import: usize,
        provider: ProviderChoice,
    ) -> Result<(), SessionError> {
        let open = self.module_mut(key)?;
        let wanted = open.module.imports().get(import);
        let wanted = wanted.ok_or_else(|| not_now("the module has no such import"))?.clone();
        for (other, state) in open.module.imports().iter().zip(&mut open.imports) {
            if (&other.module, &other.name) == (&wanted.module, &wanted.name) {
                state.provider = provider.clone();
            }
        }
        self.resolve();
        // What runs stays linked as it is.
        if self.instance_of(key).is_some() {
            let open = self.module(key);
            let source = open.and_then(|open| open.imports.get(import)).map(|state| &state.source);
            let by = match source {
                Some(ImportSource::Module(key) | ImportSource::Mismatch(key, _)) => {
                    self.module(*key)
                }
                _ => None,
            };
            let by = by.map_or("no module".into(), |open| path_part(&open.name));
            let what = dotted(&wanted.module, &wanted.name);
            let text = format!(
                "from the next start on {by} satisfies {what}; the run stays as it is linked"
            );
            self.notify(false, text);
        }
        Ok(())
    }

    /// A module that has been chosen stays so under its new name.
    pub(super) fn follow_rename(&mut self, old: &str, new: &str) {
        for state in self.modules.iter_mut().flat_map(|open| &mut open.imports) {
            if let ProviderChoice::Module(name) = &mut state.provider
                && name == old
            {
                *name = new.to_owned();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::tests::{key, reason, run_on, start, with};
    use super::super::{Command, SetChoice, StopReason};
    use super::*;

    const MAIN: &str = r#"(module (import "lib" "get" (func $get (result i32)))
      (func (export "run") (result i32) call $get))"#;

    fn giving(number: u32) -> String {
        format!(r#"(module (func (export "get") (result i32) i32.const {number}))"#)
    }

    fn opened() -> Session {
        let (lib, other) = (giving(1), giving(2));
        let wrong = r#"(module (func (export "get") (result i64) i64.const 3))"#;
        with(&[("lib", &lib), ("other", &other), ("wrong", wrong), ("main", MAIN)])
    }

    fn choose(session: &mut Session, provider: ProviderChoice) {
        let module = key(session, "main");
        session.apply(Command::ChooseProvider { module, import: 0, provider }).unwrap();
    }

    fn result(session: &mut Session) -> StopReason {
        start(session, "main", "run", &[]);
        session.apply(Command::Continue).unwrap();
        run_on(session);
        reason(session).clone()
    }

    fn other() -> ProviderChoice {
        ProviderChoice::Module("other".to_owned())
    }

    #[test]
    fn another_module_that_exports_a_match_can_be_chosen() {
        let mut session = opened();
        let main = session.modules()[3].key;
        let open = session.module(main).unwrap();
        let names: Vec<_> =
            session.providers(open, 0).iter().map(|open| open.name.clone()).collect();
        assert_eq!(names, ["lib", "other"], "and none of another type");
        assert_eq!(result(&mut session), StopReason::Done(vec![1.into()]));
        choose(&mut session, other());
        assert!(session.notices().last().unwrap().text.contains("from the next start on other"));
        assert_eq!(result(&mut session), StopReason::Done(vec![2.into()]));
        // As long as it is closed, the name decides.
        let chosen = key(&session, "other");
        session.apply(Command::Close(chosen)).unwrap();
        assert_eq!(result(&mut session), StopReason::Done(vec![1.into()]));
        choose(&mut session, ProviderChoice::NoModule);
        assert_eq!(session.modules()[2].imports[0].source, ImportSource::Nobody);
        assert_eq!(result(&mut session), StopReason::HostCall);
        session
            .apply(Command::ChooseSet { module: main, import: 0, set: SetChoice::Nobody })
            .unwrap();
        choose(&mut session, ProviderChoice::ByName);
        assert_eq!(result(&mut session), StopReason::Done(vec![1.into()]));
    }

    #[test]
    fn a_choice_survives_renaming_reloading_and_closing_the_file() {
        let mut session = opened();
        choose(&mut session, other());
        let module = key(&session, "other");
        session.apply(Command::Rename { module, name: "renamed".into() }).unwrap();
        assert_eq!(result(&mut session), StopReason::Done(vec![2.into()]));
        let module = key(&session, "main");
        let bytes = MAIN.replace("call $get", "nop call $get").into_bytes();
        session.apply(Command::Reload { module, bytes }).unwrap();
        assert_eq!(result(&mut session), StopReason::Done(vec![2.into()]));
        let kept = serde_json::to_string(&session.file_memories()).unwrap();
        let mut again = Session::new();
        again.set_file_memories(serde_json::from_str(&kept).unwrap());
        let main = MAIN.replace("call $get", "nop call $get");
        // The module that is meant may be opened later.
        for (name, text) in [("lib", giving(1)), ("main", main), ("renamed", giving(2))] {
            let bytes = text.into_bytes();
            again.apply(Command::Open { name: name.into(), bytes }).unwrap();
        }
        assert_eq!(result(&mut again), StopReason::Done(vec![2.into()]));
    }
}
