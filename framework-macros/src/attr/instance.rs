//! How the object behind an impl block is made: `new = EXPR`, `per_request`.

use proc_macro2::Span;
use syn::{Expr, LitStr};

use super::{Options, Written};
use crate::errors::Errors;

/// How the object whose methods are mapped comes to be.
#[derive(Default)]
pub(crate) struct Instance {
    pub(crate) new: New,
    /// A new object for each request, or each session.
    pub(crate) per_request: Option<Span>,
    pub(crate) app: Option<LitStr>,
}

/// What makes the object.
#[derive(Default)]
pub(crate) enum New {
    /// `Default::default`
    #[default]
    Default,
    /// A function or closure whose arguments come from state.
    Function(Expr),
    /// A value.
    Value(Expr),
}

impl New {
    fn of(expression: Option<Expr>) -> New {
        match expression {
            None => New::Default,
            Some(function @ (Expr::Path(_) | Expr::Closure(_))) => New::Function(function),
            Some(value) => New::Value(value),
        }
    }
}

impl Instance {
    /// Reads `#[controller(…)]`; the text, if there is one, is the prefix of its paths.
    pub(crate) fn read(written: Written, errors: &mut Errors) -> (Instance, Option<LitStr>) {
        let mut options = Options::parse(written.tokens, errors);
        let mut texts = std::mem::take(&mut options.texts).into_iter();
        let prefix = texts.next();
        for more in texts {
            errors.under(
                more,
                "`controller` takes one prefix: for several write `#[request_map(\"/a\", \"/b\")]` below it",
            );
        }
        let mut instance = Instance::take(&mut options, errors);
        instance.app = options.take_text("app", errors);
        options.finish("controller", errors);
        (instance, prefix)
    }

    /// Takes `new` and `per_session` out of the options of an attribute; also where one of them stands.
    pub(crate) fn take_of_session(options: &mut Options, errors: &mut Errors) -> (Instance, Option<Span>) {
        let new = options.take_expression("new", "Chat::open(\"db\")", errors);
        let place = new.as_ref().map(syn::spanned::Spanned::span);
        let per_request = options.take_word("per_session", errors);
        (Instance { new: New::of(new), per_request, app: None }, per_request.or(place))
    }

    /// Takes `new` and `per_request` out of the options of an attribute.
    pub(crate) fn take(options: &mut Options, errors: &mut Errors) -> Instance {
        let new = New::of(options.take_expression("new", "Shop::open(\"db\")", errors));
        Instance { new, per_request: options.take_word("per_request", errors), app: None }
    }
}
