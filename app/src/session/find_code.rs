//! Finding instructions by their text in all functions of all opened modules, a slice at a time.

use std::time::Duration;

use stepwell_engine::module::disassemble::{Instruction, Listing};
use stepwell_engine::text::dotted;
use stepwell_engine::{CodeOffset, FuncIndex};
use web_time::Instant;

use super::Session;
use super::command::{ModuleKey, Panel};
use super::types::{LayoutRequest, OpenModule};

/// Instructions listed; a search that has found so many ends there.
const MOST: usize = 10_000;
/// Instructions between two looks at the clock.
const CHUNK: usize = 256;

/// An instruction that has been found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeHit {
    /// The module.
    pub module: ModuleKey,
    /// Its function.
    pub func: FuncIndex,
    /// The instruction.
    pub offset: CodeOffset,
    /// As Code writes it.
    pub text: String,
}

/// How far a search is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SearchProgress {
    /// It goes on.
    Searching,
    /// All code has been looked through.
    Complete,
    /// As many have been found as are listed; there may be more.
    Full,
    /// It was ended before.
    Ended,
}

/// What is being looked for, and what has been found.
#[derive(Debug)]
pub struct CodeSearch {
    text: String,
    words: Words,
    progress: SearchProgress,
    hits: Vec<CodeHit>,
    /// Modules still to be looked through, the present one last.
    modules: Vec<ModuleKey>,
    next_func: u32,
    /// The function that is being looked through, and its next instruction.
    listing: Option<(Listing, usize)>,
    done: u64,
    whole: u64,
}

impl CodeSearch {
    /// What is looked for.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What has been found so far, in the order of the code.
    pub fn hits(&self) -> &[CodeHit] {
        &self.hits
    }

    /// Whether it goes on.
    pub fn progress(&self) -> SearchProgress {
        self.progress
    }

    /// How much of the code has been looked through, up to 1.
    pub fn share(&self) -> f32 {
        match self.progress {
            SearchProgress::Complete => 1.0,
            _ => self.done as f32 / self.whole.max(1) as f32,
        }
    }

    fn add(&mut self, open: &OpenModule, func: FuncIndex, instruction: &Instruction) {
        let text = line(open, instruction);
        if self.words.are_in(&text) {
            let (module, offset) = (open.key, instruction.offset);
            self.hits.push(CodeHit { module, func, offset, text });
            if self.hits.len() >= MOST {
                self.progress = SearchProgress::Full;
            }
        }
    }

    /// Forgets what was found in a module that is closed.
    pub(super) fn forget_module(&mut self, key: ModuleKey) {
        self.hits.retain(|hit| hit.module != key);
        if self.modules.last() == Some(&key) {
            self.listing = None;
            self.next_func = 0;
        }
        self.modules.retain(|module| *module != key);
    }
}

/// An instruction as Code writes it.
fn line(open: &OpenModule, instruction: &Instruction) -> String {
    let import = instruction.callee.and_then(|callee| open.module.func_import(callee));
    match import {
        Some(import) => format!("{instruction} {}", dotted(&import.module, &import.name)),
        None => instruction.to_string(),
    }
}

/// Words that a line is to have, one behind the other.
#[derive(Debug)]
struct Words {
    /// What each may be written as.
    words: Vec<Vec<String>>,
    /// Large and small letters differ.
    is_exact: bool,
}

impl Words {
    /// Letters matter as soon as one of them is large. A number in hex is looked for as the listing writes it.
    fn new(text: &str) -> Self {
        let is_exact = text.chars().any(char::is_uppercase);
        let forms = |word: &str| {
            let mut forms = vec![word.to_owned()];
            let (sign, digits) = match word.strip_prefix('-') {
                Some(digits) => ("-", digits),
                None => ("", word),
            };
            let hex = digits.strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
            if let Some(number) = hex {
                forms.push(format!("{sign}{number}"));
                if sign.is_empty() {
                    let half = u32::try_from(number).ok().map(|bits| i64::from(bits as i32));
                    let signed = half.unwrap_or(number as i64);
                    forms.extend((signed < 0).then(|| signed.to_string()));
                }
            }
            forms
        };
        Self { words: text.split_whitespace().map(forms).collect(), is_exact }
    }

