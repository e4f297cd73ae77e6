//! The recording's messages by their number, counted from 1.

/// The real numbers of the recording's messages. Those of what was said in the room become known later, in one go.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// In the recording's order; none of what was refused or said in private.
    ids: Vec<Option<i64>>,
    /// Where those of what was said in the room are not known yet.
    unknown: Vec<usize>,
    /// The last one that is known.
    newest: i64,
}

impl Numbers {
    /// The recording's next message: `said` in the room, or not.
    pub(super) fn add(&mut self, said: bool) {
        if said {
            self.unknown.push(self.ids.len());
        }
        self.ids.push(None);
    }

    /// How many are not known, and the last one that is.
    pub(super) fn unknown(&self) -> (usize, i64) {
        (self.unknown.len(), self.newest)
    }

    /// These are the next ones that were said in the room.
    pub(super) fn learn(&mut self, ids: impl Iterator<Item = i64>) {
        let mut learnt = 0;
        for (index, id) in self.unknown.iter().zip(ids) {
            if let Some(slot) = self.ids.get_mut(*index) {
                *slot = Some(id);
            }
            self.newest = id;
            learnt += 1;
        }
        self.unknown.drain(..learnt);
    }

    /// The real numbers, as far as they are known.
    pub(super) fn known(&self) -> &[Option<i64>] {
        &self.ids
    }
}

#[cfg(test)]
mod tests {
    use super::Numbers;

    #[test]
    fn what_was_not_said_in_the_room_has_no_number_but_counts() {
        let mut numbers = Numbers::default();
        for said in [true, false, true] {
            numbers.add(said);
        }
        assert_eq!(numbers.unknown(), (2, 0));
        numbers.learn([4, 6].into_iter());
        assert_eq!(numbers.known(), [Some(4), None, Some(6)]);
        assert_eq!(numbers.unknown(), (0, 6));
        numbers.add(true);
        numbers.add(true);
        numbers.learn([7].into_iter());
        assert_eq!(numbers.known(), [Some(4), None, Some(6), Some(7), None]);
        assert_eq!(numbers.unknown(), (1, 7));
    }
}
