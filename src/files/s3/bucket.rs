//! What is asked of a bucket, whoever uses it.

use std::error::Error;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path as FilePath;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper::header::CONTENT_LENGTH;
use hyper::{Method, Request};
use object_store::aws::{
    AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, AwsAuthorizer, AwsCredential,
};
use object_store::client::HttpRequestBody;
use object_store::path::Path;
use object_store::signer::Signer;
use object_store::{
    BackoffConfig, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
    StaticCredentialProvider,
};
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::{ReaderStream, StreamReader};

use super::super::{Reading, is_stored_name};
use super::fault::{S3Fault, between, is_away, is_passing, said_in, words};
use super::http::{Http, cause};
use crate::model::RoomId;

/// What fails later than that is not tried again, once.
const AGAIN: Duration = Duration::from_secs(1);
/// How long a content may take to be sent, however it goes on.
const SENDING: Duration = Duration::from_secs(15 * 60);
/// How long the place may not answer at the start.
const START: Duration = Duration::from_secs(10);
/// The most that S3 takes in one request, in bytes.
const LARGEST: u64 = 5 << 30;
/// How much of a content is sent at a time, in bytes.
const PIECE: usize = 64 * 1024;
/// How much of what is said of a fault is looked at, in bytes.
const WORDS: usize = 8 * 1024;

/// A place in S3. What is not said comes from the environment, as AWS's own programs have it: `AWS_REGION`, `AWS_ENDPOINT_URL`,
/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, or the role of the machine.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct S3Options {
    /// The name of the bucket.
    pub bucket: String,
    /// What the names of all objects begin with, without a slash at its ends; empty: nothing.
    pub prefix: String,
    /// Where the server is, as `http://HOST:PORT` or `https://HOST`; AWS has one for each region.
    pub endpoint: Option<String>,
    /// The region that requests are signed for; unless said anywhere, `us-east-1`.
    pub region: Option<String>,
    /// The id of an access key, and the key, a secret.
    pub credentials: Option<(String, String)>,
}

impl fmt::Debug for S3Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3Options({self}, {:?})", self.endpoint)
    }
}

impl fmt::Display for S3Options {
    /// The bucket and its prefix as they stand in `files.url`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "s3://{}{separator}{}", self.bucket, self.prefix)
    }
}

/// A content is longer than the place takes one.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no content of more than {limit} bytes is taken")]
pub(crate) struct TooLong {
    /// How many bytes the longest content has that the place takes.
    pub(crate) limit: u64,
}

/// A handle: clones are the same bucket.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    url: String,
    prefix: Path,
    region: String,
    store: AmazonS3,
    http: Http,
    /// The log has said that it fails.
    is_failing: AtomicBool,
}

