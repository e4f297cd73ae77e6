//! Writes the seeds into a folder, one for each target: `seeds FOLDER`. An example, as libFuzzer is not to be linked to it.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("seeds FOLDER"));
    for (target, name, input) in tolmach_fuzz::seeds::all() {
        let folder = folder.join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), &input).unwrap();
    }
}
