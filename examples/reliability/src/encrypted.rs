//! Connections through TLS.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::Outcome;

/// Shakes hands with servers on this machine that show one certificate.
#[derive(Clone)]
pub struct Encryption(Arc<ClientConfig>);

impl Encryption {
    /// Trusts the certificate in a PEM file, for `localhost`. Each handshake is a whole one, none resumes another.
    ///
    /// # Errors
    /// The file cannot be read, or holds none.
    pub fn trusting(certificate: &Path) -> Outcome<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificate)?)?;
        let mut config = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Self(Arc::new(config)))
    }

    /// The gateway's own certificate, which it made in its data directory.
    ///
    /// # Errors
    /// It is not there, or no certificate.
    pub fn to_gateway(data_dir: &Path) -> Outcome<Self> {
        Self::trusting(&data_dir.join("tls/certificate.pem"))
    }

    /// What a handshake needs.
    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        self.0.clone()
    }

    /// A connection to a server, once hands are shaken.
    ///
    /// # Errors
    /// Nobody is there, or the handshake fails.
    pub async fn connect(&self, address: SocketAddr) -> Outcome<TlsStream<TcpStream>> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let name = ServerName::try_from("localhost")?;
        Ok(TlsConnector::from(self.config())
            .connect(name, socket)
            .await?)
    }
}
