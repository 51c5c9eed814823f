//! The field's identifiers: which scheme, which id, written one way. `SC123456` may be a Scottish company or a
//! Scottish charity, so scheme and id always stay together.

mod issuers;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// Who gives the identifier out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Scheme {
    /// Companies House company number; of registered societies too, such as `IP00525R`.
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
    /// Care Quality Commission provider or location: `1-` and digits, or the ODS code of an NHS trust or its place.
    #[serde(rename = "GB-CQC")]
    CareQualityCommission,
    /// Information Commissioner's register of fee payers.
    #[serde(rename = "GB-ICO")]
    InformationCommissioner,
    /// VAT registration: digits, or `GD` or `HA` and three digits for public bodies.
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
        if !matches!(self.scheme, Scheme::Procurement | Scheme::Local) {
            id.retain(|character| !character.is_whitespace());
        }
        let digits = |text: &str, count: std::ops::RangeInclusive<usize>| {
            count.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let same = |good: bool| good.then(|| id.clone());
        let (written, expected) = match self.scheme {
            Scheme::CompaniesHouse => (
                issuers::company(&id),
                "8 digits, or 8 characters that begin with letters such as SC, NI, OC or IP (SC123456, IP00525R)",
            ),
            Scheme::Procurement => {
                (same(is_procurement(&id)), "a number such as PBCD-1234-EFGH of the letters and digits the scheme uses")
            }
            Scheme::Nhs => (
                same((1..=9).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())),
                "1 to 9 letters and digits such as 8K417",
            ),
            Scheme::CharityEnglandWales => (same(digits(&id, 6..=7)), "6 or 7 digits"),
            Scheme::CharityScotland => (issuers::charity_of_scotland(&id), "SC and 6 digits"),
            Scheme::CharityNorthernIreland => (issuers::charity_of_northern_ireland(&id), "6 digits"),
            Scheme::CareQualityCommission => (
                issuers::care_quality(&id),
                "1- and digits, such as 1-101607540, or the ODS code of an NHS trust or its place, such as RGT or RGT01",
            ),
            Scheme::InformationCommissioner => {
                let lettered = ["ZA", "ZB", "ZC"]
                    .iter()
                    .any(|prefix| id.strip_prefix(prefix).is_some_and(|rest| digits(rest, 6..=6)));
                (
                    same(lettered || id.strip_prefix('Z').is_some_and(|rest| digits(rest, 7..=7))),
                    "Z and 7 digits, or ZA, ZB or ZC and 6 digits",
                )
            }
            Scheme::Vat => (
                issuers::vat(&id),
                "9 digits (12 for a branch) whose check digits are right, GD and 000 to 499, or HA and 500 to 999",
            ),
            Scheme::Local => (
                same((1..=40).contains(&id.chars().count()) && !id.contains(char::is_control)),
                "1 to 40 printable characters",
            ),
            Scheme::LegalEntity => (
                same(id.len() == 20 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) && is_legal_entity(&id)),
                "20 letters and digits whose check digits are right",
            ),
        };
        let id = written.ok_or_else(|| {
            let detail = format!("expected {expected} for the scheme {}", crate::stored::word(&self.scheme));
            Fault::new("/id", "identifier", detail)
        })?;
        Ok(Self { scheme: self.scheme, id })
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

/// ISO 17442-1:2020: the check of ISO 7064 MOD 97-10 over letters as 10 to 35.
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
            ("GB-CQC: rgt 01", "GB-CQC:RGT01"),
            ("GB-VAT:GB 434 0314 94", "GB-VAT:434031494"),
            ("LEI:213800WSGIIZCXF1P572", "LEI:213800WSGIIZCXF1P572"),
            ("LOCAL: Finance no. 12: b ", "LOCAL:Finance no. 12: b"),
        ] {
            assert_eq!(canonical(given).as_deref(), Ok(written), "{given}");
        }
    }

    /// Good and bad ids by the rules that their issuers publish, kept apart from this code: a line is a scheme, an id, and
    /// how the issuer writes it (nothing where it gives out no such id).
    #[test]
    fn ids_are_taken_as_their_issuers_rules_say() {
        let list = include_str!("identifier/published.csv");
        let lines: Vec<Vec<&str>> = list.lines().skip(1).map(|line| line.split(',').collect()).collect();
        assert!(lines.len() > 100, "the list is whole");
        for line in &lines {
            let [scheme, id, written, _why] = line.as_slice() else { panic!("four cells: {line:?}") };
            let wanted = (!written.is_empty()).then(|| format!("{scheme}:{written}"));
            assert_eq!(canonical(&format!("{scheme}:{id}")).ok(), wanted, "{line:?}");
            if let Some(wanted) = wanted {
                assert_eq!(canonical(&wanted).as_deref(), Ok(wanted.as_str()), "{line:?} is written one way");
            }
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
