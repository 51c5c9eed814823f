//! A register as somebody with a diary would keep it: what was said of whom and when, and what must be looked after on
//! a day. Worked out from the words of the product alone; nothing here asks the program.
//!
//! Where the words leave a choice, so does this: an item may then be there or not, or on any day of some. To follow
//! another kind of item, name it in [`KINDS`] and say in [`Year::expected`] when it is due.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Months, NaiveDate, TimeDelta};

use super::papers::Evidence;

/// A day.
pub(super) type Day = NaiveDate;

/// The kinds of item that are followed here; the list may hold others.
pub(super) const KINDS: [&str; 16] = [
    "review",
    "contract_notice",
    "contract_end",
    "evidence_expiry",
    "evidence_to_check",
    "decision_stale",
    "decision_lapse",
    "condition",
    "acceptance_lapse",
    "action",
    "unanswered",
    "answers_to_review",
    "profile_unknown",
    "ai_unknown",
    "never_assessed",
    "refused_in_use",
];

/// The words for each of the inputs that a tier follows from, with the tier that each asks for.
pub(super) const SENSITIVITY: [(&str, Tier); 4] =
    [("none", Tier::Low), ("business", Tier::Low), ("personal", Tier::Medium), ("special_category", Tier::High)];
pub(super) const ACCESS: [(&str, Tier); 4] =
    [("none", Tier::Low), ("limited", Tier::Medium), ("standing", Tier::High), ("privileged", Tier::Critical)];
pub(super) const CRITICALITY: [(&str, Tier); 4] =
    [("minor", Tier::Low), ("important", Tier::Medium), ("essential", Tier::High), ("vital", Tier::Critical)];
pub(super) const PEOPLE: [(&str, Tier); 4] =
    [("none", Tier::Low), ("few", Tier::Low), ("many", Tier::Medium), ("all", Tier::High)];
/// Categories of personal data, and whether each is sensitive whatever else is known.
pub(super) const DATA: [(&str, bool); 4] =
    [("contact", false), ("location", false), ("health", true), ("children", true)];

/// The places of what matters most: special-category data, and a service without which people come to harm.
const SPECIAL_CATEGORY: usize = 3;
pub(super) const VITAL: usize = 3;
/// The places of data about children's health.
pub(super) const CHILDREN_S_HEALTH: [usize; 2] = [2, 3];

/// The day so many days later.
pub(super) fn after(day: Day, days: i64) -> Day {
    day + TimeDelta::days(days)
}

/// The day so many months later, the last of its month where it does not exist.
pub(super) fn months_after(day: Day, months: u32) -> Day {
    day.checked_add_months(Months::new(months)).expect("a day")
}

/// How much rests on a supplier, in the order in which decisions are asked to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    Low,
    Unknown,
    Medium,
    High,
    Critical,
}

impl Tier {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Unknown => "unknown",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Whether more rests on it than on one of another tier, or any of it was not known then.
    fn is_above(self, was: Self) -> bool {
        self != Self::Unknown && (was == Self::Unknown || self > was)
    }

    /// How often one looks again.
    fn months(self) -> u32 {
        match self {
            Self::Low => 36,
            Self::Medium => 24,
            Self::High => 12,
            Self::Unknown | Self::Critical => 6,
        }
    }

    /// Within how many days of entry an assessment is expected.
    fn assessed_within(self) -> Option<i64> {
        match self {
            Self::Low | Self::Unknown => None,
            Self::Medium => Some(90),
            Self::High => Some(60),
            Self::Critical => Some(30),
        }
    }

    /// Whether the best answers still leave a moderate risk.
    fn is_moderate_at_best(self) -> bool {
        matches!(self, Self::Unknown | Self::High | Self::Critical)
    }
}

/// What is said of a supplier: places in [`SENSITIVITY`] and so on, and nothing where nobody has said.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) sensitivity: Option<usize>,
    pub(super) access: Option<usize>,
    pub(super) criticality: Option<usize>,
    pub(super) people: Option<usize>,
    /// Whether it handles personal data for us.
    pub(super) processes: Option<bool>,
    /// Which: places in [`DATA`].
    pub(super) data: BTreeSet<usize>,
}

impl Said {
    fn tier(&self) -> Tier {
        let inputs = [
            self.sensitivity.map(|at| SENSITIVITY[at].1),
            self.access.map(|at| ACCESS[at].1),
            self.criticality.map(|at| CRITICALITY[at].1),
            self.people.map(|at| PEOPLE[at].1),
            self.data.iter().any(|at| DATA[*at].1).then_some(Tier::High),
        ];
        let strictest = |tiers: &[Tier]| {
            [Tier::Critical, Tier::High, Tier::Medium, Tier::Low].into_iter().find(|tier| tiers.contains(tier))
        };
        strictest(&inputs.into_iter().flatten().collect::<Vec<_>>()).unwrap_or(Tier::Unknown)
    }

