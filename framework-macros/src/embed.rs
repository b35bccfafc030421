//! `embed!("dir")`: the files of a directory, put into the binary.
//!
//! Each is an `include_bytes!`, so that the compiler sees when one changes. A file that is new is seen when the crate is
//! compiled again: there is no stable way to watch a directory.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::LitStr;

use crate::attr::Framework;
use crate::errors::Errors;

/// Expands to a `vernal::Embedded`.
pub(crate) fn files(input: TokenStream) -> TokenStream {
    let (framework, input) = Framework::passed(input);
    let directory: LitStr = match syn::parse2(input) {
        Ok(directory) => directory,
        Err(error) => {
            let text =
                "name a directory, as seen from the folder of Cargo.toml: `vernal::embed!(\"static\")`";
            return syn::Error::new(error.span(), text).to_compile_error();
        }
    };
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    expand(&root.join(directory.value()), &framework).unwrap_or_else(|problem| {
        let mut errors = Errors::new();
        errors.under(&directory, problem);
        errors.finish()
    })
}

fn expand(root: &Path, framework: &Framework) -> Result<TokenStream, String> {
    let mut found = Vec::new();
    collect(root, "", &mut found)?;
    if found.is_empty() {
        return Err(format!("there are no files in {}", root.display()));
    }
    found.sort();
    let mut files = TokenStream::new();
    for (path, full) in found {
        let bytes = fs::read(&full).map_err(|error| format!("{} cannot be read: {error}", full.display()))?;
        let hash = hash(&bytes);
        let full = full.to_str().ok_or_else(|| format!("{} is not UTF-8", full.display()))?;
        let (path, full) = (LitStr::new(&path, Span::call_site()), LitStr::new(full, Span::call_site()));
        files.extend(quote! {
            #framework::__private::EmbeddedFile { path: #path, bytes: ::core::include_bytes!(#full), hash: #hash },
        });
    }
    Ok(quote! {{
        const FILES: &[#framework::__private::EmbeddedFile] = &[#files];
        #framework::Embedded::new(FILES)
    }})
}

/// Files below a directory with their paths from the root. What is hidden stays out, and links to directories are not
/// followed, since they may lead in a circle.
fn collect(directory: &Path, prefix: &str, found: &mut Vec<(String, PathBuf)>) -> Result<(), String> {
    let failed =
        |error: std::io::Error| format!("the directory {} cannot be read: {error}", directory.display());
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let full = entry.path();
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| format!("the name of {} is not UTF-8", full.display()))?;
        if name.starts_with('.') && name != ".well-known" {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.file_type().map_err(failed)?.is_dir() {
            collect(&full, &format!("{path}/"), found)?;
        } else if full.is_file() {
            found.push((path, full));
        }
    }
    Ok(())
}

/// FNV-1a: names a content, and is the same on every machine.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_and_hashed() {
        let root = std::env::temp_dir().join(format!("vernal-embed-{}", std::process::id()));
        fs::create_dir_all(root.join("b/.git")).expect("a place for files");
        for (path, text) in [("c.txt", "c"), ("b/a.txt", "a"), (".hidden", "x"), ("b/.git/config", "x")] {
            fs::write(root.join(path), text).expect("a place for files");
        }
        let expanded =
            expand(&root, &Framework::passed(TokenStream::new()).0).expect("it is there").to_string();
        fs::remove_dir_all(&root).expect("ours");
        let (a, c) =
            (expanded.find("\"b/a.txt\"").expect("below"), expanded.find("\"c.txt\"").expect("there"));
        assert!(a < c && !expanded.contains("hidden") && !expanded.contains("config"), "{expanded}");
        assert!(expanded.contains("12638187200555641996u64"), "the hash of `a`: {expanded}");
    }

    #[test]
    fn mistakes_are_told() {
        let table = [
            (quote!(), "name a directory"),
            (quote!(a), "name a directory"),
            (quote!("no/such"), "cannot be read"),
        ];
        for (source, part) in table {
            let error = files(source).to_string();
            assert!(error.contains("compile_error") && error.contains(part), "{error}");
        }
    }
}
