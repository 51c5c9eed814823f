//! Which findings are gone, remain or are new since the last check of the same.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::EvidenceKind;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::Serialize;

use super::{
    Column, Entity, Evidence,
    finding::{CheckTarget, EvidenceFinding, FindingOutcome, plain},
    read,
};
use crate::{
    clock::Day,
    error::Error,
    fault::Faults,
    id::{EvidenceId, RiskId, SubjectId},
    risk::{self, Reason, Risk, RiskState},
    scope::{Reader, Writer},
    stored::Word,
};

/// How many earlier checks are looked through for the last of each thing that was checked.
const MAXIMUM_EARLIER: u64 = 50;

/// A finding beside those of another check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ComparedFinding {
    /// The check that found it.
    pub evidence_id: EvidenceId,
    /// The day of that check.
    pub checked_on: Option<Day>,
    /// What it found.
    pub finding: EvidenceFinding,
    /// Whether what came of it is still to be done.
    pub is_open: bool,
}

/// What has changed since the last check of the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FindingsComparison {
    /// What an earlier check found and this one does not.
    pub gone: Vec<ComparedFinding>,
    /// What this check finds, as the one before did.
    pub remaining: Vec<ComparedFinding>,
    /// What this check finds for the first time.
    pub new: Vec<ComparedFinding>,
}

/// A finding of the last check of the same.
pub(super) type Earlier = ComparedFinding;

/// What has changed since the last check of the same, one by one of what was checked: findings are known again by what
/// was found and where.
///
/// # Errors
/// [`Error::NotFound`] where this is no check that was entered with its findings.
pub async fn compare(reader: &Reader, id: &EvidenceId) -> Result<FindingsComparison, Error> {
    let piece = read(reader, id).await?;
    let check = piece.security_check.as_ref().ok_or(Error::NotFound)?;
    let earlier = last_findings(reader, &piece.subject_id, &check.targets, Some(piece.said_key.as_str())).await?;
    let risks = risks_of(reader, check.findings.iter()).await?;
    let keys: BTreeSet<_> = check.findings.iter().map(EvidenceFinding::key).collect();
    let known: BTreeSet<_> = earlier.iter().map(|earlier| earlier.finding.key()).collect();
    let own = |finding: &EvidenceFinding| compared(&piece, finding, &risks);
    Ok(FindingsComparison {
        gone: earlier.iter().filter(|earlier| !keys.contains(&earlier.finding.key())).cloned().collect(),
        remaining: check.findings.iter().filter(|finding| known.contains(&finding.key())).map(own).collect(),
        new: check.findings.iter().filter(|finding| !known.contains(&finding.key())).map(own).collect(),
    })
}

/// Notes what came of findings that are gone as done: their actions, and the risks on which nothing is left to do.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] where nothing is left to close.
pub async fn close_findings(writer: &Writer, id: &EvidenceId, version: i64, why: Reason) -> Result<Evidence, Error> {
    Faults::of_new(&why).done()?;
    let piece = writer.get_at::<Entity>(id.as_str(), version).await?;
    let gone = compare(writer, id).await?.gone;
    let mut titles: BTreeMap<RiskId, BTreeSet<String>> = BTreeMap::new();
    for earlier in gone.into_iter().filter(|earlier| earlier.is_open) {
        if let (Some(risk_id), Some(action)) = (earlier.finding.risk_id, earlier.finding.action) {
            titles.entry(risk_id).or_default().insert(action);
        }
    }
    let mut is_done = false;
    for (risk_id, titles) in titles {
        let risk = risk::read(writer, &risk_id).await?;
        is_done |= risk::finish_actions(writer, &risk, &titles, &why.reason).await?;
    }
    if is_done {
        Ok(piece)
    } else {
        Err(Error::conflict("state", "no finding is gone of which anything is left to be done"))
    }
}

/// What the last checks of a subject found on these, one by one; of before the check of this key, if one is given.
pub(super) async fn last_findings(
    reader: &Reader,
    subject_id: &SubjectId,
    targets: &[CheckTarget],
    before: Option<&str>,
) -> Result<Vec<Earlier>, Error> {
    let mut select = reader
        .find::<Entity>()
        .filter(Column::SubjectId.eq(subject_id.as_str()))
        .filter(Column::Kind.eq(Word(EvidenceKind::SecurityCheck)))
        .filter(Column::SecurityCheck.is_not_null());
    if let Some(key) = before {
        select = select.filter(Column::SaidKey.lt(key));
    }
    let pieces = reader.all(select.order_by_desc(Column::SaidKey).limit(MAXIMUM_EARLIER)).await?;
    let mut left: BTreeSet<String> = targets.iter().map(|target| plain(&target.name)).collect();
    let mut found: Vec<(&Evidence, &EvidenceFinding)> = Vec::new();
    for piece in &pieces {
        let Some(check) = &piece.security_check else { continue };
        let looked_at: BTreeSet<String> = check.targets.iter().map(|target| plain(&target.name)).collect();
        let here: BTreeSet<String> = left.intersection(&looked_at).cloned().collect();
        let is_here =
            |finding: &&EvidenceFinding| finding.target.as_deref().is_some_and(|target| here.contains(&plain(target)));
        found.extend(check.findings.iter().filter(is_here).map(|finding| (piece, finding)));
        left.retain(|target| !here.contains(target));
    }
    let risks = risks_of(reader, found.iter().map(|(_, finding)| *finding)).await?;
    Ok(found.into_iter().map(|(piece, finding)| compared(piece, finding, &risks)).collect())
}

/// The risks that findings are, or are on.
async fn risks_of<'a>(
    reader: &Reader,
    findings: impl Iterator<Item = &'a EvidenceFinding>,
) -> Result<BTreeMap<RiskId, Risk>, Error> {
    let ids = findings.filter_map(|finding| finding.risk_id.as_ref()).map(ToString::to_string).collect();
    risk::several(reader, &ids).await
}

fn compared(piece: &Evidence, finding: &EvidenceFinding, risks: &BTreeMap<RiskId, Risk>) -> ComparedFinding {
    ComparedFinding {
        evidence_id: piece.id.clone(),
        checked_on: piece.issued_on,
        finding: finding.clone(),
        is_open: is_open(finding, finding.risk_id.as_ref().and_then(|id| risks.get(id))),
    }
}

/// Whether what came of a finding is still to be done: its risk is open, or its action on it is.
fn is_open(finding: &EvidenceFinding, risk: Option<&Risk>) -> bool {
    let Some(risk) = risk.filter(|risk| risk.state.0 != RiskState::Closed) else { return false };
    let is_it = |title: &str| finding.action.as_deref() == Some(title);
    finding.outcome == FindingOutcome::Risk
        || risk.actions.iter().any(|action| action.done_on.is_none() && is_it(&action.title))
}
