//! Replays every seed of the corpus, and every input that was ever found to break something.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use seglog_fuzz::TARGETS;
use std::path::{Path, PathBuf};

fn inputs(folder: &str, target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/fuzz").join(folder).join(target);
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn found_inputs() {
    for (name, run) in TARGETS {
        let seeds = inputs("seeds", name);
        assert!(!seeds.is_empty(), "{name} has no seeds: node scripts/fuzz-seeds.mjs makes them");
        for path in seeds.into_iter().chain(inputs("found", name)) {
            let data = std::fs::read(&path).unwrap();
            if std::panic::catch_unwind(|| run(&data)).is_err() {
                panic!("{name} fails on {}", path.display());
            }
        }
    }
}
