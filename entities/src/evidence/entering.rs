//! Entering what the two tools gave, as evidence, with what comes of each finding.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::{EvidenceKind, Severity};

use super::{
    ActiveModel, Entity, Evidence, Model, NewEvidence, build,
    comparing::{Earlier, last_findings},
    finding::{
        CheckTarget, EvidenceFinding, Exercise, FindingOutcome, NewExercise, NewFinding, NewSecurityCheck,
        SecurityCheck, plain,
    },
};
use crate::{
    clock::Day,
    error::Error,
    fault::Faults,
    id::{EvidenceId, RiskId, SubjectId},
    policy,
    risk::{self, Action, NewRisk},
    scope::Writer,
    stored::Json,
    subject::Subject,
};

/// Enters a result of *Check your cyber security*: a piece of evidence of the kind `security_check`, and a risk or an
/// action for each finding of which one comes.
///
/// # Errors
/// [`Error::Invalid`] with every fault, an unknown subject among them.
pub async fn create_security_check(writer: &Writer, new: NewSecurityCheck) -> Result<Evidence, Error> {
    let mut faults = Faults::of_new(&new);
    not_ahead(&mut faults, "/checked_on", new.checked_on, writer.today());
    let mut names = BTreeSet::new();
    for (index, target) in new.targets.iter().enumerate() {
        let is_new = names.insert(plain(&target.name));
        faults.expect(is_new, format!("/targets/{index}/name"), "duplicate", "this is listed twice");
    }
    let mut findings = new.findings;
    for (index, finding) in findings.iter_mut().enumerate() {
        place(&mut faults, index, finding, &new.targets);
    }
    check(&mut faults, &findings);
    faults.done()?;
    let subject = Subject::find(writer, &new.subject_id, "/subject_id").await?;
    let earlier = last_findings(writer, &new.subject_id, &new.targets, None).await?;
    let entering = Entering {
        called: format!("Check your cyber security, {}", new.checked_on),
        with_targets: new.targets.len() > 1,
        subject: &subject,
        subject_id: &new.subject_id,
        earlier: &earlier,
    };
    let count = findings.len();
    let piece = NewEvidence {
        subject_id: new.subject_id.clone(),
        kind: EvidenceKind::SecurityCheck,
        reference: None,
        statement: Some(found(count)),
        scope: Some(scope_of(&new.targets)),
        document_version: None,
        issued_on: Some(new.checked_on),
        expires_on: None,
        address: None,
        notes: new.notes,
    };
    let row = row(writer, &subject, piece).await?;
    let findings = entering.enter(writer, &row.id, findings).await?;
    let made = SecurityCheck { targets: new.targets, findings };
    writer.insert::<Entity, ActiveModel>(Model { security_check: Some(Json(made)), ..row }).await
}

/// Enters an exercise, such as one from *Exercise in a Box*: a piece of evidence of the kind `incident_exercise`, and a
/// risk or an action for each finding of which one comes.
///
/// # Errors
/// [`Error::Invalid`] with every fault, an unknown subject among them.
pub async fn create_exercise(writer: &Writer, new: NewExercise) -> Result<Evidence, Error> {
    let mut faults = Faults::of_new(&new);
    not_ahead(&mut faults, "/held_on", new.held_on, writer.today());
    for (index, finding) in new.findings.iter().enumerate() {
        let detail = "expected none: an exercise looks at people and what they do, not at one address";
        faults.expect(finding.target.is_none(), format!("/findings/{index}/target"), "contradiction", detail);
        let is_other = finding.outcome != FindingOutcome::AsBefore;
        let detail = "expected action, risk or nothing: exercises are not compared with each other";
        faults.expect(is_other, format!("/findings/{index}/outcome"), "choice", detail);
    }
    check(&mut faults, &new.findings);
    faults.done()?;
    let subject = Subject::find(writer, &new.subject_id, "/subject_id").await?;
    let entering = Entering {
        called: format!("{}, {}", new.title, new.held_on),
        with_targets: false,
        subject: &subject,
        subject_id: &new.subject_id,
        earlier: &[],
    };
    let piece = NewEvidence {
        subject_id: new.subject_id.clone(),
        kind: EvidenceKind::IncidentExercise,
        reference: Some(new.title),
        statement: Some(found(new.findings.len())),
        scope: None,
        document_version: None,
        issued_on: Some(new.held_on),
        expires_on: None,
        address: None,
        notes: new.notes,
    };
    let row = row(writer, &subject, piece).await?;
    let findings = entering.enter(writer, &row.id, new.findings).await?;
    let made = Exercise { form: new.form, participants: new.participants, findings, next_steps: new.next_steps };
    writer.insert::<Entity, ActiveModel>(Model { exercise: Some(Json(made)), ..row }).await
}

