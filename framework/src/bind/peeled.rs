//! Which arguments are a type of the user's with something around it, for those who ask for its schema.

use super::{Cookie, Form, Header, Json, Model, Param, PathValue, RegGroup};
use crate::contract::peels;

peels!(Json<T>, Form<T>, Model<T>, Param<T>, Header<T>, Cookie<T>, PathValue<T>, RegGroup<T>);
