//! A stretch of the count over a width, and which one is in sight.

/// Instructions in sight at least.
const CLOSEST: u64 = 8;
/// Room that a number of the axis needs.
const NUMBER: f32 = 96.0;

/// What is in sight; without values all of the run.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub(super) struct View {
    span: Option<u64>,
    start: u64,
}

/// A stretch of the count, drawn over a width.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Scale {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) left: f32,
    pub(super) width: f32,
}

impl Scale {
    pub(super) fn x(self, clock: u64) -> f32 {
        let share = (clock as f64 - self.from as f64) / (self.to - self.from).max(1) as f64;
        self.left + (share.clamp(-1.0, 2.0) * f64::from(self.width)) as f32
    }

    pub(super) fn clock(self, x: f32) -> u64 {
        let share = f64::from((x - self.left) / self.width.max(1.0)).clamp(0.0, 1.0);
        self.from + (share * (self.to - self.from) as f64).round() as u64
    }

    /// Round numbers to write below, so far from each other that they can be read.
    pub(super) fn numbers(self) -> impl Iterator<Item = u64> {
        let most = (self.width / NUMBER).max(1.0);
        let least = ((self.to - self.from) as f64 / f64::from(most)).max(1.0);
        let power = 10u64.saturating_pow(least.log10().floor() as u32);
        let steps = [1, 2, 5, 10].map(|factor| power.saturating_mul(factor));
        let step = steps.into_iter().find(|step| *step as f64 >= least).unwrap_or(power);
        let first = self.from.div_ceil(step).checked_mul(step);
        std::iter::successors(first, move |at| at.checked_add(step))
            .take_while(move |at| *at <= self.to)
    }
}

impl View {
    /// From where to where, of a run from `first` to `last`.
    pub(super) fn range(self, first: u64, last: u64) -> (u64, u64) {
        let Some(span) = self.span else { return (first, last) };
        let whole = (last - first).max(1);
        let span = span.clamp(CLOSEST.min(whole), whole);
        let start = self.start.clamp(first, last - span);
        (start, start + span)
    }

    /// As much as `factor` says, with `around` where it is.
    pub(super) fn zoomed(range: (u64, u64), factor: f64, around: u64, whole: (u64, u64)) -> Self {
        let span = (range.1 - range.0).max(1) as f64;
        let new = (span * factor).round().max(CLOSEST as f64);
        if new >= (whole.1 - whole.0) as f64 {
            return Self::default();
        }
        let before = around.saturating_sub(range.0) as f64 / span;
        let start = (around as f64 - new * before).max(0.0) as u64;
        Self { span: Some(new as u64), start }
    }

    pub(super) fn moved(range: (u64, u64), by: f64, whole: (u64, u64)) -> Self {
        if range == whole {
            return Self::default();
        }
        Self { span: Some(range.1 - range.0), start: (range.0 as f64 + by).max(0.0) as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_the_pointer_stays_there() {
        let whole = (0, 1_000_000_000);
        let close = View::zoomed(whole, 0.5, 250_000_000, whole);
        assert_eq!(close.range(0, 1_000_000_000), (125_000_000, 625_000_000));
        let scale = |(from, to)| Scale { from, to, left: 10.0, width: 400.0 };
        let x = scale(whole).x(250_000_000);
        assert_eq!(scale(close.range(0, 1_000_000_000)).x(250_000_000), x);
        assert_eq!(View::zoomed(whole, 2.0, 5, whole), View::default());
        let near = View::zoomed((100, 108), 0.1, 104, whole).range(whole.0, whole.1);
        assert_eq!(near, (100, 108), "no closer than that");
    }

    #[test]
    fn few_instructions_are_all_in_sight() {
        assert_eq!(View::default().range(0, 3), (0, 3));
        assert_eq!(View { span: Some(100), start: 9 }.range(2, 5), (2, 5));
        let scale = Scale { from: 0, to: 3, left: 0.0, width: 400.0 };
        assert_eq!(scale.numbers().collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(
            (0..=3).map(|clock| scale.clock(scale.x(clock))).collect::<Vec<_>>(),
            [0, 1, 2, 3]
        );
        assert!(Scale { to: 1_000_000_000, ..scale }.numbers().count() <= 5);
    }
}
