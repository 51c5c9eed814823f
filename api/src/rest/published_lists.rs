//! Published lists: what they say of suppliers.

use std::sync::Arc;

use diligence_entities::published_list::{
    self, ListEntry, ListEntryFilter, PublishedList, PublishedLists, Refresh, RefreshReport,
};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Found, Listed, Once, PublishedListFile},
    auth::{By, Editor, Viewer},
    list_reader::{self, LIST_LIMIT, RefreshQuery},
    path::{At, boxed},
    payload::FileBody,
    problem::{Adding, Answer, Listing, Problem, Reading},
    query::Query,
    retry::Retry,
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Lists")]
impl Api {
    /// Read which published lists there are
    ///
    /// Each list that can be looked at, with the day of the list that was looked at last, and what came of it.
    #[oai(path = "/lists", method = "get", operation_id = "read_published_lists", transform = "boxed")]
    async fn read(&self, who: By<Viewer>) -> Answer<Found<PublishedLists>, Listing> {
        Ok(Found(published_list::all(&who.read().await?).await?))
    }

    /// List what a published list says
    ///
    /// The entries of the list that are about our suppliers, in the order in which they were found: what each says, since when, and whether it has left the list.
    #[oai(path = "/lists/:list/entries", method = "get", operation_id = "list_list_entries", transform = "boxed")]
    async fn entries(
        &self,
        who: By<Viewer>,
        query: Query<ListEntryFilter>,
        list: At<PublishedList>,
    ) -> Answer<Listed<ListEntry>, Reading> {
        let page = published_list::entries(&who.read().await?, list.0, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Look at a published list
    ///
    /// The body is the list as it is published, up to 64 MiB: `dspt` the search export of the Data Security and Protection Toolkit, `cqc` the directory of care services or the list of ratings, `companies_house` the list of live companies, `atrs` the transparency records as JSON. Nothing is fetched.
    ///
    /// An entry is about a supplier by its identifier; where only the name is the same, it is a question, answered with `answers` and never asked again. What the toolkit says becomes evidence. What has become worse (standards no longer met, liquidation, a poor rating, no longer on the list) brings the supplier's review forward with the reason `published_list`. Who has left a list is said and kept; that more than 10 entries and a fifth of all have left at once is a question too (`left:*=yes`). What is dated before what is known of an entry never replaces it. With `dry_run=true` nothing is changed; without it, an open question refuses all.
    #[oai(path = "/lists/:list/refresh", method = "post", operation_id = "refresh_published_list", transform = "boxed")]
    async fn refresh(
        &self,
        who: By<Editor>,
        query: Query<RefreshQuery>,
        list: At<PublishedList>,
        body: FileBody<PublishedListFile, LIST_LIMIT>,
        retry: Retry,
    ) -> Answer<Once<Found<RefreshReport>>, Adding> {
        let answers = list_reader::answers(query.answers.as_deref().unwrap_or_default())
            .map_err(|fault| Problem::invalid(vec![fault]))?;
        let file = list_reader::read(who.read().await?, list.0, Arc::new(body.bytes)).await?;
        let refresh = Refresh {
            list: list.0,
            file,
            list_day: query.list_day.unwrap_or_else(|| who.store().clock().now().day()),
            answers,
            dry_run: query.dry_run == Some(true),
        };
        retry
            .once_ahead(&who, refresh, async |_, plan, writer| Ok(Found(plan.carry_out(writer).await?.accepted()?)))
            .await
    }
}
