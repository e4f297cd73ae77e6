//! A page as people use it.

use std::time::Instant;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{Browser, MOMENT, PATIENCE};

/// Something on a page, as a screen reader knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// What it is: `button`, `textbox`, `list`…
    pub role: String,
    /// What it is called.
    pub name: String,
    /// Keys go to it.
    pub is_focused: bool,
    /// It is there, but does nothing now.
    pub is_disabled: bool,
    pub(crate) node: i64,
}

/// A window of the browser. Every test ends with [`Page::close`].
#[derive(Debug)]
pub struct Page {
    browser: Browser,
    session: String,
}

impl Page {
    pub(crate) fn new(browser: Browser, session: String) -> Self {
        Self { browser, session }
    }

    /// Goes to an address.
    pub async fn open(&self, url: &str) {
        self.post("/url", json!({"url": url})).await;
    }

    /// Loads the page anew.
    pub async fn reload(&self) {
        self.post("/refresh", json!({})).await;
    }

    /// All that a screen reader finds, in its order.
    pub async fn controls(&self) -> Vec<Control> {
        let tree = self.cdp("Accessibility.getFullAXTree", json!({})).await;
        let nodes = tree["nodes"].as_array().unwrap();
        nodes.iter().filter_map(Control::of).collect()
    }

    /// Waits for something of this role and name that can be used.
    pub async fn control(&self, role: &str, name: &str) -> Control {
        let is_it = |control: &Control| {
            (control.role.as_str(), control.name.as_str()) == (role, name) && !control.is_disabled
        };
        let begun = Instant::now();
        loop {
            let controls = self.controls().await;
            if let Some(found) = controls.iter().find(|control| is_it(control)) {
                return found.clone();
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "there is no {role} {name:?}: {:#?}\n{:?}",
                self.text().await,
                self.log().await
            );
            sleep(MOMENT).await;
        }
    }

    /// Clicks where it is. The page may draw it anew while it is looked for: then it is looked for again.
    pub async fn click(&self, role: &str, name: &str) {
        let begun = Instant::now();
        loop {
            let control = self.control(role, name).await;
            match self.place_of(&control).await {
                Ok(quads) => return self.click_at(&quads).await,
                Err(error) => assert!(begun.elapsed() < PATIENCE, "{role} {name:?}: {error}"),
            }
        }
    }

    /// Clicks where something is.
    pub async fn click_on(&self, control: &Control) {
        let quads = self.place_of(control).await;
        let quads = quads.unwrap_or_else(|error| panic!("{control:?}: {error}"));
        self.click_at(&quads).await;
    }

    /// Brings something into view, and says where it is then.
    async fn place_of(&self, control: &Control) -> Result<Value, Value> {
        let node = json!({"backendNodeId": control.node});
        self.try_cdp("DOM.scrollIntoViewIfNeeded", node.clone())
            .await?;
        self.try_cdp("DOM.getContentQuads", node).await
    }

    async fn click_at(&self, quads: &Value) {
        let quad: Vec<f64> = quads["quads"][0]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| value.as_f64().unwrap())
            .collect();
        let (x, y) = ((quad[0] + quad[4]) / 2.0, (quad[1] + quad[5]) / 2.0);
        for (kind, button) in [
            ("mouseMoved", "none"),
            ("mousePressed", "left"),
            ("mouseReleased", "left"),
        ] {
            let event = json!({"type": kind, "x": x, "y": y, "button": button, "clickCount": 1});
            self.cdp("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Writes into a field in place of what is there.
    pub async fn fill(&self, role: &str, name: &str, text: &str) {
        let field = self.control(role, name).await;
        self.cdp("DOM.focus", json!({"backendNodeId": field.node}))
            .await;
        self.js("document.activeElement.select()").await;
        self.write(text).await;
    }

    /// Writes where the focus is.
    pub async fn write(&self, text: &str) {
        self.cdp("Input.insertText", json!({"text": text})).await;
    }

    /// Presses a key: `Enter`, `Tab`, `ArrowUp`…
    pub async fn press(&self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            "Escape" => (27, ""),
            "ArrowUp" => (38, ""),
            other => panic!("the code of {other} is not known here"),
        };
        for kind in ["keyDown", "keyUp"] {
            let event = json!({
                "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text,
            });
            self.cdp("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Lets the page have what a person would be asked for: `notifications`.
    pub async fn grant(&self, permission: &str) {
        let permissions = json!({"permissions": [permission]});
        self.cdp("Browser.grantPermissions", permissions).await;
    }

    /// Says something in the open room of the chat.
    pub async fn say(&self, text: &str) {
        self.fill("textbox", "Message", text).await;
        self.press("Enter").await;
    }

    /// Chooses a file in the page's field for files.
    pub async fn choose(&self, path: &str) {
        let field = json!({"using": "css selector", "value": "input[type=file]"});
        let field = self.post("/element", field).await;
        let id = field.as_object().unwrap().values().next().unwrap();
        let path_of = format!("/element/{}/value", id.as_str().unwrap());
        self.post(&path_of, json!({"text": path})).await;
    }

    /// Waits until a script's expression is true.
    pub async fn until(&self, expression: &str) {
        let begun = Instant::now();
        while self.js(&format!("return Boolean({expression})")).await != true {
            assert!(
                begun.elapsed() < PATIENCE,
                "never: {expression}: {:#?}\n{:?}",
                self.text().await,
                self.log().await
            );
            sleep(MOMENT).await;
        }
    }

    /// Waits until a text is to be read.
    pub async fn sees(&self, text: &str) {
        self.until(&format!(
            "document.body.innerText.includes({})",
            json!(text)
        ))
        .await;
    }

    /// Waits until a text is to be read no more.
    pub async fn sees_no_more(&self, text: &str) {
        self.until(&format!(
            "!document.body.innerText.includes({})",
            json!(text)
        ))
        .await;
    }

    /// What is to be read.
    pub async fn text(&self) -> String {
        let text = self.js("return document.body.innerText").await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// What a script returns.
    pub async fn js(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({"script": script, "args": []}))
            .await
    }

    /// What the browser's console was told of since it was asked last.
    pub async fn log(&self) -> Vec<String> {
        let log = self.post("/se/log", json!({"type": "browser"})).await;
        let entries = log.as_array().unwrap().iter();
        entries
            .map(|entry| format!("{} {}", entry["level"], entry["message"]))
            .collect()
    }

    /// Ends it; nothing may stand in the browser's console but what these words are in.
    pub async fn close(self, but: &[&str]) {
        let log = self.log().await;
        let bad = log
            .iter()
            .filter(|entry| !but.iter().any(|words| entry.contains(words)))
            .collect::<Vec<_>>();
        assert!(bad.is_empty(), "{bad:#?}");
        let path = self.session.clone();
        self.browser.command("DELETE", &path, &Value::Null).await;
    }

    async fn cdp(&self, command: &str, parameters: Value) -> Value {
        let answer = self.try_cdp(command, parameters).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    async fn try_cdp(&self, command: &str, parameters: Value) -> Result<Value, Value> {
        let path = format!("{}/goog/cdp/execute", self.session);
        let body = json!({"cmd": command, "params": parameters});
        self.browser.try_command("POST", &path, &body).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let path = format!("{}{path}", self.session);
        self.browser.command("POST", &path, &body).await
    }
}
