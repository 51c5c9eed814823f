//! Certificates and other papers: until when each counts, worked out from what it says alone, and how they come in.

use chrono::Datelike as _;
use poem::http::Method;
use serde_json::{Value, json};

use super::{
    life::Life,
    model::{Day, after, months_after},
};
use crate::harness::{id, text};

/// The kinds of evidence that answers name.
pub(super) const CERTIFICATES: [&str; 4] = ["cyber_essentials", "iso_27001", "insurance", "penetration_test"];
/// Those that end though they say no end, and the months from their issue for which they count.
pub(super) const LASTING: [(&str, u32); 3] = [("cyber_essentials", 12), ("iso_27001", 36), ("penetration_test", 12)];
/// The kinds that certify security, a toolkit status that says so among them.
const SECURITY: [&str; 4] = ["cyber_essentials", "cyber_essentials_plus", "iso_27001", TOOLKIT];
/// A status in the Data Security and Protection Toolkit.
const TOOLKIT: &str = "dspt";
/// What respondents send.
const SENT: &str = "cyber_essentials_plus";

/// A certificate, or something else that is shown.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    pub(super) id: String,
    pub(super) kind: &'static str,
    /// Nothing where it says no day.
    pub(super) issued_on: Option<Day>,
    /// Its last day; nothing where nobody can tell, and then it counts for nothing.
    pub(super) ends_on: Option<Day>,
    pub(super) entered_on: Day,
    /// Whether somebody of us has looked at it; until then it counts for nothing.
    pub(super) is_accepted: bool,
    /// Whether it says that standards are not met.
    pub(super) is_unmet: bool,
}

impl Evidence {
    /// One that somebody of us enters.
    pub(super) fn new(
        id: &str,
        kind: &'static str,
        issued_on: Option<Day>,
        ends_on: Option<Day>,
        entered_on: Day,
    ) -> Self {
        Self { id: id.to_owned(), kind, issued_on, ends_on, entered_on, is_accepted: true, is_unmet: false }
    }

    /// Whether it is in date, and says something good.
    pub(super) fn is_good(&self, today: Day) -> bool {
        !self.is_unmet && self.ends_on.is_some_and(|day| day >= today)
    }

    /// Whether it is of a kind that certifies security.
    pub(super) fn is_of_security(&self) -> bool {
        SECURITY.contains(&self.kind)
    }
}

/// The last day of a toolkit status: the 30 June after the end of the year that it was published in, which ends on a
/// 30 June too.
fn toolkit_end(issued_on: Day) -> Day {
    let published_for = issued_on.year() + i32::from(issued_on.month() > 6);
    Day::from_ymd_opt(published_for + 1, 6, 30).expect("a day")
}

impl Life {
    /// A day of issue on or before this one that no other evidence of the kind has: which is newer is never a question.
    fn issued(&self, place: usize, kind: &str, age: i64) -> Day {
        let evidence = &self.year.subjects[place].evidence;
        let is_taken = |day: Day| evidence.iter().any(|piece| piece.kind == kind && piece.issued_on == Some(day));
        (age..).map(|age| after(self.year.today, -age)).find(|day| !is_taken(*day)).expect("a day")
    }

    /// Enters evidence about the one at `place`, with these words besides.
    async fn show(&self, place: usize, kind: &str, issued_on: Option<Day>, more: (&str, &str)) -> Value {
        let mut body = json!({ "subject_id": self.year.subjects[place].id, "kind": kind });
        if let Some(day) = issued_on {
            body["issued_on"] = json!(day.to_string());
        }
        let (field, said) = more;
        body[field] = json!(said);
        self.app.post(&self.app.editor, "/evidence", body).await.json(201)
    }

    /// A certificate that says itself when it ends; it may be over.
    pub(super) async fn certify(&mut self, which: usize, kind: usize, age: i64, lasts: i64) {
        let Some(place) = self.place(which) else { return };
        let kind = CERTIFICATES[kind];
        let issued_on = self.issued(place, kind, age);
        let ends_on = after(issued_on, lasts);
        let made = self.show(place, kind, Some(issued_on), ("expires_on", &ends_on.to_string())).await;
        let piece = Evidence::new(id(&made), kind, Some(issued_on), Some(ends_on), self.year.today);
        self.year.subjects[place].evidence.push(piece);
    }

