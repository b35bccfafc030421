//! Several mistakes as one text, so that all of them are told at once.

/// The text: the only one as it is, others in lines of their own.
pub(crate) fn all_of(problems: Vec<String>) -> String {
    match &problems[..] {
        [problem] => problem.clone(),
        problems => format!("{} problems:\n  - {}", problems.len(), problems.join("\n  - ")),
    }
}
