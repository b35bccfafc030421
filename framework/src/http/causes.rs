//! An error as the log says it: with what caused it.

use std::fmt;

use super::Error;

impl Error {
    /// Status, message and explanation, and the chain of errors behind them.
    pub(crate) fn with_causes(&self) -> WithCauses<'_> {
        WithCauses(self)
    }

    /// Its words, and what is behind them: for whoever runs the program.
    pub(crate) fn words_with_causes(&self) -> String {
        let mut text = self.words().to_owned();
        for cause in self.sources().map(|cause| cause.to_string()) {
            // Many an error says what caused it in its own text.
            if !text.contains(&cause) {
                text = format!("{text}: {cause}");
            }
        }
        text
    }
}

/// See [`Error::with_causes`].
pub(crate) struct WithCauses<'e>(&'e Error);

impl fmt::Display for WithCauses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0;
        write!(f, "code {}, message {}", error.status().as_u16(), error.message_text())?;
        if !error.explain_text().is_empty() {
            write!(f, ": {}", error.explain_text())?;
        }
        let mut said = error.explain_text().to_owned();
        for cause in error.sources() {
            let text = cause.to_string();
            // Many an error says what caused it in its own text.
            if !said.contains(&text) {
                write!(f, "; caused by: {text}")?;
            }
            said = text;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as StdError;

    use super::*;
    use crate::http::{OrStatus, Result};

    #[derive(Debug)]
    struct Caused(&'static str, Option<Box<Caused>>);

    impl fmt::Display for Caused {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl StdError for Caused {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            match self.0 {
                "endless" => Some(self),
                _ => self.1.as_deref().map(|cause| cause as _),
            }
        }
    }

    fn caused(texts: &[&'static str]) -> Caused {
        let (first, rest) = texts.split_first().expect("a text");
        Caused(first, (!rest.is_empty()).then(|| Box::new(caused(rest))))
    }

    #[test]
    fn every_cause_is_said_once() {
        let question = |texts: &[&'static str]| Error::from(caused(texts));
        let explained = |texts: &[&'static str]| {
            let result: Result<()> = Err(caused(texts)).or_404("no such order");
            result.expect_err("a failure")
        };
        let table = [
            (Error::internal("it broke"), "code 500, message Internal Server Error: it broke"),
            (question(&["it broke"]), "code 500, message Internal Server Error: it broke"),
            (
                question(&["no orders", "no database", "refused"]),
                "code 500, message Internal Server Error: no orders; caused by: no database; caused by: refused",
            ),
            (
                question(&["no orders: no database", "no database", "refused"]),
                "code 500, message Internal Server Error: no orders: no database; caused by: refused",
            ),
            (
                explained(&["no rows", "of two tables"]),
                "code 404, message Not Found: no such order; caused by: no rows; caused by: of two tables",
            ),
            (Error::new(404, "Nowhere"), "code 404, message Nowhere"),
            (Error::new(503, "Later").explain("busy"), "code 503, message Later: busy"),
            (question(&["endless"]), "code 500, message Internal Server Error: endless"),
        ];
        for (error, expected) in table {
            assert_eq!(error.with_causes().to_string(), expected);
        }
    }
}
