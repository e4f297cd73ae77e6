//! A server with a certificate.

use super::*;

fn open(url: &str) -> std::result::Result<Node, String> {
    opened(url, Neighbours::OnTheBus).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_server_is_believed_by_its_certificate() {
    let Some((server, made)) = Postgres::encrypted() else {
        return;
    };
    let database = server.database();
    let url = database.replace("?sslmode=disable", "");
    let file = |name: &str| made.path().join(name).display().to_string();
    let by = |name: &str| format!("?sslmode=verify-full&sslrootcert={}", file(name));
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
        WHERE application_name = 'tolmach' AND datname = current_database()";

    let node = open(&format!("{url}{}", by("ca.pem"))).unwrap();
    let anna = node.bench.account("anna");
    assert!(node.store.user(anna).await.unwrap().is_some());
    assert_eq!(server.ask(&database, encrypted), "t");
    drop(node);
    for more in ["", "?sslmode=require"] {
        let node = open(&format!("{url}{more}")).unwrap();
        assert_eq!(server.ask(&database, encrypted), "t", "{more}");
        drop(node);
    }

    let asked = Instant::now();
    let refused = |url: &str| open(url).map(drop).unwrap_err();
    let stranger = refused(&format!("{url}{}", by("other.pem")));
    let says = "the server's certificate is not accepted: it is from no authority that is trusted here (sslrootcert)";
    assert!(stranger.contains(says), "{stranger}");
    let misnamed = url.replace("127.0.0.1", "localhost");
    let misnamed = refused(&format!("{misnamed}{}", by("ca.pem")));
    let says =
        "the server's certificate is not accepted: certificate not valid for name \"localhost\"";
    assert!(misnamed.contains(says), "{misnamed}");
    let nowhere = refused(&format!("{url}{}", by("none.pem")));
    assert!(nowhere.contains("none.pem"), "{nowhere}");
    // It is not tried again and again.
    assert!(asked.elapsed() < OPENING, "{:?}", asked.elapsed());
}

#[test]
fn a_node_proves_who_it_is_by_a_certificate_or_a_bound_password() {
    let Some((server, made)) = Postgres::encrypted() else {
        return;
    };
    let url = server.database().replace("?sslmode=disable", "");
    let file = |name: &str| made.path().join(name).display().to_string();
    let verified = format!("?sslmode=verify-full&sslrootcert={}", file("ca.pem"));
    let refused = |url: &str| open(url).map(drop).unwrap_err();

    let certain = url.replace("tolmach@", "certain@");
    let own = format!(
        "&sslcert={}&sslkey={}",
        file("client.pem"),
        file("client.key")
    );
    drop(open(&format!("{certain}{verified}{own}")).unwrap());
    let nobody = refused(&format!("{certain}{verified}"));
    assert!(nobody.contains("client certificate"), "{nobody}");
    let other = own.replace("client.key", "other.key");
    let other = refused(&format!("{certain}{verified}{other}"));
    assert!(other.contains("other.key"), "{other}");

    let scram = url.replace("tolmach@", "scram:secret@");
    drop(open(&format!("{scram}{verified}&channel_binding=require")).unwrap());
    let plain = refused(&format!("{url}?sslmode=disable&channel_binding=require"));
    assert!(plain.contains("channel binding"), "{plain}");
    let wrong = url.replace("tolmach@", "scram:wrong@");
    let wrong = refused(&format!("{wrong}{verified}"));
    assert!(wrong.contains("password authentication failed"), "{wrong}");
    assert!(!wrong.contains("wrong@"), "{wrong}");
}
