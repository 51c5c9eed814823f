//! Links for respondents: an assessment sent to a contact at a supplier, who has no account here.
//!
//! A link's text reads `dlr_<32 hexadecimal digits>_<64 hexadecimal digits>`: which link, and the secret (256 random
//! bits). Only the secret's SHA-256 is kept. It opens the surface of [`crate::respondent`] for this one assessment, and
//! nothing else.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    assessment::{self, Assessment, AssessmentState},
    clock::{Day, Moment},
    error::Error,
    fault::Faults,
    id::{AssessmentId, OrganisationId, RespondentLinkId},
    organisation,
    page::{Page, Sort, Versioned},
    person::{self, Person, PersonalPlace},
    personal::Forgotten,
    questionnaire, respondent,
    scope::{Reader, Scope, Store, Writer, owned},
    secret::Token,
    stored::Word,
    subject::Subject,
    supplier,
};

mod sending;

pub(crate) use sending::{ToSend, create_all};

/// How many days a link opens its assessment if nothing is said.
pub const DEFAULT_DAYS: i64 = 30;
/// How many days a link opens its assessment at the most.
pub const MAXIMUM_DAYS: i64 = 180;
/// How many links one assessment can have, those that have ended included.
pub const MAXIMUM_LINKS: usize = 100;
/// After how many hours a letter that is still waiting is taken for lost: the program was stopped before it was sent.
const MAIL_LOST_HOURS: i64 = 1;

/// Begins every link's text.
pub(crate) const PREFIX: &str = "dlr";

/// What became of the letter that carries a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// The link has no e-mail address.
    NoAddress,
    /// This server sends no e-mail: copy the link.
    NotConfigured,
    /// It is being sent.
    Queued,
    /// The mail server has taken it.
    Sent,
    /// It could not be sent; `mail_failure` says why. Send the link again, or copy the new one.
    Failed,
}

/// Where a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It was never used.
    Open,
    /// It was used.
    Opened,
    /// The assessment has been submitted: the link shows a receipt and takes no answers, unless the assessment is
    /// returned.
    Submitted,
    /// Its last day has passed.
    Expired,
    /// It was ended by hand.
    Revoked,
    /// It was sent again, as another link.
    Replaced,
}

/// A link as stored. What is about the person stays out of the audit trail but for their name, which is who acts.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "respondent_link")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RespondentLinkId,
    /// The organisation whose register it is in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version.
    pub version: i64,
    /// The assessment it opens.
    pub assessment_id: AssessmentId,
    /// Whom it was made for.
    pub contact_name: String,
    /// Where it is sent.
    #[serde(skip)]
    pub email: Option<String>,
    /// What they are told.
    #[serde(skip)]
    pub message: Option<String>,
    /// By when answers are wanted.
    pub due_on: Option<Day>,
    /// The last day it opens anything.
    pub expires_on: Day,
    /// SHA-256 of the secret.
    #[serde(skip)]
    pub secret_hash: String,
    /// When it was ended by hand.
    pub revoked_at: Option<Moment>,
    /// The link that it was sent again as.
    pub replaced_by: Option<RespondentLinkId>,
    /// When it was first used.
    pub opened_at: Option<Moment>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Moment>,
    /// When its respondent submitted last.
    pub submitted_at: Option<Moment>,
    /// What became of its letter.
    pub mail: Word<MailState>,
    /// Why the letter was not sent.
    pub mail_failure: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("respondent_link", _row => None);

/// A link, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RespondentLink {
    /// Its id.
    pub id: RespondentLinkId,
    /// Its version, from 1; each change by us adds one, its use does not.
    pub version: i64,
    /// The assessment it opens.
    pub assessment_id: AssessmentId,
    /// Whom it was made for.
    pub contact_name: String,
    /// Where it is sent; null where it is only copied.
    pub email: Option<String>,
    /// What they are told.
    pub message: Option<String>,
    /// By when answers are wanted.
    pub due_on: Option<Day>,
    /// The last day it opens anything.
    pub expires_on: Day,
    /// Where it stands.
    pub state: LinkState,
    /// What became of the letter that carries it.
    pub mail: MailState,
    /// Why the letter was not sent.
    pub mail_failure: Option<String>,
    /// When it was ended by hand.
    pub revoked_at: Option<Moment>,
    /// The link that it was sent again as.
    pub replaced_by: Option<RespondentLinkId>,
    /// When it was first used; null if never.
    pub opened_at: Option<Moment>,
    /// When it was last used, to the minute; null if never.
    pub last_used_at: Option<Moment>,
    /// When its respondent submitted last; null if never.
    pub submitted_at: Option<Moment>,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

