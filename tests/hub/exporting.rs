//! All that is kept of an account, for whoever it is about.

use tolmach::commands;
use tolmach::model::{Error, MessageId, RoomKind, UserSelector};

use crate::support::{World, by_id, create_room, login, name, to_user};

#[tokio::test]
async fn what_is_kept_of_an_account_is_told_whole_and_nobody_elses() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let tea = boris.ok(create_room("tea", RoomKind::Public)).await.room;
        anna.enter(by_id(tea.id)).await;
        boris.say(name("tea"), "not annas").await;
        let said = anna.say(name("tea"), "mine").await;
        let hidden = boris.say(name("tea"), "unseen").await;
        anna.ok(commands::Hide { message: hidden.id }).await;
        let direct = anna.ok(to_user(login("boris"), "for you")).await;
        anna.ok(commands::AddContact {
            user: login("boris"),
        })
        .await;

        let export = |user: UserSelector| world.op(commands::ExportUser { user });
        let kept = export(login("ANNA")).await;
        assert_eq!(kept.account.login, "anna");
        let rooms: Vec<&str> = kept.rooms.iter().map(|(room, _)| room.as_str()).collect();
        assert_eq!(rooms, ["tea", "@anna,boris"]);
        assert_eq!(kept.hidden, [(tea.id, hidden.id)]);
        assert_eq!(kept.contacts, ["boris"]);
        assert_eq!((kept.tokens.len(), kept.sessions.len()), (1, 1));
        assert_eq!(kept.sessions[0].user.login, "anna");
        let of_boris = export(login("boris")).await;
        assert_eq!((of_boris.contacts.len(), of_boris.hidden.len()), (0, 0));

        let page = |user: UserSelector, after| world.op(commands::SaidBy { user, after });
        let all = page(login("anna"), MessageId(0)).await;
        let ids: Vec<MessageId> = all.messages.iter().map(|message| message.id).collect();
        assert_eq!((ids, all.next), (vec![said.id, direct.id], None));
        let rest = page(login("anna"), said.id).await;
        assert_eq!(rest.messages.len(), 1);

        // Of one that was removed, by its number only.
        let user = login("anna");
        world.op(commands::RemoveUser { user }).await;
        let by_number = UserSelector::Id(kept.account.id);
        assert_eq!(export(by_number).await.account.id, kept.account.id);
        let user = login("anna");
        assert_eq!(
            world.op_err(commands::ExportUser { user }).await,
            Error::NoSuchUser
        );
        assert_eq!(
            boris
                .err(commands::ExportUser {
                    user: login("boris")
                })
                .await,
            Error::not_allowed("only the operator may do this")
        );
    }
}
