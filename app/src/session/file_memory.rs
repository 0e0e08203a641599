//! What is remembered of a file from one time that it is opened to the next: breakpoints, watches, what its imports
//! get, rules for answers, templates and views of its memories, what was started last. A file is known by its bytes,
//! whatever it is called.

use std::hash::Hasher as _;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use stepwell_engine::Module;

use super::answer_rules::AnswerRule;
use super::breakpoint::Entry;
use super::command::{ImportPolicy, ModuleKey, ProviderChoice, SetChoice};
use super::import_break::BreakWhen;
use super::known_view::KnownView;
use super::types::OpenModule;
use super::watch_target::WatchTarget;
use super::watchpoint::WatchWhen;
use super::{Invocation, Session};

/// Files that are remembered; of more the ones that were closed first are forgotten.
const FILES: usize = 200;
/// Bytes at the beginning and at the end of a file that it is known by, beside its length.
const KNOWN_BY: usize = 4 << 20;

/// What is remembered of a file.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FileMemory {
    /// What the file is known by.
    pub hash: String,
    breakpoints: Vec<(u32, bool, String)>,
    /// On what the module has; the key says nothing.
    watchpoints: Vec<(WatchTarget, WatchWhen, bool)>,
    /// Messages of breakpoints, by offset.
    messages: Vec<(u32, String)>,
    watches: Vec<String>,
    /// Moments with names, of runs that begin here.
    bookmarks: Vec<(u64, String)>,
    imports: Vec<KnownImport>,
    import_breaks: Vec<(String, String, BreakWhen)>,
    rules: Vec<AnswerRule>,
    pub(super) templates: Vec<(String, String)>,
    /// Views of its memories; absent while none have been opened.
    pub(super) views: Option<Vec<KnownView>>,
    /// Export and arguments that were started last.
    pub(super) started: Option<(String, Vec<String>)>,
}

/// What a person has said about an import.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct KnownImport {
    module: String,
    name: String,
    policy: ImportPolicy,
    set: SetChoice,
    #[serde(default)]
    provider: ProviderChoice,
}

impl FileMemory {
    fn is_empty(&self) -> bool {
        *self == Self { hash: self.hash.clone(), ..Self::default() }
    }
}

/// Puts what is remembered of a file in place of what was, behind all others.
fn put(memories: &mut Vec<FileMemory>, mut memory: FileMemory) {
    let before = memories.iter().position(|known| known.hash == memory.hash);
    let before = before.map(|position| memories.remove(position));
    if let Some(before) = before {
        memory.started = memory.started.or(before.started);
        memory.views = memory.views.or(before.views);
    }
    if !memory.is_empty() {
        memories.push(memory);
    }
    let more = memories.len().saturating_sub(FILES);
    memories.drain(..more);
}

/// What a module is known by.
pub(super) fn hash_of(module: &Module) -> String {
    let bytes = module.bytes();
    let mut hasher = SipHasher13::new();
    hasher.write_u64(bytes.len() as u64);
    let parts = match bytes.len() > 2 * KNOWN_BY {
        true => [bytes.get(..KNOWN_BY), bytes.get(bytes.len() - KNOWN_BY..)],
        false => [Some(bytes), None],
    };
    for part in parts.into_iter().flatten() {
        hasher.write(part);
    }
    let hash = hasher.finish128();
    format!("{:016x}{:016x}", hash.h1, hash.h2)
}

impl Session {
    /// What is remembered of files, those that are open included, the last one closed at the end.
    pub fn file_memories(&self) -> Vec<FileMemory> {
        let mut memories = self.file_memories.clone();
        for open in &self.modules {
            put(&mut memories, self.memory_of(open));
        }
        memories
    }

    /// Takes up what was remembered before; for files that are opened from now on.
    pub fn set_file_memories(&mut self, memories: Vec<FileMemory>) {
        self.file_memories = memories;
        let more = self.file_memories.len().saturating_sub(FILES);
        self.file_memories.drain(..more);
    }

