//! The pages: for people, with a browser. Each calls the operations that the API calls, and works without JavaScript.
//!
//! | Where | What |
//! |---|---|
//! | [`sign_in`] [`invitations`] [`account`] | who one is |
//! | `home` `register` `subject` `history` `entering` `ending` | where one lands, the list, a supplier or product, what happened to it, entering it, and what ends it |
//! | `assessments` `answering` `links` `offline` | assessments, from the list to submission |
//! | [`respond`] | a supplier's answers, through a link |
//! | `questions` | what both of them show, read and keep of a questionnaire |
//! | `judging` `reviewing` `scores` `decisions` `compare` `trend` | what comes of answers: the review, the score, the decision, several side by side, the course of time |
//! | `risks` `evidence` `incidents` `dependencies` `concentration` `reviews` | what else is kept of a supplier or product |
//! | `questionnaires` `drafts` `added_question` `moves` `imports` | questionnaires, read and written, and what they would move; lists brought in |
//! | `settings` | how the register is set up: people, keys, policy, sign-in, audit, privacy, backup |
//! | `reference` | what programs can ask |
//! | `routes` `signed_in` `page` | where pages are, who asks for one and what they send, and what stands around every page |
//! | `form` `fields` `listing` `choosing` `erasing` | what a browser sends, forms made of fields, lists, choosing from the register, what destroys |
//! | `words` | dates and words as people write them |

use std::sync::Arc;

use diligence_entities::scope::Store;
use poem::{Endpoint, EndpointExt as _, Request, Response, Route, endpoint::make_sync, error::NotFoundError, get, http::header};

pub(crate) use self::page::{is_for_reading, told};
use self::{
    page::{Frame, asset, told_within},
    routes::Routes,
};
pub use self::{routes::PageRoute, signed_in::Least};
use crate::{
    cookie,
    problem::{Problem, Type},
    trail::Trail,
};

pub mod account;
mod added_question;
mod answering;
mod assessments;
mod choosing;
mod compare;
mod concentration;
mod decisions;
mod dependencies;
mod drafts;
mod ending;
mod entering;
mod erasing;
mod evidence;
mod fields;
mod form;
mod history;
mod home;
mod imports;
mod incidents;
pub mod invitations;
mod judging;
mod links;
mod listing;
mod moves;
mod offline;
mod page;
mod questionnaires;
mod questions;
mod reference;
mod register;
pub mod respond;
mod reviewing;
mod reviews;
mod risks;
mod routes;
mod scores;
mod settings;
pub mod sign_in;
mod signed_in;
mod subject;
mod trend;
mod words;

