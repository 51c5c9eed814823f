//! A year in the life of a register, lived at random: people enter, profile, assess, decide, send certificates, make
//! contracts, report incidents, archive, restore and import, and days go by. A diary beside it (`model`) knows what
//! must be looked after, without asking the program; after every step, and around the days on which something changes
//! by itself, the list of what is due is compared with it, and from time to time the register and home are too.
//!
//! Eleven ways in which a register reassures without ground, and what finds each when it comes back:
//!
//! 1. Home says that nothing is due while nobody has profiled or assessed anyone: `profile_unknown` and
//!    `never_assessed` are needed, and home's numbers are the list's.
//! 2. A supplier of which only the name is known is of low tier and looked at in 36 months: `review` within 6 months,
//!    `profile_unknown`, and the tier on its line in the register.
//! 3. A toolkit status of years ago is a certificate in date: `evidence_expiry` is needed, overdue, and the register's
//!    `has_certificate` must not find it.
//! 4. A file that a respondent sent and nobody opened is a certificate: `evidence_to_check` is needed, nothing else is
//!    due for it, and `has_certificate` must not find it.
//! 5. An approval stays fresh when its supplier takes on data about health or children, AI or a higher tier, or when a
//!    certificate that it rested on is over: `decision_stale` is needed, and `review` at once (`TakeOn`).
//! 6. A refused supplier keeps the score and the rating of its approval: score, rating and decision on its line
//!    (`Reconsider`), and `refused_in_use` is needed.
//! 7. A contract that ends, or whose day of notice passes, is used nowhere; one that renews itself stays where it was:
//!    `contract_end`, `contract_notice`, and `review` by that day.
//! 8. A certificate that is over when it is entered is due for nothing: `evidence_expiry` and `review` on its day.
//! 9. A review that somebody put off stays there when the tier rises or something happens: `review` by the day that
//!    asks for it (`Outgrow`).
//! 10. Going to the archive and back forgets what was due: all of the list again after `Restore` and `Detour`.
//! 11. An unanswered questionnaire whose day has come is on no list: `unanswered`, and `answers_to_review` after it.
//!
//! The other way round, whatever is on the list must be there for a reason: what was completed, met, done, answered,
//! decided again, renewed or archived is not.
//!
//! Each year is known by its number and always the same. `DILIGENCE_TEST_YEARS=100..200` lives those from 100 to 199. A
//! year that fails is made shorter until nothing can be left out; that is what is printed.

use std::{ops::Range, panic::AssertUnwindSafe};

use proptest::{
    collection::vec,
    option,
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngSeed, TestRunner},
};

use self::{
    life::Life,
    model::{Ai, CRITICALITY, DATA, Said},
    papers::{CERTIFICATES, LASTING},
};
use crate::harness::On;

mod compare;
mod life;
mod model;
mod papers;

/// How many steps a year has; about every fourth lets days go by.
const STEPS: usize = 60;
/// The years that are lived if no others are asked for.
const YEARS: Range<u64> = 1..4;

/// The terms of a contract.
#[derive(Clone, Debug)]
struct Terms {
    /// In how many days it ends; it may have ended.
    ends_in: i64,
    notice_days: Option<i64>,
    renews: Option<u32>,
}

