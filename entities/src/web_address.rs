//! Web addresses as people write them, and as they are kept: `www.harbour.example` and `HTTPS://Harbour.example` are
//! `https://www.harbour.example` and `https://harbour.example`.

use validator::{ValidateUrl as _, ValidationError};

/// A web address that a person may safely follow, as it is kept or as people write it.
pub(crate) fn is_web_address(text: &str) -> Result<(), ValidationError> {
    let kept = canonical(text);
    if kept.validate_url() && (kept.starts_with("https://") || kept.starts_with("http://")) {
        Ok(())
    } else {
        Err(ValidationError::new("url").with_message("expected a web address such as https://example.org".into()))
    }
}

/// An address as it is kept: with `https://` where no scheme is said, and the scheme and the host in small letters. What
/// is no web address stays as it is, for [`is_web_address`] to refuse.
pub(crate) fn canonical(text: &str) -> String {
    let text = text.trim();
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None if begins_with_host(text) => ("https".to_owned(), text),
        None => return text.to_owned(),
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // What stands before an @ is no host, and its capitals mean something.
    let (before, host) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    format!("{scheme}://{before}{}{path}", host.to_lowercase())
}

/// Whether a text without a scheme begins as an address does: names with dots between them, the last of two or more
/// characters and no number, and perhaps a port.
fn begins_with_host(text: &str) -> bool {
    let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, "0"));
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty() && label.chars().all(|character| character.is_alphanumeric() || character == '-')
    };
    let ends_in_words = labels
        .last()
        .is_some_and(|last| last.chars().count() > 1 && last.chars().any(|character| !character.is_ascii_digit()));
    labels.len() > 1
        && labels.iter().all(is_label)
        && ends_in_words
        && !port.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_as_people_write_them_and_kept_one_way() {
        for (given, kept) in [
            ("https://harbour.example", "https://harbour.example"),
            ("HTTPS://Harbour.example", "https://harbour.example"),
            ("Http://WWW.Harbour.example/Our/Page?Q=A#Top", "http://www.harbour.example/Our/Page?Q=A#Top"),
            ("www.harbour.example", "https://www.harbour.example"),
            (" harbour.example ", "https://harbour.example"),
            ("Harbour.Example/Care", "https://harbour.example/Care"),
            ("harbour.example:8443/x", "https://harbour.example:8443/x"),
            ("harbour.example?from=List", "https://harbour.example?from=List"),
            ("https://Jo@Harbour.example/", "https://Jo@harbour.example/"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/"),
        ] {
            assert_eq!(canonical(given), kept);
            assert!(is_web_address(given).is_ok(), "{given}");
            assert_eq!(canonical(kept), kept, "kept one way");
        }
    }

    #[test]
    fn what_is_no_web_address_is_refused() {
        for given in [
            "",
            "nowhere",
            "N/A",
            "n.a.",
            "none.",
            "javascript:alert(1)",
            "JavaScript://harbour.example/%0aalert(1)",
            "ftp://harbour.example",
            "jo@harbour.example",
            "mailto:jo@harbour.example",
            "see harbour.example",
            "www.",
            "1.5",
            "12.06.2026",
            "harbour.example:",
            "//harbour.example",
            "https://",
        ] {
            assert!(is_web_address(given).is_err(), "{given}");
        }
    }
}
