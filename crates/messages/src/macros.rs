//! What is given to macros: expressions as a rule, else tokens.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, Token};

use crate::collect::{Collector, Role};

/// What they say nobody sees, or it is a bug of the program.
const ASIDE: &[&str] = &[
    "debug",
    "trace",
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "unreachable",
    "matches",
    "include_str",
    "env",
];

pub(crate) fn visit(collector: &mut Collector<'_>, mac: &syn::Macro) {
    let name = mac
        .path
        .segments
        .last()
        .map(|segment| segment.ident.to_string())
        .unwrap_or_default();
    let role = match name.as_str() {
        "error" | "warn" | "info" => Role::Message,
        name if ASIDE.contains(&name) => Role::Aside,
        _ => collector.role(),
    };
    collector.as_role(role, |collector| {
        let arguments = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(mac.tokens.clone());
        match arguments {
            Ok(arguments) => {
                let arguments: Vec<Expr> = arguments.into_iter().collect();
                collector.formatted(&arguments);
            }
            Err(_) => walk(collector, mac.tokens.clone()),
        }
    });
}

/// All literals among tokens, but for documentation.
pub(crate) fn walk(collector: &mut Collector<'_>, tokens: TokenStream) {
    for token in tokens {
        match token {
            TokenTree::Group(group) if is_doc(&group.stream()) => {}
            TokenTree::Group(group) => walk(collector, group.stream()),
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    collector.add(&text.value(), literal.span(), true);
                }
            }
            _ => {}
        }
    }
}

/// What a comment becomes: `#[doc = "…"]`.
fn is_doc(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter();
    let is_doc = matches!(tokens.next(), Some(TokenTree::Ident(name)) if name == "doc");
    is_doc && matches!(tokens.next(), Some(TokenTree::Punct(equals)) if equals.as_char() == '=')
}
