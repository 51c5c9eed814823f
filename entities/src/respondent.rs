//! Respondents: what someone at a supplier may do with a link, and nothing else.
//!
//! A link is exchanged for a visit: a session with a secret of its own, which ends after [`VISIT_HOURS`], after
//! [`IDLE_MINUTES`] without use, or with its link. A [`RespondentScope`] is the proof of a running visit. It opens only
//! a [`RespondentReader`] or a [`RespondentWriter`], which know the link's one assessment and have none of what is
//! beside it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use validator::Validate;

use crate::{
    assessment::{AnswerChange, Confirmation, responding},
    audit,
    clock::{Day, Moment},
    error::Error,
    id::{AssessmentId, OrganisationId, RespondentLinkId, RespondentSessionId},
    idempotency::{self, Recall, StoredAnswer},
    respondent_link,
    role::Role,
    scope::{Actor, Reader, Scope, Store, Writer},
    secret::{Offered, Token},
};

mod uploads;

pub use crate::assessment::responding::{
    EarlierAnswer, EarlierLook, ReceiptAnswer, RespondentProgress, RespondentQuestion, RespondentQuestions,
    RespondentReceipt, RespondentSection, UnansweredAs, UnansweredQuestion, VisitState,
};
pub use uploads::{
    MAXIMUM_UPLOADS, NewUpload, RespondentEvidence, RespondentEvidenceFilter, delete_evidence, list_evidence,
    read_evidence, read_file, send_evidence, sent_with,
};
pub(crate) use uploads::{forget_upload, upload};

/// How long a visit lasts at the most, in hours.
pub const VISIT_HOURS: i64 = 8;
/// How long a visit lasts without use, in minutes.
pub const IDLE_MINUTES: i64 = 60;
/// How many visits go on through one link at a time: of more, the one unused longest ends.
pub const MAXIMUM_VISITS: usize = 20;
/// After how many seconds the use of a visit is worth a write.
const USE_WRITTEN_SECONDS: i64 = 60;

const PREFIX: &str = "dls";
const CSRF: &str = "respondent change";

/// A visit: the session that a link was exchanged for.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod session {
    use sea_orm::entity::prelude::*;

    use crate::{
        clock::Moment,
        id::{OrganisationId, RespondentLinkId, RespondentSessionId},
    };

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "respondent_session")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: RespondentSessionId,
        pub organisation_id: OrganisationId,
        pub link_id: RespondentLinkId,
        pub secret_hash: String,
        pub created_at: Moment,
        pub last_used_at: Moment,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

impl session::Model {
    fn ends_at(&self) -> Moment {
        self.created_at.plus_hours(VISIT_HOURS)
    }

    fn is_over(&self, now: Moment) -> bool {
        let idle_until = Moment::new(self.last_used_at.time() + chrono::TimeDelta::minutes(IDLE_MINUTES));
        now >= self.ends_at() || now >= idle_until
    }
}

/// Proof of a running visit: one link, one assessment. Its `Debug` does not show what proves a change.
#[derive(Clone)]
pub struct RespondentScope {
    store: Store,
    scope: Scope,
    link_id: RespondentLinkId,
    session_id: RespondentSessionId,
    session_ends_at: Moment,
    csrf: String,
}

impl std::fmt::Debug for RespondentScope {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RespondentScope")
            .field("link_id", &self.link_id)
            .field("session_id", &self.session_id)
            .finish_non_exhaustive()
    }
}

/// A view of one assessment, as its respondent may see it.
#[derive(Debug)]
pub struct RespondentReader {
    reader: Reader,
    visit: RespondentScope,
    link: respondent_link::Model,
}

/// A change to one assessment by its respondent, all or nothing.
#[derive(Debug)]
pub struct RespondentWriter {
    writer: Writer,
    link: respondent_link::Model,
}

/// What a link is exchanged for.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "token": format!("dlr_{}_{}", "0".repeat(32), "0".repeat(64)) }))]
pub struct Exchange {
    /// What stands behind the `#` of the link.
    #[validate(length(min = 1, max = 200))]
    pub token: String,
}

