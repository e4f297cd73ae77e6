//! Contact lists.

use super::*;
use crate::commands::{AddContact, EndGuest, RemoveContact, RemoveUser};

async fn listed(bench: &Bench, user: UserId) -> Vec<String> {
    let contacts = bench.store.contacts(user).await.unwrap();
    contacts.iter().map(|user| user.login.clone()).collect()
}

fn add(contact: UserId) -> AddContact {
    AddContact { user: who(contact) }
}

fn remove(contact: UserId) -> RemoveContact {
    RemoveContact { user: who(contact) }
}

pub(super) async fn contacts_are_kept_in_the_order_of_numbers(bench: &Bench) {
    let [anna, boris, vera] = ["anna", "boris", "vera"].map(|login| bench.account(login));
    for contact in [vera, boris, vera, anna] {
        bench.by(anna, add(contact)).unwrap();
    }
    assert_eq!(listed(bench, anna).await, ["anna", "boris", "vera"]);
    assert!(listed(bench, boris).await.is_empty());
    bench.by(anna, remove(boris)).unwrap();
    assert_eq!(bench.by(anna, remove(boris)), Err(Error::NoSuchUser));
    assert_eq!(bench.by(anna, add(UserId(99))), Err(Error::NoSuchUser));
    assert_eq!(listed(bench, anna).await, ["anna", "vera"]);
    let operator = bench.operator(add(anna));
    assert_eq!(operator, Err(Error::Unauthenticated));
}

pub(super) async fn who_is_gone_has_no_contacts_and_is_none(bench: &Bench) {
    let (anna, boris) = (bench.account("anna"), bench.account("boris"));
    let (silent, speaker) = (bench.guest("silent"), bench.guest("speaker"));
    let room = bench.room("lobby", anna);
    bench.enter(speaker, room);
    bench.say(speaker, room, "so that the row stays");
    for user in [anna, silent, speaker] {
        for contact in [boris, silent, speaker] {
            bench.by(user, add(contact)).unwrap();
        }
    }
    for user in [silent, speaker] {
        bench.operator(EndGuest { user }).unwrap();
        assert!(listed(bench, user).await.is_empty());
    }
    assert_eq!(listed(bench, anna).await, ["boris"]);
    assert_eq!(bench.by(anna, add(speaker)), Err(Error::NoSuchUser));
    bench.by(boris, add(anna)).unwrap();
    bench.operator(RemoveUser { user: who(boris) }).unwrap();
    assert!(listed(bench, anna).await.is_empty());
    assert!(listed(bench, boris).await.is_empty());
}

pub(super) async fn a_contact_list_has_an_end(bench: &Bench) {
    let anna = bench.account("anna");
    let guests: Vec<_> = (0..1000)
        .map(|number| {
            let login = format!("guest-{number}");
            bench.submit(
                Actor::Operator,
                AddGuest {
                    login,
                    address: None,
                    node: None,
                },
            )
        })
        .collect();
    let mut last = None;
    for guest in guests {
        let contact = bench.sink.wait_for(guest).0.unwrap().user.user.id;
        last = Some(bench.submit(Actor::User(anna), add(contact)));
    }
    bench.sink.wait_for(last.unwrap()).0.unwrap();
    let late = bench.guest("late");
    let limit = 1000;
    assert_eq!(bench.by(anna, add(late)), Err(Error::TooLarge { limit }));
    assert_eq!(listed(bench, anna).await.len(), 1000);
}

pub(super) async fn a_failed_commit_keeps_no_contacts(bench: &Bench) {
    let [anna, boris, vera] = ["anna", "boris", "vera"].map(|login| bench.account(login));
    bench.by(anna, add(boris)).unwrap();
    let gone = RemoveUser { user: who(boris) };
    bench.gate.set(Verdict::Fail);
    assert_eq!(bench.by(anna, add(vera)), Err(Error::Unavailable));
    bench.gate.set(Verdict::Fail);
    assert_eq!(bench.by(anna, remove(boris)), Err(Error::Unavailable));
    bench.gate.set(Verdict::Fail);
    assert_eq!(bench.operator(gone), Err(Error::Unavailable));
    assert_eq!(listed(bench, anna).await, ["boris"]);
}