    /// Takes up what a recording remembers of its files, in place of what was remembered of them here.
    pub(super) fn set_file_memories_of(&mut self, memories: Vec<FileMemory>) {
        memories.into_iter().for_each(|memory| put(&mut self.file_memories, memory));
    }

    /// Notes what is to be remembered of an open file.
    pub(super) fn remember_file(&mut self, key: ModuleKey) {
        let Some(open) = self.module(key) else { return };
        let memory = self.memory_of(open);
        put(&mut self.file_memories, memory);
    }

    /// What is to be remembered of an open file now.
    fn memory_of(&self, open: &OpenModule) -> FileMemory {
        let key = open.key;
        let imports = open.module.imports();
        let is_imported = |module: &str, name: &str| {
            imports.iter().any(|import| *import.module == *module && *import.name == *name)
        };
        let of_import = imports.iter().zip(&open.imports).filter_map(|(import, state)| {
            let is_usual = state.policy == ImportPolicy::default()
                && state.choice == SetChoice::default()
                && state.provider == ProviderChoice::default();
            let (module, name) = (import.module.to_string(), import.name.to_string());
            let (policy, set, provider) = (state.policy, state.choice, state.provider.clone());
            (!is_usual).then_some(KnownImport { module, name, policy, set, provider })
        });
        let breakpoints = self.breakpoints.iter().filter(|entry| entry.state.module == key);
        let breakpoints = breakpoints.map(|entry| {
            let state = &entry.state;
            (state.offset, state.enabled, state.condition.clone())
        });
        let watchpoints = self.watchpoints_of(key).into_iter();
        let watchpoints = watchpoints
            .map(|state| (state.target.of_module(ModuleKey(0)), state.when, state.enabled));
        let entries = self.breakpoints.iter().map(|entry| &entry.state);
        let messages = entries.filter(|state| state.module == key && !state.message.is_empty());
        let messages = messages.map(|state| (state.offset, state.message.clone()));
        let watches = self.watches().filter(|watch| watch.module == key);
        let breaks = self.import_breaks.iter();
        let breaks = breaks.filter(|known| is_imported(&known.module, &known.name));
        let breaks =
            breaks.map(|known| (known.module.clone(), known.name.clone(), known.when.clone()));
        let rules = self.answer_rules.iter().map(|(rule, _)| rule);
        let rules = rules.filter(|rule| is_imported(&rule.module, &rule.name)).cloned();
        let hash = open.hash.clone();
        let started = self.invocation.as_ref().filter(|last| last.module == key);
        let started = started.map(|last| (last.export.clone(), last.args.clone()));
        let templates = self.templates().iter().filter(|template| template.module == key);
        let templates = templates.map(|known| (known.name.clone(), known.text.clone()));
        FileMemory {
            hash,
            breakpoints: breakpoints.collect(),
            watchpoints: watchpoints.collect(),
            messages: messages.collect(),
            watches: watches.map(|watch| watch.text.clone()).collect(),
            bookmarks: self.bookmarks.of_module(key),
            imports: of_import.collect(),
            import_breaks: breaks.collect(),
            rules: rules.collect(),
            templates: templates.collect(),
            views: self.views_now(key),
            started,
        }
    }

