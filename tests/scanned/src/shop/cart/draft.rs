//! Not what the pattern is for: it need not even compile.

fn draft( {
