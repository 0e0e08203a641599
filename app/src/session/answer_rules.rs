//! Rules for answers: a call of this import with such arguments is answered so.
//!
//! Rules stand in a list; the first one that fits a call answers it. They come before an import's policy, and
//! after none that fits the policy holds. An answer is one of a sequence: the first call gets the first one.

use serde::{Deserialize, Serialize};
use stepwell_engine::expression::{Context, Expression, Scope};
use stepwell_engine::text::{dotted, escaped};
use stepwell_engine::{FuncType, HostAnswer, HostCall, ValType, Value};

use super::expressions::{self, told};
use super::types::{ImportSource, SessionError};
use super::value_text::parse_value;
use super::{Session, SetChoice};

/// How calls of an import are answered.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct AnswerRule {
    /// Module name of the import.
    pub module: String,
    /// Field name of the import.
    pub name: String,
    /// What the arguments have to be, one text each: empty or `*` is anything, else a value, a comparison
    /// as `> 5`, or an [expression](stepwell_engine::expression) as `cstr[arg 0] == "x"`. Of arguments behind the
    /// last text anything is taken.
    pub args: Vec<String>,
    /// The answers, in order: results set apart by commas (none for a function without results), `trap` with a
    /// message behind it, or `ask`.
    pub answers: Vec<String>,
    /// What the calls get behind the last answer.
    pub then: Then,
}

/// What comes behind the last answer of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Then {
    /// The last answer, again and again.
    #[default]
    Last,
    /// The sequence from its beginning.
    Again,
    /// No answer by this rule: the next rule that fits, or the import's policy.
    Pass,
}

/// An answer that has been read.
#[derive(Clone, PartialEq, Debug)]
enum Answer {
    Ask,
    Give(HostAnswer),
}

/// What calls are compared with.
#[derive(Debug)]
enum Wanted {
    Anything,
    Is(Value),
    /// An expression.
    Holds(String),
}

impl AnswerRule {
    /// Whether it is about an import.
    pub fn is_about(&self, module: &str, name: &str) -> bool {
        (self.module.as_str(), self.name.as_str()) == (module, name)
    }

    /// Which of its answers a call gets that so many went before; `None` where it passes.
    fn turn(&self, hits: u64) -> Option<&str> {
        let last = self.answers.len().checked_sub(1)?;
        let at = match (usize::try_from(hits).unwrap_or(usize::MAX), self.then) {
            (hits, _) if hits <= last => hits,
            (_, Then::Last) => last,
            (hits, Then::Again) => hits % (last + 1),
            (_, Then::Pass) => return None,
        };
        self.answers.get(at).map(String::as_str)
    }

    /// Whether it fits a call, by the values of its arguments; where one has no value, it does not.
    fn fits(&self, args: &[Value], scope: &Scope<'_>, context: &Context<'_>) -> bool {
        if self.args.len() > args.len() {
            return false;
        }
        self.args.iter().zip(args).enumerate().all(|(position, (text, arg))| {
            match wanted(text, position, arg.ty()) {
                Wanted::Anything => true,
                Wanted::Is(value) => *arg == value,
                Wanted::Holds(text) => expressions::asked(&text, scope, context).unwrap_or(false),
            }
        })
    }

    /// Fails with a message unless it can be about a function of this type.
    fn check(&self, ty: &FuncType) -> Result<(), String> {
        let import = dotted(&self.module, &self.name);
        let (params, texts) = (ty.params().len(), self.args.len());
        if texts > params {
            return Err(format!("{import} has {params} arguments, not {texts}"));
        }
        let scope = Scope::of_call(ty);
        for (position, (text, ty)) in self.args.iter().zip(ty.params()).enumerate() {
            if let Wanted::Holds(text) = wanted(text, position, *ty) {
                let read = Expression::parse(&text);
                let read = read.and_then(|read| read.resolve_condition(&scope));
                read.map_err(|error| format!("argument {position}: {}", told(&text, &error)))?;
            }
        }
        if self.answers.is_empty() {
            return Err("an answer is missing: values, `trap` or `ask`".to_owned());
        }
        for text in &self.answers {
            answer(text, ty.results())?;
        }
        Ok(())
    }
}

/// Reads what an argument has to be.
fn wanted(text: &str, position: usize, ty: ValType) -> Wanted {
    let text = text.trim();
    if text.is_empty() || text == "*" {
        return Wanted::Anything;
    }
    if let Ok(value) = parse_value(ty, text) {
        return Wanted::Is(value);
    }
    let compares = text.starts_with(['=', '<', '>']) || text.starts_with("!=");
    Wanted::Holds(if compares { format!("arg {position} {text}") } else { text.to_owned() })
}

