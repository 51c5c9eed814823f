use serde_json::{Value, json};

use super::*;

fn column(rows: &[Map<String, Value>], name: &str) -> Vec<String> {
    rows.iter().map(|row| text_of(row, name)).collect()
}

/// A release as Find a Tender publishes one: everybody in `parties`, the contract beside its award.
fn find_a_tender() -> Value {
    json!({
        "uri": "https://tenders.example/api/1.0/ocdsReleasePackages", "version": "1.1",
        "releases": [{
            "ocid": "ocds-h6vhtk-0a1b2c", "id": "020002-2027", "date": "2027-02-05T15:00:37Z", "tag": ["award", "contract"],
            "initiationType": "tender", "language": "en",
            "parties": [
                { "id": "GB-PPON-PLHR-1111-AAAA", "name": "Northmoor Council", "roles": ["buyer"] },
                { "id": "GB-PPON-PBRG-5674-ZQZD", "name": "Harbour Linen Ltd", "roles": ["supplier"],
                  "identifier": { "scheme": "GB-PPON", "id": "PBRG-5674-ZQZD", "legalName": "HARBOUR LINEN LIMITED" },
                  "additionalIdentifiers": [{ "scheme": "GB-COH", "id": "04142000" }, { "scheme": "XX-TRADE", "id": "77" }],
                  "address": { "streetAddress": "1 Quay", "locality": "Hull", "postalCode": "HU1 1AA", "country": "GB", "countryName": "United Kingdom" },
                  "contactPoint": { "email": "bids@harbour.example" },
                  "details": { "url": "https://harbour.example", "scale": "sme" } },
            ],
            "buyer": { "id": "GB-PPON-PLHR-1111-AAAA", "name": "Northmoor Council" },
            "tender": { "id": "ocds-h6vhtk-0a1b2c", "title": "Linen", "status": "complete" },
            "awards": [{ "id": "1", "status": "active", "suppliers": [{ "id": "GB-PPON-PBRG-5674-ZQZD", "name": "Harbour Linen Ltd" }] }],
            "contracts": [{ "id": "1", "awardID": "1", "title": "Linen for six homes", "status": "active", "dateSigned": "2027-01-23T00:00:00Z",
                "value": { "amount": 38769.84, "amountGross": 46523.81, "currency": "GBP" },
                "period": { "startDate": "2027-03-09T00:00:00Z", "endDate": "2028-04-30T23:59:59+01:00" } }],
        }],
    })
}

#[test]
fn a_release_of_find_a_tender_is_a_row_with_supplier_identifiers_and_contract() {
    let rows = rows(&find_a_tender()).expect("rows");
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    for (name, expected) in [
        ("ocid", "ocds-h6vhtk-0a1b2c"),
        ("release.tag", "award; contract"),
        ("buyer.name", "Northmoor Council"),
        ("tender.title", "Linen"),
        ("award.id", "1"),
        ("award.supplier_count", "1"),
        ("contract.reference", "ocds-h6vhtk-0a1b2c/1"),
        ("contract.title", "Linen for six homes"),
        ("contract.dateSigned", "2027-01-23"),
        ("contract.period.startDate", "2027-03-09"),
        ("contract.period.endDate", "2028-04-30"),
        ("contract.value", "38769.84 GBP"),
        ("contract.value.amount", "38769.84"),
        ("contract.value.currency", "GBP"),
        ("supplier.name", "Harbour Linen Ltd"),
        ("supplier.identifier.scheme", "GB-PPON"),
        ("supplier.identifier.legalName", "HARBOUR LINEN LIMITED"),
        ("supplier.identifiers.GB-PPON", "PBRG-5674-ZQZD"),
        ("supplier.identifiers.GB-COH", "04142000"),
        ("supplier.identifiers.other", "XX-TRADE:77"),
        ("supplier.address.postalCode", "HU1 1AA"),
        ("supplier.contactPoint.email", "bids@harbour.example"),
        ("supplier.details.url", "https://harbour.example"),
    ] {
        assert_eq!(text_of(row, name), expected, "{name}");
    }
}

