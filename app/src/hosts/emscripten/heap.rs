//! Memory: growth, copies, random bytes.

use stepwell_engine::HostResult;

use super::super::call::{Call, trap};
use super::{Does, Entry};

const PAGE: u64 = 1 << 16;

pub(super) const FUNCTIONS: &[Entry] = &[
    Entry("emscripten_resize_heap", &["ip"], Does::At(resize)),
    Entry("emscripten_get_heap_max", &["p"], Does::At(greatest)),
    Entry("emscripten_get_heap_size", &["p"], Does::At(size)),
    Entry("emscripten_notify_memory_growth", &["vi", "vp"], Does::At(|call| call.done())),
    Entry("emscripten_memcpy_big", &["vppp", "pppp"], Does::At(copy)),
    Entry("emscripten_memcpy_js", &["vppp", "pppp"], Does::At(copy)),
    Entry("_emscripten_memcpy_js", &["vppp", "pppp"], Does::At(copy)),
    Entry("getentropy", &["ipp", "ipi"], Does::At(entropy)),
    Entry("emscripten_random", &["f"], Does::At(random)),
    Entry("emscripten_math_random", &["d"], Does::At(random)),
    Entry("segfault", &["v"], Does::At(|_| trap("the program reads or writes where nothing is"))),
    Entry("alignfault", &["v"], Does::At(|_| trap("an address is not a multiple of its width"))),
];

/// How many bytes the memory may have: below 4 GiB by a page, so that its size is a number of 32 bits.
fn most(call: &mut Call<'_, '_>) -> u64 {
    let Some(addr) = call.caller.memory().map(|memory| memory.addr()) else { return 0 };
    let Some(ty) = call.caller.store().memory(addr).map(|memory| memory.ty()) else { return 0 };
    let declared = ty.limits.max.unwrap_or(u64::MAX).saturating_mul(ty.page_size());
    declared.min(if ty.index64 { 1 << 34 } else { (1 << 32) - PAGE })
}

fn greatest(call: &mut Call<'_, '_>) -> HostResult {
    let most = most(call);
    call.give(most as i64)
}

fn size(call: &mut Call<'_, '_>) -> HostResult {
    let size = call.caller.memory().map_or(0, |memory| memory.size());
    call.give(size as i64)
}

/// Grows to at least so many bytes, and by a fifth where there is room, so that a heap that grows
/// steadily does so rarely. 1 if it could be done.
fn resize(call: &mut Call<'_, '_>) -> HostResult {
    let wanted = call.unsigned(0);
    let most = most(call);
    let Some(mut memory) = call.caller.memory() else { return call.give(0) };
    let old = memory.size();
    if wanted > most {
        return call.give(0);
    }
    if wanted <= old {
        return call.give(i64::from(wanted == old));
    }
    for share in [5, 10, 20] {
        let generous = (old + old / share).min(wanted.saturating_add(96 << 20));
        let aim = wanted.max(generous).next_multiple_of(PAGE).min(most);
        if memory.grow((aim - old).div_ceil(PAGE)).is_some() {
            return call.give(1);
        }
    }
    let grown = memory.grow((wanted - old).div_ceil(PAGE)).is_some();
    call.give(i64::from(grown))
}

fn copy(call: &mut Call<'_, '_>) -> HostResult {
    let (to, from, len) = (call.unsigned(0), call.unsigned(1), call.unsigned(2));
    let Some(mut memory) = call.caller.memory() else {
        return trap("there is no memory to copy in");
    };
    let bytes = memory.read(from, len)?.to_vec();
    memory.write(to, &bytes)?;
    call.give(to as i64)
}

fn entropy(call: &mut Call<'_, '_>) -> HostResult {
    let (at, len) = (call.unsigned(0), call.unsigned(1));
    // No more are given out at once, by POSIX.
    if len > 256 {
        return call.give(-1);
    }
    let random = (0..len).map(|_| call.state.random() as u8).collect::<Vec<_>>();
    let Some(mut memory) = call.caller.memory() else { return call.give(-1) };
    memory.write(at, &random)?;
    call.give(0)
}

fn random(call: &mut Call<'_, '_>) -> HostResult {
    call.give_float(call.state.random_fraction())
}
