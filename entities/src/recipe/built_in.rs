//! The recipes that come with the program, each with what people should know of the file it is for.

use std::sync::OnceLock;

use super::{Recipe, parse};

/// A recipe that comes with the program.
#[derive(Debug)]
pub struct BuiltIn {
    /// The key it is known by.
    pub key: &'static str,
    /// Its text, comments and all.
    pub yaml: &'static str,
    /// Where one gets the file.
    pub source: &'static str,
    /// The address of the page that leads to it; empty where there is none.
    pub address: &'static str,
    /// What of the file is not read, and what else one should know.
    pub remarks: &'static [&'static str],
    recipe: OnceLock<Recipe>,
}

impl BuiltIn {
    /// The recipe.
    ///
    /// # Panics
    /// Where its text is no recipe, which a test rules out: it comes with the program, and one that says nothing would
    /// bring a file in by other columns than it promises.
    pub fn recipe(&self) -> &Recipe {
        let read = || parse(self.yaml).unwrap_or_else(|faults| panic!("the recipe {} is none: {faults:?}", self.key));
        self.recipe.get_or_init(read)
    }
}

/// The built-in recipe of this key.
#[must_use]
pub fn built_in(key: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|built_in| built_in.key == key)
}

macro_rules! built_in {
    ($($key:literal: $source:literal, $address:literal, [$($remark:literal),* $(,)?];)*) => {
        /// Every built-in recipe, by key.
        pub static BUILT_IN: [BuiltIn; [$($key),*].len()] = [$(BuiltIn {
            key: $key,
            yaml: include_str!(concat!("../../recipes/", $key, ".yaml")),
            source: $source,
            address: $address,
            remarks: &[$($remark),*],
            recipe: OnceLock::new(),
        }),*];
    };
}