/// A visit: who asks, what about, and what is needed to answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Visit {
    /// To be sent as `X-CSRF-Token` with every change.
    pub csrf_token: String,
    /// When the visit ends at the latest. It ends earlier after an hour without use. The link can then be used again.
    pub visit_ends_at: Moment,
    /// Who answers.
    pub contact_name: String,
    /// Who asks.
    pub organisation: String,
    /// About which supplier.
    pub supplier: String,
    /// About which of its products; null where it is about the supplier itself.
    pub product: Option<String>,
    /// What the organisation says about it.
    pub message: Option<String>,
    /// By when answers are wanted.
    pub due_on: Option<Day>,
    /// The last day the link works.
    pub expires_on: Day,
    /// The questionnaire's title.
    pub questionnaire: String,
    /// Which edition of it.
    pub edition: String,
    /// What it is for.
    pub summary: String,
    /// The languages it can be read in, its own first.
    pub languages: Vec<String>,
    /// Whether answers can be given.
    pub state: VisitState,
    /// What must be mended, where the answers were given back.
    pub return_comment: Option<String>,
    /// The version of the answers.
    pub version: i64,
}

/// In which language to read.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct InLanguage {
    /// One of the edition's languages, e.g. `cy`; its own if not said.
    #[validate(length(min = 2, max = 10))]
    pub language: Option<String>,
}

/// The scope that a link's bearer acts in. The role says nothing here: what they may do, the operations of this module
/// say.
fn scope_of(link: &respondent_link::Model, request_id: Option<String>) -> Scope {
    let actor = Actor { id: link.id.to_string(), name: link.contact_name.clone() };
    Scope { organisation_id: link.organisation_id.clone(), actor, role: Role::Viewer, request_id }
}

/// Exchanges a link's text for a visit; gives the visit's own secret, to be shown once.
///
/// # Errors
/// [`Error::NotFound`] for what is no link of ours, [`Error::Gone`] for one that has expired, was revoked or was sent
/// again.
pub async fn enter(store: &Store, token: &str, request_id: Option<String>) -> Result<(RespondentScope, Token), Error> {
    let offered = Offered::read(respondent_link::PREFIX, token).ok_or(Error::NotFound)?;
    let found = store.respondent_link_of_anyone(&format!("lnk_{}", offered.which)).await?;
    let link = found.filter(|link| offered.is(&link.secret_hash)).ok_or(Error::NotFound)?;
    let scope = scope_of(&link, request_id);
    let writer = store.write(&scope).await?;
    // Again, inside the change: it may have ended meanwhile.
    let link = writer.get::<respondent_link::Entity>(link.id.as_str()).await?;
    if let Err(refusal) = link.expect_good(writer.today()) {
        drop(writer);
        audit::record(
            store,
            &scope,
            "refuse",
            "respondent_link",
            link.id.as_str(),
            Some(serde_json::json!({ "reason": refusal.to_string() })),
        )
        .await?;
        return Err(refusal);
    }
    let now = writer.now();
    let id: RespondentSessionId = writer.new_id();
    let secret = Token::new(PREFIX, id.as_str())?;
    let csrf = secret.derive(CSRF);
    make_room(&writer, &link.id).await?;
    let row = session::Model {
        id: id.clone(),
        organisation_id: link.organisation_id.clone(),
        link_id: link.id.clone(),
        secret_hash: secret.hash().to_owned(),
        created_at: now,
        last_used_at: now,
    };
    let session_ends_at = row.ends_at();
    writer.put_all::<session::Entity, session::ActiveModel>(vec![row], &[]).await?;
    use respondent_link::Column;
    let used = [(Column::OpenedAt, link.opened_at.unwrap_or(now).into()), (Column::LastUsedAt, now.into())];
    writer.set_derived::<respondent_link::Entity>(link.id.as_str(), used).await?;
    writer.note("open", "respondent_link", link.id.as_str(), None, None);
    writer.save().await?;
    Ok((
        RespondentScope { store: store.clone(), scope, link_id: link.id, session_id: id, session_ends_at, csrf },
        secret,
    ))
}

/// Ends what is over, and the visit unused longest where there are too many through one link.
async fn make_room(writer: &Writer, link_id: &RespondentLinkId) -> Result<(), Error> {
    let over = Moment::new(writer.now().time() - chrono::TimeDelta::hours(VISIT_HOURS));
    writer.clear::<session::Entity>(Condition::all().add(session::Column::CreatedAt.lte(over))).await?;
    let mut running =
        writer.all(writer.find::<session::Entity>().filter(session::Column::LinkId.eq(link_id.clone()))).await?;
    running.sort_by_key(|session| (session.last_used_at, session.id.clone()));
    let too_many = (running.len() + 1).saturating_sub(MAXIMUM_VISITS);
    let oldest: Vec<RespondentSessionId> = running.into_iter().take(too_many).map(|session| session.id).collect();
    if !oldest.is_empty() {
        writer.clear::<session::Entity>(Condition::all().add(session::Column::Id.is_in(oldest))).await?;
    }
    Ok(())
}

