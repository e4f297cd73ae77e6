//! The table of translations, and how often each came to pass.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::Method;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Site;
use super::super::authentication::Asker;
use super::document::{Api, Operation, Who};
use super::{Answer, answer};
use crate::dialects::ALL;
use crate::dialects::table::translation;
use crate::hub::translation::{By, Level, Meaning};

/// What becomes of a meaning in a dialect.
#[derive(Serialize, ToSchema)]
struct Cell {
    /// The row of the table.
    #[schema(value_type = String)]
    meaning: Meaning,
    /// The row in words.
    name: &'static str,
    /// The column of the table.
    dialect: &'static str,
    /// How much of it arrives.
    #[schema(value_type = String)]
    level: Level,
    /// How it looks; empty where it is left out.
    says: &'static str,
    /// What in the gateway tells it to a client.
    #[schema(value_type = serde_json::Value)]
    by: By,
    /// How often it was told since the start, whatever came of it.
    count: u64,
}

pub(super) fn requests(api: Api) -> Api {
    let list = Operation::new(
        Who::Account,
        "What becomes of each meaning in each dialect, and how often it did",
    )
    .lists::<Cell>();
    api.serve(Method::GET, "/dialects", list_dialects, list)
}

async fn list_dialects(State(site): State<Arc<Site>>, _asker: Asker) -> Answer<Vec<Cell>> {
    let mut counts: HashMap<(&str, Meaning), u64> = HashMap::new();
    for told in site.hub.metrics().translations {
        *counts.entry((told.to, told.meaning)).or_default() += told.count;
    }
    let cells = Meaning::ALL.iter().flat_map(|meaning| {
        let counts = &counts;
        ALL.iter().map(move |dialect| {
            let of = translation(*dialect, *meaning);
            Cell {
                meaning: *meaning,
                name: meaning.name(),
                dialect: dialect.name(),
                level: of.level,
                says: of.says,
                by: of.by,
                count: counts
                    .get(&(dialect.name(), *meaning))
                    .copied()
                    .unwrap_or_default(),
            }
        })
    });
    answer(cells.collect())
}
