//! What goes to a registry: all that its users need, and nothing that only tests need.

use std::collections::BTreeSet;
use std::env;
use std::process::Command;

#[test]
fn packages_hold_what_users_need_and_no_more() {
    let table: [(&str, &[&str]); 2] = [
        ("vernal", &["Cargo.lock", "Cargo.toml", "Cargo.toml.orig", "LICENSE", "README.md"]),
        ("vernal-macros", &["Cargo.lock", "Cargo.toml", "Cargo.toml.orig", "LICENSE"]),
    ];
    for (package, beside_sources) in table {
        let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["package", "--list", "--allow-dirty", "--offline", "-p", package])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{package}: {}", String::from_utf8_lossy(&output.stderr));
        let listed = String::from_utf8(output.stdout).expect("names of ours");
        let (sources, others): (BTreeSet<&str>, BTreeSet<&str>) = listed
            .lines()
            .filter(|file| *file != ".cargo_vcs_info.json")
            .partition(|file| file.starts_with("src/"));
        assert_eq!(others, BTreeSet::from_iter(beside_sources.iter().copied()), "{package}");
        assert!(
            sources.contains("src/lib.rs") && sources.iter().all(|file| file.ends_with(".rs")),
            "{package}"
        );
    }
}
