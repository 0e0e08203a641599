//! What programs have written, as a terminal would show it: lines with styles.
//!
//! The last [`ROWS`] lines are a screen on which escape sequences move about; what leaves it upwards
//! is history. Each stream of each task has a parser of its own, so that a character or a sequence
//! may arrive in pieces.

use std::collections::VecDeque;

use vte::{Params, Parser, Perform};

use super::cells;
use super::history::{History, Line, Marks, Span};
use super::style::Style;
use crate::session::ConsoleStream;

/// Lines that can still be changed.
const ROWS: usize = 40;
/// Characters of a line; a longer one goes on in the next.
const COLUMNS: usize = 4096;
/// Bytes of what belongs to a character.
const BEHIND: usize = 64;
/// Distance of tab stops.
const TAB: usize = 8;
/// Streams whose parsers are kept.
const PARSERS: usize = 64;
/// Bytes kept of a sequence that names things, such as a title; nothing is done with them.
const NAMES: usize = 32;

/// The second cell of a wide character.
const TAKEN: char = '\0';

/// What stands in a place of a line.
#[derive(Clone)]
struct Cell {
    character: char,
    /// Characters that take no cell of their own, such as accents.
    behind: String,
    style: Style,
}

impl Cell {
    fn new(character: char, style: Style) -> Self {
        Self { character, behind: String::new(), style }
    }

    fn is_wide(&self) -> bool {
        cells::width(self.character) == 2
    }
}

/// A line on the screen.
#[derive(Default)]
struct Row {
    cells: Vec<Cell>,
    marks: Marks,
    /// Bytes that had been written when it began.
    position: u64,
}

/// How far a stream of a task has come.
struct Pen {
    stream: ConsoleStream,
    task: Option<u32>,
    parser: Parser<NAMES>,
    style: Style,
}

/// Lines, screen and parsers.
pub(super) struct Terminal {
    /// The piece of the console that is being read.
    pub(super) piece: Option<u64>,
    history: History,
    screen: Screen,
    pens: VecDeque<Pen>,
    first_task: Option<u32>,
    has_tasks: bool,
}

/// The lines that can still be changed.
#[derive(Default)]
struct Screen {
    rows: VecDeque<Row>,
    row: usize,
    column: usize,
    saved: (usize, usize),
    position: u64,
}

impl Terminal {
    /// A terminal for what comes behind so many bytes.
    pub(super) fn at(position: u64) -> Self {
        let mut screen = Screen { position, ..Screen::default() };
        screen.here();
        let (history, pens) = (History::default(), VecDeque::new());
        Self { piece: None, history, screen, pens, first_task: None, has_tasks: false }
    }

    /// Takes bytes of a stream.
    pub(super) fn feed(&mut self, stream: ConsoleStream, task: Option<u32>, bytes: &[u8]) {
        if let Some(task) = task {
            self.has_tasks |= *self.first_task.get_or_insert(task) != task;
        }
        let found = self.pens.iter().position(|pen| (pen.stream, pen.task) == (stream, task));
        let pen = match found.and_then(|position| self.pens.remove(position)) {
            Some(pen) => pen,
            None => {
                let style = Style::plain(stream);
                Pen { stream, task, parser: Parser::new_with_size(), style }
            }
        };
        // Those that have written lately stand at the end.
        self.pens.push_back(pen);
        if self.pens.len() > PARSERS {
            self.pens.pop_front();
        }
        let Some(Pen { parser, style, .. }) = self.pens.back_mut() else { return };
        let Self { screen, history, piece, .. } = self;
        let mut hand = Hand { screen, history, style, stream, task, piece: *piece };
        // Line by line, so that each knows where it begins.
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            let (line, behind) = rest.split_at(end);
            hand.screen.position += line.len() as u64;
            parser.advance(&mut hand, line);
            rest = behind;
        }
    }

    /// Goes to the beginning of a line, if something stands on this one: log messages have lines of
    /// their own.
    pub(super) fn end_line(&mut self) {
        if self.screen.column > 0 {
            self.screen.feed_line(&mut self.history);
            self.screen.column = 0;
        }
    }

    /// Whether more than one task has written.
    pub(super) fn has_tasks(&self) -> bool {
        self.has_tasks
    }

    /// Bytes written before the first line that is kept.
    pub(super) fn forgotten(&self) -> u64 {
        let screen = || self.screen.rows.front().map(|row| row.position);
        self.history.position().or_else(screen).unwrap_or(self.screen.position)
    }

    /// Lines that were there and are not kept any more.
    pub(super) fn forgotten_lines(&self) -> u64 {
        self.history.forgotten_lines()
    }

    /// Rows on screen, at a width in characters.
    pub(super) fn rows(&mut self, columns: usize) -> u64 {
        let rows = self.screen.shown().map(|row| row.rows(columns));
        self.history.rows(columns) + rows.sum::<u64>()
    }

    /// The line that a row belongs to, and how many rows of it are above.
    pub(super) fn at_row(&self, row: u64, columns: usize) -> Option<(Line, u64)> {
        let mut above = match self.history.at(row, columns) {
            Ok(found) => return Some(found),
            Err(above) => above,
        };
        for shown in self.screen.shown() {
            let rows = shown.rows(columns);
            if row < above + rows {
                return Some((shown.line(), row - above));
            }
            above += rows;
        }
        None
    }

    /// All of the text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for line in self.history.lines().chain(self.screen.shown().map(Row::line)) {
            text.push_str(&line.text);
            if !line.marks.goes_on {
                text.push('\n');
            }
        }
        text
    }
}

