//! Reviews.

use std::sync::Arc;

use diligence_entities::{
    id::ReviewId,
    review::{self, Completion, Rescheduling, Review, ReviewFilter},
};
use poem::web::Data;
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{CalendarFile, Changed, File, Item, Listed, Once},
    auth::{By, Editor, InCalendar, InRegister, Viewer},
    calendar::{self, CalendarFilter},
    config::Config,
    path::{At, boxed},
    payload::{Body, MaybeBody},
    problem::{Answer, Changing, Listing, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Reviews")]
impl Api {
    /// List reviews
    ///
    /// What is due, and why. By default open reviews, soonest first. An overdue review stays open until it is completed.
    #[oai(path = "/reviews", method = "get", operation_id = "list_reviews", transform = "boxed")]
    async fn list(&self, who: By<InRegister<Viewer>>, query: Query<ReviewFilter>) -> Answer<Listed<Review>, Listing> {
        let page = review::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Export what is due as a calendar
    ///
    /// The next 1,000 items of the list of what is due as iCalendar (RFC 5545): each on its date, with the address of the page where it is dealt with, and a UID that stays the same when its date moves. A calendar program subscribes with HTTP Basic: any user name, and as the password a key, preferably with the scope `calendar_only`.
    #[oai(path = "/reviews.ics", method = "get", operation_id = "export_calendar", transform = "boxed")]
    async fn calendar(
        &self,
        who: By<InCalendar<Viewer>>,
        config: Data<&Arc<Config>>,
        query: Query<CalendarFilter>,
    ) -> Answer<File<CalendarFile>, Listing> {
        let calendar = calendar::due(&who.read().await?, &query, |path| config.link(path)).await?;
        who.exports("due_item", "reviews.ics", query.told()).await?;
        Ok(File::new("reviews.ics", "text/calendar", poem::Body::from_string(calendar)))
    }

    /// Read a review
    #[oai(path = "/reviews/:id", method = "get", operation_id = "read_review", transform = "boxed")]
    async fn read(
        &self,
        who: By<InRegister<Viewer>>,
        id: At<ReviewId>,
        have: IfNoneMatch,
    ) -> Answer<Item<Review>, Reading> {
        let review = review::read(&who.read().await?, &id).await?;
        Ok(Item::new(review, &have))
    }

    /// Complete a review
    ///
    /// The next review is scheduled from today, by the tier's cadence.
    #[oai(path = "/reviews/:id/complete", method = "post", operation_id = "complete_review", transform = "boxed")]
    async fn complete(
        &self,
        who: By<Editor>,
        id: At<ReviewId>,
        version: IfMatch,
        body: MaybeBody<Completion>,
        retry: Retry,
    ) -> Answer<Once<Changed<Review>>, Changing> {
        retry.once(&who, async |writer| Ok(Changed(review::complete(writer, &id, version.0, body.0).await?))).await
    }

    /// Reschedule a review
    ///
    /// With a reason. Later events can still bring it forward.
    #[oai(path = "/reviews/:id/reschedule", method = "post", operation_id = "reschedule_review", transform = "boxed")]
    async fn reschedule(
        &self,
        who: By<Editor>,
        id: At<ReviewId>,
        version: IfMatch,
        body: Body<Rescheduling>,
        retry: Retry,
    ) -> Answer<Once<Changed<Review>>, Changing> {
        retry.once(&who, async |writer| Ok(Changed(review::reschedule(writer, &id, version.0, body.0).await?))).await
    }
}
