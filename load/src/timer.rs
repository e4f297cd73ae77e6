//! Wakes a poll at even steps, finer than its timeout's milliseconds where the system can.

use std::io;
use std::time::Duration;

use mio::{Registry, Token};

/// No finer than this: who sends more at once than one message sends those together.
const FINEST: Duration = Duration::from_micros(50);

/// Wakes a poll again and again.
pub(crate) struct Timer {
    #[cfg(target_os = "linux")]
    timer: nix::sys::timerfd::TimerFd,
}

#[cfg(target_os = "linux")]
impl Timer {
    /// A timer that stands still; its events have this token.
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};
        use std::os::fd::{AsFd, AsRawFd};
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        let descriptor = timer.as_fd().as_raw_fd();
        registry.register(
            &mut mio::unix::SourceFd(&descriptor),
            token,
            mio::Interest::READABLE,
        )?;
        Ok(Self { timer })
    }

    /// Wakes at these steps from now on; never if `None`.
    pub(crate) fn set(&self, step: Option<Duration>) -> io::Result<()> {
        use nix::sys::timerfd::{Expiration, TimerSetTimeFlags};
        match step {
            None => self.timer.unset()?,
            Some(step) => {
                let step = Expiration::Interval(step.max(FINEST).into());
                self.timer.set(step, TimerSetTimeFlags::empty())?;
            }
        }
        Ok(())
    }

    /// Takes note that the timer has woken its poll, so that it wakes it again.
    pub(crate) fn woke(&self) {
        // That it was set anew meanwhile is no error.
        let _ = self.timer.wait();
    }

    /// How long the poll may wait at most while it is set.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_millis(10)
    }
}

#[cfg(not(target_os = "linux"))]
impl Timer {
    pub(crate) fn new(_: &Registry, _: Token) -> io::Result<Self> {
        Ok(Self {})
    }

    pub(crate) fn set(&self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn woke(&self) {}

    pub(crate) fn patience(&self) -> Duration {
        FINEST.max(Duration::from_millis(1))
    }
}
