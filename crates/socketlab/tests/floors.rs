//! The floors in ARCHITECTURE.md are those of the code.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test, as it should")]

use std::collections::BTreeMap;
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The floor of each crate, by the table.
fn floors() -> BTreeMap<String, u8> {
    let page = std::fs::read_to_string(format!("{ROOT}/ARCHITECTURE.md")).unwrap();
    let rows = page.lines().filter_map(|line| {
        let mut columns = line.split('|').map(str::trim).skip(1);
        let name = columns.next()?.strip_prefix('`')?.strip_suffix('`')?;
        Some((name.to_owned(), columns.next()?.parse().ok()?))
    });
    rows.collect()
}

#[test]
fn a_crate_imports_only_from_lower_floors() {
    let floors = floors();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
        .arg(format!("{ROOT}/Cargo.toml"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut seen = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        if !package["manifest_path"].as_str().unwrap().contains("/crates/") {
            assert!(!floors.contains_key(name), "{name} stands outside the floors");
            continue;
        }
        let floor = floors.get(name).unwrap_or_else(|| panic!("ARCHITECTURE.md has no floor for {name}"));
        seen.push(name.to_owned());
        let ours = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["path"].is_string() && dependency["kind"].is_null());
        for dependency in ours {
            let below = &floors[dependency["name"].as_str().unwrap()];
            assert!(below < floor, "{name} on floor {floor} imports {dependency}");
        }
    }
    seen.sort();
    assert_eq!(seen, floors.into_keys().collect::<Vec<_>>(), "the table and the crates are the same");
}