    /// This with what is said now; what nobody speaks of stays.
    pub(super) fn with(&self, new: &Self) -> Self {
        Self {
            sensitivity: new.sensitivity.or(self.sensitivity),
            access: new.access.or(self.access),
            criticality: new.criticality.or(self.criticality),
            people: new.people.or(self.people),
            processes: new.processes.or(self.processes),
            data: self.data.union(&new.data).copied().collect(),
        }
    }
}

/// Where a supplier or product stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Prospective,
    Active,
    Exiting,
}

/// Whether there is AI in a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ai {
    Unknown,
    None,
    Core,
}

impl Ai {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::None => "none",
            Self::Core => "core",
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Contract {
    pub(super) reference: String,
    pub(super) ends_on: Day,
    pub(super) notice_days: Option<i64>,
    /// For how many months it goes on by itself.
    pub(super) renews: Option<u32>,
}

impl Contract {
    /// The end of the term that runs today, or ran last.
    fn end(&self, today: Day) -> Day {
        let mut end = self.ends_on;
        for term in 1.. {
            let Some(months) = self.renews.filter(|_| end < today) else { break };
            end = months_after(self.ends_on, term * months);
        }
        end
    }

    /// The last day on which one can say that one leaves.
    fn notice(&self, today: Day) -> Option<Day> {
        Some(after(self.end(today), -self.notice_days?))
    }
}

/// A decision in force.
#[derive(Clone, Debug)]
pub(super) struct Decision {
    pub(super) questionnaire: usize,
    pub(super) is_refusal: bool,
    /// Whether every answer was the worst.
    pub(super) is_worst: bool,
    /// The kinds of evidence, valid on the day, that its answers named.
    rests_on: BTreeSet<&'static str>,
    /// The days of its conditions, and whether each is met.
    pub(super) conditions: Vec<(Day, bool)>,
    pub(super) lapses_on: Option<Day>,
    decided_on: Day,
    tier: Tier,
    /// Whether what was decided on has changed, and whether one may say so.
    is_stale: bool,
    may_be_stale: bool,
}

/// An assessment that waits for answers or for a decision.
#[derive(Clone, Debug)]
pub(super) struct Assessment {
    pub(super) id: String,
    pub(super) questionnaire: usize,
    pub(super) submitted_on: Option<Day>,
    pub(super) is_worst: bool,
    /// The ids of the evidence that its answers name.
    pub(super) named: BTreeSet<String>,
    /// The links to it that are open: each with the day by which it is to be answered.
    pub(super) links: Vec<(String, Day)>,
}

#[derive(Clone, Debug)]
pub(super) struct Risk {
    pub(super) id: String,
    /// What is to be done, by when, while it is not done.
    pub(super) action: Option<Day>,
    /// The last day on which somebody agreed to live with it.
    pub(super) accepted_until: Option<Day>,
}

/// When one looked last, and what has asked for another look since.
#[derive(Clone, Debug)]
struct Look {
    on: Day,
    /// The day to which somebody moved the next, and the tier then.
    moved: Option<(Day, Tier)>,
    /// What was weighed when one looked, or moved it.
    weighed: BTreeSet<(String, Day)>,
    /// The days of incidents and changes since.
    asked: Vec<Day>,
    /// The earliest day that anything has asked for since: a day that has come stays until somebody looks.
    earliest: Day,
}

impl Look {
    fn new(on: Day) -> Self {
        Self { on, moved: None, weighed: BTreeSet::new(), asked: Vec::new(), earliest: Day::MAX }
    }
}

/// A supplier or product.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) id: String,
    /// Its supplier's place; a supplier's own.
    pub(super) supplier: usize,
    pub(super) status: Status,
    pub(super) is_archived: bool,
    pub(super) said: Said,
    pub(super) contracts: Vec<Contract>,
    /// Nothing for a supplier.
    pub(super) ai: Option<Ai>,
    pub(super) evidence: Vec<Evidence>,
    pub(super) decisions: Vec<Decision>,
    pub(super) assessments: Vec<Assessment>,
    pub(super) risks: Vec<Risk>,
    entered_on: Day,
    look: Look,
}

