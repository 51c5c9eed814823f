//! What people do in a year, done through the door and in the diary alike, and the comparison of the two.

use std::collections::BTreeSet;

use poem::http::Method;
use serde_json::{Value, json};

use super::{
    Step, Terms,
    model::{
        ACCESS, Ai, Assessment, CHILDREN_S_HEALTH, CRITICALITY, Contract, DATA, Day, PEOPLE, Risk, SENSITIVITY, Said,
        Status, Tier, VITAL, Year, after,
    },
    papers::{CERTIFICATES, Evidence},
};
use crate::{
    due_settled::turn_day,
    harness::{App, On, id, text},
};

/// The questionnaires that are put to anyone.
const QUESTIONNAIRES: [&str; 2] = ["year-first", "year-second"];
/// Who looks at home.
pub(super) const LOOKER: &str = "looks@example.org";
/// How many of the days on which something changes by itself are looked at while time goes by.
const LOOKS: usize = 3;
/// After how many steps home is looked at.
const HOME_EVERY: usize = 20;
/// After how many steps the register is.
const REGISTER_EVERY: usize = 4;

/// Two questions, whose best answers may name evidence.
fn questionnaire(key: &str) -> Value {
    let question = |name: &str| {
        json!({
            "key": name, "principle": "basics", "text": format!("Do you keep {name}?"), "type": "yes_no",
            "required": true, "evidence": { "need": "optional", "kinds": CERTIFICATES },
            "options": [
                { "value": "yes", "label": "Yes", "points": 100 },
                { "value": "no", "label": "No", "points": 0 },
            ],
        })
    };
    json!({
        "key": key, "title": key, "edition": "2027.1", "summary": "Two questions.", "framework": "security",
        "applies_to": ["supplier", "product"],
        "principles": [{ "key": "basics", "title": "Basics" }],
        "sections": [{ "key": "all", "title": "All", "questions": [question("backups"), question("logs")] }],
    })
}

/// A register, and the diary beside it.
pub(super) struct Life {
    pub(super) app: App,
    pub(super) year: Year,
    /// How many things have been given a name.
    named: usize,
    /// What was done last.
    pub(super) last: String,
}

impl Life {
    /// A register of nobody, on its first day.
    pub(super) async fn begin(on: On) -> Self {
        let app = App::open(on).await;
        for key in QUESTIONNAIRES {
            app.post(&app.editor, "/questionnaires", questionnaire(key)).await.json(201);
        }
        app.joins(&app.admin, LOOKER, "viewer").await;
        let today = Day::from_ymd_opt(2027, 3, 1).expect("a day");
        Self { app, year: Year { today, subjects: Vec::new() }, named: 0, last: "the beginning".into() }
    }

