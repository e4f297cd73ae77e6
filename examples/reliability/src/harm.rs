//! What is done to the gateway, and undone: a full disk, an fsync that fails, a log that cannot be written.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::Outcome;
use crate::server::Server;

/// Bytes of the disk that is made full.
const DISK: usize = 1 << 30;

/// The source of what makes fsync fail.
const FAIL_SYNC: &str = include_str!("fail_sync.c");

/// A directory for a gateway's data, which may be a small disk of its own.
pub(crate) struct Place {
    dir: TempDir,
    is_mounted: bool,
}

impl Place {
    pub(crate) fn new() -> Outcome<Self> {
        let dir = tempfile::tempdir()?;
        Ok(Self {
            dir,
            is_mounted: false,
        })
    }

    /// A disk of its own, in memory.
    pub(crate) fn disk() -> Outcome<Self> {
        let mut place = Self::new()?;
        let size = format!("size={DISK}");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &size, "tolmach"])
            .arg(place.dir.path());
        succeed(mount).map_err(|error| format!("no small disk can be made here: {error}"))?;
        place.is_mounted = true;
        Ok(place)
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Takes all the space that is left.
    pub(crate) fn fill(&self) -> Outcome<()> {
        let mut file = File::create(self.filler())?;
        for piece in [1 << 20, 4096, 1] {
            while file.write_all(&vec![0; piece]).is_ok() {}
        }
        Ok(())
    }

    pub(crate) fn free(&self) -> Outcome<()> {
        Ok(fs::remove_file(self.filler())?)
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.is_mounted {
            // It goes with the machine at the latest.
            let _ = Command::new("umount")
                .arg("-l")
                .arg(self.dir.path())
                .status();
        }
    }
}

/// A library that makes fsync fail while a file is there.
pub(crate) struct FailingSync {
    dir: TempDir,
}

impl FailingSync {
    /// Has the C compiler make it.
    pub(crate) fn new() -> Outcome<Self> {
        let dir = tempfile::tempdir()?;
        let source = dir.path().join("fail_sync.c");
        fs::write(&source, FAIL_SYNC)?;
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-o"])
            .arg(dir.path().join("fail_sync.so"))
            .arg(source);
        succeed(cc)?;
        Ok(Self { dir })
    }

    pub(crate) fn preload(&self, command: &mut Command) {
        command.env("LD_PRELOAD", self.dir.path().join("fail_sync.so"));
        command.env("FAIL_SYNC_WHILE", self.switch());
    }

    pub(crate) fn fail(&self) -> Outcome<()> {
        Ok(fs::write(self.switch(), "")?)
    }

    pub(crate) fn work(&self) -> Outcome<()> {
        Ok(fs::remove_file(self.switch())?)
    }

    fn switch(&self) -> PathBuf {
        self.dir.path().join("fails")
    }
}

/// What is wrong with the log.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Log {
    /// A pipe whose reader ended.
    Closed,
    /// A file on a disk that is full.
    Full,
    /// A pipe that nobody reads.
    Stuck,
}

impl Log {
    pub(crate) const ALL: [Self; 3] = [Self::Closed, Self::Full, Self::Stuck];

    /// Has the gateway log into it, as much as it can.
    pub(crate) fn set(self, command: &mut Command) -> Outcome<()> {
        command.env("TOLMACH_LOG__LEVEL", "trace");
        command.stderr(match self {
            Self::Closed | Self::Stuck => Stdio::piped(),
            Self::Full => File::create("/dev/full")?.into(),
        });
        Ok(())
    }

    /// Once the gateway is ready.
    pub(crate) fn begin(self, server: &mut Server) {
        match self {
            Self::Closed => server.close_log(),
            Self::Full | Self::Stuck => {}
        }
    }
}

/// Connects and goes, again and again, so that there is something to log.
pub(crate) fn visit(server: &Server) -> Outcome<JoinHandle<()>> {
    let address = server.address("uchat")?;
    Ok(tokio::spawn(async move {
        loop {
            // Where it is refused, that is logged, too.
            drop(TcpStream::connect(address).await);
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }))
}

/// Runs a program to its end.
pub(crate) fn succeed(mut command: Command) -> Outcome<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: {reason}", command.get_program().display()).into())
}
