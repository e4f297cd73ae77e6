//! The purpose-byte protocol as its page specifies it, apart from the code: a [`Purpose`](purpose::Purpose) whose
//! frames in transcripts are read a second time, by the [`page`]'s tables, and must come to the same lines.

mod page;
mod show;

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use tolmach::dialects::client::{
    Barrier, Conversation, Ends, LogIn, MakeConversation, Placeholders, Sender,
};
use tolmach::dialects::purpose::{self, PurposeSettings};
use tolmach::dialects::{AnyDialect, DialectKind, DialectOptions, Dialects, describe};
use tolmach::gateway::{Dialect, SessionOptions};
use tolmach::hub::tap::Show;
use tolmach::hub::translation::Translation;
use tolmach::settings::Key;

use page::Row;
use show::{Body, Line, hex};

const HEADER: usize = 6;
const ACCEPTED: u8 = 0x00;
const DECLINED: u8 = 0x01;
/// Where what bytes are stands, unless there are more of them.
const COLUMN: usize = 20;

/// The dialects, this one held to its page.
pub(crate) fn dialects() -> Dialects {
    static DIALECTS: std::sync::LazyLock<Vec<&'static dyn AnyDialect>> =
        std::sync::LazyLock::new(|| {
            let all = tolmach::dialects::ALL.iter();
            let held = all.map(|dialect| match dialect.name() {
                HeldToPage::NAME => describe::<HeldToPage>(),
                _ => *dialect,
            });
            held.collect()
        });
    &DIALECTS
}

struct HeldToPage(purpose::Purpose);

impl DialectKind for HeldToPage {
    type Settings = PurposeSettings;

    const NAME: &'static str = purpose::Purpose::NAME;
    const SUMMARY: &'static str = purpose::Purpose::SUMMARY;
    const PORTS: &'static [u16] = purpose::Purpose::PORTS;
    const KEYS: &'static [Key<PurposeSettings>] = purpose::Purpose::KEYS;
    const TRANSLATIONS: &'static [Translation] = purpose::Purpose::TRANSLATIONS;
    const CONVERSATION: Option<MakeConversation> = Some(|revision| {
        let code = purpose::Purpose::CONVERSATION.expect("it can be in transcripts");
        Box::new(Held {
            code: code(revision),
            page: Page::new(revision),
        })
    });

    fn revision(settings: &PurposeSettings) -> u8 {
        purpose::Purpose::revision(settings)
    }

    fn set_revision(settings: &mut PurposeSettings, revision: u8) {
        purpose::Purpose::set_revision(settings, revision);
    }

    fn new(settings: &PurposeSettings, options: &DialectOptions) -> Self {
        Self(purpose::Purpose::new(settings, options))
    }
}

impl Dialect for HeldToPage {
    type Adapter = <purpose::Purpose as Dialect>::Adapter;

    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn label(&self) -> String {
        self.0.label()
    }

    fn show(&self) -> Box<dyn Show> {
        self.0.show()
    }

    fn session_options(&self) -> SessionOptions {
        self.0.session_options()
    }

    fn adapter(&self, now: Instant) -> Self::Adapter {
        self.0.adapter(now)
    }
}

/// What the code does, its frames shown by the page, too.
struct Held {
    code: Box<dyn Conversation>,
    page: Page,
}

impl Conversation for Held {
    fn length(&self, bytes: &[u8]) -> Option<usize> {
        self.code.length(bytes)
    }

    fn show(
        &mut self,
        from: Sender,
        frame: &[u8],
        who: &str,
        values: &mut Placeholders,
    ) -> Vec<String> {
        let by_page = self.page.show(from, frame, who, values);
        let by_code = self.code.show(from, frame, who, values);
        assert_eq!(by_code, by_page, "the code, and the page");
        by_code
    }

    fn read(&self, lines: &[String], values: &Placeholders) -> Result<Vec<u8>, String> {
        self.code.read(lines, values)
    }

    fn is_in_full(&self, lines: &[String]) -> bool {
        self.code.is_in_full(lines)
    }

    fn sent(&mut self, frame: &[u8]) {
        self.code.sent(frame);
    }

    fn barrier(&self, number: u32) -> Barrier {
        self.code.barrier(number)
    }

    fn ends_wait(&mut self, number: u32, frame: &[u8]) -> Ends {
        self.code.ends_wait(number, frame)
    }

    fn log_in(&self, who: &LogIn<'_>) -> Vec<Vec<u8>> {
        self.code.log_in(who)
    }

    fn refuses(&self, frame: &[u8]) -> bool {
        self.code.refuses(frame)
    }
}

/// One connection by the page.
struct Page {
    revision: u8,
    /// What an ACCEPTED of this task id will contain, to the client and to the server.
    to_client: Asked,
    to_server: Asked,
}

/// What was asked under a task id and not answered, oldest first.
type Asked = HashMap<u8, VecDeque<Vec<Row>>>;

impl Page {
    fn new(revision: u8) -> Self {
        Self {
            revision,
            to_client: HashMap::new(),
            to_server: HashMap::new(),
        }
    }

    fn show(
        &mut self,
        from: Sender,
        frame: &[u8],
        who: &str,
        values: &mut Placeholders,
    ) -> Vec<String> {
        let Some((&[a, b, c, d, purpose, task], rest)) = frame.split_first_chunk::<HEADER>() else {
            return vec![hex(frame)];
        };
        let (name, rows) = self.meaning(from, purpose, task);
        let mut lines = vec![Line {
            hex: format!("{} {purpose:02x} {task:02x}", hex(&[a, b, c, d])),
            meaning: format!("{name} task {task}"),
        }];
        lines.extend(Body { rest, who, values }.lines(&rows));
        let shown = lines.iter().map(|line| {
            let width = COLUMN.max(line.hex.chars().count() + 2);
            format!("{:width$}{}", line.hex, line.meaning)
        });
        shown.collect()
    }

    /// A purpose's name, and what its body is made of.
    fn meaning(&mut self, from: Sender, purpose: u8, task: u8) -> (String, Vec<Row>) {
        let (row, answers, asked) = match from {
            Sender::Client => (
                page::to_server(self.revision, purpose),
                &mut self.to_server,
                &mut self.to_client,
            ),
            Sender::Server => (
                page::to_client(self.revision, purpose),
                &mut self.to_client,
                &mut self.to_server,
            ),
        };
        let Some(row) = row else {
            asked.entry(task).or_default().push_back(Vec::new());
            return (format!("purpose 0x{purpose:02x}"), Vec::new());
        };
        let mut body = row.body(self.revision);
        if matches!(purpose, ACCEPTED | DECLINED) {
            let answer = answers.get_mut(&task).and_then(VecDeque::pop_front);
            if let (ACCEPTED, Some(answer)) = (purpose, answer) {
                body = answer;
            }
        } else {
            let answer = row.answer(self.revision);
            asked.entry(task).or_default().push_back(answer);
        }
        (row.name(self.revision).to_owned(), body)
    }
}