impl Row {
    fn line(&self) -> Line {
        let mut line = Line { marks: self.marks, ..Line::default() };
        for Cell { character, behind, style } in &self.cells {
            if *character == TAKEN {
                continue;
            }
            line.text.push(*character);
            line.text.push_str(behind);
            let end = line.text.len() as u32;
            match line.spans.last_mut() {
                Some(last) if last.style == *style => last.end = end,
                _ => line.spans.push(Span { end, style: *style }),
            }
        }
        line
    }

    /// Rows on screen that it takes.
    fn rows(&self, columns: usize) -> u64 {
        match self.cells.iter().all(|cell| cell.character.is_ascii() && cell.character != TAKEN) {
            true => self.cells.len().div_ceil(columns.max(1)).max(1) as u64,
            false => cells::rows(&self.line().text, columns),
        }
    }

    /// Puts a character into a place, which is at most behind the last one.
    fn put(&mut self, column: usize, cell: Cell) {
        match self.cells.get_mut(column) {
            Some(there) => *there = cell,
            None => self.cells.push(cell),
        }
    }

    /// Leaves no half of a wide character on both sides of a place: the other half has been written over.
    fn mend_at(&mut self, column: usize) {
        let is_taken = self.cells.get(column).is_some_and(|cell| cell.character == TAKEN);
        let before = column.checked_sub(1).and_then(|before| self.cells.get_mut(before));
        let is_wide = before.as_ref().is_some_and(|cell| cell.is_wide());
        if is_taken == is_wide {
            return;
        }
        let half = if is_wide { before } else { self.cells.get_mut(column) };
        if let Some(half) = half {
            *half = Cell::new(' ', half.style);
        }
    }
}

impl Screen {
    /// Up to the last line that holds something, or the cursor's if that has moved on.
    fn shown(&self) -> impl Iterator<Item = &Row> {
        let is_used = |row: &Row| !row.cells.is_empty();
        let used = self.rows.iter().rposition(is_used).map_or(0, |last| last + 1);
        let cursor = if self.column > 0 { self.row + 1 } else { self.row };
        self.rows.iter().take(used.max(cursor))
    }

    /// The cursor's row, made if need be.
    fn here(&mut self) -> &mut Row {
        let position = self.position;
        while self.rows.len() <= self.row {
            self.rows.push_back(Row { position, ..Row::default() });
        }
        &mut self.rows[self.row]
    }

    fn go_to(&mut self, row: usize, column: usize) {
        self.row = row.min(ROWS - 1);
        self.column = column.min(COLUMNS - 1);
        self.here();
    }

    fn feed_line(&mut self, history: &mut History) {
        self.row += 1;
        if self.row >= ROWS {
            self.row = ROWS - 1;
            if let Some(first) = self.rows.pop_front() {
                history.push(&first.line(), first.position);
            }
        }
        self.here();
    }
}

