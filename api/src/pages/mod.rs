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
//! | `page` | what stands around every page, and what is said in its place |
//! | `form` `fields` `listing` `choosing` `erasing` | what a browser sends, forms made of fields, lists, choosing from the register, what destroys |
//! | `words` | dates and words as people write them |

use std::{future::Future, sync::Arc};

use diligence_entities::{role::Role, scope::Store};
use poem::{
    Endpoint, EndpointExt as _, Request, RequestBody, Response, Route,
    endpoint::{make, make_sync},
    error::NotFoundError,
    get,
    http::header,
    post,
};

use self::page::{Frame, Refusal, Shown, asset, see, told_within};
pub(crate) use self::page::{is_for_reading, told};
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
mod scores;
mod settings;
pub mod sign_in;
mod subject;
mod trend;
mod words;

/// `route` with every page.
pub(crate) fn routes(route: Route) -> impl Endpoint<Output = Response> {
    route
        .at("/", get(page(home::show)))
        .at("/register", get(page(register::show)))
        .at("/suppliers/new", get(page(entering::show_new_supplier)).post(form_of(EDITOR, entering::enter_supplier)))
        .at("/suppliers/:id", get(page(subject::show_supplier)))
        .at("/suppliers/:id/change", get(page(entering::show_supplier)).post(form_of(EDITOR, entering::change_supplier)))
        .at("/suppliers/:id/products/new", get(page(entering::show_new_product)).post(form_of(EDITOR, entering::enter_product)))
        .at("/suppliers/:id/history", get(page(history::supplier_history)))
        .at("/products/:id", get(page(subject::show_product)))
        .at("/products/:id/change", get(page(entering::show_product)).post(form_of(EDITOR, entering::change_product)))
        .at("/products/:id/history", get(page(history::product_history)))
        .at("/assessments", get(page(assessments::show)))
        .at("/assessments/new", get(page(assessments::show_new)).post(form_of(EDITOR, assessments::start)))
        .at("/assessments/:id", get(page(answering::show)))
        .at("/assessments/:id/confirm", post(form_of(EDITOR, answering::confirm)))
        .at("/assessments/:id/sections/:key", get(page(answering::show_section)).post(form_of(EDITOR, answering::save_section)))
        .at("/assessments/:id/evidence", get(page(answering::show_evidence)).post(form_of(EDITOR, answering::add_evidence)))
        .at("/assessments/:id/check", get(page(answering::check)).post(form_of(EDITOR, answering::submit)))
        .at("/assessments/:id/delete", get(page(answering::show_delete)).post(form_of(EDITOR, answering::delete)))
        .at("/assessments/:id/links", get(page(links::show)).post(form_of(EDITOR, links::create)))
        .at("/assessments/:id/links/resend", post(form_of(EDITOR, links::resend)))
        .at("/assessments/:id/links/revoke", post(form_of(EDITOR, links::revoke)))
        .at("/assessments/:id/sheet", get(page(offline::show)).post(form_of(EDITOR, offline::fill_in)))
        .at("/risks", get(page(risks::show)))
        .at("/risks/new", get(page(risks::show_new)).post(form_of(EDITOR, risks::enter)))
        .at("/risks/:id", get(page(risks::show_one)))
        .at("/risks/:id/change", get(page(risks::show_change)).post(form_of(EDITOR, risks::change)))
        .at("/risks/:id/accept", post(form_of(APPROVER, risks::accept)))
        .at("/risks/:id/close", post(form_of(EDITOR, risks::close)))
        .at("/risks/:id/reopen", post(form_of(EDITOR, risks::reopen)))
        .at("/risks/:id/delete", post(form_of(EDITOR, risks::delete)))
        .at("/incidents", get(page(incidents::show)))
        .at("/incidents/new", get(page(incidents::show_new)).post(form_of(EDITOR, incidents::enter)))
        .at("/incidents/:id", get(page(incidents::show_one)))
        .at("/incidents/:id/change", get(page(incidents::show_change)).post(form_of(EDITOR, incidents::change)))
        .at("/incidents/:id/resolve", post(form_of(EDITOR, incidents::resolve)))
        .at("/incidents/:id/delete", post(form_of(EDITOR, incidents::delete)))
        .at("/concentration", get(page(concentration::show)))
        .at("/dependencies/new", get(page(dependencies::show_new)).post(form_of(EDITOR, dependencies::enter)))
        .at("/dependencies/:id/change", get(page(dependencies::show_change)).post(form_of(EDITOR, dependencies::change)))
        .at("/dependencies/:id/delete", get(page(dependencies::show_delete)).post(form_of(EDITOR, dependencies::delete)))
        .at("/suppliers/:id/end", get(page(ending::show_supplier)))
        .at("/suppliers/:id/archive", post(form_of(EDITOR, ending::archive_supplier)))
        .at("/suppliers/:id/restore", post(form_of(EDITOR, ending::restore_supplier)))
        .at("/suppliers/:id/delete", post(form_of(EDITOR, ending::delete_supplier)))
        .at("/products/:id/end", get(page(ending::show_product)))
        .at("/products/:id/archive", post(form_of(EDITOR, ending::archive_product)))
        .at("/products/:id/restore", post(form_of(EDITOR, ending::restore_product)))
        .at("/products/:id/delete", post(form_of(EDITOR, ending::delete_product)))
        .at("/evidence", get(page(evidence::show)))
        .at("/evidence/new", get(page(evidence::show_new)).post(form_of(EDITOR, evidence::enter)))
        .at("/evidence/:id", get(page(evidence::show_one)))
        .at("/evidence/:id/change", get(page(evidence::show_change)).post(form_of(EDITOR, evidence::change)))
        .at("/evidence/:id/file", post(form_of(EDITOR, evidence::store_file)))
        .at("/evidence/:id/file/delete", post(form_of(EDITOR, evidence::delete_file)))
        .at("/evidence/:id/delete", post(form_of(EDITOR, evidence::delete)))
        .at("/reviews", get(page(reviews::show)))
        .at("/reviews/:id/complete", post(form_of(EDITOR, reviews::complete)))
        .at("/reviews/:id/reschedule", post(form_of(EDITOR, reviews::reschedule)))
        .at("/assessments/:id/review", get(page(reviewing::show)).post(form_of(APPROVER, reviewing::rate)))
        .at("/assessments/:id/return", post(form_of(APPROVER, reviewing::give_back)))
        .at("/assessments/:id/decide", post(form_of(APPROVER, reviewing::decide)))
        .at("/assessments/:id/score", get(page(scores::show)))
        .at("/compare", get(page(compare::show)))
        .at("/decisions", get(page(decisions::list)))
        .at("/decisions/:id", get(page(decisions::show)))
        .at("/decisions/:id/meet-condition", post(form_of(APPROVER, decisions::meet_condition)))
        .at("/questionnaires", get(page(questionnaires::show)))
        .at("/questionnaires/drafts", get(page(questionnaires::show_drafts)))
        .at("/questionnaires/drafts/new", get(page(drafts::show_new)).post(form_of(EDITOR, drafts::begin)))
        .at("/questionnaires/drafts/upload", post(form_of(EDITOR, drafts::upload)))
        .at("/questionnaires/drafts/:id", get(page(drafts::show)).post(form_of(EDITOR, drafts::save)))
        .at("/questionnaires/drafts/:id/delete", post(form_of(EDITOR, drafts::delete)))
        .at("/questionnaires/drafts/:id/try", get(page(drafts::show_try)).post(form_of(MEMBER, drafts::attempt)))
        .at("/questionnaires/drafts/:id/what-if", get(page(drafts::show_what_if)))
        .at("/questionnaires/drafts/:id/publish", get(page(drafts::show_publish)).post(form_of(EDITOR, drafts::publish)))
        .at("/questionnaires/drafts/:id/questions/new", get(page(added_question::show)).post(form_of(EDITOR, added_question::put)))
        .at("/questionnaires/drafts/:id/questions/:number", get(page(added_question::show)).post(form_of(EDITOR, added_question::put)))
        .at("/questionnaires/drafts/:id/questions/:number/remove", post(form_of(EDITOR, added_question::remove)))
        .at("/questionnaires/:key", get(page(questionnaires::show_edition)))
        .at("/questionnaires/:key/editions/:edition", get(page(questionnaires::show_edition)))
        .at("/questionnaires/:key/editions/:edition/changes", get(page(questionnaires::show_changes)))
        .at("/questionnaires/:key/editions/:edition/delete", post(form_of(EDITOR, questionnaires::delete_edition)))
        .at("/questionnaires/:key/editions/:edition/merge", post(form_of(EDITOR, questionnaires::merge)))
        .at("/import", get(page(imports::show)).post(form_of(EDITOR, imports::send)))
        .at("/import/example", get(page(imports::example)))
        .at("/sign-in", get(page(sign_in::show)).post(form_of(ANYONE, sign_in::send)))
        .at("/sign-in/code", get(page(sign_in::show_code)).post(form_of(BEGUN, sign_in::send_code)))
        .at("/sign-in/again", post(form_of(ANYONE, sign_in::again)))
        .at("/sign-out", post(form_of(BEGUN, sign_in::leave)))
        .at("/invitations", get(page(invitations::show)).post(form_of(ANYONE, invitations::send)))
        .at("/sample", post(form_of(MEMBER, home::look_around)))
        .at("/account", get(page(account::show)))
        .at("/account/name", get(page(account::show_name)).post(form_of(MEMBER, account::change_name)))
        .at("/account/password", post(form_of(MEMBER, account::change_password)))
        .at("/account/organisation", post(form_of(BEGUN, account::switch)))
        .at("/account/sessions", post(form_of(MEMBER, account::end_others)))
        .at("/account/sessions/end", post(form_of(MEMBER, account::end_one)))
        .at("/account/second-factor", get(page(account::show_second_factor)).post(form_of(BEGUN, account::confirm_second_factor)))
        .at("/account/second-factor/begin", post(form_of(BEGUN, account::begin_second_factor)))
        .at("/account/second-factor/recovery-codes", post(form_of(MEMBER, account::renew_recovery_codes)))
        .at("/account/second-factor/remove", post(form_of(MEMBER, account::remove_second_factor)))
        .at("/settings", get(page(settings::show)))
        .at("/settings/people", get(page(settings::people::show)))
        .at("/settings/people/invite", get(page(settings::people::show_invite)).post(form_of(ADMIN, settings::people::invite)))
        .at("/settings/people/invitations", get(page(settings::people::invitations)))
        .at("/settings/people/invitations/:id/resend", post(form_of(ADMIN, settings::people::resend)))
        .at("/settings/people/invitations/:id/revoke", post(form_of(ADMIN, settings::people::revoke)))
        .at("/settings/people/:id", get(page(settings::people::show_person)))
        .at("/settings/people/:id/role", post(form_of(ADMIN, settings::people::change_role)))
        .at("/settings/people/:id/reset-password", post(form_of(ADMIN, settings::people::reset_password)))
        .at("/settings/people/:id/reset-second-factor", post(form_of(ADMIN, settings::people::reset_second_factor)))
        .at("/settings/people/:id/end-sessions", post(form_of(ADMIN, settings::people::end_sessions)))
        .at("/settings/people/:id/remove", post(form_of(ADMIN, settings::people::remove)))
        .at("/settings/keys", get(page(settings::keys::show)))
        .at("/settings/keys/new", get(page(settings::keys::show_new)).post(form_of(ADMIN, settings::keys::make)))
        .at("/settings/keys/:id", get(page(settings::keys::show_key)))
        .at("/settings/keys/:id/rotate", post(form_of(ADMIN, settings::keys::rotate)))
        .at("/settings/keys/:id/revoke", post(form_of(ADMIN, settings::keys::revoke)))
        .at("/settings/policy", get(page(settings::policy::show)))
        .at("/settings/policy/change", get(page(settings::policy::show_change)).post(form_of(MEMBER, settings::policy::change)))
        .at("/settings/organisation", get(page(settings::organisation::show)))
        .at("/settings/organisation/change", get(page(settings::organisation::show_change)).post(form_of(ADMIN, settings::organisation::change)))
        .at("/settings/sign-in", get(page(settings::sign_in::show)))
        .at("/settings/sign-in/change", get(page(settings::sign_in::show_change)).post(form_of(ADMIN, settings::sign_in::change)))
        .at("/settings/sign-in/providers/new", get(page(settings::providers::show_new)).post(form_of(ADMIN, settings::providers::enter)))
        .at("/settings/sign-in/providers/:id", get(page(settings::providers::show)))
        .at("/settings/sign-in/providers/:id/change", get(page(settings::providers::show_change)).post(form_of(ADMIN, settings::providers::change)))
        .at("/settings/sign-in/providers/:id/delete", post(form_of(ADMIN, settings::providers::delete)))
        .at("/settings/audit", get(page(settings::audit::show)))
        .at("/settings/audit/verify", get(page(settings::audit::show_verify)).post(form_of(ADMIN, settings::audit::verify)))
        .at("/settings/privacy", get(page(settings::privacy::show)))
        .at("/settings/privacy/find", post(form_of(ADMIN, settings::privacy::find)))
        .at("/settings/privacy/export", post(form_of(ADMIN, settings::privacy::export)))
        .at("/settings/privacy/erase", post(form_of(ADMIN, settings::privacy::erase)))
        .at("/settings/privacy/retention", get(page(settings::privacy::show_retention)).post(form_of(ADMIN, settings::privacy::change_retention)))
        .at("/settings/privacy/apply", get(page(settings::privacy::show_apply)).post(form_of(ADMIN, settings::privacy::apply)))
        .at("/settings/backup", get(page(settings::show_backup)))
        .at("/respond", get(page(respond::show)).post(form_of(ANYONE, respond::enter)))
        .at("/respond/leave", post(form_of(VISITOR, respond::leave)))
        .at("/respond/earlier", post(form_of(VISITOR, respond::confirm_earlier)))
        .at("/respond/sections/:key", get(page(respond::show_section)).post(form_of(VISITOR, respond::save_section)))
        .at("/respond/evidence", get(page(respond::show_evidence)).post(form_of(VISITOR, respond::send_evidence)))
        .at("/respond/evidence/delete", post(form_of(VISITOR, respond::delete_evidence)))
        .at("/respond/check", get(page(respond::check)).post(form_of(VISITOR, respond::submit)))
        .at("/respond/receipt", get(page(respond::receipt)))
        .at("/docs", get(page(reference::show)))
        .at("/docs/operations/:name", get(page(reference::show_operation)))
        .at("/docs/shapes/:name", get(page(reference::show_shape)))
        .at("/docs/respond", get(page(reference::show)))
        .at("/docs/respond/operations/:name", get(page(reference::show_operation)))
        .at("/docs/respond/shapes/:name", get(page(reference::show_shape)))
        .at("/assets/:name", get(make_sync(asset)))
        .around(nowhere)
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

/// Who may send a form. They are asked before it is read.
#[derive(Clone, Copy, Debug)]
enum Sender {
    /// Anyone.
    Anyone,
    /// Whoever's password was right.
    Begun,
    /// Whoever is signed in and has at least this role.
    Holder(Role),
    /// A respondent on a visit.
    Visitor,
}

const ANYONE: Sender = Sender::Anyone;
const BEGUN: Sender = Sender::Begun;
const MEMBER: Sender = Sender::Holder(Role::Viewer);
const EDITOR: Sender = Sender::Holder(Role::Editor);
const APPROVER: Sender = Sender::Holder(Role::Approver);
const ADMIN: Sender = Sender::Holder(Role::Admin);
const VISITOR: Sender = Sender::Visitor;

impl Sender {
    /// Makes sure of it, and notes in the request who it is.
    ///
    /// # Errors
    /// What they are told in place of what they asked for.
    async fn expect(self, request: &mut Request) -> Result<(), Refusal> {
        match self {
            Self::Anyone => {}
            Self::Begun => {
                let here = sign_in::Here::begun(request).await?;
                request.set_data(here);
            }
            Self::Holder(role) => {
                if sign_in::Here::known(request).await?.is_none() && sign_in::Kept::is_possible(request) {
                    // Their session has ended. What they typed is read like a stranger's, and shown to them again once they have signed in.
                    return Ok(());
                }
                let here = sign_in::Here::of(request).await?;
                here.may(request, role).await?;
                request.set_data(here);
            }
            Self::Visitor => {
                let here = respond::Here::of(request).await?;
                request.set_data(here);
            }
        }
        Ok(())
    }
}

/// A form, and who may send it.
fn form_of<F, G>(sender: Sender, take: F) -> impl Endpoint<Output = Response>
where
    F: Fn(Request, RequestBody) -> G + Copy + Send + Sync + 'static,
    G: Future<Output = Shown> + Send,
{
    page(move |mut request: Request, body: RequestBody| async move {
        sender.expect(&mut request).await?;
        take(request, body).await
    })
}

fn page<F, G>(show: F) -> impl Endpoint<Output = Response>
where
    F: Fn(Request, RequestBody) -> G + Send + Sync,
    G: Future<Output = Shown> + Send,
{
    make(move |mut request: Request| {
        request.set_data(form::Typed::default());
        let asker = request.data::<Asker>().cloned();
        let (request, body) = request.split();
        let shown = show(request, body);
        async move {
            Ok::<_, poem::Error>(match shown.await {
                Ok(response) => response,
                Err(Refusal::Elsewhere(place)) => see(&place),
                Err(Refusal::Instead(response)) => *response,
                Err(Refusal::Problem(problem)) => match asker {
                    Some(asker) => asker.told(&problem).await,
                    None => told(&problem),
                },
            })
        }
    })
    .map_to_response()
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
