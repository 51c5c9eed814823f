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
    path::boxed,
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
    /// Bands, matrix, cadence and minimum coverage; who may not decide on an assessment; how long a key may be valid.
    #[oai(path = "/policy", method = "get", operation_id = "read_policy", transform = "boxed")]
    async fn read(&self, who: By<Viewer>, have: IfNoneMatch) -> Answer<Item<Policy>, Reading> {
        let policy = policy::read(&who.read().await?).await?;
        Ok(Item::new(policy, &have))
    }

    /// Change the policy
    ///
    /// Every rating, risk band and review date in the register is recalculated at once. The matrix must stay monotone: a worse score or tier never gives a better rating.
    #[oai(path = "/policy", method = "patch", operation_id = "change_policy", transform = "boxed")]
    async fn change(
        &self,
        who: By<Admin>,
        version: IfMatch,
        change: Change<NewPolicy>,
    ) -> Answer<Changed<Policy>, Changing> {
        let change = PolicyChange { version: version.0, change: change.0 };
        Ok(Changed(policy::change(who.store(), &who, &change).await?))
    }

    /// Preview the effect of a policy change
    ///
    /// How every current score and rating would change, by how much, and by which rule. The body is the same as for changing the policy. One JSON object per line: progress, moves, and finally the summary. Nothing is changed.
    #[oai(path = "/policy/what-if", method = "post", operation_id = "ask_policy_what_if", transform = "boxed")]
    async fn what_if(&self, who: By<Viewer>, change: Change<NewPolicy>) -> Answer<Lines<WhatIfLine>, Asking> {
        Ok(stream::lines(WhatIf::of_policy(who.store().clone(), who.scope().clone(), change.0).await?).await?)
    }
}
