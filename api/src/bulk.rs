//! What is done to many at once, from any door: links get their addresses, and letters are sent once it is saved.

use diligence_entities::{
    bulk::{BulkReport, Carried},
    respondent_link::Letter,
};

use crate::config::Config;

/// A report with the addresses of its links, and the letters that are then to be sent with them.
pub(crate) fn addressed(config: &Config, carried: Carried) -> (BulkReport, Vec<(Letter, String)>) {
    let Carried { mut report, links } = carried;
    let mut letters = Vec::new();
    for (index, made) in links {
        let url = config.link_of_respondent(made.token.reveal());
        if let Some(link) = report.items.get_mut(index).and_then(|item| item.link.as_mut()) {
            link.url = Some(url.clone());
        }
        letters.extend(made.letter.map(|letter| (letter, url)));
    }
    (report, letters)
}
