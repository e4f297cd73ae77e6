//! Every seed, and every input that a fuzzer found once, through its target.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use tolmach_fuzz::{TARGETS, run, seeds};

#[test]
fn each_seed_holds() {
    let seeds = seeds::all();
    for (target, _) in TARGETS {
        assert!(
            seeds.iter().any(|(of, ..)| of == target),
            "{target} has no seeds"
        );
    }
    for (target, name, input) in seeds {
        // Shown where one fails.
        println!("{target}: {name}");
        run(target, &input);
    }
}

#[test]
fn what_was_found_once_stays_mended() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for folder in fs::read_dir(corpus).unwrap() {
        let folder = folder.unwrap();
        let target = folder.file_name().into_string().unwrap();
        for input in fs::read_dir(folder.path()).unwrap() {
            let path = input.unwrap().path();
            println!("{}", path.display());
            run(&target, &fs::read(&path).unwrap());
        }
    }
}

#[test]
fn each_target_has_its_program() {
    for (target, _) in TARGETS {
        let program = format!("{}/fuzz_targets/{target}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = fs::read_to_string(&program).unwrap();
        assert!(source.contains(&format!("\"{target}\"")), "{program}");
    }
    let programs =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets")).unwrap();
    assert_eq!(programs.count(), TARGETS.len());
}
