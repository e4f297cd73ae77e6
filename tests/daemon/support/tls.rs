//! Clients that come in through TLS, and who vouches for whom.

use std::fs;
use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream as BlockingStream};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Client, Daemon};

/// An authority, with the files of what it vouches for.
pub(crate) struct Authority {
    pub(crate) dir: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "authority");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(dir.path().join("ca.pem"), certificate.pem()).unwrap();
        let issuer = Issuer::new(params, key);
        let authority = Self { dir, issuer };
        authority.vouch("server", 4096);
        authority
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes `NAME.pem` and `NAME.key` of a certificate for `localhost` that holds until a year.
    pub(crate) fn vouch(&self, name: &str, until: i32) {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.path(&format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(self.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    /// What a configuration says to show the server's certificate.
    pub(crate) fn config(&self) -> String {
        let (certificate, key) = (self.path("server.pem"), self.path("server.key"));
        format!("tls.certificate = {certificate:?}\ntls.key = {key:?}\n")
    }

    /// A client that trusts this authority.
    pub(crate) fn trust(&self) -> TlsConnector {
        connector(&self.path("ca.pem"), None)
    }

    /// A client that shows a certificate of this authority's, too.
    pub(crate) fn trust_as(&self, name: &str) -> TlsConnector {
        connector(&self.path("ca.pem"), Some(&self.path(name)))
    }
}

/// A client that trusts what a file holds.
pub(crate) fn connector(roots: &Path, own: Option<&Path>) -> TlsConnector {
    TlsConnector::from(Arc::new(client_config(roots, own)))
}

pub(crate) fn client_config(roots: &Path, own: Option<&Path>) -> ClientConfig {
    let mut store = RootCertStore::empty();
    store
        .add(CertificateDer::from_pem_file(roots).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(store);
    match own {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let certificate = CertificateDer::from_pem_file(path.with_extension("pem")).unwrap();
            let key = PrivateKeyDer::from_pem_file(path.with_extension("key")).unwrap();
            builder
                .with_client_auth_cert(vec![certificate], key)
                .unwrap()
        }
    }
}

pub(crate) fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

/// Connects, and shakes hands.
pub(crate) async fn shake_hands(
    address: SocketAddr,
    connector: &TlsConnector,
) -> io::Result<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    connector.connect(localhost(), socket).await
}

impl Daemon {
    /// A connection to a listener through TLS.
    pub(crate) async fn tls(&self, listener: &str, connector: &TlsConnector) -> Client {
        let stream = shake_hands(self.address(listener), connector).await;
        Client::over(stream.unwrap())
    }
}

/// A socket that is written to byte by byte.
pub(crate) struct Dribbling(pub(crate) TcpStream);

impl AsyncRead for Dribbling {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Dribbling {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, &bytes[..bytes.len().min(1)])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A socket that gives one record at a time.
pub(crate) struct Records {
    socket: BlockingStream,
    left: usize,
    header: Vec<u8>,
}

impl Records {
    pub(crate) fn new(socket: BlockingStream) -> Self {
        Self {
            socket,
            left: 0,
            header: Vec::new(),
        }
    }
}

impl Read for Records {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && self.header.is_empty() {
            let mut header = [0; 5];
            self.socket.read_exact(&mut header)?;
            self.left = usize::from(u16::from_be_bytes([header[3], header[4]]));
            self.header = header.to_vec();
        }
        if !self.header.is_empty() {
            let count = self.header.len().min(buffer.len());
            buffer[..count].copy_from_slice(&self.header[..count]);
            self.header.drain(..count);
            return Ok(count);
        }
        let count = self.left.min(buffer.len());
        let count = self.socket.read(&mut buffer[..count])?;
        self.left -= count;
        Ok(count)
    }
}

impl io::Write for Records {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}
