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
//! | [`explain`], [`movement`](mod@movement) | what would raise a score most; what moved between two assessments, and why |
//! | [`receipt`] | whose it is, hashes and recomputation; one file with all it rests on |
//! | [`preview`] | what a respondent sees of an edition |
//! | [`extension`] | an organisation's own questions added to an edition |
//! | [`splice`] | one question more, less or other in the text of an extension, all else left alone |
//! | [`swallowed`](mod@swallowed) | texts of which YAML takes the end for a comment |
//! | [`changes`](mod@changes) | what differs between two editions, and whether it changes scores |
//! | [`carry`](mod@carry) | answer once: a new assessment's answers proposed from earlier ones |
//! | `rules.rs` | the edition without its words: what its scoring hash is taken of |
//! | [`merge`] | an extension carried over to a new edition of its base, conflicts shown |
//! | [`translation`] | an edition in another language, all else alike |
//! | [`library`] | the built-in questionnaires |
//! | [`table`] | an edition as one CSV file for a spreadsheet, both ways |
//! | [`workbook`] | a questionnaire to fill in offline, as XLSX or CSV, and its answers read back |
//! | [`placed`] | documents of any type by its schema, from YAML or JSON, with the place of each part |
//! | [`spreadsheet`] | other people's files (CSV, JSON, workbooks) as rows of cells |
//! | [`text`] | what a text of one line, or of lines, may hold |
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
pub mod carry;
pub mod cells;
pub mod changes;
mod check;
pub mod condition;
mod difference;
mod document;
pub mod edition;
pub mod evaluate;
mod exact;
pub mod explain;
pub mod extension;
pub mod fault;
pub mod finding;
pub mod library;
pub mod merge;
pub mod movement;
pub mod parse;
pub mod placed;
pub mod preview;
pub mod rating;
pub mod receipt;
mod rules;
pub mod score;
mod shape;
pub mod splice;
pub mod spreadsheet;
pub mod swallowed;
pub mod table;
pub mod text;
pub mod translation;
pub mod workbook;

pub use answer::{
    Answer, Answers, EvidenceFact, EvidenceKind, NotCounted, Review, ReviewedPoints, Subject, check_answers,
    check_review, check_subject, normalise_answer, normalise_answers,
};
pub use carry::{Carried, CarriedAnswer, CarriedBecause, Earlier, LeftAnswer, LeftBecause, LookAgain, carry};
pub use changes::{ChangeKind, EditionChanges, FieldChange, PartChange, changes};
pub use condition::{Condition, Scalar, Test};
pub use edition::{
    AppliesTo, Choice, Decimal, Edition, EditionFinding, EvidenceNeed, EvidenceRule, Finding, Framework, NotApplicable,
    Outdated, OutdatedBecause, PointBand, Points, Principle, Question, QuestionType, RiskEstimate, Section, Source,
};
pub use evaluate::Prepared;
pub use explain::{Improvement, ImprovementHow, Improvements, improvements};
pub use extension::Extension;
pub use fault::Fault;
pub use finding::{KnockOut, RaisedFinding};
pub use merge::{Conflict, ConflictSeverity, Merge};
pub use movement::{
    FrameworkMove, MoveBecause, Movement, QuestionMove, QuestionPart, QuestionPoints, ScoreChange, ScoreMove, Side,
    movement,
};
pub use placed::Placed;
pub use preview::{Preview, PreviewOption, PreviewQuestion, PreviewSection};
pub use rating::{Band, Rating, RatingMatrix, RatingPolicy, RatingRow, Severity, Tier, band, rating, residual, worst};
pub use receipt::{Basis, Decided, DecisionMade, Difference, Named, PortableReceipt, Receipt};
pub use score::{
    Contribution, ENGINE_VERSION, EvidenceState, FrameworkScore, Input, NotApplicableAnswer, Outcome, PrincipleScore,
    QuestionState, Replacement, Score, Summary, evaluate,
};
pub use splice::{Sketch, Splice};
pub use swallowed::{swallowed, swallowed_where};
pub use translation::Translation;
