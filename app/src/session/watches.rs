//! Watches: expressions whose values are shown whenever the machine stands.
//!
//! A watch belongs to a module. It is looked at in the selected frame if that runs the module, else in the
//! innermost frame further out that does, else in the module's instance without a frame: so what it reads is always
//! of one module's memory. It is evaluated when the machine has come to stand or something has been changed, not
//! when it is drawn.

use stepwell_engine::expression::{Context, Datum, Expression, ExpressionError, Program, Scope};
use stepwell_engine::{CodeOffset, FuncIndex, InstanceId};

use super::command::ModuleKey;
use super::expressions::told;
use super::types::{RunState, SessionError};
use super::{Session, not_now};

/// Watches of a session.
const WATCHES: usize = 200;

/// An expression that is watched.
#[derive(Clone, PartialEq, Debug)]
pub struct Watch {
    /// Stays the same while it is moved and changed.
    pub number: u32,
    /// The module that it is about.
    pub module: ModuleKey,
    /// The expression.
    pub text: String,
    /// What it is worth, or why it is worth nothing; `None` while nothing runs.
    pub value: Option<Result<WatchValue, String>>,
    /// Where it was looked at; `None` for an instance without a frame.
    pub frame: Option<usize>,
}

/// The value of a watch.
#[derive(Clone, PartialEq, Debug)]
pub struct WatchValue {
    /// The value.
    pub datum: Datum,
    /// Whether it is another than at the previous stop.
    pub changed: bool,
}

/// All watches, and what has been found out about them.
#[derive(Default)]
pub(super) struct Watches {
    entries: Vec<Entry>,
    next: u32,
}

struct Entry {
    watch: Watch,
    expression: Expression,
    /// The program of the place where it was looked at last.
    resolved: Option<(Place, Result<Program, ExpressionError>)>,
    /// What it was worth when the run set out.
    before: Option<Datum>,
}

/// Where programs are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    instance: InstanceId,
    stands: Option<(FuncIndex, CodeOffset)>,
}

impl Watches {
    /// The run is over and forgotten.
    pub(super) fn discard(&mut self) {
        for entry in &mut self.entries {
            (entry.resolved, entry.before) = (None, None);
            (entry.watch.value, entry.watch.frame) = (None, None);
        }
    }

    /// What is worth something now is compared with later.
    pub(super) fn remember(&mut self) {
        for entry in &mut self.entries {
            entry.before = match &entry.watch.value {
                Some(Ok(value)) => Some(value.datum.clone()),
                _ => None,
            };
        }
    }

    pub(super) fn forget_module(&mut self, module: ModuleKey) {
        self.entries.retain(|entry| entry.watch.module != module);
    }

    fn get_mut(&mut self, number: u32) -> Result<&mut Entry, SessionError> {
        let entry = self.entries.iter_mut().find(|entry| entry.watch.number == number);
        entry.ok_or_else(|| not_now("there is no such watch"))
    }
}

fn read(text: &str) -> Result<Expression, SessionError> {
    let message = |error| told(text, &error);
    Expression::parse(text)
        .map_err(|error| SessionError::Input { field: 0, message: message(error) })
}

impl Session {
    /// The watches, in the order in which they are shown.
    pub fn watches(&self) -> impl ExactSizeIterator<Item = &Watch> {
        self.watches.entries.iter().map(|entry| &entry.watch)
    }

    /// The module that a new watch is about: that of the selected frame, else the one looked at.
    fn watched_module(&self) -> Option<ModuleKey> {
        let frames = self.frames();
        let frame = frames.get(self.selected_frame);
        let of_frame = frame.and_then(|frame| self.module_of_instance(frame.instance()));
        let focus = || self.focus.map(|focus| focus.module);
        let first = || self.modules.last().map(|open| open.key);
        of_frame.map(|open| open.key).or_else(focus).or_else(first)
    }

    pub(super) fn add_watch(&mut self, text: &str) -> Result<(), SessionError> {
        let module = self.watched_module().ok_or_else(|| not_now("open a module first"))?;
        self.add_watch_of(module, text)
    }

