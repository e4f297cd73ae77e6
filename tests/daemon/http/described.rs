//! What the document says of an answer, and whether that is so.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use super::Http;
use super::api::HTTP;
use super::client::Answer;
use crate::support::Daemon;

/// The document of this build, which is the same for every gateway.
pub(super) struct Document(Value);

/// A row of the document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    /// As the document has it, `/rooms/{name}`.
    pub(super) path: &'a str,
    pub(super) operation: &'a Value,
}

impl Document {
    /// As a gateway answers it.
    pub(super) async fn read() -> &'static Self {
        static DOCUMENT: OnceCell<Document> = OnceCell::const_new();
        let read = || async {
            let daemon = Daemon::start(HTTP).await;
            let mut http = Http::connect(&daemon).await;
            let answer = http.get("/api/v1/openapi.json", &[]).await;
            Self(answer.json())
        };
        DOCUMENT.get_or_init(read).await
    }

    /// Each row with its method in capitals.
    pub(super) fn rows(&self) -> impl Iterator<Item = (String, Row<'_>)> {
        let paths = object(&self.0["paths"]).iter();
        paths.flat_map(|(path, operations)| {
            object(operations)
                .iter()
                .map(move |(method, operation)| (method.to_uppercase(), Row { path, operation }))
        })
    }

    /// The row that a request is one of, whose path is below the API's, with its query; none where there is none.
    pub(super) fn row(&self, method: &str, path: &str) -> Option<Row<'_>> {
        let path = path.split('?').next().unwrap();
        let is_it = |row: &Row<'_>| {
            let (described, asked) = (row.path.split('/'), path.split('/'));
            described.clone().count() == asked.clone().count()
                && described
                    .zip(asked)
                    .all(|(described, asked)| described == asked || described.starts_with('{'))
        };
        let mut rows = self.rows();
        let found = rows.find(|(known, row)| known == method && is_it(row));
        found.map(|(_, row)| row)
    }

    /// Holds an answer to what its row says: its status, its media type, and each member of what is JSON.
    pub(super) fn check(&self, row: Row<'_>, answer: &Answer) {
        let name = format!("{} of {}", answer.status, row.operation["operationId"]);
        self.check_head(row, answer.status, answer.header("content-type"));
        let content = &row.operation["responses"][answer.status.to_string()]["content"];
        if answer.header("content-type").ends_with("json")
            && let Some(described) = content.get(answer.header("content-type"))
            && let Err(wrong) = self.fits(&described["schema"], &answer.json())
        {
            panic!("{name}: {wrong}: {}", answer.text());
        }
    }

    /// The same for an answer that goes on.
    pub(super) fn check_head(&self, row: Row<'_>, status: u16, media: &str) {
        let name = format!("{status} of {}", row.operation["operationId"]);
        let response = row.operation["responses"].get(status.to_string());
        let response = response.unwrap_or_else(|| panic!("{name} is not described"));
        match response.get("content").map(object) {
            None => assert_eq!(media, "", "{name}"),
            Some(content) => assert!(
                content.contains_key(media) || content.contains_key("*/*"),
                "{name}: {media}"
            ),
        }
    }

    /// Whether a value is what a schema describes, and has nothing that it does not.
    fn fits(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let all = |schemas: &Value| -> Vec<Result<(), String>> {
            let schemas = schemas.as_array().unwrap().iter();
            schemas.map(|schema| self.fits(schema, value)).collect()
        };
        for (keyword, says) in object(schema) {
            match keyword.as_str() {
                "$ref" => {
                    let name = says.as_str().unwrap().rsplit('/').next().unwrap();
                    self.fits(&self.0["components"]["schemas"][name], value)?;
                }
                "type" => fits_type(says, value)?,
                "enum" if !says.as_array().unwrap().contains(value) => {
                    return Err(format!("{value} is none of {says}"));
                }
                "oneOf" | "anyOf" if !all(says).iter().any(Result::is_ok) => {
                    return Err(format!("{value} is none of {says}"));
                }
                "required" => {
                    let names = says.as_array().unwrap().iter().filter_map(Value::as_str);
                    for name in names.filter(|_| value.is_object()) {
                        value.get(name).ok_or(format!("{name} is missing"))?;
                    }
                }
                "items" => {
                    for item in value.as_array().into_iter().flatten() {
                        self.fits(says, item)?;
                    }
                }
                "properties" | "additionalProperties" => {
                    let closed = Value::Bool(false);
                    let others = schema.get("additionalProperties").unwrap_or(&closed);
                    for (name, member) in value.as_object().into_iter().flatten() {
                        let inside = |wrong| format!("{name}: {wrong}");
                        match (schema["properties"].get(name), others) {
                            (Some(described), _) => self.fits(described, member).map_err(inside)?,
                            (None, Value::Object(_)) => {
                                self.fits(others, member).map_err(inside)?
                            }
                            (None, _) => return Err(format!("{name} is not described")),
                        }
                    }
                }
                "enum" | "oneOf" | "anyOf" | "description" | "format" | "minimum" | "minLength"
                | "maxLength" | "propertyNames" => {}
                unknown => panic!("{unknown} is not looked at here: {schema}"),
            }
        }
        Ok(())
    }
}

fn fits_type(says: &Value, value: &Value) -> Result<(), String> {
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        unknown => panic!("{unknown}"),
    };
    let fits = match says {
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    };
    fits.then_some(()).ok_or(format!("{value} is no {says}"))
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("{value}"))
}

/// Statuses that were seen in each row, by its method and its path.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<(String, String), Vec<u16>>);

impl Seen {
    pub(super) fn note(&mut self, method: &str, row: Row<'_>, status: u16) {
        let row = (method.to_owned(), row.path.to_owned());
        self.0.entry(row).or_default().push(status);
    }

    /// What is described and was not seen, a line each.
    pub(super) fn lacks(&self, document: &Document) -> Vec<String> {
        let rows = document.rows().flat_map(|(method, row)| {
            let seen = self.0.get(&(method.clone(), row.path.to_owned()));
            let responses = object(&row.operation["responses"]).keys();
            let unseen = responses.filter(move |status| {
                seen.is_none_or(|seen| !seen.contains(&status.parse().unwrap()))
            });
            unseen.map(move |status| format!("{status} of {method} {}", row.path))
        });
        rows.collect()
    }
}

#[tokio::test]
async fn an_answer_is_held_to_the_document() {
    let document = Document::read().await;
    let row = document.row("GET", "/rooms/lobby?x=1").unwrap();
    assert_eq!(row.path, "/rooms/{name}");
    assert!(document.row("GET", "/nothing").is_none());
    let schema = &row.operation["responses"]["200"]["content"]["application/json"]["schema"];
    let room = serde_json::json!({
        "id": 1, "name": "lobby", "title": "", "description": "", "kind": "public", "protected": false, "members": 0,
        "created": "2026-01-01T00:00:00Z",
    });
    assert_eq!(document.fits(schema, &room), Ok(()));
    for (name, wrong) in [
        ("id", serde_json::json!("1")),
        ("kind", serde_json::json!("open")),
        ("name", Value::Null),
        ("more", serde_json::json!(1)),
    ] {
        let mut other = room.clone();
        other[name] = wrong;
        assert!(document.fits(schema, &other).is_err(), "{other}");
    }
    let mut less = room.clone();
    less.as_object_mut().unwrap().remove("created");
    assert!(document.fits(schema, &less).is_err());
}
