//! The second factor: one-time codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost.

use subtle::ConstantTimeEq as _;
use totp_rs::{Algorithm, TOTP};

use crate::{
    clock::Moment,
    error::Error,
    secret,
    stored::{from_hex, hex, sha256},
};

/// How long a code lasts, in seconds.
const STEP_SECONDS: u64 = 30;
/// How many digits a code has.
const DIGITS: usize = 6;
/// How many recovery codes there are.
pub const RECOVERY_CODES: usize = 10;
/// How a recovery code is written: letters and digits that are not mistaken for one another, 120 bits of chance: so
/// much that a fast hash of them tells nothing.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A new secret, as it is kept: 160 random bits in hexadecimal.
pub(crate) fn new_secret() -> Result<String, Error> {
    Ok(hex(&secret::random::<20>()?))
}

fn totp(secret: &str, email: &str) -> Option<TOTP> {
    TOTP::new(
        Algorithm::SHA1,
        DIGITS,
        1,
        STEP_SECONDS,
        from_hex(secret)?,
        Some("Diligence".into()),
        email.replace(':', "_"),
    )
    .ok()
}

/// A secret as an app takes it: by hand, and as an `otpauth:` address (usually shown as a picture to scan).
pub(crate) fn shown(secret: &str, email: &str) -> Option<(String, String)> {
    let totp = totp(secret, email)?;
    Some((totp.get_secret_base32(), totp.get_url()))
}

/// The step of time that `code` belongs to, if it is right now or one step before or after, and later than `last`.
pub(crate) fn step_of(secret: &str, code: &str, now: Moment, last: i64) -> Option<i64> {
    let totp = totp(secret, "anyone")?;
    let code: String = code.chars().filter(|character| !character.is_whitespace()).collect();
    let step = now.time().timestamp() / 30;
    let mut found = None;
    for step in [step - 1, step, step + 1] {
        let time = u64::try_from(step).ok()? * STEP_SECONDS;
        if bool::from(totp.generate(time).as_bytes().ct_eq(code.as_bytes())) && step > last {
            found = Some(step);
        }
    }
    found
}

/// New recovery codes, and the hashes to keep of them.
pub(crate) fn new_recovery_codes() -> Result<(Vec<String>, Vec<String>), Error> {
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let random: [u8; 24] = secret::random()?;
        let groups: Vec<String> = random
            .chunks(4)
            .map(|group| group.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
            .collect();
        codes.push(groups.join("-"));
    }
    let hashes = codes.iter().map(|code| recovery_hash(code)).collect();
    Ok((codes, hashes))
}

/// What is kept of a recovery code, however it is spaced.
pub(crate) fn recovery_hash(code: &str) -> String {
    let plain: String =
        code.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect();
    sha256(format!("diligence recovery {plain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard_and_each_works_once_near_its_time() {
        // RFC 6238, appendix B: the secret is "12345678901234567890", the last six digits at 1111111109 are 081804.
        let secret = hex(b"12345678901234567890");
        let at = |seconds: i64| Moment::new(chrono::DateTime::from_timestamp(seconds, 0).unwrap());
        let step = 1_111_111_109 / 30;
        assert_eq!(step_of(&secret, "081804", at(1_111_111_109), 0), Some(step));
        assert_eq!(step_of(&secret, "081 804", at(1_111_111_109 + 30), 0), Some(step));
        assert_eq!(step_of(&secret, "081804", at(1_111_111_109 - 30), 0), Some(step));
        assert_eq!(step_of(&secret, "081804", at(1_111_111_109), step), None, "used already");
        for (code, seconds) in [("081804", 61), ("081804", -61), ("081805", 0), ("", 0), ("0818040", 0)] {
            assert_eq!(step_of(&secret, code, at(1_111_111_109 + seconds), 0), None, "{code} {seconds}");
        }
    }

    #[test]
    fn recovery_codes_are_unlike_each_other_and_taken_however_they_are_spaced() {
        let (codes, hashes) = new_recovery_codes().unwrap();
        assert_eq!((codes.len(), hashes.iter().collect::<std::collections::BTreeSet<_>>().len()), (10, 10));
        assert!(codes.iter().all(|code| code.chars().filter(char::is_ascii_alphanumeric).count() == 24), "5 bits each");
        assert_eq!(recovery_hash(&codes[0].to_uppercase().replace('-', " ")), hashes[0]);
    }
}
