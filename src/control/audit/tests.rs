//! What the log says of each act.

use super::*;
use crate::commands::{
    AddBan, ChangeRoom, ChangeUser, CloseSession, CreateRoom, CreateToken, Delete, Identify, Keep,
    Register, RenameUser, SetOperator, SetRole, Users,
};
use crate::hub::Scope;
use crate::model::{BanSubject, MessageId, Role, Secret, SessionId};

fn act(command: impl Into<AnyCommand>) -> Option<Act> {
    Act::of(By::this_process(), &command.into())
}

fn on(command: impl Into<AnyCommand>) -> String {
    let act = act(command).unwrap();
    let on = serde_json::to_value(&act.on).unwrap();
    let named = on.as_object().unwrap().iter();
    let named = named.filter(|(_, value)| !value.is_null());
    let whole = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
    let named = named.map(|(key, value)| format!(" {key}={}", whole(value)));
    format!("{}{}", act.act, named.collect::<String>())
}

#[tokio::test]
async fn whom_a_command_names_by_number_is_named() {
    let hub = Hub::builder().start().await.unwrap();
    let register = Register {
        login: "anna".to_owned(),
        secret: Secret::password("secret of anna"),
        name: String::new(),
        description: String::new(),
    };
    let anna = hub.operate(register).await.unwrap();
    let tea = hub.operate(CreateRoom::public("tea")).await.unwrap();
    let role = SetRole {
        room: RoomSelector::Id(tea.room.id),
        user: UserSelector::Id(anna.id),
        role: Role::Admin,
    };
    let mut kept = None;
    let outcome = operate(&hub, By::this_process(), role, |act| kept = Some(act)).await;
    let on = kept.unwrap().on;
    assert_eq!(
        (on.user.as_deref(), on.room.as_deref()),
        (Some("anna"), Some("tea")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn who_is_no_operator_any_more_is_refused_and_that_is_kept() {
    let hub = Hub::builder().start().await.unwrap();
    let register = Register {
        login: "chief".to_owned(),
        secret: Secret::password("secret of chief"),
        name: String::new(),
        description: String::new(),
    };
    let user = UserSelector::Id(hub.operate(register).await.unwrap().id);
    let set = |operator| {
        let user = user.clone();
        hub.operate(SetOperator { user, operator })
    };
    set(true).await.unwrap();
    let (user, value) = (user.clone(), None);
    let token = hub.operate(CreateToken { user, value }).await.unwrap();
    let (mut session, _events) = hub.attach("http", Scope::Unseen);
    let token = token.value;
    session.call(Identify { token }).await.unwrap();
    set(false).await.unwrap();
    for command in [
        AnyCommand::from(CreateRoom::public("tea")),
        AnyCommand::from(Register {
            login: "zoe".to_owned(),
            secret: Secret::password("secret of zoe"),
            name: String::new(),
            description: String::new(),
        }),
    ] {
        let mut kept = None;
        let operator = Caller::operating(&session);
        let by = By::this_process();
        let outcome = operate(operator, by, command, |act| kept = Some(act)).await;
        assert!(matches!(outcome, Err(Error::NotAllowed(_))), "{outcome:?}");
        assert_eq!(kept.unwrap().error.as_deref(), Some("not_allowed"));
    }
    assert_eq!(hub.operate(Users).await.unwrap().len(), 1);
}

#[test]
fn an_act_names_what_it_concerns_and_no_secret() {
    assert!(act(Users).is_none());
    let register = Register {
        login: "anna".to_owned(),
        secret: Secret::password("secret"),
        name: "Anna".to_owned(),
        description: "text".to_owned(),
    };
    assert_eq!(on(register), "register user=anna");
    let rename = RenameUser {
        user: UserSelector::login("anna"),
        login: "hanna".to_owned(),
    };
    assert_eq!(on(rename), "rename_user to=hanna user=anna");
    assert_eq!(on(CreateRoom::public("tea")), "create_room room=tea");
    let role = SetRole {
        room: RoomSelector::Direct("a".to_owned(), "b".to_owned()),
        user: UserSelector::login("anna"),
        role: Role::Admin,
    };
    assert_eq!(on(role), "set_role role=admin room=@a,b user=anna");
    let close = CloseSession { id: SessionId(7) };
    assert_eq!(on(close), "close_session session=7");
    let ban = AddBan {
        subject: BanSubject::Network("192.0.2.0/24".parse().unwrap()),
        term: None,
        reason: "text".to_owned(),
    };
    assert_eq!(on(ban), "add_ban subject=192.0.2.0/24");
    let kept = serde_json::to_value(&act(CloseSession { id: SessionId(7) }).unwrap().on);
    assert_eq!(kept.unwrap()["session"], 7, "a number");
    let message = MessageId(12);
    assert_eq!(on(Delete { message }), "delete message=12");
    let operator = SetOperator {
        user: UserSelector::login("anna"),
        operator: true,
    };
    assert_eq!(on(operator), "set_operator to=true user=anna");
    let room = ChangeRoom {
        room: RoomSelector::Name("tea".to_owned()),
        name: Some("coffee".to_owned()),
        title: Some("text".to_owned()),
        description: None,
        private: Some(false),
        password: Some(Secret::password("secret")),
        quiet: Some(true),
        slow: Some(Duration::from_secs(90)),
        keep: Some(Keep::For(Duration::ZERO)),
        owner: Some(UserSelector::login("anna")),
    };
    let said = "keep=0s,name,owner=anna,password,private=false,quiet=true,slow=1m30s,title";
    let expected = format!("change_room changed={said} room=tea to=coffee");
    assert_eq!(on(room.clone()), expected);
    let keep = Some(Keep::AsConfigured);
    assert!(on(ChangeRoom { keep, ..room }).contains("changed=keep=as_configured,"));
    let change = ChangeUser {
        user: UserSelector::login("anna"),
        name: None,
        description: None,
        secret: Some(Secret::password("secret")),
        disabled: None,
        operator: Some(true),
    };
    assert_eq!(
        on(change),
        "change_user changed=operator=true,secret user=anna"
    );
}
