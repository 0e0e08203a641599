//! Taking times: two sides in turn, the least of several rounds.

use std::time::{Duration, Instant};

/// Least time of each side over `rounds` rounds in which the sides take turns.
///
/// Noise only ever adds time, so the least is the best estimate of what the work itself takes;
/// taking turns lets a slow spell of the machine meet both sides.
pub fn interleaved(
    rounds: u32,
    mut left: impl FnMut(),
    mut right: impl FnMut(),
) -> (Duration, Duration) {
    let mut least = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        least.0 = least.0.min(time(&mut left));
        least.1 = least.1.min(time(&mut right));
    }
    least
}

/// Least time over `rounds` rounds.
pub fn least(rounds: u32, mut work: impl FnMut()) -> Duration {
    (0..rounds).map(|_| time(&mut work)).min().unwrap_or_default()
}

fn time(work: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Prints one line: name, value, unit.
pub fn line(name: &str, value: f64, unit: &str) {
    println!("{name:<28} {value:>12.3} {unit}");
}

/// Milliseconds as a number.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Nanoseconds of each of `count` equal parts.
pub fn ns_each(time: Duration, count: u64) -> f64 {
    time.as_secs_f64() * 1e9 / count as f64
}

/// How many times as long `left` takes.
pub fn ratio((left, right): (Duration, Duration)) -> f64 {
    left.as_secs_f64() / right.as_secs_f64()
}
