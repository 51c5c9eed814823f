//! Secrets of keys, sessions, links and visits: which one it is, and 256 random bits of which only the SHA-256 is kept.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{
    error::Error,
    stored::{from_hex, hex, sha256},
};

/// How many random bytes a secret is made of.
const BYTES: usize = 32;

/// Something that nobody guesses.
pub(crate) fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], Error> {
    let mut random = [0_u8; LENGTH];
    getrandom::fill(&mut random).map_err(|_| Error::Busy)?;
    Ok(random)
}

/// A secret's text, `<prefix>_<32 hexadecimal digits>_<64 hexadecimal digits>`, to be shown once. Its `Debug` does not
/// show it.
#[derive(Clone)]
pub struct Token {
    text: String,
    hash: String,
    random: [u8; BYTES],
}

impl Token {
    /// A new one for the item with this id, whose own prefix is left out of the text.
    pub(crate) fn new(prefix: &str, id: &str) -> Result<Self, Error> {
        let random = random()?;
        let which = id.split_once('_').map_or(id, |(_, which)| which);
        Ok(Self { text: format!("{prefix}_{which}_{}", hex(&random)), hash: sha256(random), random })
    }

    /// The text to hand over.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// One that says of nothing which it is: what is kept of it is what it is looked up by.
    pub(crate) fn alone() -> Result<Self, Error> {
        let random = random()?;
        let text = hex(&random);
        Ok(Self { hash: sha256(&text), text, random })
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }

    /// Another secret that follows from it and does not give it away; `purpose` keeps such secrets apart.
    pub(crate) fn derive(&self, purpose: &str) -> String {
        derive(&self.random, purpose)
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token(…)")
    }
}

/// What someone sent for a secret, taken apart.
pub(crate) struct Offered<'a> {
    /// Which item it says it opens.
    pub(crate) which: &'a str,
    secret: Vec<u8>,
}

impl<'a> Offered<'a> {
    /// What `text` offers, if it has the form of a secret with this prefix.
    pub(crate) fn read(prefix: &str, text: &'a str) -> Option<Self> {
        let (which, secret) = text.strip_prefix(prefix)?.strip_prefix('_')?.split_once('_')?;
        let fits = which.len() == 32 && secret.len() == 2 * BYTES;
        Some(Self { which, secret: from_hex(secret).filter(|_| fits)? })
    }

    /// Whether it is the one that was kept, in constant time.
    pub(crate) fn is(&self, kept: &str) -> bool {
        sha256(&self.secret).as_bytes().ct_eq(kept.as_bytes()).into()
    }

    /// What [`Token::derive`] gave for it.
    pub(crate) fn derive(&self, purpose: &str) -> String {
        derive(&self.secret, purpose)
    }
}

fn derive(secret: &[u8], purpose: &str) -> String {
    let mut sum = Sha256::new();
    sum.update((purpose.len() as u64).to_be_bytes());
    sum.update(purpose.as_bytes());
    sum.update(secret);
    hex(&sum.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_again_by_its_hash_alone() {
        let token = Token::new("dlr", "lnk_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c").expect("random bytes");
        let other = Token::new("dlr", "lnk_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c").expect("random bytes");
        let offered = Offered::read("dlr", token.reveal()).expect("its form");
        assert_eq!(offered.which, "0190c5d2e5f27c3c8a4b0d6f1e2a3b4c");
        assert!(offered.is(token.hash()) && !offered.is(other.hash()) && !offered.is(""));
        assert!(!token.reveal().contains(token.hash()) && !format!("{token:?}").contains("0190"));
        assert_eq!(offered.derive("one"), token.derive("one"));
        assert_ne!(offered.derive("one"), offered.derive("two"));
    }

    #[test]
    fn what_has_not_the_form_is_not_looked_up() {
        let good = format!("dlr_{}_{}", "0".repeat(32), "0".repeat(64));
        assert!(Offered::read("dlr", &good).is_some());
        for bad in [
            "",
            "dlr",
            "dlr_",
            "dlr__",
            &good[..good.len() - 2],
            &format!("{good}00"),
            &good.replace("dlr", "dlg"),
            &good.replace("00", "zz"),
            "dlr_é_é",
        ] {
            assert!(Offered::read("dlr", bad).is_none(), "{bad}");
        }
    }
}
