//! Password hashing, off the async threads and a few at a time, by turns.
//!
//! Stored is argon2id (RFC 9106, the `argon2` crate's default parameters) over the lower-case hexadecimal SHA-256 of the
//! password, so that dialects that send the password and those that send its hash check the same thing.

use std::sync::OnceLock;

use crate::model::{Error, Result, Secret};
use crate::turns::{Asker, Turns};
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{
    self, CustomizedPasswordHasher, PasswordHasher, PasswordVerifier, Version as VersionNumber,
};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use sha2::{Digest, Sha256};

/// At most one hash less at once than there are processors, and one where there is one: whoever floods the gateway with
/// logins leaves a processor to those who are in.
pub(super) struct Hashing {
    turns: Turns,
}

impl Hashing {
    /// At most `limit` of one network wait; 0: no limit.
    pub(super) fn new(limit: u32) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            turns: Turns::new((processors - 1).max(1), limit),
        }
    }

    /// Another limit of those who wait, for whoever comes from now on.
    pub(super) fn set_limit(&self, limit: u32) {
        self.turns.set_limit(limit);
    }

    /// The stored form of a secret.
    pub(super) async fn hash(&self, secret: &Secret, asker: Asker) -> Result<String> {
        if let Secret::Hashed(hash) = secret {
            return Ok(hash.clone());
        }
        let digest = digest(secret)?;
        let admit = || Ok(());
        self.run(asker, admit, move || {
            match Hasher.hash_password(digest.as_bytes()) {
                Ok(hash) => Ok(hash.to_string()),
                Err(error) => {
                    tracing::error!(%error, "a password could not be hashed");
                    Err(Error::Internal)
                }
            }
        })
        .await?
    }

    /// Whether a secret is the stored one. With nothing stored it takes as long and says no. `admit` is asked when it is this
    /// one's turn: of many that came at once, those before may have used up what is let through.
    pub(super) async fn verify(
        &self,
        secret: &Secret,
        stored: Option<String>,
        asker: Asker,
        admit: impl FnOnce() -> Result<()>,
    ) -> Result<bool> {
        let digest = digest(secret).unwrap_or_default();
        self.run(asker, admit, move || {
            let known = stored.is_some();
            let stored = stored.unwrap_or_else(|| nobodys_hash().to_owned());
            let Ok(parsed) = PasswordHash::new(&stored) else {
                return false;
            };
            Hasher.verify_password(digest.as_bytes(), &parsed).is_ok() && known
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        asker: Asker,
        admit: impl FnOnce() -> Result<()>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let turn = self.turns.next(asker).await?;
        admit()?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        done.await.map_err(|_| Error::Internal)
    }
}

/// Argon2id, in memory that the system has again after each hash.
struct Hasher;

/// An allocation of so many blocks (33 MiB) is more than glibc's allocator ever keeps for itself
/// (`DEFAULT_MMAP_THRESHOLD_MAX`, 32 MiB): it is mapped, and unmapped when it is freed. Of smaller ones, 19 MiB with the
/// default parameters, each thread would keep its own. What a hash does not touch costs no memory.
const MAPPED_BLOCKS: usize = 33 * 1024;

/// The crate's own. Where a fuzzer drives the gateway (`--cfg fuzzing`) the least there is: it would wait for little else.
fn cost() -> Params {
    match cfg!(fuzzing) {
        true => Params::new(Params::MIN_M_COST, 1, 1, None).unwrap_or_default(),
        false => Params::default(),
    }
}

impl PasswordHasher<PasswordHash> for Hasher {
    fn hash_password_with_salt(
        &self,
        password: &[u8],
        salt: &[u8],
    ) -> password_hash::Result<PasswordHash> {
        self.hash_password_with_params(password, salt, cost())
    }
}

impl CustomizedPasswordHasher<PasswordHash> for Hasher {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<VersionNumber>,
        params: Params,
    ) -> password_hash::Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?;
        let version = version.map(Version::try_from).transpose()?;
        let (algorithm, version) = (algorithm.unwrap_or_default(), version.unwrap_or_default());
        let mut blocks = Vec::new();
        blocks
            .try_reserve_exact(params.block_count().max(MAPPED_BLOCKS))
            .map_err(|_| password_hash::Error::OutOfMemory)?;
        blocks.resize(params.block_count(), Block::new());
        let mut hash = [0; Output::MAX_LENGTH];
        let hash = hash
            .get_mut(..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN))
            .ok_or(password_hash::Error::OutputSize)?;
        Argon2::new(algorithm, version, params.clone()).hash_password_into_with_memory(
            password,
            salt,
            hash,
            &mut blocks,
        )?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(hash)?),
        })
    }
}

