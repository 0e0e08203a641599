//! Lines that no program can change any more: packed, and bounded.

use std::collections::VecDeque;

use super::cells;
use super::style::Style;
use crate::session::ConsoleStream;

/// Lines of a block.
const BLOCK: usize = 1024;
/// Bytes of text and of what belongs to it that are kept.
const KEPT: usize = 64 << 20;

/// A stretch of a line in one style: up to `end`, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Span {
    pub(super) end: u32,
    pub(super) style: Style,
}

/// What has been written on a line, and by whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Marks {
    /// One bit for each stream.
    streams: u8,
    pub(super) task: Option<u32>,
    /// The piece of the console that it begins with.
    pub(super) piece: Option<u64>,
    /// It goes on in the next line, which is only there since lines are bounded.
    pub(super) goes_on: bool,
}

impl Marks {
    pub(super) fn add(&mut self, stream: ConsoleStream, task: Option<u32>, piece: Option<u64>) {
        self.streams |= 1 << stream as u8;
        self.task = self.task.or(task);
        self.piece = self.piece.or(piece);
    }

    pub(super) fn has(self, stream: ConsoleStream) -> bool {
        self.streams & (1 << stream as u8) != 0
    }
}

/// A line to be shown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) spans: Vec<Span>,
    pub(super) marks: Marks,
}

/// Where a packed line ends.
struct End {
    text: u32,
    spans: u32,
    /// Cells that it takes where all of its characters take one, as most lines do.
    plain: Option<u32>,
    marks: Marks,
}

/// Up to [`BLOCK`] lines.
struct Block {
    /// Bytes that had been written before its first line.
    position: u64,
    text: String,
    spans: Vec<Span>,
    ends: Vec<End>,
    /// Rows on screen at a width.
    rows: (usize, u64),
}

impl Block {
    fn size(&self) -> usize {
        self.text.len() + self.spans.len() * size_of::<Span>() + self.ends.len() * size_of::<End>()
    }

    fn rows(&self, columns: usize) -> u64 {
        match self.rows {
            (known, rows) if known == columns && self.ends.len() == BLOCK => rows,
            _ => (0..self.ends.len()).map(|position| self.rows_of(position, columns)).sum(),
        }
    }

    /// Rows that a line takes.
    fn rows_of(&self, position: usize, columns: usize) -> u64 {
        let Some(end) = self.ends.get(position) else { return 1 };
        match end.plain {
            Some(count) => (count as usize).div_ceil(columns.max(1)).max(1) as u64,
            None => {
                let (start, _) = self.start(position);
                let text = self.text.get(start as usize..end.text as usize);
                cells::rows(text.unwrap_or_default(), columns)
            }
        }
    }

    /// Where the text and the spans of a line begin.
    fn start(&self, position: usize) -> (u32, u32) {
        let before = position.checked_sub(1).and_then(|before| self.ends.get(before));
        before.map_or((0, 0), |end| (end.text, end.spans))
    }

    fn line(&self, position: usize) -> Option<Line> {
        let end = self.ends.get(position)?;
        let (text, spans) = self.start(position);
        Some(Line {
            text: self.text.get(text as usize..end.text as usize)?.to_owned(),
            spans: self.spans.get(spans as usize..end.spans as usize)?.to_vec(),
            marks: end.marks,
        })
    }
}

/// The lines, oldest first.
#[derive(Default)]
pub(super) struct History {
    blocks: VecDeque<Block>,
    size: usize,
    forgotten_lines: u64,
}

impl History {
    /// Adds a line; `position` is how many bytes had been written before it.
    pub(super) fn push(&mut self, line: &Line, position: u64) {
        if self.blocks.back().is_none_or(|last| last.ends.len() >= BLOCK) {
            let (text, spans, ends) = (String::new(), Vec::new(), Vec::with_capacity(BLOCK));
            self.blocks.push_back(Block { position, text, spans, ends, rows: (0, 0) });
        }
        let Some(last) = self.blocks.back_mut() else { return };
        self.size -= last.size();
        last.text.push_str(&line.text);
        last.spans.extend_from_slice(&line.spans);
        let is_plain = line.text.chars().all(|character| cells::width(character) == 1);
        last.ends.push(End {
            text: last.text.len() as u32,
            spans: last.spans.len() as u32,
            plain: is_plain.then(|| line.text.chars().count() as u32),
            marks: line.marks,
        });
        self.size += last.size();
        while self.size > KEPT
            && self.blocks.len() > 1
            && let Some(first) = self.blocks.pop_front()
        {
            self.size -= first.size();
            self.forgotten_lines += first.ends.len() as u64;
        }
    }

    /// Bytes that had been written before the first line that is kept.
    pub(super) fn position(&self) -> Option<u64> {
        self.blocks.front().map(|block| block.position)
    }

    /// Lines that are not kept any more.
    pub(super) fn forgotten_lines(&self) -> u64 {
        self.forgotten_lines
    }

    /// Rows on screen, at a width in characters.
    pub(super) fn rows(&mut self, columns: usize) -> u64 {
        let mut sum = 0;
        for block in &mut self.blocks {
            let rows = block.rows(columns);
            block.rows = (columns, rows);
            sum += rows;
        }
        sum
    }

    /// The line that a row belongs to, and how many rows of it are above; or how many rows there are.
    pub(super) fn at(&self, row: u64, columns: usize) -> Result<(Line, u64), u64> {
        let mut above = 0;
        for block in &self.blocks {
            let rows = block.rows(columns);
            if row >= above + rows {
                above += rows;
                continue;
            }
            for position in 0..block.ends.len() {
                let rows = block.rows_of(position, columns);
                if row < above + rows {
                    return block.line(position).map(|line| (line, row - above)).ok_or(above);
                }
                above += rows;
            }
        }
        Err(above)
    }

    /// All lines.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line> + '_ {
        self.blocks.iter().flat_map(|block| {
            (0..block.ends.len()).filter_map(move |position| block.line(position))
        })
    }
}
