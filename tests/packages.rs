//! What goes to a registry: all that its users need, and nothing that only tests need. And the template, which is copied by hand
//! or by `cargo generate`.

use std::collections::BTreeSet;
use std::process::Command;
use std::{env, fs};

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
        // Long documentation of attributes stands in files of its own.
        let is_doc = |file: &str| file.starts_with("src/docs/") && file.ends_with(".md");
        let is_wanted =
            |file: &&str| file.ends_with(".rs") || is_doc(file) || *file == "src/resources/favicon.png";
        assert!(sources.contains("src/lib.rs") && sources.iter().all(is_wanted), "{package}: {sources:?}");
    }
}

/// Liquid would read braces that stand twice, and only the manifest's are meant for it.
#[test]
fn the_template_is_one_for_copies_and_for_cargo_generate() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/service");
    let read = |file: &str| fs::read_to_string(format!("{root}/{file}")).expect("a file of the template");
    let generated =
        read("Cargo.toml.liquid").replace("{{project-name}}", "my-service").replace("{{vernal}}", "../..");
    assert_eq!(read("Cargo.toml"), generated);
    assert!(read("cargo-generate.toml").contains("include = [\"Cargo.toml\"]"));
    // Whoever copies it, or has it generated, finds the name of another service nowhere.
    for file in [
        "Dockerfile",
        "README.md",
        "src/main.rs",
        "src/settings.rs",
        "src/tasks.rs",
        "src/tests.rs",
        "vernal.toml",
    ] {
        assert!(!read(file).contains("my-service") && !read(file).contains("{{"), "{file}");
    }
    for unit in ["deploy/my-service.service", "deploy/my-service.socket"] {
        assert!(!read(unit).contains("my-service"), "{unit} is known by the name of its file");
        assert!(read("hooks/units.rhai").contains(unit));
    }
}
