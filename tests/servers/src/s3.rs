//! A small server of S3, on a port that the kernel gives: objects in memory, whose requests must be signed, and that can fail.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

/// The only bucket.
pub const BUCKET: &str = "tea-files";
/// The id of the only access key.
pub const KEY_ID: &str = "TEST-KEY";
/// The access key.
pub const KEY: &str = "a/test+secret";
/// Most objects of a page of a list.
const PAGE: usize = 3;

/// What becomes of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// They are done.
    #[default]
    Serves,
    /// Connections are closed at once.
    Away,
    /// They are read, and nothing is answered.
    Silent,
    /// They are answered with 503.
    Busy,
    /// Contents break off after so many bytes.
    Cuts(usize),
    /// They are done, but for contents of more than so many bytes.
    Takes(usize),
    /// They are done, and the connection is closed without an answer.
    Mute,
    /// They are done, and nothing is answered.
    Holds,
}

/// A running server.
pub struct S3Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    objects: Mutex<BTreeMap<String, (Vec<u8>, SystemTime)>>,
    requests: Mutex<Vec<String>>,
    mood: Mutex<Mood>,
    is_over: AtomicBool,
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        // Its loop sees that with the next connection.
        let _ = TcpStream::connect(self.address);
    }
}

impl S3Server {
    /// Begins to serve.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, shared) = (listener.local_addr().unwrap(), Arc::<Shared>::default());
        let of_loop = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if of_loop.is_over.load(Ordering::Relaxed) {
                    return;
                }
                let shared = of_loop.clone();
                thread::spawn(move || shared.serve(&stream));
            }
        });
        Self { address, shared }
    }

    /// Where it is, as a URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The section of a configuration that keeps files there.
    #[must_use]
    pub fn section(&self, prefix: &str) -> String {
        format!(
            "[files]\nurl = 's3://{BUCKET}/{prefix}'\nendpoint = '{}'\naccess_key_id = '{KEY_ID}'\nsecret_access_key = '{KEY}'\n",
            self.endpoint()
        )
    }

    /// What becomes of requests from now on.
    pub fn set(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// The names of all objects.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.shared
            .objects
            .lock()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    }

    /// An object.
    #[must_use]
    pub fn object(&self, key: &str) -> Option<Vec<u8>> {
        let objects = self.shared.objects.lock().unwrap();
        objects.get(key).map(|(content, _)| content.clone())
    }

    /// Puts an object there that is so old.
    pub fn put(&self, key: &str, content: &[u8], age: Duration) {
        let since = SystemTime::now() - age;
        let mut objects = self.shared.objects.lock().unwrap();
        objects.insert(key.to_owned(), (content.to_owned(), since));
    }

    /// What was asked, as `GET KEY`, since this was asked last.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.requests.lock().unwrap())
    }
}

struct Request {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

struct Answer {
    status: &'static str,
    headers: String,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let (headers, body) = (String::new(), body.into());
        Self {
            status,
            headers,
            body,
        }
    }