/// What an unknown account's password is checked against.
fn nobodys_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        Hasher
            .hash_password(b"nobody")
            .map(|hash| hash.to_string())
            .unwrap_or_default()
    })
}

/// The lower-case hexadecimal SHA-256 that stands for a secret.
fn digest(secret: &Secret) -> Result<String> {
    match secret {
        Secret::Password(password) if password.is_empty() => {
            Err(Error::invalid("password", "a password must not be empty"))
        }
        Secret::Password(password) => Ok(hex(&Sha256::digest(password.as_bytes()))),
        Secret::Sha256(text) if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) => {
            Ok(text.to_ascii_lowercase())
        }
        Secret::Sha256(_) => Err(Error::invalid(
            "password",
            "the SHA-256 of a password has 64 hexadecimal digits",
        )),
        // What is stored opens nothing.
        Secret::Hashed(_) => Err(Error::Internal),
    }
}

/// SHA-256 of a token's text: what is stored of it.
pub(super) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// A new token: "64 random hexadecimal digits followed by the login".
pub(super) fn new_token(login: &str) -> String {
    hex(&rand::random::<[u8; 32]>()) + login
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anybody() -> Asker {
        Asker::anybody(None)
    }

    #[tokio::test]
    async fn a_password_and_its_hash_open_the_same_account() {
        let hashing = Hashing::new(0);
        let admit = || Ok(());
        let password = Secret::Password("CorrectHorse".to_owned());
        let stored = hashing.hash(&password, anybody()).await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        let sent = Secret::Sha256(hex(&Sha256::digest(b"CorrectHorse")).to_ascii_uppercase());
        assert!(
            hashing
                .verify(&password, Some(stored.clone()), anybody(), admit)
                .await
                .unwrap()
        );
        assert!(
            hashing
                .verify(&sent, Some(stored.clone()), anybody(), admit)
                .await
                .unwrap()
        );
        // As anything else that makes argon2id sees it, and makes it.
        let parsed = PasswordHash::new(&stored).unwrap();
        let digest = digest(&password).unwrap();
        let theirs = Argon2::default().verify_password(digest.as_bytes(), &parsed);
        assert_eq!(theirs, Ok(()));
        let theirs: PasswordHash = Argon2::default().hash_password(digest.as_bytes()).unwrap();
        let theirs = Some(theirs.to_string());
        let verified = hashing.verify(&password, theirs, anybody(), admit).await;
        assert_eq!(verified, Ok(true));
        for (secret, stored) in [("Wrong", Some(stored)), ("nobody", None)] {
            let secret = Secret::Password(secret.to_owned());
            let verified = hashing.verify(&secret, stored, anybody(), admit).await;
            assert_eq!(verified, Ok(false));
        }
    }

    #[tokio::test]
    async fn who_waited_for_a_turn_is_let_through_only_then() {
        let mut hashing = Hashing::new(0);
        hashing.turns = Turns::new(1, 0);
        let taken = hashing.turns.next(anybody()).await.unwrap();
        let used_up = std::cell::Cell::new(false);
        let retry_after = std::time::Duration::from_secs(1);
        let secret = Secret::Password("CorrectHorse".to_owned());
        let verify = hashing.verify(&secret, None, anybody(), || match used_up.get() {
            true => Err(Error::RateLimited { retry_after }),
            false => Ok(()),
        });
        let waiting = async {
            tokio::task::yield_now().await;
            used_up.set(true);
            drop(taken);
        };
        let (verified, ()) = tokio::join!(verify, waiting);
        assert_eq!(verified, Err(Error::RateLimited { retry_after }));
    }

    #[test]
    fn a_token_is_64_digits_and_the_login() {
        let token = new_token("anna");
        assert_eq!(token.len(), 68);
        assert!(
            token[..64]
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        );
        assert_ne!(token, new_token("anna"));
    }
}
