//! chromedriver, and what it is told: WebDriver, JSON in HTTP requests over the loopback.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Control, Page};

/// What chromium is called where it is installed.
const CHROMIUM: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// What chromedriver says before its port.
const STARTED: &str = "was started successfully on port ";

/// A browser that shows any number of pages, each as if in a browser of its own. It ends with this.
#[derive(Clone)]
pub struct Browser {
    driver: Arc<Driver>,
    chromium: PathBuf,
}

/// The driver's process.
struct Driver {
    process: Child,
    port: u16,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Its browsers are of its group, and go on without it where a test failed. They may be gone already.
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.process.wait();
    }
}

impl Browser {
    /// Starts the driver on a port that it chooses; none where it or chromium is not installed.
    ///
    /// # Panics
    /// It does not start, or is not installed and must be.
    #[must_use]
    pub fn start() -> Option<Self> {
        let found = CHROMIUM.iter().find_map(|name| installed(name));
        let (Some(chromium), Some(driver)) = (found, installed("chromedriver")) else {
            let required = std::env::var("TEST_BROWSER").is_ok_and(|value| value == "required");
            assert!(!required, "chromium and chromedriver are not installed");
            eprintln!("chromium or chromedriver is not installed: tests in a browser are left out");
            return None;
        };
        let mut process = Command::new(driver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once(STARTED)?;
            port.trim_end_matches('.').parse().ok()
        });
        // What it says later is read, or it would wait for that.
        std::thread::spawn(move || lines.for_each(drop));
        let port = port.expect("chromedriver says its port");
        let driver = Arc::new(Driver { process, port });
        Some(Self { driver, chromium })
    }

    /// A window with nothing in it yet.
    pub async fn page(&self) -> Page {
        let options = json!({
            "binary": self.chromium,
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900"],
        });
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let session = self.command("POST", "/session", &wanted).await;
        let id = session["sessionId"].as_str().unwrap();
        Page::new(self.clone(), format!("/session/{id}"))
    }

    /// What a command is answered.
    pub(crate) async fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_command(method, path, body)
            .await
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// As [`Browser::command`], where it may fail.
    pub(crate) async fn try_command(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<Value, Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.driver.port))
            .await
            .unwrap();
        let body = match method {
            "POST" => body.to_string(),
            _ => String::new(),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let body = whole_body(&mut stream).await;
        let mut answer: Value = serde_json::from_slice(&body).unwrap();
        let value = answer["value"].take();
        match value.get("error") {
            Some(_) => Err(value),
            None => Ok(value),
        }
    }
}

/// The body of an answer; chromedriver keeps the connection open, and says how long it is.
async fn whole_body(stream: &mut TcpStream) -> Vec<u8> {
    let mut received = Vec::new();
    loop {
        let read = stream.read_buf(&mut received).await.unwrap();
        let end = received.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = std::str::from_utf8(&received[..end])
                .unwrap()
                .to_lowercase();
            let (_, length) = head.split_once("content-length:").unwrap();
            let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
            if received.len() >= end + 4 + length {
                return received[end + 4..].to_vec();
            }
        }
        assert!(read > 0, "chromedriver ended");
    }
}

fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|place| place.join(name))
        .find(|file| file.is_file())
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Browser").finish_non_exhaustive()
    }
}

impl Control {
    /// Out of a node of the accessibility tree; none for what is nothing to a screen reader.
    pub(crate) fn of(node: &Value) -> Option<Self> {
        let text = |of: &str| node[of]["value"].as_str().unwrap_or_default().to_owned();
        let is_there = !node["ignored"].as_bool().unwrap_or(false);
        let property = |name: &str| {
            let all = node["properties"].as_array()?;
            let found = all.iter().find(|property| property["name"] == name)?;
            Some(found["value"]["value"].clone())
        };
        is_there.then(|| Self {
            role: text("role"),
            name: text("name"),
            is_focused: property("focused").is_some_and(|value| value == true),
            is_disabled: property("disabled").is_some_and(|value| value == true),
            node: node["backendDOMNodeId"].as_i64().unwrap_or_default(),
        })
    }
}
