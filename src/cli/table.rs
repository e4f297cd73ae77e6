//! Lists: aligned columns for a person, tab-separated lines for a program.

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

/// One line of a list. What serde makes of it is its form with `--json`.
pub(crate) trait Row: Serialize {
    /// The columns' names.
    const COLUMNS: &'static [&'static str];

    /// What stands in them; empty where there is nothing to say.
    fn cells(&self) -> Vec<String>;
}

/// Lines of cells with a tab between; no header.
pub(crate) fn tab_separated<R: Row>(rows: &[R]) -> Vec<String> {
    rows.iter().map(|row| cells(row).join("\t")).collect()
}

/// A header and lines whose columns stand below it; `-` where there is nothing to say.
pub(crate) fn aligned<R: Row>(rows: &[R]) -> Vec<String> {
    let header = R::COLUMNS.iter().map(|name| name.to_uppercase()).collect();
    let mut lines: Vec<Vec<String>> = vec![header];
    let dash = |cell: String| {
        if cell.is_empty() {
            "-".to_owned()
        } else {
            cell
        }
    };
    lines.extend(
        rows.iter()
            .map(|row| cells(row).into_iter().map(dash).collect()),
    );
    let widest = |column: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .map(|cell| width(cell))
            .max()
    };
    let widths: Vec<usize> = (0..R::COLUMNS.len())
        .map(|column| widest(column).unwrap_or(0))
        .collect();
    lines.iter().map(|line| padded(line, &widths)).collect()
}

fn padded(line: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, column) in line.iter().zip(widths) {
        text.push_str(cell);
        text.extend(std::iter::repeat_n(' ', column - width(cell) + 2));
    }
    text.truncate(text.trim_end().len());
    text
}

fn width(cell: &str) -> usize {
    cell.graphemes(true).count()
}

/// A row's cells, none of which can end the cell or the line.
fn cells<R: Row>(row: &R) -> Vec<String> {
    let breaks = |c: char| c == '\t' || c == '\n' || c == '\r';
    row.cells()
        .into_iter()
        .map(|cell| cell.replace(breaks, " "))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Pair(&'static str, &'static str);

    impl Row for Pair {
        const COLUMNS: &'static [&'static str] = &["id", "name"];

        fn cells(&self) -> Vec<String> {
            vec![self.0.to_owned(), self.1.to_owned()]
        }
    }

    #[test]
    fn columns_are_aligned_for_a_person() {
        let rows = [
            Pair("1", "Анна"),
            Pair("1000", ""),
            Pair("e\u{301}", "a\tb\nc"),
        ];
        assert_eq!(
            aligned(&rows),
            ["ID    NAME", "1     Анна", "1000  -", "e\u{301}     a b c"]
        );
        assert_eq!(aligned::<Pair>(&[]), ["ID  NAME"]);
    }

    #[test]
    fn a_program_gets_cells_and_nothing_else() {
        assert_eq!(
            tab_separated(&[Pair("1", "x"), Pair("2", ""), Pair("3", "a\tb")]),
            ["1\tx", "2\t", "3\ta b"]
        );
    }
}