impl Versioned for RespondentLink {
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// What a link is made of.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "assessment_id": "asm_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "contact_name": "Sam Harbour", "message": "Our yearly questions about security." }))]
pub struct NewRespondentLink {
    /// The assessment to be answered; it must be open.
    pub assessment_id: AssessmentId,
    /// Who answers: their name stands beside what they do.
    #[validate(length(min = 1, max = 200))]
    pub contact_name: String,
    /// Where to send the link, if this server sends e-mail; without one it is only copied.
    #[validate(custom(function = "crate::text::email"), length(max = 254))]
    #[schemars(email)]
    #[serde(default)]
    pub email: Option<String>,
    /// What to tell them: who asks, and why.
    #[validate(length(min = 1, max = 5000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub message: Option<String>,
    /// By when answers are wanted; the link goes on opening the assessment until its last day.
    #[serde(default)]
    pub due_on: Option<Day>,
    /// The last day it opens anything, at most 180 days ahead; 30 days ahead if not said.
    #[serde(default)]
    pub expires_on: Option<Day>,
}

/// What sending a link again may change.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "message": "A reminder: we would like to have your answers this month." }))]
pub struct Resend {
    /// Where to send it; to where the old one was if not said.
    #[validate(custom(function = "crate::text::email"), length(max = 254))]
    #[schemars(email)]
    pub email: Option<String>,
    /// What to tell them; the same as before if not said.
    #[validate(length(min = 1, max = 5000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub message: Option<String>,
    /// By when answers are wanted; as before if not said.
    pub due_on: Option<Day>,
    /// The last day the new link opens anything, at most 180 days ahead; 30 days ahead if not said.
    pub expires_on: Option<Day>,
}

/// The links to these assessments, which are open, under which somebody has yet to answer: for the first time, or again
/// as they were returned.
pub(crate) async fn unanswered(reader: &Reader, assessments: &[AssessmentId]) -> Result<Vec<Model>, Error> {
    if assessments.is_empty() {
        return Ok(Vec::new());
    }
    let select = reader
        .find::<Entity>()
        .filter(Column::AssessmentId.is_in(assessments.iter().cloned()))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ReplacedBy.is_null());
    reader.all(select).await
}

/// Whether this assessment can be answered through a link today.
pub(crate) async fn is_open(reader: &Reader, id: &AssessmentId) -> Result<bool, Error> {
    let select = reader.find::<Entity>().filter(Column::AssessmentId.eq(id.clone()));
    Ok(reader.all(select).await?.iter().any(|link| link.expect_good(reader.today()).is_ok()))
}

/// When answers were last submitted through a link, of those of these assessments of which any were.
pub(crate) async fn submissions<'a>(
    reader: &Reader,
    assessments: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, Moment>, Error> {
    let select = reader.find::<Entity>().filter(Column::AssessmentId.is_in(assessments));
    let mut last = BTreeMap::new();
    for link in reader.all(select.filter(Column::SubmittedAt.is_not_null())).await? {
        if let Some(at) = link.submitted_at {
            let known = last.entry(link.assessment_id.to_string()).or_insert(at);
            *known = at.max(*known);
        }
    }
    Ok(last)
}

/// Which links to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct RespondentLinkFilter {
    /// The assessment they open.
    pub assessment_id: Option<AssessmentId>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// A letter that carries a link: kept nowhere, for it is as good as the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The link it carries.
    pub link_id: RespondentLinkId,
    /// To whom.
    pub name: String,
    /// To which address.
    pub email: String,
    /// Who asks.
    pub organisation: String,
    /// What is asked.
    pub questionnaire: String,
    /// About which supplier or product.
    pub subject: String,
    /// What they are told.
    pub message: Option<String>,
    /// By when answers are wanted.
    pub due_on: Option<Day>,
    /// The last day the link opens anything.
    pub expires_on: Day,
}

/// A link that was just made: its text is here, and nowhere afterwards.
#[derive(Debug)]
pub struct Made {
    /// The link.
    pub link: RespondentLink,
    /// Its text.
    pub token: Token,
    /// The letter to send, where there is an address and a server that sends.
    pub letter: Option<Letter>,
}

/// Whether letters can be sent from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mailing {
    /// Links with an address are sent.
    Possible,
    /// Links are copied.
    Impossible,
}

