//! Which parts of a store URI are secret.

use std::borrow::Cow;

/// What stands for a secret.
const HIDDEN: &str = "***";

/// Shorter secrets, in characters, are not looked for on their own: they would be found in
/// the middle of words.
const SHORTEST: usize = 4;

/// Schemes whose URIs are known as such with one slash, as a path has them that was made of one.
/// Any other word may be a directory with a colon at its end.
const COLLAPSED: &[&str] = &[
    "ftp", "ftps", "http", "https", "s3", "sftp", "ssh", "ssh-ng",
];

/// How many URIs within one another are told apart.
const DEEPEST: usize = 3;

/// Parameters that Nix itself defines and whose values are no secrets. Key parameters name
/// files or public keys.
const HARMLESS: &[&str] = &[
    "base64-ssh-public-host-key",
    "buffer-size",
    "compress",
    "compression",
    "compression-level",
    "endpoint",
    "index-debug-info",
    "local-nar-cache",
    "log",
    "log-compression",
    "ls-compression",
    "max-connections",
    "multipart-upload",
    "narinfo-compression",
    "parallel-compression",
    "path-info-cache-size",
    "priority",
    "profile",
    "read-only",
    "real",
    "region",
    "remote-program",
    "remote-store",
    "root",
    "scheme",
    "secret-key",
    "secret-keys",
    "ssh-key",
    "state",
    "store",
    "system-features",
    "trusted",
    "want-mass-query",
    "write-nar-listing",
];

/// A URI cut into the parts that are shown or hidden on their own.
struct Parts<'u> {
    /// Up to and with `://`, or nothing.
    scheme: &'u str,
    /// What stands before the last `@`.
    user_info: Option<&'u str>,
    /// Host and path, or a path, or a bare word.
    place: &'u str,
    fragment: Option<&'u str>,
    query: Option<&'u str>,
}

impl<'u> Parts<'u> {
    fn of(uri: &'u str) -> Self {
        let (scheme, rest) = uri.find("://").map_or(("", uri), |at| uri.split_at(at + 3));
        let (rest, query) = cut(rest, '?');
        if is_path(scheme, rest) {
            return Self {
                scheme,
                user_info: None,
                place: rest,
                fragment: None,
                query,
            };
        }
        let (rest, fragment) = cut(rest, '#');
        // The last `@`, wherever it is: a password may hold a slash that nobody escaped.
        let (user_info, place) = match rest.rfind('@') {
            Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
            None => (None, rest),
        };
        Self {
            scheme,
            user_info,
            place,
            fragment,
            query,
        }
    }

    fn parameters(&self) -> impl Iterator<Item = (&'u str, Option<&'u str>)> {
        self.query
            .into_iter()
            .flat_map(|query| query.split('&'))
            .map(|one| cut(one, '='))
    }

    /// An account of ssh is no secret, unless what stands there may be more than its name.
    fn shown_user(&self, user_info: &'u str) -> &'u str {
        let is_account = ["ssh://", "ssh-ng://"].contains(&self.scheme)
            && !self.hides_host()
            && is_name(user_info)
            && !user_info.contains('%');
        if is_account { user_info } else { HIDDEN }
    }

    /// Whether what seems to be the host may be the head of user information whose password
    /// holds a `?` or `#`.
    fn hides_host(&self) -> bool {
        let host = self.place.split('/').next().unwrap_or_default();
        let port = host.rsplit_once(':').map_or("", |(_, port)| port);
        let tail = [self.query, self.fragment];
        tail.into_iter().flatten().any(|part| part.contains('@'))
            && !host.starts_with('[')
            && !self.scheme.is_empty()
            && port.bytes().any(|byte| !byte.is_ascii_digit())
    }
}

/// The URI as it may be shown.
pub(crate) fn shown(uri: &str) -> String {
    let parts = Parts::of(uri);
    let mut text = parts.scheme.to_owned();
    if let Some(user_info) = parts.user_info {
        text.push_str(parts.shown_user(user_info));
        text.push('@');
    }
    text.push_str(if parts.hides_host() {
        HIDDEN
    } else {
        parts.place
    });
    if parts.fragment.is_some() {
        text.push_str("#***");
    }
    for (number, (key, value)) in parts.parameters().enumerate() {
        text.push(if number == 0 { '?' } else { '&' });
        text.push_str(&shown_parameter(key, value));
    }
    text
}

/// A text about anything, with what is secret in whatever looks like a URI in it hidden: user
/// information, and parameters that are not known as harmless.
///
/// It is for a URI that stands where none was expected (where one was, [`StoreUri`] knows more of
/// it). What ends it is a blank. An `@` in a path, as names of store objects have it, makes
/// nothing before it user information.
///
/// ```
/// use nix_post_build_push_config::redact_uris;
///
/// assert_eq!(
///     redact_uris("no file /x/https:/me:pa55word@host/y?token=abc: not found"),
///     "no file /x/https:/***@host/y?token=***: not found"
/// );
/// let harmless = "ssh://root@host and /nix/store/…-foo@1.service and https://h/foo@1";
/// assert_eq!(redact_uris(harmless), harmless);
/// ```
///
/// [`StoreUri`]: crate::StoreUri
pub fn redact_uris(text: &str) -> Cow<'_, str> {
    if !text.contains(":/") {
        return Cow::Borrowed(text);
    }
    let words = text.split_inclusive(char::is_whitespace);
    Cow::Owned(words.map(shown_word).collect())
}

