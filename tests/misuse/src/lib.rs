//! Nothing: fixtures are built with the features of a package only if it has a library.