/// Writes on the screen for one stream.
struct Hand<'a> {
    screen: &'a mut Screen,
    history: &'a mut History,
    style: &'a mut Style,
    stream: ConsoleStream,
    task: Option<u32>,
    piece: Option<u64>,
}

impl Hand<'_> {
    fn erase(&mut self, range: std::ops::Range<usize>) {
        let row = self.screen.here();
        let end = range.end.min(row.cells.len());
        if range.start == 0 && range.end >= row.cells.len() {
            row.cells.clear();
            row.marks = Marks::default();
        } else if range.end >= row.cells.len() {
            row.cells.truncate(range.start);
        } else if let Some(cells) = row.cells.get_mut(range.start..end) {
            cells.fill(Cell::new(' ', Style::plain(ConsoleStream::Output)));
        }
        row.mend_at(range.start);
        row.mend_at(range.end);
    }

    /// Puts a character to the one before the cursor, which it belongs to.
    fn behind(&mut self, character: char) {
        let column = self.screen.column;
        let cells = self.screen.here().cells.get_mut(..column).unwrap_or_default();
        let before = cells.iter_mut().rev().find(|cell| cell.character != TAKEN);
        if let Some(cell) = before.filter(|cell| cell.behind.len() < BEHIND) {
            cell.behind.push(character);
        }
    }

    fn erase_rows(&mut self, from: usize, to: usize) {
        for row in self.screen.rows.iter_mut().take(to).skip(from) {
            row.cells.clear();
            row.marks = Marks::default();
        }
    }
}

