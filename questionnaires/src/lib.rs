//! What is asked: questionnaires, answers and scores, as pure functions.
//!
//! No database, no HTTP, no clock, no randomness, no environment: the same input gives the same bytes on every machine.
//! Nothing here panics, whatever it is given.
//!
//! | File | What is in it |
//! |---|---|
//! | [`edition`] | the shape of a questionnaire document, and every limit |
//! | [`parse`] | text → edition, strictly: every problem at once, each with its place |
//! | [`condition`] | when a question is shown and a finding is raised, as data |
//! | [`answer`] | answers, reviewers' points, evidence facts, the subject's facts; checking and normalising answers |
//! | [`score`] | the result, as data |
//! | [`evaluate`](mod@evaluate) | edition + answers → result; prepare once, evaluate many |
//! | [`finding`] | findings and knock-outs in a result |
//! | [`rating`](mod@rating) | score → band → rating, by the organisation's policy |
//! | [`receipt`] | hashes and recomputation |
//! | [`extension`] | an organisation's own questions added to an edition |
//! | [`library`] | the built-in questionnaires |
//! | [`canonical`], [`fault`] | canonical JSON and hashes; one problem with its place |
//!
//! ```
//! use diligence_questionnaires::{Answer, Answers, Edition, Input, Review, Subject, evaluate};
//!
//! let edition = Edition::from_yaml(r#"
//! key: example
//! title: An example
//! edition: "2026.1"
//! summary: One question about access.
//! framework: security
//! applies_to: [supplier]
//! principles:
//!   - {key: access_control, title: Access control}
//! sections:
//!   - key: access
//!     title: Who can get in
//!     questions:
//!       - key: mfa
//!         principle: access_control
//!         text: Do all accounts use a second factor?
//!         type: yes_no
//!         options:
//!           - {value: "yes", label: "Yes", points: 100}
//!           - {value: "no", label: "No", points: 0}
//! "#).map_err(|faults| faults[0].message.clone())?;
//!
//! let answers = Answers::from([("mfa".to_owned(), Answer { value: Some("yes".into()), ..Answer::default() })]);
//! let outcome = evaluate(&edition, &Input {
//!     answers: &answers,
//!     review: &Review::new(),
//!     evidence: &[],
//!     subject: &Subject::new(),
//!     on: "2026-03-01".parse().map_err(|_| "no such date")?,
//! });
//! assert_eq!(outcome.claimed.map(|score| score.to_string()).as_deref(), Some("100.0"));
//! # Ok::<(), String>(())
//! ```

pub mod answer;
pub mod canonical;
mod check;
pub mod condition;
mod document;
pub mod edition;
pub mod evaluate;
mod exact;
pub mod extension;
pub mod fault;
pub mod finding;
pub mod library;
pub mod parse;
pub mod rating;
pub mod receipt;
pub mod score;
mod shape;

pub use answer::{Answer, Answers, EvidenceFact, EvidenceKind, Review, ReviewedPoints, Subject, check_answers, check_review, check_subject, normalise_answer};
pub use condition::{Condition, Scalar, Test};
pub use edition::{
    AppliesTo, Choice, Decimal, Edition, EditionFinding, EvidenceNeed, EvidenceRule, Finding, NotApplicable, PointBand, Principle, Question, QuestionType, RiskEstimate,
    Section, Source,
};
pub use evaluate::Prepared;
pub use extension::Extension;
pub use fault::Fault;
pub use finding::{KnockOut, RaisedFinding};
pub use rating::{Band, Rating, RatingMatrix, RatingPolicy, RatingRow, Severity, Tier, band, rating, residual, worst};
pub use receipt::{Difference, Receipt};
pub use score::{
    Contribution, ENGINE_VERSION, EvidenceState, FrameworkScore, Input, NotApplicableAnswer, Outcome, PrincipleScore, QuestionState, Replacement, Score, Summary,
    evaluate,
};