/// The row of a piece of evidence that has been checked, before it is entered.
async fn row(writer: &Writer, subject: &Subject, piece: NewEvidence) -> Result<Model, Error> {
    let validity = policy::read(writer).await?.evidence_validity.0;
    Ok(build(writer, &validity, piece, subject.supplier.id.clone(), subject.product_id()))
}

/// How much was found, in words.
fn found(count: usize) -> String {
    match count {
        0 => "nothing found".into(),
        1 => "1 finding".into(),
        many => format!("{many} findings"),
    }
}

/// What was checked, in words, as far as there is room.
fn scope_of(targets: &[CheckTarget]) -> String {
    let names = targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>().join(", ");
    names.chars().take(2000).collect()
}

fn not_ahead(faults: &mut Faults, pointer: &str, day: Day, today: Day) {
    faults.expect(day <= today, pointer, "range", "expected today or an earlier day: it is entered once it is done");
}

/// Says of a finding which of what was checked it is about.
fn place(faults: &mut Faults, index: usize, finding: &mut NewFinding, targets: &[CheckTarget]) {
    let names = || targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>().join(", ");
    let pointer = format!("/findings/{index}/target");
    match (finding.target.as_deref().map(plain), targets) {
        (None, [only]) => finding.target = Some(only.name.clone()),
        (None, _) => {
            faults.expect(false, pointer, "required", format!("expected what it is about, one of: {}", names()));
        }
        (Some(said), _) => match targets.iter().find(|target| plain(&target.name) == said) {
            Some(target) => finding.target = Some(target.name.clone()),
            None => faults.expect(false, pointer, "choice", format!("expected one of what was checked: {}", names())),
        },
    }
}

/// That of each finding everything is said that its outcome needs, and that none is there twice.
fn check(faults: &mut Faults, findings: &[NewFinding]) {
    let mut seen = BTreeSet::new();
    for (index, finding) in findings.iter().enumerate() {
        let at = |field: &str| format!("/findings/{index}/{field}");
        let key = (finding.target.as_deref().map(plain), plain(&finding.text));
        faults.expect(seen.insert(key), at("text"), "duplicate", "this finding is listed twice");
        match finding.outcome {
            FindingOutcome::Action | FindingOutcome::Risk => {
                faults.expect(finding.owner.is_some(), at("owner"), "required", "expected who does it");
                faults.expect(finding.due_on.is_some(), at("due_on"), "required", "expected the day by when");
            }
            FindingOutcome::Nothing => {
                faults.expect(finding.reason.is_some(), at("reason"), "required", "expected why nothing comes of it");
            }
            FindingOutcome::AsBefore => {}
        }
        if !matches!(finding.outcome, FindingOutcome::Action | FindingOutcome::Risk) {
            let detail = "expected only where an action or a risk comes of it";
            faults.expect(finding.action.is_none(), at("action"), "contradiction", detail);
            faults.expect(finding.owner.is_none(), at("owner"), "contradiction", detail);
            faults.expect(finding.due_on.is_none(), at("due_on"), "contradiction", detail);
        }
        if finding.outcome != FindingOutcome::Nothing {
            let detail = "expected only where nothing comes of it";
            faults.expect(finding.reason.is_none(), at("reason"), "contradiction", detail);
        }
    }
}

/// How likely and how bad a finding of this severity is taken to be, until somebody judges the risk itself: the bands
/// of the policy that every organisation starts with call it alike.
fn weight(severity: Severity) -> (i32, i32) {
    match severity {
        Severity::Low => (1, 2),
        Severity::Moderate => (2, 3),
        Severity::High => (3, 4),
        Severity::Extreme => (4, 5),
    }
}

/// Findings that are about to be entered.
struct Entering<'a> {
    /// What the risk of all their actions is called after.
    called: String,
    /// Whether they are about several things, so that an action says about which.
    with_targets: bool,
    subject: &'a Subject,
    subject_id: &'a SubjectId,
    /// What the last check found.
    earlier: &'a [Earlier],
}

