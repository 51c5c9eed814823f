//! What usual headings and usual words of spreadsheets mean here. A guess is what stands in the form from the start;
//! nothing of it counts before somebody has sent the form.

use diligence_entities::recipe::ImportNoun;

use super::targets::Target;

/// Usual headings, in small letters and digits alone, by what they fill of a supplier.
const OF_SUPPLIERS: &[(&str, &[&str])] = &[
    (
        "name",
        &[
            "name",
            "supplier",
            "suppliername",
            "nameofsupplier",
            "vendor",
            "vendorname",
            "company",
            "companyname",
            "organisation",
            "organisationname",
            "organization",
            "provider",
            "providername",
            "contractor",
            "thirdparty",
            "tradingname",
            "firm",
        ],
    ),
    ("legal_name", &["legalname", "registeredname", "legalentity"]),
    ("website", &["website", "url", "web", "webaddress", "homepage", "internet"]),
    ("country", &["country", "basedin", "countryofregistration"]),
    ("status", &["status", "supplierstatus", "activestatus", "active"]),
    (
        "relationship_owner",
        &[
            "relationshipowner",
            "owner",
            "contractmanager",
            "contractowner",
            "leadofficer",
            "responsibleofficer",
            "lead",
            "ourlead",
            "internalowner",
            "commissioner",
            "businessowner",
            "serviceowner",
            "managedby",
        ],
    ),
    (
        "notes",
        &[
            "notes",
            "note",
            "comments",
            "comment",
            "remarks",
            "otherinformation",
            "description",
            "services",
            "service",
            "whattheydo",
            "autorenew",
            "autorenewal",
            "automaticrenewal",
        ],
    ),
    (
        "data_role",
        &[
            "personaldata",
            "personaldatayn",
            "handlespersonaldata",
            "processespersonaldata",
            "holdspersonaldata",
            "personaldataprocessed",
            "dataprocessor",
            "processor",
            "gdpr",
            "pii",
            "datarole",
        ],
    ),
    ("personal_data", &["typesofdata", "typeofdata", "categoriesofdata", "whichpersonaldata", "datatypes"]),
    (
        "data_sensitivity",
        &["datasensitivity", "sensitivity", "dataclassification", "classification", "specialcategory"],
    ),
    ("data_locations", &["datalocation", "datalocations", "hostedin", "wheredataisheld", "hosting", "hostinglocation"]),
    ("system_access", &["systemaccess", "accesstosystems", "remoteaccess", "networkaccess"]),
    (
        "service_criticality",
        &[
            "criticality",
            "critical",
            "businesscriticality",
            "servicecriticality",
            "businesscritical",
            "importance",
            "priority",
            "impact",
            "businessimpact",
            "risk",
            "riskrating",
        ],
    ),
    ("people_affected", &["peopleaffected", "usersaffected", "numberofusers"]),
    (
        "identifiers:GB-COH",
        &[
            "companynumber",
            "companyno",
            "companieshouse",
            "companieshousenumber",
            "companieshouseno",
            "crn",
            "registrationnumber",
            "companyregistrationnumber",
            "companyreg",
            "registeredno",
        ],
    ),
    ("identifiers:GB-NHS", &["odscode", "ods", "nhscode", "organisationcode"]),
    ("identifiers:GB-CQC", &["cqc", "cqcid", "cqcprovider", "cqcproviderid", "cqclocationid", "providerid"]),
    (
        "identifiers:GB-ICO",
        &[
            "ico",
            "iconumber",
            "icoregistration",
            "icoregistrationnumber",
            "icono",
            "icoreference",
            "dataprotectionregistration",
        ],
    ),
    ("identifiers:GB-CHC", &["charitynumber", "charityno", "charity"]),
    ("identifiers:GB-PPON", &["ppon"]),
    ("identifiers:GB-VAT", &["vat", "vatnumber", "vatno", "vatregistration"]),
    ("identifiers:LEI", &["lei"]),
    (
        "identifiers:LOCAL",
        &[
            "supplierid",
            "suppliernumber",
            "supplierno",
            "vendornumber",
            "vendorid",
            "suppliercode",
            "vendorcode",
            "creditornumber",
        ],
    ),
    (
        "contacts.name",
        &["contact", "contactname", "maincontact", "contactperson", "accountmanager", "keycontact", "suppliercontact"],
    ),
    ("contacts.role", &["contactrole", "jobtitle", "contactposition", "position"]),
    ("contacts.email", &["email", "emailaddress", "contactemail", "contactemailaddress", "mail"]),
    (
        "contacts.telephone",
        &[
            "telephone",
            "phone",
            "tel",
            "telno",
            "phonenumber",
            "telephonenumber",
            "contactphone",
            "contacttelephone",
            "contactnumber",
            "mobile",
        ],
    ),
    (
        "contracts.reference",
        &[
            "contract",
            "contractreference",
            "contractref",
            "contractno",
            "contractnumber",
            "contracttitle",
            "contractname",
            "agreement",
            "ponumber",
        ],
    ),
    (
        "contracts.starts_on",
        &["contractstart", "contractstartdate", "startdate", "start", "contractstarts", "started", "commencementdate"],
    ),
    (
        "contracts.ends_on",
        &[
            "contractend",
            "contractenddate",
            "enddate",
            "end",
            "contractends",
            "contractexpiry",
            "contractexpirydate",
            "expirydate",
            "expires",
            "renewaldate",
            "contractrenewal",
        ],
    ),
    ("contracts.notice_days", &["notice", "noticeperiod", "noticedays", "noticeperioddays"]),
    (
        "contracts.value",
        &[
            "contractvalue",
            "annualvalue",
            "annualcontractvalue",
            "annualcost",
            "annualspend",
            "value",
            "totalvalue",
            "totalcontractvalue",
            "awardvalue",
            "amount",
        ],
    ),
    (
        "evidence.dspt.statement",
        &["dspt", "dsptstatus", "dsptoolkit", "datasecurityandprotectiontoolkit", "dsptsubmission", "toolkitstatus"],
    ),
    ("evidence.dspt.issued_on", &["dsptdate", "dsptpublished", "dsptsubmitted", "dateofpublication"]),
    ("evidence.dspt.expires_on", &["dsptexpiry", "dsptexpirydate", "dsptexpires"]),
    ("evidence.cyber_essentials.statement", &["cyberessentials", "ce", "cyberessentialsstatus", "cestatus"]),
    (
        "evidence.cyber_essentials.reference",
        &["cyberessentialscertificate", "cyberessentialsnumber", "cecertificate", "cecertificateno", "cenumber"],
    ),
    ("evidence.cyber_essentials.issued_on", &["cyberessentialsdate", "cedate", "ceissued"]),
    (
        "evidence.cyber_essentials.expires_on",
        &["cyberessentialsexpiry", "cyberessentialsexpirydate", "ceexpiry", "ceexpirydate", "ceexpires"],
    ),
    ("evidence.cyber_essentials_plus.statement", &["cyberessentialsplus", "ceplus"]),
    ("evidence.cyber_essentials_plus.expires_on", &["cyberessentialsplusexpiry", "ceplusexpiry", "ceplusexpires"]),
    ("evidence.iso_27001.statement", &["iso27001", "isoiec27001", "iso"]),
    ("evidence.iso_27001.expires_on", &["iso27001expiry", "iso27001expires", "isoexpiry"]),
    ("evidence.insurance.statement", &["insurance", "liabilityinsurance"]),
    ("evidence.insurance.expires_on", &["insuranceexpiry", "insuranceexpires"]),
    ("evidence.dpia.statement", &["dpia", "dpiadone", "dpiacompleted"]),
    (
        "last_review_on",
        &[
            "lastreview",
            "lastreviewed",
            "lastreviewdate",
            "datelastreviewed",
            "reviewedon",
            "datereviewed",
            "lastchecked",
        ],
    ),
    (
        "next_review_on",
        &["nextreview", "nextreviewdate", "reviewdate", "reviewdue", "reviewduedate", "nextreviewdue", "review"],
    ),
];

