//! What is said of a mistake, without what may be secret in it: an address with a password in it may come to stand
//! anywhere, given in another's place, in pieces, or misspelt.

/// What stands for what is not said.
const UNSAID: &str = "\u{2026}";
/// What stands in our own sentences, and is nobody's.
const EXAMPLES: [&str; 3] = ["FILE or postgres://USER@HOST", "USER:PASSWORD@", "USER@HOST"];

/// A text of ours for people, without names and passwords in the addresses it holds: of `scheme://NAME:PASSWORD@HOST` all
/// before the last `@` of the line, since a password may hold anything.
pub(crate) fn redacted(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n")
}

fn line(line: &str) -> String {
    let mut said = String::with_capacity(line.len());
    let mut left = line;
    while let Some(at) = left.find("://") {
        let (scheme, rest) = left.split_at(at + 3);
        said.push_str(scheme);
        left = rest;
        if let Some(example) = EXAMPLES.iter().find(|example| left.starts_with(**example)) {
            said.push_str(example);
            left = &left[example.len()..];
        } else if let Some(at) = left.rfind('@') {
            said.push_str(UNSAID);
            left = &left[at..];
        } else if is_half(left) {
            said.push_str(UNSAID);
            left = "";
        }
    }
    said.push_str(left);
    said
}

/// Whether a name and a password stand here that have lost the host behind them, rather than a host and its port.
fn is_half(text: &str) -> bool {
    let ends = |letter: char| letter.is_whitespace() || "/?#'\"`,;".contains(letter);
    let authority = text.split(ends).next().unwrap_or_default();
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    !authority.starts_with('[') && authority.split_once(':').is_some_and(|(_, port)| !is_port(port))
}

/// What is wrong with a command line, as [`redacted`]. Where an address was given and a word stands too much, the word is
/// not said: it may be the second half of a password with a space in it.
pub(crate) fn redacted_usage(error: &clap::Error, has_address: bool) -> String {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let is_word_too_much =
        matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand | ErrorKind::ArgumentConflict);
    let word = error.get(ContextKind::InvalidArg).or_else(|| error.get(ContextKind::InvalidSubcommand));
    let is_flag = matches!(word, Some(ContextValue::String(word)) if word.starts_with('-'));
    if has_address && is_word_too_much && !is_flag {
        return "error: a word stands too much on the command line; it is not said again, since it may be of a password: \
                put an address with a space or another sign in it in quotes\n\nFor more information, try '--help'.\n"
            .to_owned();
    }
    redacted(&error.render().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_its_password_is_not_said_whatever_is_in_it() {
        for (text, said) in [
            ("not \"postgres://dil:hunter2@db/d\"", "not \"postgres://\u{2026}@db/d\""),
            ("postgres://dil:hun#t/e@r2@db/d", "postgres://\u{2026}@db/d"),
            ("'postgres://dil:hun ter2@db' and more", "'postgres://\u{2026}@db' and more"),
            ("postgres://dil:hunter2", "postgres://\u{2026}"),
            ("'smtps://u:hun'ter2' is wrong\nsmtps://u:hunter2@h", "'smtps://\u{2026}\nsmtps://\u{2026}@h"),
            ("a://u:p@h, b://u:hunter2@h", "a://\u{2026}@h"),
        ] {
            assert_eq!(redacted(text), said);
        }
        for fine in [
            "http://127.0.0.1:8080/health/ready does not answer",
            "https://[::1]:8443/ is taken",
            "expected smtps://USER:PASSWORD@HOST, smtp://HOST:587?tls=required or smtp://HOST:25",
            "sam@example.org is no user",
            "sqlite://diligence.db",
        ] {
            assert_eq!(redacted(fine), fine);
        }
    }
}
