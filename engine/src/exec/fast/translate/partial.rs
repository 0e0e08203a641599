//! Translating a function, in one go or in pieces.

use alloc::vec::Vec;

use super::segments::{Rounds, segments};
use super::{Explaining, Observed, Translator, Written};
use crate::error::Result;
use crate::exec::exact::FuncCode;
use crate::exec::fast::code::FastCode;
use crate::ids::FuncIndex;
use crate::module::ModuleInner;

/// Instructions from which on a function is translated in pieces, while the exact tier executes it.
pub(in crate::exec::fast) const LARGE: usize = 1 << 17;

/// Instructions that are translated at a time.
const PIECE: u32 = 1 << 15;

/// A function in the fast tier's form; without words if it has more slots than operations can name.
pub(in crate::exec::fast) fn translate(
    module: &ModuleInner,
    func: FuncIndex,
    observed: Observed,
) -> Result<FastCode> {
    let code = module.code(func)?;
    let mut partial = Partial::prices(code, func, observed);
    let is_done = partial.step(module, code, u32::MAX);
    debug_assert!(is_done, "all of it is translated");
    Ok(partial.done(module, code))
}

/// A translation that has begun.
pub(in crate::exec::fast) struct Partial {
    func: FuncIndex,
    observed: Observed,
    rounds: Rounds,
    segments: Vec<u32>,
    /// Nothing before the first piece.
    written: Option<Written>,
}

impl Partial {
    /// The beginning: what segments cost.
    fn prices(code: &FuncCode, func: FuncIndex, observed: Observed) -> Self {
        let rounds = Rounds::new(&code.ops, &observed);
        let segments = segments(&code.ops, &rounds, &observed);
        Self { func, observed, rounds, segments, written: None }
    }

    /// The first piece of a large function, or one more; the whole function once that is done. What its
    /// operations stand for is noted at once, so that it need not be translated again where one traps.
    pub(in crate::exec::fast) fn next(
        begun: Option<Self>,
        module: &ModuleInner,
        func: FuncIndex,
        observed: impl FnOnce(&FuncCode) -> Observed,
    ) -> Result<core::result::Result<FastCode, Self>> {
        let code = module.code(func)?;
        let Some(mut partial) = begun else {
            return Ok(Err(Self::prices(code, func, observed(code))));
        };
        let Some(_) = &partial.written else {
            let explained = Some(Explaining::default());
            partial.written = Some(Written { explained, ..Written::new(code) });
            return Ok(Err(partial));
        };
        Ok(match partial.step(module, code, PIECE) {
            true => Ok(partial.done(module, code)),
            false => Err(partial),
        })
    }

    /// How far it is.
    pub(in crate::exec::fast) fn position(&self) -> u32 {
        self.written.as_ref().map_or(0, |written| written.next)
    }

    /// Translates so many more instructions; true at the end.
    fn step(&mut self, module: &ModuleInner, code: &FuncCode, count: u32) -> bool {
        if code.frame_slots > u32::from(u16::MAX) {
            return true;
        }
        let written = self.written.take().unwrap_or_else(|| Written::new(code));
        let mut translator = self.translator(module, code, written);
        let is_done = translator.step(count);
        self.written = Some(translator.written);
        is_done
    }

    fn translator<'a>(
        &'a self,
        module: &'a ModuleInner,
        code: &'a FuncCode,
        written: Written,
    ) -> Translator<'a> {
        let Self { observed, rounds, segments, .. } = self;
        Translator { module, code, segments, rounds, observed, written }
    }

    fn done(mut self, module: &ModuleInner, code: &FuncCode) -> FastCode {
        let mut fast = FastCode {
            func: self.func,
            words: Default::default(),
            starts: Default::default(),
            segments: Default::default(),
            index: Default::default(),
            explanations: Default::default(),
            params: code.params,
            locals: code.locals,
            slots: u32::MAX,
            price: self.segments.first().copied().unwrap_or(1),
            observed: Observed::default(),
        };
        if let Some(written) = self.written.take() {
            let mut translator = self.translator(module, code, written);
            translator.finish();
            fast.words = translator.linked().into_boxed_slice();
            let Written { entries, explained, .. } = translator.written;
            fast.starts = entries.into_boxed_slice();
            if let Some(explaining) = explained {
                // Nobody else has seen it.
                let _ = fast.explanations.set(explaining.explanations.into());
            }
            fast.slots = code.frame_slots;
        }
        fast.segments = self.segments.into_boxed_slice();
        fast.observed = self.observed;
        fast
    }
}
