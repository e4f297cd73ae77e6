//! A client of the purpose-byte protocol. It has its own table of purposes and reads fields by itself, so that a
//! mistake of the codec is not made a second time here.

use std::collections::{HashSet, VecDeque};
use std::ops::{Deref, DerefMut};

use super::{Client, PASSWORD};

/// The page's tables, "to the server": revision 1, revision 2; 0 where there is none.
const TO_SERVER: [(&str, u8, u8); 34] = [
    ("HEARTBEAT", 0x02, 0x02),
    ("DISCONNECT", 0x03, 0x03),
    ("HELLO", 0x20, 0x20),
    ("LOGIN", 0x21, 0x21),
    ("LOGOFF", 0x22, 0x22),
    ("RESTORE_SESSION", 0x23, 0x23),
    ("REGISTER_USER", 0, 0x24),
    ("GET_USER_ID", 0x24, 0x28),
    ("GET_CHAT_ID", 0x25, 0x29),
    ("CHAT_REQ_PASS", 0x26, 0),
    ("GET_CHAT_BY_ID", 0, 0x2a),
    ("GET_CHAT_BY_NAME", 0, 0x2b),
    ("GET_DCHAT_BY_ID", 0, 0x2c),
    ("GET_DCHAT_BY_NAME", 0, 0x2d),
    ("JOIN_CHAT", 0x27, 0x30),
    ("LEAVE_CHAT", 0, 0x31),
    ("CREATE_CHAT", 0, 0x32),
    ("START_CHAT", 0, 0x33),
    ("DELETE_CHAT", 0, 0x34),
    ("RENAME_CHAT", 0, 0x35),
    ("CH_CHAT_TITLE", 0, 0x36),
    ("SET_CHAT_ADMIN", 0, 0x37),
    ("REM_CHAT_ADMIN", 0, 0x38),
    ("GET_USR_CHATS", 0, 0x39),
    ("SEND_CHAT_MSG", 0x28, 0x40),
    ("REQUEST_CHAT_MSG", 0x29, 0x41),
    ("MARK_SEEN", 0x2a, 0x42),
    ("GET_SEEN", 0, 0x43),
    ("REMOVE_MSG", 0, 0x44),
    ("DELETE_MSG", 0, 0x45),
    ("GET_USR_DATA", 0, 0x48),
    ("GET_USR_DATA_NAME", 0, 0x49),
    ("GET_USR_PR_DATA", 0, 0x4a),
    ("GET_SESSIONS", 0, 0x4b),
];

/// "To the client": revision 1, revision 2.
const TO_CLIENT: [(&str, u8, u8); 9] = [
    ("ACCEPTED", 0x00, 0x00),
    ("DECLINED", 0x01, 0x01),
    ("HEARTBEAT", 0x02, 0x02),
    ("DISCONNECT", 0x03, 0x03),
    ("MESSAGES", 0x20, 0x30),
    ("SESSION_DATA", 0x21, 0x20),
    ("DEAUTH", 0x22, 0x21),
    ("NTF_JOIN_CHAT", 0, 0x31),
    ("NTF_LEAVE_CHAT", 0, 0x32),
];

/// The purpose byte of a request; `None` where the revision has none.
pub(crate) fn byte_of(name: &str, revision: u8) -> Option<u8> {
    let (_, one, two) = TO_SERVER.iter().find(|(row, ..)| *row == name).unwrap();
    let byte = if revision == 1 { *one } else { *two };
    (byte != 0).then_some(byte)
}

/// The bytes of a frame.
pub(crate) fn frame(purpose: u8, task: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap();
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend([purpose, task]);
    bytes.extend(body);
    bytes
}

pub(crate) fn int(value: i32) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

pub(crate) fn long(value: i64) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

pub(crate) fn text(value: &str) -> Vec<u8> {
    [value.as_bytes(), &[0]].concat()
}

/// LOGIN's body.
pub(crate) fn login(login: &str) -> Vec<u8> {
    [text(login), text(PASSWORD)].concat()
}

/// A frame that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) purpose: u8,
    pub(crate) task: u8,
    pub(crate) body: Vec<u8>,
}

impl Frame {
    fn is_answer(&self) -> bool {
        self.purpose <= 1
    }
}

