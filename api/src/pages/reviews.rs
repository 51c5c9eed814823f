//! Reviews: what is to be looked at again, and when.

use std::collections::BTreeMap;

use askama::Template;
use chrono::Datelike as _;
use diligence_entities::{
    clock::Day,
    error::Error,
    id::{ReviewId, SubjectId},
    register,
    review::{self, Completion, Rescheduling, Review, ReviewFilter},
    role::Role,
    scope::Reader,
};
use poem::{Request, http::StatusCode};

use super::{
    form::{Form, parameter},
    format,
    list_query::ListQuery,
    page::{FieldError, Frame, PageResult, Refusal, at, faults, html, link, path_id, redirect},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven},
};
use crate::auth::{Editor, Viewer};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/reviews", show).post("/reviews/:id/complete", complete).post("/reviews/:id/reschedule", reschedule)
}

/// The field of the address that names the review that has just been completed.
const DONE: &str = "done";
/// The field of the address that names the review that has just been rescheduled.
const MOVED: &str = "moved";

/// How a calendar program comes to the reviews.
struct Subscription {
    address: String,
    may_make_keys: bool,
}

impl Subscription {
    fn of(request: &Request, here: &SignedIn) -> Result<Self, Refusal> {
        Ok(Self {
            address: link(request, &format!("{}/reviews.ics", crate::address::ROOT))?,
            may_make_keys: here.is_at_least(Role::Admin),
        })
    }
}

/// The reviews of one month.
struct Month {
    name: String,
    reviews: Vec<Review>,
}

/// What was typed into the forms of one review.
#[derive(Default)]
struct Typed {
    outcome: String,
    due_on: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "reviews/list.html")]
struct ReviewsPage {
    frame: Frame,
    asked: ListQuery<ReviewFilter>,
    months: Vec<Month>,
    names: BTreeMap<SubjectId, String>,
    today: Day,
    next: Option<String>,
    may_change: bool,
    csrf: String,
    errors: Vec<FieldError>,
    /// The review whose forms were sent and are not right.
    wrong_id: String,
    typed: Typed,
    notice: String,
    subscription: Subscription,
}

impl ReviewsPage {
    fn name(&self, review: &Review) -> &str {
        self.names.get(&review.subject_id).map_or("", String::as_str)
    }

    fn is_late(&self, review: &Review) -> bool {
        review.due_on < self.today
    }
}

/// How many reviews of one month the calendar shows.
const IN_A_MONTH: u64 = 200;

/// A day of the calendar.
struct Square {
    day: Day,
    /// Whether it belongs to the month, and is not there to fill the week.
    is_in: bool,
    reviews: Vec<Review>,
}

impl Square {
    fn number(&self) -> u32 {
        self.day.date().day()
    }

    /// `Monday 1 March 2027`.
    fn name(&self) -> String {
        format!("{} {}", self.day.date().format("%A"), format::day(self.day))
    }
}

#[derive(Template)]
#[template(path = "reviews/calendar.html")]
struct CalendarPage {
    frame: Frame,
    month: String,
    before: String,
    after: String,
    weeks: Vec<Vec<Square>>,
    names: BTreeMap<SubjectId, String>,
    today: Day,
    has_more: bool,
    is_empty: bool,
    /// How many are overdue from before this month, where it is the present one.
    earlier: usize,
    subscription: Subscription,
}

impl CalendarPage {
    fn name(&self, review: &Review) -> &str {
        self.names.get(&review.subject_id).map_or("", String::as_str)
    }

    fn is_today(&self, square: &Square) -> bool {
        square.day == self.today
    }

    fn is_late(&self, review: &Review) -> bool {
        review.due_on < self.today
    }
}

/// The address of the month that a day is in.
fn month_href(day: Day) -> String {
    format!("/reviews?view=calendar&month={}", day.date().format("%Y-%m"))
}

/// One month as a calendar.
async fn calendar(request: &Request, here: &SignedIn) -> PageResult {
    let reader = here.read(request).await?;
    let today = reader.today();
    let first_of = |day: Day| day.plus_days(1 - i64::from(day.date().day()));
    let first = format!("{}-01", parameter(request, "month")).parse::<Day>().unwrap_or(first_of(today));
    let after = first_of(first.plus_days(31));
    let filter = ReviewFilter {
        due_from: Some(first),
        due_before: Some(after),
        limit: Some(IN_A_MONTH),
        ..ReviewFilter::default()
    };
    let page = review::list(&reader, &filter).await?;
    let names = register::lines(&reader, page.items.iter().map(|review| review.subject_id.clone())).await?;
    let names = names.into_iter().map(|(id, line)| (id, format::subject(&line))).collect();
    let (has_more, is_empty) = (page.next.is_some(), page.items.is_empty());
    let mut by_day: BTreeMap<Day, Vec<Review>> = BTreeMap::new();
    for review in page.items {
        by_day.entry(review.due_on).or_default().push(review);
    }
    let monday = first.plus_days(-i64::from(first.date().weekday().num_days_from_monday()));
    let mut weeks: Vec<Vec<Square>> = Vec::new();
    for week in 0..6 {
        let begin = monday.plus_days(7 * week);
        if begin < after {
            let days = (0..7).map(|day| begin.plus_days(day));
            weeks.push(
                days.map(|day| Square {
                    day,
                    is_in: first <= day && day < after,
                    reviews: by_day.remove(&day).unwrap_or_default(),
                })
                .collect(),
            );
        }
    }
    let is_present = first == first_of(today);
    let overdue = ReviewFilter { due_before: Some(first), limit: Some(IN_A_MONTH), ..ReviewFilter::default() };
    let earlier = if is_present { review::list(&reader, &overdue).await?.items.len() } else { 0 };
    let frame = here.frame("Reviews").at("/due");
    let (before, next) = (month_href(first.plus_days(-1)), month_href(after));
    let subscription = Subscription::of(request, here)?;
    Ok(html(
        StatusCode::OK,
        &CalendarPage {
            frame,
            month: format::month(first),
            before,
            after: next,
            weeks,
            names,
            today,
            has_more,
            is_empty,
            earlier,
            subscription,
        },
    )?)
}

