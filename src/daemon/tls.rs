//! From the configuration to the certificate that is shown.

use std::path::PathBuf;

use super::Shown;
use crate::config::{ClientMode, Config, ConfigError, TlsMode};
use crate::copies::tls_in;
use crate::gateway::GatewayBuilder;
use crate::gateway::tls::{Certificate, ClientCertificates, Tls, TlsFileError};

/// By what connections are encrypted, where any are.
#[derive(Clone)]
pub(super) struct Encryption {
    tls: Option<Tls>,
    pub(super) shown: Shown,
    /// What some clients do not like of it.
    pub(super) remark: Option<String>,
}

impl Encryption {
    /// What listeners encrypt by; none where none does, and files that are given are read all the same: a reload may need them.
    /// Without files a certificate of the gateway's own is made in the data directory.
    pub(super) fn load(config: &Config) -> Result<Self, ConfigError> {
        let is_wanted = is_wanted(config);
        let certificate = match files(config) {
            None if is_wanted => Some(Certificate::self_signed(&own(config))),
            given => given,
        };
        let loaded = Self::of(config, certificate.transpose())?;
        Ok(if is_wanted { loaded } else { Self::none() })
    }

    fn none() -> Self {
        Self {
            tls: None,
            shown: Shown::default(),
            remark: None,
        }
    }

    /// As [`load`](Self::load), with the files that there are, wanted or not: none is made.
    pub(super) fn look(config: &Config) -> Result<Self, ConfigError> {
        let certificate = match files(config) {
            Some(certificate) => certificate.map(Some),
            None if is_wanted(config) => Certificate::made_before(&own(config)),
            None => Ok(None),
        };
        Self::of(config, certificate)
    }

    fn of(
        config: &Config,
        certificate: Result<Option<Certificate>, TlsFileError>,
    ) -> Result<Self, ConfigError> {
        let (clients, wrong) = (clients(config), |error| wrong(config, &error));
        let Some(certificate) = certificate.map_err(wrong)? else {
            clients.check().map_err(wrong)?;
            return Ok(Self::none());
        };
        let tls = certificate.tls(&clients).map_err(wrong)?;
        let path = config.tls.certificate.as_ref();
        let path = path.filter(|_| certificate.is_authority());
        let remark = path.map(|path| {
            let path = path.display();
            format!("tls.certificate {path} is an authority's (CA:TRUE), which some clients refuse as a server's: make it anew with basicConstraints=critical,CA:FALSE")
        });
        Ok(Self {
            tls: Some(tls),
            shown: Shown {
                certificate: Some(certificate.fingerprint()),
                authorities: clients.fingerprint().map_err(wrong)?,
            },
            remark,
        })
    }

    /// Says in the log which certificate is shown from now on.
    pub(super) fn tell(&self) {
        if let Some(sha256) = &self.shown.certificate {
            tracing::info!(sha256, "TLS certificate");
        }
        if let Some(remark) = &self.remark {
            tracing::warn!("{remark}");
        }
    }

    pub(super) fn given_to(self, builder: GatewayBuilder) -> GatewayBuilder {
        match self.tls {
            Some(tls) => builder.tls(tls),
            None => builder,
        }
    }
}

fn is_wanted(config: &Config) -> bool {
    config.doors().any(|door| door.tls != TlsMode::Off)
}

/// Where the gateway's own certificate is.
fn own(config: &Config) -> PathBuf {
    tls_in(&config.data_dir)
}

fn files(config: &Config) -> Option<Result<Certificate, TlsFileError>> {
    let (certificate, key) = (config.tls.certificate.as_ref()?, config.tls.key.as_ref()?);
    Some(Certificate::from_files(certificate, key))
}

fn clients(config: &Config) -> ClientCertificates {
    match (config.tls.client, &config.tls.client_ca) {
        (ClientMode::Optional, Some(path)) => ClientCertificates::Optional(path.clone()),
        (ClientMode::Required, Some(path)) => ClientCertificates::Required(path.clone()),
        (ClientMode::Off, _) | (_, None) => ClientCertificates::Off,
    }
}

/// The error, at the key that names its file.
fn wrong(config: &Config, error: &TlsFileError) -> ConfigError {
    let is = |path: &Option<PathBuf>| path.as_ref() == Some(&error.path);
    let (key, right) = if is(&config.tls.key) {
        ("tls.key", "give the private key of tls.certificate")
    } else if is(&config.tls.client_ca) {
        (
            "tls.client_ca",
            "give the certificates that vouch for clients",
        )
    } else if is(&config.tls.certificate) {
        (
            "tls.certificate",
            "give a certificate that holds, with its chain",
        )
    } else {
        (
            "tls.certificate",
            "mend or remove what is there, or give files, or set every listener's tls to \"off\"",
        )
    };
    config.unusable(key, error.to_string(), right)
}
