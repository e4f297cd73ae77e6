//! Runs one scenario: see the library.

use clap::Parser;
use tolmach_reliability::{Arguments, Outcome, run};

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(arguments))
}