/// Reads an answer of a function with these results.
fn answer(text: &str, results: &[ValType]) -> Result<Answer, String> {
    let text = text.trim();
    if text == "ask" {
        return Ok(Answer::Ask);
    }
    if let Some(message) = text.strip_prefix("trap")
        && (message.is_empty() || message.starts_with(' '))
    {
        let message = match message.trim() {
            "" => "a rule answers with a trap",
            message => message,
        };
        return Ok(Answer::Give(HostAnswer::Trap(message.to_owned())));
    }
    let texts: Vec<&str> = match text {
        "" | "()" => Vec::new(),
        text => text.split(',').map(str::trim).collect(),
    };
    if texts.len() != results.len() {
        let (wanted, given) = (results.len(), texts.len());
        return Err(format!("{wanted} results expected in `{}`, {given} given", escaped(text)));
    }
    let values = results.iter().zip(texts).map(|(ty, text)| parse_value(*ty, text));
    Ok(Answer::Give(HostAnswer::Return(values.collect::<Result<_, _>>()?)))
}

impl Session {
    /// The rules for answers, in the order in which they are tried.
    pub fn answer_rules(&self) -> impl ExactSizeIterator<Item = (&AnswerRule, u64)> {
        self.answer_rules.iter().map(|(rule, hits)| (rule, *hits))
    }

    /// The types of the imports of this name.
    fn imported_as(&self, module: &str, name: &str) -> Vec<FuncType> {
        let imports = self.modules.iter().flat_map(|open| open.module.imports());
        let named = imports.filter(|import| *import.module == *module && *import.name == *name);
        named
            .filter_map(|import| match &import.ty {
                stepwell_engine::ExternType::Func(ty) => Some(ty.clone()),
                _ => None,
            })
            .collect()
    }

    /// Puts other rules in place of those that there are; what has not changed keeps its hits.
    pub(super) fn set_answer_rules(&mut self, rules: Vec<AnswerRule>) -> Result<(), SessionError> {
        for (field, rule) in rules.iter().enumerate() {
            let types = self.imported_as(&rule.module, &rule.name);
            let checked = types.iter().try_for_each(|ty| rule.check(ty));
            checked.map_err(|message| SessionError::Input { field, message })?;
        }
        let before = std::mem::take(&mut self.answer_rules);
        for rule in &rules {
            if !before.iter().any(|(known, _)| known == rule) {
                self.leave_import_to_rules(rule)?;
            }
        }
        let hits = |rule: &AnswerRule| {
            before.iter().find(|(known, _)| known == rule).map_or(0, |(_, hits)| *hits)
        };
        self.answer_rules = rules.into_iter().map(|rule| (rule.clone(), hits(&rule))).collect();
        Ok(())
    }

    /// A rule is for what no set answers.
    fn leave_import_to_rules(&mut self, rule: &AnswerRule) -> Result<(), SessionError> {
        let mut served = Vec::new();
        for open in &self.modules {
            for (position, (import, state)) in
                open.module.imports().iter().zip(&open.imports).enumerate()
            {
                let is_set = matches!(state.source, ImportSource::Set(_));
                if is_set && rule.is_about(&import.module, &import.name) {
                    served.push((open.key, position));
                }
            }
        }
        for (module, import) in served {
            self.choose_set(module, import, SetChoice::Nobody)?;
        }
        Ok(())
    }

    /// A run begins: sequences do, too.
    pub(super) fn begin_answer_rules(&mut self) {
        self.answer_rules.iter_mut().for_each(|(_, hits)| *hits = 0);
    }

