//! A browser, and a gateway whose pages it shows.
//!
//! A test finds what it uses as a screen reader does: by role and name, in the browser's accessibility tree. It clicks where that is
//! on the screen, and types with keys. Where no chromium or chromedriver is installed the tests are left out, which is said in one
//! line; with `TEST_BROWSER=required` in the environment they fail.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "it is part of tests"
)]

mod driver;
mod gateway;
mod page;
mod peer;

pub use driver::Browser;
pub use gateway::{Gateway, PASSWORD};
pub use page::{Control, Page};
pub use peer::Peer;

use std::time::Duration;

/// How long anything that must come may take.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at whether something has come.
const MOMENT: Duration = Duration::from_millis(50);
