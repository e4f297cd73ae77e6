//! Encrypted connections to the database.

use std::error::Error as _;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use sha2::{Digest, Sha256, Sha384, Sha512};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream as Encrypted;
use x509_cert::der::Decode;

use super::url::Verified;

/// What shakes hands with a database's server.
#[derive(Clone)]
pub(super) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Takes what it needs from disk: authorities, and what one proves by who one is (certificate and key).
    ///
    /// # Errors
    /// What is wrong with a file.
    pub(super) fn new(
        verified: &Verified,
        own: Option<&(PathBuf, PathBuf)>,
    ) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let builder = match verified {
            Verified::Not => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anybody(provider))),
            Verified::BySystem => {
                let mut roots = RootCertStore::empty();
                let found = rustls_native_certs::load_native_certs().certs;
                roots.add_parsable_certificates(found);
                builder.with_root_certificates(roots)
            }
            Verified::ByFile(file) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(file)? {
                    let added = roots.add(certificate);
                    added.map_err(|error| wrong(file, &error))?;
                }
                builder.with_root_certificates(roots)
            }
        };
        let config = match own {
            None => builder.with_no_client_auth(),
            Some((file, key)) => {
                let chain = certificates(file)?;
                let read = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
                let config = builder.with_client_auth_cert(chain, read);
                config.map_err(|error| wrong(key, &error))?
            }
        };
        Ok(Self(Arc::new(config)))
    }
}

fn wrong(file: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", file.display())
}

/// The certificates in a file, one at least.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    let found: Vec<_> = found.map_err(|error| wrong(file, &error))?;
    if found.is_empty() {
        return Err(wrong(file, &"there is no certificate in it"));
    }
    Ok(found)
}

/// A server's certificate is not believed.
#[derive(Debug, thiserror::Error)]
#[error("the server's certificate is not accepted: {0}")]
struct Distrust(String);

impl Distrust {
    /// The error of a handshake, by this name if it is that.
    fn named(error: io::Error) -> io::Error {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        let why = match inner {
            Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                "it is from no authority that is trusted here (sslrootcert)".to_owned()
            }
            Some(Error::InvalidCertificate(other)) => other.to_string(),
            _ => return error,
        };
        io::Error::new(io::ErrorKind::InvalidData, Self(why))
    }
}

/// Whether a server was reached, and is not believed to be what it says.
pub(super) fn is_distrust(error: &tokio_postgres::Error) -> bool {
    let cause = error.source().and_then(|it| it.downcast_ref::<io::Error>());
    cause
        .and_then(io::Error::get_ref)
        .is_some_and(|inner| inner.is::<Distrust>())
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Stream;
    type TlsConnect = Handshake;
    type Error = rustls::pki_types::InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, Self::Error> {
        // A connection within the machine has no name, and is not encrypted.
        let name = if host.is_empty() { "localhost" } else { host };
        let name = ServerName::try_from(name)?.to_owned();
        Ok(Handshake(self.0.clone().into(), name))
    }
}

/// A handshake that is still to be.
pub(super) struct Handshake(TlsConnector, ServerName<'static>);

impl TlsConnect<Socket> for Handshake {
    type Stream = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let shaken = self.0.connect(self.1, socket).await;
            shaken
                .map(|it| Stream(Box::new(it)))
                .map_err(Distrust::named)
        })
    }
}

/// A connection to the database through TLS.
pub(super) struct Stream(Box<Encrypted<Socket>>);

impl TlsStream for Stream {
    fn channel_binding(&self) -> ChannelBinding {
        let certificates = self.0.get_ref().1.peer_certificates();
        let end_point = certificates.and_then(|all| end_point(all.first()?));
        end_point.map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

/// What a password's proof is bound to (RFC 5929, `tls-server-end-point`): the certificate, hashed as its signature is, MD5 and
/// SHA-1 replaced by SHA-256. `None`: it is signed in another way.
fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let read = x509_cert::Certificate::from_der(certificate).ok()?;
    match read.signature_algorithm.oid.to_string().as_str() {
        // RSA and ECDSA with MD5, SHA-1, SHA-256; with SHA-384; with SHA-512.
        "1.2.840.113549.1.1.4"
        | "1.2.840.113549.1.1.5"
        | "1.2.840.113549.1.1.11"
        | "1.2.840.10045.4.1"
        | "1.2.840.10045.4.3.2" => Some(Sha256::digest(certificate).to_vec()),
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => {
            Some(Sha384::digest(certificate).to_vec())
        }
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => {
            Some(Sha512::digest(certificate).to_vec())
        }
        _ => None,
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// Takes whoever is there for the server, as libpq's `sslmode=require` does.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
