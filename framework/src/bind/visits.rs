//! Methods of a `Deserializer` that hand the visitor the same, whatever else they are told.

/// `method(types of what it is told beside) => what is done`.
macro_rules! visits {
    (|$this:ident, $visitor:ident| $( $method:ident $(($($told:ty),+))? => $visit:expr; )*) => { $(
        fn $method<V: serde::de::Visitor<'r>>(
            self,
            $($(_: $told,)+)?
            $visitor: V,
        ) -> std::result::Result<V::Value, crate::bind::failure::Failure> {
            #[allow(unused_variables, reason = "what is the same whatever this is")]
            let $this = self;
            $visit
        }
    )* };
}
pub(super) use visits;