    pub(super) fn add_watch_of(
        &mut self,
        module: ModuleKey,
        text: &str,
    ) -> Result<(), SessionError> {
        let expression = read(text)?;
        if self.watches.entries.len() >= WATCHES {
            return Err(not_now(format!("there are {WATCHES} watches already")));
        }
        let number = self.watches.next;
        self.watches.next += 1;
        let text = text.trim().to_owned();
        let watch = Watch { number, module, text, value: None, frame: None };
        let entry = Entry { watch, expression, resolved: None, before: None };
        self.watches.entries.push(entry);
        Ok(())
    }

    pub(super) fn set_watch(&mut self, watch: u32, text: &str) -> Result<(), SessionError> {
        if text.trim().is_empty() {
            return self.remove_watch(watch);
        }
        let expression = read(text)?;
        let entry = self.watches.get_mut(watch)?;
        entry.watch.text = text.trim().to_owned();
        (entry.expression, entry.resolved, entry.before) = (expression, None, None);
        Ok(())
    }

    pub(super) fn remove_watch(&mut self, watch: u32) -> Result<(), SessionError> {
        self.watches.get_mut(watch)?;
        self.watches.entries.retain(|entry| entry.watch.number != watch);
        Ok(())
    }

    pub(super) fn move_watch(&mut self, watch: u32, to: usize) -> Result<(), SessionError> {
        let entries = &mut self.watches.entries;
        let from = entries.iter().position(|entry| entry.watch.number == watch);
        let from = from.ok_or_else(|| not_now("there is no such watch"))?;
        let entry = entries.remove(from);
        entries.insert(to.min(entries.len()), entry);
        Ok(())
    }

    /// Evaluates all of them, if the machine stands.
    pub(super) fn look_at_watches(&mut self) {
        if self.watches.entries.is_empty() || self.state == RunState::Running {
            return;
        }
        let mut watches = std::mem::take(&mut self.watches);
        for entry in &mut watches.entries {
            self.look_at_watch(entry);
        }
        self.watches = watches;
    }

    fn look_at_watch(&self, entry: &mut Entry) {
        let watch = &mut entry.watch;
        (watch.value, watch.frame) = (None, None);
        let Some(machine) = &self.machine else { return };
        let Some(instance) = machine.instance_of(watch.module) else {
            watch.value = Some(Err("its module does not take part in the run".to_owned()));
            return;
        };
        let frames = machine.task().into_iter().flat_map(|task| task.frames(&machine.store));
        let mut frames = frames.enumerate().skip(self.selected_frame);
        let found = frames.find(|(_, frame)| frame.instance() == instance);
        watch.frame = found.as_ref().map(|(position, _)| *position);
        let frame = found.map(|(_, frame)| frame);
        let stands = frame.as_ref().map(|frame| (frame.func(), frame.offset()));
        let place = Place { instance, stands };
        if entry.resolved.as_ref().is_none_or(|(of, _)| *of != place) {
            let scope = match (&frame, self.module(watch.module)) {
                (Some(frame), _) => Scope::of_frame(frame),
                (None, Some(open)) => Scope::of_module(&open.module),
                (None, None) => return,
            };
            entry.resolved = Some((place, entry.expression.resolve(&scope)));
        }
        let context = match &frame {
            Some(frame) => Context::of_frame(&machine.store, frame),
            None => Context::of_instance(&machine.store, instance),
        };
        let context = context.with_counts(self.counts());
        let result = entry.resolved.as_ref().map(|(_, program)| match program {
            Ok(program) => program.evaluate(&context),
            Err(error) => Err(error.clone()),
        });
        watch.value = result.map(|result| match result {
            Ok(datum) => {
                let changed = entry.before.as_ref().is_some_and(|before| *before != datum);
                Ok(WatchValue { datum, changed })
            }
            Err(error) => Err(told(&watch.text, &error)),
        });
    }
}
