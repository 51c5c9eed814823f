//! The field's identifiers: which scheme, which id, written one way. `SC123456` may be a Scottish company or a
//! Scottish charity, so scheme and id always stay together.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// Who gives the identifier out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Scheme {
    /// Companies House company number.
    #[serde(rename = "GB-COH")]
    CompaniesHouse,
    /// Public procurement organisation number.
    #[serde(rename = "GB-PPON")]
    Procurement,
    /// NHS organisation (ODS) code.
    #[serde(rename = "GB-NHS")]
    Nhs,
    /// Charity Commission for England and Wales.
    #[serde(rename = "GB-CHC")]
    CharityEnglandWales,
    /// Scottish charity regulator.
    #[serde(rename = "GB-SC")]
    CharityScotland,
    /// Charity Commission for Northern Ireland.
    #[serde(rename = "GB-NIC")]
    CharityNorthernIreland,
    /// Care Quality Commission provider or location.
    #[serde(rename = "GB-CQC")]
    CareQualityCommission,
    /// Information Commissioner's register of fee payers.
    #[serde(rename = "GB-ICO")]
    InformationCommissioner,
    /// VAT registration.
    #[serde(rename = "GB-VAT")]
    Vat,
    /// Legal entity identifier.
    #[serde(rename = "LEI")]
    LegalEntity,
    /// Our own number for it, or somebody's list's: what no scheme above gives out.
    #[serde(rename = "LOCAL")]
    Local,
}

/// An identifier under a scheme.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "scheme": "GB-NHS", "id": "8K417" }))]
pub struct Identifier {
    /// Who gives it out.
    pub scheme: Scheme,
    /// The id, as the scheme writes it.
    #[schemars(length(min = 1, max = 40))]
    pub id: String,
}

impl fmt::Display for Identifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", crate::stored::word(&self.scheme), self.id)
    }
}

impl std::str::FromStr for Identifier {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, id) =
            text.split_once(':').ok_or_else(|| format!("expected SCHEME:ID such as GB-NHS:8K417, not {text:?}"))?;
        let scheme = crate::stored::from_word(scheme.trim())
            .ok_or_else(|| format!("expected one of the schemes GB-COH, GB-PPON, GB-NHS, GB-CHC, GB-SC, GB-NIC, GB-CQC, GB-ICO, GB-VAT, LEI, LOCAL, not {scheme:?}"))?;
        Ok(Self { scheme, id: id.trim().to_owned() })
    }
}

/// What people type where they have no identifier: words for nothing, as [`is_word_for_nothing`] compares them. Some have
/// the shape that a scheme asks for (`TBC` could be a code of the NHS), and would then belong to the first supplier that
/// somebody did not know the code of.
const WORDS_FOR_NOTHING: [&str; 21] = [
    "na",
    "none",
    "nil",
    "null",
    "tbc",
    "tba",
    "tbd",
    "unknown",
    "notknown",
    "notapplicable",
    "notavailable",
    "notprovided",
    "tobeconfirmed",
    "tobeadvised",
    "pending",
    "blank",
    "missing",
    "unspecified",
    "notset",
    "nothing",
    "undefined",
];

/// Whether an id is a word for nothing, whatever marks and spaces it has, or nothing but marks.
fn is_word_for_nothing(id: &str) -> bool {
    let letters: String = id.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    letters.is_empty() || WORDS_FOR_NOTHING.contains(&letters.as_str())
}

impl Identifier {
    /// The identifier as its scheme writes it: upper case, padded where the scheme pads.
    ///
    /// # Errors
    /// A fault at `/id` that says what the scheme expects.
    pub fn canonical(&self) -> Result<Self, Fault> {
        if !self.id.trim().is_empty() && is_word_for_nothing(&self.id) {
            return Err(Fault::new(
                "/id",
                "identifier",
                format!(
                    "expected an identifier of the scheme {}, not {:?}, which says that there is none: leave it out",
                    crate::stored::word(&self.scheme),
                    self.id.trim()
                ),
            ));
        }
        // Only whoever made a local number up knows what its capitals and spaces mean.
        let mut id: String =
            if self.scheme == Scheme::Local { self.id.trim().to_owned() } else { self.id.trim().to_uppercase() };
        if !matches!(self.scheme, Scheme::CareQualityCommission | Scheme::Procurement | Scheme::Local) {
            id.retain(|character| character != ' ');
        }
        let digits = |text: &str, count: std::ops::RangeInclusive<usize>| {
            count.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let (good, expected) = match self.scheme {
            Scheme::CompaniesHouse => {
                if digits(&id, 1..=8) {
                    id = format!("{id:0>8}");
                }
                let prefixed = id.len() == 8
                    && id.is_ascii()
                    && id[..2].bytes().all(|byte| byte.is_ascii_uppercase())
                    && digits(&id[2..], 6..=6);
                (
                    digits(&id, 8..=8) && id != "00000000" || prefixed,
                    "8 digits, or two letters such as SC, NI or OC and 6 digits",
                )
            }
            Scheme::Procurement => {
                (is_procurement(&id), "a number such as PBCD-1234-EFGH of the letters and digits the scheme uses")
            }
            Scheme::Nhs => (
                (1..=9).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                "1 to 9 letters and digits such as 8K417",
            ),
            Scheme::CharityEnglandWales => (digits(&id, 6..=7), "6 or 7 digits"),
            Scheme::CharityScotland => {
                (id.strip_prefix("SC").is_some_and(|rest| digits(rest, 6..=6)), "SC and 6 digits")
            }
            Scheme::CharityNorthernIreland => (digits(&id, 6..=6), "6 digits"),
            Scheme::CareQualityCommission => {
                (id.strip_prefix("1-").is_some_and(|rest| digits(rest, 1..=15)), "1- and digits, such as 1-101607540")
            }
            Scheme::InformationCommissioner => {
                let lettered = ["ZA", "ZB", "ZC"]
                    .iter()
                    .any(|prefix| id.strip_prefix(prefix).is_some_and(|rest| digits(rest, 6..=6)));
                (
                    lettered || id.strip_prefix('Z').is_some_and(|rest| digits(rest, 7..=7)),
                    "Z and 7 digits, or ZA, ZB or ZC and 6 digits",
                )
            }
            Scheme::Vat => {
                if let Some(rest) = id.strip_prefix("GB") {
                    id = rest.to_owned();
                }
                let shaped = digits(&id, 9..=9) || digits(&id, 12..=12);
                (shaped && is_vat(&id), "9 digits (12 for a branch) whose check digits are right")
            }
            Scheme::Local => (
                (1..=40).contains(&id.chars().count()) && !id.contains(char::is_control),
                "1 to 40 printable characters",
            ),
            Scheme::LegalEntity => (
                id.len() == 20 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) && is_legal_entity(&id),
                "20 letters and digits whose check digits are right",
            ),
        };
        if good {
            Ok(Self { scheme: self.scheme, id })
        } else {
            Err(Fault::new(
                "/id",
                "identifier",
                format!("expected {expected} for the scheme {}", crate::stored::word(&self.scheme)),
            ))
        }
    }
}

