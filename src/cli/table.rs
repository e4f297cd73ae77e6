//! Lists: aligned columns for a person, tab-separated lines for a program.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value as Json;
use unicode_segmentation::UnicodeSegmentation;

use super::time::Time;

/// No column is made narrower than this.
const NARROW: usize = 12;

/// One column of a list, and the field of its name in the objects of `--json`.
pub(crate) struct Column<T> {
    header: Option<&'static str>,
    field: Option<&'static str>,
    value: fn(&T) -> Value,
}

impl<T> Column<T> {
    /// Both, of one name.
    pub(crate) const fn both(name: &'static str, value: fn(&T) -> Value) -> Self {
        let (header, field) = (Some(name), Some(name));
        Self {
            header,
            field,
            value,
        }
    }

    /// A column without a field.
    pub(crate) const fn shown(header: &'static str, value: fn(&T) -> Value) -> Self {
        let (header, field) = (Some(header), None);
        Self {
            header,
            field,
            value,
        }
    }

    /// A field without a column.
    pub(crate) const fn json(field: &'static str, value: fn(&T) -> Value) -> Self {
        let (header, field) = (None, Some(field));
        Self {
            header,
            field,
            value,
        }
    }
}

/// What stands in a column.
pub(crate) enum Value {
    /// Shown to the second, and to the millisecond in JSON.
    Time(Time),
    /// A text, a number, yes or no; null is an empty cell.
    Plain(Json),
}

impl Value {
    /// What serde makes of it.
    pub(crate) fn of(value: impl Serialize) -> Self {
        Self::Plain(serde_json::to_value(value).unwrap_or_default())
    }

    fn cell(&self) -> String {
        match self {
            Self::Plain(Json::Null) => String::new(),
            Self::Time(time) => time.to_string(),
            Self::Plain(Json::Bool(true)) => "yes".to_owned(),
            Self::Plain(Json::Bool(false)) => "no".to_owned(),
            Self::Plain(Json::String(text)) => text.clone(),
            Self::Plain(other) => other.to_string(),
        }
    }
}

impl From<Time> for Value {
    fn from(time: Time) -> Self {
        Self::Time(time)
    }
}

impl From<Option<Time>> for Value {
    fn from(time: Option<Time>) -> Self {
        time.map_or(Self::Plain(Json::Null), Self::Time)
    }
}

/// A line of a list as the object of `--json`.
pub(crate) struct Object<'a, T>(pub(crate) &'a [Column<T>], pub(crate) &'a T);

impl<T> Serialize for Object<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for column in self.0 {
            let Some(field) = column.field else { continue };
            match (column.value)(self.1) {
                Value::Time(time) => object.serialize_entry(field, &time)?,
                Value::Plain(value) => object.serialize_entry(field, &value)?,
            }
        }
        object.end()
    }
}

/// Lines of cells with a tab between; no header.
pub(crate) fn tab_separated<T>(columns: &[Column<T>], rows: &[T]) -> Vec<String> {
    rows.iter()
        .map(|row| cells(columns, row).join("\t"))
        .collect()
}

/// A header and lines whose columns stand below it; `-` where there is nothing to say. Where they are wider than `room` the widest
/// columns are made narrower, and what does not fit in them goes on below.
pub(crate) fn aligned<T>(columns: &[Column<T>], rows: &[T], room: usize) -> Vec<String> {
    let headers = columns.iter().filter_map(|column| column.header);
    let mut lines: Vec<Vec<String>> = vec![headers.map(str::to_uppercase).collect()];
    let dash = |cell: String| {
        if cell.is_empty() {
            "-".to_owned()
        } else {
            cell
        }
    };
    lines.extend(
        rows.iter()
            .map(|row| cells(columns, row).into_iter().map(dash).collect()),
    );
    let widest = |column: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .map(|cell| width(cell))
            .max()
    };
    let widths = (0..lines[0].len()).map(|column| widest(column).unwrap_or(0));
    let widths = fitted(widths.collect(), room);
    lines.iter().flat_map(|line| below(line, &widths)).collect()
}

/// Widths that stand in a line of `room`, if they can.
fn fitted(mut widths: Vec<usize>, room: usize) -> Vec<usize> {
    let gaps = 2 * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > room {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROW => *widest -= 1,
            _ => break,
        }
    }
    widths
}

/// A row as lines, one below the other.
fn below(row: &[String], widths: &[usize]) -> Vec<String> {
    let cells: Vec<_> = row
        .iter()
        .zip(widths)
        .map(|(cell, room)| pieces(cell, *room))
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let line = |number: usize| {
        let pieces = cells
            .iter()
            .map(|cell| cell.get(number).map_or("", String::as_str));
        padded(pieces, widths)
    };
    (0..height).map(line).collect()
}

/// A cell in pieces that are no wider than `room`, cut between words where that can be.
fn pieces(cell: &str, room: usize) -> Vec<String> {
    if width(cell) <= room {
        return vec![cell.to_owned()];
    }
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    for word in cell.split(' ') {
        if !piece.is_empty() && width(&piece) + 1 + width(word) > room {
            pieces.push(std::mem::take(&mut piece));
        } else if !piece.is_empty() {
            piece.push(' ');
        }
        for grapheme in word.graphemes(true) {
            if width(&piece) == room {
                pieces.push(std::mem::take(&mut piece));
            }
            piece.push_str(grapheme);
        }
    }
    pieces.push(piece);
    pieces
}

fn padded<'a>(line: impl Iterator<Item = &'a str>, widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, column) in line.zip(widths) {
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
fn cells<T>(columns: &[Column<T>], row: &T) -> Vec<String> {
    let breaks = |c: char| c == '\t' || c == '\n' || c == '\r';
    let shown = columns.iter().filter(|column| column.header.is_some());
    shown
        .map(|column| (column.value)(row).cell().replace(breaks, " "))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pair(&'static str, &'static str);

    const COLUMNS: &[Column<Pair>] = &[
        Column::both("id", |pair| Value::of(pair.0)),
        Column::both("name", |pair| Value::of(pair.1)),
    ];

    #[test]
    fn columns_are_aligned_for_a_person() {
        let rows = [
            Pair("1", "Анна"),
            Pair("1000", ""),
            Pair("e\u{301}", "a\tb\nc"),
        ];
        assert_eq!(
            aligned(COLUMNS, &rows, 80),
            ["ID    NAME", "1     Анна", "1000  -", "e\u{301}     a b c"]
        );
        assert_eq!(aligned(COLUMNS, &[], 80), ["ID  NAME"]);
    }

    #[test]
    fn what_is_too_wide_goes_on_below() {
        let rows = [
            Pair("1", "some words that are too long"),
            Pair("22", "abcdefghijklmnopqrstuv"),
        ];
        assert_eq!(
            aligned(COLUMNS, &rows, 18),
            [
                "ID  NAME",
                "1   some words",
                "    that are too",
                "    long",
                "22  abcdefghijklmn",
                "    opqrstuv",
            ]
        );
        // Not narrower than can be read.
        assert!(aligned(COLUMNS, &rows, 1)[1].len() <= 16);
    }

    #[test]
    fn a_program_gets_cells_and_nothing_else() {
        assert_eq!(
            tab_separated(COLUMNS, &[Pair("1", "x"), Pair("2", ""), Pair("3", "a\tb")]),
            ["1\tx", "2\t", "3\ta b"]
        );
    }
}
