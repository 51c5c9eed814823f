//! Looking at a list anew: what it says of our suppliers now, what has changed since, and what follows.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::EvidenceKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ActiveModel, Column, Entity, Entry, ListEntry, ListFile, Model, PublishedList, look,
    matching::{self, Matches, Ours},
    standing::{LEFT, is_known, is_worse, is_worse_to_leave},
};
use crate::{
    ahead::{Ahead, Plan},
    clock::Day,
    error::Error,
    evidence::{self, Evidence, NewEvidence},
    fault::Fault,
    id::{SubjectId, SupplierId},
    review::{self, TriggerKind},
    scope::{PORTION, Reader, Writer},
    stored::{Word, word},
    subject::Subject,
    supplier,
};

/// How many changed entries a report lists, and how many questions, at the most.
const LISTED: usize = 1_000;
/// Of how many entries that leave a list at once nobody is asked, and which part of all may leave, in percent.
const LEAVING: (usize, usize) = (10, 20);
/// The question whether so many have left.
const LEFT_KEY: &str = "left:*";
/// The answer that they have.
const YES: &str = "yes";

/// A list that is looked at.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// Which.
    pub list: PublishedList,
    /// What its file says.
    pub file: ListFile,
    /// The day of the list.
    pub list_day: Day,
    /// Answers to the questions of a look before.
    pub answers: BTreeMap<String, String>,
    /// Whether to say only what would happen.
    pub dry_run: bool,
}

/// What became of an entry since a list was last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListVerdict {
    /// It says something else.
    Changed,
    /// It has left the list.
    Left,
    /// It was found for the first time.
    New,
    /// It says the same.
    Unchanged,
}

/// What came, or would come, of a look at a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RefreshReport {
    /// The list.
    pub list: PublishedList,
    /// Whether this only says what would happen.
    pub dry_run: bool,
    /// Whether it happened: all of it, or nothing.
    pub applied: bool,
    /// The day of the list.
    pub list_day: Day,
    /// The day of the look.
    pub looked_on: Day,
    /// How many rows the list has.
    pub row_count: i64,
    /// How many of its entries are about our suppliers.
    pub matched_count: i64,
    /// How many of those were found for the first time.
    pub new_count: i64,
    /// How many of those say something else than before.
    pub changed_count: i64,
    /// How many say what they said.
    pub unchanged_count: i64,
    /// How many have left the list.
    pub left_count: i64,
    /// For how many suppliers the review is brought forward.
    pub brought_forward_count: i64,
    /// Pieces of evidence that are added.
    pub evidence_created_count: i64,
    /// Pieces of evidence that are changed.
    pub evidence_changed_count: i64,
    /// Questions that somebody has to answer before it can happen.
    pub question_count: i64,
    /// What somebody has to say first, at most 1,000.
    pub questions: Vec<ListQuestion>,
    /// What was noticed, at most 1,000: a status that the list is not known to use, an entry that is older than what is
    /// known, one that is there twice.
    pub sentences: Vec<String>,
    /// What is new, has changed or has left the list, at most 1,000: what has become worse first.
    pub entries: Vec<RefreshedEntry>,
}

/// Something that somebody has to say before a list can be taken over.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ListQuestion {
    /// What an answer calls it: `same:harbour linen`, or `left:*` where many have left the list at once.
    pub key: String,
    /// The question, in a sentence.
    pub question: String,
    /// What can be answered, with what each means.
    pub choices: Vec<ListChoice>,
}

/// An answer to a question.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ListChoice {
    /// What is answered: the id of a supplier, `new`, or `yes`.
    pub answer: String,
    /// What that means.
    pub meaning: String,
}

/// What a list says of a supplier now.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RefreshedEntry {
    /// The supplier.
    pub supplier_id: SupplierId,
    /// What we call it.
    pub supplier_name: String,
    /// By what the list knows it.
    pub entry_key: String,
    /// What the list calls it.
    pub name: String,
    /// In a word.
    pub verdict: ListVerdict,
    /// What the list says now; of one that has left, what it said last.
    pub status: String,
    /// What it said before; null where it was never looked up, or has not changed.
    pub status_before: Option<String>,
    /// The day of what it says, where the list gives one.
    pub issued_on: Option<Day>,
    /// Whether that is worse than before, so that the supplier's review is brought forward.
    pub is_worse: bool,
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl RefreshReport {
    /// The report, unless questions are open and it is no dry run: then the questions.
    ///
    /// # Errors
    /// [`Error::InvalidRows`] with a fault for each question that is listed.
    pub fn accepted(self) -> Result<Self, Error> {
        if self.dry_run || self.applied {
            return Ok(self);
        }
        let fault = |question: &ListQuestion| {
            let choices: Vec<String> =
                question.choices.iter().map(|choice| format!("{} ({})", choice.answer, choice.meaning)).collect();
            let detail = format!("{} Answer {}={}", question.question, question.key, choices.join(" or "));
            Fault::new("?answers", "question", detail)
        };
        Err(Error::InvalidRows(self.questions.iter().map(fault).collect()))
    }
}