    /// Lives through these steps, and compares after each.
    pub(super) async fn live(&mut self, steps: &[Step]) {
        for (number, step) in (1..).zip(steps) {
            self.last = format!("step {number}, {step:?}");
            self.take(step).await;
            self.year.pass();
            self.compare().await;
            if number % REGISTER_EVERY == 0 {
                self.compare_register().await;
            }
            if number % HOME_EVERY == 0 || number == steps.len() {
                self.compare_home().await;
            }
        }
        self.compare_register().await;
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Wait(days) => self.wait(*days).await,
            Step::Enter { said, is_prospective, terms } => self.enter(said, *is_prospective, terms.as_ref()).await,
            Step::Say { which, said } => {
                if let Some(place) = self.supplier(*which) {
                    self.say(place, said).await;
                }
            }
            Step::TakeOn(which) => self.take_on(*which).await,
            Step::Contract { which, terms } => self.contract(*which, terms).await,
            Step::Exit(which) => self.exit(*which).await,
            Step::Product { which, ai } => self.add_product(*which, *ai).await,
            Step::SayAi { which, has_ai } => self.say_ai(*which, *has_ai).await,
            Step::Certificate { which, kind, age, lasts } => self.certify(*which, *kind, *age, *lasts).await,
            Step::Bare { which, kind, age } => self.bare(*which, *kind, *age).await,
            Step::Toolkit { which, age, is_met } => self.toolkit(*which, *age, *is_met).await,
            Step::Ask { which, questionnaire, days } => self.ask(*which, *questionnaire, *days).await,
            Step::Revoke(which) => self.revoke(*which).await,
            Step::Send { which, lasts } => self.send(*which, *lasts).await,
            Step::Accept(which) => self.accept(*which).await,
            Step::Submit { which, questionnaire, is_worst } => {
                if let Some(place) = self.place(*which) {
                    self.submit(place, *questionnaire, *is_worst).await;
                }
            }
            Step::Return(which) => self.give_back(*which).await,
            Step::Approve { which, questionnaire, condition, lapses } => {
                if let Some(place) = self.place(*which) {
                    self.approve(place, *questionnaire, *condition, *lapses).await;
                }
            }
            Step::Refuse { which, questionnaire } => {
                if let Some(place) = self.place(*which) {
                    self.refuse(place, *questionnaire).await;
                }
            }
            Step::Reconsider(which) => self.reconsider(*which).await,
            Step::Meet(which) => self.meet(*which).await,
            Step::Incident(which) => self.incident(*which).await,
            Step::Complete(which) => {
                if let Some(place) = self.place(*which) {
                    self.review(place, None).await;
                }
            }
            Step::PutOff { which, days } => {
                if let Some(place) = self.place(*which) {
                    self.review(place, Some(*days)).await;
                }
            }
            Step::Outgrow { which, days } => self.outgrow(*which, *days).await,
            Step::Archive(which) => {
                if let Some(place) = self.place(*which) {
                    self.set_archived(place, true).await;
                }
            }
            Step::Restore(which) => self.restore(*which).await,
            Step::Detour(which) => {
                if let Some(place) = self.place(*which) {
                    self.set_archived(place, true).await;
                    self.compare().await;
                    self.set_archived(place, false).await;
                }
            }
            Step::Risk { which, action, accepted } => self.risk(*which, *action, *accepted).await,
            Step::Done(which) => self.done(*which).await,
            Step::Close(which) => self.close(*which).await,
            Step::ImportNames => self.import_names().await,
            Step::ImportAll { said, terms, age, lasts } => self.import_all(said, terms, *age, *lasts).await,
            Step::ImportChange { which, criticality } => self.import_change(*which, *criticality).await,
        }
    }

    // ---------------------------------------------------------------------------------------------- who and what

    /// The place of one that is not archived.
    pub(super) fn place(&self, which: usize) -> Option<usize> {
        self.among(which, |_| true)
    }

    /// The place of a supplier that is not archived.
    fn supplier(&self, which: usize) -> Option<usize> {
        self.among(which, |place| self.year.subjects[place].ai.is_none())
    }

    /// The place of one that is not archived and for which `fits`; `which` counts round and round.
    pub(super) fn among(&self, which: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
        let all: Vec<usize> =
            (0..self.year.subjects.len()).filter(|place| !self.year.is_archived(*place) && fits(*place)).collect();
        (!all.is_empty()).then(|| all[which % all.len()])
    }

    fn name(&mut self, what: &str) -> String {
        self.named += 1;
        format!("{what} {}", self.named)
    }

    /// Where the door has it: `/suppliers/sup_…`.
    fn path(&self, place: usize) -> String {
        let subject = &self.year.subjects[place];
        let noun = if subject.ai.is_some() { "products" } else { "suppliers" };
        format!("/{noun}/{}", subject.id)
    }

    async fn read(&self, path: &str) -> Value {
        self.app.get(&self.app.viewer, path).await.json(200)
    }

    async fn change(&self, path: &str, body: Value) -> Value {
        let item = self.read(path).await;
        self.app.patch(&self.app.editor, path, &item, body).await.json(200)
    }

    pub(super) async fn act(&self, path: &str, what: &str, body: Option<Value>) -> Value {
        let item = self.read(path).await;
        self.app.act(&self.app.approver, &format!("{path}/{what}"), &item, body).await.json(200)
    }

    fn terms(&mut self, terms: &Terms) -> Contract {
        Contract {
            reference: self.name("Contract"),
            ends_on: after(self.year.today, terms.ends_in),
            notice_days: terms.notice_days,
            renews: terms.renews,
        }
    }

    // ------------------------------------------------------------------------------------------------- the steps

    /// Lets days go by, and looks at some of those on which something changes by itself.
    async fn wait(&mut self, days: i64) {
        let (from, mut before) = (self.year.today, self.seen());
        let mut changes = Vec::new();
        for ahead in 1..=days {
            self.year.today = after(from, ahead);
            self.year.pass();
            let now = self.seen();
            if now != before {
                changes.push(self.year.today);
                before = now;
            }
        }
        let last = self.year.today;
        let every = changes.len().div_ceil(LOOKS).max(1);
        for day in changes.into_iter().step_by(every) {
            for day in [after(day, -1), day] {
                self.go_to(day).await;
                self.compare().await;
            }
        }
        self.go_to(last).await;
    }

    async fn go_to(&mut self, day: Day) {
        self.year.today = day;
        self.app.goes_to(&day.to_string());
        turn_day(&self.app).await;
    }

    /// What is due, with how pressing it is.
    fn seen(&self) -> Vec<(&'static str, String, bool, &'static str)> {
        let expected = self.year.expected().into_iter();
        expected.map(|item| (item.kind, item.subject, item.is_needed, self.state(item.days.1))).collect()
    }

    async fn enter(&mut self, said: &Said, is_prospective: bool, terms: Option<&Terms>) {
        let contracts: Vec<Contract> = terms.into_iter().map(|terms| self.terms(terms)).collect();
        let mut body = words(said);
        body["name"] = json!(self.name("Supplier"));
        body["status"] = json!(if is_prospective { "prospective" } else { "active" });
        body["contracts"] = contracts.iter().map(contract).collect();
        let supplier = self.app.post(&self.app.editor, "/suppliers", body).await.json(201);
        let status = if is_prospective { Status::Prospective } else { Status::Active };
        self.year.enter(id(&supplier).to_owned(), status, said.clone(), contracts);
    }

    async fn say(&mut self, place: usize, new: &Said) {
        let whole = self.year.subjects[place].said.with(new);
        self.change(&self.path(place), words(&whole)).await;
        self.year.say(place, new);
    }

    /// A supplier that is approved comes to process data about children's health for us.
    async fn take_on(&mut self, which: usize) {
        let is_new = |place: usize| {
            let subject = &self.year.subjects[place];
            subject.ai.is_none() && CHILDREN_S_HEALTH.iter().any(|at| !subject.said.data.contains(at))
        };
        let Some(place) = self.among(which, is_new) else { return };
        if self.approved_on(place).await.is_none() {
            return;
        }
        let new = Said { processes: Some(true), data: BTreeSet::from(CHILDREN_S_HEALTH), ..Said::default() };
        self.say(place, &new).await;
    }

    /// The review of a supplier is put off, and then it turns out that people come to harm without it.
    async fn outgrow(&mut self, which: usize, days: i64) {
        // What was decided on asks for a look by itself.
        let is_small = |place: usize| {
            let subject = &self.year.subjects[place];
            subject.ai.is_none() && subject.decisions.is_empty() && self.year.tier(place) != Tier::Critical
        };
        let place = match self.among(which, is_small) {
            Some(place) => place,
            None => {
                self.enter(&Said { criticality: Some(0), ..Said::default() }, false, None).await;
                self.year.subjects.len() - 1
            }
        };
        self.review(place, Some(days)).await;
        self.compare().await;
        self.say(place, &Said { criticality: Some(VITAL), ..Said::default() }).await;
    }

    /// Renews the last contract, or makes one.
    async fn contract(&mut self, which: usize, terms: &Terms) {
        let Some(place) = self.supplier(which) else { return };
        let new = self.terms(terms);
        let mut contracts = self.year.subjects[place].contracts.clone();
        contracts.pop();
        contracts.push(new);
        let said: Value = contracts.iter().map(contract).collect();
        self.change(&self.path(place), json!({ "contracts": said })).await;
        self.year.subjects[place].contracts = contracts;
    }

    async fn exit(&mut self, which: usize) {
        let Some(place) = self.supplier(which) else { return };
        self.change(&self.path(place), json!({ "status": "exiting" })).await;
        self.year.subjects[place].status = Status::Exiting;
    }

    async fn add_product(&mut self, which: usize, ai: Ai) {
        let Some(place) = self.supplier(which) else { return };
        let (supplier, name) = (self.year.subjects[place].id.clone(), self.name("Product"));
        let body = json!({ "supplier_id": supplier, "name": name, "kind": "software", "ai_features": ai.word() });
        let product = self.app.post(&self.app.editor, "/products", body).await.json(201);
        self.year.add_product(id(&product).to_owned(), place, ai);
    }

    async fn say_ai(&mut self, which: usize, has_ai: bool) {
        let Some(place) = self.among(which, |place| self.year.subjects[place].ai.is_some()) else { return };
        let ai = if has_ai { Ai::Core } else { Ai::None };
        self.change(&self.path(place), json!({ "ai_features": ai.word() })).await;
        self.year.say_ai(place, ai);
    }

    /// The place of the assessment of this questionnaire that is under way.
    fn under_way(&self, place: usize, questionnaire: usize) -> Option<usize> {
        self.year.subjects[place].assessments.iter().position(|assessment| assessment.questionnaire == questionnaire)
    }

    /// Begins an assessment, unless one is under way.
    pub(super) async fn start(&mut self, place: usize, questionnaire: usize) -> usize {
        if let Some(at) = self.under_way(place, questionnaire) {
            return at;
        }
        let body = json!({
            "questionnaire": QUESTIONNAIRES[questionnaire], "subject_id": self.year.subjects[place].id,
            "carry_over": false,
        });
        let made = self.app.post(&self.app.editor, "/assessments", body).await.json(201);
        let assessments = &mut self.year.subjects[place].assessments;
        assessments.push(Assessment {
            id: id(&made).to_owned(),
            questionnaire,
            submitted_on: None,
            is_worst: false,
            named: BTreeSet::new(),
            links: Vec::new(),
        });
        assessments.len() - 1
    }

    /// A new link to an assessment that is open, to be answered within so many days.
    pub(super) async fn link(&mut self, place: usize, at: usize, days: i64) -> Value {
        let (due_on, expires_on) = (after(self.year.today, days), after(self.year.today, days + 20));
        let body = json!({
            "assessment_id": self.year.subjects[place].assessments[at].id, "contact_name": "Sam Harbour",
            "due_on": due_on.to_string(), "expires_on": expires_on.to_string(),
        });
        let link = self.app.post(&self.app.editor, "/links", body).await.json(201);
        self.year.subjects[place].assessments[at].links.push((id(&link).to_owned(), due_on));
        link
    }

    async fn ask(&mut self, which: usize, questionnaire: usize, days: i64) {
        let Some(place) = self.place(which) else { return };
        let at = self.start(place, questionnaire).await;
        if self.year.subjects[place].assessments[at].submitted_on.is_none() {
            self.link(place, at, days).await;
        }
    }

    async fn revoke(&mut self, which: usize) {
        let has_link = |place: usize| {
            let mut assessments = self.year.subjects[place].assessments.iter();
            assessments.any(|assessment| assessment.submitted_on.is_none() && !assessment.links.is_empty())
        };
        let Some(place) = self.among(which, has_link) else { return };
        let mut assessments = self.year.subjects[place].assessments.iter_mut();
        let linked = assessments.find(|assessment| assessment.submitted_on.is_none() && !assessment.links.is_empty());
        let (link, _) = linked.expect("an assessment with a link").links.remove(0);
        self.act(&format!("/links/{link}"), "revoke", None).await;
    }

    /// Answers and submits; the best answers name the certificates that are in date.
    async fn submit(&mut self, place: usize, questionnaire: usize, is_worst: bool) -> usize {
        let at = self.start(place, questionnaire).await;
        if self.year.subjects[place].assessments[at].submitted_on.is_some() {
            return at;
        }
        let subject = &self.year.subjects[place];
        let valid = subject.valid(self.year.today).into_iter();
        let named: BTreeSet<String> = valid
            .filter(|piece| !is_worst && CERTIFICATES.contains(&piece.kind))
            .map(|piece| piece.id.clone())
            .collect();
        let value = if is_worst { "no" } else { "yes" };
        let answers = json!({ "backups": { "value": value, "evidence_ids": named }, "logs": { "value": value } });
        let path = format!("/assessments/{}", subject.assessments[at].id);
        let assessment = self.read(&path).await;
        let answered =
            self.app.patch(&self.app.editor, &format!("{path}/answers"), &assessment, answers).await.json(200);
        let answered = &answered["assessment"];
        self.app.act(&self.app.editor, &format!("{path}/submit"), answered, None).await.json(200);
        let today = self.year.today;
        let assessment = &mut self.year.subjects[place].assessments[at];
        assessment.submitted_on = Some(today);
        assessment.is_worst = is_worst;
        assessment.named = named;
        at
    }

    async fn give_back(&mut self, which: usize) {
        let is_submitted = |place: usize| {
            self.year.subjects[place].assessments.iter().any(|assessment| assessment.submitted_on.is_some())
        };
        let Some(place) = self.among(which, is_submitted) else { return };
        let mut assessments = self.year.subjects[place].assessments.iter_mut();
        let assessment =
            assessments.find(|assessment| assessment.submitted_on.is_some()).expect("a submitted assessment");
        assessment.submitted_on = None;
        let path = format!("/assessments/{}", assessment.id);
        self.act(&path, "return", Some(json!({ "comment": "Please say more." }))).await;
    }

    async fn approve(&mut self, place: usize, questionnaire: usize, condition: Option<i64>, lapses: Option<i64>) {
        let at = self.submit(place, questionnaire, false).await;
        let assessment = &self.year.subjects[place].assessments[at];
        if assessment.is_worst {
            return;
        }
        let [condition, lapses_on] = [condition, lapses].map(|days| days.map(|days| after(self.year.today, days)));
        let conditions: Vec<Value> = condition
            .iter()
            .map(|day| json!({ "text": "Send the notes.", "owner": "Ada Moss", "due_on": day.to_string() }))
            .collect();
        let body = json!({ "conditions": conditions, "lapses_on": lapses_on.map(|day| day.to_string()) });
        self.act(&format!("/assessments/{}", assessment.id), "approve", Some(body)).await;
        self.year.decide(place, at, false, condition, lapses_on);
    }

    async fn refuse(&mut self, place: usize, questionnaire: usize) {
        let at = self.submit(place, questionnaire, true).await;
        let path = format!("/assessments/{}", self.year.subjects[place].assessments[at].id);
        self.act(&path, "refuse", Some(json!({ "comment": "It will not do." }))).await;
        self.year.decide(place, at, true, None, None);
    }

    /// The questionnaire on which it is approved; it is approved now if it was not, unless bad answers wait.
    async fn approved_on(&mut self, place: usize) -> Option<usize> {
        if self.year.subjects[place].approved_on().is_none() {
            self.approve(place, 0, None, None).await;
            self.compare().await;
        }
        self.year.subjects[place].approved_on()
    }

    /// What is approved is refused on the same questions; nothing green is left of it.
    async fn reconsider(&mut self, which: usize) {
        let Some(place) = self.place(which) else { return };
        let Some(questionnaire) = self.approved_on(place).await else { return };
        self.refuse(place, questionnaire).await;
        self.compare_register().await;
    }

    async fn meet(&mut self, which: usize) {
        let is_open = |place: usize| {
            let mut decisions = self.year.subjects[place].decisions.iter();
            decisions.any(|decision| decision.conditions.iter().any(|(_, is_met)| !is_met))
        };
        let Some(place) = self.among(which, is_open) else { return };
        let subject = &mut self.year.subjects[place];
        let mut decisions = subject.decisions.iter_mut();
        let (questionnaire, is_met) = decisions
            .find_map(|decision| {
                let open = decision.conditions.iter_mut().find(|(_, is_met)| !*is_met);
                open.map(|(_, is_met)| (decision.questionnaire, is_met))
            })
            .expect("an open condition");
        *is_met = true;
        let path = format!("/decisions?superseded=false&subject_id={}", subject.id);
        let decisions = self.app.walk(&path, 50).await;
        let key = QUESTIONNAIRES[questionnaire];
        let decision = decisions.iter().find(|decision| decision["questionnaire"] == key).expect("the decision");
        self.act(&format!("/decisions/{}", id(decision)), "meet-condition", Some(json!({ "number": 1 }))).await;
    }

    async fn incident(&mut self, which: usize) {
        let Some(place) = self.place(which) else { return };
        let body = json!({
            "subject_id": self.year.subjects[place].id, "title": "Nobody could sign in", "severity": "high",
            "occurred_on": self.year.today.to_string(),
        });
        self.app.post(&self.app.editor, "/incidents", body).await.json(201);
        self.year.happens(place);
    }

    /// Completes the review, or puts it off.
    async fn review(&mut self, place: usize, days: Option<i64>) {
        let path = format!("/reviews?subject_id={}", self.year.subjects[place].id);
        let open = self.app.walk(&path, 50).await;
        assert_eq!(open.len(), 1, "{}, after {}: one open review of each", self.year.today, self.last);
        let path = format!("/reviews/{}", id(&open[0]));
        match days.map(|days| after(self.year.today, days)) {
            None => {
                self.act(&path, "complete", Some(json!({ "outcome": "All well." }))).await;
                self.year.look(place);
            }
            Some(day) => {
                let body = json!({ "due_on": day.to_string(), "reason": "They have just moved house." });
                self.act(&path, "reschedule", Some(body)).await;
                self.year.put_off(place, day);
            }
        }
    }

    async fn set_archived(&mut self, place: usize, is_archived: bool) {
        self.act(&self.path(place), if is_archived { "archive" } else { "restore" }, None).await;
        let subject = &mut self.year.subjects[place];
        subject.is_archived = is_archived;
        if !is_archived {
            subject.status = Status::Active;
        }
    }

    async fn restore(&mut self, which: usize) {
        let subjects = &self.year.subjects;
        let is_back = |place: &usize| {
            let supplier = subjects[*place].supplier;
            subjects[*place].is_archived && (supplier == *place || !subjects[supplier].is_archived)
        };
        let all: Vec<usize> = (0..subjects.len()).filter(is_back).collect();
        if !all.is_empty() {
            self.set_archived(all[which % all.len()], false).await;
        }
    }

    async fn risk(&mut self, which: usize, action: Option<i64>, accepted: Option<i64>) {
        let Some(place) = self.place(which) else { return };
        let [action, accepted_until] = [action, accepted].map(|days| days.map(|days| after(self.year.today, days)));
        let actions: Vec<Value> =
            action.iter().map(|day| json!({ "title": "Try a restore", "due_on": day.to_string() })).collect();
        let body = json!({
            "subject_id": self.year.subjects[place].id, "title": "Backups are not tried", "likelihood": 3, "impact": 3,
            "actions": actions,
        });
        let risk = self.app.post(&self.app.editor, "/risks", body).await.json(201);
        let risk_id = id(&risk).to_owned();
        if let Some(day) = accepted_until {
            let body = json!({ "reason": "It is rare.", "expires_on": day.to_string() });
            self.act(&format!("/risks/{risk_id}"), "accept", Some(body)).await;
        }
        self.year.subjects[place].risks.push(Risk { id: risk_id, action, accepted_until });
    }

    /// Does what was to be done about a risk.
    async fn done(&mut self, which: usize) {
        let has_action = |place: usize| self.year.subjects[place].risks.iter().any(|risk| risk.action.is_some());
        let Some(place) = self.among(which, has_action) else { return };
        let today = self.year.today.to_string();
        let mut risks = self.year.subjects[place].risks.iter_mut();
        let risk = risks.find(|risk| risk.action.is_some()).expect("a risk with an action");
        let day = risk.action.take().expect("a day");
        let path = format!("/risks/{}", risk.id);
        let action = json!({ "title": "Try a restore", "due_on": day.to_string(), "done_on": today });
        self.change(&path, json!({ "actions": [action] })).await;
    }

    async fn close(&mut self, which: usize) {
        let Some(place) = self.among(which, |place| !self.year.subjects[place].risks.is_empty()) else { return };
        let risk = self.year.subjects[place].risks.remove(0);
        self.act(&format!("/risks/{}", risk.id), "close", Some(json!({ "reason": "It is over." }))).await;
    }

    /// Sends a file, and gives the id of each of its rows.
    async fn import(&self, rows: &[Vec<String>]) -> Vec<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in rows {
            writer.write_record(row).expect("a row");
        }
        let file = writer.into_inner().expect("a file");
        let headers = [("content-type", "text/csv")];
        let told = self.app.raw(&self.app.editor, Method::POST, "/suppliers/import", Some(file), &headers).await;
        let report = told.json(200);
        assert_eq!(report["applied"], json!(true), "{report}");
        report["rows"].as_array().expect("rows").iter().map(|row| text(row, "id").to_owned()).collect()
    }

    async fn import_names(&mut self) {
        let rows = [vec!["name".to_owned()], vec![self.name("Listed")], vec![self.name("Listed")]];
        for id in self.import(&rows).await {
            self.year.enter(id, Status::Active, Said::default(), Vec::new());
        }
    }

    async fn import_all(&mut self, said: &Said, terms: &Terms, age: i64, lasts: i64) {
        // What a list has no column for here is not said.
        let said = Said { processes: None, data: BTreeSet::new(), ..said.clone() };
        let (name, terms) = (self.name("Listed"), self.terms(terms));
        let issued_on = after(self.year.today, -age);
        let expires_on = after(issued_on, lasts);
        let words = words(&said);
        let word = |field: &str| words[field].as_str().unwrap_or_default().to_owned();
        let columns = [
            ("name", name),
            ("data_sensitivity", word("data_sensitivity")),
            ("system_access", word("system_access")),
            ("service_criticality", word("service_criticality")),
            ("people_affected", word("people_affected")),
            ("contracts", json!([contract(&terms)]).to_string()),
            ("evidence.cyber_essentials.issued_on", issued_on.to_string()),
            ("evidence.cyber_essentials.expires_on", expires_on.to_string()),
        ];
        let (names, cells): (Vec<String>, Vec<String>) =
            columns.into_iter().map(|(column, cell)| (column.to_owned(), cell)).unzip();
        let supplier = self.import(&[names, cells]).await.remove(0);
        let evidence = self.app.walk(&format!("/evidence?subject_id={supplier}"), 50).await;
        let (id, today) = (id(&evidence[0]), self.year.today);
        let piece = Evidence::new(id, "cyber_essentials", Some(issued_on), Some(expires_on), today);
        let place = self.year.enter(supplier, Status::Active, said, vec![terms]);
        self.year.subjects[place].evidence.push(piece);
    }

    async fn import_change(&mut self, which: usize, criticality: usize) {
        let Some(place) = self.supplier(which) else { return };
        let names = ["id", "service_criticality"].map(str::to_owned).to_vec();
        let cells = vec![self.year.subjects[place].id.clone(), CRITICALITY[criticality].0.to_owned()];
        self.import(&[names, cells]).await;
        self.year.say(place, &Said { criticality: Some(criticality), ..Said::default() });
    }
}

/// What is said of a supplier, in the words of the door.
fn words(said: &Said) -> Value {
    let word = |words: &[(&'static str, Tier)], at: Option<usize>| at.map(|at| words[at].0);
    let data: Vec<&str> = said.data.iter().map(|at| DATA[*at].0).collect();
    json!({
        "data_sensitivity": word(&SENSITIVITY, said.sensitivity),
        "system_access": word(&ACCESS, said.access),
        "service_criticality": word(&CRITICALITY, said.criticality),
        "people_affected": word(&PEOPLE, said.people),
        "data_role": said.processes.map(|does| if does { "processor" } else { "none" }),
        "personal_data": data,
    })
}

/// A contract, in the words of the door.
fn contract(contract: &Contract) -> Value {
    json!({
        "reference": contract.reference, "ends_on": contract.ends_on.to_string(), "notice_days": contract.notice_days,
        "renews_for_months": contract.renews,
    })
}
