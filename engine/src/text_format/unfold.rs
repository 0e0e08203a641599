//! Legacy exception handling in folded form: `(try (do …) (catch $e …))`, as other tools print it, becomes
//! what the parser reads.
//!
//! `try`, `catch` and `catch_all` only exist flat there. A folded instruction puts its operands before
//! itself, and these may be flat; so `(try BODY)` becomes `(end try BODY)`, and with a `delegate` that
//! instruction in the place of `end`. Parentheses of the arms become spaces.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use wast::lexer::{Lexer, Token, TokenKind};

/// Text in another form, with the way back to where its parts came from.
pub(super) struct Unfolded<'a> {
    pub(super) text: Cow<'a, str>,
    /// Where a part begins in the new text and in the old one, in order.
    parts: Vec<(usize, usize)>,
}

/// Why folded text cannot be brought into the other form, and where.
pub(super) struct NotFolded {
    pub(super) offset: usize,
    pub(super) message: &'static str,
}

impl Unfolded<'_> {
    /// The offset in the old text that an offset in the new one came from.
    pub(super) fn original(&self, offset: usize) -> usize {
        let behind = self.parts.partition_point(|(new, _)| *new <= offset);
        let part = behind.checked_sub(1).and_then(|position| self.parts.get(position));
        let Some((new, old)) = part else { return offset };
        let moved = old + (offset - new);
        // What has been inserted is as short as nothing in the old text.
        self.parts.get(behind).map_or(moved, |(_, next)| moved.min(*next))
    }
}

/// Parentheses that are open.
enum Level {
    Plain,
    Try {
        /// Where its parenthesis ends.
        inside: usize,
        body: bool,
        delegate: Option<String>,
    },
    /// `do`, `catch` or `catch_all` of a `try`.
    Arm,
    /// `(pop i32)`, with which Binaryen writes what a clause finds on the stack, or the `delegate` of a
    /// `try`: all of it goes.
    Gone {
        start: usize,
    },
}

/// An edit of the old text.
enum Edit {
    Blank(usize, usize),
    Insert(usize, String),
}

pub(super) fn unfold(text: &str) -> Result<Unfolded<'_>, NotFolded> {
    let unchanged = || Unfolded { text: Cow::Borrowed(text), parts: Vec::new() };
    if !(text.contains("try") && text.contains("do")) {
        return Ok(unchanged());
    }
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let significant = |token: &Token| {
        !matches!(
            token.kind,
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment
        )
    };
    let mut tokens = lexer.iter(0).map_while(Result::ok).filter(significant).peekable();
    let (mut levels, mut edits) = (Vec::new(), Vec::new());
    // Whether each arm that is open is a clause.
    let mut arms: Vec<bool> = Vec::new();
    while let Some(token) = tokens.next() {
        let end = token.offset + token.len as usize;
        match token.kind {
            TokenKind::LParen => {
                let next = tokens.peek().filter(|next| next.kind == TokenKind::Keyword);
                let next = next.copied();
                let word = next.map_or("", |next| next.src(text));
                let level = match (levels.last_mut(), word) {
                    (_, "try") => Level::Try { inside: end, body: false, delegate: None },
                    (Some(Level::Try { body: body @ false, .. }), "do") => {
                        *body = true;
                        edits.push(Edit::Blank(token.offset, end));
                        edits.extend(next.map(|next| blank(&next)));
                        arms.push(false);
                        Level::Arm
                    }
                    (Some(Level::Try { body: true, .. }), "catch" | "catch_all") => {
                        edits.push(Edit::Blank(token.offset, end));
                        arms.push(true);
                        Level::Arm
                    }
                    (Some(Level::Try { body: true, delegate: to @ None, .. }), "delegate") => {
                        tokens.next();
                        let label = tokens.peek().filter(|label| label.kind != TokenKind::RParen);
                        *to = Some(label.map_or("", |label| label.src(text)).to_string());
                        Level::Gone { start: token.offset }
                    }
                    (Some(Level::Try { body: false, .. }), "type" | "param" | "result") => {
                        Level::Plain
                    }
                    (Some(Level::Try { .. }), _) => {
                        let message = "a folded try has its instructions in (do …), then come \
                                       (catch …) and (catch_all …) or (delegate …)";
                        return Err(NotFolded { offset: token.offset, message });
                    }
                    (_, "pop") if arms.last() == Some(&true) => Level::Gone { start: token.offset },
                    _ => Level::Plain,
                };
                levels.push(level);
            }
            TokenKind::RParen => match levels.pop() {
                Some(Level::Try { body: false, inside, .. }) => {
                    let message = "a folded try has its instructions in (do …)";
                    return Err(NotFolded { offset: inside, message });
                }
                Some(Level::Try { inside, delegate, .. }) => {
                    let last = match delegate {
                        Some(label) => alloc::format!("delegate {label} "),
                        None => "end ".to_string(),
                    };
                    edits.push(Edit::Insert(inside, last));
                }
                Some(Level::Arm) => {
                    arms.pop();
                    edits.push(blank(&token));
                }
                Some(Level::Gone { start }) => edits.push(Edit::Blank(start, end)),
                Some(Level::Plain) | None => {}
            },
            _ => {}
        }
    }
    if edits.is_empty() {
        return Ok(unchanged());
    }
    Ok(apply(text, edits))
}

fn blank(token: &Token) -> Edit {
    Edit::Blank(token.offset, token.offset + token.len as usize)
}

fn apply(text: &str, mut edits: Vec<Edit>) -> Unfolded<'_> {
    edits.sort_by_key(|edit| match edit {
        Edit::Blank(start, _) | Edit::Insert(start, _) => *start,
    });
    let mut new = String::with_capacity(text.len() + 4 * edits.len());
    let (mut parts, mut done) = (Vec::new(), 0);
    for edit in edits {
        let (Edit::Blank(start, _) | Edit::Insert(start, _)) = edit;
        new.push_str(text.get(done..start).unwrap_or_default());
        done = done.max(start);
        match edit {
            Edit::Blank(_, end) => {
                new.extend(core::iter::repeat_n(' ', end.saturating_sub(done)));
                done = done.max(end);
            }
            Edit::Insert(_, inserted) => {
                parts.push((new.len(), start));
                new.push_str(&inserted);
                parts.push((new.len(), start));
            }
        }
    }
    new.push_str(text.get(done..).unwrap_or_default());
    Unfolded { text: Cow::Owned(new), parts }
}