    /// Does for a file that has just been opened what is remembered of it.
    pub(super) fn recall_file(&mut self, name: &str) {
        if self.file_memories.is_empty() {
            return;
        }
        let Some(open) = self.modules.iter().find(|open| open.name == name) else { return };
        let key = open.key;
        let Some(memory) = self.file_memories.iter().find(|known| known.hash == open.hash).cloned()
        else {
            return;
        };
        for known in &memory.imports {
            let Some(open) = self.module(key) else { return };
            let is_it = |import: &stepwell_engine::module::Import| {
                *import.module == *known.module && *import.name == *known.name
            };
            let Some(position) = open.module.imports().iter().position(is_it) else { continue };
            if known.provider != ProviderChoice::default() {
                let _ = self.choose_provider(key, position, known.provider.clone());
            }
            if known.set != SetChoice::default() {
                // What is chosen can be chosen again.
                let _ = self.choose_set(key, position, known.set);
            }
            if let Ok(open) = self.module_mut(key)
                && let Some(state) = open.imports.get_mut(position)
            {
                state.policy = known.policy;
            }
        }
        for (offset, enabled, condition) in memory.breakpoints {
            let is_there = self.breakpoints.iter().any(|entry| entry.is_at(key, offset));
            if is_there || self.check_instruction(key, offset).is_err() {
                continue;
            }
            let mut entry = Entry::new(key, offset);
            entry.state.enabled = enabled;
            self.breakpoints.push(entry);
            // One that is refused, since it was written for another version, is left out.
            let _ = self.set_condition(key, offset, condition);
            if let Some((_, text)) = memory.messages.iter().find(|(of, _)| *of == offset) {
                let _ = self.set_message(key, offset, text.clone());
            }
        }
        for text in &memory.watches {
            if !self.watches().any(|watch| watch.module == key && watch.text == *text) {
                let _ = self.add_watch_of(key, text);
            }
        }
        for (clock, name) in &memory.bookmarks {
            self.bookmarks.put(key, *clock, name);
        }
        self.breakpoints.sort_by_key(|entry| (entry.state.module, entry.state.offset));
        for (name, text) in memory.templates {
            // One that is refused, since it was written for another version, is left out.
            let _ = self.set_template(key, name, text);
        }
        for (target, when, enabled) in memory.watchpoints {
            let target = target.of_module(key);
            if self.watchpoint_on(&target).is_none() {
                // Of a file that has been written by hand, it may not be there.
                let _ = self.add_watchpoint(target, when, enabled);
            }
        }
        for (module, name, when) in memory.import_breaks {
            if self.import_break(&module, &name).is_none() {
                let _ = self.set_import_break(module, name, Some(when));
            }
        }
        let rules: Vec<AnswerRule> = self.answer_rules().map(|(rule, _)| rule.clone()).collect();
        let new = memory.rules.into_iter().filter(|rule| !rules.contains(rule));
        let all: Vec<AnswerRule> = rules.iter().cloned().chain(new).collect();
        if all.len() > rules.len() {
            let _ = self.set_answer_rules(all);
        }
    }

    /// The views that an open file has, or is remembered with.
    pub(super) fn views_of(&self, key: ModuleKey) -> Vec<KnownView> {
        self.views_now(key).unwrap_or_else(|| self.known_views(key))
    }

    /// Has an open file be remembered with views, unless it has some already.
    pub(super) fn remember_views(&mut self, key: ModuleKey, views: Vec<KnownView>) {
        let Some(hash) = self.module(key).map(|open| open.hash.clone()) else { return };
        let known = self.file_memories.iter().find(|known| known.hash == hash);
        let mut memory = known.cloned().unwrap_or(FileMemory { hash, ..FileMemory::default() });
        memory.views.get_or_insert(views);
        put(&mut self.file_memories, memory);
    }

    /// The views that an open file is remembered with.
    pub(super) fn known_views(&self, key: ModuleKey) -> Vec<KnownView> {
        let known = self.module(key).and_then(|open| {
            let known = self.file_memories.iter().find(|known| known.hash == open.hash)?;
            known.views.clone()
        });
        known.unwrap_or_default()
    }

