//! Dialects by number, so that what is counted of each lies in a row of a fixed length.

use std::sync::OnceLock;

/// How many there are at most, with that of all that came too late.
pub(super) const MAX_DIALECTS: usize = 16;
/// What those that came too late are called together.
const OTHERS: &str = "other";

/// A dialect's number: given where it is first heard of, below [`MAX_DIALECTS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DialectNumber(u8);

/// The names by number. Asked without a lock.
#[derive(Debug, Default)]
pub(super) struct Dialects([OnceLock<&'static str>; MAX_DIALECTS - 1]);

impl DialectNumber {
    /// Where this dialect counts in an array of [`MAX_DIALECTS`].
    pub(super) fn place(self) -> usize {
        usize::from(self.0) % MAX_DIALECTS
    }
}

impl Dialects {
    pub(super) fn number(&self, name: &'static str) -> DialectNumber {
        let known = self.0.iter().zip(0..);
        let mut known = known.filter(|(slot, _)| *slot.get_or_init(|| name) == name);
        DialectNumber(
            known
                .next()
                .map_or(MAX_DIALECTS as u8 - 1, |(_, number)| number),
        )
    }

    pub(super) fn name(&self, number: DialectNumber) -> &'static str {
        let name = self.0.get(number.place()).and_then(OnceLock::get);
        name.copied().unwrap_or(OTHERS)
    }

    /// Those that were heard of, in their order; that of the rest, too, where all numbers are given.
    pub(super) fn all(&self) -> impl Iterator<Item = (DialectNumber, &'static str)> {
        let named = self.0.iter().map_while(|slot| slot.get().copied());
        let all = named.chain([OTHERS]).zip(0..);
        let known = self.0.iter().filter(|slot| slot.get().is_some()).count();
        let others = usize::from(known == self.0.len());
        all.take(known + others)
            .map(|(name, number)| (DialectNumber(number), name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number_and_what_comes_too_late_shares_the_last() {
        let dialects = Dialects::default();
        assert_eq!(dialects.all().count(), 0);
        let (one, other) = (dialects.number("one"), dialects.number("two"));
        assert_ne!(one, other);
        assert_eq!(dialects.number("one"), one);
        assert_eq!(dialects.name(other), "two");
        let names: Vec<_> = dialects.all().map(|(_, name)| name).collect();
        assert_eq!(names, ["one", "two"]);
        for number in 0..MAX_DIALECTS {
            dialects.number(format!("n{number}").leak());
        }
        let late = dialects.number("late");
        assert_eq!(dialects.name(late), "other");
        let names: Vec<_> = dialects.all().map(|(_, name)| name).collect();
        assert_eq!((names.len(), names[15]), (16, "other"));
        assert_eq!(dialects.number("later"), late);
    }
}
