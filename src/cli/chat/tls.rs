//! A server spoken to through TLS: who vouches for it.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::failure::Failure;
use crate::gateway::tls::{self, fingerprint};

/// How the server's certificate is checked.
#[derive(Clone)]
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
    seen: Arc<Seen>,
}

/// Who vouches for a server.
pub(super) enum Trust<'a> {
    /// The authorities that the system trusts.
    System,
    /// The certificates in a file.
    File(&'a Path),
    /// Nobody needs to: every certificate is taken.
    Anybody,
}

impl Tls {
    /// Reads whom to trust.
    ///
    /// # Errors
    /// [`Failure::Tls`] where that cannot be read.
    pub(super) fn new(trust: &Trust<'_>) -> Result<Self, Failure> {
        let provider = Arc::new(ring::default_provider());
        let roots = match trust {
            Trust::System => Some(system_roots()?),
            Trust::File(path) => {
                let roots =
                    tls::authorities(path).map_err(|error| Failure::Tls(error.to_string()))?;
                Some(roots)
            }
            Trust::Anybody => None,
        };
        let verifier = roots.map(|roots| {
            WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone()).build()
        });
        let verifier = verifier
            .transpose()
            .map_err(|error| Failure::Tls(error.to_string()))?;
        let seen = Arc::new(Seen {
            verifier,
            schemes: provider
                .signature_verification_algorithms
                .supported_schemes(),
            provider: provider.clone(),
            shown: Mutex::default(),
        });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::Tls(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(seen.clone())
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
            seen,
        })
    }

    /// What a handshake needs.
    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        self.config.clone()
    }

    /// Shakes hands over a connection.
    ///
    /// # Errors
    /// [`Failure::Tls`] with what may help.
    pub(super) async fn shake_hands(
        &self,
        host: &str,
        socket: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        let name = server_name(host)?;
        let connector = TlsConnector::from(self.config());
        let shaken = connector.connect(name, socket).await;
        shaken.map_err(|error| Failure::Tls(self.explain(host, &error)))
    }

    fn explain(&self, host: &str, error: &io::Error) -> String {
        let inner = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Error>());
        match inner {
            Some(Error::InvalidCertificate(wrong)) => {
                let shown = self
                    .seen
                    .shown
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                format!(
                    "the certificate of {host} {}; its SHA-256 is {shown}; --ca FILE checks it against a file, --insecure takes any",
                    why(wrong)
                )
            }
            Some(Error::InvalidMessage(_)) => {
                format!("{host} does not speak TLS on this port; leave --tls out")
            }
            Some(other) => format!("TLS with {host} came to nothing: {other}"),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                format!(
                    "{host} closed the connection instead of shaking hands; it may not speak TLS on this port"
                )
            }
            None => format!("TLS with {host} came to nothing: {error}"),
        }
    }
}

/// What the server's certificate has to be for.
///
/// # Errors
/// [`Failure::Tls`] where no certificate can be for that.
pub(crate) fn server_name(host: &str) -> Result<ServerName<'static>, Failure> {
    ServerName::try_from(host.to_owned()).map_err(|_| {
        Failure::Tls(format!(
            "{host} is neither a name nor an address that a certificate can have"
        ))
    })
}

/// What is wrong with a certificate, behind "the certificate of HOST".
fn why(wrong: &CertificateError) -> String {
    match wrong {
        CertificateError::UnknownIssuer => {
            "is vouched for by nobody who is trusted here".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "has expired".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "is for other names".to_owned()
        }
        // That error's type is not rustls's own.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "is an authority's (CA:TRUE) and cannot be a server's: it has to be made anew with CA:FALSE".to_owned()
        }
        other => format!("does not hold ({other})"),
    }
}

fn system_roots() -> Result<RootCertStore, Failure> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let error = found
            .errors
            .first()
            .map_or_else(String::new, |error| format!(" ({error})"));
        return Err(Failure::Tls(format!(
            "this system has no certificates to check the server's against{error}; use --ca FILE or --insecure"
        )));
    }
    Ok(roots)
}

/// Checks a certificate, if it is to be, and remembers which one that was.
#[derive(Debug)]
struct Seen {
    verifier: Option<Arc<WebPkiServerVerifier>>,
    schemes: Vec<SignatureScheme>,
    provider: Arc<rustls::crypto::CryptoProvider>,
    /// The SHA-256 of the certificate that was shown last; empty before.
    shown: Mutex<String>,
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = fingerprint(certificate);
        match &self.verifier {
            Some(verifier) => verifier.verify_server_cert(certificate, chain, name, ocsp, now),
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `openssl req -x509` makes such a certificate unless it is told otherwise.
    #[test]
    fn a_server_that_shows_an_authoritys_certificate_is_told_what_to_mend() {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), made.pem()).unwrap();
        let tls = Tls::new(&Trust::File(file.path())).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let checked = tls
            .seen
            .verify_server_cert(made.der(), &[], &name, &[], UnixTime::now());
        let Err(Error::InvalidCertificate(wrong)) = checked else {
            panic!("{checked:?}");
        };
        assert!(why(&wrong).contains("CA:FALSE"), "{}", why(&wrong));
    }
}
