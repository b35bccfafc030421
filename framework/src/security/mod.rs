//! Filters that keep out what does not belong, each turned on by one line.
//!
//! None is on by itself. Filters that are given run before those that are functions, in the order they are given in, so
//! write [`Cors`] first: a preflight carries no credentials, and refusals by later filters need its fields too.
//!
//! ```
//! use std::time::Duration;
//! use vernal::security::{BasicAuth, Cors, Csrf, RateLimit, SecurityHeaders, constant_time_eq};
//! use vernal::server;
//!
//! let server = server::new()
//!     .filter("/api/**", Cors::new().origins(["https://app.example.com"]))
//!     .filter("/**", SecurityHeaders::new())
//!     .filter("/**", RateLimit::new(100, Duration::from_secs(60)))
//!     .filter("/**", Csrf::new())
//!     .filter("/admin/**", BasicAuth::new("admin", |user, password| async move {
//!         user == "root" && constant_time_eq(password, "secret")
//!     }));
//! # let _ = server;
//! ```
//!
//! Requests that break the protocol or a limit of it, a body that is too large for instance, are refused before any
//! filter runs.

mod auth;
mod basic;
mod bearer;
mod cors;
mod csrf;
mod csrf_token;
mod fields;
mod headers;
mod identity;
mod meter;
mod origin;
mod rate_limit;
#[cfg(feature = "redis")]
mod redis_rates;
mod user_name;

use std::hint::black_box;

pub use auth::{Basic, Bearer, Verdict};
pub use basic::BasicAuth;
pub use bearer::BearerAuth;
pub use cors::Cors;
pub use csrf::Csrf;
pub use csrf_token::CsrfToken;
pub use headers::{CspNonce, SecurityHeaders};
pub use identity::Identity;
pub use rate_limit::RateLimit;
#[cfg(feature = "redis")]
pub use redis_rates::{Away, RedisRates};
pub use user_name::UserName;

/// Compares two secrets in a time that tells their lengths at most, not where they differ.
///
/// ```
/// use vernal::security::constant_time_eq;
///
/// assert!(constant_time_eq("secret", "secret"));
/// assert!(!constant_time_eq("secret", b"secreT"));
/// ```
pub fn constant_time_eq(one: impl AsRef<[u8]>, other: impl AsRef<[u8]>) -> bool {
    let (one, other) = (one.as_ref(), other.as_ref());
    let difference = one.iter().zip(other).fold(0, |found, (one, other)| black_box(found | (one ^ other)));
    one.len() == other.len() && black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_equal_when_all_their_bytes_are() {
        let table = [
            ("", "", true),
            ("a", "", false),
            ("ab", "ab", true),
            ("ab", "Ab", false),
            ("ab", "aB", false),
            ("ab", "abc", false),
        ];
        for (one, other, expected) in table {
            assert_eq!(constant_time_eq(one, other), expected, "{one} {other}");
            assert_eq!(constant_time_eq(other, one), expected, "{other} {one}");
        }
    }
}