    fn error(status: &'static str, code: &str, message: &str) -> Self {
        let body = format!(
            "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        Self::new(status, body)
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        loop {
            if self.mood() == Mood::Away {
                return;
            }
            let Some(request) = read(&mut reader) else {
                return;
            };
            let is_head = request.method == "HEAD";
            let mood = self.mood();
            let answer = match mood {
                Mood::Away => return,
                Mood::Silent | Mood::Holds => {
                    if mood == Mood::Holds {
                        self.answer(&request);
                    }
                    while self.mood() == mood {
                        thread::sleep(Duration::from_millis(10));
                    }
                    return;
                }
                Mood::Busy => Answer::error("503 Slow Down", "SlowDown", "Please reduce your rate"),
                Mood::Mute => {
                    self.answer(&request);
                    return;
                }
                Mood::Takes(limit) if request.body.len() > limit => Answer::new(
                    "400 Bad Request",
                    format!(
                        "<Error><Code>EntityTooLarge</Code><MaxSizeAllowed>{limit}</MaxSizeAllowed></Error>"
                    ),
                ),
                Mood::Serves | Mood::Cuts(_) | Mood::Takes(_) => self.answer(&request),
            };
            let length = answer.body.len();
            let cut = match mood {
                Mood::Cuts(bytes) if request.method == "GET" => bytes.min(length),
                _ => length,
            };
            let length = match answer.headers.contains("Content-Length") {
                true => String::new(),
                false => format!("Content-Length: {length}\r\n"),
            };
            let head = format!(
                "HTTP/1.1 {}\r\n{}{length}\r\n",
                answer.status, answer.headers
            );
            let mut out = stream;
            let body = if is_head { &[] } else { &answer.body[..cut] };
            let written = out
                .write_all(head.as_bytes())
                .and_then(|()| out.write_all(body));
            if written.is_err() || (!is_head && cut < answer.body.len()) {
                return;
            }
        }
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    fn answer(&self, request: &Request) -> Answer {
        if let Err(why) = check(request) {
            return Answer::error("403 Forbidden", "SignatureDoesNotMatch", why);
        }
        let claimed = request.headers.get("x-amz-content-sha256");
        if claimed != Some(&hexadecimal(&Sha256::digest(&request.body))) {
            return Answer::error(
                "400 Bad Request",
                "XAmzContentSHA256Mismatch",
                "another content",
            );
        }
        let path = decoded(&request.path);
        let (bucket, key) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
        let asked = format!("{} {key}", request.method);
        self.requests.lock().unwrap().push(asked);
        if bucket != BUCKET {
            return Answer::error(
                "404 Not Found",
                "NoSuchBucket",
                "The specified bucket does not exist",
            );
        }
        let mut objects = self.objects.lock().unwrap();
        match request.method.as_str() {
            "GET" if key.is_empty() => list(&objects, &request.query),
            "PUT" => {
                objects.insert(key.to_owned(), (request.body.clone(), SystemTime::now()));
                let mut answer = Answer::new("200 OK", "");
                answer.headers = "ETag: \"1\"\r\n".to_owned();
                answer
            }
            "DELETE" => {
                objects.remove(key);
                Answer::new("204 No Content", "")
            }
            "GET" | "HEAD" => match objects.get(key) {
                Some((content, _)) => part(content, request.headers.get("range")),
                None => Answer::error("404 Not Found", "NoSuchKey", "there is none"),
            },
            _ => Answer::error("405 Method Not Allowed", "MethodNotAllowed", "what?"),
        }
    }
}

fn part(content: &[u8], range: Option<&String>) -> Answer {
    let about = "ETag: \"1\"\r\nLast-Modified: Fri, 27 Nov 2026 00:00:00 GMT\r\n";
    let mut answer = Answer::new("200 OK", content);
    about.clone_into(&mut answer.headers);
    if let Some(range) = range {
        let (from, to) = range
            .strip_prefix("bytes=")
            .unwrap()
            .split_once('-')
            .unwrap();
        let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
        let to = to.min(content.len() - 1);
        answer = Answer::new("206 Partial Content", &content[from..=to]);
        let all = content.len();
        answer.headers = format!("{about}Content-Range: bytes {from}-{to}/{all}\r\n");
    }
    answer
}

fn list(objects: &BTreeMap<String, (Vec<u8>, SystemTime)>, query: &[(String, String)]) -> Answer {
    let of = |name: &str| {
        query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let (prefix, delimiter) = (of("prefix").unwrap_or(""), of("delimiter"));
    let after = of("continuation-token").unwrap_or("");
    let mut found: Vec<(String, String)> = Vec::new();
    for (key, (content, since)) in objects.iter().filter(|(key, _)| key.starts_with(prefix)) {
        let group = delimiter.and_then(|it| key[prefix.len()..].split_once(it));
        let (name, line) = match group {
            Some((group, _)) => {
                let name = format!("{prefix}{group}/");
                let line = format!("<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>");
                (name, line)
            }
            None => {
                let (since, size) = (humantime::format_rfc3339_millis(*since), content.len());
                let line = format!(
                    "<Contents><Key>{key}</Key><LastModified>{since}</LastModified><ETag>\"1\"</ETag><Size>{size}</Size></Contents>"
                );
                (key.clone(), line)
            }
        };
        if name.as_str() > after && found.last().is_none_or(|(last, _)| *last != name) {
            found.push((name, line));
        }
    }
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let mut text =
        format!("<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>{more}</IsTruncated>");
    if let (true, Some((last, _))) = (more, found.last()) {
        write!(
            text,
            "<NextContinuationToken>{last}</NextContinuationToken>"
        )
        .unwrap();
    }
    for (_, line) in found {
        text += &line;
    }
    Answer::new("200 OK", text + "</ListBucketResult>")
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.trim().to_owned()),
            None => break,
        };
    }
    let length = headers
        .get("content-length")
        .map_or(0, |it| it.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let query = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let query = query.map(|(key, value)| (decoded(key), decoded(value)));
    Some(Request {
        method,
        path: path.to_owned(),
        query: query.collect(),
        headers,
        body,
    })
}

/// The signature of AWS, version 4, is that of the key.
fn check(request: &Request) -> Result<(), &'static str> {
    let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
    let rest = header("authorization").strip_prefix("AWS4-HMAC-SHA256 ");
    let rest = rest.ok_or("there is no signature")?;
    let fields: HashMap<&str, &str> = rest
        .split(", ")
        .filter_map(|field| field.split_once('='))
        .collect();
    let (id, scope) = fields["Credential"].split_once('/').unwrap();
    if id != KEY_ID {
        return Err("there is no such key");
    }
    let mut query: Vec<_> = request
        .query
        .iter()
        .map(|(key, value)| format!("{}={}", encoded(key), encoded(value)))
        .collect();
    query.sort();
    let signed = fields["SignedHeaders"];
    let headers: String = signed
        .split(';')
        .map(|name| format!("{name}:{}\n", header(name)))
        .collect();
    let canonical = format!(
        "{}\n{}\n{}\n{headers}\n{signed}\n{}",
        request.method,
        request.path,
        query.join("&"),
        header("x-amz-content-sha256"),
    );
    let digest = hexadecimal(&Sha256::digest(canonical));
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{}\n{scope}\n{digest}",
        header("x-amz-date")
    );
    let key = format!("AWS4{KEY}").into_bytes();
    let key = scope
        .split('/')
        .fold(key, |key, part| hmac(&key, part.as_bytes()));
    match hexadecimal(&hmac(&key, to_sign.as_bytes())) == fields["Signature"] {
        true => Ok(()),
        false => Err("the signature is another"),
    }
}

/// RFC 2104, of a key that is no longer than a block.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let padded = |with: u8| -> Vec<u8> {
        let bytes = key.iter().copied().chain(std::iter::repeat(0));
        bytes.take(64).map(|byte| byte ^ with).collect()
    };
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(message)
        .finalize();
    let outer = Sha256::new()
        .chain_update(padded(0x5c))
        .chain_update(inner)
        .finalize();
    outer.to_vec()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, tail @ ..] = rest {
        rest = tail;
        let digits = tail
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match (
            first,
            digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()),
        ) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| match is_plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}