/// Something that somebody does. `which` chooses among those to whom it can be done, round and round; where there is
/// none, nothing is done.
#[derive(Clone, Debug)]
enum Step {
    /// So many days go by.
    Wait(i64),
    /// A supplier is entered.
    Enter { said: Said, is_prospective: bool, terms: Option<Terms> },
    /// More is said of a supplier.
    Say { which: usize, said: Said },
    /// A supplier that is approved takes on data about children's health.
    TakeOn(usize),
    /// A supplier's contract is made or renewed.
    Contract { which: usize, terms: Terms },
    /// We leave a supplier.
    Exit(usize),
    /// A supplier has a new product.
    Product { which: usize, ai: Ai },
    /// Somebody says whether there is AI in a product.
    SayAi { which: usize, has_ai: bool },
    /// A certificate is entered, issued so many days ago; it may be over.
    Certificate { which: usize, kind: usize, age: i64, lasts: i64 },
    /// A certificate is entered that says no end, issued so many days ago or on no day that it says.
    Bare { which: usize, kind: usize, age: Option<i64> },
    /// A toolkit status is entered, published so many days ago, which says no end.
    Toolkit { which: usize, age: i64, is_met: bool },
    /// The supplier is asked, to answer within so many days.
    Ask { which: usize, questionnaire: usize, days: i64 },
    /// A link is revoked.
    Revoke(usize),
    /// A respondent sends a file, which nobody opens.
    Send { which: usize, lasts: i64 },
    /// Somebody of us opens such a file, and accepts it.
    Accept(usize),
    /// An assessment is answered and submitted.
    Submit { which: usize, questionnaire: usize, is_worst: bool },
    /// A submitted one is returned.
    Return(usize),
    /// One is approved, with a condition and an end or without.
    Approve { which: usize, questionnaire: usize, condition: Option<i64>, lapses: Option<i64> },
    /// One is refused.
    Refuse { which: usize, questionnaire: usize },
    /// One that is approved is refused, on the same questions.
    Reconsider(usize),
    /// A condition is met.
    Meet(usize),
    /// Something happens there.
    Incident(usize),
    /// A review is completed.
    Complete(usize),
    /// A review is put off.
    PutOff { which: usize, days: i64 },
    /// The review of a supplier is put off, and it turns out that more rests on it than on most.
    Outgrow { which: usize, days: i64 },
    /// One is archived.
    Archive(usize),
    /// One comes back.
    Restore(usize),
    /// One is archived by mistake and comes back at once.
    Detour(usize),
    /// A risk is entered, with something to do by a day, or accepted until a day.
    Risk { which: usize, action: Option<i64>, accepted: Option<i64> },
    /// What was to be done about a risk is done.
    Done(usize),
    /// A risk is closed.
    Close(usize),
    /// A list with nothing but names is imported.
    ImportNames,
    /// A supplier is imported with all that a list can hold.
    ImportAll { said: Said, terms: Terms, age: i64, lasts: i64 },
    /// An import says that more depends on a supplier, or less.
    ImportChange { which: usize, criticality: usize },
}

/// Which of them: few, so that much happens to each.
fn which() -> impl Strategy<Value = usize> {
    0..7usize
}

fn said() -> impl Strategy<Value = Said> {
    let level = || option::of(0..CRITICALITY.len());
    let all = (
        (level(), level(), level(), level()),
        option::of(any::<bool>()),
        proptest::collection::btree_set(0..DATA.len(), 0..3),
    );
    let all = all.prop_map(|((sensitivity, access, criticality, people), processes, data)| Said {
        sensitivity,
        access,
        criticality,
        people,
        processes,
        data,
    });
    // Little depends on it, as far as anyone knows: there is room to rise.
    let little = Just(Said { sensitivity: Some(0), criticality: Some(0), ..Said::default() });
    prop_oneof![2 => Just(Said::default()), 3 => little, 4 => all]
}

fn terms() -> impl Strategy<Value = Terms> {
    let ends = (-120..300i64, option::of(prop_oneof![Just(14i64), Just(30), Just(90)]));
    let ends = ends.prop_map(|(ends_in, notice_days)| Terms { ends_in, notice_days, renews: None });
    // Notice is given within a term.
    let renews = (-400..200i64, prop_oneof![Just((1u32, 14i64)), Just((3, 30)), Just((12, 90))], any::<bool>());
    let renews = renews.prop_map(|(ends_in, (months, days), has_notice)| Terms {
        ends_in,
        notice_days: has_notice.then_some(days),
        renews: Some(months),
    });
    prop_oneof![2 => ends, 1 => renews]
}

/// How long ago a toolkit status was published: lately, or years ago.
fn published() -> impl Strategy<Value = i64> {
    prop_oneof![0..800i64, 1100..3300i64]
}

/// How old a certificate is, and how long it lasts.
fn dates() -> impl Strategy<Value = (i64, i64)> {
    (0..500i64, 60..600i64)
}

