//! Shows in which lines two texts differ.

/// Both texts' lines: what is in both, what was expected (`-`), what came (`+`).
#[must_use]
pub fn diff(expected: &str, came: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), came.lines().collect());
    let common = common(&old, &new);
    let (mut one, mut other) = (0, 0);
    let mut out = String::new();
    let mut line = |sign: char, text: &str| {
        out.push_str("    ");
        out.push(sign);
        out.push(' ');
        out.push_str(text);
        out.push('\n');
    };
    while one < old.len() || other < new.len() {
        if one < old.len() && other < new.len() && old[one] == new[other] {
            line(' ', old[one]);
            (one, other) = (one + 1, other + 1);
        } else if one < old.len()
            && (other == new.len() || common[one + 1][other] >= common[one][other + 1])
        {
            line('-', old[one]);
            one += 1;
        } else {
            line('+', new[other]);
            other += 1;
        }
    }
    out
}

/// The place of the first line in which they differ, from 0.
pub(super) fn first_difference(expected: &str, came: &str) -> usize {
    let pairs = expected.lines().zip(came.lines());
    pairs.take_while(|(one, other)| one == other).count()
}

/// How long the longest common part of the rests is, from every place in both.
fn common(old: &[&str], new: &[&str]) -> Vec<Vec<usize>> {
    let mut table = vec![vec![0; new.len() + 1]; old.len() + 1];
    for one in (0..old.len()).rev() {
        for other in (0..new.len()).rev() {
            table[one][other] = if old[one] == new[other] {
                table[one + 1][other + 1] + 1
            } else {
                table[one + 1][other].max(table[one][other + 1])
            };
        }
    }
    table
}