impl Subject {
    fn new(id: String, supplier: usize, status: Status, today: Day) -> Self {
        Self {
            id,
            supplier,
            status,
            is_archived: false,
            said: Said::default(),
            contracts: Vec::new(),
            ai: None,
            evidence: Vec::new(),
            decisions: Vec::new(),
            assessments: Vec::new(),
            risks: Vec::new(),
            entered_on: today,
            look: Look::new(today),
        }
    }

    /// Of each kind of evidence that somebody of us has looked at, what was said last; what says no day comes first.
    fn newest(&self) -> Vec<&Evidence> {
        let mut newest: BTreeMap<&str, &Evidence> = BTreeMap::new();
        for piece in self.evidence.iter().filter(|piece| piece.is_accepted) {
            let known = newest.entry(piece.kind).or_insert(piece);
            if piece.issued_on > known.issued_on {
                *known = piece;
            }
        }
        newest.into_values().collect()
    }

    /// Those of them that count today.
    pub(super) fn valid(&self, today: Day) -> Vec<&Evidence> {
        self.newest().into_iter().filter(|piece| piece.is_good(today)).collect()
    }

    /// The questionnaire of an approval in force.
    pub(super) fn approved_on(&self) -> Option<usize> {
        let approval = self.decisions.iter().find(|decision| !decision.is_refusal);
        approval.map(|decision| decision.questionnaire)
    }
}

/// Something that is due: on which days it may stand, and whether it has to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expected {
    pub(super) kind: &'static str,
    pub(super) subject: String,
    pub(super) days: (Day, Day),
    pub(super) is_needed: bool,
}

/// What is known today.
pub(super) struct Year {
    pub(super) today: Day,
    pub(super) subjects: Vec<Subject>,
}

impl Year {
    /// Enters a supplier.
    pub(super) fn enter(&mut self, id: String, status: Status, said: Said, contracts: Vec<Contract>) -> usize {
        let place = self.subjects.len();
        self.subjects.push(Subject { said, contracts, ..Subject::new(id, place, status, self.today) });
        place
    }

    /// Enters a product; where it has AI, what was decided on its supplier is another.
    pub(super) fn add_product(&mut self, id: String, supplier: usize, ai: Ai) {
        self.subjects.push(Subject { ai: Some(ai), ..Subject::new(id, supplier, Status::Active, self.today) });
        if ai == Ai::Core {
            self.change(supplier, true);
        }
    }

    /// Whether it, or its supplier, is archived.
    pub(super) fn is_archived(&self, place: usize) -> bool {
        self.subjects[place].is_archived || self.subjects[self.subjects[place].supplier].is_archived
    }

    pub(super) fn tier(&self, place: usize) -> Tier {
        self.subjects[self.subjects[place].supplier].said.tier()
    }

    /// Says something more, or something else, of a supplier.
    pub(super) fn say(&mut self, supplier: usize, new: &Said) {
        let before = self.subjects[supplier].said.clone();
        let is = before.with(new);
        let (was_tier, is_tier) = (before.tier(), is.tier());
        let rises = is_tier.is_above(was_tier);
        let mut more = is.data.difference(&before.data);
        let has_more = is.data != before.data;
        let has_worse = before.data.is_empty() && has_more || more.any(|at| DATA[*at].1);
        let processes_now = is.processes == Some(true) && before.processes != Some(true);
        let is_special = |said: &Said| said.sensitivity == Some(SPECIAL_CATEGORY);
        let must = rises || has_worse || processes_now;
        let may = must || has_more || is.processes != before.processes || is_special(&is) && !is_special(&before);
        self.subjects[supplier].said = is;
        if may {
            self.change(supplier, must);
            // Whether a product's decision follows its supplier by itself is left open.
            for place in (0..self.subjects.len()).filter(|place| *place != supplier) {
                if self.subjects[place].supplier == supplier {
                    self.change(place, false);
                }
            }
        }
    }

    /// Says whether there is AI in a product.
    pub(super) fn say_ai(&mut self, product: usize, ai: Ai) {
        let was = self.subjects[product].ai.replace(ai);
        if ai == Ai::Core && was != Some(ai) {
            self.change(product, true);
            self.change(self.subjects[product].supplier, true);
        }
    }

    /// What was decided on has changed, which asks for a look; or one may say so.
    fn change(&mut self, place: usize, must: bool) {
        let today = self.today;
        let Subject { decisions, look, .. } = &mut self.subjects[place];
        for decision in decisions.iter_mut() {
            decision.is_stale |= must;
            decision.may_be_stale = true;
        }
        if must && decisions.iter().any(|decision| !decision.is_refusal) {
            look.asked.push(today);
        } else if !decisions.is_empty() {
            look.earliest = look.earliest.min(today);
        }
    }

