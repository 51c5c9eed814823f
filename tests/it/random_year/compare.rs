//! What the program shows, compared with the diary.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    life::{LOOKER, Life},
    model::{Day, Expected, KINDS, after},
};
use crate::{
    harness::text,
    pages::{Browser, shown},
};

impl Life {
    /// How pressing something of this day is.
    pub(super) fn state(&self, day: Day) -> &'static str {
        if day < self.year.today {
            "overdue"
        } else if day <= after(self.year.today, 30) {
            "due"
        } else {
            "coming"
        }
    }

    /// Whatever must be on the list is there, with its day; whatever is there may be; and the counts are its own.
    pub(super) async fn compare(&self) {
        let now = format!("{}, after {}", self.year.today, self.last);
        let items = self.app.walk("/due", 200).await;
        let mut expected = self.year.expected();
        for item in &items {
            let (kind, subject) = (text(item, "kind"), text(item, "subject_id"));
            let day: Day = text(item, "due_on").parse().expect("a day");
            assert_eq!(text(item, "state"), self.state(day), "{now}: {item}");
            if !KINDS.contains(&kind) {
                continue;
            }
            let fits = |known: &Expected| {
                known.kind == kind && known.subject == subject && known.days.0 <= day && day <= known.days.1
            };
            // What may stand on few days is not taken by what may stand on many.
            let fitting = expected.iter().enumerate().filter(|(_, known)| fits(known));
            let found = fitting.min_by_key(|(_, known)| (!known.is_needed, known.days.1 - known.days.0));
            let Some((found, _)) = found else {
                let known: Vec<_> = expected.iter().filter(|known| known.subject == subject).collect();
                panic!("{now}: on the list, though nothing asks for it (then): {item}; still expected: {known:?}");
            };
            expected.swap_remove(found);
        }
        expected.retain(|known| known.is_needed);
        assert!(expected.is_empty(), "{now}: not on the list: {expected:?}, only {items:?}");
        let counts = self.app.get(&self.app.viewer, "/due/counts").await.json(200);
        let of = |kind: &str, state: &str| {
            items.iter().filter(|item| text(item, "kind") == kind && text(item, "state") == state).count()
        };
        let mut counted = 0;
        for count in counts["kinds"].as_array().expect("a list") {
            for state in ["overdue", "due", "coming"] {
                let here = of(text(count, "kind"), state);
                assert_eq!(count[state], json!(here), "{now}: {state} in {count}");
                counted += here;
            }
        }
        assert_eq!(counted, items.len(), "{now}: every item is counted");
    }

    /// The summary, which is kept as lines change, says what the lines do.
    async fn compare_summary(&self, now: &str, lines: &[Value]) {
        let summary = self.app.get(&self.app.viewer, "/register/summary").await.json(200);
        let count = |fits: &dyn Fn(&Value) -> bool| json!(lines.iter().filter(|line| fits(line)).count());
        let of =
            |kind: &str, field: &str, value: &str| count(&|line| line["subject_type"] == kind && line[field] == value);
        for (name, kind, field) in [
            ("suppliers_by_rating", "supplier", "rating"),
            ("products_by_rating", "product", "rating"),
            ("suppliers_by_tier", "supplier", "tier"),
            ("products_by_ai_features", "product", "ai_features"),
        ] {
            for (value, counted) in summary[name].as_object().expect("an object") {
                assert_eq!(*counted, of(kind, field, value), "{now}: {name} {value}");
            }
        }
        assert_eq!(summary["overdue_review_count"], count(&|line| line["review_overdue"] == true), "{now}");
        assert_eq!(summary["knocked_out_count"], count(&|line| line["knock_outs"] != json!([])), "{now}");
        assert_eq!(summary["stale_decision_count"], count(&|line| line["stale_reasons"] != json!([])), "{now}");
        for band in ["low", "moderate", "high", "extreme"] {
            let over_lines: u64 = lines.iter().filter_map(|line| line["open_risks"][band].as_u64()).sum();
            assert_eq!(summary["open_risks"][band], json!(over_lines), "{now}: {band}");
        }
    }

    /// Nothing in the register reassures: no tier is better than what was said, no certificate good that is over or
    /// unseen, nothing green beside a refusal.
    pub(super) async fn compare_register(&self) {
        let now = format!("{}, after {}", self.year.today, self.last);
        let lines = self.app.walk("/register", 200).await;
        let certified: BTreeSet<String> = self
            .app
            .walk("/register?has_certificate=true", 200)
            .await
            .iter()
            .map(|line| text(line, "subject_id").to_owned())
            .collect();
        self.compare_summary(&now, &lines).await;
        let places: Vec<usize> = (0..self.year.subjects.len()).filter(|place| !self.year.is_archived(*place)).collect();
        assert_eq!(lines.len(), places.len(), "{now}: a line for each");
        for place in places {
            let subject = &self.year.subjects[place];
            let line = lines.iter().find(|line| line["subject_id"] == subject.id.as_str());
            let line = line.unwrap_or_else(|| panic!("{now}: no line for {}", subject.id));
            assert_eq!(line["tier"], self.year.tier(place).word(), "{now}: {line}");
            let is_certified = certified.contains(&subject.id);
            assert_eq!(is_certified, self.year.is_certified(place), "{now}: a certificate in date? {line}");
            let mut refusals = subject.decisions.iter().filter(|decision| decision.is_refusal).peekable();
            if refusals.peek().is_some() {
                assert!(line["decision"] == "refused" || line["decision_lapsed"] == true, "{now}: {line}");
                assert!(line["rating"] != "low" && line["rating"] != "moderate", "{now}: {line}");
                if refusals.any(|decision| decision.is_worst) {
                    let claimed = &line["security"]["claimed"];
                    assert!(claimed.is_null() || *claimed == json!(0.0), "{now}: {line}");
                }
            }
        }
    }

    /// Home says how much is due, and that nothing is only where nothing is.
    pub(super) async fn compare_home(&self) {
        let now = format!("{}, after {}", self.year.today, self.last);
        let person = self.app.signs_in(LOOKER).await;
        let home = shown(&mut Browser::of(&person), &self.app, "/").await;
        let items = self.app.walk("/due", 200).await;
        let pressing = items.iter().filter(|item| text(item, "state") != "coming").count();
        let headings = home.text.split("<h2>").skip(1).filter_map(|rest| rest.split("</h2>").next());
        let counts = headings.filter_map(|heading| heading.rsplit_once(": ")?.1.trim().parse::<usize>().ok());
        assert_eq!(counts.sum::<usize>(), pressing, "{now}: {}", home.text);
        let says_nothing = home.text.contains("Nothing is overdue or due");
        let mut places = 0..self.year.subjects.len();
        let is_anyone = places.any(|place| self.year.subjects[place].ai.is_none() && !self.year.is_archived(place));
        assert_eq!(says_nothing, pressing == 0 && is_anyone, "{now}: {}", home.text);
    }
}
