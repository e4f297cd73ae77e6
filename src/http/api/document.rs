//! What is served and what describes it, in one: a request that is served is in the document, and the other way round.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::super::Site;
use super::super::problem::{PROBLEM_JSON, Problem};
use super::input::Parameters;
use super::page::PAGE;
use crate::model::Error;

/// What all paths begin with.
pub(in super::super) const ROOT: &str = "/api/v1";

/// Who may ask for an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Anyone,
    Account,
    Operator,
}

/// What one request is for, takes and is answered.
pub(super) struct Operation {
    summary: &'static str,
    who: Who,
    query: Vec<Value>,
    headers: Vec<Value>,
    body: Option<Value>,
    replies: BTreeMap<u16, Value>,
    errors: Vec<u16>,
    schemas: Vec<Describe>,
}

type Schemas = BTreeMap<String, Value>;

/// Puts the schema of a type where all are, with those that it uses: not before they are asked for.
type Describe = fn(&mut Schemas);

fn add_schemas<T: ToSchema>(schemas: &mut Schemas) {
    let mut used = Vec::new();
    T::schemas(&mut used);
    used.push((T::name().into_owned(), T::schema()));
    for (name, schema) in used {
        let schema = serde_json::to_value(schema).unwrap_or_default();
        schemas.insert(name, schema);
    }
}

impl Operation {
    pub(super) fn new(who: Who, summary: &'static str) -> Self {
        Self {
            summary,
            who,
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            replies: BTreeMap::new(),
            errors: Vec::new(),
            schemas: Vec::new(),
        }
    }

    /// A parameter of the query, with its schema.
    pub(super) fn query(mut self, name: &str, schema: Value, what: &str) -> Self {
        self.query
            .push(parameter("query", name, false, schema, what));
        self
    }

    /// One that must be given.
    pub(super) fn required_query(mut self, name: &str, schema: Value, what: &str) -> Self {
        self.query
            .push(parameter("query", name, true, schema, what));
        self
    }

    /// It is answered page by page: `after` is what of the last entry of the page before.
    pub(super) fn paged(self, after: Value, what: &str) -> Self {
        self.query("after", after, what).limit()
    }

    /// At most so many are wanted, [`PAGE`] of them where nothing is said.
    pub(super) fn limit(self) -> Self {
        let schema = json!({"type": "integer", "minimum": 1, "maximum": PAGE, "default": PAGE});
        self.query("limit", schema, "Most that are wanted.")
    }

    /// A header that means something.
    pub(super) fn header(mut self, name: &str, what: &str) -> Self {
        let text = json!({"type": "string"});
        self.headers
            .push(parameter("header", name, false, text, what));
        self
    }

    /// Its body is JSON.
    pub(super) fn takes<T: ToSchema>(mut self) -> Self {
        let schema = self.schema_of::<T>();
        let content = json!({"application/json": {"schema": schema}});
        self.body = Some(json!({"required": true, "content": content}));
        self.errors.extend([408, 413, 415]);
        self
    }

    /// It may come without its body.
    pub(super) fn body_is_optional(mut self) -> Self {
        if let Some(body) = &mut self.body {
            body["required"] = false.into();
        }
        self
    }

    /// Its body is bytes, as they are.
    pub(super) fn takes_bytes(mut self) -> Self {
        self.body = Some(json!({"required": false, "content": {"application/octet-stream": {}}}));
        self.errors.extend([408, 413]);
        self
    }

    /// It is answered with JSON.
    pub(super) fn replies<T: ToSchema>(mut self, status: StatusCode) -> Self {
        let schema = self.schema_of::<T>();
        self.answered(status, "application/json", json!({"schema": schema}))
    }

    /// It is answered with a list of these.
    pub(super) fn lists<T: ToSchema>(mut self) -> Self {
        let schema = json!({"type": "array", "items": self.schema_of::<T>()});
        self.answered(
            StatusCode::OK,
            "application/json",
            json!({"schema": schema}),
        )
    }

    /// It is answered with something of this media type.
    pub(super) fn answered(mut self, status: StatusCode, media: &str, content: Value) -> Self {
        let what = status.canonical_reason().unwrap_or_default();
        let reply = json!({"description": what, "content": {media: content}});
        self.replies.insert(status.as_u16(), reply);
        self
    }

    /// It is answered with nothing: done.
    pub(super) fn done(mut self) -> Self {
        let reply = json!({"description": "Done."});
        self.replies.insert(204, reply);
        self
    }

    /// How it may fail beside what any request may.
    pub(super) fn errors<const N: usize>(mut self, errors: [u16; N]) -> Self {
        self.errors.extend(errors);
        self
    }

    fn schema_of<T: ToSchema>(&mut self) -> Value {
        self.schemas.push(add_schemas::<T>);
        json!({"$ref": format!("#/components/schemas/{}", T::name())})
    }

