//! Who runs where, and what that took.

use std::io;
use std::process::{Child, Command};
use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;
use tolmach_reliability::Outcome;
use tolmach_reliability::server::cpu_of;

/// Twice what the most connections need: tolmach takes half as many as it may open files.
const FILES: u64 = 100_000;

/// The cores of servers, and that of this thread.
#[derive(Debug)]
pub(crate) struct Cores {
    servers: CpuSet,
    own: CpuSet,
}

impl Cores {
    /// The first so many for servers, the last for this thread, which is on it from now on. As many files may be open as
    /// the system allows, for processes that are started, too.
    ///
    /// # Errors
    /// There are not so many.
    pub(crate) fn part(servers: usize) -> Outcome<Self> {
        open_many_files()?;
        let allowed = sched_getaffinity(Pid::from_raw(0))?;
        let is_allowed = |core: &usize| allowed.is_set(*core).unwrap_or_default();
        let mut all: Vec<_> = (0..CpuSet::count()).filter(is_allowed).collect();
        let own = all.pop().filter(|_| all.len() >= servers && servers > 0);
        let own = own.ok_or_else(|| {
            format!("{servers} cores for servers and one for the load are more than there are")
        })?;
        let cores = Self {
            servers: set(&all[..servers])?,
            own: set(&[own])?,
        };
        sched_setaffinity(Pid::from_raw(0), &cores.own)?;
        Ok(cores)
    }

    /// Does what starts a server, on the cores of servers.
    pub(crate) fn for_server<T>(&self, start: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        sched_setaffinity(Pid::from_raw(0), &self.servers)?;
        let started = start();
        sched_setaffinity(Pid::from_raw(0), &self.own)?;
        started
    }
}

/// Lets as many files be open as the system allows, for processes that are started, too.
pub(crate) fn open_many_files() -> Outcome<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    // Who is root may have more than that.
    if setrlimit(Resource::RLIMIT_NOFILE, FILES.max(most), FILES.max(most)).is_err() {
        setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    }
    Ok(())
}

fn set(cores: &[usize]) -> nix::Result<CpuSet> {
    let mut set = CpuSet::new();
    cores.iter().try_for_each(|core| set.set(*core))?;
    Ok(set)
}

/// What processes took so far: a server, and this one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    pub(crate) server: Duration,
    pub(crate) own: Duration,
}

impl Spent {
    /// Reads the CPU time of both from `/proc`; `server` is a process number, and its children count.
    pub(crate) fn read(server: u32) -> io::Result<Self> {
        Ok(Self {
            server: time_with_children(server)?,
            own: time_of(std::process::id())?,
        })
    }
}

/// CPU time of a process and of its children that are there.
pub(crate) fn time_with_children(process: u32) -> io::Result<Duration> {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"))?;
    let mut time = time_of(process)?;
    for child in children.split_whitespace().flat_map(str::parse) {
        // One that has just ended counts no more.
        time += time_of(child).unwrap_or_default();
    }
    Ok(time)
}

/// CPU time of all threads of a process: to the nanosecond where the kernel counts so, else in hundredths of a second.
pub(crate) fn time_of(process: u32) -> io::Result<Duration> {
    let mut sum = Duration::ZERO;
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) else {
            return cpu_of(process).map_err(io::Error::other);
        };
        let nanoseconds = text
            .split(' ')
            .next()
            .and_then(|number| number.parse().ok());
        sum += Duration::from_nanos(nanoseconds.unwrap_or_default());
    }
    Ok(sum)
}

/// A process that ends with this value.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts a program.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        command.spawn().map(Self)
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// The process, to be asked and waited for.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
