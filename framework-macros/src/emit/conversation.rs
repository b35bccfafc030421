//! What WebSocket sessions are said to receive and send, beside what arguments say.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Type;
use syn::spanned::Spanned;

use super::tokens::check;
#[cfg(feature = "openapi")]
use super::tokens::private;
use crate::attr::Conversation;

/// Types that are listed must be messages, whether anybody describes them or not. `outside` makes them what they are there.
pub(super) fn checks(
    conversation: &Conversation,
    outside: impl Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    let ask = |ty: &Type, received: bool| {
        let written = outside(ty.to_token_stream());
        let call =
            if received { quote!(check_received::<#written>()) } else { quote!(check_sent::<#written>()) };
        check(ty.span(), call)
    };
    let received = conversation.receives.iter().map(|ty| ask(ty, true));
    received.chain(conversation.sends.iter().map(|ty| ask(ty, false))).collect()
}

/// `receives: &[…], sends: &[…]`
#[cfg(feature = "openapi")]
pub(super) fn described(
    conversation: &Conversation,
    outside: impl Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    let listed = |types: &[Type], of: TokenStream| -> Vec<TokenStream> {
        types.iter().map(|ty| message(&outside(ty.to_token_stream()), "", &of, &quote!(|_| {}))).collect()
    };
    let receives = listed(&conversation.receives, quote!(received));
    let sends = listed(&conversation.sends, quote!(sent));
    quote!(receives: &[#(#receives),*], sends: &[#(#sends),*])
}

/// `DescribedMessage { … }` of a type, as the method `of` of a `Told` tells of it; `constrain` tells what is demanded of it.
#[cfg(feature = "openapi")]
pub(super) fn message(
    ty: &TokenStream,
    docs: &str,
    of: &TokenStream,
    constrain: &TokenStream,
) -> TokenStream {
    let p = private();
    quote! {
        #p::DescribedMessage {
            docs: #docs,
            constrain: #constrain,
            describe: |__messages| {
                #[allow(unused_imports)]
                use #p::telling::*;
                (&&#p::Told::<#ty>::new()).#of(__messages)
            },
            schemas: |__found| #p::probe_argument!(#ty, __found),
        }
    }
}
