//! The dispatch loop.

use super::apart::{Apart, Leave, is_of};
use super::bulk;
use super::decode::FuncCode;
use super::machine::{Exit, Machine, Transfer};
use super::op::{Branch, INDEX64, Op, for_each_numeric};
use super::vector::{compute, shuffle};
use crate::error::Result;
use crate::exec::frame::{Frame, grow};
use crate::exec::stop::TrapCode;
use crate::ids::{FuncAddr, FuncIndex, InstanceId, MemAddr};
use crate::observe::{Observer, View};
use crate::semantics::{access, convert, float, int};
use crate::store::{FuncEntity, Instance, ModuleEntry, StoreState};
use crate::value::{Slot, join, split, tag};

/// What the innermost frame executes; follows from the frame alone.
struct Activation<'a> {
    instance: &'a Instance,
    module: &'a ModuleEntry,
    code: &'a FuncCode,
}

impl<'a> Activation<'a> {
    fn of(
        modules: &'a [ModuleEntry],
        instances: &'a [Instance],
        instance: InstanceId,
        func: FuncIndex,
    ) -> Result<Self> {
        let instance = &instances[instance.index()];
        let module = &modules[instance.module.index()];
        Ok(Self { instance, module, code: module.module.inner().code(func)? })
    }
}

/// Executes at most `fuel` instructions and leaves what is left of it there.
///
/// # Errors
/// Only if a function of a validated module cannot be decoded, which is a defect of the engine.
#[inline(never)]
pub(crate) fn run<O: Observer>(
    machine: &mut Machine<'_>,
    fuel_left: &mut u64,
    observer: &mut O,
) -> Result<Exit> {
    let Machine { config, modules, types, state, stack: value_stack, frames, bulk, .. } = machine;
    let (config, modules, types) = (*config, *modules, *types);
    let StoreState {
        instances,
        memories,
        tables,
        globals,
        funcs,
        elements,
        data,
        usage,
        heap,
        tags,
        waiters,
        crossings,
        ..
    } = &mut **state;
    let instances = instances.as_slice();
    let stack = &mut value_stack.slots;
    let mut fuel = *fuel_left;

    let Some(&frame) = frames.last() else { return Ok(Exit::Done) };
    let Frame { mut instance, mut func, base, pc } = frame;
    let mut base = base as usize;
    let mut pc = pc as usize;
    let Activation { instance: mut inst, mut module, mut code } =
        Activation::of(modules, instances, instance, func)?;
    let mut ops: &[Op] = &code.ops;
    // Operand positions count from the frame's base; `sp` is one past the topmost operand.
    let mut sp = value_stack.top as usize - base;
    if !grow(stack, base + code.frame_slots as usize, config.max_value_stack) {
        return Ok(Exit::Trap(TrapCode::CallStackExhausted));
    }
    let mut window = &mut stack[base..base + code.frame_slots as usize];

    let exit = loop {
        if fuel == 0 {
            break Exit::Budget;
        }
        // The machine as an observer sees it.
        macro_rules! view {
            () => {
                View {
                    instance,
                    func,
                    parts: inst,
                    base: base as u32,
                    window: &*window,
                    sp,
                    memories: memories.as_slice(),
                    tables: tables.as_slice(),
                    globals: globals.as_slice(),
                    heap,
                    types,
                }
            };
        }
        let op = ops[pc];
        if O::ACTIVE && observer.before(&op, code.offsets[pc], &view!()) {
            break Exit::Breakpoint;
        }
        fuel -= 1;
        pc += 1;

        macro_rules! trap {
            ($code:expr) => {{
                pc -= 1;
                break Exit::Trap($code);
            }};
        }
        macro_rules! check {
            ($result:expr) => {
                match $result {
                    Ok(value) => value,
                    Err(code) => trap!(code),
                }
            };
        }
        // A bulk operator, which takes the operands that it has been given once it is done.
        macro_rules! bulk {
            ($result:expr) => {{
                if !check!($result) {
                    pc -= 1;
                    fuel += 1;
                    break Exit::Part;
                }
                sp -= 3;
            }};
        }
        macro_rules! push {
            ($slot:expr) => {{
                window[sp] = $slot;
                sp += 1;
            }};
        }
        macro_rules! push_vector {
            ($vector:expr) => {{
                let vector: u128 = $vector;
                [window[sp], window[sp + 1]] = split(vector);
                sp += 2;
            }};
        }
        macro_rules! memory {
            ($index:expr) => {
                inst.memories[($index & !INDEX64) as usize]
            };
        }
        macro_rules! table {
            ($index:expr) => {
                inst.tables[($index & !INDEX64) as usize]
            };
        }
        // Reloads what follows from the innermost frame after a call, return or tail call. If the instance
        // changes, that is `$noted`.
        macro_rules! activate {
            ($instance:expr, $func:expr, $base:expr, $noted:expr) => {{
                let next_instance: InstanceId = $instance;
                func = $func;
                base = $base;
                if next_instance != instance {
                    $noted;
                    instance = next_instance;
                    inst = &instances[instance.index()];
                    module = &modules[inst.module.index()];
                }
                code = match module.module.inner().code(func) {
                    Ok(code) => code,
                    Err(error) => return Err(error),
                };
                ops = &code.ops;
            }};
        }
        macro_rules! return_from_frame {
            () => {{
                let results = code.results as usize;
                window.copy_within(sp - results..sp, 0);
                frames.pop();
                let Some(caller) = frames.last() else {
                    value_stack.top = results as u32;
                    *fuel_left = fuel;
                    return Ok(Exit::Done);
                };
                let top = base + results;
                pc = caller.pc as usize + 1;
                activate!(caller.instance, caller.func, caller.base as usize, ());
                sp = top - base;
                window = &mut stack[base..base + code.frame_slots as usize];
            }};
        }
        // `$popped` operands (the index of an indirect call) are given back if the call traps.
        macro_rules! call {
            ($instance:expr, $func:expr, $popped:literal) => {{
                let callee_instance: InstanceId = $instance;
                let callee: FuncIndex = $func;
                let is_full = frames.len() == frames.capacity() && frames.try_reserve(1).is_err();
                if is_full || frames.len() >= config.max_call_depth as usize {
                    sp += $popped;
                    trap!(TrapCode::CallStackExhausted);
                }
                let callee_inst = &instances[callee_instance.index()];
                let callee_module = modules[callee_inst.module.index()].module.inner();
                let Some(callee_code) = callee_module.code_within(callee, &mut bulk.allowance)?
                else {
                    // The call is made once the function has been decoded.
                    sp += $popped;
                    pc -= 1;
                    fuel += 1;
                    break Exit::Part;
                };
                let (params, locals) = (callee_code.params as usize, callee_code.locals as usize);
                let callee_base = base + sp - params;
                let needed = callee_base + callee_code.frame_slots as usize;
                if !grow(stack, needed, config.max_value_stack) {
                    sp += $popped;
                    trap!(TrapCode::CallStackExhausted);
                }
                if let Some(caller) = frames.last_mut() {
                    caller.pc = pc as u32 - 1;
                }
                frames.push(Frame {
                    instance: callee_instance,
                    func: callee,
                    base: callee_base as u32,
                    pc: 0,
                });
                activate!(
                    callee_instance,
                    callee,
                    callee_base,
                    crossings.note_apart(instance, callee_instance)
                );
                window = &mut stack[base..needed];
                window[params..locals].fill(0);
                sp = locals;
                pc = 0;
            }};
        }
        macro_rules! tail_call {
            ($instance:expr, $func:expr, $popped:literal) => {{
                let callee_instance: InstanceId = $instance;
                let callee: FuncIndex = $func;
                let callee_inst = &instances[callee_instance.index()];
                let callee_module = modules[callee_inst.module.index()].module.inner();
                let Some(callee_code) = callee_module.code_within(callee, &mut bulk.allowance)?
                else {
                    // The call is made once the function has been decoded.
                    sp += $popped;
                    pc -= 1;
                    fuel += 1;
                    break Exit::Part;
                };
                let (params, locals) = (callee_code.params as usize, callee_code.locals as usize);
                let needed = base + callee_code.frame_slots as usize;
                if !grow(stack, needed, config.max_value_stack) {
                    sp += $popped;
                    trap!(TrapCode::CallStackExhausted);
                }
                stack.copy_within(base + sp - params..base + sp, base);
                if let Some(frame) = frames.last_mut() {
                    *frame =
                        Frame { instance: callee_instance, func: callee, base: base as u32, pc: 0 };
                }
                activate!(
                    callee_instance,
                    callee,
                    base,
                    crossings.note_apart(instance, callee_instance)
                );
                window = &mut stack[base..needed];
                window[params..locals].fill(0);
                sp = locals;
                pc = 0;
            }};
        }
        macro_rules! call_addr {
            ($addr:expr, $transfer:ident, $enter:ident, $popped:literal) => {{
                let addr: FuncAddr = $addr;
                match funcs[addr.index()] {
                    FuncEntity::Wasm { instance, func, .. } => $enter!(instance, func, $popped),
                    FuncEntity::Host { .. } => {
                        pc -= 1;
                        break Exit::Host(addr, Transfer::$transfer);
                    }
                }
            }};
        }
        // The function that an indirect call names; its index is popped last.
        macro_rules! indirect {
            ($ty:expr, $table:expr) => {{
                let table = &tables[table!($table).index()];
                let Some(&entry) = table.elements.get(window[sp - 1] as usize) else {
                    trap!(TrapCode::UndefinedElement);
                };
                let Some(addr) = entry.checked_sub(1) else {
                    trap!(TrapCode::UninitializedElement);
                };
                let addr = FuncAddr(addr as u32);
                if !types.is_subtype(funcs[addr.index()].ty(), module.types[$ty as usize]) {
                    trap!(TrapCode::IndirectCallTypeMismatch);
                }
                sp -= 1;
                addr
            }};
        }
        // The function that a reference on top of the stack refers to; it is popped.
        macro_rules! referenced {
            () => {{
                let Some(addr) = window[sp - 1].checked_sub(1) else {
                    trap!(TrapCode::NullFunction);
                };
                sp -= 1;
                FuncAddr(addr as u32)
            }};
        }
        macro_rules! branch {
            ($branch:expr) => {{
                let Branch { target, height, arity } = $branch;
                if target == Branch::RETURN {
                    return_from_frame!();
                } else {
                    let height = code.locals as usize + height as usize;
                    let arity = arity as usize;
                    // Most branches carry nothing, or one value that is in place already.
                    if arity == 0 {
                        sp = height;
                    } else if sp != height + arity {
                        window.copy_within(sp - arity..sp, height);
                        sp = height + arity;
                    }
                    pc = target as usize;
                }
            }};
        }

        macro_rules! dispatch {
            (
                unary { $($unary:ident($ua:ty) -> $ur:ty = $uf:path,)* }
                binary { $($binary:ident($ba:ty) -> $br:ty = $bf:path,)* }
                try_unary { $($tunary:ident($tua:ty) -> $tur:ty = $tuf:path,)* }
                try_binary { $($tbinary:ident($tba:ty) -> $tbr:ty = $tbf:path,)* }
                load { $($load:ident($lf:ident: $lw:ty as $lv:ty as $ls:ty),)* }
                store { $($store:ident($sf:ident: $sw:ty),)* }
            ) => {
                match op {
                    Op::Unreachable => trap!(TrapCode::Unreachable),
                    Op::Nop | Op::Try => {}
                    Op::If { target } => {
                        sp -= 1;
                        if window[sp] as u32 == 0 {
                            pc = target as usize;
                        }
                    }
                    Op::Else { target } => pc = target as usize,
                    Op::Br(to) => branch!(to),
                    Op::BrIf(to) => {
                        sp -= 1;
                        if window[sp] as u32 != 0 {
                            branch!(to);
                        }
                    }
                    Op::BrTable { first, count } => {
                        sp -= 1;
                        let selected = (window[sp] as u32).min(count - 1);
                        branch!(code.branches[(first + selected) as usize]);
                    }
                    Op::Return => return_from_frame!(),
                    Op::Call { func } => call!(instance, FuncIndex(func), 0),
                    Op::CallImport { func } => {
                        call_addr!(inst.funcs[func as usize], Call, call, 0)
                    }
                    Op::CallIndirect { .. } | Op::CallRef { .. } => {
                        let addr = match op {
                            Op::CallIndirect { ty, table } => indirect!(ty, table),
                            _ => referenced!(),
                        };
                        call_addr!(addr, Call, call, 1)
                    }
                    Op::ReturnCall { func } => tail_call!(instance, FuncIndex(func), 0),
                    Op::ReturnCallImport { func } => {
                        call_addr!(inst.funcs[func as usize], TailCall, tail_call, 0)
                    }
                    Op::ReturnCallIndirect { .. } | Op::ReturnCallRef { .. } => {
                        let addr = match op {
                            Op::ReturnCallIndirect { ty, table } => indirect!(ty, table),
                            _ => referenced!(),
                        };
                        call_addr!(addr, TailCall, tail_call, 1)
                    }
                    Op::Drop => sp -= 1,
                    Op::Select => {
                        sp -= 2;
                        if window[sp + 1] as u32 == 0 {
                            window[sp - 1] = window[sp];
                        }
                    }
                    Op::LocalGet { local } => push!(window[local as usize]),
                    Op::LocalSet { local } => {
                        sp -= 1;
                        window[local as usize] = window[sp];
                    }
                    Op::LocalTee { local } => window[local as usize] = window[sp - 1],
                    Op::GlobalGet { global } => {
                        push!(globals[inst.globals[global as usize].index()].slot)
                    }
                    Op::GlobalSet { global } => {
                        sp -= 1;
                        globals[inst.globals[global as usize].index()].slot = window[sp];
                    }
                    Op::Const { slot } => push!(slot),
                    Op::VectorConst { index } => push_vector!(code.vectors[index as usize]),
                    Op::DropVector => sp -= 2,
                    Op::SelectVector => {
                        sp -= 3;
                        if window[sp + 2] as u32 == 0 {
                            window.copy_within(sp..sp + 2, sp - 2);
                        }
                    }
                    Op::LocalGetVector { local } => {
                        window.copy_within(local as usize..local as usize + 2, sp);
                        sp += 2;
                    }
                    Op::LocalSetVector { local } => {
                        sp -= 2;
                        window.copy_within(sp..sp + 2, local as usize);
                    }
                    Op::LocalTeeVector { local } => {
                        window.copy_within(sp - 2..sp, local as usize);
                    }
                    Op::GlobalGetVector { global } => {
                        let global = &globals[inst.globals[global as usize].index()];
                        push_vector!(join([global.slot, global.upper]))
                    }
                    Op::GlobalSetVector { global } => {
                        let global = &mut globals[inst.globals[global as usize].index()];
                        sp -= 2;
                        [global.slot, global.upper] = [window[sp], window[sp + 1]];
                    }
                    Op::Shuffle { index } => {
                        sp -= 2;
                        shuffle(code.vectors[index as usize], &mut window[sp - 2..]);
                    }
                    Op::Vector { op, lane } => {
                        let (pops, pushes) = op.effect();
                        sp -= pops as usize;
                        compute(op, lane, &mut window[sp..]);
                        sp += pushes as usize;
                    }
                    Op::VectorMemory { access, memory, offset } => {
                        let memory: MemAddr = memory!(memory);
                        let (pops, pushes) = access.effect();
                        let first = sp - pops as usize;
                        let memory = &mut memories[memory.index()];
                        let bytes = match access.writes() {
                            true => memory.bytes_at(window[first], offset),
                            false => memory.marked(false).0,
                        };
                        check!(access.execute(bytes, offset, &mut window[first..]));
                        sp = first + pushes as usize;
                    }
                    Op::BrOnNull(to) => {
                        if window[sp - 1] == 0 {
                            sp -= 1;
                            branch!(to);
                        }
                    }
                    Op::BrOnNonNull(to) => match window[sp - 1] {
                        0 => sp -= 1,
                        _ => branch!(to),
                    },
                    Op::BrOnCast { index, fails, .. } => {
                        let (ty, to) = code.casts[index as usize];
                        let ty = ty.map(&|ty| module.types[ty as usize].0);
                        if is_of(heap, funcs, types, window[sp - 1], ty) != fails {
                            branch!(to);
                        }
                    }
                    Op::Throw { .. }
                    | Op::ThrowRef
                    | Op::Rethrow { .. }
                    | Op::Atomic { .. }
                    | Op::RefTest { .. }
                    | Op::RefCast { .. }
                    | Op::I31GetS
                    | Op::I31GetU
                    | Op::StructNew { .. }
                    | Op::StructNewDefault { .. }
                    | Op::StructGet { .. }
                    | Op::StructSet { .. }
                    | Op::ArrayNew { .. }
                    | Op::ArrayNewDefault { .. }
                    | Op::ArrayNewFixed { .. }
                    | Op::ArrayNewData { .. }
                    | Op::ArrayNewElem { .. }
                    | Op::ArrayGet { .. }
                    | Op::ArraySet { .. }
                    | Op::ArrayLen
                    | Op::ArrayFill { .. }
                    | Op::ArrayCopy { .. }
                    | Op::ArrayInitData { .. }
                    | Op::ArrayInitElem { .. } => {
                        let apart = Apart {
                            config, module, code, instance: inst, types, memories, funcs, elements,
                            data, heap, tags, waiters, bulk,
                        };
                        match apart.execute(op, window, sp) {
                            Ok(top) => sp = top,
                            Err(Leave::Trap(code)) => trap!(code),
                            Err(Leave::Wait(waiting)) => {
                                pc -= 1;
                                break Exit::Wait(waiting);
                            }
                            Err(Leave::Throw(object)) => {
                                pc -= 1;
                                break Exit::Exception(object);
                            }
                            Err(Leave::Part) => {
                                pc -= 1;
                                fuel += 1;
                                break Exit::Part;
                            }
                            Err(Leave::Collect(words)) => {
                                pc -= 1;
                                fuel += 1;
                                break Exit::Collect(words);
                            }
                        }
                    }
                    Op::RefAsNonNull => {
                        if window[sp - 1] == 0 {
                            trap!(TrapCode::NullReference);
                        }
                    }
                    Op::RefEq => {
                        sp -= 1;
                        window[sp - 1] = u64::from(window[sp - 1] == window[sp]);
                    }
                    Op::RefI31 => window[sp - 1] = tag::I31 | window[sp - 1] & tag::I31_BITS,
                    Op::RefIsNull => window[sp - 1] = u64::from(window[sp - 1] == 0),
                    Op::RefFunc { func } => push!(u64::from(inst.funcs[func as usize].0) + 1),
                    Op::TableGet { table } => {
                        let table = &tables[table!(table).index()];
                        let index = window[sp - 1] as usize;
                        match table.elements.get(index) {
                            Some(&element) => window[sp - 1] = element,
                            None => trap!(TrapCode::TableOutOfBounds),
                        }
                    }
                    Op::TableSet { table } => {
                        let table = &mut tables[table!(table).index()];
                        match table.elements.get_mut(window[sp - 2] as usize) {
                            Some(element) => *element = window[sp - 1],
                            None => trap!(TrapCode::TableOutOfBounds),
                        }
                        sp -= 2;
                    }
                    Op::TableSize { table } => {
                        let table = &tables[inst.tables[table as usize].index()];
                        push!(table.elements.len() as u64)
                    }
                    Op::TableGrow { table } => {
                        let table = &mut tables[inst.tables[table as usize].index()];
                        sp -= 1;
                        let failed = failed(table.ty().index64);
                        let grown = table.grow(config, usage, window[sp], window[sp - 1]);
                        window[sp - 1] = grown.unwrap_or(failed);
                    }
                    Op::TableFill { table } => {
                        let table = &mut tables[inst.tables[table as usize].index()];
                        bulk!(bulk::table_fill(bulk, table, operands(window, sp)));
                    }
                    Op::TableCopy { to, from } => {
                        let (to, from) = (inst.tables[to as usize], inst.tables[from as usize]);
                        bulk!(bulk::table_copy(bulk, tables, to, from, operands(window, sp)));
                    }
                    Op::TableInit { element, table } => {
                        let segment = &elements[inst.elements[element as usize].index()];
                        let table = &mut tables[inst.tables[table as usize].index()];
                        bulk!(bulk::table_init(bulk, table, segment, operands(window, sp)));
                    }
                    Op::ElemDrop { element } => {
                        elements[inst.elements[element as usize].index()] = Default::default();
                    }
                    Op::MemorySize { memory } => {
                        push!(memories[memory!(memory).index()].pages())
                    }
                    Op::MemoryGrow { memory } => {
                        let memory = &mut memories[memory!(memory).index()];
                        let failed = failed(memory.ty().index64);
                        let grown = memory.grow(config, usage, window[sp - 1]);
                        window[sp - 1] = grown.unwrap_or(failed);
                    }
                    Op::MemoryFill { memory } => {
                        let address: MemAddr = memory!(memory);
                        let [at, value, len] = operands(window, sp);
                        let memory = &mut memories[address.index()];
                        bulk!(bulk::memory_fill(bulk, memory, [at, value, len]));
                    }
                    Op::MemoryCopy { to, from } => {
                        let (to, from): (MemAddr, MemAddr) = (memory!(to), memory!(from));
                        let [at, source, len] = operands(window, sp);
                        bulk!(bulk::memory_copy(bulk, memories, to, from, [at, source, len]));
                    }
                    Op::MemoryInit { data: segment, memory } => {
                        let address: MemAddr = memory!(memory);
                        let dropped = data[inst.data[segment as usize].index()].dropped;
                        let bytes = module.data(segment, dropped);
                        let [at, source, len] = operands(window, sp);
                        let target = &mut memories[address.index()];
                        bulk!(bulk::memory_init(bulk, target, bytes, [at, source, len]));
                    }
                    Op::DataDrop { data: segment } => {
                        data[inst.data[segment as usize].index()].dropped = true;
                    }
                    $(Op::$unary => {
                        let result: $ur = $uf(<$ua>::from_slot(window[sp - 1]));
                        window[sp - 1] = result.into_slot();
                    })*
                    $(Op::$binary => {
                        let right = <$ba>::from_slot(window[sp - 1]);
                        let left = <$ba>::from_slot(window[sp - 2]);
                        let result: $br = $bf(left, right);
                        sp -= 1;
                        window[sp - 1] = result.into_slot();
                    })*
                    $(Op::$tunary => {
                        let result: $tur = check!($tuf(<$tua>::from_slot(window[sp - 1])));
                        window[sp - 1] = result.into_slot();
                    })*
                    $(Op::$tbinary => {
                        let right = <$tba>::from_slot(window[sp - 1]);
                        let left = <$tba>::from_slot(window[sp - 2]);
                        let result: $tbr = check!($tbf(left, right));
                        sp -= 1;
                        window[sp - 1] = result.into_slot();
                    })*
                    $(Op::$load { memory, offset } => {
                        let memory: MemAddr = memory!(memory);
                        let address = window[sp - 1];
                        let bytes = memories[memory.index()].bytes();
                        let loaded = check!(access::$lf(bytes, address, offset));
                        window[sp - 1] = (loaded as $lv as $ls).into_slot();
                    })*
                    $(Op::$store { memory, offset } => {
                        let memory: MemAddr = memory!(memory);
                        let address = window[sp - 2];
                        let value = window[sp - 1] as $sw;
                        let bytes = memories[memory.index()].bytes_at(address, offset);
                        check!(access::$sf(bytes, address, offset, value));
                        sp -= 2;
                    })*
                }
            };
        }
        for_each_numeric!(dispatch);

        if O::ACTIVE && observer.after(&view!()) {
            break Exit::Watchpoint;
        }
    };

    *fuel_left = fuel;
    value_stack.top = (base + sp) as u32;
    if let Some(frame) = frames.last_mut() {
        frame.pc = pc as u32;
    }
    Ok(exit)
}

/// The three operands of a bulk operator, deepest first. Those of 32 bits are zero-extended, as all
/// slots are.
#[inline(always)]
fn operands(window: &[u64], sp: usize) -> [u64; 3] {
    [sp - 3, sp - 2, sp - 1].map(|position| window[position])
}

/// What growing answers if it cannot be done: -1 of the index type.
fn failed(index64: bool) -> u64 {
    if index64 { u64::MAX } else { u32::MAX.into() }
}
