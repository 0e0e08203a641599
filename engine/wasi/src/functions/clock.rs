//! Clocks.

use super::Call;
use crate::errno::Result;
use crate::types::ClockId;

impl Call<'_> {
    pub(super) fn clock_res_get(&mut self) -> Result<()> {
        let (clock, at) = (ClockId::from_number(self.u32(0))?, self.u32(1));
        self.memory.write_u64(at, self.wasi.clock.resolution(clock))
    }

    pub(super) fn clock_time_get(&mut self) -> Result<()> {
        // How precise it has to be does not matter: every reading is as precise as can be.
        let (clock, at) = (ClockId::from_number(self.u32(0))?, self.u32(2));
        self.memory.check(at, 8)?;
        let now = self.wasi.clock.now(clock);
        self.memory.write_u64(at, now)
    }
}
