//! Sealed cookies as arguments. A server without their key does not start.

use super::{Arg, FromRequest, Profile, StateNeed};
use crate::http::{CookieKey, PrivateCookies, Request, Result, SignedCookies};

impl<'r> FromRequest<'r> for SignedCookies<'r> {
    const PROFILE: Profile = Profile { state: Some(StateNeed::of::<CookieKey>()), ..Profile::PART };

    fn from_request(req: &'r Request, _: &Arg) -> Result<SignedCookies<'r>> {
        SignedCookies::of(req)
    }
}

impl<'r> FromRequest<'r> for PrivateCookies<'r> {
    const PROFILE: Profile = Profile { state: Some(StateNeed::of::<CookieKey>()), ..Profile::PART };

    fn from_request(req: &'r Request, _: &Arg) -> Result<PrivateCookies<'r>> {
        PrivateCookies::of(req)
    }
}