/// The list by month, or one month as a calendar.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    if parameter(request, "view") == "calendar" {
        return calendar(request, here).await;
    }
    list(request, here, Vec::new(), String::new(), Typed::default()).await
}

async fn list(
    request: &Request,
    here: &SignedIn,
    mut errors: Vec<FieldError>,
    wrong_id: String,
    typed: Typed,
) -> PageResult {
    let reader = here.read(request).await?;
    let notice = done(request, &reader).await?;
    let mut asked = ListQuery::<ReviewFilter>::of(request, "/reviews")?;
    let page = review::list(&reader, &asked.filter).await?;
    let names = register::lines(&reader, page.items.iter().map(|review| review.subject_id.clone())).await?;
    let names = names.into_iter().map(|(id, line)| (id, format::subject(&line))).collect();
    let today = reader.today();
    let mut months: Vec<Month> = Vec::new();
    let next = asked.next(page.next.as_ref());
    for review in page.items {
        let name = if review.due_on < today { "Overdue".to_owned() } else { format::month(review.due_on) };
        match months.last_mut().filter(|month| month.name == name) {
            Some(month) => month.reviews.push(review),
            None => months.push(Month { name, reviews: vec![review] }),
        }
    }
    errors.append(&mut asked.errors);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let may_change = here.is_at_least(Role::Editor);
    let (frame, csrf) = (here.frame("Reviews").at("/due"), here.csrf().to_owned());
    Ok(html(
        status,
        &ReviewsPage {
            frame,
            asked,
            months,
            names,
            today,
            next,
            may_change,
            csrf,
            errors,
            wrong_id,
            typed,
            notice,
            subscription: Subscription::of(request, here)?,
        },
    )?)
}

/// What has just been done, and what comes of it; nothing where nothing was.
async fn done(request: &Request, reader: &Reader) -> Result<String, Refusal> {
    let about = |name: &str| parameter(request, name).parse::<SubjectId>().ok();
    let (done, moved) = (about(DONE), about(MOVED));
    let Some(id) = done.clone().or(moved) else { return Ok(String::new()) };
    let Some(line) = register::lines(reader, [id.clone()]).await?.remove(&id) else { return Ok(String::new()) };
    let what = if done.is_some() { "is done" } else { "is moved" };
    let next = line
        .next_review_on
        .map_or_else(|| "No other is due".into(), |day| format!("The next is due on {}", format::day(day)));
    Ok(format!("The review of {} {what}. {next}.", format::subject(&line)))
}

/// Completes one.
pub(super) async fn complete(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: ReviewId = path_id(request)?;
    let (version, completion) = (form.version()?, Completion { outcome: form.some("outcome") });
    let typed = Typed { outcome: form.text("outcome"), ..Typed::default() };
    match who.change(async |writer| review::complete(writer, &id, version, completion).await).await {
        Ok(review) => Ok(redirect(&format!("/reviews?{DONE}={}", review.subject_id))),
        Err(error) => again(request, here, &id, typed, error).await,
    }
}

/// Moves one to another day.
pub(super) async fn reschedule(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: ReviewId = path_id(request)?;
    let typed = Typed { due_on: form.text("due_on"), reason: form.text("reason"), ..Typed::default() };
    let mut wrong = Vec::new();
    let due_on = typed.due_on.parse::<Day>();
    if due_on.is_err() {
        wrong.push(FieldError::new(format!("due_on-{id}"), "enter the day to move it to"));
    }
    if typed.reason.is_empty() {
        wrong.push(FieldError::new(format!("reason-{id}"), "enter why it is moved"));
    }
    let (Ok(due_on), true) = (due_on, wrong.is_empty()) else {
        return list(request, here, wrong, id.to_string(), typed).await;
    };
    let version = form.version()?;
    match who
        .change(async |writer| {
            review::reschedule(writer, &id, version, Rescheduling { due_on, reason: typed.reason.clone() }).await
        })
        .await
    {
        Ok(review) => Ok(redirect(&format!("/reviews?{MOVED}={}", review.subject_id))),
        Err(error) => again(request, here, &id, typed, error).await,
    }
}

async fn again(request: &Request, here: &SignedIn, id: &ReviewId, typed: Typed, error: Error) -> PageResult {
    let found = faults(error)?;
    let wrong = found.iter().map(|fault| {
        let field = match fault.pointer.as_str() {
            "/outcome" => "outcome",
            "/due_on" => "due_on",
            "/reason" => "reason",
            _ => return FieldError::new(id.to_string(), &fault.detail),
        };
        FieldError::new(format!("{field}-{id}"), &fault.detail)
    });
    list(request, here, wrong.collect(), id.to_string(), typed).await
}