/// The running visit that `secret` belongs to, if there is one.
///
/// # Errors
/// [`Error::Gone`] when its link has expired, was revoked or was sent again; [`Error::Busy`] or [`Error::Database`].
pub async fn authenticate(
    store: &Store,
    secret: &str,
    request_id: Option<String>,
) -> Result<Option<RespondentScope>, Error> {
    let Some(offered) = Offered::read(PREFIX, secret) else { return Ok(None) };
    let now = store.clock().now();
    let found = store.respondent_session_of_anyone(&format!("rss_{}", offered.which)).await?;
    let Some(session) = found.filter(|session| offered.is(&session.secret_hash) && !session.is_over(now)) else {
        return Ok(None);
    };
    let Some(link) = store.respondent_link_of_anyone(session.link_id.as_str()).await? else { return Ok(None) };
    link.expect_good(now.day())?;
    if Moment::new(session.last_used_at.time() + chrono::TimeDelta::seconds(USE_WRITTEN_SECONDS)) <= now {
        store.mark_visit_used(session.id.as_str(), link.id.as_str(), now).await?;
    }
    Ok(Some(RespondentScope {
        store: store.clone(),
        scope: scope_of(&link, request_id),
        link_id: link.id,
        session_ends_at: session.ends_at(),
        session_id: session.id,
        csrf: offered.derive(CSRF),
    }))
}

impl RespondentScope {
    /// Who acts: the link, by its contact's name.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.scope.actor
    }

    /// Whose assessment it is.
    #[must_use]
    pub fn organisation_id(&self) -> &OrganisationId {
        &self.scope.organisation_id
    }

    /// Whether a change comes from the page that the visit was begun in, compared in constant time.
    #[must_use]
    pub fn is_proven_by(&self, csrf: &str) -> bool {
        self.csrf.as_bytes().ct_eq(csrf.as_bytes()).into()
    }

    /// Keeps an event that this visit was refused something.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Database`].
    pub async fn record_refusal(&self, reason: &str) -> Result<(), Error> {
        audit::record(
            &self.store,
            &self.scope,
            "refuse",
            "respondent_link",
            self.link_id.as_str(),
            Some(serde_json::json!({ "reason": reason })),
        )
        .await
    }

    /// Opens a view of the one assessment.
    ///
    /// # Errors
    /// [`Error::Gone`] when the link has ended meanwhile, [`Error::Busy`] when no connection is free.
    pub async fn read(&self) -> Result<RespondentReader, Error> {
        let reader = self.store.read(&self.scope).await?;
        let link = reader.get::<respondent_link::Entity>(self.link_id.as_str()).await?;
        link.expect_good(reader.today())?;
        Ok(RespondentReader { reader, visit: self.clone(), link })
    }

    /// Opens a change to the one assessment.
    ///
    /// # Errors
    /// [`Error::Gone`] when the link has ended meanwhile, [`Error::Busy`] when no connection is free.
    pub async fn write(&self) -> Result<RespondentWriter, Error> {
        let writer = self.store.write(&self.scope).await?;
        let link = writer.get::<respondent_link::Entity>(self.link_id.as_str()).await?;
        link.expect_good(writer.today())?;
        Ok(RespondentWriter { writer, link })
    }

    /// Ends this visit. The link can be used again.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Database`].
    pub async fn leave(self) -> Result<(), Error> {
        let writer = self.store.write(&self.scope).await?;
        writer.clear::<session::Entity>(Condition::all().add(session::Column::Id.eq(self.session_id.clone()))).await?;
        writer.note("leave", "respondent_link", self.link_id.as_str(), None, None);
        writer.save().await
    }
}

impl RespondentReader {
    fn assessment_id(&self) -> &AssessmentId {
        &self.link.assessment_id
    }
}

impl RespondentWriter {
    fn assessment_id(&self) -> &AssessmentId {
        &self.link.assessment_id
    }

    /// Commits.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Database`]; then nothing was changed.
    pub async fn save(self) -> Result<(), Error> {
        self.writer.save().await
    }

    /// As [`idempotency::recall`], for this link.
    ///
    /// # Errors
    /// As there.
    pub async fn recall(&self, key: &str, fingerprint: &str) -> Result<Recall, Error> {
        idempotency::recall(&self.writer, key, fingerprint).await
    }