/// Reads the fields of a body, one after the other.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_first_chunk().expect("a body ends too early");
        self.0 = rest;
        *head
    }

    pub(crate) fn byte(&mut self) -> u8 {
        u8::from_le_bytes(self.take())
    }

    pub(crate) fn int(&mut self) -> i32 {
        i32::from_le_bytes(self.take())
    }

    pub(crate) fn long(&mut self) -> i64 {
        i64::from_le_bytes(self.take())
    }

    pub(crate) fn text(&mut self) -> String {
        let end = self.0.iter().position(|byte| *byte == 0).expect("no NUL");
        let text = std::str::from_utf8(&self.0[..end]).unwrap().to_owned();
        self.0 = &self.0[end + 1..];
        text
    }

    pub(crate) fn end(&self) {
        assert!(self.0.is_empty(), "left over: {:?}", self.0);
    }
}

/// "id i32, sender_id i32, chat_id i32, created i64, updated i64, status u8, text str"
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: i32,
    pub(crate) sender: i32,
    pub(crate) chat: i32,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) status: u8,
    pub(crate) text: String,
}

/// Messages to the end.
pub(crate) fn messages(body: &[u8]) -> Vec<Message> {
    let mut fields = Fields(body);
    let mut all = Vec::new();
    while !fields.0.is_empty() {
        all.push(Message {
            id: fields.int(),
            sender: fields.int(),
            chat: fields.int(),
            created: fields.long(),
            updated: fields.long(),
            status: fields.byte(),
            text: fields.text(),
        });
    }
    all
}

pub(crate) struct Purpose {
    client: Client,
    pub(crate) revision: u8,
    /// Its user's number, and its session.
    pub(crate) id: i32,
    pub(crate) session: (i32, String),
    task: u8,
    /// What came while an answer was waited for.
    came: VecDeque<Frame>,
    /// The task ids that the server waits for.
    open: HashSet<u8>,
}

impl Deref for Purpose {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Purpose {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Purpose {
    pub(crate) fn new(client: Client, revision: u8) -> Self {
        Self {
            client,
            revision,
            id: 0,
            session: (0, String::new()),
            task: 0,
            came: VecDeque::new(),
            open: HashSet::new(),
        }
    }

    /// The bytes of a request.
    pub(crate) fn request(&self, name: &str, task: u8, body: impl AsRef<[u8]>) -> Vec<u8> {
        let byte = byte_of(name, self.revision).expect("not in this revision");
        frame(byte, task, body.as_ref())
    }

    /// Writes a request; its task id.
    pub(crate) async fn write(&mut self, name: &str, body: impl AsRef<[u8]>) -> u8 {
        self.task = self.task.wrapping_add(1);
        let bytes = self.request(name, self.task, body);
        self.send(bytes).await;
        self.task
    }

    /// The next frame from the wire, whatever it is.
    async fn read(&mut self) -> Option<Frame> {
        let header = self.client.bytes(6).await?;
        let length = u32::from_le_bytes(*header.first_chunk().unwrap()) as usize;
        let body = match length {
            0 => Vec::new(),
            length => self.client.bytes(length).await.expect("half a frame"),
        };
        let (purpose, task) = (header[4], header[5]);
        let frame = Frame {
            purpose,
            task,
            body,
        };
        if !frame.is_answer() {
            assert!(self.open.insert(task), "task id {task} is still unanswered");
            // What ends a connection is not to be answered any more.
            let last = [self.told_as("DISCONNECT"), self.told_as("DEAUTH")].contains(&purpose);
            assert!(self.open.len() <= 200 || last, "more than 200 unanswered");
        }
        Some(frame)
    }

    /// The next frame; `None` at the end of the stream.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        match self.came.pop_front() {
            Some(frame) => Some(frame),
            None => self.read().await,
        }
    }

    /// The answer of the request with this task id; what else comes is kept.
    pub(crate) async fn answer(&mut self, task: u8) -> Frame {
        loop {
            let frame = self.read().await.expect("closed without an answer");
            if frame.is_answer() {
                assert_eq!(frame.task, task, "{frame:?}");
                return frame;
            }
            self.came.push_back(frame);
        }
    }

    pub(crate) async fn ask(&mut self, name: &str, body: impl AsRef<[u8]>) -> Frame {
        let task = self.write(name, body).await;
        self.answer(task).await
    }

    /// Asks what must be accepted; the content.
    pub(crate) async fn accepted(&mut self, name: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
        let answer = self.ask(name, body).await;
        assert_eq!(answer.purpose, 0, "{name}: {}", Fields(&answer.body).text());
        answer.body
    }

    /// Asks what has no content to answer.
    pub(crate) async fn does(&mut self, name: &str, body: impl AsRef<[u8]>) {
        assert_eq!(self.accepted(name, body).await, b"", "{name}");
    }

    /// Asks what must be declined; the reason, which a person can read.
    pub(crate) async fn declined(&mut self, name: &str, body: impl AsRef<[u8]>) -> String {
        let answer = self.ask(name, body).await;
        assert_eq!(answer.purpose, 1, "{name}: {answer:?}");
        reason(&answer)
    }