    fn describe(self, method: &Method, path: &str) -> Value {
        let family = path.split('/').nth(1).unwrap_or_default();
        let in_path = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let in_path = in_path.map(|name| {
            let schema = match name {
                "id" => json!({"type": "integer", "minimum": 0}),
                _ => json!({"type": "string", "minLength": 1}),
            };
            let what = match (name, family) {
                ("name", "rooms") => "The room's name; `@a,b`: the direct room of two; `#` and its number, which any room has.",
                _ => "",
            };
            parameter("path", name, true, schema, what)
        });
        let parameters: Vec<Value> = in_path.chain(self.query).chain(self.headers).collect();
        let mut responses = self.replies;
        let by_anybody: &[u16] = match self.who {
            Who::Anyone => &[400, 503],
            Who::Account => &[400, 401, 403, 500, 503],
            Who::Operator => &[400, 401, 403, 500, 503],
        };
        for error in self.errors.iter().chain(by_anybody) {
            responses.entry(*error).or_insert_with(|| {
                let status = StatusCode::from_u16(*error).unwrap_or_default();
                let problem = json!({"schema": {"$ref": "#/components/schemas/Problem"}});
                json!({
                    "description": status.canonical_reason().unwrap_or_default(),
                    "content": {PROBLEM_JSON: problem},
                })
            });
        }
        let responses: Map<String, Value> = responses
            .into_iter()
            .map(|(status, reply)| (status.to_string(), reply))
            .collect();
        let id = format!("{method} {path}").replace(['{', '}'], "");
        let id = id
            .replace(|c: char| !c.is_ascii_alphanumeric(), "_")
            .to_ascii_lowercase();
        let mut described = json!({
            "operationId": id,
            "summary": self.summary,
            "tags": [family],
            "parameters": parameters,
            "responses": responses,
            "security": match self.who {
                Who::Anyone => json!([]),
                Who::Account | Who::Operator => json!([{"token": []}, {"cookie": []}]),
            },
        });
        if let Some(body) = self.body {
            described["requestBody"] = body;
        }
        if self.who == Who::Operator {
            described["description"] = "For operators.".into();
        }
        described
    }
}

fn parameter(place: &str, name: &str, required: bool, schema: Value, what: &str) -> Value {
    json!({"in": place, "name": name, "required": required, "schema": schema, "description": what})
}

/// Refuses a request with a parameter that is not described.
async fn with_known_parameters(known: Arc<[String]>, request: Request, next: Next) -> Response {
    let parameters = Parameters::of(request.uri());
    let wrong = parameters.map(|parameters| parameters.other_than(&known).map(str::to_owned));
    match wrong {
        Ok(None) => next.run(request).await,
        Ok(Some(name)) => {
            let unknown = Error::invalid(name, "there is no such parameter here");
            Problem::from(unknown).into_response()
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// All requests of the API.
pub(super) struct Api {
    router: Router<Arc<Site>>,
    described: Vec<(Method, String, Operation)>,
}

impl Api {
    pub(super) fn new() -> Self {
        Self {
            router: Router::new(),
            described: Vec::new(),
        }
    }

    /// One more request, and what describes it.
    pub(super) fn serve<H, T>(
        mut self,
        method: Method,
        path: &str,
        handler: H,
        operation: Operation,
    ) -> Self
    where
        H: Handler<T, Arc<Site>>,
        T: 'static,
    {
        let names = operation
            .query
            .iter()
            .filter_map(|one| one["name"].as_str());
        let names: Arc<[String]> = names.map(str::to_owned).collect();
        let described = (method.clone(), path.to_owned(), operation);
        self.described.push(described);
        // Each of those that are asked for has a filter.
        let filter = MethodFilter::try_from(method).unwrap_or(MethodFilter::GET);
        self.router = self.router.route(
            &format!("{ROOT}{path}"),
            on(filter, handler).layer(middleware::from_fn(move |request, next| {
                with_known_parameters(names.clone(), request, next)
            })),
        );
        self
    }

    /// What serves all of them.
    pub(super) fn into_router(self) -> Router<Arc<Site>> {
        self.router
    }

    /// The document that describes all of them.
    pub(super) fn into_document(self) -> Value {
        let mut paths = BTreeMap::<String, Map<String, Value>>::new();
        let mut schemas = Schemas::new();
        for (method, path, operation) in self.described {
            for add in &operation.schemas {
                add(&mut schemas);
            }
            let described = operation.describe(&method, &path);
            let known = paths.entry(path).or_default();
            known.insert(method.as_str().to_ascii_lowercase(), described);
        }
        let problem = json!({
            "type": "object",
            "description": "Why a request was not carried out: RFC 9457.",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string", "description": "The error's name."},
                "status": {"type": "integer"},
                "detail": {"type": "string", "description": "The error in words."},
                "field": {"type": "string", "description": "Which value was wrong."},
            },
        });
        schemas.insert("Problem".to_owned(), problem);
        let cookie = super::super::authentication::SESSION_COOKIE;
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "tolmach",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "Rooms, messages, accounts and sessions of a chat gateway.",
                "license": {"name": env!("CARGO_PKG_LICENSE")},
            },
            "servers": [{"url": ROOT}],
            "paths": paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer", "description": "Any token of an account."},
                    "cookie": {
                        "type": "apiKey", "in": "cookie", "name": cookie,
                        "description": "Of a login with `?cookie=1`; what changes something needs the header X-Requested-With.",
                    },
                },
            },
        })
    }
}
