//! What a binding is told of the argument it fills.

/// An argument of a handler: the name it is bound by and what `#[arg(…)]` says of it.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// The argument's name, or the one given as `#[arg(name = "…")]`.
    pub name: &'static str,
    /// Whether the name was given; else a header's underscores also mean hyphens.
    pub renamed: bool,
    /// The group of the regular expression, `#[arg(group = n)]`: 0 is the whole match, 1 (the default) the first parenthesis.
    pub group: usize,
}

impl Arg {
    /// An argument bound by its own name.
    pub const fn named(name: &'static str) -> Arg {
        Arg { name, renamed: false, group: 1 }
    }

    /// Says that the name was given by `#[arg(name = "…")]`.
    #[must_use]
    pub const fn renamed(mut self) -> Arg {
        self.renamed = true;
        self
    }

    /// Chooses the group.
    #[must_use]
    pub const fn group(mut self, group: usize) -> Arg {
        self.group = group;
        self
    }
}
