//! A certificate that nobody vouches for, made once.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, DnType, KeyPair};

use super::TlsFileError;

/// The files of the certificate and its key, made where the certificate is not there yet: it comes last, when its key is
/// in place.
pub(super) fn ensure(directory: &Path) -> Result<[PathBuf; 2], TlsFileError> {
    if let Some(files) = made_before(directory)? {
        return Ok(files);
    }
    let files = files(directory);
    let [certificate, key] = &files;
    let names = names();
    let (made, secret) = make(&names).map_err(|error| TlsFileError::new(certificate, error))?;
    let mut builder = DirBuilder::new();
    let created = builder.recursive(true).mode(0o700).create(directory);
    created.map_err(|error| TlsFileError::new(directory, error))?;
    for (path, text, mode) in [(key, secret, 0o600), (certificate, made, 0o644)] {
        write(path, &text, mode).map_err(|error| TlsFileError::new(path, error))?;
    }
    tracing::info!(
        path = %certificate.display(),
        names = names.join(", "),
        "made a self-signed certificate"
    );
    Ok(files)
}

/// The files of the certificate and its key, if they were made.
pub(super) fn made_before(directory: &Path) -> Result<Option<[PathBuf; 2]>, TlsFileError> {
    let files = files(directory);
    let [certificate, _] = &files;
    match certificate.try_exists() {
        Ok(is_there) => Ok(is_there.then_some(files)),
        Err(_) if directory.is_file() => {
            let said = "this is a file, where a directory has to be";
            Err(TlsFileError::new(directory, said))
        }
        // That the data directory is none is said by who needs it.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
        Err(error) => Err(TlsFileError::new(certificate, error)),
    }
}

fn files(directory: &Path) -> [PathBuf; 2] {
    [directory.join("certificate.pem"), directory.join("key.pem")]
}

fn make(names: &[String]) -> Result<(String, String), rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    let called = names.first().map_or("localhost", String::as_str);
    params.distinguished_name.push(DnType::CommonName, called);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// What the machine is called, by names and addresses; a name that no certificate can hold is left out.
fn names() -> Vec<String> {
    let mut names = Vec::new();
    let host = nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok());
    names.extend(host.filter(|name| !name.is_empty() && name.is_ascii()));
    names.push("localhost".to_owned());
    let own: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let all = own
        .into_iter()
        .chain(addresses())
        .map(|address| address.to_string());
    names.extend(all);
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// The addresses of the machine's interfaces, but for those that mean nothing elsewhere.
fn addresses() -> Vec<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let all = interfaces.filter_map(|interface| {
        let address = interface.address?;
        let four = address.as_sockaddr_in().map(|four| four.ip().into());
        four.or_else(|| address.as_sockaddr_in6().map(|six| six.ip().into()))
    });
    let is_useful = |address: &IpAddr| match address {
        IpAddr::V4(four) => !four.is_link_local(),
        IpAddr::V6(six) => !six.is_unicast_link_local(),
    };
    all.filter(is_useful).collect()
}

/// Whole or not at all.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    if let Err(error) = fs::remove_file(&unfinished)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}
