//! Clocks: prints what has to hold, never a time.

use std::thread::{sleep, yield_now};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn holds(what: &str, it: bool) {
    println!("{what}: {}", if it { "yes" } else { "NO" });
}

fn main() {
    let mut last = Instant::now();
    let never_back = (0..1000).all(|_| {
        let now = Instant::now();
        let forward = now >= last;
        last = now;
        forward
    });
    holds("the monotonic clock never goes back", never_back);

    let began = Instant::now();
    sleep(Duration::from_millis(20));
    holds("20 ms take 20 ms or more", began.elapsed() >= Duration::from_millis(20));
    holds("and no minute", began.elapsed() < Duration::from_secs(60));
    sleep(Duration::ZERO);
    yield_now();

    let day = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    holds("the year is from 2024 to 2100", (1_704_067_200..4_102_444_800).contains(&day));
}