impl Model {
    fn shown(self, state: AssessmentState, now: Moment) -> RespondentLink {
        let state = match () {
            () if self.replaced_by.is_some() => LinkState::Replaced,
            () if self.revoked_at.is_some() => LinkState::Revoked,
            () if state != AssessmentState::Open => LinkState::Submitted,
            () if self.expires_on < now.day() => LinkState::Expired,
            () if self.opened_at.is_some() => LinkState::Opened,
            () => LinkState::Open,
        };
        let lost = self.mail.0 == MailState::Queued && self.created_at.plus_hours(MAIL_LOST_HOURS) < now;
        let (mail, mail_failure) = if lost {
            (MailState::Failed, Some("the program was stopped before it was sent".to_owned()))
        } else {
            (self.mail.0, self.mail_failure)
        };
        let Self {
            id,
            organisation_id: _,
            version,
            assessment_id,
            contact_name,
            email,
            message,
            due_on,
            expires_on,
            secret_hash: _,
            revoked_at,
            replaced_by,
            opened_at,
            last_used_at,
            submitted_at,
            mail: _,
            created_by,
            created_at,
            updated_at,
            ..
        } = self;
        RespondentLink {
            id,
            version,
            assessment_id,
            contact_name,
            email,
            message,
            due_on,
            expires_on,
            state,
            mail,
            mail_failure,
            revoked_at,
            replaced_by,
            opened_at,
            last_used_at,
            submitted_at,
            created_by,
            created_at,
            updated_at,
        }
    }

    /// Whether it still opens anything on this day.
    ///
    /// # Errors
    /// [`Error::Gone`], in words for the respondent.
    pub(crate) fn expect_good(&self, today: Day) -> Result<(), Error> {
        let gone = |why: &str| Err(Error::Gone(format!("this link {why}: ask whoever sent it for a new one")));
        match () {
            () if self.replaced_by.is_some() => gone("was sent again, and only the newest one works"),
            () if self.revoked_at.is_some() => gone("has been ended"),
            () if self.expires_on < today => gone("has expired"),
            () => Ok(()),
        }
    }
}

pub(crate) fn check_days(faults: &mut Faults, today: Day, due_on: Option<Day>, expires_on: Option<Day>) {
    faults.expect(due_on.is_none_or(|day| day >= today), "/due_on", "past", "expected today or a later day");
    faults.expect(expires_on.is_none_or(|day| day >= today), "/expires_on", "past", "expected today or a later day");
    let latest = today.plus_days(MAXIMUM_DAYS);
    faults.expect(
        expires_on.is_none_or(|day| day <= latest),
        "/expires_on",
        "range",
        format!("expected {latest} or an earlier day: at most {MAXIMUM_DAYS} days ahead"),
    );
}

async fn open_assessment(reader: &Reader, id: &AssessmentId) -> Result<Assessment, Error> {
    let assessment = assessment::read(reader, id).await.map_err(|error| match error {
        Error::NotFound => Error::unknown("/assessment_id", "assessment"),
        other => other,
    })?;
    if assessment.state.0 != AssessmentState::Open {
        return Err(Error::conflict("state", "this assessment is not open: there is nothing to answer"));
    }
    Ok(assessment)
}

/// Makes a link to an open assessment. Its text is in what this gives, and nowhere afterwards.
///
/// # Errors
/// [`Error::Invalid`] with every fault, an unknown assessment among them, or [`Error::Conflict`] when it is not open or
/// has too many links.
pub async fn create(writer: &Writer, new: NewRespondentLink, mailing: Mailing) -> Result<Made, Error> {
    let mut faults = Faults::of_new(&new);
    check_days(&mut faults, writer.today(), new.due_on, new.expires_on);
    faults.done()?;
    let assessment = open_assessment(writer, &new.assessment_id).await?;
    if supplier::read(writer, &assessment.supplier_id).await?.is_ourselves {
        let detail = "this assessment is of our own house: nobody outside is asked, our own people answer it";
        return Err(Error::conflict("ourselves", detail));
    }
    insert(writer, &assessment, new, mailing).await
}

