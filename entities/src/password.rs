//! Passwords: hashed with argon2id, long rather than complicated, and none that is guessed soon.
//!
//! Hashing costs 19 MiB and some milliseconds on purpose, so it is done away from the threads that serve, a few at a
//! time.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString},
};

use crate::{
    blocking::Seats,
    error::Error,
    fault::{Fault, Faults},
    secret,
};

/// How short a password may be, in characters.
pub const MINIMUM: usize = 12;
/// How long a password may be, in characters.
pub const MAXIMUM: usize = 128;
/// How many passwords are hashed at once.
const AT_ONCE: usize = 4;
/// How many may wait for that; one more is told that we are busy.
const WAITING: usize = 60;

/// Memory in KiB, passes and lanes, as OWASP recommends for argon2id.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// What bounds the hashing of passwords.
#[derive(Debug)]
pub(crate) struct Desk {
    seats: Seats,
    hashed: AtomicU64,
}

impl Default for Desk {
    fn default() -> Self {
        Self { seats: Seats::new(AT_ONCE, WAITING), hashed: AtomicU64::new(0) }
    }
}

impl Desk {
    /// How many passwords were hashed, to keep them or to compare them.
    pub(crate) fn hash_count(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    /// The hash to keep of `password`.
    pub(crate) async fn hash(self: &Arc<Self>, password: &str) -> Result<String, Error> {
        self.hashed.fetch_add(1, Ordering::Relaxed);
        let salt: [u8; 16] = secret::random()?;
        let password = password.to_owned();
        self.seats
            .run(move || {
                let salt = SaltString::encode_b64(&salt).ok()?;
                Some(hasher()?.hash_password(password.as_bytes(), &salt).ok()?.to_string())
            })
            .await?
            .ok_or(Error::Busy)
    }

    /// Whether `password` is the one that `hash` was made of. Without a hash the answer is no, after the same work.
    pub(crate) async fn verify(self: &Arc<Self>, password: &str, hash: Option<&str>) -> Result<bool, Error> {
        self.hashed.fetch_add(1, Ordering::Relaxed);
        let (password, hash) = (password.to_owned(), hash.map(str::to_owned));
        self.seats
            .run(move || match hash.as_deref().and_then(|hash| PasswordHash::new(hash).ok()) {
                Some(kept) => hasher().is_some_and(|hasher| hasher.verify_password(password.as_bytes(), &kept).is_ok()),
                None => {
                    let mut thrown_away = [0_u8; 32];
                    let _ = hasher().map(|hasher| {
                        hasher.hash_password_into(password.as_bytes(), b"nobody's salt...", &mut thrown_away)
                    });
                    false
                }
            })
            .await
    }

    /// Everything that is wrong with a new password at `pointer`, for someone about whom `words` are known.
    pub(crate) async fn check(
        self: &Arc<Self>,
        pointer: &'static str,
        password: &str,
        words: Vec<String>,
    ) -> Result<(), Error> {
        let mut faults = Faults::default();
        let length = password.chars().count();
        faults.expect(
            (MINIMUM..=MAXIMUM).contains(&length),
            pointer,
            "length",
            format!("expected between {MINIMUM} and {MAXIMUM} characters"),
        );
        faults.done()?;
        let password = password.to_owned();
        let weak = self
            .seats
            .run(move || {
                let known: Vec<&str> = words.iter().map(String::as_str).collect();
                let found = zxcvbn::zxcvbn(&password, &known);
                // 3 of 4: more than a hundred million guesses.
                (found.score() < zxcvbn::Score::Three).then(|| {
                    found.feedback().and_then(zxcvbn::feedback::Feedback::warning).map(|warning| warning.to_string())
                })
            })
            .await?;
        match weak {
            None => Ok(()),
            Some(why) => {
                let why = why.map(|why| format!(": {}", why.trim_end_matches('.').to_lowercase())).unwrap_or_default();
                Err(Error::Invalid(vec![Fault::new(
                    pointer,
                    "weak",
                    format!(
                        "this would be guessed soon{why}; expected a longer or less common one, such as four words that do not belong together"
                    ),
                )]))
            }
        }
    }
}

fn hasher() -> Option<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(memory, passes, lanes, None).ok()?))
}

/// Whether a kept hash was made at another cost than today's, and so is made anew at the next chance.
pub(crate) fn is_outdated(hash: &str) -> bool {
    let (memory, passes, lanes) = COST;
    let today = format!("$argon2id$v=19$m={memory},t={passes},p={lanes}$");
    !hash.starts_with(&today)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_no_other_is() {
        let desk = Arc::new(Desk::default());
        let hash = desk.hash("plum chair river nine").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !is_outdated(&hash));
        assert!(desk.verify("plum chair river nine", Some(&hash)).await.unwrap());
        assert!(!desk.verify("plum chair river ten", Some(&hash)).await.unwrap());
        assert!(!desk.verify("plum chair river nine", None).await.unwrap());
        assert!(!desk.verify("plum chair river nine", Some("not a hash")).await.unwrap());
        assert_ne!(hash, desk.hash("plum chair river nine").await.unwrap());
        assert!(is_outdated(&hash.replace("t=2", "t=1")));
    }

    #[tokio::test]
    async fn a_password_that_is_guessed_soon_is_refused() {
        let desk = Arc::new(Desk::default());
        let told = async |password: &str| match desk
            .check("/password", password, vec!["sam.okafor@harbourcare.example".into(), "Harbour Care Systems".into()])
            .await
        {
            Ok(()) => "fine".to_owned(),
            Err(Error::Invalid(faults)) => faults[0].code.clone(),
            Err(other) => other.to_string(),
        };
        for weak in [
            "password1234",
            "qwertyuiop[]",
            "aaaaaaaaaaaaaa",
            "123456789012",
            "sam.okafor@harbourcare.example",
            "Harbour Care Systems",
        ] {
            assert_eq!(told(weak).await, "weak", "{weak}");
        }
        assert_eq!((told("short").await, told(&"x".repeat(129)).await), ("length".into(), "length".into()));
        for fine in ["plum chair river nine", "ŵy bach a llechen las"] {
            assert_eq!(told(fine).await, "fine", "{fine}");
        }
    }
}
