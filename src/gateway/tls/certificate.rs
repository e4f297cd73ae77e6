//! Certificates from files, and what is refused of them before anybody connects.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{InconsistentKeys, RootCertStore, ServerConfig};
use sha2::{Digest, Sha256};
use x509_cert::der::Decode;
#[cfg(feature = "daemon")]
use x509_cert::ext::pkix::BasicConstraints;

use super::{Tls, self_signed};
use crate::refusal::words;

/// A file of TLS that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct TlsFileError {
    /// The file that cannot be used.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

impl TlsFileError {
    pub(super) fn new(path: &Path, reason: impl ToString) -> Self {
        Self {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}

/// A certificate with its chain, and the key that it fits.
#[derive(Debug, Clone)]
pub struct Certificate(Arc<CertifiedKey>);

/// Whether clients have to show a certificate. The files hold, in PEM, the authorities that may vouch for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ClientCertificates {
    /// Nobody is asked for one.
    #[default]
    Off,
    /// Who shows one that does not hold is refused.
    Optional(PathBuf),
    /// Who shows none is refused, too.
    Required(PathBuf),
}

impl ClientCertificates {
    /// # Errors
    /// The file of authorities cannot be used.
    #[cfg(feature = "daemon")]
    pub(crate) fn check(&self) -> Result<(), TlsFileError> {
        verifier(self, Arc::new(ring::default_provider())).map(drop)
    }

    /// The SHA-256 of all authorities that may vouch, one after another, where any may: `AB:CD:…`.
    ///
    /// # Errors
    /// Their file cannot be read.
    #[cfg(feature = "daemon")]
    pub(crate) fn fingerprint(&self) -> Result<Option<String>, TlsFileError> {
        let (Self::Optional(path) | Self::Required(path)) = self else {
            return Ok(None);
        };
        let all = certificates(path)?;
        let all: Vec<u8> = all.iter().flat_map(|one| one.to_vec()).collect();
        Ok(Some(fingerprint(&all.into())))
    }
}

impl Certificate {
    /// Reads PEM: the certificate and its chain, and the key (PKCS#8, SEC1 or RSA).
    ///
    /// # Errors
    /// A file cannot be read or holds nothing of use, the certificate has expired, the key does not fit it.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsFileError> {
        let chain = certificates(certificate)?;
        let expired = has_expired(&chain[0], SystemTime::now())
            .map_err(|error| TlsFileError::new(certificate, error))?;
        if let Some(since) = expired {
            let reason = format!("the certificate has expired, on {since}");
            return Err(TlsFileError::new(certificate, reason));
        }
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| {
            let none =
                "it holds no private key that is not encrypted (PKCS#8, SEC1 or RSA, in PEM)";
            TlsFileError::new(key, explain(&error, none))
        })?;
        let paired = CertifiedKey::from_der(chain, secret, &ring::default_provider());
        let paired = paired.map_err(|error| {
            let reason = match error {
                rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    format!(
                        "the key does not fit the certificate in {}",
                        certificate.display()
                    )
                }
                other => format!("the key cannot be used: {other}"),
            };
            TlsFileError::new(key, reason)
        })?;
        Ok(Self(Arc::new(paired)))
    }

    /// The self-signed certificate in a directory, which is made there, for the names and addresses of this machine, where
    /// it is not: `certificate.pem`, and `key.pem` with mode 0600.
    ///
    /// # Errors
    /// It cannot be made, or not used as it is.
    pub fn self_signed(directory: &Path) -> Result<Self, TlsFileError> {
        let [certificate, key] = self_signed::ensure(directory)?;
        Self::from_files(&certificate, &key)
    }

    /// As [`self_signed`](Self::self_signed), but none is made.
    ///
    /// # Errors
    /// The one that there is cannot be used.
    #[cfg(feature = "daemon")]
    pub(crate) fn made_before(directory: &Path) -> Result<Option<Self>, TlsFileError> {
        let made = self_signed::made_before(directory)?;
        let read = made.map(|[certificate, key]| Self::from_files(&certificate, &key));
        read.transpose()
    }

    /// Whether it says that it may vouch for others (CA:TRUE): some clients do not take such a one as a server's.
    #[cfg(feature = "daemon")]
    pub(crate) fn is_authority(&self) -> bool {
        let first = self.0.cert.first();
        let read = first.and_then(|first| x509_cert::Certificate::from_der(first).ok());
        let constraints = read.map(|read| read.tbs_certificate.get::<BasicConstraints>());
        matches!(
            constraints,
            Some(Ok(Some((_, BasicConstraints { ca: true, .. }))))
        )
    }

    /// The SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` shows it: `AB:CD:…`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.0
            .cert
            .first()
            .map_or_else(String::new, |first| fingerprint(first))
    }

    /// What a gateway needs to show it: TLS 1.2 and 1.3, resumption by tickets that no server has to remember.
    ///
    /// # Errors
    /// The file of authorities cannot be used.
    pub fn server_config(
        &self,
        clients: &ClientCertificates,
    ) -> Result<ServerConfig, TlsFileError> {
        let provider = Arc::new(ring::default_provider());
        let here = Path::new("TLS");
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsFileError::new(here, error))?;
        let builder = match verifier(clients, provider)? {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let shown = SingleCertAndKey::from(self.0.clone());
        let mut config = builder.with_cert_resolver(Arc::new(shown));
        config.ticketer = ring::Ticketer::new().map_err(|error| TlsFileError::new(here, error))?;
        Ok(config)
    }

    /// [`server_config`](Self::server_config), to be given to a gateway.
    ///
    /// # Errors
    /// As there.
    pub fn tls(&self, clients: &ClientCertificates) -> Result<Tls, TlsFileError> {
        Ok(Tls::new(self.server_config(clients)?))
    }
}

