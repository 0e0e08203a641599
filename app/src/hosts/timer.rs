//! Timers: `timer.sleep` is a host function that awaits, while other tasks go on.
//!
//! In a page it awaits a promise that the browser keeps; elsewhere a deadline that whoever drives the run
//! looks at.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use stepwell_engine::module::Import;
use stepwell_engine::{ExternType, FuncType, HostError, Linker, ValType, Value};
use web_time::Instant;

/// The name of the module.
pub(super) const MODULE: &str = "timer";

/// Deadlines that tasks wait for.
#[derive(Clone, Default)]
pub struct Timers {
    waiting: Rc<RefCell<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    /// By deadline; the number tells apart those that have the same.
    wakers: BTreeMap<(Instant, u64), Waker>,
    #[cfg(not(target_arch = "wasm32"))]
    next: u64,
}

/// The place of one who sleeps, who may be given up before the time has come.
#[cfg(not(target_arch = "wasm32"))]
struct Place<'a> {
    timers: &'a Timers,
    key: (Instant, u64),
}

#[cfg(not(target_arch = "wasm32"))]
impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.timers.waiting.borrow_mut().wakers.remove(&self.key);
    }
}

/// `sleep` takes milliseconds.
fn sleep_type() -> FuncType {
    FuncType::new([ValType::I32], [])
}

/// `now` returns milliseconds since the program was opened.
fn now_type() -> FuncType {
    FuncType::new([], [ValType::F64])
}

/// Whether an import is one of the timers.
pub(super) fn provides(import: &Import) -> bool {
    let ExternType::Func(ty) = &import.ty else { return false };
    *import.module == *MODULE
        && match &*import.name {
            "sleep" => *ty == sleep_type(),
            "now" => *ty == now_type(),
            _ => false,
        }
}

/// The type of a timer that an import of another type is named after.
pub(super) fn misfit(import: &Import) -> Option<String> {
    let ty = match &*import.name {
        "sleep" => sleep_type(),
        "now" => now_type(),
        _ => return None,
    };
    Some(ExternType::Func(ty).to_string()).filter(|_| !provides(import))
}

impl Timers {
    /// Defines what an import asks for; false if it is not there.
    pub(super) fn define(&self, import: &Import, linker: &mut Linker) -> bool {
        if !provides(import) {
            return false;
        }
        if &*import.name == "now" {
            let begun = Instant::now();
            linker.func(MODULE, "now", now_type(), move |_, _| {
                Ok(vec![Value::F64(begun.elapsed().as_secs_f64() * 1e3)])
            });
            return true;
        }
        let timers = self.clone();
        linker.func_async_local(MODULE, "sleep", sleep_type(), move |_, args| {
            let timers = timers.clone();
            async move {
                let Some(Value::I32(milliseconds)) = args.first() else {
                    return Err(HostError::new("milliseconds are needed"));
                };
                timers.sleep(Duration::from_millis(u64::from(*milliseconds as u32))).await?;
                Ok(Vec::new())
            }
        });
        true
    }

    /// Wakes those whose time has come.
    pub fn wake_due(&self) {
        let due = (Instant::now(), u64::MAX);
        // A waker may ask for another timer.
        let later = self.waiting.borrow_mut().wakers.split_off(&due);
        let woken = std::mem::replace(&mut self.waiting.borrow_mut().wakers, later);
        woken.into_values().for_each(Waker::wake);
    }

    /// How long until the next one is due.
    pub fn due_in(&self) -> Option<Duration> {
        let (next, _) = *self.waiting.borrow().wakers.first_key_value()?.0;
        Some(next.saturating_duration_since(Instant::now()))
    }

    #[cfg(target_arch = "wasm32")]
    async fn sleep(&self, time: Duration) -> Result<(), HostError> {
        use wasm_bindgen::JsCast as _;

        let milliseconds = time.as_millis().min(i32::MAX as u128) as i32;
        let promise = js_sys::Promise::new(&mut |resolve, _| {
            let global = js_sys::global();
            let set = js_sys::Reflect::get(&global, &"setTimeout".into());
            if let Ok(set) = set.and_then(|set| set.dyn_into::<js_sys::Function>()) {
                let _ = set.call2(&global, &resolve, &milliseconds.into());
            }
        });
        let kept = wasm_bindgen_futures::JsFuture::from(promise).await;
        kept.map(|_| ()).map_err(|_| HostError::new("the page has no timer"))
    }

    #[cfg(not(target_arch = "wasm32"))]
    async fn sleep(&self, time: Duration) -> Result<(), HostError> {
        use std::task::Poll;

        let until = Instant::now() + time;
        let number = {
            let mut waiting = self.waiting.borrow_mut();
            waiting.next += 1;
            waiting.next
        };
        let place = Place { timers: self, key: (until, number) };
        std::future::poll_fn(|context| {
            if Instant::now() >= until {
                return Poll::Ready(());
            }
            // However often it is asked, it waits in one place.
            self.waiting.borrow_mut().wakers.insert(place.key, context.waker().clone());
            Poll::Pending
        })
        .await;
        Ok(())
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::pin::pin;
    use std::task::Context;

    use super::*;

    #[test]
    fn who_sleeps_waits_in_one_place_until_woken_or_given_up() {
        let timers = Timers::default();
        let mut context = Context::from_waker(Waker::noop());
        let waiting = || timers.waiting.borrow().wakers.len();
        {
            let hour = Duration::from_secs(3600);
            let (mut one, mut other) = (pin!(timers.sleep(hour)), pin!(timers.sleep(hour)));
            for _ in 0..3 {
                assert!(one.as_mut().poll(&mut context).is_pending());
                assert!(other.as_mut().poll(&mut context).is_pending());
                timers.wake_due();
            }
            assert_eq!(waiting(), 2);
            assert!(timers.due_in().is_some_and(|time| time > hour / 2));
        }
        assert_eq!((waiting(), timers.due_in()), (0, None));
        let mut now = pin!(timers.sleep(Duration::ZERO));
        assert!(now.as_mut().poll(&mut context).is_ready());
    }
}
