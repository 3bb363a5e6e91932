//! Every string literal of a source, and what it may become.

use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, ExprLit, ExprMethodCall, ImplItem, Item, Lit, Pat, Stmt};

use crate::macros;
use crate::normal::Pattern;
use crate::rules::{ASIDE_METHODS, HINTS, LOOKS_FOR, MAKERS, QUIET_METHODS, WELL};
use crate::sources::{Source, for_tests};

/// What a literal may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A message by what it is given to: an argument of what makes messages, `#[error]`,
    /// `tracing::warn!`.
    Message,
    /// A message unless its place is listed: nothing tells.
    Text,
    /// What is looked for in the words of Nix.
    OfNix,
    /// No message: a hint, a comparison, what only `debug!` says.
    Aside,
}

/// One literal.
#[derive(Debug, Clone)]
pub struct Literal {
    /// What it says.
    pub pattern: Pattern,
    /// What it may become.
    pub role: Role,
    /// The file, and the function or constant that it stands in: `cli/src/a.rs::name`.
    pub place: String,
    /// The file and line.
    pub at: String,
}

impl Literal {
    /// Whether it is given to what makes a message of it.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.role == Role::Message
    }
}

/// All literals of a source.
#[must_use]
pub fn literals(source: &Source) -> Vec<Literal> {
    let mut collector = Collector {
        file: &source.name,
        item: String::new(),
        role: Role::Text,
        format: false,
        found: Vec::new(),
    };
    collector.visit_file(&source.syntax);
    collector.found
}

pub(crate) struct Collector<'a> {
    file: &'a str,
    item: String,
    role: Role,
    format: bool,
    found: Vec<Literal>,
}

impl Collector<'_> {
    pub(crate) fn add(&mut self, text: &str, span: Span, format: bool) {
        self.push(Pattern::of(text, format), span);
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    fn push(&mut self, pattern: Pattern, span: Span) {
        self.found.push(Literal {
            pattern,
            role: self.role,
            place: format!("{}::{}", self.file, self.item),
            at: format!("{}:{}", self.file, span.start().line),
        });
    }

    /// Does something with literals in another role.
    pub(crate) fn as_role(&mut self, role: Role, visit: impl FnOnce(&mut Self)) {
        let before = (self.role, self.format);
        // Within a hint all is a hint, and so on; what makes a message makes it everywhere else.
        if self.role != Role::Aside {
            self.role = role;
        }
        self.format = false;
        visit(self);
        (self.role, self.format) = before;
    }

    /// Looks at arguments of something that formats them.
    pub(crate) fn formatted(&mut self, arguments: &[Expr]) {
        for argument in arguments {
            self.format = matches!(argument, Expr::Lit(_));
            self.visit_expr(argument);
        }
        self.format = false;
    }

    fn inside(&mut self, name: &syn::Ident, visit: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.item, name.to_string());
        let role = match is_hint(&self.item) {
            true => Role::Aside,
            false => self.role,
        };
        self.as_role(role, visit);
        self.item = before;
    }
}

/// Whether a name says so: `absolute_hint`, `NO_HINT`.
fn is_hint(name: &str) -> bool {
    let name = name.to_lowercase();
    name.split('_').any(|word| HINTS.contains(&word))
}

fn end_of(path: &syn::Path) -> String {
    let names: Vec<_> = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    names[names.len().saturating_sub(2)..].join("::")
}

fn strings(expr: &Expr) -> Vec<String> {
    match expr {
        Expr::Reference(reference) => strings(&reference.expr),
        Expr::Array(array) => array.elems.iter().flat_map(strings).collect(),
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => vec![text.value()],
        _ => Vec::new(),
    }
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            Item::Static(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if for_tests(attributes) {
            return;
        }
        match item {
            Item::Fn(function) => {
                self.inside(&function.sig.ident, |this| visit::visit_item(this, item))
            }
            Item::Const(constant) => {
                self.inside(&constant.ident, |this| visit::visit_item(this, item))
            }
            Item::Static(constant) => {
                self.inside(&constant.ident, |this| visit::visit_item(this, item))
            }
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        match item {
            ImplItem::Fn(function) if for_tests(&function.attrs) => {}
            ImplItem::Fn(function) => self.inside(&function.sig.ident, |this| {
                visit::visit_impl_item(this, item)
            }),
            ImplItem::Const(constant) => {
                self.inside(&constant.ident, |this| visit::visit_impl_item(this, item))
            }
            _ => visit::visit_impl_item(self, item),
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let (true, syn::Meta::List(list)) = (attribute.path().is_ident("error"), &attribute.meta)
        {
            self.as_role(Role::Message, |this| {
                macros::walk(this, list.tokens.clone())
            });
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        let is_one = |local: &syn::Local| match &local.pat {
            Pat::Ident(name) => is_hint(&name.ident.to_string()),
            _ => false,
        };
        match statement {
            Stmt::Local(local) if is_one(local) => {
                self.as_role(Role::Aside, |this| visit::visit_stmt(this, statement))
            }
            _ => visit::visit_stmt(self, statement),
        }
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        let is_one =
            matches!(&field.member, syn::Member::Named(name) if is_hint(&name.to_string()));
        let role = if is_one { Role::Aside } else { self.role };
        self.as_role(role, |this| visit::visit_field_value(this, field));
    }

    fn visit_pat(&mut self, pattern: &'ast Pat) {
        self.as_role(Role::Aside, |this| visit::visit_pat(this, pattern));
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        let end = match &*call.func {
            Expr::Path(path) => end_of(&path.path),
            _ => String::new(),
        };
        if let (LOOKS_FOR, Some(needles)) = (end.as_str(), call.args.get(1)) {
            return self.as_role(Role::OfNix, |this| {
                let pattern = Pattern::of_parts(&strings(needles));
                this.push(pattern, syn::spanned::Spanned::span(needles));
            });
        }
        let name = end.rsplit("::").next().unwrap_or_default();
        let role = match () {
            () if MAKERS.contains(&end.as_str()) => Role::Message,
            () if is_hint(name) || WELL.contains(&end.as_str()) => Role::Aside,
            () => self.role,
        };
        self.as_role(role, |this| visit::visit_expr_call(this, call));
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let name = call.method.to_string();
        let of = |list: &[&str], role| match list.contains(&name.as_str()) {
            true => Role::Aside,
            false => role,
        };
        let (receiver, arguments) = (of(QUIET_METHODS, self.role), of(ASIDE_METHODS, self.role));
        self.as_role(receiver, |this| this.visit_expr(&call.receiver));
        self.as_role(arguments, |this| {
            call.args
                .iter()
                .for_each(|argument| this.visit_expr(argument));
        });
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        let compares = matches!(binary.op, syn::BinOp::Eq(_) | syn::BinOp::Ne(_));
        let role = if compares { Role::Aside } else { self.role };
        self.as_role(role, |this| visit::visit_expr_binary(this, binary));
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        let role = self.role;
        self.as_role(role, |this| this.visit_expr(&closure.body));
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        macros::visit(self, mac);
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.add(&literal.value(), literal.span(), self.format);
    }
}