impl Perform for Hand<'_> {
    fn print(&mut self, character: char) {
        let width = cells::width(character);
        if width == 0 {
            self.behind(character);
            return;
        }
        if self.screen.column + width > COLUMNS {
            self.screen.here().marks.goes_on = true;
            self.screen.column = 0;
            self.screen.feed_line(self.history);
        }
        let (column, style) = (self.screen.column, *self.style);
        let (stream, task, piece) = (self.stream, self.task, self.piece);
        let row = self.screen.here();
        row.marks.add(stream, task, piece);
        while row.cells.len() < column {
            row.cells.push(Cell::new(' ', Style::plain(stream)));
        }
        let is_behind_all = column == row.cells.len();
        row.put(column, Cell::new(character, style));
        if width == 2 {
            row.put(column + 1, Cell::new(TAKEN, style));
        }
        if !is_behind_all {
            let end = column + width;
            row.mend_at(column);
            row.mend_at(end);
        }
        self.screen.column += width;
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' | 0x0b | 0x0c => {
                let (stream, task, piece) = (self.stream, self.task, self.piece);
                self.screen.here().marks.add(stream, task, piece);
                self.screen.feed_line(self.history);
                self.screen.column = 0;
            }
            b'\r' => self.screen.column = 0,
            0x08 => self.screen.column = self.screen.column.saturating_sub(1),
            b'\t' => {
                let next = (self.screen.column / TAB + 1) * TAB;
                // What is there already stays, as on a terminal.
                while self.screen.column < next.min(COLUMNS) {
                    if self.screen.column < self.screen.here().cells.len() {
                        self.screen.column += 1;
                    } else {
                        self.print(' ');
                    }
                }
            }
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, marks: &[u8], ignore: bool, action: char) {
        // What begins with a mark of its own is private to some terminal.
        if ignore || !marks.is_empty() {
            return;
        }
        let mut given = params.iter().map(|param| param.first().copied().unwrap_or(0));
        let first = usize::from(given.next().unwrap_or(0));
        let second = usize::from(given.next().unwrap_or(0));
        let count = first.max(1);
        let (row, column) = (self.screen.row, self.screen.column);
        match action {
            'm' => self.style.select(params),
            'A' => self.screen.go_to(row.saturating_sub(count), column),
            'B' => self.screen.go_to(row + count, column),
            'C' => self.screen.go_to(row, column + count),
            'D' => self.screen.go_to(row, column.saturating_sub(count)),
            'E' => self.screen.go_to(row + count, 0),
            'F' => self.screen.go_to(row.saturating_sub(count), 0),
            'G' | '`' => self.screen.go_to(row, count - 1),
            'd' => self.screen.go_to(count - 1, column),
            'H' | 'f' => self.screen.go_to(count - 1, second.max(1) - 1),
            'J' => match first {
                0 => {
                    self.erase(column..usize::MAX);
                    self.erase_rows(row + 1, ROWS);
                }
                1 => {
                    self.erase_rows(0, row);
                    self.erase(0..column + 1);
                }
                2 => self.erase_rows(0, ROWS),
                _ => {}
            },
            'K' => match first {
                0 => self.erase(column..usize::MAX),
                1 => self.erase(0..column + 1),
                2 => self.erase(0..usize::MAX),
                _ => {}
            },
            'P' => {
                let cells = &mut self.screen.here().cells;
                let from = column.min(cells.len());
                let to = column.saturating_add(count).min(cells.len());
                cells.drain(from..to);
                self.screen.here().mend_at(from);
            }
            'X' => self.erase(column..column.saturating_add(count)),
            's' => self.screen.saved = (row, column),
            'u' => self.screen.go_to(self.screen.saved.0, self.screen.saved.1),
            _ => {}
        }
    }

    fn esc_dispatch(&mut self, marks: &[u8], _ignore: bool, byte: u8) {
        if !marks.is_empty() {
            return;
        }
        match byte {
            b'7' => self.screen.saved = (self.screen.row, self.screen.column),
            b'8' => self.screen.go_to(self.screen.saved.0, self.screen.saved.1),
            b'E' => self.execute(b'\n'),
            b'c' => {
                *self.style = Style::plain(self.stream);
                self.erase_rows(0, ROWS);
                self.screen.go_to(0, 0);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::style::Color;
    use super::*;

    fn shown(pieces: &[&[u8]]) -> Vec<String> {
        let mut terminal = Terminal::at(0);
        for piece in pieces {
            terminal.feed(ConsoleStream::Output, None, piece);
        }
        terminal.text().lines().map(str::to_owned).collect()
    }

    #[test]
    fn characters_and_sequences_may_arrive_in_pieces() {
        assert_eq!(shown(&[b"a\xe2", b"\x82", b"\xacb"]), ["a\u{20ac}b"]);
        assert_eq!(shown(&[b"a\x1b[3", b"1mb\x1b", b"[0mc"]), ["abc"]);
        assert_eq!(shown(&[b"a\xffb\xe2\x82\nc"]), ["a\u{fffd}b\u{fffd}", "c"]);
    }

    #[test]
    fn the_streams_keep_their_styles_and_broken_characters_apart() {
        let mut terminal = Terminal::at(0);
        terminal.feed(ConsoleStream::Output, None, b"\x1b[1;31ma\xc3");
        terminal.feed(ConsoleStream::Error, None, b"!");
        terminal.feed(ConsoleStream::Output, None, b"\xbcb");
        let (line, _) = terminal.at_row(0, 80).unwrap();
        assert_eq!(line.text, "a!\u{fc}b");
        let fronts: Vec<Color> = line.spans.iter().map(|span| span.style.front).collect();
        assert_eq!(fronts, [Color::Numbered(1), Color::Usual, Color::Numbered(1)]);
        assert!(line.marks.has(ConsoleStream::Error) && line.marks.has(ConsoleStream::Output));
    }

    #[test]
    fn cursor_and_erasing_as_on_a_terminal() {
        assert_eq!(shown(&[b"10%\r20%\r100%\n"]), ["100%"]);
        assert_eq!(shown(&[b"abc\x08\x08X\tY"]), ["aXc     Y"]);
        assert_eq!(shown(&[b"one\ntwo\nthree\x1b[2Aup\x1b[K\n"]), ["one  up", "two", "three"]);
        assert_eq!(shown(&[b"one\ntwo\x1b[2J\x1b[Hnew"]), ["new"]);
        assert_eq!(shown(&[b"abcdef\x1b[3D\x1b[1Kx"]), ["   xef"]);
        assert_eq!(shown(&[b"abc\x1b[2K\rd\x1b[?25l\x1b]0;title\x07\x1b(Be"]), ["de"]);
        assert_eq!(shown(&[b"\x1b[5Cx\x1b[1Gy\x1b[9999;9999H\x1b[Hz"])[0], "z    x");
    }

    #[test]
    fn wide_characters_take_two_cells_and_accents_none() {
        assert_eq!(shown(&["你好\rab".as_bytes()]), ["ab好"]);
        assert_eq!(shown(&["你好\ra".as_bytes()]), ["a 好"]);
        assert_eq!(shown(&["你好\x1b[2Gx".as_bytes()]), [" x好"]);
        assert_eq!(shown(&["你好\x1b[3Gx".as_bytes()]), ["你x "]);
        assert_eq!(shown(&["abcd\x1b[2G你".as_bytes()]), ["a你d"]);
        assert_eq!(shown(&["a你好\x1b[3G\x1b[K".as_bytes()]), ["a "]);
        assert_eq!(shown(&["a你好\x1b[1G\x1b[2P|".as_bytes()]), ["|好"]);
        assert_eq!(shown(&["你好\x1b[1G\x1b[3X|".as_bytes()]), ["|   "]);
        assert_eq!(shown(&["你\tx".as_bytes()]), ["你      x"]);
        assert_eq!(shown(&["e\u{301}x\x1b[2Gy".as_bytes()]), ["e\u{301}y"]);
        assert_eq!(shown(&["\u{301}x".as_bytes()]), ["x"]);
        let mut terminal = Terminal::at(0);
        let long = "你".repeat(COLUMNS);
        terminal.feed(ConsoleStream::Output, None, long.as_bytes());
        assert_eq!(terminal.text(), format!("{long}\n"));
        // Two lines of half as many characters.
        assert_eq!(terminal.rows(10), 2 * (COLUMNS as u64 / 2).div_ceil(5));
    }

    #[test]
    fn extended_colours_in_both_ways_of_writing() {
        for text in [
            "\x1b[38;5;200;48;2;1;2;3mx",
            "\x1b[38:5:200;48:2:1:2:3mx",
            "\x1b[38:5:200;48:2::1:2:3mx",
        ] {
            let mut terminal = Terminal::at(0);
            terminal.feed(ConsoleStream::Output, None, text.as_bytes());
            let (line, _) = terminal.at_row(0, 80).unwrap();
            let style = line.spans[0].style;
            assert_eq!((style.front, style.back), (Color::Numbered(200), Color::Rgb(1, 2, 3)));
        }
    }

    #[test]
    fn a_message_has_lines_of_its_own() {
        let mut terminal = Terminal::at(0);
        terminal.feed(ConsoleStream::Output, None, b"part");
        terminal.end_line();
        terminal.feed(ConsoleStream::Log, None, b"message\n");
        terminal.end_line();
        terminal.feed(ConsoleStream::Log, None, b"another");
        terminal.end_line();
        assert_eq!(terminal.text(), "part\nmessage\nanother\n");
    }

    #[test]
    fn many_lines_are_found_by_their_rows_at_any_width() {
        let mut terminal = Terminal::at(0);
        for number in 0..100_000 {
            terminal.feed(ConsoleStream::Output, None, format!("line {number}\n").as_bytes());
        }
        let kept = terminal.rows(80);
        assert_eq!(kept + terminal.forgotten_lines(), 100_000);
        let (line, part) = terminal.at_row(kept - 1, 80).unwrap();
        assert_eq!((line.text.as_str(), part), ("line 99999", 0));
        let rows = terminal.rows(5);
        let (line, part) = terminal.at_row(rows - 1, 5).unwrap();
        assert_eq!((line.text.as_str(), part), ("line 99999", 1));
        assert_eq!(terminal.rows(80), kept);
    }

    #[test]
    fn what_is_too_much_is_forgotten_and_counted() {
        let mut terminal = Terminal::at(0);
        let line = [b'x'; 4000];
        for _ in 0..20_000 {
            terminal.feed(ConsoleStream::Output, None, &line);
            terminal.feed(ConsoleStream::Output, None, b"\n");
        }
        let kept = terminal.rows(usize::MAX);
        assert_eq!(terminal.forgotten(), terminal.forgotten_lines() * 4001);
        assert_eq!(kept + terminal.forgotten_lines(), 20_000);
        assert!(kept < 18_000);
        let long = vec![b'y'; COLUMNS * 2 + 1];
        let mut terminal = Terminal::at(0);
        terminal.feed(ConsoleStream::Output, None, &long);
        assert_eq!(terminal.rows(usize::MAX), 3);
        assert_eq!(terminal.text().len(), long.len() + 1);
    }
}
