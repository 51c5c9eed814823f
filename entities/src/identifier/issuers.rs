//! How the issuers of identifiers write them. Each function takes an id in capitals and without spaces, and gives it
//! back as its issuer writes it, or nothing where the issuer gives out no such id.
//!
//! An id that an earlier build took is taken still: a rule here adds forms, or writes them one way.

/// The letters with which numbers at Companies House begin, where they are no number of England and Wales alone.
const PREFIXES: [&str; 41] = [
    "AC", "BR", "CE", "CS", "EN", "ES", "FC", "FE", "GE", "GN", "GS", "IC", "IP", "LP", "NA", "NC", "NF", "NI", "NL",
    "NO", "NP", "NR", "NV", "NZ", "OC", "OE", "PC", "RC", "RS", "SA", "SC", "SE", "SF", "SG", "SI", "SL", "SO", "SP",
    "SR", "SZ", "ZC",
];
/// Of these, the ones whose numbers may end in letters: what came over from the registrars of societies
/// (`IP00525R`, `SP1692RS`), and a few of partnerships and of Northern Ireland.
const LETTERED: [&str; 9] = ["IP", "NI", "NO", "NP", "OC", "RS", "SL", "SO", "SP"];

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_nothing(digits: &str) -> bool {
    digits.bytes().all(|byte| byte == b'0')
}

/// A number at Companies House: eight characters, of which people leave out the zeros in front of the digits.
///
/// The letters in front are those of the registrar's list (Companies House, *Uniform Resource Identifiers customer
/// guide*, table of prefixes, with `OE` of the Economic Crime Act 2022 and `BR` of establishments), the letters behind
/// those of the register of mutual societies (Financial Conduct Authority, Mutuals Public Register, glossary). The
/// registrar says that its list grows: two other letters are taken with all their six digits. `R` and seven digits that
/// begin with a zero are numbers of Northern Ireland from before 2009.
pub(super) fn company(id: &str) -> Option<String> {
    let behind = id.trim_start_matches(|character: char| character.is_ascii_uppercase());
    let number = behind.trim_end_matches(|character: char| character.is_ascii_uppercase());
    let (prefix, suffix) = (&id[..id.len() - behind.len()], &behind[number.len()..]);
    let known = PREFIXES.contains(&prefix) || matches!(prefix, "" | "R");
    let shaped = match (prefix.len(), suffix.len()) {
        (0 | 2, 0) => true,
        (1, 0) => prefix == "R",
        (2, 1..=3) => LETTERED.contains(&prefix),
        _ => false,
    };
    if !shaped || !all_digits(number) || is_nothing(number) {
        return None;
    }
    let room = 8 - prefix.len() - suffix.len();
    let whole = format!("{prefix}{number:0>room$}{suffix}");
    let right = number.len() == room || number.len() < room && known;
    (right && (prefix != "R" || whole.starts_with("R0"))).then_some(whole)
}

/// A provider or a place of care at the Care Quality Commission: `1-` and digits, or for NHS trusts and their places
/// the code of the Organisation Data Service.
///
/// As the regulator's own directory has them (Care Quality Commission, *CQC care directory* and its API, `providerId`
/// and `locationId`): trusts are `R` and two characters, care trusts `TA` and one; their places are the trust's code
/// and two characters (`RGT01`), or letter, digit, letter, digit, letter, as the Organisation Data Service gives them out
/// now (`G8B2R`).
pub(super) fn care_quality(id: &str) -> Option<String> {
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let of_trust = id.starts_with('R') || id.starts_with("TA");
    let by_turns = id.len() == 5
        && id.bytes().enumerate().all(|(at, byte)| match at % 2 {
            0 => byte.is_ascii_uppercase(),
            _ => byte.is_ascii_digit(),
        });
    let numbered = id.strip_prefix("1-").is_some_and(|rest| rest.len() <= 15 && all_digits(rest));
    let good = numbered || plain(id) && (of_trust && matches!(id.len(), 3 | 5) || by_turns);
    good.then(|| id.to_owned())
}

/// A VAT registration of the United Kingdom: 9 digits with a check, 12 for a branch (the check is that of the first 9),
/// `GD` and 000 to 499 for a department of government, `HA` and 500 to 999 for a health authority or trust. `GB` in front,
/// and `XI` for trade in goods from Northern Ireland, are no part of it.
///
/// As HM Revenue and Customs gives the forms to the European Union's VIES (*VAT identification number structure*,
/// revision 15 of its *Validation routines* for the checks), where the two kinds of letters may also be written
/// `8888`, their three digits, and these modulo 97.
pub(super) fn vat(id: &str) -> Option<String> {
    let id: String = id.chars().filter(|character| !matches!(character, '-' | '.')).collect();
    let id = ["GB", "XI"].iter().find_map(|country| id.strip_prefix(country)).unwrap_or(&id);
    if let Some(number) = id.strip_prefix("GD").or_else(|| id.strip_prefix("HA")) {
        return (number.len() == 3 && all_digits(number) && public_body(number) == id).then(|| id.to_owned());
    }
    if !all_digits(id) || !matches!(id.len(), 9 | 12) {
        return None;
    }
    if is_vat(&id[..9]) {
        return Some(id.to_owned());
    }
    let number = id.strip_prefix("8888").filter(|_| id.len() == 9)?;
    let (number, check) = number.split_at(3);
    let same = number.parse::<u32>().ok()? % 97 == check.parse::<u32>().ok()?;
    same.then(|| public_body(number))
}

/// How a public body's three digits are written: the letters follow from them.
fn public_body(number: &str) -> String {
    format!("{}{number}", if number < "500" { "GD" } else { "HA" })
}

/// Seven digits weighted 8 to 2 and the two check digits together leave nothing when divided by 97; in the series that
/// began again at 100 in 2009 (*97-55*) they leave 42 or 55.
fn is_vat(id: &str) -> bool {
    let digits: Vec<u32> = id.bytes().map(|byte| u32::from(byte.saturating_sub(b'0'))).collect();
    let weighted: u32 = digits[..7].iter().zip((2..=8).rev()).map(|(digit, weight)| digit * weight).sum();
    let left = (weighted + digits[7] * 10 + digits[8]) % 97;
    !is_nothing(&id[..7]) && (matches!(left, 0 | 42) || left == 55 && digits[0] > 0)
}

/// A charity in Scotland: `SC` and six digits, of which people leave out the first zeros (Office of the Scottish Charity
/// Regulator, Scottish Charity Register, column *Charity Number*).
pub(super) fn charity_of_scotland(id: &str) -> Option<String> {
    let number = id.strip_prefix("SC").filter(|number| (1..=6).contains(&number.len()) && all_digits(number))?;
    Some(format!("SC{number:0>6}"))
}

/// A charity in Northern Ireland: six digits, before which the register's pages and letters write `NIC` (Charity
/// Commission for Northern Ireland, register, column *Reg charity number*).
pub(super) fn charity_of_northern_ireland(id: &str) -> Option<String> {
    let number = id.strip_prefix("NIC").unwrap_or(id);
    (number.len() == 6 && all_digits(number)).then(|| number.to_owned())
}