fn is_procurement(id: &str) -> bool {
    let letters = |byte: u8| b"BCDGHJLMNPQRTVWXYZ".contains(&byte);
    let bytes = id.as_bytes();
    bytes.len() == 14
        && bytes[0] == b'P'
        && bytes[1..4].iter().copied().all(letters)
        && bytes[4] == b'-'
        && bytes[5..9].iter().all(|byte| (b'1'..=b'9').contains(byte))
        && bytes[9] == b'-'
        && bytes[10..13].iter().copied().all(letters)
        && b"CDGHJLMNPQRTVWXYZ".contains(&bytes[13])
}

/// Seven digits weighted 8 to 2 and the two check digits together make a multiple of 97; newer numbers are 55 off.
fn is_vat(id: &str) -> bool {
    let digits: Vec<u32> = id.bytes().map(|byte| u32::from(byte.saturating_sub(b'0'))).collect();
    let weighted: u32 = digits[..7].iter().zip((2..=8).rev()).map(|(digit, weight)| digit * weight).sum();
    let total = weighted + digits[7] * 10 + digits[8];
    digits[..7].iter().any(|digit| *digit > 0) && (total.is_multiple_of(97) || (total + 55).is_multiple_of(97))
}

/// ISO 7064 MOD 97-10 over letters as 10 to 35.
fn is_legal_entity(id: &str) -> bool {
    let remainder = id.bytes().fold(0_u32, |remainder, byte| {
        if byte.is_ascii_digit() {
            (remainder * 10 + u32::from(byte - b'0')) % 97
        } else {
            (remainder * 100 + u32::from(byte - b'A') + 10) % 97
        }
    });
    remainder == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Result<String, Fault> {
        text.parse::<Identifier>()
            .map_err(|detail| Fault::new("", "shape", detail))?
            .canonical()
            .map(|identifier| identifier.to_string())
    }

    #[test]
    fn identifiers_are_written_as_their_scheme_writes_them() {
        for (given, written) in [
            ("GB-COH:4142000", "GB-COH:04142000"),
            ("GB-COH:sc123456", "GB-COH:SC123456"),
            ("GB-NHS:8k417", "GB-NHS:8K417"),
            ("GB-SC:SC123456", "GB-SC:SC123456"),
            ("GB-CQC:1-101607540", "GB-CQC:1-101607540"),
            ("GB-ICO:za123456", "GB-ICO:ZA123456"),
            ("GB-PPON:PBCD-1234-GHJL", "GB-PPON:PBCD-1234-GHJL"),
            ("GB-VAT:GB 434 0314 94", "GB-VAT:434031494"),
            ("LEI:213800WSGIIZCXF1P572", "LEI:213800WSGIIZCXF1P572"),
            ("LOCAL: Finance no. 12: b ", "LOCAL:Finance no. 12: b"),
        ] {
            assert_eq!(canonical(given).as_deref(), Ok(written), "{given}");
        }
    }

    #[test]
    fn what_its_scheme_never_wrote_is_refused() {
        for given in [
            "GB-COH:123456789",
            "GB-COH:S1234567",
            "GB-COH:é2345678",
            "GB-NHS:8K-417",
            "GB-SC:123456",
            "GB-CQC:2-1",
            "GB-ICO:Z12",
            "GB-PPON:PBCD-1034-GHJL",
            "GB-VAT:434031495",
            "LEI:213800WSGIIZCXF1P573",
            "GB-CHC:12",
            "LOCAL: ",
            "LOCAL:a\tb",
            "GB-NHS:TBC",
            "GB-NHS:n/a",
            "LOCAL:To be confirmed",
            "LOCAL:-",
            "XX:1",
            "8K417",
        ] {
            assert!(canonical(given).is_err(), "{given}");
        }
    }
}