fn shown_word(word: &str) -> String {
    let mut text = String::new();
    let mut rest = word;
    let mut first = None;
    while let Some((scheme, at)) = next_uri(rest) {
        text.push_str(&rest[..at]);
        first.get_or_insert(text.len());
        rest = &rest[at..];
        if let Some(end) = user_info(scheme, rest) {
            text.push_str(HIDDEN);
            rest = &rest[end..];
        }
    }
    text.push_str(rest);
    let query = first.and_then(|first| Some(first + text[first..].find('?')?));
    if let Some(query) = query {
        let shown = shown_query(&text[query + 1..]);
        text.replace_range(query + 1.., &shown);
    }
    text
}

/// The scheme of the next URI, and where what follows its slashes begins.
fn next_uri(text: &str) -> Option<(&str, usize)> {
    text.match_indices(":/").find_map(|(colon, _)| {
        let is_inside = |c: char| c.is_ascii_alphanumeric() || "+.-".contains(c);
        let begin = text[..colon].trim_end_matches(is_inside).len();
        let scheme = text[begin..colon].trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        let behind = &text[colon + 1..];
        let slashes = behind.len() - behind.trim_start_matches('/').len();
        let slashes = match COLLAPSED.contains(&scheme.to_ascii_lowercase().as_str()) {
            // Nix makes three of one.
            true => slashes,
            false if slashes < 2 || scheme.is_empty() => return None,
            false => 2,
        };
        Some((scheme, colon + 1 + slashes))
    })
}

/// Where the user information ends with which a URI goes on, if it is secret.
fn user_info(scheme: &str, rest: &str) -> Option<usize> {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // Unless it is a port, what follows a colon is the head of a password in which a slash stands
    // that nobody escaped; and even a port may be one.
    let is_cut = authority.contains(':') && !authority.starts_with('[');
    let end = authority
        .rfind('@')
        .or_else(|| is_cut.then(|| rest.rfind('@')).flatten())?;
    let text = &rest[..end];
    let is_account = ["ssh", "ssh-ng"].contains(&scheme) && is_name(text) && !text.contains('%');
    (scheme != "file" && !is_account).then_some(end)
}

/// What a sentence has behind a URI is no part of it.
fn shown_query(query: &str) -> String {
    let bare = query.trim_end_matches(|c: char| c.is_whitespace() || "'\"`),.:;".contains(c));
    let parameters = bare.split('&').map(|one| cut(one, '='));
    let shown: Vec<_> = parameters
        .map(|(key, value)| shown_parameter(key, value))
        .collect();
    shown.join("&") + &query[bare.len()..]
}

fn shown_parameter(key: &str, value: Option<&str>) -> String {
    match value {
        Some(value) if is_harmless(key, value) => format!("{key}={value}"),
        None if key.is_empty() => String::new(),
        Some(_) if is_name(key) => format!("{key}={HIDDEN}"),
        _ => HIDDEN.to_owned(),
    }
}

/// Texts to hide wherever they appear, each with what replaces it, the longest first.
pub(crate) fn secrets(uri: &str) -> Vec<(String, String)> {
    let mut secrets = Vec::new();
    collect(&mut secrets, uri, 0);
    secrets.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
    secrets
}

fn collect(secrets: &mut Vec<(String, String)>, uri: &str, depth: usize) {
    let parts = Parts::of(uri);
    if shown(uri) != uri {
        secrets.push((uri.to_owned(), shown(uri)));
    }
    let mut hide = |secret| hide(secrets, secret, depth);
    if parts.hides_host() {
        hide(parts.place);
    }
    parts.fragment.into_iter().for_each(&mut hide);
    for (key, value) in parts.parameters() {
        match value {
            Some(value) if is_harmless(key, value) => {}
            Some(value) if is_name(key) => hide(value),
            Some(value) => [key, value].into_iter().for_each(&mut hide),
            None => hide(key),
        }
    }
    if let Some(user_info) = parts.user_info
        && parts.shown_user(user_info) == HIDDEN
    {
        let ssh = parts.scheme.starts_with("ssh");
        let password = cut(user_info, ':').1.or((!ssh).then_some(user_info));
        password.into_iter().for_each(&mut hide);
        secrets.push((format!("{user_info}@"), format!("{HIDDEN}@")));
    }
}

/// Notes a secret, as it stands and as Nix prints it once decoded. A URI within (such as
/// that of `endpoint`) has secrets of its own; anything else may be cut up by a reader that
/// takes a character in it for the end of user information, path or query.
fn hide(secrets: &mut Vec<(String, String)>, secret: &str, depth: usize) {
    for form in [secret.to_owned(), decoded(secret)] {
        if form.contains("://") && depth < DEEPEST {
            collect(secrets, &form, depth + 1);
        } else {
            let pieces = form.split(['/', '@', ':', '?', '#', '=']);
            pieces.for_each(|piece| hide_text(secrets, piece));
        }
        hide_text(secrets, &form);
    }
}

fn hide_text(secrets: &mut Vec<(String, String)>, text: &str) {
    if text.chars().count() >= SHORTEST {
        secrets.push((text.to_owned(), HIDDEN.to_owned()));
    }
}

/// An allowed parameter may itself hold a URI (`remote-store`, `endpoint`): then it is
/// harmless only without user information, query and fragment of its own.
fn is_harmless(key: &str, value: &str) -> bool {
    let plain = decoded(value);
    HARMLESS.contains(&key) && !plain.contains(['@', '?', '#', '%'])
}

/// Whether a parameter's key looks like one, and not like a secret with `=` in it.
fn is_name(key: &str) -> bool {
    key.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.%".contains(&byte))
}

fn is_path(scheme: &str, rest: &str) -> bool {
    scheme == "file://" || (scheme.is_empty() && rest.starts_with(['/', '.']))
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at)
        .map_or((text, None), |(head, tail)| (head, Some(tail)))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = (*first == b'%').then(|| tail.get(..2)).flatten();
        let digits = escape.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => (bytes.push(byte), rest = &tail[2..]),
            None => (bytes.push(*first), rest = tail),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