    pub(crate) async fn hello(&mut self) {
        self.does("HELLO", [0, 1]).await;
    }

    pub(crate) async fn log_in(&mut self, name: &str) {
        self.hello().await;
        self.log_in_again(name).await;
    }

    pub(crate) async fn log_in_again(&mut self, name: &str) {
        let answer = self.accepted("LOGIN", login(name)).await;
        let mut fields = Fields(&answer);
        self.session = (fields.int(), fields.text());
        if self.revision == 2 {
            self.id = fields.int();
        }
        fields.end();
    }

    /// RESTORE_SESSION's body for the session of this connection.
    pub(crate) fn restoring(&self) -> Vec<u8> {
        [int(self.session.0), text(&self.session.1)].concat()
    }

    pub(crate) async fn chat(&mut self, name: &str) -> i32 {
        let answer = self.accepted("GET_CHAT_ID", text(name)).await;
        Fields(&answer).int()
    }

    pub(crate) async fn say(&mut self, chat: i32, said: &str) {
        self.does("SEND_CHAT_MSG", [int(chat), text(said)].concat())
            .await;
    }

    /// The next notification, by its name on the page.
    pub(crate) async fn told(&mut self, name: &str) -> Frame {
        let frame = self.frame().await.expect("the connection was closed");
        assert_eq!(frame.purpose, self.told_as(name), "not {name}: {frame:?}");
        frame
    }

    fn told_as(&self, name: &str) -> u8 {
        let (_, one, two) = TO_CLIENT.iter().find(|(row, ..)| *row == name).unwrap();
        if self.revision == 1 { *one } else { *two }
    }

    pub(crate) async fn accept(&mut self, told: &Frame) {
        self.open.remove(&told.task);
        self.send(frame(0, told.task, b"")).await;
    }

    pub(crate) async fn decline(&mut self, told: &Frame) {
        self.open.remove(&told.task);
        self.send(frame(1, told.task, b"no\0")).await;
    }

    /// The next notification, which has this name and is accepted; its body.
    pub(crate) async fn notified(&mut self, name: &str) -> Vec<u8> {
        let told = self.told(name).await;
        self.accept(&told).await;
        told.body
    }

    /// The next notification, which must be one message.
    pub(crate) async fn heard(&mut self) -> Message {
        let told = self.told("MESSAGES").await;
        self.accept(&told).await;
        self.message_of(&told)
    }

    pub(crate) fn message_of(&self, told: &Frame) -> Message {
        let mut fields = Fields(&told.body);
        let chat = (self.revision == 1).then(|| fields.int());
        let mut all = messages(fields.0);
        assert_eq!(all.len(), 1, "{all:?}");
        let message = all.remove(0);
        assert_eq!(chat.unwrap_or(message.chat), message.chat);
        message
    }

    pub(crate) async fn hears(&mut self, sender: i32, chat: i32, text: &str) -> Message {
        let message = self.heard().await;
        assert_eq!(
            (message.sender, message.chat, message.text.as_str()),
            (sender, chat, text)
        );
        message
    }

    /// Nothing is waiting: the next thing that comes is the answer to this.
    pub(crate) async fn hears_nothing(&mut self) {
        let answer = self.accepted("HEARTBEAT", text("quiet?")).await;
        assert_eq!(answer, text("quiet?"));
        assert!(self.came.is_empty(), "{:?}", self.came);
    }

    /// All messages of a chat from this second on.
    pub(crate) async fn history(&mut self, chat: i32, from: i64) -> Vec<Message> {
        let body = [int(chat), long(from)].concat();
        messages(&self.accepted("REQUEST_CHAT_MSG", body).await)
    }

    /// The server closes, and says nothing before.
    pub(crate) async fn closed(&mut self) {
        let frame = self.frame().await;
        assert_eq!(frame, None, "instead of the end");
    }

    /// The server says DISCONNECT and closes.
    pub(crate) async fn disconnected(&mut self) {
        assert_eq!(self.told("DISCONNECT").await.body, b"");
        self.closed().await;
    }

    /// All that comes until the end.
    pub(crate) async fn remains(&mut self) -> Vec<Frame> {
        let mut all = Vec::new();
        while let Some(frame) = self.frame().await {
            all.push(frame);
        }
        all
    }
}

/// Why something was declined.
pub(crate) fn reason(answer: &Frame) -> String {
    let mut fields = Fields(&answer.body);
    let reason = fields.text();
    fields.end();
    assert!(reason.len() > 3, "no reason: {reason:?}");
    reason
}
