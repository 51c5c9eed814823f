//! What is done to many: worked out for each, and written for all.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

use super::{BulkAsk, BulkChange, BulkItem, BulkLink, BulkVerdict, Doing, MAXIMUM_LINKS};
use crate::{
    assessment::{self, Begun},
    error::Error,
    fault::Fault,
    id::{SubjectId, SupplierId},
    patch::Change,
    policy::Policy,
    product::{self, NewProduct, Product},
    questionnaire,
    register::Known,
    respondent_link::{self, Made, Mailing, NewRespondentLink, ToSend},
    review::{self, Rescheduling, Review, ReviewState},
    scope::{PORTION, Reader, Writer},
    stored::word,
    subject::Subject,
    supplier::{self, NewSupplier, RelationshipStatus, Supplier},
};

/// What is to be written. Indexes are those of the items.
pub(super) enum Work {
    /// Profiles, and what the register's lines followed from before.
    Put { action: &'static str, changes: Changes, known: Known },
    /// Reviews that are moved.
    Move(Vec<(Review, Review)>),
    /// Assessments that are started.
    Start { ask: BulkAsk, edition: String, begun: Vec<(usize, Subject, Begun)> },
}

/// Profiles in the place of others.
#[derive(Default)]
pub(super) struct Changes {
    suppliers: Vec<(Supplier, NewSupplier)>,
    products: Vec<(Product, NewProduct)>,
}

/// Works out what is to be done to each, in the order in which they stand.
pub(super) async fn plan(
    reader: &Reader,
    doing: &Doing,
    subjects: Vec<(SubjectId, Option<Subject>)>,
    policy: &Policy,
) -> Result<(Vec<BulkItem>, Work), Error> {
    match doing {
        Doing::Set(settings) => put(reader, "change", &settings.fields(), subjects).await,
        Doing::Archive => {
            let status = Map::from_iter([("status".to_owned(), word(&RelationshipStatus::Archived).into())]);
            put(reader, "archive", &status, subjects).await
        }
        Doing::Reschedule(new) => reschedule(reader, new, subjects, policy).await,
        Doing::Ask(ask) => start(reader, ask, subjects).await,
    }
}

fn unknown(id: SubjectId) -> BulkItem {
    BulkItem::new(id, None, BulkVerdict::Refused).because("there is none by that id here")
}

fn refused(id: SubjectId, subject: &Subject, why: impl Into<String>) -> BulkItem {
    BulkItem::new(id, Some(subject.name()), BulkVerdict::Refused).because(why)
}

fn unchanged(id: SubjectId, subject: &Subject, why: impl Into<String>) -> BulkItem {
    BulkItem::new(id, Some(subject.name()), BulkVerdict::Unchanged).because(why)
}

/// What an operation says against one of many; what has nothing to do with it goes on.
fn sentence(error: Error) -> Result<String, Error> {
    let told = |faults: Vec<Fault>| faults.into_iter().map(|fault| fault.detail).collect::<Vec<_>>().join("; ");
    match error {
        Error::Invalid(faults) => Ok(told(faults)),
        Error::Conflict { detail, .. } => Ok(detail),
        other => Err(other),
    }
}

/// What fields say in one and in another, where it differs.
fn moves(fields: &Map<String, Value>, before: &impl Serialize, after: &impl Serialize) -> Vec<BulkChange> {
    let (before, after) = (serde_json::to_value(before).ok(), serde_json::to_value(after).ok());
    let text = |whole: &Option<Value>, name: &str| match whole.as_ref().and_then(|whole| whole.get(name)) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(items)) => {
            let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            Some(words.join("; ")).filter(|text| !text.is_empty())
        }
        Some(other) => Some(other.to_string()),
    };
    let change = |name: &String| {
        let (before, after) = (text(&before, name), text(&after, name));
        (before != after).then(|| BulkChange { field: name.clone(), before, after })
    };
    fields.keys().filter_map(change).collect()
}

