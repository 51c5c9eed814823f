//! Work ahead of a change. What a large change would do is worked out on a view, where it holds nobody up, and what it
//! adds is written where nobody sees it yet; the change takes its turn for what is left, which is changing what is
//! there. Whatever others have saved between the two is found in the audit trail, which names the supplier of
//! everything that it is about.

use std::{collections::BTreeSet, future::Future};

use crate::{
    audit,
    error::Error,
    id::SupplierId,
    scope::{Reader, Scope, Store, Writer},
};

/// How often work is begun anew because of what others saved meanwhile, before it is done while they wait.
const ATTEMPTS: usize = 3;

/// A change that can be worked out ahead.
pub trait Ahead: Sync {
    /// What it comes to.
    type Plan: Plan;

    /// Works it out, from what `reader` sees alone.
    fn plan(&self, reader: &Reader) -> impl Future<Output = Result<Self::Plan, Error>> + Send;
}

/// What a change comes to, worked out before.
pub trait Plan: Send + Sync {
    /// Whether there is anything to be written.
    fn asks_for_change(&self) -> bool {
        true
    }

    /// Whether it adds much that nobody sees before the change is saved.
    fn adds(&self) -> bool {
        false
    }

    /// Adds that, maybe before the turn of the change.
    fn add(&mut self, _writer: &Writer) -> impl Future<Output = Result<(), Error>> + Send {
        std::future::ready(Ok(()))
    }

    /// Whether it is still what the change comes to, now that others have changed something about these suppliers.
    fn holds(
        &self,
        writer: &Writer,
        changed: &BTreeSet<SupplierId>,
    ) -> impl Future<Output = Result<bool, Error>> + Send;
}

/// A plan, and the change it can be carried out in.
#[derive(Debug)]
pub struct Opened<P> {
    /// What the change comes to.
    pub plan: P,
    /// The suppliers about which others have changed something since it was worked out.
    pub changed: BTreeSet<SupplierId>,
    /// The change; none where there is nothing to be written.
    pub writer: Option<Writer>,
}

/// Works a change out, and then opens it.
///
/// # Errors
/// What working it out says; [`Error::Busy`] or [`Error::Database`].
pub async fn open<A: Ahead>(store: &Store, scope: &Scope, work: &A) -> Result<Opened<A::Plan>, Error> {
    for _ in 0..ATTEMPTS {
        let reader = store.read(scope).await?;
        let seen = audit::sequence(&reader).await?;
        // What an import works out is large: it goes on the heap, not on the stack of whoever waits for it.
        let mut plan = Box::pin(work.plan(&reader)).await?;
        drop(reader);
        if !plan.asks_for_change() {
            return Ok(Opened { plan, changed: BTreeSet::new(), writer: None });
        }
        let writer = if plan.adds() {
            let mut writer = store.write_early(scope).await?;
            Box::pin(plan.add(&writer)).await?;
            writer.take_turn().await?;
            writer
        } else {
            store.write(scope).await?
        };
        if let Some(changed) = audit::suppliers_since(&writer, seen).await?
            && Box::pin(plan.holds(&writer, &changed)).await?
        {
            writer.expect_many().await?;
            return Ok(Opened { plan, changed, writer: Some(writer) });
        }
    }
    // Among many who change the same it would never end.
    let writer = store.write(scope).await?;
    Ok(Opened { plan: within(&writer, work).await?, changed: BTreeSet::new(), writer: Some(writer) })
}

/// Works a change out in one that is open already, such as the one that makes the organisation.
///
/// # Errors
/// What working it out says; [`Error::Busy`] or [`Error::Database`].
pub async fn within<A: Ahead>(writer: &Writer, work: &A) -> Result<A::Plan, Error> {
    writer.expect_many().await?;
    Box::pin(work.plan(writer)).await
}
