//! Ending sessions: by whoever is in them, by an admin, and where something else asks for it.

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _};
use serde::Serialize;
use serde_json::json;

use super::{Column, Entity, Model, Person};
use crate::{
    error::Error,
    id::{SessionId, UserId},
    scope::{Store, Writer},
    user,
};

/// How many sessions ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ended {
    /// How many.
    pub ended_count: u64,
}

/// Ends someone's session in the organisation.
///
/// # Errors
/// [`Error::NotFound`] or [`Error::Stale`].
pub async fn revoke(writer: &Writer, id: &SessionId, version: i64) -> Result<(), Error> {
    let row = writer.one(writer.find::<Entity>().filter(Column::Id.eq(id.clone()))).await?.ok_or(Error::NotFound)?;
    if row.version != version {
        return Err(Error::Stale { current: row.version });
    }
    end(writer, &row, "revoke").await
}

async fn end(writer: &Writer, row: &Model, action: &'static str) -> Result<(), Error> {
    writer.clear::<Entity>(Condition::all().add(Column::Id.eq(row.id.clone()))).await?;
    writer.note(action, "session", row.id.as_str(), Some(json!({ "user_id": row.user_id })), None);
    writer.store().sessions.forget(&row.id);
    Ok(())
}

/// Ends a session of yours.
///
/// # Errors
/// [`Error::NotFound`] or [`Error::Stale`].
pub async fn revoke_own(
    store: &Store,
    person: &Person,
    request_id: Option<String>,
    id: &SessionId,
    version: i64,
) -> Result<(), Error> {
    let known =
        store.session_of_anyone(id).await?.filter(|known| known.user.id == person.user.id).ok_or(Error::NotFound)?;
    let writer = store.write(&user::scope(&known.user, &known.membership, request_id.as_deref())).await?;
    revoke(&writer, id, version).await?;
    writer.save().await
}

/// Ends this session: signs out.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn sign_out(store: &Store, person: &Person, request_id: Option<String>) -> Result<Ended, Error> {
    let writer = store.write(&person.scope(request_id)).await?;
    end(&writer, &person.session, "sign_out").await?;
    writer.save().await?;
    Ok(Ended { ended_count: 1 })
}

/// Ends all your sessions but this one.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`].
pub async fn end_others(store: &Store, person: &Person, request_id: Option<String>) -> Result<Ended, Error> {
    let mut ended_count = 0;
    for membership in store.memberships_of_anyone(&person.user.id).await? {
        let writer = store.write(&user::scope(&person.user, &membership, request_id.as_deref())).await?;
        let others = writer
            .find::<Entity>()
            .filter(Column::UserId.eq(person.user.id.clone()))
            .filter(Column::Id.ne(person.session.id.clone()));
        for row in writer.all(others).await? {
            end(&writer, &row, "revoke").await?;
            ended_count += 1;
        }
        writer.save().await?;
    }
    Ok(Ended { ended_count })
}

/// Ends a person's sessions in the writer's organisation.
pub(crate) async fn end_of_member(writer: &Writer, user_id: &UserId) -> Result<(), Error> {
    writer.clear::<Entity>(Condition::all().add(Column::UserId.eq(user_id.clone()))).await?;
    writer.store().sessions.forget_user(user_id);
    Ok(())
}

/// Ends a person's sessions everywhere, and forgets their devices.
pub(crate) async fn end_everywhere(writer: &Writer, user_id: &UserId, except: Option<&SessionId>) -> Result<(), Error> {
    writer.end_sessions(user_id, except).await?;
    writer.store().sessions.forget_user(user_id);
    Ok(())
}