built_in! {
    "atrs":
        "The records are on GOV.UK, a page each; people publish them together as one file of JSON with a list called records.",
        "https://www.gov.uk/algorithmic-transparency-records",
        [
            "Bring the bodies in first, by the recipe atrs-publishers: a tool whose body is not in the register is refused.",
            "A record is by the body that uses the tool. Who made it, which model it rests on and who watches over it stand in the record's own text, and are not read.",
            "Every tool comes in as an AI system. Change that where the record is about plain rules.",
            "Organisations that a page of GOV.UK lists beside the body are not read.",
        ];
    "atrs-publishers":
        "The same file as for the recipe atrs: records of GOV.UK as one file of JSON with a list called records.",
        "https://www.gov.uk/algorithmic-transparency-records",
        [
            "Only the names of the bodies are read, and which tools they have. The tools come in by the recipe atrs.",
        ];
    "companies-house":
        "Companies House publishes it in the first days of each month, as one file or in parts, each in a zip file: unpack it first.",
        "https://download.companieshouse.gov.uk/en_output.html",
        [
            "The whole file has five million companies, more than a register can hold. Keep a copy with a condition, such as on the post town or the name, or cut the file down first.",
            "A company that was dissolved stands in it no more.",
            "Accounts, returns, charges, partners and former names are not read; of four lines of business the first is.",
            "The notes of a supplier that is in the register already are replaced by what the file says: look at the changes before you bring them in.",
        ];
    "contracts-finder":
        "Search for awarded contracts on Contracts Finder and take the result as JSON (OCDS), or ask its API: Published/Notices/OCDS/Search.",
        "https://www.contractsfinder.service.gov.uk/apidocumentation",
        [
            "A row is an award to a supplier. Notices without an award, and awards that were cancelled, are left out.",
            "The value of an award to several suppliers is nobody's alone: it is not read as the value of a contract.",
            "Many suppliers come with a name only. Contracts Finder's own numbers (GB-CFS) change from notice to notice and are no identifiers.",
            "Documents, lots, items and bids are not read.",
        ];
    "council-spend":
        "Each council publishes it on its own pages, usually under open data or transparency, monthly or quarterly.",
        "",
        [
            "A row is a payment. All payments to one supplier are one supplier with a sum: names are compared without capitals, punctuation, Ltd and the like.",
            "Payments to people, published as redacted, are left out.",
            "The council's own numbers for suppliers, VAT and what was bought are not read.",
            "If the heading of the amount differs, keep a copy and name it. The amount is net where the file has both.",
            "The notes of a supplier that is in the register already are replaced by what the file says: look at the changes before you bring them in.",
        ];
    "cqc-directory":
        "The CQC publishes it on the page Using CQC data, as CSV.",
        "https://www.cqc.org.uk/about-us/transparency/using-cqc-data",
        [
            "The first four lines are no part of the table: the header below them is found.",
            "Each location is a supplier of its own, with the provider as its legal name. For providers instead of locations, keep a copy that fills name from Provider name.",
            "All of England is in it. Keep a copy with a condition, such as Local authority or Service types, for those you buy from.",
            "Ratings stand in another file and are not read. The region is not read either.",
        ];
    "department-spend":
        "Each department and NHS body publishes it on GOV.UK or its own pages, monthly.",
        "https://www.gov.uk/government/collections/how-to-publish-central-government-transparency-data",
        [
            "A row is a payment. All payments to one supplier are one supplier with a sum.",
            "Transaction numbers, postcodes, VAT numbers and descriptions are not read.",
            "The layout is HM Treasury's; many files have slightly other headings. If one is not known, keep a copy and name it.",
            "The notes of a supplier that is in the register already are replaced by what the file says: look at the changes before you bring them in.",
        ];
    "dspt-search":
        "Search on the toolkit's page Organisation search, and take the results as CSV.",
        "https://www.dsptoolkit.nhs.uk/OrganisationSearch",
        [
            "The status and the day it was published become a piece of evidence (DSPT). A status that is not met asks to be looked at.",
            "An organisation that published nothing comes in without evidence.",
            "Sector, region and place are not read. For companies only, keep a copy with a condition on Primary Sector.",
        ];
    "find-a-tender":
        "Find a Tender gives notices as OCDS release packages by its API: ocdsReleasePackages, with the stage award.",
        "https://www.find-tender.service.gov.uk/apidocumentation/1.0/GET-ocdsReleasePackages",
        [
            "A row is an award to a supplier, with its contract where there is one. Notices without an award, and awards that were cancelled, are left out.",
            "Company numbers and procurement numbers (PPON) are kept as such; a number under a scheme that the register does not know is kept with its scheme.",
            "The value of an award to several suppliers is nobody's alone: it is not read as the value of a contract. Possible extensions are not read.",
            "Documents, lots, items, bids and reviews of bids are not read.",
        ];
    "g-cloud":
        "Search for services on the marketplace of the framework and save the results as a file.",
        "https://www.applytosupply.digitalmarketplace.service.gov.uk/g-cloud",
        [
            "Bring the suppliers in first, by the recipe g-cloud-suppliers: a service whose supplier is not in the register is refused.",
            "Whether there is AI in a service does not stand in the list: nobody has checked, and the register says so.",
            "Prices, contacts and terms are not read.",
        ];
    "g-cloud-suppliers":
        "The same file as for the recipe g-cloud: services of the framework, saved from its search.",
        "https://www.applytosupply.digitalmarketplace.service.gov.uk/g-cloud",
        [
            "Only the suppliers are read, with a contact where the file has one, and which services they have. The services come in by the recipe g-cloud.",
        ];
    "kept-by-hand":
        "Your own spreadsheet: .xlsx, .ods, .xls or CSV.",
        "",
        [
            "Columns under other headings are left out. Keep a copy and name them, or say on the page what each is.",
            "Personal data: Yes is read as processor, No as none. Criticality: Critical is vital, High essential, Medium important, Low minor. Whatever else is written there is asked.",
            "What somebody wrote about Cyber Essentials and the DSPT is no certificate: it stands in the notes, and counts for nothing until the certificate is entered. Where the list has the day it expires, that is evidence.",
            "Several rows of one supplier are one supplier with several contracts.",
        ];
    "nhs-ods":
        "NHS England publishes them as zip files on the page of the Organisation Data Service: unpack them first.",
        "https://digital.nhs.uk/services/organisation-data-service/data-search-and-export/csv-downloads",
        [
            "The files have no header: the columns are known by their numbers.",
            "Organisations that have been closed are left out.",
            "Groupings, commissioners, dates and kinds of practice are not read.",
        ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_recipe_can_be_read_and_says_what_it_is_for() {
        for built_in in &BUILT_IN {
            let recipe = parse(built_in.yaml).unwrap_or_else(|faults| panic!("{}: {faults:#?}", built_in.key));
            assert!(recipe.name.is_some() && recipe.description.is_some(), "{}", built_in.key);
            assert!(!recipe.columns.is_empty(), "{}", built_in.key);
            assert!(super::super::is_key(built_in.key), "{}", built_in.key);
            assert_eq!(recipe, *built_in.recipe(), "{}", built_in.key);
            assert_eq!(parse(&super::super::to_yaml(&recipe)), Ok(recipe), "{}", built_in.key);
        }
        let keys: Vec<&str> = BUILT_IN.iter().map(|built_in| built_in.key).collect();
        assert!(keys.is_sorted(), "{keys:?}");
    }
}