impl Bucket {
    /// Nothing is asked of it yet.
    ///
    /// # Errors
    /// The options, or the environment, say nothing that can be.
    pub(crate) fn new(options: &S3Options) -> Result<Self, S3Fault> {
        let wrong = |what: &dyn fmt::Display| S3Fault {
            url: options.to_string(),
            what: what.to_string(),
            is_away: false,
        };
        let http = Http::new().map_err(|error| wrong(&error))?;
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: 1,
            retry_timeout: AGAIN,
        };
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(&options.bucket)
            .with_config(AmazonS3ConfigKey::DisableBulkDelete, "true")
            .with_retry(retry)
            .with_http_connector(http.clone());
        if let Some(endpoint) = &options.endpoint {
            builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint);
        }
        if let Some(region) = &options.region {
            builder = builder.with_region(region);
        }
        if let Some((id, key)) = &options.credentials {
            // A token of the environment is for a key of the environment.
            let credential = AwsCredential {
                key_id: id.clone(),
                secret_key: key.clone(),
                token: None,
            };
            builder = builder.with_credentials(Arc::new(StaticCredentialProvider::new(credential)));
        }
        let region = builder.get_config_value(&AmazonS3ConfigKey::Region);
        let prefix = Path::parse(&options.prefix).map_err(|error| wrong(&error))?;
        let store = builder.build().map_err(|error| wrong(&cause(&error)))?;
        let shared = Shared {
            url: options.to_string(),
            prefix,
            region: region.unwrap_or_else(|| "us-east-1".to_owned()),
            store,
            http,
            is_failing: AtomicBool::new(false),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// As [`Bucket::tried`] of a new one. Blocks the thread.
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "daemon")]
    pub(crate) fn is_usable(options: &S3Options) -> Result<(), S3Fault> {
        let bucket = Self::new(options)?;
        let tried = std::thread::scope(|scope| {
            let trying = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                runtime.map(|runtime| runtime.block_on(bucket.tried()))
            });
            trying.join()
        });
        match tried {
            Ok(Ok(tried)) => tried,
            Ok(Err(error)) => Err(bucket.fault(&error)),
            Err(_) => Err(bucket.away("it panicked")),
        }
    }

    /// Tries whether objects can be made, listed and removed, once.
    ///
    /// # Errors
    /// They cannot.
    pub(crate) async fn tried(&self) -> Result<(), S3Fault> {
        let probe = format!("probe-{:032x}", rand::random::<u128>());
        let (store, key) = (&self.shared.store, self.shared.prefix.clone().join(probe));
        let credentials = store.credentials().get_credential().await;
        credentials.map_err(|error| S3Fault {
            what: format!("there is no access key: {}", words(&error)),
            is_away: false,
            ..self.fault(&error)
        })?;
        let tried = async {
            store.put(&key, PutPayload::new()).await?;
            store.delete(&key).await?;
            store.list(Some(&key)).try_for_each(async |_| Ok(())).await
        };
        tried.await.map_err(|error| self.fault(&error))
    }

    /// As [`Bucket::tried`], for [`START`] until there is an answer; where there is none, the log says so.
    ///
    /// # Errors
    /// There is an answer, and objects cannot be made, listed and removed.
    pub(crate) async fn tried_until_it_answers(&self) -> Result<(), S3Fault> {
        let begun = Instant::now();
        loop {
            match self.tried().await {
                Ok(()) => return Ok(()),
                Err(fault) if !fault.is_away => return Err(fault),
                Err(fault) if begun.elapsed() >= START => {
                    self.tell(&fault);
                    return Ok(());
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
            }
        }
    }

    /// Sends a file as a content, which S3 takes where its SHA-256 is this one.
    ///
    /// # Errors
    /// [`TooLong`]; it is not known to be there.
    pub(crate) async fn put(
        &self,
        room: RoomId,
        stored: &str,
        file: &FilePath,
        bytes: u64,
        sha256: &[u8],
    ) -> io::Result<()> {
        let begun = Instant::now();
        let sending = async {
            loop {
                let sent = self.send(room, stored, file, bytes, sha256).await;
                match sent {
                    Err(Unsent::Failed(_)) if begun.elapsed() < AGAIN => {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                    sent => return sent,
                }
            }
        };
        let late = |_| Unsent::Failed(self.away("it takes a content too slowly"));
        let sent = tokio::time::timeout(SENDING, sending).await;
        match sent.map_err(late).flatten() {
            Ok(()) => self.noted(Ok(())),
            Err(Unsent::Failed(fault)) => self.noted(Err(fault)),
            Err(Unsent::TooLong(why)) => {
                self.noted(Ok(()))?;
                Err(io::Error::new(io::ErrorKind::FileTooLarge, why))
            }
            Err(Unsent::File(error)) => Err(error),
        }
    }

    async fn send(
        &self,
        room: RoomId,
        stored: &str,
        file: &FilePath,
        bytes: u64,
        sha256: &[u8],
    ) -> Result<(), Unsent> {
        if bytes > LARGEST {
            return Err(Unsent::TooLong(TooLong { limit: LARGEST }));
        }
        let Shared { store, region, .. } = &*self.shared;
        let refused = |error: &object_store::Error| Unsent::Failed(self.fault(error));
        let credentials = store.credentials().get_credential().await;
        let credentials = credentials.map_err(|error| refused(&error))?;
        let key = self.key(room, stored);
        let url = store.signed_url(Method::PUT, &key, SENDING);
        let mut url = url.await.map_err(|error| refused(&error))?;
        url.set_query(None);
        let mut request = Request::put(url.as_str())
            .header(CONTENT_LENGTH, bytes)
            .body(HttpRequestBody::empty())
            .map_err(|error| Unsent::File(io::Error::other(error)))?;
        AwsAuthorizer::new(&credentials, "s3", region)
            .try_authorize(&mut request, Some(sha256))
            .map_err(|error| refused(&error))?;
        let file = tokio::fs::File::open(file).await.map_err(Unsent::File)?;
        let sent = Arc::new(AtomicU64::new(0));
        let counted = sent.clone();
        let pieces = ReaderStream::with_capacity(file, PIECE).map_ok(move |piece| {
            counted.fetch_add(piece.len() as u64, Ordering::Relaxed);
            Frame::data(piece)
        });
        let request = request.map(|_| BodyExt::boxed(StreamBody::new(pieces)));
        let answer = self.shared.http.send(request, &sent).await;
        let answer = answer.map_err(|error| Unsent::Failed(self.fault(&error)))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let said = answer.into_body().bytes().await.unwrap_or_default();
        let said = String::from_utf8_lossy(&said[..said.len().min(WORDS)]).into_owned();
        if between(&said, "<Code>", "</Code>").as_deref() == Some("EntityTooLarge") {
            let limit = between(&said, "<MaxSizeAllowed>", "</MaxSizeAllowed>");
            let limit = limit.and_then(|limit| limit.parse().ok());
            let limit = limit.unwrap_or(LARGEST.min(bytes.saturating_sub(1)));
            return Err(Unsent::TooLong(TooLong { limit }));
        }
        Err(Unsent::Failed(S3Fault {
            url: self.shared.url.clone(),
            what: said_in(&said).unwrap_or_else(|| status.to_string()),
            is_away: is_passing(status),
        }))
    }

    /// How long a content is, in bytes.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`]; it is not known.
    pub(crate) async fn size(&self, room: RoomId, stored: &str) -> io::Result<u64> {
        let found = self.shared.store.head(&self.key(room, stored)).await;
        Ok(self.noted(self.answered(found))??.size)
    }

    /// A part of a content.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`]; it cannot be had.
    pub(crate) async fn read(
        &self,
        room: RoomId,
        stored: &str,
        part: Range<u64>,
    ) -> io::Result<Reading> {
        if part.is_empty() {
            return Ok(Box::new(tokio::io::empty()));
        }
        let options = GetOptions::default().with_range(Some(GetRange::Bounded(part)));
        let key = self.key(room, stored);
        let found = self.shared.store.get_opts(&key, options).await;
        let found = self.noted(self.answered(found))??;
        let bucket = self.clone();
        let pieces = found.into_stream().map_err(move |error| {
            let fault = bucket.fault(&error);
            bucket.tell(&fault);
            io::Error::other(fault)
        });
        Ok(Box::new(Pieces(Mutex::new(StreamReader::new(
            pieces.boxed(),
        )))))
    }

    /// The rooms that have contents.
    ///
    /// # Errors
    /// They cannot be listed.
    pub(crate) async fn rooms(&self) -> io::Result<Vec<RoomId>> {
        let Shared { store, prefix, .. } = &*self.shared;
        let listed = store.list_with_delimiter(Some(prefix)).await;
        let listed = self.noted(listed.map_err(|error| self.fault(&error)))?;
        let rooms = listed.common_prefixes.iter();
        let room = |path: &Path| path.filename()?.parse().ok().map(RoomId);
        Ok(rooms.filter_map(room).collect())
    }

    /// The names of a room's contents, and since when each is there.
    ///
    /// # Errors
    /// They cannot be listed.
    pub(super) async fn objects(&self, room: RoomId) -> io::Result<Vec<(String, SystemTime)>> {
        let Shared { store, prefix, .. } = &*self.shared;
        let of_room = prefix.clone().join(room.to_string());
        let objects = store.list(Some(&of_room)).try_filter_map(async |object| {
            let name = object.location.filename().filter(|it| is_stored_name(it));
            Ok(name.map(|name| (name.to_owned(), object.last_modified.into())))
        });
        let listed = objects.try_collect().await;
        self.noted(listed.map_err(|error: object_store::Error| self.fault(&error)))
    }

    /// Removes contents of a room; what is not there needs not be.
    ///
    /// # Errors
    /// One stays.
    pub(crate) async fn remove(&self, room: RoomId, names: Vec<String>) -> io::Result<()> {
        let keys: Vec<_> = names.iter().map(|name| Ok(self.key(room, name))).collect();
        let mut removed = self.shared.store.delete_stream(stream::iter(keys).boxed());
        while let Some(removed) = removed.next().await {
            self.noted(self.answered(removed))?.ok();
        }
        Ok(())
    }

    fn key(&self, room: RoomId, stored: &str) -> Path {
        self.shared
            .prefix
            .clone()
            .join(room.to_string())
            .join(stored)
    }

    /// That there is no such object is an answer.
    fn answered<T>(&self, answer: object_store::Result<T>) -> Result<io::Result<T>, S3Fault> {
        match answer {
            Ok(value) => Ok(Ok(value)),
            Err(error @ object_store::Error::NotFound { .. }) => {
                match words(&error).contains("NoSuchBucket") {
                    true => Err(self.fault(&error)),
                    false => Ok(Err(io::ErrorKind::NotFound.into())),
                }
            }
            Err(error) => Err(self.fault(&error)),
        }
    }

    /// Has the log say when it begins to fail, and when that is over.
    fn noted<T>(&self, answer: Result<T, S3Fault>) -> io::Result<T> {
        match answer {
            Ok(value) => {
                if self.shared.is_failing.swap(false, Ordering::Relaxed) {
                    let place = &self.shared.url;
                    tracing::info!(%place, "files can be sent and fetched again");
                }
                Ok(value)
            }
            Err(fault) => {
                self.tell(&fault);
                Err(io::Error::other(fault))
            }
        }
    }

    fn tell(&self, fault: &S3Fault) {
        if !self.shared.is_failing.swap(true, Ordering::Relaxed) {
            tracing::error!(
                error = %fault,
                "files cannot be sent or fetched: who tries is told that it is unavailable"
            );
        }
    }

    fn away(&self, what: &str) -> S3Fault {
        S3Fault {
            url: self.shared.url.clone(),
            what: what.to_owned(),
            is_away: true,
        }
    }

    fn fault(&self, error: &(dyn Error + 'static)) -> S3Fault {
        S3Fault {
            url: self.shared.url.clone(),
            what: words(error),
            is_away: is_away(error),
        }
    }
}

/// Why a content was not sent.
enum Unsent {
    Failed(S3Fault),
    TooLong(TooLong),
    /// What came in cannot be read.
    File(io::Error),
}

/// What is read of an object. Nobody waits for the lock: it is there because the stream cannot be looked at by two.
struct Pieces(Mutex<StreamReader<BoxStream<'static, io::Result<bytes::Bytes>>, bytes::Bytes>>);

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let reader = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        Pin::new(reader).poll_read(context, buffer)
    }
}
