//! Where a file says `answers: late`: what comes of a step may stand behind a later one.
//!
//! Who saves what clients said that did not wait for each other has a frame of one before what came of another's. Replayed, a step
//! is done once all has come of it. What a connection is told must be the same, in the same order, and behind what caused it; but
//! it may stand further behind, as long as only other connections have spoken since.

use super::file::{Block, Item, What};

/// What came of steps and stands further behind in the file; for each connection in the order in which it came.
#[derive(Debug, Default)]
pub(super) struct Ahead(Vec<Caused>);

#[derive(Debug)]
struct Caused {
    block: Block,
    /// Who spoke; none where nobody did: then it must stand right behind.
    by: Option<String>,
}

/// Whose step it is, if a connection's.
pub(super) fn speaker(step: &What) -> Option<&str> {
    match step {
        What::Said(block) => Some(&block.who),
        What::Person(person) => Some(&person.name),
        What::Text(_)
        | What::Config(_)
        | What::ClockPaused
        | What::AnswersLate
        | What::Operator(_)
        | What::Wait(_)
        | What::Told(_) => None,
    }
}

impl Ahead {
    /// Of what came of a step of `by` and of what was ahead: what is to be held to `expected`, which the file has for the step.
    /// What the file has in what stands `behind` the step, where it may, is ahead from now on.
    pub(super) fn take(
        &mut self,
        by: Option<&str>,
        came: Vec<Block>,
        expected: &[Item],
        behind: &[Item],
    ) -> Vec<Block> {
        let mut all = std::mem::take(&mut self.0);
        all.extend(came.into_iter().map(|block| Caused {
            block,
            by: by.map(str::to_owned),
        }));
        let mut now = Vec::new();
        while let Some(who) = all.first().map(|first| first.block.who.clone()) {
            let (mut told, others): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|one| one.block.who == who);
            all = others;
            let count = expected.iter().filter(|item| is_told(item, &who)).count();
            let later = told.split_off(count.min(told.len()));
            let mut places = places(behind, &who);
            let may_be_later = later.iter().all(|one| {
                let place = places.next();
                place.is_some_and(|(block, spoke)| {
                    let by = one.by.as_deref();
                    *block == one.block && by.is_some_and(|by| !spoke.contains(&by))
                })
            });
            now.extend(told.into_iter().map(|one| one.block));
            match may_be_later {
                true => self.0.extend(later),
                false => now.extend(later.into_iter().map(|one| one.block)),
            }
        }
        now
    }
}

fn is_told(item: &Item, to: &str) -> bool {
    matches!(&item.what, What::Told(block) if block.who == to)
}