    /// What was started last of an open file: then, or before it was closed.
    pub fn started_last(&self) -> Option<(ModuleKey, String, Vec<String>)> {
        if let Some(Invocation { module, export, args }) = &self.invocation {
            return Some((*module, export.clone(), args.clone()));
        }
        let mut files = self.modules.iter().rev();
        files.find_map(|open| {
            let known = self.file_memories.iter().find(|known| known.hash == open.hash)?;
            let (export, args) = known.started.clone()?;
            open.module.export(&export)?;
            Some((open.key, export, args))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::tests::{key, start, with};
    use super::super::{Command, Then};
    use super::*;

    const TEXT: &str = r#"(module
      (import "env" "ask" (func $ask (param i32) (result i32)))
      (func (export "run") (param $n i32) (result i32) (call $ask (local.get $n))))"#;

    fn prepared() -> Session {
        let mut session = with(&[("main", TEXT)]);
        let module = key(&session, "main");
        let offset = session.modules()[0].module.func_body(stepwell_engine::FuncIndex(1));
        let offset = offset.unwrap().start.0 + 1;
        let import = ("env".to_owned(), "ask".to_owned());
        for command in [
            Command::ToggleBreakpoint { module, offset },
            Command::SetCondition { module, offset, condition: "$n == 5".into() },
            Command::EnableBreakpoint { module, offset, enabled: false },
            Command::SetPolicy { module, import: 0, policy: ImportPolicy::Trap },
            Command::BreakOnImport {
                module: import.0.clone(),
                name: import.1.clone(),
                when: Some(BreakWhen::Condition("arg 0 == 3".into())),
            },
            Command::SetAnswerRules(vec![AnswerRule {
                module: import.0,
                name: import.1,
                args: vec!["9".into()],
                answers: vec!["1".into()],
                then: Then::Again,
            }]),
        ] {
            session.apply(command).unwrap();
        }
        start(&mut session, "main", "run", &["5"]);
        session
    }

    fn open(session: &mut Session, name: &str, text: &str) {
        let bytes = text.as_bytes().to_vec();
        session.apply(Command::Open { name: name.to_owned(), bytes }).unwrap();
    }

    fn agrees(session: &Session) {
        let breakpoints: Vec<_> = session.breakpoints().collect();
        let [point] = breakpoints.as_slice() else { panic!("{breakpoints:?}") };
        assert_eq!((point.enabled, point.condition.as_str()), (false, "$n == 5"));
        assert_eq!(session.modules()[0].imports[0].policy, ImportPolicy::Trap);
        let condition = BreakWhen::Condition("arg 0 == 3".into());
        assert_eq!(session.import_break("env", "ask").unwrap().when, condition);
        assert_eq!(session.answer_rules().len(), 1);
        let (module, export, args) = session.started_last().unwrap();
        assert_eq!((module, export.as_str()), (session.modules()[0].key, "run"));
        assert_eq!(args, ["5"]);
    }

    #[test]
    fn a_file_that_is_opened_again_is_as_it_was_left_whatever_it_is_called() {
        let mut session = prepared();
        let kept = serde_json::to_string(&session.file_memories()).unwrap();
        let mut other = Session::new();
        other.set_file_memories(serde_json::from_str(&kept).unwrap());
        open(&mut other, "renamed", TEXT);
        agrees(&other);
        // In the same session, after it has been closed.
        let module = key(&session, "main");
        session.apply(Command::Close(module)).unwrap();
        assert_eq!(session.breakpoints().len(), 0);
        assert!(session.import_break("env", "ask").is_none(), "nobody imports it any more");
        open(&mut session, "main", TEXT);
        agrees(&session);
    }

    #[test]
    fn another_file_is_not_taken_for_it_and_nothing_is_kept_of_what_was_left_alone() {
        let session = prepared();
        let kept = session.file_memories();
        let mut other = Session::new();
        other.set_file_memories(kept);
        open(&mut other, "main", &TEXT.replace("$n i32", "$m i32").replace("get $n", "get $m"));
        assert_eq!(other.breakpoints().len(), 0);
        assert_eq!(other.modules()[0].imports[0].policy, ImportPolicy::Ask);
        assert_eq!(other.file_memories().len(), 1);
        // Of many files the last ones are kept.
        let many = (0..FILES + 5)
            .map(|number| FileMemory { hash: number.to_string(), ..FileMemory::default() });
        other.set_file_memories(many.collect());
        assert_eq!(other.file_memories().len(), FILES);
        assert_eq!(other.file_memories()[0].hash, "5");
    }
}