    fn are_in(&self, line: &str) -> bool {
        let lower;
        let mut rest = match self.is_exact {
            true => line,
            false => {
                lower = line.to_lowercase();
                lower.as_str()
            }
        };
        self.words.iter().all(|forms| {
            let end = forms.iter().filter_map(|form| end_of(form, rest)).min();
            let behind = end.and_then(|end| rest.get(end..));
            rest = behind.unwrap_or_default();
            behind.is_some()
        })
    }
}

/// Where a word ends in a line, first found. One that begins or ends in a digit is not a part of a longer number.
fn end_of(word: &str, line: &str) -> Option<usize> {
    let is_digit = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_digit());
    let in_number = |sign: Option<char>| {
        sign.is_some_and(|sign| sign.is_ascii_digit() || matches!(sign, '-' | '.'))
    };
    line.match_indices(word).map(|(at, _)| (at, at + word.len())).find_map(|(at, end)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let behind = line.get(end..).and_then(|behind| behind.chars().next());
        let begins_inside = is_digit(word.chars().next()) && in_number(before);
        let ends_inside = is_digit(word.chars().next_back()) && is_digit(behind);
        (!begins_inside && !ends_inside).then_some(end)
    })
}

impl Session {
    /// Begins to look for an instruction; an empty text forgets what has been found.
    pub(super) fn find_in_code(&mut self, text: String) {
        if text.trim().is_empty() {
            self.code_search = None;
            return;
        }
        let code_of = |open: &OpenModule| -> u64 {
            let funcs = open.module.imported_func_count()..open.module.func_count();
            funcs.map(|func| code_size(open, FuncIndex(func))).sum()
        };
        self.code_search = Some(CodeSearch {
            words: Words::new(&text),
            text,
            progress: SearchProgress::Searching,
            hits: Vec::new(),
            modules: self.modules.iter().rev().map(|open| open.key).collect(),
            next_func: 0,
            listing: None,
            done: 0,
            whole: self.modules.iter().map(code_of).sum(),
        });
    }

    /// Ends a search; what has been found stays.
    pub(super) fn end_finding(&mut self) {
        if let Some(search) = &mut self.code_search
            && search.progress == SearchProgress::Searching
        {
            search.progress = SearchProgress::Ended;
            search.listing = None;
        }
    }

    /// Brings the panel to the front, its field ready to be written in.
    pub(super) fn ask_what_to_find(&mut self) {
        self.find_asked += 1;
        self.layout_requests.push(LayoutRequest::Reveal(Panel::Find));
    }

    /// What has been looked for last in the code.
    pub fn code_search(&self) -> Option<&CodeSearch> {
        self.code_search.as_ref()
    }

    /// How often it was asked what to find: changes when the field is to have the keyboard.
    pub fn find_asked(&self) -> u64 {
        self.find_asked
    }

    /// Whether a search goes on.
    pub fn is_finding(&self) -> bool {
        let search = self.code_search.as_ref();
        search.is_some_and(|search| search.progress == SearchProgress::Searching)
    }

    /// Looks on for at most `slice`.
    pub(super) fn go_on_finding(&mut self, slice: Duration) {
        let Some(mut search) = self.code_search.take() else { return };
        let begun = Instant::now();
        while search.progress == SearchProgress::Searching {
            self.look_through(&mut search);
            if begun.elapsed() >= slice {
                break;
            }
        }
        self.code_search = Some(search);
    }

    /// Some instructions more, within one function, or the next function.
    fn look_through(&self, search: &mut CodeSearch) {
        let Some(key) = search.modules.last().copied() else {
            search.progress = SearchProgress::Complete;
            return;
        };
        let next = |search: &mut CodeSearch| {
            search.modules.pop();
            search.next_func = 0;
        };
        let Some(open) = self.module(key) else { return next(search) };
        let Some((listing, at)) = search.listing.take() else {
            let first = open.module.imported_func_count();
            let func = FuncIndex(search.next_func.max(first));
            if func.0 >= open.module.func_count() {
                return next(search);
            }
            search.next_func = func.0 + 1;
            search.listing = Listing::new(&open.module, func).ok().map(|listing| (listing, 0));
            return;
        };
        let end = (at + CHUNK).min(listing.len());
        for position in at..end {
            if let Some(instruction) = open.instruction(&listing, position) {
                search.add(open, listing.func(), &instruction);
            }
            if search.progress != SearchProgress::Searching {
                return;
            }
        }
        match end < listing.len() {
            true => search.listing = Some((listing, end)),
            false => search.done += code_size(open, listing.func()),
        }
    }
}

