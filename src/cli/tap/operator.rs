//! What the command line did, as a transcript's step.

use serde_json::Value;

/// The step that does what an event tells, if the event is the operator's.
pub(super) fn step(event: &Value) -> Option<String> {
    let event = event.get("room")?;
    if event.get("origin").is_some_and(|origin| !origin.is_null()) {
        return None;
    }
    let by = event.pointer("/actor/id")?.as_i64()?;
    let room = event.get("room")?;
    let text = |name| room.get(name).and_then(Value::as_str);
    let name = text("name").filter(|name| by == 0 && !name.is_empty())?;
    let change = event.get("change")?;
    let user = |kind: &str| {
        let login = change.pointer(&format!("/{kind}/user/login"))?;
        login.as_str()
    };
    if let Some(simple) = change.as_str() {
        return match simple {
            "created" => Some(format!("create room {name}")),
            "titled" => Some(format!("title room {name} {}", text("title")?)),
            "room_deleted" => Some(format!("delete room {name}")),
            _ => None,
        };
    }
    if let Some(from) = change.pointer("/renamed/from").and_then(Value::as_str) {
        return Some(format!("rename room {from} {name}"));
    }
    let role = change.pointer("/role_changed/role").and_then(Value::as_str);
    if let (Some(login), Some(role)) = (user("role_changed"), role) {
        return Some(format!("role {login} {name} {role}"));
    }
    let verbs = [
        ("member_joined", "add"),
        ("member_removed", "remove"),
        ("member_banned", "ban"),
        ("member_unbanned", "unban"),
    ];
    verbs
        .iter()
        .find_map(|(kind, verb)| Some(format!("{verb} {} {name}", user(kind)?)))
}