impl Entering<'_> {
    /// What is to be done about a finding, as its action says it; unlike these where nobody says it.
    fn title(&self, finding: &NewFinding, others: &BTreeSet<String>) -> String {
        if let Some(action) = &finding.action {
            return action.clone();
        }
        let is_short = |advice: &&str| advice.chars().count() <= 150 && !advice.contains('\n');
        let advice = finding.advice.as_deref().filter(is_short).map(|advice| self.about(finding, advice));
        advice.filter(|title| !others.contains(title)).unwrap_or_else(|| self.about(finding, &finding.text))
    }

    /// A title that says what it is about, where that could be several things.
    fn about(&self, finding: &NewFinding, title: &str) -> String {
        match &finding.target {
            Some(target) if self.with_targets => {
                let target: String = target.chars().take(100).collect();
                format!("{title} ({target})")
            }
            _ => title.to_owned(),
        }
    }

    fn risk(&self, title: &str, description: Option<String>, severity: Severity, actions: Vec<Action>) -> NewRisk {
        let (likelihood, impact) = weight(severity);
        NewRisk {
            subject_id: self.subject_id.clone(),
            title: title.chars().take(300).collect(),
            description,
            likelihood,
            impact,
            residual_likelihood: None,
            residual_impact: None,
            treatment: None,
            owner: actions.first().and_then(|action| action.owner.clone()),
            actions,
        }
    }

    /// Raises what comes of the findings, and gives them as they are to be stored.
    async fn enter(
        &self,
        writer: &Writer,
        evidence_id: &EvidenceId,
        new: Vec<NewFinding>,
    ) -> Result<Vec<EvidenceFinding>, Error> {
        let mut findings = Vec::with_capacity(new.len());
        let mut faults = Faults::default();
        let mut titles = BTreeSet::new();
        for (index, (number, new)) in (1..).zip(new).enumerate() {
            let outcome = new.outcome;
            let follows = matches!(outcome, FindingOutcome::Action | FindingOutcome::Risk);
            let action = follows.then(|| self.title(&new, &titles));
            if let (FindingOutcome::Action, Some(title)) = (outcome, &action) {
                let detail = "another finding asks for the same: say how this action differs";
                faults.expect(titles.insert(title.clone()), format!("/findings/{index}/action"), "duplicate", detail);
            }
            let NewFinding { text, target, severity, advice, owner, due_on, reason, .. } = new;
            let finding = EvidenceFinding {
                number,
                text,
                target,
                severity,
                advice,
                outcome,
                risk_id: None,
                action,
                owner,
                due_on,
                reason,
            };
            findings.push(match outcome {
                FindingOutcome::AsBefore => self.as_before(&mut faults, index, finding),
                _ => finding,
            });
        }
        faults.done()?;
        let ids = self.raise(writer, evidence_id, &findings).await?;
        for finding in &mut findings {
            if let Some(id) = ids.get(&finding.number) {
                finding.risk_id = Some(id.clone());
            }
        }
        Ok(findings)
    }

    /// The finding with what came of it at the last check.
    fn as_before(&self, faults: &mut Faults, index: usize, finding: EvidenceFinding) -> EvidenceFinding {
        let pointer = format!("/findings/{index}/outcome");
        let before = self.earlier.iter().find(|earlier| earlier.finding.key() == finding.key());
        let Some(before) = before else {
            let detail = "expected another outcome: the last check of the same did not find this";
            faults.expect(false, pointer, "as_before", detail);
            return finding;
        };
        let is_over = before.finding.outcome != FindingOutcome::Nothing && !before.is_open;
        let detail = "expected another outcome: what came of it then is done, and it is found still";
        faults.expect(!is_over, pointer, "as_before", detail);
        let EvidenceFinding { outcome, risk_id, action, owner, due_on, reason, .. } = before.finding.clone();
        EvidenceFinding { outcome, risk_id, action, owner, due_on, reason, ..finding }
    }

    /// The risks of findings whose outcome is new: which each is, or is on.
    async fn raise(
        &self,
        writer: &Writer,
        evidence_id: &EvidenceId,
        findings: &[EvidenceFinding],
    ) -> Result<BTreeMap<u32, RiskId>, Error> {
        let action = |finding: &EvidenceFinding| Action {
            title: finding.action.clone().unwrap_or_default(),
            owner: finding.owner.clone(),
            due_on: finding.due_on,
            done_on: None,
        };
        let is_new = |finding: &&EvidenceFinding| finding.risk_id.is_none();
        let (mut numbers, mut risks) = (Vec::new(), Vec::new());
        let acted: Vec<&EvidenceFinding> =
            findings.iter().filter(is_new).filter(|finding| finding.outcome == FindingOutcome::Action).collect();
        if let Some(worst) = acted.iter().map(|finding| finding.severity).max() {
            numbers.push(acted.iter().map(|finding| finding.number).collect::<Vec<_>>());
            let actions = acted.iter().map(|finding| action(finding)).collect();
            risks.push(self.risk(&format!("Findings: {}", self.called), None, worst, actions));
        }
        for finding in findings.iter().filter(is_new).filter(|finding| finding.outcome == FindingOutcome::Risk) {
            numbers.push(vec![finding.number]);
            risks.push(self.risk(&finding.text, finding.advice.clone(), finding.severity, vec![action(finding)]));
        }
        let made = risk::raise_from(writer, self.subject, evidence_id, risks).await?;
        let each = made.into_iter().zip(numbers);
        Ok(each.flat_map(|(risk, numbers)| numbers.into_iter().map(move |number| (number, risk.id.clone()))).collect())
    }
}