/// Usual headings by what they fill of a product.
const OF_PRODUCTS: &[(&str, &[&str])] = &[
    (
        "name",
        &[
            "name",
            "product",
            "productname",
            "system",
            "systemname",
            "application",
            "applicationname",
            "tool",
            "software",
            "service",
            "servicename",
            "title",
        ],
    ),
    (
        "supplier_name",
        &["supplier", "suppliername", "vendor", "vendorname", "company", "provider", "providername", "organisation"],
    ),
    ("kind", &["kind", "type", "producttype", "category"]),
    ("purpose", &["purpose", "usedfor", "use", "description", "whatitdoes"]),
    ("product_version", &["version", "productversion"]),
    ("status", &["status"]),
    ("ai_features", &["ai", "usesai", "containsai", "aiyn", "isai", "hasai"]),
    ("ai_profile.model_provider", &["modelprovider", "modelsupplier"]),
    ("ai_profile.model", &["model", "modelname", "aimodel"]),
    ("ai_profile.dpia_reference", &["dpia", "dpiareference"]),
    ("notes", &["notes", "comments", "comment", "remarks"]),
];

/// The shortest heading of a table that may be only the beginning or the end of a longer one.
const SHORTEST_PART: usize = 6;

/// A text in small letters and digits alone, `+` as it is said.
fn plain(text: &str) -> String {
    text.replace('+', "plus").chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// What a column of this heading probably fills: a field of this name, or what the heading usually means.
pub(super) fn target<'a>(noun: ImportNoun, heading: &str, known: impl Iterator<Item = &'a Target>) -> Option<String> {
    let whole = plain(heading);
    let before_bracket = plain(heading.split('(').next().unwrap_or_default());
    if whole.is_empty() {
        return None;
    }
    let known: Vec<&Target> = known.collect();
    let is_known = |key: &str| known.iter().any(|target| target.key == key);
    if let Some(target) = known.iter().find(|target| target.key == heading.trim() || plain(&target.label) == whole) {
        return Some(target.key.clone());
    }
    let usual: &[(&str, &[&str])] = match noun {
        ImportNoun::Suppliers => OF_SUPPLIERS,
        ImportNoun::Products => OF_PRODUCTS,
        _ => &[],
    };
    let all = || usual.iter().flat_map(|(key, names)| names.iter().map(move |name| (*key, *name)));
    let exact = || all().find(|(_, name)| *name == whole || *name == before_bracket).map(|(key, _)| key);
    let named = || known.iter().find(|target| plain(&target.key) == whole).map(|target| target.key.as_str());
    let is_part = |name: &str| name.len() >= SHORTEST_PART && (whole.starts_with(name) || whole.ends_with(name));
    let longest = || all().filter(|(_, name)| is_part(name)).max_by_key(|(_, name)| name.len()).map(|(key, _)| key);
    // What a heading usually means comes before what a field of ours is called: “Personal data?” asks for yes or no.
    exact().filter(|key| is_known(key)).or_else(named).or_else(longest).filter(|key| is_known(key)).map(str::to_owned)
}

