//! The organisation's policy.

use diligence_entities::{
    policy::{self, NewPolicy, Policy, PolicyChange},
    what_if::{WhatIf, WhatIfLine},
};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Changed, Item, Lines},
    auth::{Admin, By, Viewer},
    payload::Change,
    problem::{Answer, Asking, Changing, Reading},
    stream,
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Organisation")]
impl Api {
    /// Read the policy
    ///
    /// Bands, matrix, cadence and minimum coverage; who may not decide on an assessment; how long a key may live.
    #[oai(path = "/policy", method = "get", operation_id = "read_policy")]
    async fn read(&self, who: By<Viewer>, have: IfNoneMatch) -> Answer<Item<Policy>, Reading> {
        let policy = policy::read(&who.read().await?).await?;
        Ok(Item::new(policy, &have))
    }

    /// Change the policy
    ///
    /// Every rating, every risk's band and every review date in the register follows at once. The matrix must stay monotone: nothing worse rates better.
    #[oai(path = "/policy", method = "patch", operation_id = "change_policy")]
    async fn change(&self, who: By<Admin>, version: IfMatch, change: Change<NewPolicy>) -> Answer<Changed<Policy>, Changing> {
        let change = PolicyChange { version: version.0, change: change.0 };
        Ok(Changed(policy::change(who.store(), &who, &change).await?))
    }

    /// Ask what another policy would do
    ///
    /// To every current score and rating: who moves, by how much, and which rule does it. The body is the change, as for changing the policy. One JSON object a line: progress, moves, and at the end the summary. Nothing is changed.
    #[oai(path = "/policy/what-if", method = "post", operation_id = "ask_policy_what_if")]
    async fn what_if(&self, who: By<Viewer>, change: Change<NewPolicy>) -> Answer<Lines<WhatIfLine>, Asking> {
        Ok(stream::lines(WhatIf::of_policy(who.store().clone(), who.scope().clone(), change.0).await?).await?)
    }
}
