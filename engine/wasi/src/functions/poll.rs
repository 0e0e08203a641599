//! Waiting for times and descriptors.

use alloc::vec::Vec;

use super::{Call, Done, Interrupt};
use crate::descriptor::{Descriptor, Target};
use crate::errno::{Errno, Result};
use crate::stream::Reading;
use crate::types::layout::{Event, Subscription, SubscriptionKind};
use crate::types::{ClockId, EventType, Layout, Rights};

/// Most subscriptions of a call: more than there are descriptors to wait for.
const MAX_SUBSCRIPTIONS: u32 = 1 << 16;

impl Call<'_> {
    /// Writes what has happened, or stays pending until something has.
    pub(super) fn poll_oneoff(&mut self) -> Done {
        let (from, to, count) = (self.u32(0), self.u32(1), self.u32(2));
        let result = self.u32(3);
        let size = Layout::Subscription.size(self.version);
        self.memory.check(from, u64::from(count) * u64::from(size))?;
        self.memory.check(to, u64::from(count) * u64::from(Layout::Event.size(self.version)))?;
        self.memory.check(result, 4)?;
        if count == 0 || count > MAX_SUBSCRIPTIONS {
            return Err(Errno::Inval.into());
        }
        let subscriptions: Vec<Subscription> = (0..count)
            .map(|number| Subscription::read(&self.memory, self.version, from + size * number))
            .collect::<Result<_>>()?;

        // What is waited for makes it the same call, not only where that is written.
        self.key.1.extend(subscriptions.iter().flat_map(Subscription::identity));
        let now = self.wasi.clock.now(ClockId::Monotonic);
        let known = self.wasi.pending.deadlines(self.caller, &self.key).map(<[_]>::to_vec);
        let deadlines = match known {
            Some(known) => known,
            None => subscriptions
                .iter()
                .map(|subscription| self.deadline(subscription, now))
                .collect::<Result<_>>()?,
        };
        let mut events = Vec::new();
        let mut input = false;
        for (subscription, deadline) in subscriptions.iter().zip(&deadlines) {
            let userdata = subscription.userdata;
            match subscription.kind {
                SubscriptionKind::Clock { .. } => {
                    if deadline.is_some_and(|deadline| deadline <= now) {
                        let (error, event) = (Errno::Success, EventType::Clock);
                        events.push(Event { userdata, error, event, bytes: 0, hangup: false });
                    }
                }
                SubscriptionKind::Descriptor { event, fd } => match self.ready(event, fd)? {
                    Ok(Reading::Nothing) => input = true,
                    Ok(Reading::End) => {
                        let error = Errno::Success;
                        events.push(Event { userdata, error, event, bytes: 0, hangup: true });
                    }
                    Ok(Reading::Bytes(bytes)) => {
                        let error = Errno::Success;
                        events.push(Event { userdata, error, event, bytes, hangup: false });
                    }
                    Err(error) => {
                        events.push(Event { userdata, error, event, bytes: 0, hangup: false });
                    }
                },
            }
        }
        if events.is_empty() {
            return Err(Interrupt::Pending(deadlines, input));
        }
        for (number, event) in (0..).zip(&events) {
            let at = to + Layout::Event.size(self.version) * number;
            self.memory.write(at, &event.to_bytes())?;
        }
        Ok(self.memory.write_u32(result, events.len() as u32)?)
    }

    /// The monotonic clock's reading when a subscription's time has come.
    fn deadline(&mut self, subscription: &Subscription, now: u64) -> Result<Option<u64>> {
        let SubscriptionKind::Clock { clock, timeout, absolute } = subscription.kind else {
            return Ok(None);
        };
        let clock = ClockId::from_number(clock)?;
        let wait = match (absolute, clock) {
            (false, _) => timeout,
            (true, ClockId::Monotonic) => timeout.saturating_sub(now),
            (true, _) => timeout.saturating_sub(self.wasi.clock.now(clock)),
        };
        Ok(Some(now.saturating_add(wait)))
    }

    /// Whether a descriptor can be read or written. One that is not open fails the whole call, one that lacks
    /// the right only its own event.
    fn ready(&mut self, event: EventType, fd: u32) -> Result<Result<Reading>> {
        let descriptor = self.descriptor(fd)?.clone();
        Ok(self.readiness(event, &descriptor))
    }

    fn readiness(&mut self, event: EventType, descriptor: &Descriptor) -> Result<Reading> {
        let rights = match event {
            EventType::FdWrite => Rights::FD_WRITE,
            EventType::FdRead | EventType::Clock => Rights::FD_READ,
        };
        let writes = event == EventType::FdWrite;
        match descriptor.target {
            Target::Directory { .. } => Err(Errno::Badf),
            Target::Output(_) if !writes => Err(Errno::Badf),
            Target::Input if writes => Err(Errno::Badf),
            Target::Input => {
                descriptor.require(rights.union(Rights::POLL_FD_READWRITE))?;
                Ok(self.wasi.input.available())
            }
            Target::Output(_) => {
                descriptor.require(rights.union(Rights::POLL_FD_READWRITE))?;
                Ok(Reading::Bytes(1))
            }
            Target::File { tree, handle, offset } => {
                descriptor.require(rights.union(Rights::POLL_FD_READWRITE))?;
                let size = self.wasi.tree(tree)?.stat(handle)?.size;
                let rest = if writes { 1 } else { size.saturating_sub(offset) };
                Ok(Reading::Bytes(rest))
            }
        }
    }
}
