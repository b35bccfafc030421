//! The word that was probably meant by one that nobody knows.
//!
//! Both crates have this file, word by word, since neither can use one of the other.

/// The known word that was probably meant.
pub(crate) fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word = word.to_ascii_lowercase();
    known
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_ascii_lowercase()), candidate))
        .filter(|&(distance, candidate)| distance <= if candidate.chars().count() < 5 { 1 } else { 2 })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be inserted, removed, replaced or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![(0..=right.len()).collect::<Vec<_>>()];
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(a != b)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_suggested_by_distance() {
        let known = ["method", "params", "headers", "order", "app"];
        let table = [
            ("methods", Some("method")),
            ("mehtod", Some("method")),
            ("param", Some("params")),
            ("header", Some("headers")),
            ("apps", Some("app")),
            ("colour", None),
            ("xyz", None),
        ];
        for (word, meant) in table {
            assert_eq!(did_you_mean(word, known), meant, "{word}");
        }
    }
}
