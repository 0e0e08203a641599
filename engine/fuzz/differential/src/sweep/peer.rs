//! What the other engine gives.

use std::error::Error;

use stepwell_engine::{Engine, Module};

use super::Reference;
use crate::oracle::{self, Oracle};
use crate::plain::{End, View, Why};

/// The other engine, with a module of plain functions.
pub(super) struct Peer {
    module: wasmtime::Module,
    exports: Vec<stepwell_engine::module::Export>,
    /// Positions of the functions among the exports.
    funcs: Vec<usize>,
    oracle: Option<Box<Oracle>>,
    /// What the memories held at first.
    contents: Vec<Vec<u8>>,
}

impl Peer {
    pub(super) fn new(engine: &wasmtime::Engine, bytes: &[u8]) -> Result<Self, Box<dyn Error>> {
        let exports = Module::new(&Engine::default(), bytes)?.exports().to_vec();
        let positions = exports.iter().enumerate().filter(|(_, export)| oracle::is_func(export));
        let funcs = positions.map(|(at, _)| at).collect();
        Ok(Self {
            module: wasmtime::Module::new(engine, bytes)?,
            exports,
            funcs,
            oracle: None,
            contents: Vec::new(),
        })
    }

    pub(super) fn difference(
        &mut self,
        func: usize,
        reference: &Reference,
        changes: bool,
    ) -> Result<Option<String>, Box<dyn Error>> {
        let contents = &self.contents;
        let fresh = match &mut self.oracle {
            Some(oracle) => !changes || oracle.put_back(contents),
            None => false,
        };
        if !fresh {
            self.oracle = match Oracle::of(&self.module, &self.exports) {
                oracle::Begun::Instance(oracle) => Some(oracle),
                oracle::Begun::Ended(end) => return Err(format!("start: {end:?}").into()),
                oracle::Begun::Refused(error) => return Err(error.into()),
            };
            if let Some(oracle) = &mut self.oracle {
                self.contents =
                    oracle.view()?.memories.iter().map(|bytes| bytes.to_vec()).collect();
            }
        }
        let oracle = self.oracle.as_mut().ok_or("no instance")?;
        oracle.most_instructions = u64::MAX;
        let end = oracle.call(self.funcs[func], &reference.args)?;
        if end != reference.end && !(is_atomic_trap(&end) && is_atomic_trap(&reference.end)) {
            return Ok(Some(format!("{:?}, the other {end:?}", reference.end)));
        }
        if !changes {
            return Ok(None);
        }
        let view = View {
            globals: reference.globals.clone(),
            tables: reference.tables.clone(),
            memories: reference.memories.iter().map(Vec::as_slice).collect(),
        };
        Ok(view.difference(&oracle.view()?))
    }
}

/// Of an atomic access several things can be wrong at once, and which is said then is nobody's business.
fn is_atomic_trap(end: &End) -> bool {
    let atomic = [Why::UnalignedAtomic, Why::ExpectedShared, Why::MemoryOutOfBounds];
    matches!(end, End::Trapped(why) if atomic.contains(why))
}