impl NewRespondentLink {
    /// The row that says this, and the link's text.
    fn into_row(self, writer: &Writer, mailing: Mailing) -> Result<(Model, Token), Error> {
        let id: RespondentLinkId = writer.new_id();
        let token = Token::new(PREFIX, id.as_str())?;
        let mail = match (&self.email, mailing) {
            (None, _) => MailState::NoAddress,
            (Some(_), Mailing::Impossible) => MailState::NotConfigured,
            (Some(_), Mailing::Possible) => MailState::Queued,
        };
        let row = Model {
            id,
            organisation_id: writer.scope().organisation_id.clone(),
            version: 1,
            assessment_id: self.assessment_id,
            contact_name: self.contact_name,
            email: self.email,
            message: self.message,
            due_on: self.due_on,
            expires_on: self.expires_on.unwrap_or_else(|| writer.today().plus_days(DEFAULT_DAYS)),
            secret_hash: token.hash().to_owned(),
            revoked_at: None,
            replaced_by: None,
            opened_at: None,
            last_used_at: None,
            submitted_at: None,
            mail: Word(mail),
            mail_failure: None,
            created_by: writer.scope().actor.name.clone(),
            created_at: writer.now(),
            updated_at: writer.now(),
        };
        Ok((row, token))
    }
}

async fn insert(
    writer: &Writer,
    assessment: &Assessment,
    new: NewRespondentLink,
    mailing: Mailing,
) -> Result<Made, Error> {
    // That somebody was asked is on the list of what is due.
    writer.touch(&assessment.supplier_id);
    let of_it = writer.find::<Entity>().filter(Column::AssessmentId.eq(assessment.id.clone()));
    let known: Vec<(String,)> = writer.tuples(of_it.select_only().column(Column::Id)).await?;
    if known.len() >= MAXIMUM_LINKS {
        return Err(Error::conflict(
            "limit",
            format!("an assessment can have {MAXIMUM_LINKS} links, those that have ended included"),
        ));
    }
    let (row, token) = new.into_row(writer, mailing)?;
    let row = writer.insert::<Entity, ActiveModel>(row).await?;
    let letter = match (&row.email, row.mail.0) {
        (Some(email), MailState::Queued) => Some(letter(writer, assessment, &row, email).await?),
        _ => None,
    };
    Ok(Made { link: row.shown(assessment.state.0, writer.now()), token, letter })
}

async fn letter(reader: &Reader, assessment: &Assessment, row: &Model, email: &str) -> Result<Letter, Error> {
    let subject = Subject::of(reader, &assessment.supplier_id, assessment.product_id.as_ref()).await?;
    Ok(Letter {
        link_id: row.id.clone(),
        name: row.contact_name.clone(),
        email: email.to_owned(),
        organisation: organisation::read(reader).await?.name,
        questionnaire: questionnaire::pinned(reader, &assessment.edition_id).await?.title.clone(),
        subject: subject.name().to_owned(),
        message: row.message.clone(),
        due_on: row.due_on,
        expires_on: row.expires_on,
    })
}

async fn shown(reader: &Reader, rows: Vec<Model>) -> Result<Vec<RespondentLink>, Error> {
    let ids: BTreeSet<String> = rows.iter().map(|row| row.assessment_id.to_string()).collect();
    let states: BTreeMap<AssessmentId, AssessmentState> = reader
        .get_many::<assessment::Entity>(&ids)
        .await?
        .into_iter()
        .map(|assessment| (assessment.id, assessment.state.0))
        .collect();
    Ok(rows
        .into_iter()
        .map(|row| {
            let state = states.get(&row.assessment_id).copied().unwrap_or_default();
            row.shown(state, reader.now())
        })
        .collect())
}

async fn show(reader: &Reader, row: Model) -> Result<RespondentLink, Error> {
    shown(reader, vec![row]).await?.pop().ok_or(Error::NotFound)
}

/// One link.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &RespondentLinkId) -> Result<RespondentLink, Error> {
    show(reader, reader.get::<Entity>(id.as_str()).await?).await
}

/// A page of links, oldest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &RespondentLinkFilter) -> Result<Page<RespondentLink>, Error> {
    let mut select = reader.find::<Entity>();
    if let Some(id) = &filter.assessment_id {
        select = select.filter(Column::AssessmentId.eq(id.clone()));
    }
    let page =
        reader.page(select, Sort::up(Column::CreatedAt), Column::Id, filter.limit, filter.cursor.as_deref()).await?;
    Ok(Page { items: shown(reader, page.items).await?, next: page.next })
}

/// Ends a link and every visit through it, at once; it stays in the list.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when it has ended already.
pub async fn revoke(writer: &Writer, id: &RespondentLinkId, version: i64) -> Result<RespondentLink, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    if before.revoked_at.is_some() || before.replaced_by.is_some() {
        return Err(Error::conflict("revoked", "this link has ended already"));
    }
    writer.touch(&assessment::read(writer, &before.assessment_id).await?.supplier_id);
    let after = Model { revoked_at: Some(writer.now()), ..before.clone() };
    let row = writer.replace::<Entity, ActiveModel>("revoke", &before, after).await?;
    show(writer, row).await
}

