//! What a hub and a gateway run on: a tokio runtime, and what it must have.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::runtime::Handle;

/// The runtime that this is called in, which has timers.
///
/// # Errors
/// What is missing, in words.
pub(crate) fn current() -> Result<Handle, &'static str> {
    let none = "there is no tokio runtime here; start it inside one, as under #[tokio::main]";
    let runtime = Handle::try_current().map_err(|_| none)?;
    // A runtime says by a panic alone what it lacks.
    match catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))) {
        Ok(()) => Ok(runtime),
        Err(_) => Err("this tokio runtime has no timers; build it with enable_all()"),
    }
}

/// Makes something that a runtime without I/O cannot have.
///
/// # Errors
/// What is missing, in words, or its own.
pub(crate) fn with_io<T>(make: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let missing = "this tokio runtime has no I/O; build it with enable_all()";
    catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|_| Err(io::Error::other(missing)))
}