    /// Something happened there.
    pub(super) fn happens(&mut self, place: usize) {
        let today = self.today;
        self.subjects[place].look.asked.push(today);
        self.change(place, true);
    }

    /// Decides on the assessment at `at`: one looks thoroughly.
    pub(super) fn decide(
        &mut self,
        place: usize,
        at: usize,
        is_refusal: bool,
        condition: Option<Day>,
        lapses_on: Option<Day>,
    ) {
        let (today, tier) = (self.today, self.tier(place));
        let subject = &mut self.subjects[place];
        let Assessment { questionnaire, is_worst, named, .. } = subject.assessments.remove(at);
        let counts = |piece: &&Evidence| named.contains(&piece.id) && piece.is_good(today);
        let rests_on = subject.evidence.iter().filter(counts).map(|piece| piece.kind).collect();
        subject.decisions.retain(|decision| decision.questionnaire != questionnaire);
        subject.decisions.push(Decision {
            questionnaire,
            is_refusal,
            is_worst,
            rests_on,
            conditions: condition.into_iter().map(|day| (day, false)).collect(),
            lapses_on,
            decided_on: today,
            tier,
            is_stale: false,
            may_be_stale: false,
        });
        self.look(place);
    }

    /// One looks at it; what has come by today has been weighed.
    pub(super) fn look(&mut self, place: usize) {
        let weighed = self.asks(place).into_iter().filter(|(_, day)| *day <= self.today).collect();
        self.subjects[place].look = Look { weighed, ..Look::new(self.today) };
        self.pass();
    }

    /// Moves the next look; what has been asked so far has been weighed.
    pub(super) fn put_off(&mut self, place: usize, to: Day) {
        let (weighed, on) = (self.asks(place).into_iter().collect(), self.subjects[place].look.on);
        let tier = self.tier(place);
        self.subjects[place].look = Look { moved: Some((to, tier)), weighed, ..Look::new(on) };
        self.pass();
    }

    /// What asks for a look besides the tier, incidents and changes: evidence that ends, and contracts.
    fn asks(&self, place: usize) -> Vec<(String, Day)> {
        let subject = &self.subjects[place];
        let evidence = subject.newest().into_iter().filter_map(|piece| Some((piece.kind.to_owned(), piece.ends_on?)));
        let contracts = subject.contracts.iter().map(|contract| {
            let day = contract.notice(self.today).unwrap_or_else(|| contract.end(self.today));
            (contract.reference.clone(), day)
        });
        evidence.chain(contracts).collect()
    }

    /// The latest day on which one must look again.
    fn look_by(&self, place: usize) -> Day {
        let (look, tier) = (&self.subjects[place].look, self.tier(place));
        let by_tier = months_after(look.on, tier.months());
        let base = match look.moved {
            // A day that somebody chose yields where the tier has risen since.
            Some((to, then)) if tier.is_above(then) => to.min(by_tier),
            Some((to, _)) => to,
            None => by_tier,
        };
        let asks = self.asks(place).into_iter().filter(|ask| !look.weighed.contains(ask)).map(|(_, day)| day);
        asks.chain(look.asked.iter().copied()).fold(base, |first, day| first.min(day))
    }

    /// Keeps the earliest day that was ever asked for; to be called whenever something has changed or a day has passed.
    pub(super) fn pass(&mut self) {
        for place in 0..self.subjects.len() {
            let by = self.look_by(place);
            let look = &mut self.subjects[place].look;
            look.earliest = look.earliest.min(by);
        }
    }

    /// Who has a security certificate in date: the product's own, or its supplier's.
    pub(super) fn is_certified(&self, place: usize) -> bool {
        let holds = |place: usize| self.subjects[place].valid(self.today).iter().any(|piece| piece.is_of_security());
        holds(place) || holds(self.subjects[place].supplier)
    }

    /// Everything that is due, or may be.
    pub(super) fn expected(&self) -> Vec<Expected> {
        let mut all = Vec::new();
        for place in (0..self.subjects.len()).filter(|place| !self.is_archived(*place)) {
            let subject = &self.subjects[place];
            let mut add = |kind, days, is_needed| {
                all.push(Expected { kind, subject: subject.id.clone(), days, is_needed });
            };
            add("review", (subject.look.earliest, self.look_by(place)), true);
            self.expect_of_profile(place, &mut add);
            self.expect_of_papers(place, &mut add);
            self.expect_of_decisions(place, &mut add);
            for risk in &subject.risks {
                risk.action.into_iter().for_each(|day| add("action", (day, day), true));
                risk.accepted_until.into_iter().for_each(|day| add("acceptance_lapse", (day, day), true));
            }
            for assessment in &subject.assessments {
                match assessment.submitted_on.map(|day| after(day, 14)) {
                    Some(day) => add("answers_to_review", (day, day), true),
                    None => {
                        let first = assessment.links.iter().map(|(_, day)| *day).min();
                        first.into_iter().for_each(|day| add("unanswered", (day, day), true));
                    }
                }
            }
        }
        all
    }