fn step() -> impl Strategy<Value = Step> {
    let questionnaire = || 0..2usize;
    let ahead = |days: i64| option::of(0..days);
    let ai = prop_oneof![Just(Ai::Unknown), Just(Ai::None), Just(Ai::Core)];
    let enter = (said(), prop::bool::weighted(0.2), option::of(terms()));
    let approve = (which(), questionnaire(), ahead(90), ahead(200));
    prop_oneof![
        28 => (3..50i64).prop_map(Step::Wait),
        8 => enter.prop_map(|(said, is_prospective, terms)| Step::Enter { said, is_prospective, terms }),
        8 => (which(), said()).prop_map(|(which, said)| Step::Say { which, said }),
        5 => which().prop_map(Step::TakeOn),
        3 => (which(), terms()).prop_map(|(which, terms)| Step::Contract { which, terms }),
        1 => which().prop_map(Step::Exit),
        4 => (which(), ai).prop_map(|(which, ai)| Step::Product { which, ai }),
        3 => (which(), any::<bool>()).prop_map(|(which, has_ai)| Step::SayAi { which, has_ai }),
        6 => (which(), 0..CERTIFICATES.len(), dates())
            .prop_map(|(which, kind, (age, lasts))| Step::Certificate { which, kind, age, lasts }),
        4 => (which(), 0..LASTING.len(), option::weighted(0.8, 0..900i64))
            .prop_map(|(which, kind, age)| Step::Bare { which, kind, age }),
        5 => (which(), published(), prop::bool::weighted(0.8))
            .prop_map(|(which, age, is_met)| Step::Toolkit { which, age, is_met }),
        4 => (which(), questionnaire(), 0..60i64)
            .prop_map(|(which, questionnaire, days)| Step::Ask { which, questionnaire, days }),
        1 => which().prop_map(Step::Revoke),
        4 => (which(), 30..400i64).prop_map(|(which, lasts)| Step::Send { which, lasts }),
        3 => which().prop_map(Step::Accept),
        3 => (which(), questionnaire(), any::<bool>())
            .prop_map(|(which, questionnaire, is_worst)| Step::Submit { which, questionnaire, is_worst }),
        1 => which().prop_map(Step::Return),
        12 => approve.prop_map(|(which, questionnaire, condition, lapses)| {
            Step::Approve { which, questionnaire, condition, lapses }
        }),
        5 => (which(), questionnaire()).prop_map(|(which, questionnaire)| Step::Refuse { which, questionnaire }),
        4 => which().prop_map(Step::Reconsider),
        2 => which().prop_map(Step::Meet),
        4 => which().prop_map(Step::Incident),
        4 => which().prop_map(Step::Complete),
        5 => (which(), 1..1200i64).prop_map(|(which, days)| Step::PutOff { which, days }),
        4 => (which(), 250..1200i64).prop_map(|(which, days)| Step::Outgrow { which, days }),
        2 => which().prop_map(Step::Archive),
        3 => which().prop_map(Step::Restore),
        4 => which().prop_map(Step::Detour),
        4 => (which(), ahead(60), ahead(300))
            .prop_map(|(which, action, accepted)| Step::Risk { which, action, accepted }),
        2 => which().prop_map(Step::Done),
        1 => which().prop_map(Step::Close),
        1 => Just(Step::ImportNames),
        2 => (said(), terms(), dates())
            .prop_map(|(said, terms, (age, lasts))| Step::ImportAll { said, terms, age, lasts }),
        2 => (which(), 0..CRITICALITY.len())
            .prop_map(|(which, criticality)| Step::ImportChange { which, criticality }),
    ]
}

/// The steps of the year with this number.
fn steps(year: u64) -> Vec<Step> {
    let config = Config { rng_seed: RngSeed::Fixed(year), failure_persistence: None, ..Config::default() };
    vec(step(), STEPS).new_tree(&mut TestRunner::new(config)).expect("a year").current()
}

/// What is wrong when these steps are lived in a new register; nothing if all is well.
fn wrong(on: On, steps: &[Step]) -> Option<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let lived = std::panic::catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async { Life::begin(on).await.live(steps).await });
    }));
    let text = |why: Box<dyn std::any::Any + Send>| match why.downcast::<String>() {
        Ok(text) => *text,
        Err(why) => why.downcast_ref::<&str>().copied().unwrap_or_default().to_owned(),
    };
    lived.err().map(text)
}

/// The steps without which it would not go wrong, and how it then does.
fn shortened(on: On, mut steps: Vec<Step>, mut why: String) -> (Vec<Step>, String) {
    let mut portion = steps.len() / 2;
    while portion > 0 {
        let mut start = 0;
        while start < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(start..(start + portion).min(steps.len()));
            match wrong(on, &fewer) {
                Some(now) => (steps, why) = (fewer, now),
                None => start += portion,
            }
        }
        portion /= 2;
    }
    (steps, why)
}

fn years() -> Range<u64> {
    let Ok(asked) = std::env::var("DILIGENCE_TEST_YEARS") else { return YEARS };
    let read = asked.split_once("..").and_then(|(first, end)| Some(first.parse().ok()?..end.parse().ok()?));
    read.expect("DILIGENCE_TEST_YEARS is like 100..200")
}

fn nothing_that_is_due_is_ever_missed(on: On) {
    for year in years() {
        let steps = steps(year);
        if let Some(why) = wrong(on, &steps) {
            let (steps, why) = shortened(on, steps, why);
            panic!("year {year}, made as short as it will be: {steps:#?}\n{why}");
        }
    }
}

mod whatever_happens_in_a_year_what_is_due_is_on_the_list_and_nothing_else {
    use super::{On, nothing_that_is_due_is_ever_missed};

    #[test]
    fn on_sqlite() {
        nothing_that_is_due_is_ever_missed(On::Sqlite);
    }

    #[test]
    fn on_postgres() {
        nothing_that_is_due_is_ever_missed(On::Postgres);
    }
}