async fn put(
    reader: &Reader,
    action: &'static str,
    fields: &Map<String, Value>,
    subjects: Vec<(SubjectId, Option<Subject>)>,
) -> Result<(Vec<BulkItem>, Work), Error> {
    let (mut items, mut changes) = (Vec::with_capacity(subjects.len()), Changes::default());
    let others: Vec<&str> = fields.keys().map(String::as_str).filter(|name| *name != "status").collect();
    for (index, (id, subject)) in subjects.into_iter().enumerate() {
        if index % PORTION == 0 {
            // It is work: others need this thread.
            tokio::task::yield_now().await;
        }
        let Some(subject) = subject else {
            items.push(unknown(id));
            continue;
        };
        let item = match &subject.product {
            Some(_) if !others.is_empty() => refused(
                id,
                &subject,
                format!("{} is of its supplier, not of a product: set it there", others.join(", ")),
            ),
            Some(before) => match Change::<NewProduct>::new(fields.clone()).over(before).and_then(NewProduct::check) {
                Ok(new) if product::differs(before, &new) => {
                    let moves = moves(fields, before, &new);
                    changes.products.push((before.clone(), new));
                    BulkItem { changes: moves, ..BulkItem::new(id, Some(subject.name()), BulkVerdict::Change) }
                }
                Ok(_) => unchanged(id, &subject, "it is so already"),
                Err(error) => refused(id, &subject, sentence(error)?),
            },
            None => {
                let before = &subject.supplier;
                match Change::<NewSupplier>::new(fields.clone()).over(before).and_then(NewSupplier::check) {
                    Ok(new) if supplier::differs(before, &new) => {
                        let moves = moves(fields, before, &new);
                        changes.suppliers.push((before.clone(), new));
                        BulkItem { changes: moves, ..BulkItem::new(id, Some(subject.name()), BulkVerdict::Change) }
                    }
                    Ok(_) => unchanged(id, &subject, "it is so already"),
                    Err(error) => refused(id, &subject, sentence(error)?),
                }
            }
        };
        items.push(item);
    }
    let of_suppliers = changes.suppliers.iter().map(|(before, _)| before.id.clone());
    let of_products = changes.products.iter().map(|(before, _)| before.supplier_id.clone());
    let known = Known::load(reader, of_suppliers.chain(of_products).collect()).await?;
    Ok((items, Work::Put { action, changes, known }))
}

async fn reschedule(
    reader: &Reader,
    new: &Rescheduling,
    subjects: Vec<(SubjectId, Option<Subject>)>,
    policy: &Policy,
) -> Result<(Vec<BulkItem>, Work), Error> {
    let suppliers: BTreeSet<SupplierId> =
        subjects.iter().filter_map(|(_, subject)| Some(subject.as_ref()?.supplier.id.clone())).collect();
    let suppliers: Vec<SupplierId> = suppliers.into_iter().collect();
    let mut open: BTreeMap<SubjectId, Review> = BTreeMap::new();
    for portion in suppliers.chunks(PORTION) {
        let rows = review::open_of_suppliers(reader, portion).await?;
        open.extend(rows.into_iter().map(|row| (row.subject_id.clone(), row)));
    }
    let (mut items, mut changes) = (Vec::with_capacity(subjects.len()), Vec::new());
    for (id, subject) in subjects {
        let Some(subject) = subject else {
            items.push(unknown(id));
            continue;
        };
        items.push(match open.remove(&id) {
            None => refused(id, &subject, "it has no open review"),
            Some(before) if before.state.0 != ReviewState::Open => {
                refused(id, &subject, "it is archived: restore it before you review it")
            }
            Some(before) => {
                let tier = subject.supplier.tier.0;
                let after = review::moved(&before, new, tier, policy.cadence_months.months(tier));
                let says = |row: &Review| (row.due_on, row.rescheduled_to, row.rescheduled_reason.clone());
                if says(&after) == says(&before) {
                    unchanged(id, &subject, "it is so already")
                } else {
                    let due_on = BulkChange {
                        field: "due_on".into(),
                        before: Some(before.due_on.to_string()),
                        after: Some(after.due_on.to_string()),
                    };
                    changes.push((before, after));
                    BulkItem { changes: vec![due_on], ..BulkItem::new(id, Some(subject.name()), BulkVerdict::Change) }
                }
            }
        });
    }
    Ok((items, Work::Move(changes)))
}