/// A release as Contracts Finder publishes one: no contracts, parties by numbers of its own, values of the whole award.
fn contracts_finder() -> Value {
    let ocid = "ocds-b5fd17-8d84c691-fc64-4f64-b240-443a0af1ba82";
    json!({ "releases": [{
        "ocid": ocid, "id": "df8d0f63-1", "date": "2027-01-11T11:05:27Z", "tag": ["award"],
        "tender": { "id": "T-1", "title": "Taxis", "status": "complete", "classification": { "scheme": "CPV", "id": "60120000", "description": "Taxi services" },
            "contractPeriod": { "startDate": "2027-02-01T00:00:00Z", "endDate": "2029-01-31T23:59:59Z" } },
        "parties": [
            { "id": "GB-CFS-199356", "name": "Northmoor Council", "identifier": { "legalName": "Northmoor Council" }, "roles": ["buyer"] },
            { "id": "GB-COH-4142000", "name": "Harbour Cabs", "identifier": { "legalName": "Harbour Cabs", "scheme": "GB-COH", "id": "4142000" }, "roles": ["supplier"], "details": { "scale": "sme", "vcse": false } },
            { "id": "GB-CFS-312097", "name": "Fernway Cars", "identifier": { "legalName": "Fernway Cars" }, "address": { "streetAddress": "2 Lane" }, "roles": ["supplier"] },
        ],
        "awards": [{ "id": format!("{ocid}-1"), "status": "active", "date": "2027-01-09T00:00:00Z", "value": { "amount": 90000, "currency": "GBP" },
            "suppliers": [{ "id": "GB-COH-4142000", "name": "Harbour Cabs" }, { "id": "GB-CFS-312097", "name": "Fernway Cars" }],
            "contractPeriod": { "startDate": "2027-02-15T00:00:00Z", "endDate": "2029-02-14T23:59:59Z" } }],
    }] })
}

#[test]
fn a_release_of_contracts_finder_is_a_row_for_each_supplier_of_its_award() {
    let rows = rows(&contracts_finder()).expect("rows");
    assert_eq!(column(&rows, "supplier.name"), ["Harbour Cabs", "Fernway Cars"]);
    assert_eq!(column(&rows, "supplier.identifiers.GB-COH"), ["4142000", ""]);
    assert_eq!(column(&rows, "contract.period.endDate"), ["2029-02-14", "2029-02-14"]);
    // What several share is nobody's value.
    assert_eq!(
        (column(&rows, "award.value.amount"), column(&rows, "contract.value.amount")),
        (vec!["90000".to_owned(); 2], vec![String::new(); 2])
    );
    // A number of Contracts Finder's own is no identifier.
    assert!(rows.iter().all(|row| !row.contains_key("supplier.identifiers.other")), "{rows:?}");
    assert!(rows.iter().all(|row| text_of(row, "contract.reference").ends_with("443a0af1ba82-1")));
}

#[test]
fn a_release_of_version_1_0_has_the_whole_supplier_in_its_award() {
    let old = json!({ "ocid": "ocds-abc-1", "id": "r1", "date": "2016-01-01", "buyer": { "name": "Council", "identifier": {} },
        "awards": [{ "id": 7, "value": { "amount": "1200.50", "currency": "GBP" }, "suppliers": [{ "name": " Old Oak Ltd ", "identifier": { "scheme": "GB-COH", "id": "123" }, "address": { "postalCode": "LS1 1AA" } }] }] });
    let rows = rows(&old).expect("rows");
    assert_eq!(
        (column(&rows, "supplier.name"), column(&rows, "supplier.identifiers.GB-COH")),
        (vec!["Old Oak Ltd".to_owned()], vec!["123".to_owned()])
    );
    assert_eq!(
        (column(&rows, "contract.reference"), column(&rows, "contract.value.amount")),
        (vec!["ocds-abc-1/7".to_owned()], vec!["1200.50".to_owned()])
    );
}

