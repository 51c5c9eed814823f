//! The pages: for people, with a browser. Each calls the operations that the API calls, and works without JavaScript.
//!
//! A page at `/suppliers/…` is in `suppliers`, its template in the folder `templates/suppliers`; each noun lists its
//! own routes.
//!
//! | Where | What |
//! |---|---|
//! | `home` `due` `register` | where one lands, what is due, and the list of suppliers and products |
//! | `suppliers` `products` `subjects` | suppliers, products, and what their pages have in common |
//! | `assessments` | assessments: the list, answers, links, sheet, review, score |
//! | `ourselves` `findings` | our own house; checks and exercises with what comes of each finding |
//! | `evidence` `risks` `incidents` `dependencies` `reviews` `decisions` | what is kept of a supplier or product |
//! | `compare` `concentration` | several side by side, and whom many depend on |
//! | `mergers` | twins, and two that become one |
//! | `questionnaires` | the library, drafts and what they would change |
//! | `imports` `recipes` | bringing in files of somebody else's step by step, what was brought in, and how such files are read |
//! | `bulk` | something that is done to many suppliers and products at once |
//! | `lists` | what published lists say of our suppliers |
//! | [`sign_in`] [`invitations`] [`account`] | who one is |
//! | `settings` | how the register is set up: people, keys, policy, sign-in, audit, privacy, backup |
//! | [`respond`] | a supplier's answers, through a link |
//! | `reference` | the documentation of the API |
//! | `routes` `signed_in` `page` `problem_frame` | routes as data, who asks and what they send, what stands around every page, and around a problem |
//! | `form` `fields` `questions` | what a browser sends, forms made of fields, and forms made of a questionnaire's questions |
//! | `list_query` `subject_picker` `confirm_delete` | filters and paging of lists, choosing a supplier or product, and the page before something is deleted |
//! | `events` `what_if` | events of the audit trail, and what a change of rules would move |
//! | `format` `labels` | dates and numbers as people write them, and what they read for the words of the interface |

use poem::{Endpoint, EndpointExt as _, Response, Route, endpoint::make_sync, get};

pub(crate) use self::{
    due::{href as due_href, name as due_name, task as due_task},
    page::{is_for_reading, problem_page},
};
use self::{page::asset, problem_frame::nowhere, routes::Routes};
pub use self::{routes::PageRoute, signed_in::Least};

pub mod account;
mod assessments;
mod bulk;
mod compare;
mod concentration;
mod confirm_delete;
mod decisions;
mod dependencies;
mod due;
mod events;
mod evidence;
mod fields;
mod findings;
mod form;
mod format;
mod home;
mod imports;
mod incidents;
pub mod invitations;
pub(crate) mod labels;
mod list_query;
mod lists;
mod mergers;
mod ourselves;
mod page;
mod problem_frame;
mod products;
mod questionnaires;
mod questions;
mod recipes;
mod reference;
mod register;
pub mod respond;
mod reviews;
mod risks;
mod routes;
mod settings;
pub mod sign_in;
mod signed_in;
mod subject_picker;
mod subjects;
mod suppliers;
mod what_if;

/// Every page, and where every form is sent: each noun says its own.
fn all() -> Routes {
    let nouns = [
        home::routes,
        due::routes,
        register::routes,
        suppliers::routes,
        ourselves::routes,
        products::routes,
        assessments::routes,
        decisions::routes,
        compare::routes,
        evidence::routes,
        findings::routes,
        risks::routes,
        incidents::routes,
        dependencies::routes,
        concentration::routes,
        mergers::routes,
        reviews::routes,
        questionnaires::routes,
        imports::routes,
        recipes::routes,
        bulk::routes,
        lists::routes,
        sign_in::routes,
        invitations::routes,
        account::routes,
        settings::routes,
        respond::routes,
        reference::routes,
    ];
    nouns.into_iter().fold(Routes::default(), |routes, noun| noun(routes))
}

/// Each of them, as data.
#[must_use]
pub fn list() -> Vec<PageRoute> {
    all().list()
}

/// `route` with every page.
pub(crate) fn routes(route: Route) -> impl Endpoint<Output = Response> {
    all().onto(route).at("/assets/:name", get(make_sync(asset))).around(nowhere)
}