    /// What nobody has said, and what nobody has looked at.
    fn expect_of_profile(&self, place: usize, add: &mut impl FnMut(&'static str, (Day, Day), bool)) {
        let subject = &self.subjects[place];
        let by = |days: i64| (after(subject.entered_on, days), after(subject.entered_on, days));
        let is_staying = subject.status != Status::Exiting;
        let tier = self.tier(place);
        if subject.ai.is_none() && tier == Tier::Unknown {
            add("profile_unknown", by(30), is_staying);
        }
        if subject.ai == Some(Ai::Unknown) {
            add("ai_unknown", by(30), is_staying);
        }
        let is_asked = matches!(subject.ai, None | Some(Ai::Core));
        let is_approved = subject.decisions.iter().any(|decision| !decision.is_refusal);
        if let Some(days) = tier.assessed_within().filter(|_| is_asked && !is_approved) {
            add("never_assessed", by(days), is_staying && subject.decisions.is_empty());
        }
    }

    /// What ends by what it says: contracts and evidence.
    fn expect_of_papers(&self, place: usize, add: &mut impl FnMut(&'static str, (Day, Day), bool)) {
        let subject = &self.subjects[place];
        let is_staying = subject.status != Status::Exiting;
        for contract in &subject.contracts {
            let end = contract.end(self.today);
            add("contract_end", (end, end), is_staying);
            if let Some(day) = contract.notice(self.today).filter(|_| is_staying) {
                add("contract_notice", (day, day), true);
            }
        }
        for piece in subject.newest() {
            // What says no day is due since somebody has noticed.
            let days = piece.ends_on.map_or((piece.entered_on, self.today), |day| (day, day));
            add("evidence_expiry", days, true);
        }
        for piece in subject.evidence.iter().filter(|piece| !piece.is_accepted) {
            let day = after(piece.entered_on, 14);
            add("evidence_to_check", (day, day), true);
        }
    }

    fn expect_of_decisions(&self, place: usize, add: &mut impl FnMut(&'static str, (Day, Day), bool)) {
        let subject = &self.subjects[place];
        let supplier = &self.subjects[subject.supplier];
        for decision in &subject.decisions {
            if decision.is_refusal && subject.status == Status::Active {
                let is_needed = supplier.status == Status::Active;
                add("refused_in_use", (decision.decided_on, decision.decided_on), is_needed);
            }
            decision.lapses_on.into_iter().for_each(|day| add("decision_lapse", (day, day), true));
            for (day, _) in decision.conditions.iter().filter(|(_, is_met)| !is_met) {
                add("condition", (*day, *day), true);
            }
        }
        let mut approvals = subject.decisions.iter().filter(|decision| !decision.is_refusal).peekable();
        if approvals.peek().is_none() {
            return;
        }
        let decided = subject.decisions.iter().map(|decision| decision.decided_on);
        let over = subject.newest().into_iter().filter_map(|piece| Some(after(piece.ends_on?, 1)));
        let first = decided.chain(over).min().unwrap_or(self.today);
        if approvals.any(|decision| self.is_stale(place, decision)) {
            add("decision_stale", (first, self.today), true);
        } else if subject.decisions.iter().any(|decision| {
            let ends_later = |piece: &&Evidence| piece.ends_on.is_some_and(|day| day >= decision.decided_on);
            decision.may_be_stale || subject.newest().iter().any(ends_later)
        }) {
            add("decision_stale", (first, Day::MAX), false);
        }
    }

    /// Whether what was approved has changed: by what was said, by a worse rating, by a certificate that is over.
    fn is_stale(&self, place: usize, decision: &Decision) -> bool {
        let is_worse = self.tier(place).is_moderate_at_best() && !decision.tier.is_moderate_at_best();
        let is_over = |piece: &&Evidence| {
            decision.rests_on.contains(piece.kind) && piece.ends_on.is_none_or(|day| day < self.today)
        };
        decision.is_stale || is_worse || self.subjects[place].newest().iter().any(is_over)
    }
}
