//! What programs read: a queue that a person fills.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// Standard input; clones are the same queue.
#[derive(Clone, Default, Debug)]
pub struct Stdin {
    queue: Rc<RefCell<Queue>>,
}

#[derive(Default, Debug)]
struct Queue {
    bytes: VecDeque<u8>,
    closed: bool,
    waiting: Vec<Waker>,
}

/// What a reader gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StdinRead {
    /// The next bytes, at least one.
    Bytes(Vec<u8>),
    /// Nothing yet: the reader is woken when there is.
    Nothing,
    /// Nothing any more.
    End,
}

impl Stdin {
    /// Adds a line; its line feed is added too.
    pub fn push_line(&self, line: &str) {
        self.push(line.as_bytes());
        self.push(b"\n");
    }

    /// Adds bytes, unless it is closed.
    pub fn push(&self, bytes: &[u8]) {
        let mut queue = self.queue.borrow_mut();
        if !queue.closed {
            queue.bytes.extend(bytes);
        }
        drop(queue);
        self.wake();
    }

    /// Ends it: readers get what is there, then the end.
    pub fn close(&self) {
        self.queue.borrow_mut().closed = true;
        self.wake();
    }

    /// Opens it again, with nothing in it, for another program.
    pub fn reopen(&self) {
        let mut queue = self.queue.borrow_mut();
        queue.bytes.clear();
        queue.closed = false;
    }

    /// Whether it has been closed.
    pub fn is_closed(&self) -> bool {
        self.queue.borrow().closed
    }

    /// Bytes that nobody has read yet.
    pub fn len(&self) -> usize {
        self.queue.borrow().bytes.len()
    }

    /// Whether there is nothing to read at present.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a reader waits for a person to type.
    pub fn is_awaited(&self) -> bool {
        !self.queue.borrow().waiting.is_empty()
    }

    fn wake(&self) {
        let waiting = std::mem::take(&mut self.queue.borrow_mut().waiting);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Takes at most `most` bytes; if there are none yet, `waker` is woken when that changes.
    pub fn read(&self, most: usize, waker: &Waker) -> StdinRead {
        let mut queue = self.queue.borrow_mut();
        let count = queue.bytes.len().min(most);
        if count > 0 || most == 0 {
            return StdinRead::Bytes(queue.bytes.drain(..count).collect());
        }
        if queue.closed {
            return StdinRead::End;
        }
        if !queue.waiting.iter().any(|known| known.will_wake(waker)) {
            queue.waiting.push(waker.clone());
        }
        StdinRead::Nothing
    }

    /// At most `most` bytes, as soon as there are some; none at the end.
    pub async fn next(&self, most: usize) -> Vec<u8> {
        poll_fn(|context| match self.read(most, context.waker()) {
            StdinRead::Bytes(bytes) => Poll::Ready(bytes),
            StdinRead::End => Poll::Ready(Vec::new()),
            StdinRead::Nothing => Poll::Pending,
        })
        .await
    }
}
