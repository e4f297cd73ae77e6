//! The files that TLS needs: those that the gateway makes, those that it refuses, and keys of every form.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;
use tolmach::config::Config;

use crate::support::tls::{Authority, connector};
use crate::support::{Daemon, Jim, presence};

#[tokio::test]
async fn without_files_a_certificate_is_made_once() {
    let dir = tempfile::tempdir().unwrap();
    let made = dir.path().join("tls/certificate.pem");
    let mut first = None;
    for name in ["anna", "boris"] {
        let daemon = Daemon::on_disk(dir.path(), "").await;
        let certificate = std::fs::read(&made).unwrap();
        assert_eq!(
            first.get_or_insert_with(|| certificate.clone()),
            &certificate
        );
        let key = std::fs::metadata(dir.path().join("tls/key.pem")).unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
        Jim::new(daemon.tls("jim", &connector(&made, None)).await)
            .hello(name)
            .await;
        daemon.stop().await;
    }
}

/// What a start and `check` say of these files.
fn refused(certificate: &Path, key: &Path) -> String {
    let dir = tempfile::tempdir().unwrap();
    let more = format!("tls.certificate = {certificate:?}\ntls.key = {key:?}");
    let config: Config = crate::support::config(dir.path(), "memory:", &more);
    tolmach::daemon::check(&config).unwrap_err().to_string()
}

#[tokio::test]
async fn files_that_cannot_be_used_are_refused_by_name() {
    let authority = Authority::new();
    authority.vouch("old", 2020);
    authority.vouch("other", 4096);
    std::fs::write(authority.path("empty"), "nothing of use\n").unwrap();
    let path = |name: &str| authority.path(name);
    for (certificate, key, expected) in [
        (
            "none.pem",
            "server.key",
            "tls.certificate: {}/none.pem: it cannot be read: No such file",
        ),
        (
            "empty",
            "server.key",
            "tls.certificate: {}/empty: it holds no certificate in PEM",
        ),
        (
            "old.pem",
            "old.key",
            "tls.certificate: {}/old.pem: the certificate has expired, on 2020-01-01",
        ),
        (
            "server.pem",
            "none.key",
            "tls.key: {}/none.key: it cannot be read: No such file",
        ),
        (
            "server.pem",
            "empty",
            "tls.key: {}/empty: it holds no private key",
        ),
        (
            "server.pem",
            "other.key",
            "tls.key: {}/other.key: the key does not fit the certificate in {}/server.pem",
        ),
    ] {
        let said = refused(&path(certificate), &path(key));
        let expected = expected.replace("{}", &authority.dir.path().display().to_string());
        assert!(said.contains(&expected), "{said}\n{expected}");
    }
    let more = format!(
        "tls.certificate = {:?}\ntls.key = {:?}",
        path("old.pem"),
        path("old.key")
    );
    let dir = tempfile::tempdir().unwrap();
    let config = crate::support::config(dir.path(), "memory:", &more);
    let started = tolmach::daemon::Daemon::start(&config).await;
    assert!(started.is_err_and(|error| error.to_string().contains("old.pem")));
}

#[tokio::test]
async fn a_check_without_files_looks_at_the_authorities_and_at_the_certificate_made_before() {
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, "nothing of use\n").unwrap();
    let more = format!("tls.client_ca = {ca:?}\ntls.client = 'optional'");
    let checked = |more: &str| {
        let config = crate::support::config(dir.path(), "memory:", more);
        tolmach::daemon::check(&config).map_err(|error| error.to_string())
    };
    let said = checked(&more).unwrap_err();
    assert!(said.contains("tls.client_ca"), "{said}");
    let own = dir.path().join("tls");
    assert!(checked("").is_ok() && !own.exists());
    std::fs::create_dir(&own).unwrap();
    std::fs::write(own.join("certificate.pem"), "nothing of use\n").unwrap();
    let said = checked("").unwrap_err();
    assert!(said.contains("tls/certificate.pem"), "{said}");
}

/// `openssl req -x509` makes an authority's certificate unless it is told otherwise, and half of all clients refuse that.
#[test]
fn a_certificate_of_an_authority_is_remarked_once() {
    let dir = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    for is_ca in [true, false] {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.is_ca = match is_ca {
            true => rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained),
            false => rcgen::IsCa::ExplicitNoCa,
        };
        let [certificate, secret] = ["c.pem", "k.pem"].map(|name| dir.path().join(name));
        std::fs::write(&certificate, params.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(&secret, key.serialize_pem()).unwrap();
        let more = format!("tls.certificate = {certificate:?}\ntls.key = {secret:?}");
        let config = crate::support::config(dir.path(), "memory:", &more);
        let remarks = tolmach::daemon::check(&config).unwrap();
        let about: Vec<_> = remarks.iter().filter(|it| it.contains("CA:TRUE")).collect();
        assert_eq!(about.len(), usize::from(is_ca), "{remarks:?}");
    }
}

/// Keys as they lie about: PKCS#8, SEC1 and RSA's own form, of several kinds, made and used by somebody else's program.
#[tokio::test]
async fn openssl_makes_keys_of_every_form_and_talks_to_each() {
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    let openssl = |words: &str| {
        let mut command = Command::new("openssl");
        command
            .args(words.split(' '))
            .current_dir(dir.path())
            .stderr(Stdio::null());
        command
    };
    if openssl("version").stdout(Stdio::null()).status().is_err() {
        eprintln!("left out: openssl is not installed");
        return;
    }
    for make in [
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key",
        "genrsa -traditional -out key 2048",
        "ecparam -name prime256v1 -genkey -noout -out key",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out key",
        "genpkey -algorithm ED25519 -out key",
    ] {
        assert!(openssl(make).status().unwrap().success(), "{make}");
        let request = "req -x509 -key key -out certificate -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost";
        assert!(openssl(request).status().unwrap().success());
        let (certificate, key) = (dir.path().join("certificate"), dir.path().join("key"));
        let more = format!("tls.certificate = {certificate:?}\ntls.key = {key:?}");
        let daemon = Daemon::start(&more).await;
        for version in ["-tls1_2", "-tls1_3"] {
            let words = format!(
                "s_client -connect {} -servername localhost -CAfile certificate -verify_return_error -quiet {version}",
                daemon.address("jim")
            );
            let mut child = openssl(&words)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut hello = presence("anna");
            hello["time"] = json!(1);
            let mut input = child.stdin.take().unwrap();
            std::io::Write::write_all(
                &mut input,
                format!("{hello}\n{{\"action\":\"quit\",\"time\":1}}\n").as_bytes(),
            )
            .unwrap();
            let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap())
                .await
                .unwrap();
            drop(input);
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(said.contains("200"), "{make} {version}: {said}");
        }
    }
}