/// Words that say nothing.
const NOTHING: [&str; 14] = [
    "na",
    "tbc",
    "tba",
    "tbd",
    "none",
    "unknown",
    "notknown",
    "nil",
    "null",
    "dontknow",
    "notapplicable",
    "pending",
    "nk",
    "asap",
];

/// What a word usually means, by the field: their words, in small letters and digits alone, and ours.
const WORDS: &[(&str, &[(&str, &str)])] = &[
    (
        "data_role",
        &[
            ("yes", "processor"),
            ("y", "processor"),
            ("true", "processor"),
            ("no", "none"),
            ("n", "none"),
            ("false", "none"),
        ],
    ),
    (
        "service_criticality",
        &[
            ("veryhigh", "vital"),
            ("critical", "vital"),
            ("high", "essential"),
            ("h", "essential"),
            ("medium", "important"),
            ("med", "important"),
            ("moderate", "important"),
            ("m", "important"),
            ("low", "minor"),
            ("l", "minor"),
        ],
    ),
    ("data_sensitivity", &[("special", "special_category"), ("sensitive", "special_category"), ("no", "none")]),
    (
        "system_access",
        &[
            ("no", "none"),
            ("n", "none"),
            ("readonly", "standing"),
            ("user", "standing"),
            ("admin", "privileged"),
            ("yesadmin", "privileged"),
            ("administrator", "privileged"),
            ("full", "privileged"),
        ],
    ),
    (
        "status",
        &[
            ("current", "active"),
            ("live", "active"),
            ("yes", "active"),
            ("y", "active"),
            ("proposed", "prospective"),
            ("leaving", "exiting"),
        ],
    ),
    ("ai_features", &[("no", "none"), ("n", "none")]),
    ("tier_override", &[("h", "high"), ("m", "medium"), ("l", "low")]),
];