fn code_size(open: &OpenModule, func: FuncIndex) -> u64 {
    open.module.func_body(func).map_or(0, |body| u64::from(body.end.0 - body.start.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::Command;
    use super::super::tests::{key, run_on, with};
    use super::*;

    const TEXT: &str = r#"(module (import "env" "ask" (func $ask)) (memory 1)
      (func $foo (param $n i32)
        local.get $n  i32.const 8  i32.store offset=8
        local.get $n  i32.const 18  i32.store offset=80
        i32.const -8  drop  i32.const 0x400  drop)
      (func $Other call $ask  i32.const 1  call $foo))"#;

    fn found(session: &mut Session, text: &str) -> Vec<String> {
        session.apply(Command::FindInCode(text.into())).unwrap();
        run_on(session);
        let search = session.code_search().unwrap();
        assert_eq!((search.progress(), search.share()), (SearchProgress::Complete, 1.0));
        search.hits().iter().map(|hit| hit.text.clone()).collect()
    }

    #[test]
    fn instructions_are_found_by_operator_name_and_constant() {
        let mut session = with(&[("m", TEXT)]);
        assert_eq!(found(&mut session, "i32.store offset=8"), ["i32.store offset=8"]);
        assert_eq!(found(&mut session, "STORE"), [""; 0], "large letters are meant");
        assert_eq!(found(&mut session, "call $foo"), ["call $foo"]);
        assert_eq!(found(&mut session, "$Other"), [""; 0]);
        assert_eq!(found(&mut session, "env.ask"), ["call $ask env.ask"]);
        assert_eq!(found(&mut session, "const 8"), ["i32.const 8"], "not 18, 80 or -8");
        assert_eq!(found(&mut session, "i32.const 0x400"), ["i32.const 1024"]);
        assert_eq!(found(&mut session, "const 0xfffffff8"), ["i32.const -8"]);
        assert_eq!(found(&mut session, "get $n").len(), 2);
        let hit = &session.code_search().unwrap().hits()[0];
        assert_eq!((hit.module, hit.func), (key(&session, "m"), FuncIndex(1)));
        let func = session.modules()[0].module.func_at(hit.offset);
        assert_eq!(func, Some(FuncIndex(1)));
    }

    #[test]
    fn all_modules_are_looked_through_and_closed_ones_forgotten() {
        let mut session = with(&[("a", TEXT), ("b", TEXT)]);
        assert_eq!(found(&mut session, "i32.store").len(), 4);
        let module = key(&session, "a");
        session.apply(Command::Close(module)).unwrap();
        let rest = session.code_search().unwrap().hits();
        assert!(rest.len() == 2 && rest.iter().all(|hit| hit.module != module));
        session.apply(Command::FindInCode(" ".into())).unwrap();
        assert!(session.code_search().is_none());
    }

    #[test]
    fn a_search_goes_on_by_slices_can_be_ended_and_has_a_limit() {
        let body = "i32.const 7 drop ".repeat(MOST);
        let mut session = with(&[("m", &format!("(module (func {body}) (func nop))"))]);
        session.apply(Command::FindInCode("i32.const 7".into())).unwrap();
        assert!(session.tick(Duration::ZERO));
        assert!(session.tick(Duration::ZERO));
        let search = session.code_search().unwrap();
        assert_eq!(search.hits().len(), CHUNK / 2, "so many are looked at in a slice of no time");
        session.apply(Command::EndFinding).unwrap();
        assert!(!session.tick(Duration::ZERO));
        let search = session.code_search().unwrap();
        assert_eq!((search.progress(), search.hits().len()), (SearchProgress::Ended, CHUNK / 2));
        session.apply(Command::FindInCode("i32.const 7".into())).unwrap();
        run_on(&mut session);
        let search = session.code_search().unwrap();
        assert_eq!((search.progress(), search.hits().len()), (SearchProgress::Full, MOST));
    }
}