/// What a look at a list comes to.
pub struct RefreshPlan {
    report: RefreshReport,
    /// None in a dry run, and where a question is open.
    work: Option<Work>,
}

/// What is to be written.
#[derive(Default)]
struct Work {
    added: Vec<Model>,
    changed: Vec<(Model, Model)>,
    left: Vec<(Model, Model)>,
    /// Those that say the same: only the days of the look are others.
    same: Vec<String>,
    evidence: Vec<(SupplierId, NewEvidence)>,
    changed_evidence: Vec<(Evidence, NewEvidence)>,
    /// What was noticed, in sentences.
    sentences: Vec<String>,
    /// Why the reviews of these suppliers are brought forward.
    worse: BTreeMap<SupplierId, Vec<String>>,
}

impl Ahead for Refresh {
    type Plan = RefreshPlan;

    async fn plan(&self, reader: &Reader) -> Result<RefreshPlan, Error> {
        self.expect_day(reader).await?;
        let ours = matching::ours(reader, self.list).await?;
        let known = matching::known(reader, self.list).await?;
        let matches = matching::find(self.list, &self.file, &ours, &known, &self.answers).map_err(Error::Invalid)?;
        let pieces = self.toolkit_evidence(reader, &ours, &matches).await?;
        let mut entries = Vec::new();
        let mut work = self.work_out(reader, &ours, &known, &matches, &pieces, &mut entries);
        self.note_others(reader, &ours, &known, &matches, &mut work);
        let how_many = |verdict: ListVerdict| {
            count(entries.iter().filter(|entry: &&RefreshedEntry| entry.verdict == verdict).count())
        };
        let left_count = work.left.len();
        let mut questions = matches.questions;
        let there_count = left_count + entries.iter().filter(|entry| was_there(entry)).count();
        questions.extend(self.ask_whether_left(left_count, there_count)?);
        let mut sentences = self.file.sentences.clone();
        sentences.append(&mut work.sentences);
        sentences.truncate(LISTED);
        let report = RefreshReport {
            list: self.list,
            dry_run: self.dry_run,
            applied: !self.dry_run && questions.is_empty(),
            list_day: self.list_day,
            looked_on: reader.today(),
            row_count: self.file.row_count,
            matched_count: count(matches.pairs.len()),
            new_count: how_many(ListVerdict::New),
            changed_count: how_many(ListVerdict::Changed),
            unchanged_count: how_many(ListVerdict::Unchanged),
            left_count: count(left_count),
            brought_forward_count: count(work.worse.len()),
            evidence_created_count: count(work.evidence.len()),
            evidence_changed_count: count(work.changed_evidence.len()),
            question_count: count(questions.len()),
            questions: questions.into_iter().take(LISTED).collect(),
            sentences,
            entries: listed(entries),
        };
        let work = report.applied.then_some(work);
        Ok(RefreshPlan { report, work })
    }
}

/// Whether an entry was found before, and is there still.
fn was_there(entry: &RefreshedEntry) -> bool {
    matches!(entry.verdict, ListVerdict::Changed | ListVerdict::Unchanged)
}

/// What a report lists of all entries.
fn listed(mut entries: Vec<RefreshedEntry>) -> Vec<RefreshedEntry> {
    entries.retain(|entry| entry.verdict != ListVerdict::Unchanged);
    entries.sort_by(|left, right| {
        let order = |entry: &RefreshedEntry| (!entry.is_worse, entry.verdict);
        order(left)
            .cmp(&order(right))
            .then_with(|| left.supplier_name.cmp(&right.supplier_name))
            .then_with(|| left.entry_key.cmp(&right.entry_key))
    });
    entries.truncate(LISTED);
    entries
}

