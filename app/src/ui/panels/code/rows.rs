//! Which row of the list stands for which instruction.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use egui::{Context, Id};
use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::{CodeOffset, FuncIndex, Module};

use super::arrows::branches;
use crate::session::{Hint, ModuleKey, OpenModule, branch_hints};

/// Listings kept: more functions than are on screen.
const LISTINGS: usize = 128;
/// Rows that a function takes beside its instructions: its header and a gap behind.
const FRAME_ROWS: u64 = 2;

/// What a row shows.
pub(super) enum Row {
    /// The beginning of a function.
    Header(FuncIndex),
    /// An instruction, by its position in its function.
    Instruction { listing: Arc<Listing>, position: usize },
    /// The space between two functions.
    Gap,
}

/// First rows of the functions defined in a module.
pub(super) struct RowIndex {
    first_func: u32,
    starts: Vec<u64>,
    count: u64,
}

impl RowIndex {
    fn new(module: &Module) -> Self {
        let first_func = module.imported_func_count();
        let mut count = 0;
        let starts = (first_func..module.func_count())
            .map(|func| {
                let start = count;
                count += FRAME_ROWS + u64::from(module.instruction_count(FuncIndex(func)));
                start
            })
            .collect();
        Self { first_func, starts, count }
    }

    /// All rows of the module.
    pub(super) fn row_count(&self) -> u64 {
        self.count
    }

    /// The function of a row, and the row's place in it: 0 is the header.
    fn locate(&self, row: u64) -> Option<(FuncIndex, u64)> {
        let position = self.starts.partition_point(|start| *start <= row).checked_sub(1)?;
        let start = self.starts.get(position)?;
        Some((FuncIndex(self.first_func + position as u32), row - start))
    }

    fn start_of(&self, func: FuncIndex) -> Option<u64> {
        self.starts.get(func.0.checked_sub(self.first_func)? as usize).copied()
    }
}

/// The positions of branches in a function with a target each.
type Branches = Arc<Vec<(usize, CodeOffset)>>;

#[derive(Default)]
struct Kept {
    indexes: BTreeMap<ModuleKey, Arc<RowIndex>>,
    hints: BTreeMap<ModuleKey, Arc<BTreeMap<u32, Hint>>>,
    branches: VecDeque<(ModuleKey, FuncIndex, Branches)>,
    /// Used last at the back.
    listings: VecDeque<(ModuleKey, FuncIndex, Arc<Listing>)>,
}

/// Row indexes and listings that were made already; lives in egui's memory.
#[derive(Clone, Default)]
pub(super) struct Cache(Arc<Mutex<Kept>>);

impl Cache {
    /// The cache of the window.
    pub(super) fn of(ctx: &Context) -> Self {
        let id = Id::unique("stepwell-code-cache");
        ctx.data_mut(|data| data.get_temp_mut_or_default::<Self>(id).clone())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The row index of a module.
    pub(super) fn index(&self, open: &OpenModule) -> Arc<RowIndex> {
        let mut kept = self.kept();
        let make = || Arc::new(RowIndex::new(&open.module));
        kept.indexes.entry(open.key).or_insert_with(make).clone()
    }

    /// Which way branches of a module mostly go, by their offsets.
    pub(super) fn hints(&self, open: &OpenModule) -> Arc<BTreeMap<u32, Hint>> {
        let mut kept = self.kept();
        let make = || Arc::new(branch_hints(&open.module));
        kept.hints.entry(open.key).or_insert_with(make).clone()
    }

    /// The listing of a function; none for an imported one.
    pub(super) fn listing(&self, open: &OpenModule, func: FuncIndex) -> Option<Arc<Listing>> {
        let mut kept = self.kept();
        let known = kept
            .listings
            .iter()
            .rposition(|(module, known, _)| *module == open.key && *known == func)
            .and_then(|position| kept.listings.remove(position));
        let listing = match known {
            Some((_, _, listing)) => listing,
            None => Arc::new(Listing::new(&open.module, func).ok()?),
        };
        kept.listings.push_back((open.key, func, listing.clone()));
        if kept.listings.len() > LISTINGS {
            kept.listings.pop_front();
        }
        Some(listing)
    }

    /// All branches of a function.
    pub(super) fn branches(&self, open: &OpenModule, listing: &Listing) -> Branches {
        let func = listing.func();
        let mut kept = self.kept();
        let known = |(module, known, _): &&(ModuleKey, FuncIndex, Branches)| {
            *module == open.key && *known == func
        };
        if let Some((.., branches)) = kept.branches.iter().find(known) {
            return branches.clone();
        }
        let branches = Arc::new(branches(&open.module, listing));
        kept.branches.push_back((open.key, func, branches.clone()));
        if kept.branches.len() > LISTINGS {
            kept.branches.pop_front();
        }
        branches
    }

    /// What stands in a row.
    pub(super) fn row(&self, open: &OpenModule, row: u64) -> Row {
        let index = self.index(open);
        let Some((func, place)) = index.locate(row) else { return Row::Gap };
        let Some(position) = place.checked_sub(1) else { return Row::Header(func) };
        match self.listing(open, func) {
            Some(listing) if (position as usize) < listing.len() => {
                Row::Instruction { listing, position: position as usize }
            }
            _ => Row::Gap,
        }
    }

    /// The row of an instruction, or of the function's header if none begins there.
    pub(super) fn row_of(&self, open: &OpenModule, offset: CodeOffset) -> Option<u64> {
        let func = open.module.func_at(offset)?;
        let start = self.index(open).start_of(func)?;
        let position = self.listing(open, func)?.position(offset);
        Some(start + position.map_or(0, |position| position as u64 + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_engine::{Config, Engine};

    #[test]
    fn rows_are_header_instructions_gap() {
        let text = "(module (import \"m\" \"f\" (func)) (func nop) (func nop nop))";
        let module = Module::from_wat(&Engine::new(Config::default()), text).unwrap();
        let index = RowIndex::new(&module);
        assert_eq!(index.row_count(), 2 + 2 + 2 + 3);
        assert_eq!(index.locate(0), Some((FuncIndex(1), 0)));
        assert_eq!(index.locate(3), Some((FuncIndex(1), 3)));
        assert_eq!(index.locate(4), Some((FuncIndex(2), 0)));
        assert_eq!(index.start_of(FuncIndex(2)), Some(4));
        assert_eq!(index.start_of(FuncIndex(0)), None);
    }
}
