//! The document, held to what is served.

use serde_json::Value;

use super::api::{Asking, HTTP};
use crate::support::Daemon;

#[tokio::test]
async fn what_is_described_is_served_and_asks_who_one_is() {
    let daemon = Daemon::start(HTTP).await;
    let mut nobody = Asking::nobody(&daemon).await;
    let document = nobody.get("/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut count = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let asked = path
                .replace("{id}", "1")
                .replace("{name}", "x")
                .replace("{login}", "x");
            let answer = nobody.ask(&method.to_uppercase(), &asked, None).await;
            let statuses = operation["responses"].as_object().unwrap();
            assert!(
                statuses.contains_key(&answer.status.to_string()),
                "{method} {path}: {}",
                answer.status
            );
            let is_open = operation["security"].as_array().unwrap().is_empty();
            assert_eq!(answer.status == 401, !is_open, "{method} {path}");
            count += 1;
        }
        // No other method is.
        let asked = path
            .replace("{id}", "1")
            .replace("{name}", "x")
            .replace("{login}", "x");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if operations.get(method.to_lowercase()).is_none() {
                let answer = nobody.ask(method, &asked, None).await;
                assert_eq!(answer.status, 405, "{method} {path}");
            }
        }
    }
    assert!(count >= 34, "{count}");
    let mut refs = Vec::new();
    all_refs(&document, &mut refs);
    for reference in refs {
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{reference}"
        );
    }
}

fn all_refs(value: &Value, refs: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "$ref" => refs.push(text.clone()),
                    _ => all_refs(member, refs),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| all_refs(value, refs)),
        _ => {}
    }
}
