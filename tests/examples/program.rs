//! An example as a program: built, if it is not yet, and run.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running example; it ends with the test.
pub(crate) struct Program {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Program {
    pub(crate) fn start(example: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(built(example))
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    /// The next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the example is, of the same sources as this test. Cargo builds all examples with all tests, but none with one.
fn built(example: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let profile = this.parent().unwrap().parent().unwrap();
    let path = profile.join("examples").join(example);
    if !is_fresh(&path) {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--locked", "--example", example]);
        cargo.arg("--target-dir").arg(profile.parent().unwrap());
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
        assert!(built.unwrap().success(), "{example} was not built");
    }
    path
}

/// Whether it is there and no older than any of the files that it was made of, which cargo lists beside it.
fn is_fresh(path: &Path) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified());
    let (Ok(built), Ok(list)) = (changed(path), fs::read_to_string(path.with_extension("d")))
    else {
        return false;
    };
    let sources = list.split_once(": ").map_or("", |(_, sources)| sources);
    sources
        .split_whitespace()
        .all(|source| changed(Path::new(source)).is_ok_and(|changed| changed <= built))
}
