//! A step with what it caused, beside what its file says of both.

use super::diff::{diff, first_difference};
use super::file::{Block, Item, What, Wrong, written};

/// One step of a file, and how it went.
pub(super) struct Step<'a> {
    /// As the file has it.
    pub(super) item: &'a Item,
    /// As it is recorded.
    pub(super) done: What,
    /// What was sent was written in a shorter form than it is recorded in.
    pub(super) is_short: bool,
    /// What everybody is to be told, with the comments between.
    pub(super) expected: &'a [Item],
    /// What everybody was told, connection by connection.
    pub(super) came: Vec<Block>,
}

/// How many items belong to the step before them: up to the last of what is told before the next step.
#[must_use]
pub fn belonging(items: &[Item]) -> usize {
    let is_of_step = |item: &&Item| matches!(item.what, What::Told(_) | What::Text(_));
    let of_step = items.iter().take_while(is_of_step);
    let is_told = |(_, item): &(usize, &Item)| matches!(item.what, What::Told(_));
    let last = of_step.enumerate().filter(is_told).last();
    last.map_or(0, |(last, _)| last + 1)
}

impl Step<'_> {
    /// The step's lines as they are to be in the file. The order of the connections is `order`'s; only that within each
    /// one matters.
    pub(super) fn recorded<T: Ord>(&self, order: impl Fn(&str) -> T) -> String {
        if self
            .told(order)
            .iter()
            .map(|(_, block)| *block)
            .eq(&self.came)
        {
            let items = self.expected.iter().map(|item| written(&item.what));
            return written(&self.done) + &items.collect::<String>();
        }
        let is_comment = |item: &&Item| matches!(&item.what, What::Text(text) if !text.is_empty());
        let comments = self.expected.iter().filter(is_comment);
        let comments = comments.map(|item| written(&item.what));
        written(&self.done) + &comments.collect::<String>() + &all_told(&self.came)
    }

    /// Holds what came to what was expected.
    ///
    /// # Errors
    /// What differs, and in which line first.
    pub(super) fn check<T: Ord>(&self, order: impl Fn(&str) -> T) -> Result<(), Wrong> {
        let told = self.told(order);
        // What stands beside the bytes of what is sent is held to them.
        let done = match self.is_short {
            true => &self.item.what,
            false => &self.done,
        };
        let expected = told.iter().map(|(_, block)| *block);
        let old = written(&self.item.what) + &all_told(expected);
        let new = written(done) + &all_told(&self.came);
        if old == new {
            return Ok(());
        }
        let line = self.line(&told, first_difference(&old, &new));
        Err((line, format!("- expected, + came:\n{}", diff(&old, &new))))
    }

    /// What everybody is to be told, and in which lines, connection by connection.
    fn told<T: Ord>(&self, order: impl Fn(&str) -> T) -> Vec<(usize, &Block)> {
        let blocks = self.expected.iter().filter_map(|item| match &item.what {
            What::Told(block) => Some((item.line, block)),
            _ => None,
        });
        let mut blocks: Vec<_> = blocks.collect();
        blocks.sort_by_key(|(_, block)| order(&block.who));
        blocks
    }

    /// The file's line of the step's line with this number, from 0.
    fn line(&self, told: &[(usize, &Block)], number: usize) -> usize {
        let own = written(&self.item.what).lines().count();
        let Some(mut left) = number.checked_sub(own) else {
            return self.item.line + number;
        };
        let mut last = self.item.line + own - 1;
        for (line, block) in told {
            if left < block.lines.len() {
                return line + left;
            }
            left -= block.lines.len();
            last = line + block.lines.len() - 1;
        }
        last
    }
}

fn all_told<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> String {
    let blocks = blocks.into_iter();
    let lines = blocks.map(|block| written(&What::Told(block.clone())));
    lines.collect()
}
