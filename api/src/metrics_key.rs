//! The key that `/metrics` may ask for.

use std::{fmt, fs, path::Path};

use diligence_entities::stored::sha256;
use poem::{Request, http::header};
use subtle::ConstantTimeEq as _;

/// How long a key is, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 16..=1000;

/// The key that `/metrics` asks for. Only its SHA-256 is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct MetricsKey(String);

// Not derived: no hash of a secret may end up in a log.
impl fmt::Debug for MetricsKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MetricsKey")
    }
}

impl MetricsKey {
    /// The key that stands in a file, alone; space around it does not count.
    ///
    /// # Errors
    /// A sentence on what is wrong with the file, without what stands in it.
    pub fn read(path: &Path) -> Result<Self, String> {
        let place = path.display();
        let text = fs::read_to_string(path)
            .map_err(|error| format!("the key for /metrics cannot be read from {place}: {error}"))?;
        let key = text.trim();
        if !LENGTH.contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!(
                "{place}: expected a key for /metrics of {} to {} letters, digits and signs, and nothing else",
                LENGTH.start(),
                LENGTH.end()
            ));
        }
        Ok(Self(sha256(key)))
    }

    /// Whether the request has it. The time that takes says nothing of how much of a guess was right.
    pub(crate) fn is_in(&self, request: &Request) -> bool {
        let sent = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '));
        let key = sent.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, key)| key.trim());
        key.is_some_and(|key| sha256(key).as_bytes().ct_eq(self.0.as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_alone_and_is_not_said_again() {
        let place = std::env::temp_dir().join(format!("diligence-metrics-key-{}", std::process::id()));
        let read = |text: &str| {
            fs::write(&place, text).expect("written");
            MetricsKey::read(&place)
        };
        assert_eq!(read("  a-long-enough-key\n"), Ok(MetricsKey(sha256("a-long-enough-key"))));
        for wrong in ["", "short-secret", "two words that are long", "ein-schlüssel-ohne-ende"] {
            let told = read(wrong).expect_err("refused");
            assert!(told.contains("expected a key") && (wrong.is_empty() || !told.contains(wrong)), "{told}");
        }
        fs::remove_file(&place).expect("gone");
        assert!(MetricsKey::read(&place).expect_err("refused").contains("cannot be read"));
    }
}
