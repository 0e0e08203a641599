//! Values changed by hand while the machine stands still.

use stepwell_engine::types::StorageType;
use stepwell_engine::{GlobalAddr, ObjectAddr, ValType, Value};

use super::machine::Machine;
use super::types::{RunState, SessionError};
use super::value_text::parse_value;
use super::{Session, not_now};

impl Session {
    /// The machine, to be changed while it stands still.
    pub(super) fn stopped_machine(&mut self) -> Result<&mut Machine, SessionError> {
        if self.state == RunState::Running {
            return Err(not_now("pause it first"));
        }
        self.refuse_in_past()?;
        self.heap.changed();
        let machine = self.machine.as_mut();
        let machine = machine.ok_or_else(|| not_now("start an export first"))?;
        machine.is_touched = true;
        Ok(machine)
    }

    pub(super) fn set_slot(
        &mut self,
        frame: usize,
        index: u32,
        text: &str,
        is_local: bool,
    ) -> Result<(), SessionError> {
        let ty = {
            let frames = self.frames();
            let frame = frames.get(frame).ok_or_else(|| not_now("there is no such frame"))?;
            let value = if is_local {
                frame.locals().get(index as usize).map(|local| local.value)
            } else {
                frame.operands().get(index as usize).copied()
            };
            value.ok_or_else(|| not_now("there is no such value"))?.ty()
        };
        let value = read_value(ty, text)?;
        let machine = self.stopped_machine()?;
        let none = || not_now("start an export first");
        let (task, store) = machine.task_and_store().ok_or_else(none)?;
        if is_local {
            task.set_local(store, frame, index, value)?;
        } else {
            task.set_operand(store, frame, index, value)?;
        }
        Ok(())
    }

    pub(super) fn set_global(
        &mut self,
        global: GlobalAddr,
        text: &str,
    ) -> Result<(), SessionError> {
        let machine = self.stopped_machine()?;
        let (ty, _) =
            machine.store.global(global).ok_or_else(|| not_now("there is no such global"))?;
        let value = read_value(ty.content, text)?;
        Ok(machine.store.set_global(global, value)?)
    }

    pub(super) fn set_field(
        &mut self,
        object: ObjectAddr,
        field: u32,
        text: &str,
    ) -> Result<(), SessionError> {
        let machine = self.stopped_machine()?;
        let ty = machine.store.field_type(object, field);
        let storage = ty.ok_or_else(|| not_now("there is no such field"))?.storage;
        let value = read_value(storage.unpacked(), text)?;
        // A packed field keeps the low bits: of another number it would hold something else.
        let range = match storage {
            StorageType::I8 => i32::from(i8::MIN)..=i32::from(u8::MAX),
            StorageType::I16 => i32::from(i16::MIN)..=i32::from(u16::MAX),
            StorageType::Val(_) => i32::MIN..=i32::MAX,
        };
        if matches!(value, Value::I32(number) if !range.contains(&number)) {
            let message = format!("it does not fit into {storage}");
            return Err(SessionError::Input { field: 0, message });
        }
        Ok(machine.store.set_field(object, field, value)?)
    }
}

fn read_value(ty: ValType, text: &str) -> Result<Value, SessionError> {
    parse_value(ty, text).map_err(|message| SessionError::Input { field: 0, message })
}