/// The SHA-256 of a certificate: `AB:CD:…`.
pub(crate) fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(certificate) {
        let colon = if text.is_empty() { "" } else { ":" };
        // Writing to a String cannot fail.
        let _ = write!(text, "{colon}{byte:02X}");
    }
    text
}

/// The certificates in a file, one at least.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let none = "it holds no certificate in PEM";
    let wrong = |error: pem::Error| TlsFileError::new(path, explain(&error, none));
    let all = CertificateDer::pem_file_iter(path).map_err(wrong)?;
    let all: Vec<_> = all.collect::<Result<_, _>>().map_err(wrong)?;
    if all.is_empty() {
        return Err(TlsFileError::new(path, none));
    }
    Ok(all)
}

/// The authorities in a file.
pub(crate) fn authorities(path: &Path) -> Result<RootCertStore, TlsFileError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        let added = roots.add(certificate);
        added
            .map_err(|error| TlsFileError::new(path, format!("it holds no authority: {error}")))?;
    }
    Ok(roots)
}

fn explain(error: &pem::Error, none: &str) -> String {
    match error {
        pem::Error::Io(error) => format!("it cannot be read: {}", words(error)),
        pem::Error::NoItemsFound => none.to_owned(),
        other => format!("it is no PEM: {other}"),
    }
}

/// Since when a certificate does not hold any more, if so.
fn has_expired(
    certificate: &CertificateDer<'_>,
    now: SystemTime,
) -> Result<Option<String>, String> {
    let certificate = x509_cert::Certificate::from_der(certificate)
        .map_err(|error| format!("it is no certificate: {error}"))?;
    let until = certificate.tbs_certificate.validity.not_after;
    Ok((until.to_system_time() < now).then(|| until.to_string()))
}

fn verifier(
    clients: &ClientCertificates,
    provider: Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsFileError> {
    let (path, is_optional) = match clients {
        ClientCertificates::Off => return Ok(None),
        ClientCertificates::Optional(path) => (path, true),
        ClientCertificates::Required(path) => (path, false),
    };
    let roots = Arc::new(authorities(path)?);
    let builder = WebPkiClientVerifier::builder_with_provider(roots, provider);
    let builder = if is_optional {
        builder.allow_unauthenticated()
    } else {
        builder
    };
    let built = builder.build();
    built
        .map(Some)
        .map_err(|error| TlsFileError::new(path, error))
}