    /// What the rules answer a call with: the position of the rule, and the answer, which is `None` where a
    /// person is to be asked.
    pub(super) fn ruled(&mut self, call: &HostCall) -> Option<(usize, Option<HostAnswer>)> {
        let about = |rule: &AnswerRule| rule.is_about(&call.module, &call.name);
        if !self.answer_rules.iter().any(|(rule, _)| about(rule)) {
            return None;
        }
        let found = self.at_call(call, 0, |scope, context| {
            let mut rules = self.answer_rules.iter().enumerate();
            rules.find_map(|(position, (rule, hits))| {
                if !about(rule) || !rule.fits(&call.args, scope, context) {
                    return None;
                }
                // One that does not fit the import's type any more answers nothing.
                let answer = answer(rule.turn(*hits)?, call.ty.results()).ok()?;
                Some((position, answer))
            })
        });
        let (position, answer) = found.flatten()?;
        if let Some((_, hits)) = self.answer_rules.get_mut(position) {
            *hits += 1;
        }
        Some(match answer {
            Answer::Ask => (position, None),
            Answer::Give(answer) => (position, Some(answer)),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::tests::{key, reason, run_on, start, with};
    use super::super::{Answerer, Command, HostAnswerState, ImportPolicy, StopReason};
    use super::*;

    const ASKS: &str = r#"(module
      (import "env" "ask" (func $ask (param i32) (result i32)))
      (import "console" "log" (func $log (param i32)))
      (func (export "sum") (param $n i32) (result i32) (local $sum i32)
        loop
          (local.set $sum
            (i32.add (i32.mul (local.get $sum) (i32.const 10)) (call $ask (local.get $n))))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br_if 0 (local.get $n))
        end
        local.get $sum)
      (func (export "log") (call $log (i32.const 3))))"#;

    fn rule(args: &[&str], answers: &[&str], then: Then) -> AnswerRule {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let (module, name) = ("env".to_owned(), "ask".to_owned());
        AnswerRule { module, name, args: texts(args), answers: texts(answers), then }
    }

    /// What a run with these rules comes to.
    fn run(rules: &[AnswerRule], n: &str) -> (Session, StopReason) {
        let mut session = with(&[("main", ASKS)]);
        session.apply(Command::SetAnswerRules(rules.to_vec())).unwrap();
        start(&mut session, "main", "sum", &[n]);
        session.apply(Command::Continue).unwrap();
        run_on(&mut session);
        let reason = reason(&session).clone();
        (session, reason)
    }

    fn done(value: i32) -> StopReason {
        StopReason::Done(vec![Value::I32(value)])
    }

    #[test]
    fn the_first_rule_that_fits_answers() {
        let rules = [rule(&["2"], &["7"], Then::Last), rule(&[">= 4"], &["5"], Then::Last)];
        let other = rule(&[], &["1"], Then::Last);
        assert_eq!(run(&[rules.as_slice(), &[other]].concat(), "5").1, done(55171));
        let (session, reason) = run(&rules, "5");
        assert_eq!(reason, StopReason::HostCall, "nobody answers 3");
        let hits: Vec<u64> = session.answer_rules().map(|(_, hits)| hits).collect();
        assert_eq!(hits, [0, 2]);
        let by = |by: Answerer| matches!(by, Answerer::Rule(1));
        let answers = session.host_calls().iter().filter(|record| match &record.answer {
            HostAnswerState::Returned { by: answerer, .. } => by(*answerer),
            _ => false,
        });
        assert_eq!(answers.count(), 2);
    }

    #[test]
    fn answers_come_one_after_the_other_and_begin_anew_with_a_run() {
        for (then, expected) in [(Then::Last, 12333), (Then::Again, 12312)] {
            let (mut session, reason) = run(&[rule(&["*"], &["1", "2", "3"], then)], "5");
            assert_eq!(reason, done(expected), "{then:?}");
            session.apply(Command::Restart).unwrap();
            session.apply(Command::Continue).unwrap();
            run_on(&mut session);
            assert_eq!(super::super::tests::reason(&session), &done(expected), "{then:?}");
        }
        let passes = [rule(&[], &["1", "2"], Then::Pass), rule(&[], &["9"], Then::Last)];
        assert_eq!(run(&passes, "4").1, done(1299));
    }

    #[test]
    fn a_rule_can_trap_and_ask() {
        let (_, reason) = run(&[rule(&["3"], &["trap no more"], Then::Last)], "3");
        let StopReason::Trap(trap) = reason else { panic!("{reason:?}") };
        assert!(trap.to_string().contains("no more"), "{trap}");
        let mut session = with(&[("main", ASKS)]);
        let module = key(&session, "main");
        let policy = ImportPolicy::Zero;
        session.apply(Command::SetPolicy { module, import: 0, policy }).unwrap();
        let rules = vec![rule(&["1"], &["ask"], Then::Last)];
        session.apply(Command::SetAnswerRules(rules)).unwrap();
        start(&mut session, "main", "sum", &["2"]);
        session.apply(Command::Continue).unwrap();
        run_on(&mut session);
        assert_eq!(super::super::tests::reason(&session), &StopReason::HostCall);
        assert_eq!(session.host_calls().len(), 2, "the policy has answered the first one");
    }

    #[test]
    fn a_rule_that_cannot_be_is_refused_and_changes_nothing() {
        let mut session = with(&[("main", ASKS)]);
        let good = rule(&["1"], &["1"], Then::Last);
        session.apply(Command::SetAnswerRules(vec![good.clone()])).unwrap();
        for (bad, words) in [
            (rule(&["1", "2"], &["1"], Then::Last), "1 arguments, not 2"),
            (rule(&["x"], &["1"], Then::Last), "argument 0"),
            (rule(&["1"], &["1, 2"], Then::Last), "1 results expected"),
            (rule(&["1"], &["1.5"], Then::Last), "1.5"),
            (rule(&["1"], &[], Then::Last), "an answer is missing"),
        ] {
            let result = session.apply(Command::SetAnswerRules(vec![good.clone(), bad.clone()]));
            let Err(SessionError::Input { field: 1, message }) = result else { panic!("{bad:?}") };
            assert!(message.contains(words), "{message}");
            assert_eq!(session.answer_rules().map(|(rule, _)| rule).collect::<Vec<_>>(), [&good]);
        }
    }

    #[test]
    fn a_rule_takes_an_import_from_the_set_that_served_it() {
        let mut session = with(&[("main", ASKS)]);
        let (module, name) = ("console".to_owned(), "log".to_owned());
        let answers = vec!["()".to_owned()];
        let rule = AnswerRule { module, name, answers, ..AnswerRule::default() };
        session.apply(Command::SetAnswerRules(vec![rule])).unwrap();
        start(&mut session, "main", "log", &[]);
        session.apply(Command::Continue).unwrap();
        run_on(&mut session);
        assert_eq!(reason(&session), &StopReason::Done(vec![]));
        assert!(session.console().is_empty(), "the console has not been asked");
        assert_eq!(session.answer_rules().next().unwrap().1, 1);
    }
}