#[test]
fn of_releases_that_say_the_same_the_latest_counts_wherever_it_stands() {
    let release = |date: &str, title: &str| json!({ "ocid": "ocds-a-1", "id": date, "date": date, "awards": [{ "id": "1", "title": title, "suppliers": [{ "name": "Harbour" }] }] });
    let package =
        json!({ "releases": [release("2027-02-01T00:00:00Z", "later"), release("2027-01-01T00:00:00Z", "earlier")] });
    assert_eq!(column(&rows(&package).expect("rows"), "award.title"), ["later"]);
    let record = json!({ "records": [{ "ocid": "ocds-a-1", "releases": [release("2027-01-01T00:00:00Z", "first")] }, { "ocid": "x", "compiledRelease": release("2027-03-01T00:00:00Z", "compiled"), "releases": [release("2027-04-01T00:00:00Z", "not read")] }] });
    assert_eq!(column(&rows(&record).expect("rows"), "award.title"), ["compiled"]);
    let list =
        json!([release("2027-01-01T00:00:00Z", "one"), { "releases": [release("2027-02-01T00:00:00Z", "two")] }]);
    assert_eq!(column(&rows(&list).expect("rows"), "award.title"), ["two"]);
}

#[test]
fn several_contracts_of_an_award_are_told_apart_and_suppliers_without_an_award_are_rows() {
    let many = json!({ "ocid": "o-1", "awards": [{ "id": "1", "suppliers": [{ "name": "Harbour" }] }], "contracts": [{ "id": "a", "awardID": "1" }, { "id": "b", "awardID": "1" }, { "id": "c", "awardID": "2" }] });
    assert_eq!(column(&rows(&many).expect("rows"), "contract.reference"), ["o-1/1/a", "o-1/1/b"]);
    let none = json!({ "ocid": "o-2", "parties": [{ "id": "1", "name": "Fernway", "roles": ["supplier"] }, { "id": "2", "name": "Council", "roles": ["buyer"] }] });
    let rows = rows(&none).expect("rows");
    assert_eq!(
        (column(&rows, "supplier.name"), column(&rows, "buyer.name")),
        (vec!["Fernway".to_owned()], vec!["Council".to_owned()])
    );
}

#[test]
fn what_is_no_release_is_refused_and_an_empty_package_is_empty() {
    for other in [json!({}), json!([]), json!("x"), json!({ "rows": [] }), json!([[{ "ocid": "x" }]]), json!(null)] {
        assert_eq!(rows(&other).map_err(|fault| fault.code), Err("ocds".to_owned()), "{other}");
    }
    assert_eq!(rows(&json!({ "releases": [] })), Ok(Vec::new()));
    // What is of another shape than the standard's says nothing, and stops nothing.
    assert_eq!(
        rows(&json!({ "releases": [{ "ocid": {}, "awards": "none", "parties": [1], "tag": 3 }, 5] })),
        Ok(Vec::new())
    );
}

#[test]
fn a_number_that_is_none_of_its_scheme_stands_with_its_scheme_and_zeros_say_nothing() {
    let with = |scheme: &str, id: &str| {
        let release = json!({ "ocid": "o-1", "awards": [{ "id": "1", "suppliers": [{ "name": "Harbour", "identifier": { "scheme": scheme, "id": id } }] }] });
        let row = rows(&release).expect("rows").remove(0);
        let column = row.keys().find(|name| name.starts_with("supplier.identifiers.")).cloned();
        column.map(|column| (column.clone(), text_of(&row, &column)))
    };
    let other = |value: &str| Some(("supplier.identifiers.other".to_owned(), value.to_owned()));
    assert_eq!(with("GB-COH", "SC123456"), Some(("supplier.identifiers.GB-COH".to_owned(), "SC123456".to_owned())));
    assert_eq!(with("GB-COH", "123456789"), other("GB-COH:123456789"));
    assert_eq!(with("GB-ODS", "8K417"), Some(("supplier.identifiers.GB-NHS".to_owned(), "8K417".to_owned())));
    assert_eq!(with("GB-COH", "00000000"), None);
    assert_eq!(with("GB-COH", "not given"), None);
    assert_eq!(with("GB-SRS", &"1".repeat(40)), None);
}