    /// As [`idempotency::remember`], for this link.
    ///
    /// # Errors
    /// As there.
    pub async fn remember(&self, key: &str, fingerprint: &str, answer: &StoredAnswer) -> Result<(), Error> {
        idempotency::remember(&self.writer, key, fingerprint, answer).await
    }
}

/// The visit: who asks, what about, and what is needed to answer.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn welcome(reader: &RespondentReader) -> Result<Visit, Error> {
    let heading = responding::heading(&reader.reader, reader.assessment_id()).await?;
    let link = &reader.link;
    Ok(Visit {
        csrf_token: reader.visit.csrf.clone(),
        visit_ends_at: reader.visit.session_ends_at,
        contact_name: link.contact_name.clone(),
        organisation: heading.organisation,
        supplier: heading.supplier,
        product: heading.product,
        message: link.message.clone(),
        due_on: link.due_on,
        expires_on: link.expires_on,
        questionnaire: heading.questionnaire,
        edition: heading.edition,
        summary: heading.summary,
        languages: heading.languages,
        state: heading.state,
        return_comment: heading.return_comment,
        version: heading.version,
    })
}

/// What is asked.
///
/// # Errors
/// [`Error::Invalid`] for a language that the edition does not have.
pub async fn questions(reader: &RespondentReader, language: Option<&str>) -> Result<RespondentQuestions, Error> {
    responding::questions(&reader.reader, reader.assessment_id(), language).await
}

/// The answers so far, what is visible and what is missing.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn progress(reader: &RespondentReader) -> Result<RespondentProgress, Error> {
    responding::progress(&reader.reader, reader.assessment_id(), &sent(&reader.reader, reader.assessment_id()).await?)
        .await
}

async fn sent(reader: &Reader, id: &AssessmentId) -> Result<BTreeSet<String>, Error> {
    Ok(uploads::about_the_same(reader, id).await?.into_iter().map(|upload| upload.evidence_id.to_string()).collect())
}

/// Puts answers in place, as many as there are.
///
/// # Errors
/// [`Error::Stale`] when someone else has answered meanwhile, [`Error::Invalid`] with every fault by question, or
/// [`Error::Conflict`] once they are submitted.
pub async fn save_answers(
    writer: &RespondentWriter,
    version: i64,
    change: AnswerChange,
) -> Result<RespondentProgress, Error> {
    let id = writer.assessment_id();
    responding::answer(&writer.writer, id, version, change, &sent(&writer.writer, id).await?).await
}

/// Confirms answers that were given before, all of them or those named.
///
/// # Errors
/// As [`save_answers`].
pub async fn confirm_answers(
    writer: &RespondentWriter,
    version: i64,
    confirmation: Confirmation,
) -> Result<RespondentProgress, Error> {
    let id = writer.assessment_id();
    responding::confirm(&writer.writer, id, version, confirmation, &sent(&writer.writer, id).await?).await
}

/// Submits the answers: from now on they stay as they are, unless they are given back.
///
/// # Errors
/// As [`save_answers`], naming every question that still needs an answer or a comment.
pub async fn submit_answers(writer: &RespondentWriter, version: i64) -> Result<RespondentReceipt, Error> {
    let id = writer.assessment_id();
    let receipt = responding::submit(&writer.writer, id, version, &sent(&writer.writer, id).await?).await?;
    let submitted = [(respondent_link::Column::SubmittedAt, writer.writer.now().into())];
    writer.writer.set_derived::<respondent_link::Entity>(writer.link.id.as_str(), submitted).await?;
    Ok(receipt)
}

/// What was submitted.
///
/// # Errors
/// [`Error::NotFound`] while nothing is, [`Error::Invalid`] for a language that the edition does not have.
pub async fn receipt(reader: &RespondentReader, language: Option<&str>) -> Result<RespondentReceipt, Error> {
    responding::receipt(
        &reader.reader,
        reader.assessment_id(),
        language,
        &sent(&reader.reader, reader.assessment_id()).await?,
    )
    .await
}

/// Takes away the visits through a link, and its marks on evidence, before the link is taken away itself.
pub(crate) async fn forget(writer: &Writer, id: &RespondentLinkId) -> Result<(), Error> {
    writer.clear::<session::Entity>(Condition::all().add(session::Column::LinkId.eq(id.clone()))).await?;
    writer.clear::<upload::Entity>(Condition::all().add(upload::Column::LinkId.eq(id.clone()))).await?;
    Ok(())
}
