//! The order in which rows are listed: as the calls were made, or by a column.

use std::time::Duration;

use web_time::Instant;

use super::columns::Sort;
use super::index::{Index, Kind, Row};
use crate::session::Session;

/// While calls come in, they are ordered anew no more often than this.
const PAUSE: Duration = Duration::from_millis(500);

/// Rows by a column.
#[derive(Default)]
pub(super) struct Order {
    /// By which column, and of which rows.
    made_of: Option<(Sort, u64)>,
    made_at: Option<Instant>,
    shape: u64,
    /// Positions in the index, counted with the rows that are gone.
    rows: Vec<u64>,
}

impl Order {
    /// Brings it up to date; how long to wait before the next time, if it has to be brought so later.
    pub(super) fn update(
        &mut self,
        session: &Session,
        index: &Index,
        sort: Option<Sort>,
    ) -> Option<Duration> {
        let wanted = sort.map(|sort| (sort, index.revision()));
        if wanted == self.made_of {
            return None;
        }
        let same = wanted.map(|wanted| wanted.0) == self.made_of.map(|made| made.0)
            && self.shape == index.shape();
        let since = self.made_at.map(|made| made.elapsed());
        if let Some(since) = since.filter(|since| same && *since < PAUSE) {
            return Some(PAUSE - since);
        }
        self.rows = sort.map_or_else(Vec::new, |sort| ordered(session, index, sort));
        (self.made_of, self.made_at) = (wanted, Some(Instant::now()));
        self.shape = index.shape();
        None
    }

    pub(super) fn len(&self, index: &Index) -> u64 {
        if self.made_of.is_some() { self.rows.len() as u64 } else { index.len() }
    }

    pub(super) fn row(&self, index: &Index, position: u64) -> Option<Row> {
        match self.made_of {
            Some(_) => {
                let row = *self.rows.get(usize::try_from(position).ok()?)?;
                index.row(row.checked_sub(index.gone())?)
            }
            None => index.row(position),
        }
    }

    /// Where a call is listed.
    pub(super) fn position_of(&self, index: &Index, number: u64) -> Option<u64> {
        let position = index.position_of(number)?;
        match self.made_of {
            Some(_) => {
                let position = position + index.gone();
                let found = self.rows.iter().position(|row| *row == position)?;
                Some(found as u64)
            }
            None => Some(position),
        }
    }
}

/// Positions by a column; equal ones stay as they were, and those shown one by one behind their heading.
fn ordered(session: &Session, index: &Index, sort: Sort) -> Vec<u64> {
    let mut headings = Vec::new();
    for position in 0..index.len() {
        let Some(row) = index.row(position) else { break };
        if row.kind != Kind::Member || headings.is_empty() {
            let record = session.host_call(row.first).or_else(|| session.host_call(row.last));
            headings.push((record, row.count, position));
        }
    }
    headings.sort_by(|one, other| {
        let (Some(left), Some(right)) = (one.0, other.0) else { return std::cmp::Ordering::Equal };
        let order = sort.column.compare((left, one.1), (right, other.1));
        if sort.descends { order.reverse() } else { order }
    });
    let is_member =
        |position: &u64| index.row(*position).is_some_and(|row| row.kind == Kind::Member);
    let mut rows = Vec::with_capacity(index.len() as usize);
    for (_, _, heading) in headings {
        rows.push(heading + index.gone());
        let members = (heading + 1..).take_while(is_member);
        rows.extend(members.map(|position| position + index.gone()));
    }
    rows
}