/// What `who` is told behind this place, up to where something else than a connection does something; each with who speaks before.
fn places<'a>(behind: &'a [Item], who: &'a str) -> impl Iterator<Item = (&'a Block, Vec<&'a str>)> {
    let mut spoke = Vec::new();
    let is_silent = |item: &&Item| !matches!(item.what, What::Operator(_) | What::Wait(_));
    let items = behind.iter().take_while(is_silent);
    items.filter_map(move |item| {
        spoke.extend(speaker(&item.what));
        match &item.what {
            What::Told(block) if block.who == who => Some((block, spoke.clone())),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::transcript::{Transcript, belonging};

    /// Goes through a file whose steps cause what `came` says, by the step's first word: what is held to each step, where that is
    /// what the file has, else the step at which it is not.
    fn goes(file: &str, came: &[(&str, &[&str])]) -> Result<(), String> {
        let file = Transcript::read(file).unwrap();
        let block = |text: &&str| {
            let (who, line) = text.split_once(' ').unwrap();
            Block {
                who: who.to_owned(),
                lines: vec![line.to_owned()],
            }
        };
        let mut ahead = Ahead::default();
        let mut came = came.iter();
        let mut rest = &file.items[..];
        while let Some((item, behind)) = rest.split_first() {
            let (expected, after) = behind.split_at(belonging(behind));
            rest = after;
            let (step, caused) = came.next().unwrap();
            let caused = caused.iter().map(block).collect();
            let now = ahead.take(speaker(&item.what), caused, expected, after);
            let told = |who: &str| {
                let told = expected.iter().filter(|item| is_told(item, who));
                told.map(|item| item.what.clone()).collect::<Vec<_>>()
            };
            for who in ["anna", "boris", "clara"] {
                let of = now.iter().filter(|block| block.who == who);
                let of: Vec<_> = of.cloned().map(What::Told).collect();
                if of != told(who) {
                    return Err(format!("{step}: {who} {of:?}"));
                }
            }
        }
        assert!(ahead.0.is_empty(), "{ahead:?}");
        Ok(())
    }

    const BOTH: [(&str, &[&str]); 2] = [
        ("a", &["anna yes", "boris a", "clara a"]),
        ("b", &["anna b", "boris b", "clara b"]),
    ];

    #[test]
    fn what_comes_of_a_step_may_stand_behind_one_of_somebody_else() {
        for file in [
            "anna > a\nanna < yes\nboris < a\nclara < a\nboris > b\nanna < b\nboris < b\nclara < b",
            "anna > a\nboris > b\nanna < yes\nanna < b\nboris < a\nboris < b\nclara < a\nclara < b",
            "anna > a\nanna < yes\nboris > b\nclara < a\nclara < b\nboris < a\nboris < b\nanna < b",
        ] {
            assert_eq!(goes(file, &BOTH), Ok(()), "{file}");
        }
        // A login is a step of who comes; several may come between.
        let file = "anna > a\nboris: door\nclara > c\nboris < c\nanna < yes";
        let came: [(&str, &[&str]); 3] =
            [("a", &["anna yes"]), ("boris", &[]), ("c", &["boris c"])];
        assert_eq!(goes(file, &came), Ok(()));
    }

    #[test]
    fn it_must_be_the_same_in_the_same_order_and_behind_what_caused_it() {
        for (file, differs) in [
            // Another order for one of them.
            (
                "anna > a\nboris > b\nanna < yes\nanna < b\nboris < b\nboris < a\nclara < a\nclara < b",
                "a: boris",
            ),
            // Another text; something less, something more.
            (
                "anna > a\nboris > b\nanna < no\nanna < b\nboris < a\nboris < b\nclara < a\nclara < b",
                "a: anna",
            ),
            (
                "anna > a\nboris > b\nanna < yes\nanna < b\nboris < a\nboris < b\nclara < b",
                "a: clara",
            ),
            (
                "anna > a\nboris > b\nanna < yes\nanna < b\nboris < a\nboris < b\nclara < a\nclara < b\nclara < c",
                "b: clara",
            ),
            // Before what caused it.
            (
                "anna > a\nanna < yes\nboris < a\nclara < a\nclara < b\nboris > b\nanna < b\nboris < b",
                "a: clara",
            ),
        ] {
            let wrong = goes(file, &BOTH).unwrap_err();
            assert!(wrong.starts_with(differs), "{file}: {wrong}");
        }
    }

    #[test]
    fn it_must_not_stand_behind_more_than_others_saying_something() {
        for between in ["anna > again", "operator: delete room tea", "wait: 1s"] {
            let file = format!("anna > a\nboris > b\n{between}\nanna < yes");
            let came: [(&str, &[&str]); 3] = [("a", &["anna yes"]), ("b", &[]), ("c", &[])];
            assert!(
                goes(&file, &came).unwrap_err().starts_with("a: anna"),
                "{between}"
            );
        }
        // What came of nobody's saying stands right behind.
        let file = "operator: delete room tea\nboris > b\nanna < gone";
        let came: [(&str, &[&str]); 2] = [("o", &["anna gone"]), ("b", &[])];
        assert!(goes(file, &came).unwrap_err().starts_with("o: anna"));
    }
}