impl Refresh {
    /// No list of before the last one: it would say that everything had gone back.
    async fn expect_day(&self, reader: &Reader) -> Result<(), Error> {
        if self.list_day > reader.today() {
            return Err(Error::invalid("?list_day", "future", "expected today or an earlier day"));
        }
        let looks = reader.all(reader.find::<look::Entity>()).await?;
        match looks.iter().find(|row| row.list.0 == self.list) {
            Some(last) if self.list_day < last.list_day => Err(Error::invalid(
                "?list_day",
                "past",
                format!(
                    "expected {} or a later day: that is the day of the list that was looked at last",
                    last.list_day
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Whether so many have left a list at once is asked: it may be a part of the list, or another.
    fn ask_whether_left(&self, left_count: usize, there_count: usize) -> Result<Option<ListQuestion>, Error> {
        if left_count <= LEAVING.0 || left_count * 100 <= there_count * LEAVING.1 {
            return Ok(None);
        }
        match self.answers.get(LEFT_KEY).map(String::as_str) {
            Some(YES) => Ok(None),
            Some(answer) => {
                let detail =
                    format!("{LEFT_KEY}: expected {YES}, not {answer:?}: if it is part of a list, bring all of it");
                Err(Error::invalid("?answers", "answer", detail))
            }
            None => Ok(Some(ListQuestion {
                key: LEFT_KEY.to_owned(),
                question: format!(
                    "{left_count} of {there_count} entries about our suppliers are no longer in the list of the {}. Is this all of the list, and have they left it?",
                    self.list.title()
                ),
                choices: vec![ListChoice { answer: YES.to_owned(), meaning: "they have left the list".to_owned() }],
            })),
        }
    }

    /// The accepted evidence of its kind about the suppliers that the toolkit's list names.
    async fn toolkit_evidence(
        &self,
        reader: &Reader,
        ours: &[Ours],
        matches: &Matches,
    ) -> Result<BTreeMap<SupplierId, Vec<Evidence>>, Error> {
        let mut pieces: BTreeMap<SupplierId, Vec<Evidence>> = BTreeMap::new();
        if self.list != PublishedList::Dspt {
            return Ok(pieces);
        }
        let ids: BTreeSet<SupplierId> = matches.pairs.iter().map(|(_, place)| ours[*place].id.clone()).collect();
        let ids: Vec<SupplierId> = ids.into_iter().collect();
        for portion in ids.chunks(PORTION) {
            for piece in evidence::of_suppliers(reader, portion).await? {
                if piece.product_id.is_none() && piece.kind.0 == EvidenceKind::Dspt && piece.checked_at.is_some() {
                    pieces.entry(piece.supplier_id.clone()).or_default().push(piece);
                }
            }
        }
        for pieces in pieces.values_mut() {
            pieces.sort_by(|left, right| left.said_key.cmp(&right.said_key));
        }
        Ok(pieces)
    }

    fn work_out(
        &self,
        reader: &Reader,
        ours: &[Ours],
        known: &[ListEntry],
        matches: &Matches,
        pieces: &BTreeMap<SupplierId, Vec<Evidence>>,
        entries: &mut Vec<RefreshedEntry>,
    ) -> Work {
        let mut work = Work::default();
        let before: BTreeMap<(&str, &str), &ListEntry> =
            known.iter().map(|row| ((row.entry_key.as_str(), row.supplier_id.as_str()), row)).collect();
        let mut found: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (index, place) in &matches.pairs {
            let (entry, one) = (&self.file.entries[*index], &ours[*place]);
            if !found.insert((entry.key(), one.id.as_str())) {
                continue;
            }
            let row = before.get(&(entry.key(), one.id.as_str())).copied();
            let pieces = pieces.get(&one.id).map(Vec::as_slice).unwrap_or_default();
            self.take_entry(reader, entry, one, row, pieces, &mut work, entries);
        }
        let by_id: BTreeMap<&str, &Ours> = ours.iter().map(|one| (one.id.as_str(), one)).collect();
        for row in known.iter().filter(|row| row.is_same && row.left_on.is_none()) {
            // Of those that are archived nothing is looked up.
            let Some(one) = by_id.get(row.supplier_id.as_str()) else { continue };
            if found.contains(&(row.entry_key.as_str(), row.supplier_id.as_str())) {
                continue;
            }
            let is_worse = is_worse_to_leave(self.list, &row.status);
            if is_worse {
                work.bring_forward(self.list, one, &row.status, LEFT);
            }
            let after = Model { left_on: Some(self.list_day), looked_on: reader.today(), ..row.clone() };
            entries.push(told(&after, one, ListVerdict::Left, None, is_worse));
            work.left.push((row.clone(), after));
        }
        work
    }

    #[expect(clippy::too_many_arguments, reason = "each is something that an entry follows from")]
    fn take_entry(
        &self,
        reader: &Reader,
        entry: &Entry,
        one: &Ours,
        row: Option<&ListEntry>,
        pieces: &[Evidence],
        work: &mut Work,
        entries: &mut Vec<RefreshedEntry>,
    ) {
        if let Some(known) =
            row.filter(|row| row.is_same && entry.issued_on.is_some() && row.issued_on > entry.issued_on)
        {
            // An older list, whatever its day is said to be: what is known is the later.
            let [stays, comes] = [known.issued_on, entry.issued_on].map(|day| day.unwrap_or(self.list_day));
            work.sentences.push(format!(
                "{} ({}): the list says {:?} of {comes}, which is older than what is known, {:?} of {stays}: that stays.",
                known.name,
                known.entry_key,
                entry.status,
                known.status
            ));
            entries.push(told(known, one, ListVerdict::Unchanged, None, false));
            return;
        }
        if !is_known(self.list, &entry.status) {
            work.sentences.push(format!(
                "{} ({}): {:?} is not known as a word of the {}: it is kept as what the list says, and nothing follows from it.",
                entry.name(),
                entry.key(),
                entry.status,
                self.list.title()
            ));
        }
        // Before the first look, evidence may say what the list said.
        let said =
            row.map(|row| row.status.as_str()).or_else(|| pieces.last().and_then(|piece| piece.statement.as_deref()));
        let is_back = row.is_some_and(|row| row.left_on.is_some());
        let has_moved = row.is_none_or(|row| row.status != entry.status);
        let is_worse = has_moved && is_worse(self.list, said, &entry.status);
        if is_worse {
            work.bring_forward(self.list, one, said.unwrap_or("nothing"), &entry.status);
        }
        self.take_evidence(reader, entry, one, pieces, work);
        let Some(row) = row else {
            let new = self.row(reader, entry, one, true);
            entries.push(told(&new, one, ListVerdict::New, said.filter(|said| *said != entry.status), is_worse));
            work.added.push(new);
            return;
        };
        let is_other =
            has_moved || is_back || !row.is_same || row.issued_on != entry.issued_on || row.name != entry.name();
        if !is_other {
            entries.push(told(row, one, ListVerdict::Unchanged, None, false));
            work.same.push(row.id.to_string());
            return;
        }
        let after = Model {
            id: row.id.clone(),
            created_at: row.created_at,
            status_before: if has_moved { Some(row.status.clone()) } else { row.status_before.clone() },
            changed_on: if has_moved || is_back { Some(reader.today()) } else { row.changed_on },
            ..self.row(reader, entry, one, true)
        };
        entries.push(told(&after, one, ListVerdict::Changed, has_moved.then_some(row.status.as_str()), is_worse));
        work.changed.push((row.clone(), after));
    }

    /// What the toolkit's list says is evidence. It is dated by the day of its publication: a status of another day is
    /// another piece, and the one of before stays.
    fn take_evidence(&self, reader: &Reader, entry: &Entry, one: &Ours, pieces: &[Evidence], work: &mut Work) {
        if self.list != PublishedList::Dspt || !is_known(self.list, &entry.status) {
            return;
        }
        let last = match entry.issued_on {
            Some(day) => pieces.iter().rev().find(|piece| piece.issued_on == Some(day)),
            None => pieces.last(),
        };
        if last.is_some_and(|piece| piece.statement.as_deref() == Some(entry.status.as_str())) {
            return;
        }
        let notes = format!(
            "From the list of the {} of {}, looked up on {}.",
            self.list.title(),
            self.list_day,
            reader.today()
        );
        match last.filter(|_| entry.issued_on.is_some()) {
            Some(before) => {
                let new = NewEvidence {
                    subject_id: before.subject_id.clone(),
                    kind: EvidenceKind::Dspt,
                    reference: before.reference.clone(),
                    statement: Some(entry.status.clone()),
                    scope: before.scope.clone(),
                    document_version: before.document_version.clone(),
                    issued_on: before.issued_on,
                    expires_on: before.expires_on,
                    address: before.address.clone(),
                    notes: before.notes.clone().or(Some(notes)),
                };
                work.changed_evidence.push((before.clone(), new));
            }
            // That somebody never published anything is no evidence of anything.
            None if entry.issued_on.is_none() && pieces.is_empty() => {}
            None => {
                let new = NewEvidence {
                    subject_id: SubjectId::Supplier(one.id.clone()),
                    kind: EvidenceKind::Dspt,
                    reference: None,
                    statement: Some(entry.status.clone()),
                    scope: None,
                    document_version: None,
                    issued_on: entry.issued_on,
                    expires_on: None,
                    address: None,
                    notes: Some(notes),
                };
                work.evidence.push((one.id.clone(), new));
            }
        }
    }

    /// Keeps that somebody has said that only the names are the same, so that nobody is asked again.
    fn note_others(&self, reader: &Reader, ours: &[Ours], known: &[ListEntry], matches: &Matches, work: &mut Work) {
        for (index, place) in &matches.others {
            let (entry, one) = (&self.file.entries[*index], &ours[*place]);
            if known.iter().any(|row| row.entry_key == entry.key() && row.supplier_id == one.id) {
                continue;
            }
            work.added.push(self.row(reader, entry, one, false));
        }
    }

    /// What the list says of one of ours, or of another of the same name, as it is kept from today on.
    fn row(&self, reader: &Reader, entry: &Entry, one: &Ours, is_same: bool) -> Model {
        Model {
            id: reader.new_id(),
            organisation_id: reader.scope().organisation_id.clone(),
            version: 1,
            list: Word(self.list),
            supplier_id: one.id.clone(),
            entry_key: entry.key().to_owned(),
            name: entry.name().to_owned(),
            is_same,
            status: entry.status.clone(),
            status_before: None,
            issued_on: entry.issued_on,
            list_day: self.list_day,
            looked_on: reader.today(),
            changed_on: None,
            left_on: None,
            created_at: reader.now(),
            updated_at: reader.now(),
        }
    }
}

fn told(row: &Model, one: &Ours, verdict: ListVerdict, before: Option<&str>, is_worse: bool) -> RefreshedEntry {
    RefreshedEntry {
        supplier_id: one.id.clone(),
        supplier_name: one.name.clone(),
        entry_key: row.entry_key.clone(),
        name: row.name.clone(),
        verdict,
        status: row.status.clone(),
        status_before: before.map(str::to_owned),
        issued_on: row.issued_on,
        is_worse,
    }
}

impl Work {
    fn bring_forward(&mut self, list: PublishedList, one: &Ours, before: &str, after: &str) {
        let why = format!("{}: {after} (before: {before})", list.title());
        self.worse.entry(one.id.clone()).or_default().push(why);
    }
}

impl Plan for RefreshPlan {
    fn asks_for_change(&self) -> bool {
        self.work.is_some()
    }

    async fn holds(&self, _writer: &Writer, changed: &BTreeSet<SupplierId>) -> Result<bool, Error> {
        // Whoever has come, or has another name or identifier, may be on the list too.
        Ok(changed.is_empty())
    }
}

impl RefreshPlan {
    /// Takes it over, and says what came of it; of a dry run, and where a question is open, what would.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Database`].
    pub async fn carry_out(self, writer: Option<&Writer>) -> Result<RefreshReport, Error> {
        let Self { report, work } = self;
        let (Some(work), Some(writer)) = (work, writer) else { return Ok(report) };
        let Work { added, changed, left, same, evidence, changed_evidence, worse, sentences: _ } = work;
        if !added.is_empty() {
            writer.insert_all::<Entity, ActiveModel>(added).await?;
        }
        writer.replace_all::<Entity, ActiveModel>("change", changed).await?;
        writer.replace_all::<Entity, ActiveModel>("leave", left).await?;
        let days: [(Column, sea_orm::Value); 2] =
            [(Column::ListDay, report.list_day.into()), (Column::LookedOn, report.looked_on.into())];
        writer.set_derived_of_all::<Entity>(&same, &days).await?;
        evidence::create_all(writer, evidence).await?;
        for (before, new) in changed_evidence {
            evidence::put(writer, before, new).await?;
        }
        let rows = supplier::several(writer, worse.keys().cloned()).await?;
        for (id, why) in worse {
            let Some(supplier) = rows.get(&id).cloned() else { continue };
            let subject = Subject { supplier, product: None };
            review::trigger(writer, &subject, TriggerKind::PublishedList, writer.today(), why.join("; ")).await?;
        }
        let look = look::Model {
            organisation_id: writer.scope().organisation_id.clone(),
            list: Word(report.list),
            list_day: report.list_day,
            looked_at: writer.now(),
            row_count: report.row_count,
            matched_count: report.matched_count,
            changed_count: report.changed_count,
            left_count: report.left_count,
        };
        writer
            .put_all::<look::Entity, look::ActiveModel>(vec![look], &[look::Column::OrganisationId, look::Column::List])
            .await?;
        let after = serde_json::json!({
            "list_day": report.list_day,
            "row_count": report.row_count,
            "matched_count": report.matched_count,
            "changed_count": report.changed_count,
            "left_count": report.left_count,
        });
        writer.note("refresh", "published_list", &word(&report.list), None, Some(after));
        Ok(report)
    }
}
