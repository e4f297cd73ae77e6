//! Lists: aligned columns for a person, tab-separated lines for a program.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value as Json;
use unicode_segmentation::UnicodeSegmentation;

use super::time::Time;

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
    /// It is not there, not even as an empty field.
    Absent,
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
            Self::Absent | Self::Plain(Json::Null) => String::new(),
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
                Value::Absent => {}
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

/// A header and lines whose columns stand below it; `-` where there is nothing to say.
pub(crate) fn aligned<T>(columns: &[Column<T>], rows: &[T]) -> Vec<String> {
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
    let widths: Vec<usize> = (0..lines[0].len())
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
            aligned(COLUMNS, &rows),
            ["ID    NAME", "1     Анна", "1000  -", "e\u{301}     a b c"]
        );
        assert_eq!(aligned(COLUMNS, &[]), ["ID  NAME"]);
    }

    #[test]
    fn a_program_gets_cells_and_nothing_else() {
        assert_eq!(
            tab_separated(COLUMNS, &[Pair("1", "x"), Pair("2", ""), Pair("3", "a\tb")]),
            ["1\tx", "2\t", "3\ta b"]
        );
    }
}
