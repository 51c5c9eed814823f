//! Where we are, for links that leave this server, and where in ourselves a browser may be sent.

use std::{fmt, str::FromStr};

use poem::http::Uri;
use serde::{Deserialize, Deserializer};

use crate::below;

/// How long a path may be that a browser is sent back to, in bytes.
const MAXIMUM_PATH: usize = 2000;
/// How long the path of the public address may be, in bytes.
const MAXIMUM_PUBLIC_PATH: usize = 200;

/// The address under which people reach this server: `https://register.example.org`, or below a path of another name's,
/// `https://www.example.org/diligence`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// Up to the path in small letters, without a slash at the end.
    text: String,
    host: String,
    path: String,
}

impl PublicUrl {
    /// The name (or the number) of the host, without a port, in small letters.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path below which everything is: `/diligence`, without a slash at the end; empty where a name is all ours.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is `https`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.text.starts_with("https:")
    }

    /// The address of `path` here, which begins with a slash.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }
}

impl FromStr for PublicUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "expected an address such as https://register.example.org or https://www.example.org/diligence, not {text:?}"
            )
        };
        let uri: Uri = text.parse().map_err(|_| expected())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(expected()) };
        // The parser passes over fragments, and takes names in any letters.
        let plain = text.is_ascii() && !text.contains(['#', '@']) && !authority.host().is_empty();
        let path = uri.path().strip_suffix('/').unwrap_or(uri.path());
        if !plain || !["http", "https"].contains(&scheme) || !is_plain_path(path) || uri.query().is_some() {
            return Err(expected());
        }
        if below::is_ours(path) {
            return Err(format!(
                "expected a path that begins with no word of this program's own addresses, such as /diligence, not {path:?}"
            ));
        }
        let authority_text = authority.as_str().to_ascii_lowercase();
        Ok(Self {
            text: format!("{scheme}://{authority_text}{path}"),
            host: authority.host().trim_end_matches('.').to_ascii_lowercase(),
            path: path.to_owned(),
        })
    }
}

/// Whether it is a path that nobody on the way writes differently: nothing, or parts of letters, digits and `- _ . ~`,
/// each after a slash.
fn is_plain_path(path: &str) -> bool {
    let is_plain = |part: &str| {
        part.bytes().any(|byte| byte != b'.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~'))
    };
    path.is_empty()
        || (path.len() <= MAXIMUM_PUBLIC_PATH
            && path.strip_prefix('/').is_some_and(|parts| parts.split('/').all(is_plain)))
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// `text`, if it is a path on this server that a browser can be sent back to (`/register?q=a`), and nothing that any
/// browser could take for another place: no scheme, no `//host`, no backslash, which browsers read as a slash, and no
/// white space or control character, which they leave out. At most 2,000 bytes.
#[must_use]
pub fn local_path(text: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    let is_local =
        text.starts_with('/') && !text.starts_with("//") && text.len() <= MAXIMUM_PATH && text.bytes().all(is_plain);
    // `/.//host` is a path here, but becomes `//host` when someone tidies it.
    let path = text.split(['?', '#']).next().unwrap_or_default();
    (is_local && !path.contains("//") && !path.split('/').any(|part| part == "." || part == "..")).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn a_public_address_has_a_scheme_a_host_and_at_most_a_plain_path() {
        for (text, link, host, path) in [
            ("https://register.example.org", "https://register.example.org/x", "register.example.org", ""),
            ("https://Register.Example.org/", "https://register.example.org/x", "register.example.org", ""),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/x", "127.0.0.1", ""),
            ("http://[::1]:8080", "http://[::1]:8080/x", "[::1]", ""),
            (
                "https://www.example.org/diligence",
                "https://www.example.org/diligence/x",
                "www.example.org",
                "/diligence",
            ),
            (
                "https://Www.example.org/Our/~x_1.0/",
                "https://www.example.org/Our/~x_1.0/x",
                "www.example.org",
                "/Our/~x_1.0",
            ),
        ] {
            let url: PublicUrl = text.parse().expect("an address");
            assert_eq!((url.link("/x").as_str(), url.host(), url.path()), (link, host, path));
        }
        let long = format!("https://a.example/{}", "x".repeat(MAXIMUM_PUBLIC_PATH));
        for text in [
            "",
            "register.example.org",
            "/x",
            "ftp://a.example",
            "https://a.example/register",
            "https://a.example/api/x",
            "https://a.example//x",
            "https://a.example/x//",
            "https://a.example/x/../y",
            "https://a.example/%78",
            "https://a.example/x\"y",
            "https://a.example/x;y",
            "https://a.example/x?y",
            &long,
            "https://a.example?x",
            "https://a.example#x",
            "https://me@a.example",
            "https://é.example",
            "https://",
        ] {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_paths_on_this_server_are_local() {
        for text in ["/", "/register", "/register?q=a//b", "/suppliers/sup_1#risks", "/%2F%2Fevil.example", "/a:b@c"] {
            assert_eq!(local_path(text), Some(text));
        }
        let long = format!("/{}", "a".repeat(MAXIMUM_PATH));
        for text in [
            "",
            "register",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            " /register",
            "/a b",
            "/a\u{7f}",
            "/é",
            "/.//evil.example",
            "/x/..//evil.example",
            "/..",
            &long,
        ] {
            assert_eq!(local_path(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_local_stays_on_this_server_as_a_browser_reads_it(text in "[/\\\\.:@?#a\t\n\r \u{7f}é%2Fhtps]{0,12}|/{0,3}(evil\\.example|\\\\|\\.|\t|/|:|@){0,6}") {
            let here = Url::parse("https://register.example.org/sign-in").expect("an address");
            if let Some(path) = local_path(&text) {
                let there = here.join(path).expect("an address");
                prop_assert_eq!(there.origin(), here.origin());
                // Nor does what a browser then shows lead away when it is read again.
                prop_assert_eq!(here.join(there.path()).expect("an address").origin(), here.origin());
            }
        }
    }
}
