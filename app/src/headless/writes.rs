//! All writes to bytes of a memory in a recorded run.

use std::process::ExitCode;

use serde_json::json;
use stepwell_engine::host::record::Effect;
use stepwell_engine::observe::{Contents, Watched, Watchpoint, WatchpointHit};
use stepwell_engine::recording::Played;
use stepwell_engine::text::dotted;
use stepwell_engine::{MemAddr, Stop, WatchKind};

use super::cli::{self, Failure};
use super::replay::Playing;

/// Bytes that are shown of each write.
const SHOWN: u64 = 16;

/// Bytes that are held to know what was there before a host call.
const HELD: u64 = 1 << 16;

/// Bytes of a memory.
#[derive(Clone, Copy)]
pub(super) struct Range {
    memory: MemAddr,
    address: u64,
    len: u64,
}

/// The value of an option that is one.
pub(super) fn range(parser: &mut lexopt::Parser, option: &str) -> Result<Range, Failure> {
    let text = cli::text(parser, &format!("--{option} needs MEMORY:ADDRESS[:LENGTH]"))?;
    let wrong = || Failure::Usage(format!("--{option}: {text} is not MEMORY:ADDRESS[:LENGTH]"));
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).map_err(|_| wrong()),
        None => text.parse().map_err(|_| wrong()),
    };
    let parts: Vec<&str> = text.split(':').collect();
    let (memory, address, len) = match *parts.as_slice() {
        [memory, address] => (number(memory)?, number(address)?, 1),
        [memory, address, len] => (number(memory)?, number(address)?, number(len)?),
        _ => return Err(wrong()),
    };
    let memory = MemAddr(u32::try_from(memory).map_err(|_| wrong())?);
    match len > 0 && address.checked_add(len).is_some() {
        true => Ok(Range { memory, address, len }),
        false => Err(wrong()),
    }
}

/// A write.
struct Write {
    clock: u64,
    author: String,
    address: u64,
    old: Vec<u8>,
    new: Vec<u8>,
}

