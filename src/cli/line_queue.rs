//! Lines on their way out: a bounded queue, and a thread of its own that alone waits for whoever reads.
//!
//! ```text
//!  push ──▶ queue ──▶ thread ──▶ standard error
//!    └ full: counted, and said where it is missing, as are lines that cannot be written
//! ```

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Most bytes of lines that wait.
const MAX_BYTES: usize = 1024 * 1024;
/// How long [`LineQueue::drain`] waits.
const DRAIN: Duration = Duration::from_secs(1);

/// See the module. A handle; whoever writes to it never waits and never fails. One write is one line.
#[derive(Clone)]
pub(super) struct LineQueue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// The thread is at work on an entry that it took.
    is_writing: bool,
}

enum Entry {
    Line(Vec<u8>),
    /// So many lines had no room here.
    Gap(u64),
}

impl LineQueue {
    /// Starts the thread. It ends with the process; `gap` is the line that says how many are missing.
    ///
    /// # Errors
    /// No thread can be started.
    pub(super) fn start(
        out: impl Write + Send + 'static,
        gap: impl Fn(u64) -> Vec<u8> + Send + 'static,
    ) -> io::Result<Self> {
        let queue = Self(Arc::default());
        let shared = queue.0.clone();
        let mut writer = Writer {
            out,
            gap,
            missing: 0,
            is_torn: false,
        };
        thread::Builder::new()
            .name("lines".to_owned())
            .spawn(move || {
                loop {
                    writer.put(shared.next());
                }
            })?;
        Ok(queue)
    }

    /// Queues a line, or counts it where there is no room.
    pub(super) fn push(&self, line: &[u8]) {
        self.0.lock().push(line);
        self.0.changed.notify_all();
    }

    /// Waits until all that came before is written or given up, for 1 s at most.
    pub(super) fn drain(&self) {
        let is_busy = |state: &mut State| state.is_writing || !state.entries.is_empty();
        // Whether it took too long or not, nothing more can be done.
        let _ = self
            .0
            .changed
            .wait_timeout_while(self.0.lock(), DRAIN, is_busy);
    }
}

impl Write for LineQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl State {
    fn push(&mut self, line: &[u8]) {
        // After a gap there must be room for many, or there would be a gap after each.
        let room = match self.entries.back() {
            Some(Entry::Gap(_)) => MAX_BYTES / 2,
            Some(Entry::Line(_)) | None => MAX_BYTES,
        };
        if self.bytes + line.len() <= room {
            self.bytes += line.len();
            self.entries.push_back(Entry::Line(line.to_owned()));
        } else if let Some(Entry::Gap(lines)) = self.entries.back_mut() {
            *lines += 1;
        } else {
            self.entries.push_back(Entry::Gap(1));
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be written next; the one before is done.
    fn next(&self) -> Entry {
        let mut state = self.lock();
        state.is_writing = false;
        loop {
            if let Some(entry) = state.entries.pop_front() {
                if let Entry::Line(line) = &entry {
                    state.bytes -= line.len();
                }
                state.is_writing = true;
                return entry;
            }
            self.changed.notify_all();
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

struct Writer<W, G> {
    out: W,
    gap: G,
    /// Lines that were lost and not yet told of.
    missing: u64,
    /// What was written ends within a line.
    is_torn: bool,
}

impl<W: Write, G: Fn(u64) -> Vec<u8>> Writer<W, G> {
    fn put(&mut self, entry: Entry) {
        let line = match entry {
            Entry::Line(line) => Some(line),
            Entry::Gap(lines) => {
                self.missing += lines;
                None
            }
        };
        if self.missing > 0 && self.write(&(self.gap)(self.missing)) {
            self.missing = 0;
        }
        if line.is_some_and(|line| !self.write(&line)) {
            self.missing += 1;
        }
    }

    /// Whether it could be written.
    fn write(&mut self, line: &[u8]) -> bool {
        (!self.is_torn || self.write_bytes(b"\n")) && self.write_bytes(line)
    }

    fn write_bytes(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            match self.out.write(bytes) {
                Ok(0) => return false,
                Ok(count) => {
                    bytes = &bytes[count..];
                    self.is_torn = !bytes.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        self.out.flush().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    /// Takes a write when the test lets it, and as much of it as that says.
    struct Gate {
        allowed: Receiver<io::Result<usize>>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = self
                .allowed
                .recv()
                .map_err(io::Error::other)??
                .min(bytes.len());
            self.written
                .lock()
                .unwrap()
                .extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Case {
        queue: LineQueue,
        allow: SyncSender<io::Result<usize>>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Case {
        fn new() -> Self {
            let (allow, allowed) = sync_channel(1_000_000);
            let written = Arc::<Mutex<Vec<u8>>>::default();
            let gate = Gate {
                allowed,
                written: written.clone(),
            };
            let gap = |lines| format!("{lines} missing\n").into_bytes();
            let queue = LineQueue::start(gate, gap).unwrap();
            Self {
                queue,
                allow,
                written,
            }
        }

        fn say(&self, line: &str) {
            self.queue.push(format!("{line}\n").as_bytes());
        }

        fn takes(&self, bytes: usize) {
            self.allow.send(Ok(bytes)).unwrap();
        }

        fn fails(&self) {
            self.allow.send(Err(ErrorKind::StorageFull.into())).unwrap();
        }

        fn written(self) -> String {
            self.queue.drain();
            String::from_utf8(self.written.lock().unwrap().clone()).unwrap()
        }
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_said_once_it_can() {
        let case = Case::new();
        // The first line is torn, the second one fails, and so does the word of both.
        case.takes(2);
        case.fails();
        case.fails();
        for line in ["one", "two", "three"] {
            case.say(line);
        }
        case.fails();
        (0..3).for_each(|_| case.takes(100));
        case.takes(100);
        assert_eq!(case.written(), "on\n2 missing\nthree\n");
    }

    #[test]
    fn a_reader_that_is_stuck_holds_nobody_up_and_learns_what_it_missed() {
        let case = Case::new();
        let line = "x".repeat(1023);
        let fits = MAX_BYTES / 1024;
        // The thread may have taken the first one already.
        for _ in 0..fits + 100 {
            case.say(&line);
        }
        for _ in 0..2 * fits {
            case.takes(2000);
        }
        let all = case.written();
        let (before, gap) = all.trim_end().rsplit_once('\n').unwrap();
        let missing: usize = gap.strip_suffix(" missing").unwrap().parse().unwrap();
        assert_eq!(before.lines().count() + missing, fits + 100);
        assert!((99..=100).contains(&missing), "{missing}");
    }

    #[test]
    fn the_end_waits_for_a_stuck_reader_for_a_moment_only() {
        let case = Case::new();
        case.say("nobody reads this");
        let begun = std::time::Instant::now();
        assert_eq!(case.written(), "");
        assert!(begun.elapsed() < 5 * DRAIN);
    }
}