/// Which of ours a word of theirs probably is, where that is fair to say; empty where it says nothing.
pub(super) fn value(target: &Target, theirs: &str) -> Option<String> {
    let word = plain(theirs);
    let begin = |label: &str| plain(label.split(':').next().unwrap_or_default());
    let named = target
        .choices
        .iter()
        .find(|(value, label)| !word.is_empty() && [plain(value), plain(label), begin(label)].contains(&word));
    if let Some((value, _)) = named {
        return Some((*value).to_owned());
    }
    let usual = WORDS.iter().find(|(key, _)| *key == target.key).map_or(&[][..], |(_, words)| words);
    if let Some((_, ours)) = usual.iter().find(|(known, _)| *known == word) {
        return Some((*ours).to_owned()).filter(|ours| target.choices.iter().any(|(value, _)| value == ours));
    }
    // Yes and no of a field that asks for just that.
    let is_yes_or_no = target.choices.iter().any(|(value, _)| *value == "true");
    match word.as_str() {
        "yes" | "y" if is_yes_or_no => Some("true".into()),
        "no" | "n" if is_yes_or_no => Some("false".into()),
        word if word.is_empty() || NOTHING.contains(&word) => Some(String::new()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::imports::targets;

    #[test]
    fn usual_headings_are_known_however_they_are_written() {
        let all: Vec<Target> =
            targets::groups(ImportNoun::Suppliers).into_iter().flat_map(|group| group.targets).collect();
        let told = |heading: &str| target(ImportNoun::Suppliers, heading, all.iter());
        for (heading, key) in [
            ("Supplier Name ", "name"),
            ("Personal data?", "data_role"),
            ("Criticality (H/M/L)", "service_criticality"),
            ("Contract End Date", "contracts.ends_on"),
            ("E-mail", "contacts.email"),
            ("CE+", "evidence.cyber_essentials_plus.statement"),
            ("DSPT status", "evidence.dspt.statement"),
            ("Company No.", "identifiers:GB-COH"),
            ("Annual value", "contracts.value"),
            ("Value", "contracts.value"),
            ("Auto renew?", "notes"),
            ("data_role", "data_role"),
            ("What happens to care when it stops?", "service_criticality"),
        ] {
            assert_eq!(told(heading).as_deref(), Some(key), "{heading}");
        }
        assert_eq!((told("Colour of the door"), told("??")), (None, None));
        // Whatever a heading usually means can be filled.
        for (noun, usual) in [(ImportNoun::Suppliers, OF_SUPPLIERS), (ImportNoun::Products, OF_PRODUCTS)] {
            for (key, _) in usual {
                assert!(targets::find(noun, key).is_some(), "{key}");
            }
        }
    }

    #[test]
    fn usual_words_are_suggested_and_others_are_asked() {
        let told = |key: &str, word: &str| value(&targets::find(ImportNoun::Suppliers, key).expect("a field"), word);
        assert_eq!(told("data_role", "Yes ").as_deref(), Some("processor"));
        assert_eq!(told("data_role", "None").as_deref(), Some("none"));
        assert_eq!(told("service_criticality", "HIGH").as_deref(), Some("essential"));
        assert_eq!(told("service_criticality", "N/A").as_deref(), Some(""));
        assert_eq!(told("service_criticality", "Amber"), None);
        for (key, words) in WORDS {
            let found = targets::find(ImportNoun::Suppliers, key).or_else(|| targets::find(ImportNoun::Products, key));
            let choices = found.expect("a field").choices;
            for (_, ours) in *words {
                assert!(choices.iter().any(|(value, _)| value == ours), "{key}: {ours}");
            }
        }
    }
}