/// Lists them up to a count.
pub(super) fn list(
    playing: &mut Playing,
    range: Range,
    to: Option<u64>,
    only_last: bool,
    as_json: bool,
) -> Result<ExitCode, Failure> {
    let watched = Watchpoint::memory(range.memory, range.address, range.len, WatchKind::Write);
    playing.machine.store.debugger_mut().add_watchpoint(watched);
    let to = to.unwrap_or(u64::MAX);
    let mut last: Option<Write> = None;
    let mut found = false;
    let mut tell = |write: Write, last: &mut Option<Write>| {
        found = true;
        match only_last {
            true => *last = Some(write),
            false => cli::print(&line(&write, as_json)),
        }
    };
    let calls = playing.calls_that(|effect| overlap(effect, range).is_some());
    loop {
        // What an embedder does, and what instances begin with.
        let before = bytes(playing, range);
        let played = playing.go_on(0)?;
        let clock = playing.player.clock();
        let by_host = told_calls(playing, range, &before, |write| tell(write, &mut last));
        let now = bytes(playing, range);
        let is_new = before.is_empty() && now.iter().all(|byte| *byte == 0);
        if !by_host && now != before && !is_new {
            let (author, address) = ("the embedder, or a new instance".to_owned(), range.address);
            let shown = |bytes: Vec<u8>| bytes.into_iter().take(SHOWN as usize).collect();
            let (old, new) = (shown(before), shown(now));
            tell(Write { clock, author, address, old, new }, &mut last);
        }
        let Some((task, rest)) = playing.player.next_run() else {
            match played {
                Played::Done => break,
                Played::Budget | Played::Stop(_) => continue,
            }
        };
        let left = rest.min(to.saturating_sub(clock));
        if left == 0 {
            break;
        }
        // A call of the host is gone into alone, so that what was there before is known.
        let ahead = calls.get(&task.id()).and_then(|counts| {
            let next = counts.partition_point(|count| *count <= task.executed());
            Some(counts.get(next)? - task.executed())
        });
        let wanted = ahead.map_or(left, |ahead| left.min((ahead - 1).max(1)));
        let before = bytes(playing, range);
        let played = playing.go_on(wanted)?;
        told_calls(playing, range, &before, |write| tell(write, &mut last));
        let clock = playing.player.clock();
        if let Played::Stop(stop) = played
            && let Stop::Watchpoint(hit) = &*stop
        {
            let author = playing.machine.place(hit.site);
            let (address, old, new) = accessed(hit);
            tell(Write { clock, author, address, old, new }, &mut last);
        }
    }
    if let Some(write) = last {
        cli::print(&line(&write, as_json));
    }
    Ok(if found { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What an instruction wrote of what is watched.
fn accessed(hit: &WatchpointHit) -> (u64, Vec<u8>, Vec<u8>) {
    let bytes = |contents: &Contents| match contents {
        Contents::Bytes(bytes) => bytes.clone(),
        Contents::Values(_) => Vec::new(),
    };
    let (old, new) = (bytes(&hit.old), bytes(&hit.new));
    let (Watched::Memory { address: shown, .. }, Watched::Memory { address, len, .. }) =
        (hit.part, hit.accessed)
    else {
        return (0, old, new);
    };
    let from = address.max(shown);
    let to = address.saturating_add(len).min(shown.saturating_add(new.len() as u64));
    let part = |bytes: &[u8]| {
        let range = (from - shown) as usize..to.saturating_sub(shown) as usize;
        bytes.get(range).map(<[u8]>::to_vec).unwrap_or_default()
    };
    (from, part(&old), part(&new))
}

/// The first bytes of the range as they are.
fn bytes(playing: &Playing, range: Range) -> Vec<u8> {
    let memory = playing.machine.store.memory(range.memory);
    let read = memory.map(|memory| memory.read(range.address, range.len.min(HELD)));
    read.and_then(Result::ok).map(<[u8]>::to_vec).unwrap_or_default()
}

/// The part of the range that a host call writes, and the bytes.
fn overlap(effect: &Effect, range: Range) -> Option<(u64, Vec<u8>)> {
    let Effect::Write { memory, address, bytes } = effect else { return None };
    let end = address.checked_add(bytes.len() as u64)?;
    let (from, to) = ((*address).max(range.address), end.min(range.address + range.len));
    if *memory != range.memory || from >= to {
        return None;
    }
    let first = (from - address) as usize;
    let len = (to - from).min(SHOWN) as usize;
    Some((from, bytes.get(first..first + len)?.to_vec()))
}

/// Tells what calls that have ended wrote there; whether any did.
fn told_calls(
    playing: &mut Playing,
    range: Range,
    before: &[u8],
    mut tell: impl FnMut(Write),
) -> bool {
    let (clock, mut held, mut any) = (playing.player.clock(), before.to_vec(), false);
    for call in playing.machine.store.take_host_calls() {
        for (address, new) in call.effects.iter().filter_map(|effect| overlap(effect, range)) {
            let at = (address - range.address) as usize;
            let old: Vec<u8> = held.iter().skip(at).take(new.len()).copied().collect();
            for (place, byte) in held.iter_mut().skip(at).zip(&new) {
                *place = *byte;
            }
            let author = format!("call {} of {}", call.number, dotted(&call.module, &call.name));
            tell(Write { clock, author, address, old, new });
            any = true;
        }
    }
    any
}

fn line(write: &Write, as_json: bool) -> String {
    let digits = |bytes: &[u8]| -> String {
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        if digits.is_empty() { "?".to_owned() } else { digits.join(" ") }
    };
    let Write { clock, author, address, old, new } = write;
    match as_json {
        true => {
            let line = json!({
                "count": clock,
                "by": author,
                "address": address,
                "old": digits(old),
                "new": digits(new),
            });
            format!("{line}\n")
        }
        false => {
            format!("{clock} 0x{address:x} {} -> {} by {author}\n", digits(old), digits(new))
        }
    }
}
