//! A scheduler on an executor: its turns are run where the executor polls, and it sleeps while all tasks do.

use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::ready::Doorbell;
use super::{Scheduler, State, Stores, Turn};

/// Turns after which others on the executor have theirs.
const TURNS_A_POLL: u32 = 64;

impl Scheduler {
    /// A turn on an executor: pending while all tasks that can go on are parked, `None` when there are none
    /// of them left.
    ///
    /// When another executor than before polls it, each parked task is looked at once more, since its waker
    /// would wake the old one.
    pub fn poll_turn(
        &mut self,
        stores: &mut (impl Stores + ?Sized),
        context: &Context<'_>,
    ) -> Poll<Option<Turn>> {
        self.listen(context.waker());
        if let Some(turn) = self.turn(stores) {
            return Poll::Ready(Some(turn));
        }
        if self.parked_len() == 0 {
            return Poll::Ready(None);
        }
        if let Some(bell) = &self.bell {
            bell.arm();
        }
        // What has been woken since the look before rang nobody.
        match self.turn(stores) {
            Some(turn) => Poll::Ready(Some(turn)),
            None => Poll::Pending,
        }
    }

    /// Runs on an executor until no task is left that can go on by itself: all that are left are stopped
    /// or in atomic waits. Its output is the turns that were [news](super::Outcome::is_news).
    ///
    /// After 64 turns others on the thread have theirs. Dropping it leaves the tasks as they stand.
    pub fn run_async<'a, S: Stores + ?Sized>(&'a mut self, stores: &'a mut S) -> RunAsync<'a, S> {
        RunAsync { scheduler: self, stores, news: Vec::new() }
    }

    /// Wakers of tasks are to wake this executor.
    fn listen(&mut self, waker: &Waker) {
        if self.bell.as_ref().is_some_and(|bell| bell.is_of(waker)) {
            return;
        }
        self.bell = Some(Doorbell::new(waker));
        self.bells = self.bells.wrapping_add(1);
        let parked: Vec<u32> = self.tasks.in_state(State::Parked).collect();
        parked.into_iter().for_each(|slot| self.make_ready(slot));
    }
}

/// A scheduler that runs as a future; see [`Scheduler::run_async`].
pub struct RunAsync<'a, S: ?Sized> {
    scheduler: &'a mut Scheduler,
    stores: &'a mut S,
    news: Vec<Turn>,
}

impl<S: Stores + ?Sized> Future for RunAsync<'_, S> {
    type Output = Vec<Turn>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { scheduler, stores, news } = &mut *self;
        for _ in 0..TURNS_A_POLL {
            match scheduler.poll_turn(*stores, context) {
                Poll::Ready(Some(turn)) if turn.outcome.is_news() => news.push(turn),
                Poll::Ready(Some(_)) => {}
                Poll::Ready(None) => return Poll::Ready(core::mem::take(news)),
                Poll::Pending => return Poll::Pending,
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
