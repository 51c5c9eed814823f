//! Many suppliers or products at once.

use std::sync::Arc;

use diligence_entities::{
    bulk::{Bulk, BulkReport, BulkUpdate},
    subject::SubjectType,
};
use poem::web::Data;
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Once, ShownOnce},
    auth::{By, Editor},
    bulk::addressed,
    config::Config,
    mail::Mailer,
    path::boxed,
    payload::Body,
    problem::{Answer, Creating},
    retry::Retry,
};

pub(crate) struct Api;

/// How large a body may be, in bytes: 2 MiB, for 20,000 ids, and as many that are left out.
const LIMIT: usize = 2 << 20;

#[OpenApi]
impl Api {
    /// Change many suppliers
    ///
    /// One thing is done to all that are selected, or to none: a questionnaire is put to each (`ask`), fields are set (`set`), the open review is moved (`reschedule`), or each is archived (`archive`). `select` names them by `ids`, or means all that the register shows under a `filter`, on all its pages; `except` leaves some out. At most 20,000 at once, and 1,000 with links.
    ///
    /// With `dry_run` true nothing is changed and the verdict of each is reported: `change`, `unchanged` (there is nothing to do), or `refused`, with why. Without it, one that is refused refuses all. Each change has its own version and its own audit event. The addresses of links are in the response, once, and not in that to a retry.
    #[oai(
        path = "/suppliers/bulk",
        method = "post",
        operation_id = "bulk_update_suppliers",
        transform = "boxed",
        tag = "Tag::Suppliers"
    )]
    async fn suppliers(
        &self,
        who: By<Editor>,
        config: Data<&Arc<Config>>,
        mailer: Data<&Mailer>,
        body: Body<BulkUpdate, LIMIT>,
        retry: Retry,
    ) -> Answer<Once<ShownOnce<BulkReport>>, Creating> {
        update(&who, (&config, &mailer), body.0, SubjectType::Supplier, retry).await
    }

    /// Change many products
    ///
    /// As `POST /suppliers/bulk`, for products: links are for the contacts of their suppliers, and of the fields only `status` can be set.
    #[oai(
        path = "/products/bulk",
        method = "post",
        operation_id = "bulk_update_products",
        transform = "boxed",
        tag = "Tag::Products"
    )]
    async fn products(
        &self,
        who: By<Editor>,
        config: Data<&Arc<Config>>,
        mailer: Data<&Mailer>,
        body: Body<BulkUpdate, LIMIT>,
        retry: Retry,
    ) -> Answer<Once<ShownOnce<BulkReport>>, Creating> {
        update(&who, (&config, &mailer), body.0, SubjectType::Product, retry).await
    }
}

async fn update(
    who: &By<Editor>,
    (config, mailer): (&Config, &Mailer),
    update: BulkUpdate,
    noun: SubjectType,
    retry: Retry,
) -> Answer<Once<ShownOnce<BulkReport>>, Creating> {
    let bulk = Bulk::new(update, Some(noun), who.store().clock().now().day())?;
    let mut letters = Vec::new();
    let answer = retry
        .once_ahead(who, bulk, async |_, plan, writer| {
            let carried = plan.carry_out(writer, mailer.mailing()).await?;
            let (report, to_send) = addressed(config, carried);
            letters = to_send;
            let report = report.accepted()?;
            let kept = report.without_urls();
            Ok(ShownOnce::keeping(report, &kept))
        })
        .await?;
    if !answer.is_replay() {
        mailer.post_all(who.store().clone(), who.scope().clone(), letters);
    }
    Ok(answer)
}