/// Every page, and where every form is sent.
fn all() -> Routes {
    Routes::default()
        .get("/", home::show)
        .get("/register", register::show)
        .get("/suppliers/new", entering::show_new_supplier)
        .post("/suppliers/new", entering::enter_supplier)
        .get("/suppliers/:id", subject::show_supplier)
        .get("/suppliers/:id/change", entering::show_supplier)
        .post("/suppliers/:id/change", entering::change_supplier)
        .get("/suppliers/:id/products/new", entering::show_new_product)
        .post("/suppliers/:id/products/new", entering::enter_product)
        .get("/suppliers/:id/history", history::supplier_history)
        .get("/products/:id", subject::show_product)
        .get("/products/:id/change", entering::show_product)
        .post("/products/:id/change", entering::change_product)
        .get("/products/:id/history", history::product_history)
        .get("/assessments", assessments::show)
        .get("/assessments/new", assessments::show_new)
        .post("/assessments/new", assessments::start)
        .get("/assessments/:id", answering::show)
        .post("/assessments/:id/confirm", answering::confirm)
        .get("/assessments/:id/sections/:key", answering::show_section)
        .post("/assessments/:id/sections/:key", answering::save_section)
        .get("/assessments/:id/evidence", answering::show_evidence)
        .post("/assessments/:id/evidence", answering::add_evidence)
        .get("/assessments/:id/check", answering::check)
        .post("/assessments/:id/check", answering::submit)
        .get("/assessments/:id/delete", answering::show_delete)
        .post("/assessments/:id/delete", answering::delete)
        .get("/assessments/:id/links", links::show)
        .post("/assessments/:id/links", links::create)
        .post("/assessments/:id/links/resend", links::resend)
        .post("/assessments/:id/links/revoke", links::revoke)
        .get("/assessments/:id/sheet", offline::show)
        .post("/assessments/:id/sheet", offline::fill_in)
        .get("/risks", risks::show)
        .get("/risks/new", risks::show_new)
        .post("/risks/new", risks::enter)
        .get("/risks/:id", risks::show_one)
        .get("/risks/:id/change", risks::show_change)
        .post("/risks/:id/change", risks::change)
        .post("/risks/:id/accept", risks::accept)
        .post("/risks/:id/close", risks::close)
        .post("/risks/:id/reopen", risks::reopen)
        .post("/risks/:id/delete", risks::delete)
        .get("/incidents", incidents::show)
        .get("/incidents/new", incidents::show_new)
        .post("/incidents/new", incidents::enter)
        .get("/incidents/:id", incidents::show_one)
        .get("/incidents/:id/change", incidents::show_change)
        .post("/incidents/:id/change", incidents::change)
        .post("/incidents/:id/resolve", incidents::resolve)
        .post("/incidents/:id/delete", incidents::delete)
        .get("/concentration", concentration::show)
        .get("/dependencies/new", dependencies::show_new)
        .post("/dependencies/new", dependencies::enter)
        .get("/dependencies/:id/change", dependencies::show_change)
        .post("/dependencies/:id/change", dependencies::change)
        .get("/dependencies/:id/delete", dependencies::show_delete)
        .post("/dependencies/:id/delete", dependencies::delete)
        .get("/suppliers/:id/end", ending::show_supplier)
        .post("/suppliers/:id/archive", ending::archive_supplier)
        .post("/suppliers/:id/restore", ending::restore_supplier)
        .post("/suppliers/:id/delete", ending::delete_supplier)
        .get("/products/:id/end", ending::show_product)
        .post("/products/:id/archive", ending::archive_product)
        .post("/products/:id/restore", ending::restore_product)
        .post("/products/:id/delete", ending::delete_product)
        .get("/evidence", evidence::show)
        .get("/evidence/new", evidence::show_new)
        .post("/evidence/new", evidence::enter)
        .get("/evidence/:id", evidence::show_one)
        .get("/evidence/:id/change", evidence::show_change)
        .post("/evidence/:id/change", evidence::change)
        .post("/evidence/:id/file", evidence::store_file)
        .post("/evidence/:id/file/delete", evidence::delete_file)
        .post("/evidence/:id/delete", evidence::delete)
        .get("/reviews", reviews::show)
        .post("/reviews/:id/complete", reviews::complete)
        .post("/reviews/:id/reschedule", reviews::reschedule)
        .get("/assessments/:id/review", reviewing::show)
        .post("/assessments/:id/review", reviewing::rate)
        .post("/assessments/:id/return", reviewing::give_back)
        .post("/assessments/:id/decide", reviewing::decide)
        .get("/assessments/:id/score", scores::show)
        .get("/compare", compare::show)
        .get("/decisions", decisions::list)
        .get("/decisions/:id", decisions::show)
        .post("/decisions/:id/meet-condition", decisions::meet_condition)
        .get("/questionnaires", questionnaires::show)
        .get("/questionnaires/drafts", questionnaires::show_drafts)
        .get("/questionnaires/drafts/new", drafts::show_new)
        .post("/questionnaires/drafts/new", drafts::begin)
        .post("/questionnaires/drafts/upload", drafts::upload)
        .get("/questionnaires/drafts/:id", drafts::show)
        .post("/questionnaires/drafts/:id", drafts::save)
        .post("/questionnaires/drafts/:id/delete", drafts::delete)
        .get("/questionnaires/drafts/:id/try", drafts::show_try)
        .post("/questionnaires/drafts/:id/try", drafts::attempt)
        .get("/questionnaires/drafts/:id/what-if", drafts::show_what_if)
        .get("/questionnaires/drafts/:id/publish", drafts::show_publish)
        .post("/questionnaires/drafts/:id/publish", drafts::publish)
        .get("/questionnaires/drafts/:id/questions/new", added_question::show)
        .post("/questionnaires/drafts/:id/questions/new", added_question::put)
        .get("/questionnaires/drafts/:id/questions/:number", added_question::show)
        .post("/questionnaires/drafts/:id/questions/:number", added_question::put)
        .post("/questionnaires/drafts/:id/questions/:number/remove", added_question::remove)
        .get("/questionnaires/:key", questionnaires::show_edition)
        .get("/questionnaires/:key/editions/:edition", questionnaires::show_edition)
        .get("/questionnaires/:key/editions/:edition/changes", questionnaires::show_changes)
        .post("/questionnaires/:key/editions/:edition/delete", questionnaires::delete_edition)
        .post("/questionnaires/:key/editions/:edition/merge", questionnaires::merge)
        .get("/import", imports::show)
        .post("/import", imports::send)
        .get("/import/example", imports::example)
        .get("/sign-in", sign_in::show)
        .post("/sign-in", sign_in::send)
        .get("/sign-in/code", sign_in::show_code)
        .post("/sign-in/code", sign_in::send_code)
        .post("/sign-in/again", sign_in::again)
        .post("/sign-out", sign_in::leave)
        .get("/invitations", invitations::show)
        .post("/invitations", invitations::send)
        .post("/sample", home::look_around)
        .get("/account", account::show)
        .get("/account/name", account::show_name)
        .post("/account/name", account::change_name)
        .post("/account/password", account::change_password)
        .post("/account/organisation", account::switch)
        .post("/account/sessions", account::end_others)
        .post("/account/sessions/end", account::end_one)
        .get("/account/second-factor", account::show_second_factor)
        .post("/account/second-factor", account::confirm_second_factor)
        .post("/account/second-factor/begin", account::begin_second_factor)
        .post("/account/second-factor/recovery-codes", account::renew_recovery_codes)
        .post("/account/second-factor/remove", account::remove_second_factor)
        .get("/settings", settings::show)
        .get("/settings/people", settings::people::show)
        .get("/settings/people/invite", settings::people::show_invite)
        .post("/settings/people/invite", settings::people::invite)
        .get("/settings/people/invitations", settings::people::invitations)
        .post("/settings/people/invitations/:id/resend", settings::people::resend)
        .post("/settings/people/invitations/:id/revoke", settings::people::revoke)
        .get("/settings/people/:id", settings::people::show_person)
        .post("/settings/people/:id/role", settings::people::change_role)
        .post("/settings/people/:id/reset-password", settings::people::reset_password)
        .post("/settings/people/:id/reset-second-factor", settings::people::reset_second_factor)
        .post("/settings/people/:id/end-sessions", settings::people::end_sessions)
        .post("/settings/people/:id/remove", settings::people::remove)
        .get("/settings/keys", settings::keys::show)
        .get("/settings/keys/new", settings::keys::show_new)
        .post("/settings/keys/new", settings::keys::make)
        .get("/settings/keys/:id", settings::keys::show_key)
        .post("/settings/keys/:id/rotate", settings::keys::rotate)
        .post("/settings/keys/:id/revoke", settings::keys::revoke)
        .get("/settings/policy", settings::policy::show)
        .get("/settings/policy/change", settings::policy::show_change)
        .post("/settings/policy/change", settings::policy::change)
        .get("/settings/organisation", settings::organisation::show)
        .get("/settings/organisation/change", settings::organisation::show_change)
        .post("/settings/organisation/change", settings::organisation::change)
        .get("/settings/sign-in", settings::sign_in::show)
        .get("/settings/sign-in/change", settings::sign_in::show_change)
        .post("/settings/sign-in/change", settings::sign_in::change)
        .get("/settings/sign-in/providers/new", settings::providers::show_new)
        .post("/settings/sign-in/providers/new", settings::providers::enter)
        .get("/settings/sign-in/providers/:id", settings::providers::show)
        .get("/settings/sign-in/providers/:id/change", settings::providers::show_change)
        .post("/settings/sign-in/providers/:id/change", settings::providers::change)
        .post("/settings/sign-in/providers/:id/delete", settings::providers::delete)
        .get("/settings/audit", settings::audit::show)
        .get("/settings/audit/verify", settings::audit::show_verify)
        .post("/settings/audit/verify", settings::audit::verify)
        .get("/settings/privacy", settings::privacy::show)
        .post("/settings/privacy/find", settings::privacy::find)
        .post("/settings/privacy/export", settings::privacy::export)
        .post("/settings/privacy/erase", settings::privacy::erase)
        .get("/settings/privacy/retention", settings::privacy::show_retention)
        .post("/settings/privacy/retention", settings::privacy::change_retention)
        .get("/settings/privacy/apply", settings::privacy::show_apply)
        .post("/settings/privacy/apply", settings::privacy::apply)
        .get("/settings/backup", settings::show_backup)
        .get("/respond", respond::show)
        .post("/respond", respond::enter)
        .post("/respond/leave", respond::leave)
        .post("/respond/earlier", respond::confirm_earlier)
        .get("/respond/sections/:key", respond::show_section)
        .post("/respond/sections/:key", respond::save_section)
        .get("/respond/evidence", respond::show_evidence)
        .post("/respond/evidence", respond::send_evidence)
        .post("/respond/evidence/delete", respond::delete_evidence)
        .get("/respond/check", respond::check)
        .post("/respond/check", respond::submit)
        .get("/respond/receipt", respond::receipt)
        .get("/docs", reference::show)
        .get("/docs/operations/:name", reference::show_operation)
        .get("/docs/shapes/:name", reference::show_shape)
        .get("/docs/respond", reference::show)
        .get("/docs/respond/operations/:name", reference::show_operation)
        .get("/docs/respond/shapes/:name", reference::show_shape)
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

/// Notes who asks with a browser; and where there is nothing at an address, tells them so in a page like any other of theirs.
async fn nowhere(routes: Arc<Route>, mut request: Request) -> poem::Result<Response> {
    let asker = if is_for_reading(&request) { Asker::of(&request) } else { None };
    if let Some(asker) = &asker {
        request.set_data(asker.clone());
    }
    match (routes.call(request).await, asker) {
        (Err(error), Some(asker)) if error.is::<NotFoundError>() => {
            let problem = Problem::not_found();
            match asker.frame(&problem).await {
                Some(frame) => Ok(told_within(&problem, frame)),
                None => Err(error),
            }
        }
        (answer, _) => answer,
    }
}

/// Whoever asks with a session's cookie, as far as is needed to frame a problem for them as their other pages are.
#[derive(Clone)]
struct Asker {
    store: Store,
    session: String,
    trail: Option<Trail>,
}

impl Asker {
    /// Whoever sent this; nobody at a supplier's pages, which lead nowhere else.
    fn of(request: &Request) -> Option<Self> {
        if request.uri().path().starts_with("/respond") {
            return None;
        }
        let session = cookie::sent(request, cookie::SESSION)?.to_owned();
        Some(Self { store: request.data::<Store>()?.clone(), session, trail: request.data::<Trail>().cloned() })
    }

    /// What stands around the page that tells them of a problem, if their session is good. Where the server itself is in trouble, or
    /// asked too much, nothing is looked up for that.
    async fn frame(&self, problem: &Problem) -> Option<Frame> {
        if !problem.kind.status().is_client_error() || matches!(problem.kind, Type::TooMany | Type::Unauthenticated) {
            return None;
        }
        let mut request = Request::builder().header(header::COOKIE, format!("{}={}", cookie::SESSION, self.session)).finish();
        request.set_data(self.store.clone());
        if let Some(trail) = &self.trail {
            request.set_data(trail.clone());
        }
        // Whatever stands against it, the problem itself is told.
        sign_in::Here::begun(&request).await.ok().map(|here| here.frame(problem.kind.title()))
    }

    /// A refusal as a page of theirs.
    async fn told(&self, problem: &Problem) -> Response {
        match self.frame(problem).await {
            Some(frame) => told_within(problem, frame),
            None => told(problem),
        }
    }
}