    /// A certificate that says no end, and perhaps not even when it was issued.
    pub(super) async fn bare(&mut self, which: usize, kind: usize, age: Option<i64>) {
        let Some(place) = self.place(which) else { return };
        let (kind, months) = LASTING[kind];
        let mut evidence = self.year.subjects[place].evidence.iter();
        if age.is_none() && evidence.any(|piece| piece.kind == kind && piece.issued_on.is_none()) {
            return;
        }
        let issued_on = age.map(|age| self.issued(place, kind, age));
        let ends_on = issued_on.map(|day| months_after(day, months));
        let made = self.show(place, kind, issued_on, ("reference", "In the green folder")).await;
        let piece = Evidence::new(id(&made), kind, issued_on, ends_on, self.year.today);
        self.year.subjects[place].evidence.push(piece);
    }

    /// A toolkit status, which says no end; one that is not met is over on its day.
    pub(super) async fn toolkit(&mut self, which: usize, age: i64, is_met: bool) {
        let Some(place) = self.place(which) else { return };
        let issued_on = self.issued(place, TOOLKIT, age);
        let (statement, ends_on) =
            if is_met { ("Standards Met", toolkit_end(issued_on)) } else { ("Not Published", issued_on) };
        let made = self.show(place, TOOLKIT, Some(issued_on), ("statement", statement)).await;
        let piece = Evidence::new(id(&made), TOOLKIT, Some(issued_on), Some(ends_on), self.year.today);
        self.year.subjects[place].evidence.push(Evidence { is_unmet: !is_met, ..piece });
    }

    /// Somebody at the supplier opens a link and sends a file that they say is a certificate; nobody opens it.
    pub(super) async fn send(&mut self, which: usize, lasts: i64) {
        let Some(place) = self.place(which) else { return };
        let at = self.start(place, 0).await;
        if self.year.subjects[place].assessments[at].submitted_on.is_some() {
            return;
        }
        let link = self.link(place, at, 14).await;
        let (_, token) = text(&link, "url").split_once('#').expect("a fragment");
        let app = &self.app;
        let entered = app.post(&app.stranger, "/respond/v1/sessions", json!({ "token": token })).await;
        let cookie = entered.header("set-cookie").split(';').next().expect("a cookie").to_owned();
        let csrf = text(&entered.json(200), "csrf_token").to_owned();
        let issued_on = self.issued(place, SENT, 0);
        let ends_on = after(issued_on, lasts);
        let path =
            format!("/respond/v1/evidence?name=certificate.txt&kind={SENT}&issued_on={issued_on}&expires_on={ends_on}");
        let headers = [
            ("cookie", cookie.as_str()),
            ("x-csrf-token", csrf.as_str()),
            ("content-type", "application/octet-stream"),
        ];
        let bytes = b"This certificate is as good as any other one.".to_vec();
        let sent = app.raw(&app.stranger, Method::POST, &path, Some(bytes), &headers).await.json(201);
        let piece = Evidence::new(id(&sent), SENT, Some(issued_on), Some(ends_on), self.year.today);
        self.year.subjects[place].evidence.push(Evidence { is_accepted: false, ..piece });
    }

    /// Somebody of us looks at what a respondent sent, and accepts it.
    pub(super) async fn accept(&mut self, which: usize) {
        let waits = |place: usize| self.year.subjects[place].evidence.iter().any(|piece| !piece.is_accepted);
        let Some(place) = self.among(which, waits) else { return };
        let mut evidence = self.year.subjects[place].evidence.iter_mut();
        let piece = evidence.find(|piece| !piece.is_accepted).expect("a piece that waits");
        piece.is_accepted = true;
        let path = format!("/evidence/{}", piece.id);
        self.act(&path, "accept", None).await;
    }
}
