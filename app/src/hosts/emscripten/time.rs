//! Clocks and calendars. The local time is that of UTC.

use stepwell_engine::{HostError, HostResult, ValType, Value};

use super::super::call::{Call, trap};
use super::{Does, Entry};

pub(super) const FUNCTIONS: &[Entry] = &[
    Entry("emscripten_get_now", &["d"], Does::At(now)),
    Entry("emscripten_performance_now", &["d"], Does::At(now)),
    Entry("emscripten_date_now", &["d"], Does::At(date)),
    Entry("emscripten_get_now_res", &["d"], Does::At(|call| call.give_float(1000.0))),
    Entry("_emscripten_get_now_is_monotonic", &["i"], Does::At(|call| call.give(1))),
    Entry("emscripten_get_now_is_monotonic", &["i"], Does::At(|call| call.give(1))),
    Entry("_tzset_js", &["vpppp"], Does::At(time_zone)),
    Entry("_localtime_js", &["vjp", "viip"], Does::At(|call| calendar(call, true))),
    Entry("_gmtime_js", &["vjp", "viip"], Does::At(|call| calendar(call, false))),
    Entry("_mktime_js", &["jp", "ip"], Does::At(seconds)),
    Entry("_timegm_js", &["jp", "ip"], Does::At(seconds)),
];

/// Seconds of the farthest day that JavaScript's dates reach, before and after 1970.
const FARTHEST: i64 = 8_640_000_000_000;
const DAY: i64 = 86_400;

fn now(call: &mut Call<'_, '_>) -> HostResult {
    call.give_float(call.state.elapsed(call.caller.executed()))
}

fn date(call: &mut Call<'_, '_>) -> HostResult {
    call.give_float(call.state.unix_time(call.caller.executed()))
}

/// C's `struct tm`: each field an integer of 32 bits, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Calendar {
    second: i64,
    minute: i64,
    hour: i64,
    /// From 1.
    day: i64,
    /// From 0.
    month: i64,
    /// Since 1900.
    year: i64,
    /// Since Sunday.
    weekday: i64,
    /// Since the first of January.
    yearday: i64,
}

/// Days from 1970-01-01 to a day of the Gregorian calendar; the month counts from 0.
fn days_to(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that a leap day is the last day of one.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

impl Calendar {
    fn at(seconds: i64) -> Self {
        let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, carry) = if month < 10 { (month + 2, 0) } else { (month - 10, 1) };
        let year = year + era * 400 + carry;
        Self {
            second: rest % 60,
            minute: rest / 60 % 60,
            hour: rest / 3_600,
            day,
            month,
            year: year - 1900,
            weekday: (days + 4).rem_euclid(7),
            yearday: days - days_to(year, 0, 1),
        }
    }

    /// Fields may be beyond their ranges; `None` beyond the days that there are.
    fn seconds(self) -> Option<i64> {
        let year = self.year + 1900 + self.month.div_euclid(12);
        let days = days_to(year, self.month.rem_euclid(12), 1) + self.day - 1;
        let seconds = days * DAY + self.hour * 3_600 + self.minute * 60 + self.second;
        (-FARTHEST..=FARTHEST).contains(&seconds).then_some(seconds)
    }

    fn bytes(self) -> Vec<u8> {
        let Self { second, minute, hour, day, month, year, weekday, yearday } = self;
        let fields = [second, minute, hour, day, month, year, weekday, yearday];
        fields.iter().flat_map(|field| (*field as i32).to_le_bytes()).collect()
    }
}

/// `_localtime_js(seconds, tm)` and `_gmtime_js`; the seconds may be two halves.
fn calendar(call: &mut Call<'_, '_>, local: bool) -> HostResult {
    let (seconds, at) = match call.args {
        [Value::I64(seconds), _] => (*seconds, call.unsigned(1)),
        _ => ((call.unsigned(1) << 32 | call.unsigned(0)) as i64, call.unsigned(2)),
    };
    let found = match (-FARTHEST..=FARTHEST).contains(&seconds) {
        true => Calendar::at(seconds),
        false => Calendar::default(),
    };
    let mut bytes = found.bytes();
    if local {
        // No daylight saving time, and no offset behind it: a `long`.
        bytes.extend([0; 8]);
        if matches!(call.args.last(), Some(Value::I64(_))) {
            bytes.extend([0; 8]);
        }
    }
    write(call, at, &bytes)?;
    call.done()
}

/// `_mktime_js(tm)` and `_timegm_js`: the seconds, and the fields brought into their ranges.
fn seconds(call: &mut Call<'_, '_>) -> HostResult {
    let at = call.unsigned(0);
    let Some(memory) = call.caller.memory() else { return trap("there is no memory") };
    let mut fields = memory
        .read(at, 36u64)?
        .as_chunks::<4>()
        .0
        .iter()
        .map(|field| i64::from(i32::from_le_bytes(*field)));
    let mut next = || fields.next().unwrap_or(0);
    let given = Calendar {
        second: next(),
        minute: next(),
        hour: next(),
        day: next(),
        month: next(),
        year: next(),
        ..Calendar::default()
    };
    let result = match given.seconds() {
        Some(seconds) => {
            let mut bytes = Calendar::at(seconds).bytes();
            bytes.extend([0; 4]);
            write(call, at, &bytes)?;
            seconds
        }
        None => -1,
    };
    if call.results == [ValType::I32] {
        let upper = (result >> 32) as i32;
        call.state.runtime(call.caller.instance(), |runtime| runtime.upper = upper);
    }
    call.give(result)
}

/// `_tzset_js(timezone, daylight, standard_name, daylight_name)`.
fn time_zone(call: &mut Call<'_, '_>) -> HostResult {
    let wide = matches!(call.args.first(), Some(Value::I64(_)));
    let (zone, daylight) = (call.unsigned(0), call.unsigned(1));
    let (standard, summer) = (call.unsigned(2), call.unsigned(3));
    let zero: &[u8] = if wide { &[0; 8] } else { &[0; 4] };
    write(call, zone, zero)?;
    write(call, daylight, &[0; 4])?;
    write(call, standard, b"UTC\0")?;
    write(call, summer, b"UTC\0")?;
    call.done()
}

fn write(call: &mut Call<'_, '_>, at: u64, bytes: &[u8]) -> Result<(), HostError> {
    let Some(mut memory) = call.caller.memory() else { return trap("there is no memory") };
    Ok(memory.write(at, bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_calendars() {
        let epoch = Calendar::at(0);
        assert_eq!((epoch.year, epoch.month, epoch.day, epoch.weekday), (70, 0, 1, 4));
        let leap = Calendar::at(951_782_400 + 3_661); // 2000-02-29 01:01:01
        assert_eq!((leap.year, leap.month, leap.day, leap.yearday), (100, 1, 29, 59));
        assert_eq!((leap.hour, leap.minute, leap.second, leap.weekday), (1, 1, 1, 2));
        let before = Calendar::at(-1);
        assert_eq!((before.year, before.month, before.day, before.second), (69, 11, 31, 59));
        for seconds in [0, -1, 951_782_400, 4_102_444_800, -62_135_596_800, FARTHEST, -FARTHEST] {
            assert_eq!(Calendar::at(seconds).seconds(), Some(seconds), "{seconds}");
        }
        let beyond = Calendar { day: 1, month: 13, year: 70, hour: 25, ..Calendar::default() };
        let found = Calendar::at(beyond.seconds().unwrap_or(0));
        assert_eq!((found.year, found.month, found.day, found.hour), (71, 1, 2, 1));
    }
}
