//! Whether going from one operation to the next leaves the native stack as it is.
//!
//! Sibling calls become jumps only if the optimiser makes them so. The build script allows them where that
//! has been seen; flags that it does not see (debug assertions in a release profile, a wrapper around the
//! compiler) may still change it. So it is tried once, and where the stack grows nothing is left to this tier.

#[cfg(not(threaded))]
pub(crate) fn keeps_stack() -> bool {
    true
}

#[cfg(threaded)]
pub(crate) use threaded::keeps_stack;

/// Where the native stack ends now; always the same where operations are not dispatched by calls.
#[inline(always)]
pub(super) fn stack_end() -> u64 {
    #[cfg(threaded)]
    return threaded::stack_end();
    #[cfg(not(threaded))]
    0
}

#[cfg(threaded)]
mod threaded {
    use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

    use alloc::vec::Vec;

    use super::super::dispatch::{execute, link};
    use super::super::handlers::{
        BrIf, BrUnless, Constant, Copy, Jump, Probe, Select, Stop, encode,
    };
    use super::super::machine::{Context, Flow, Registers};

    #[inline(always)]
    pub(super) fn stack_end() -> u64 {
        let end: u64;
        // SAFETY: a register is read.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            core::arch::asm!("mov {0}, rsp", out(reg) end, options(nomem, nostack, preserves_flags));
        }
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        unsafe {
            core::arch::asm!("mov {0}, sp", out(reg) end, options(nomem, nostack, preserves_flags));
        }
        end
    }

    const UNKNOWN: u8 = 0;
    const KEPT: u8 = 1;
    const GROWS: u8 = 2;

    /// Tries it the first time that somebody asks.
    pub(crate) fn keeps_stack() -> bool {
        static KNOWN: AtomicU8 = AtomicU8::new(UNKNOWN);
        match KNOWN.load(Relaxed) {
            UNKNOWN => {
                let kept = probe();
                KNOWN.store(if kept { KEPT } else { GROWS }, Relaxed);
                kept
            }
            known => known == KEPT,
        }
    }

    /// Goes through operations of several kinds, some times, and compares where the stack ended.
    fn probe() -> bool {
        let round: &[&[u64]] = &[
            &[encode::<Probe>()],
            &[encode::<Copy>(), 2 | 3 << 16],
            &[encode::<Constant>(), 4, 1],
            // Slot 3 is 0: neither is taken.
            &[encode::<BrIf>(), 3, 0],
            &[encode::<Jump>(), 2],
            // Slot 4 is 1.
            &[encode::<BrUnless>(), 4, 0],
            &[encode::<Select>(), 2 | 3 << 16 | 4 << 32 | 4 << 48],
        ];
        let mut words: Vec<u64> = Vec::new();
        let mut starts = Vec::new();
        let stop = [encode::<Stop>()];
        let rounds = core::iter::repeat_n(round, 4).flatten().copied();
        for operation in rounds.chain([&[encode::<Probe>()][..], &stop]) {
            starts.push(words.len() as u32);
            words.extend_from_slice(operation);
        }
        link(&mut words, starts.into_iter());
        let mut slots = [0, u64::MAX, 0, 0, 0, 0, 0, 0];
        let mut context = Context::detached();
        // SAFETY: the words are operations that lie one behind the other up to a stop, and name slots of the
        // frame; none of them looks at anything else. A call that did not become a jump leaves its frame on
        // the stack until the stop, which comes after a few dozen operations.
        let flow = unsafe {
            execute(Registers {
                ip: words.as_ptr(),
                fp: slots.as_mut_ptr(),
                memory: core::ptr::NonNull::dangling().as_ptr(),
                accumulator: 0,
                float: 0.0,
                fuel: 1 << 20,
                context: &raw mut context,
            })
        };
        flow == Flow::Stop && slots[0] == slots[1]
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn operations_leave_the_stack_as_it_is() {
            assert!(super::probe());
        }
    }
}
