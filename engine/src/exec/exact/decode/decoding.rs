//! Decoding a function, in one go or in pieces.

use alloc::boxed::Box;

use super::clauses::Handlers;
use super::{Decoded, Decoder, FuncCode};
use crate::error::{Error, Result};
use crate::ids::FuncIndex;
use crate::module::ModuleInner;
use crate::module::begun::{Piecewise, SMALL_BODY, pay};
use crate::module::code::Walk;
use crate::types::slots_of;

impl ModuleInner {
    /// The decoded code of a function defined in this module.
    pub(crate) fn code(&self, func: FuncIndex) -> Result<&FuncCode> {
        // Each step comes here: no error is made that is not needed.
        let Some(body) = self.body(func) else {
            return Err(Error::UnknownIndex { what: "function body", index: u64::from(func.0) });
        };
        match body.code.get() {
            Some(code) => Ok(code),
            None => body.code.get_or_try_init(|| decode(self, func).map(Box::new)),
        }
    }

    /// The same within `allowance`, in bytes of bulk work; `None` if it does not suffice. What has been
    /// decoded until then is kept.
    #[inline]
    pub(crate) fn code_within(
        &self,
        func: FuncIndex,
        allowance: &mut u64,
    ) -> Result<Option<&FuncCode>> {
        let body = self.body(func);
        match body.and_then(|body| body.code.get()) {
            Some(code) => Ok(Some(code)),
            None => self.decode_within(func, allowance),
        }
    }

    #[inline(never)]
    fn decode_within(&self, func: FuncIndex, allowance: &mut u64) -> Result<Option<&FuncCode>> {
        let is_large = self.body(func).is_some_and(|body| body.range.len() > SMALL_BODY);
        if !is_large || *allowance == u64::MAX {
            return self.code(func).map(Some);
        }
        let begun = self.begun.code.take(func);
        let mut decoding = match begun {
            Some(decoding) => decoding,
            None => Box::new(Decoding::new(self, func, self.vectors_in_types)?),
        };
        if !decoding.step(self, pay(allowance))? {
            self.begun.code.put(func, decoding);
            return Ok(None);
        }
        let Some(code) = decoding.done(self)? else {
            // It has to be read again.
            self.begun.code.drop_begun(func);
            self.begun.code.put(func, Box::new(Decoding::new(self, func, true)?));
            return Ok(None);
        };
        self.begun.code.drop_begun(func);
        let body = self.body(func).ok_or_else(|| unknown(func))?;
        Ok(Some(body.code.get_or_init(|| Box::new(code))))
    }
}

fn unknown(func: FuncIndex) -> Error {
    Error::UnknownIndex { what: "function", index: u64::from(func.0) }
}

fn decode(module: &ModuleInner, func: FuncIndex) -> Result<FuncCode> {
    // Where operands are is counted in slots. That is the same as operands as long as there are no
    // vectors; where one is met, the function is read again and all operands are followed.
    for follow in [module.vectors_in_types, true] {
        let mut decoding = Decoding::new(module, func, follow)?;
        decoding.step(module, u64::MAX)?;
        if let Some(code) = decoding.done(module)? {
            return Ok(code);
        }
    }
    Err(unknown(func))
}

/// Decoding that has begun: it can be left behind any operator and taken up again.
pub(crate) struct Decoding {
    func: FuncIndex,
    walk: Walk,
    decoded: Decoded,
}

impl Piecewise for Decoding {
    fn position(&self) -> u64 {
        // Where operands are followed, it has been read before.
        let again = if self.decoded.followed.is_some() { 1 << 32 } else { 0 };
        self.walk.position() + again
    }
}

impl Decoding {
    fn new(module: &ModuleInner, func: FuncIndex, follow: bool) -> Result<Self> {
        let ty = module.type_of_func(func).ok_or_else(|| unknown(func))?;
        let count = module.body(func).map_or(0, |body| body.instructions as usize);
        let walk = Walk::new(module, func)?;
        Ok(Self { func, walk, decoded: Decoded::new(ty, count, follow) })
    }

    /// Decodes about so many bytes; true at the end.
    fn step(&mut self, module: &ModuleInner, bytes: u64) -> Result<bool> {
        let mut decoder = Decoder { module, decoded: &mut self.decoded };
        self.walk.step(module, bytes, &mut decoder)
    }

    /// What has been decoded; `None` if there are vectors that have not been followed.
    fn done(self, module: &ModuleInner) -> Result<Option<FuncCode>> {
        let decoded = self.decoded;
        if decoded.has_vectors && decoded.followed.is_none() {
            return Ok(None);
        }
        let ty = module.type_of_func(self.func).ok_or_else(|| unknown(self.func))?;
        let locals = decoded.locals + decoded.kept;
        Ok(Some(FuncCode {
            ops: decoded.ops.into_boxed_slice(),
            offsets: decoded.offsets.into_boxed_slice(),
            branches: decoded.branches.into_boxed_slice(),
            vectors: decoded.vectors.into_boxed_slice(),
            casts: decoded.casts.into_boxed_slice(),
            handlers: Handlers::new(decoded.handlers),
            clauses: decoded.clauses.into_boxed_slice(),
            params: slots_of(ty.params()) as u32,
            results: decoded.results,
            locals,
            named_locals: decoded.locals,
            // The fast tier has room for a copy of what a branch looks at, and what it is compared with.
            frame_slots: locals + decoded.max_height.max(decoded.results) + 2,
        }))
    }
}