/// Sends a link again: a new one takes its place, and the old one ends at once. One that was revoked or has expired can
/// be sent again too.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] when it was sent again already or
/// its assessment is not open.
pub async fn resend(
    writer: &Writer,
    id: &RespondentLinkId,
    version: i64,
    again: Resend,
    mailing: Mailing,
) -> Result<Made, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    let mut faults = Faults::of_new(&again);
    check_days(&mut faults, writer.today(), again.due_on, again.expires_on);
    faults.done()?;
    if let Some(newer) = &before.replaced_by {
        return Err(Error::conflict("replaced", format!("this link was sent again already, as {newer}")));
    }
    let assessment = open_assessment(writer, &before.assessment_id).await?;
    let new = NewRespondentLink {
        assessment_id: before.assessment_id.clone(),
        contact_name: before.contact_name.clone(),
        email: again.email.or_else(|| before.email.clone()),
        message: again.message.or_else(|| before.message.clone()),
        due_on: again.due_on.or(before.due_on),
        expires_on: again.expires_on,
    };
    let made = insert(writer, &assessment, new, mailing).await?;
    let after = Model { replaced_by: Some(made.link.id.clone()), ..before.clone() };
    writer.replace::<Entity, ActiveModel>("resend", &before, after).await?;
    Ok(made)
}

/// Notes what became of a link's letter; `failure` says why it was not sent.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn note_mail(
    store: &Store,
    scope: &Scope,
    id: &RespondentLinkId,
    failure: Option<String>,
) -> Result<(), Error> {
    let writer = store.write(scope).await?;
    let state = Word(if failure.is_some() { MailState::Failed } else { MailState::Sent });
    writer
        .set_derived::<Entity>(
            id.as_str(),
            [(Column::Mail, state.into()), (Column::MailFailure, failure.clone().into())],
        )
        .await?;
    let what = serde_json::json!({ "mail": state, "mail_failure": failure });
    writer.note("send", "respondent_link", id.as_str(), None, Some(what));
    writer.save().await
}

/// Takes away the links to an assessment that is about to be taken away itself, with the visits through them.
pub(crate) async fn forget(writer: &Writer, id: &AssessmentId) -> Result<(), Error> {
    for row in writer.all(writer.find::<Entity>().filter(Column::AssessmentId.eq(id.clone()))).await? {
        respondent::forget(writer, &row.id).await?;
        writer.remove::<Entity>(&row).await?;
    }
    Ok(())
}

/// Every link that was made for this person, in batches of them all.
async fn naming(reader: &Reader, person: &Person) -> Result<Vec<Model>, Error> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let batch = reader
            .all(reader.find::<Entity>().filter(Column::Id.gt(after.as_str())).order_by_asc(Column::Id).limit(500))
            .await?;
        let Some(last) = batch.last() else { return Ok(found) };
        after = last.id.to_string();
        found.extend(batch.into_iter().filter(|row| {
            person.is(Some(&person::plain(&row.contact_name)), row.email.as_deref().map(person::plain).as_deref())
        }));
    }
}

/// Where links name this person.
pub(crate) async fn places_of(reader: &Reader, person: &Person) -> Result<Vec<PersonalPlace>, Error> {
    let place = |row: &Model| {
        let email = row
            .email
            .as_deref()
            .map(|email| PersonalPlace::new("respondent_link", row.id.as_str(), "email", Some(email)));
        [PersonalPlace::new("respondent_link", row.id.as_str(), "contact_name", Some(&row.contact_name))]
            .into_iter()
            .chain(email)
            .collect::<Vec<_>>()
    };
    Ok(naming(reader, person).await?.iter().flat_map(place).collect())
}

/// Takes this person's name and address away from their links, which open nothing from now on. What they answered
/// stays.
pub(crate) async fn erase_person(writer: &Writer, person: &Person) -> Result<Vec<PersonalPlace>, Error> {
    let mut places = Vec::new();
    for row in naming(writer, person).await? {
        crate::personal::forget(writer, Forgotten::About(row.id.to_string())).await?;
        places.push(PersonalPlace::new("respondent_link", row.id.as_str(), "contact_name", None));
        let after = Model {
            contact_name: person::ERASED.into(),
            email: None,
            message: None,
            mail_failure: None,
            revoked_at: row.revoked_at.or(Some(writer.now())),
            ..row.clone()
        };
        writer.replace::<Entity, ActiveModel>("erase", &row, after).await?;
    }
    Ok(places)
}