async fn start(
    reader: &Reader,
    ask: &BulkAsk,
    subjects: Vec<(SubjectId, Option<Subject>)>,
) -> Result<(Vec<BulkItem>, Work), Error> {
    let Some(edition) = questionnaire::latest(reader, &ask.questionnaire, ask.edition.as_deref()).await? else {
        let detail = "there is no such questionnaire, or no such edition of it";
        return Err(Error::invalid("/do/ask/questionnaire", "unknown", detail));
    };
    let asked: Vec<Subject> = subjects.iter().filter_map(|(_, subject)| subject.clone()).collect();
    let mut outcomes =
        assessment::begin_all(reader, &edition, asked, ask.carry_over.unwrap_or(true)).await?.into_iter();
    let (mut items, mut begun) = (Vec::with_capacity(subjects.len()), Vec::new());
    for (id, subject) in subjects {
        let Some((subject, outcome)) = subject.and_then(|subject| Some((subject, outcomes.next()?))) else {
            items.push(unknown(id));
            continue;
        };
        items.push(match outcome {
            Ok(new) => {
                let link = ask.with_links.then(|| addressee(&subject));
                let item = BulkItem { link, ..BulkItem::new(id, Some(subject.name()), BulkVerdict::Change) };
                begun.push((items.len(), subject, new));
                item
            }
            // It is being asked already.
            Err(Error::Conflict { code: "under_way", detail, .. }) => unchanged(id, &subject, detail),
            Err(error) => refused(id, &subject, sentence(error)?),
        });
    }
    if ask.with_links && begun.len() > MAXIMUM_LINKS {
        let detail = format!("expected at most {MAXIMUM_LINKS} to send links to at once, not {}", begun.len());
        return Err(Error::invalid("/do/ask/with_links", "length", detail));
    }
    Ok((items, Work::Start { ask: ask.clone(), edition: edition.edition.clone(), begun }))
}

/// Whom a link is for: the first contact of the supplier that has an address, else its first, else the supplier.
fn addressee(subject: &Subject) -> BulkLink {
    let contacts = &subject.supplier.contacts;
    let contact = contacts.iter().find(|contact| contact.email.is_some()).or_else(|| contacts.first());
    // A name may be longer there than here.
    let name = contact.map_or(&subject.supplier.name, |contact| &contact.name);
    BulkLink {
        id: None,
        contact_name: name.chars().take(200).collect(),
        email: contact.and_then(|contact| contact.email.clone()),
        mail: None,
        url: None,
    }
}

impl Work {
    /// Writes it; gives the links that were made, each with the place of its item.
    pub(super) async fn carry_out(
        self,
        writer: &Writer,
        mailing: Mailing,
        items: &mut [BulkItem],
    ) -> Result<Vec<(usize, Made)>, Error> {
        match self {
            Self::Put { action, changes: Changes { suppliers, products }, known } => {
                let suppliers = supplier::put_all(writer, action, suppliers).await?;
                let products = product::put_all(writer, action, products).await?;
                known.follow(writer, suppliers, products).await?;
                Ok(Vec::new())
            }
            Self::Move(changes) => {
                review::move_all(writer, changes).await?;
                Ok(Vec::new())
            }
            Self::Start { ask, edition, begun } => {
                let (mut places, mut all) = (Vec::with_capacity(begun.len()), Vec::with_capacity(begun.len()));
                for (index, subject, new) in begun {
                    places.push((index, subject));
                    all.push(new);
                }
                let started = assessment::start_all(writer, &ask.questionnaire, &edition, all).await?;
                let mut to_send = Vec::new();
                for ((index, subject), assessment) in places.iter().zip(started) {
                    let Some(item) = items.get_mut(*index) else { continue };
                    item.assessment_id = Some(assessment.id.clone());
                    let Some(link) = &item.link else { continue };
                    let new = NewRespondentLink {
                        assessment_id: assessment.id.clone(),
                        contact_name: link.contact_name.clone(),
                        email: link.email.clone(),
                        message: ask.message.clone(),
                        due_on: ask.due_on,
                        expires_on: ask.expires_on,
                    };
                    to_send.push((*index, ToSend { assessment, subject: subject.name().to_owned(), new }));
                }
                let (indexes, to_send): (Vec<usize>, Vec<ToSend>) = to_send.into_iter().unzip();
                let made = respondent_link::create_all(writer, to_send, mailing).await?;
                for (index, made) in indexes.iter().zip(&made) {
                    if let Some(link) = items.get_mut(*index).and_then(|item| item.link.as_mut()) {
                        link.id = Some(made.link.id.clone());
                        link.mail = Some(made.link.mail);
                    }
                }
                Ok(indexes.into_iter().zip(made).collect())
            }
        }
    }
}
