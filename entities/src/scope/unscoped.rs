//! The few statements without an organisation in them: finding out whose key or session it is, what belongs to a person
//! alone, and making an organisation. Each is a named exception to the road of [`super`], and there are no others.

use std::collections::BTreeSet;

use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QuerySelect as _,
    sea_query::{Expr, OnConflict},
};

use super::{Actor, Owned, PORTION, Reader, Scope, Store, Writer};
use crate::{
    api_key, audit,
    clock::{Day, Moment},
    error::Error,
    id::{IdentityProviderId, InvitationId, OrganisationId, SessionId, UserId},
    identity_provider::{self, attempt},
    invitation, organisation,
    page::{self, Page, Sort},
    personal,
    respondent::session as visit,
    respondent_link,
    role::Role,
    session, sign_in_policy,
    stored::Json,
    throttle, upgrade,
    user::{self, membership},
};

#[expect(clippy::disallowed_methods, reason = "these are the named exceptions")]
impl Store {
    /// The key by this id, of whatever organisation: who asks is not known before.
    pub(crate) async fn key_of_anyone(&self, id: &str) -> Result<Option<api_key::Model>, Error> {
        Ok(api_key::Entity::find().filter(api_key::Column::Id.eq(id)).one(&self.readers).await?)
    }

    /// Notes that a key was used, without a new version: no one's edit may fail for it.
    pub(crate) async fn mark_key_used(&self, id: &str, at: Moment) -> Result<(), Error> {
        api_key::Entity::update_many()
            .col_expr(api_key::Column::LastUsedAt, Expr::value(at))
            .filter(api_key::Column::Id.eq(id))
            .exec(&self.writers)
            .await?;
        Ok(())
    }

    /// The respondents' link by this id, of whatever organisation: who asks is not known before.
    pub(crate) async fn respondent_link_of_anyone(&self, id: &str) -> Result<Option<respondent_link::Model>, Error> {
        Ok(respondent_link::Entity::find().filter(respondent_link::Column::Id.eq(id)).one(&self.readers).await?)
    }

    /// The visit by this id, of whatever organisation.
    pub(crate) async fn respondent_session_of_anyone(&self, id: &str) -> Result<Option<visit::Model>, Error> {
        Ok(visit::Entity::find().filter(visit::Column::Id.eq(id)).one(&self.readers).await?)
    }

    /// Notes that a visit goes on, and that its link is used, without a new version: no one's edit may fail for it.
    pub(crate) async fn mark_visit_used(&self, session_id: &str, link_id: &str, at: Moment) -> Result<(), Error> {
        let at = Expr::value(at);
        visit::Entity::update_many()
            .col_expr(visit::Column::LastUsedAt, at.clone())
            .filter(visit::Column::Id.eq(session_id))
            .exec(&self.writers)
            .await?;
        respondent_link::Entity::update_many()
            .col_expr(respondent_link::Column::LastUsedAt, at)
            .filter(respondent_link::Column::Id.eq(link_id))
            .exec(&self.writers)
            .await?;
        Ok(())
    }

    /// By organisation, how many keys that are good today have their last day no later than `until`, and the first such
    /// day.
    pub(crate) async fn keys_ending(&self, today: Day, until: Day) -> Result<Vec<(OrganisationId, i64, Day)>, Error> {
        use sea_orm::QueryOrder as _;
        let select = api_key::Entity::find().select_only().column(api_key::Column::OrganisationId);
        let select = select
            .column_as(api_key::Column::Id.count(), "key_count")
            .column_as(api_key::Column::ExpiresOn.min(), "first_on");
        let select = select
            .filter(api_key::Column::RevokedAt.is_null())
            .filter(api_key::Column::ExpiresOn.gte(today))
            .filter(api_key::Column::ExpiresOn.lte(until));
        let select = select.group_by(api_key::Column::OrganisationId).order_by_asc(api_key::Column::OrganisationId);
        Ok(select.into_tuple().all(&self.readers).await?)
    }

    /// The organisation of this name.
    pub(crate) async fn organisation_by_name(&self, name: &str) -> Result<Option<organisation::Model>, Error> {
        Ok(organisation::Entity::find().filter(organisation::Column::Name.eq(name)).one(&self.writers).await?)
    }

    /// Every organisation, by name: for the person at the console, who owns the database.
    pub(crate) async fn organisations(&self) -> Result<Vec<organisation::Model>, Error> {
        use sea_orm::QueryOrder as _;
        Ok(organisation::Entity::find().order_by_asc(organisation::Column::Name).all(&self.readers).await?)
    }

    /// The organisations whose registers have yet to be derived anew.
    pub(crate) async fn upgrades_to_do(&self) -> Result<Vec<OrganisationId>, Error> {
        use sea_orm::QueryOrder as _;
        let select = upgrade::Entity::find().select_only().column(upgrade::Column::OrganisationId);
        let select = select.filter(upgrade::Column::DoneAt.is_null()).order_by_asc(upgrade::Column::OrganisationId);
        Ok(select.into_tuple().all(&self.readers).await?)
    }

    /// What came of deriving registers anew where that is done, which is forgotten with it.
    pub(crate) async fn take_upgrades_done(&self) -> Result<Vec<upgrade::Model>, Error> {
        let rows = upgrade::Entity::find().filter(upgrade::Column::DoneAt.is_not_null()).all(&self.readers).await?;
        let mut taken = Vec::new();
        for row in rows {
            // Another replica may have started at the same moment.
            let delete = upgrade::Entity::delete_many()
                .filter(upgrade::Column::OrganisationId.eq(row.organisation_id.clone()))
                .filter(upgrade::Column::DoneAt.is_not_null());
            if delete.exec(&self.writers).await?.rows_affected == 1 {
                taken.push(row);
            }
        }
        Ok(taken)
    }

    /// A new organisation, with an empty audit chain.
    pub(crate) async fn found_organisation(&self, name: &str, is_sample: bool) -> Result<organisation::Model, Error> {
        let (row, writer) = self.begin_organisation(name, is_sample).await?;
        writer.save().await?;
        Ok(row)
    }

    /// Inserts a new organisation with an empty audit chain, and returns the writer unsaved, so that the caller can
    /// write more into the same transaction.
    pub(crate) async fn begin_organisation(
        &self,
        name: &str,
        is_sample: bool,
    ) -> Result<(organisation::Model, Writer), Error> {
        let now = self.clock.now();
        let row = organisation::Model {
            id: self.mint(now),
            version: 1,
            name: name.to_owned(),
            is_sample,
            created_at: now,
            updated_at: now,
        };
        let scope = Scope {
            organisation_id: row.id.clone(),
            actor: Actor { id: "console".into(), name: "console".into() },
            role: Role::Admin,
            request_id: None,
        };
        let writer = self.write(&scope).await?;
        organisation::Entity::insert(row.clone().into_active_model().reset_all())
            .exec_without_returning(&writer.transaction)
            .await?;
        writer
            .put_all::<audit::head::Entity, audit::head::ActiveModel>(
                vec![audit::head::Model::start(&row.id)],
                &[audit::head::Column::OrganisationId],
            )
            .await?;
        let policy = crate::policy::Model::start(writer.new_id(), row.id.clone(), now);
        writer.insert::<crate::policy::Entity, crate::policy::ActiveModel>(policy).await?;
        let sign_in_policy = sign_in_policy::Model::start(writer.new_id(), row.id.clone(), now);
        writer.insert::<sign_in_policy::Entity, sign_in_policy::ActiveModel>(sign_in_policy).await?;
        let retention = crate::retention::Model::start(writer.new_id(), row.id.clone(), now);
        writer.insert::<crate::retention::Entity, crate::retention::ActiveModel>(retention).await?;
        writer.note("create", "organisation", row.id.as_str(), None, serde_json::to_value(&row).ok());
        Ok((row, writer))
    }

    /// The organisation by this id.
    pub(crate) async fn organisation_of_anyone(
        &self,
        id: &OrganisationId,
    ) -> Result<Option<organisation::Model>, Error> {
        Ok(organisation::Entity::find().filter(organisation::Column::Id.eq(id.clone())).one(&self.readers).await?)
    }

    /// An id for someone new.
    pub(crate) fn new_user_id(&self) -> UserId {
        self.mint(self.clock.now())
    }

    /// The id of an organisation that there is not.
    pub(crate) fn new_organisation_id(&self) -> OrganisationId {
        self.mint(self.clock.now())
    }

    /// The person of this address.
    pub(crate) async fn user_by_email(&self, email: &str) -> Result<Option<user::Model>, Error> {
        Ok(user::Entity::find().filter(user::Column::Email.eq(email)).one(&self.readers).await?)
    }

    /// The person by this id.
    pub(crate) async fn user_of_anyone(&self, id: &UserId) -> Result<Option<user::Model>, Error> {
        Ok(user::Entity::find().filter(user::Column::Id.eq(id.clone())).one(&self.readers).await?)
    }

    /// To which organisations a person belongs, in the order they came to them.
    pub(crate) async fn memberships_of_anyone(&self, id: &UserId) -> Result<Vec<membership::Model>, Error> {
        use sea_orm::QueryOrder as _;
        let select = membership::Entity::find().filter(membership::Column::UserId.eq(id.clone()));
        Ok(select
            .order_by_asc(membership::Column::CreatedAt)
            .order_by_asc(membership::Column::OrganisationId)
            .all(&self.readers)
            .await?)
    }

    /// The organisations that a person belongs to, in the order they came to them, each with the membership and the
    /// sign-in policy.
    pub(crate) async fn places_of_anyone(&self, id: &UserId) -> Result<Vec<session::Place>, Error> {
        let memberships = self.memberships_of_anyone(id).await?;
        let ids: Vec<OrganisationId> =
            memberships.iter().map(|membership| membership.organisation_id.clone()).collect();
        let organisations =
            organisation::Entity::find().filter(organisation::Column::Id.is_in(ids.clone())).all(&self.readers).await?;
        let policies = sign_in_policy::Entity::find()
            .filter(sign_in_policy::Column::OrganisationId.is_in(ids))
            .all(&self.readers)
            .await?;
        let place = |membership: membership::Model| {
            let organisation =
                organisations.iter().find(|organisation| organisation.id == membership.organisation_id)?.clone();
            let policy = policies.iter().find(|policy| policy.organisation_id == membership.organisation_id)?.clone();
            Some(session::Place { organisation, membership, policy })
        };
        Ok(memberships.into_iter().filter_map(place).collect())
    }

    /// The session by this id, with whose it is and what holds for it.
    pub(crate) async fn session_of_anyone(&self, id: &SessionId) -> Result<Option<session::Known>, Error> {
        let Some(session) =
            session::Entity::find().filter(session::Column::Id.eq(id.clone())).one(&self.readers).await?
        else {
            return Ok(None);
        };
        let user = user::Entity::find().filter(user::Column::Id.eq(session.user_id.clone())).one(&self.readers).await?;
        let membership = membership::Entity::find()
            .filter(membership::Column::OrganisationId.eq(session.organisation_id.clone()))
            .filter(membership::Column::UserId.eq(session.user_id.clone()))
            .one(&self.readers)
            .await?;
        let policy = sign_in_policy::Entity::find()
            .filter(sign_in_policy::Column::OrganisationId.eq(session.organisation_id.clone()))
            .one(&self.readers)
            .await?;
        Ok(match (user, membership, policy) {
            (Some(user), Some(membership), Some(policy)) => Some(session::Known { session, user, membership, policy }),
            _ => None,
        })
    }

    /// A page of a person's sessions in whatever organisation, oldest first.
    pub(crate) async fn sessions_of_anyone(
        &self,
        id: &UserId,
        limit: Option<u64>,
        cursor: Option<&str>,
    ) -> Result<Page<session::Model>, Error> {
        let limit = limit.unwrap_or(page::DEFAULT_LIMIT).clamp(1, page::MAXIMUM_LIMIT);
        let select = session::Entity::find()
            .filter(session::Column::UserId.eq(id.clone()))
            .filter(session::Column::ExpiresAt.gt(self.clock.now()));
        let sort = Sort::up(session::Column::CreatedAt);
        let rows = page::cut(select, sort, session::Column::Id, limit, cursor)?.all(&self.readers).await?;
        Ok(page::bind::<session::Entity>(rows, sort, session::Column::Id, limit))
    }

    /// Notes that a session was used.
    pub(crate) async fn mark_session_seen(&self, id: &SessionId, at: Moment) -> Result<(), Error> {
        session::Entity::update_many()
            .col_expr(session::Column::LastSeenAt, Expr::value(at))
            .filter(session::Column::Id.eq(id.clone()))
            .exec(&self.writers)
            .await?;
        Ok(())
    }

    /// Uses up a one-time code's step of time; whether it was not used before.
    pub(crate) async fn use_step(&self, id: &UserId, step: i64) -> Result<bool, Error> {
        let done = user::Entity::update_many()
            .col_expr(user::Column::TotpStep, Expr::value(step))
            .filter(user::Column::Id.eq(id.clone()))
            .filter(user::Column::TotpStep.lt(step))
            .exec(&self.writers)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Uses up a recovery code: puts `left` where `were` are; whether they still were.
    pub(crate) async fn use_recovery_code(
        &self,
        id: &UserId,
        were: &Json<Vec<String>>,
        left: Vec<String>,
    ) -> Result<bool, Error> {
        let done = user::Entity::update_many()
            .col_expr(user::Column::RecoveryHashes, Expr::value(Json(left)))
            .filter(user::Column::Id.eq(id.clone()))
            .filter(user::Column::RecoveryHashes.eq(were.clone()))
            .exec(&self.writers)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Keeps the same password under another hash, unless it was changed meanwhile.
    pub(crate) async fn rehash(&self, user: &user::Model, hash: &str) -> Result<(), Error> {
        user::Entity::update_many()
            .col_expr(user::Column::PasswordHash, Expr::value(hash))
            .filter(user::Column::Id.eq(user.id.clone()))
            .filter(user::Column::PasswordHash.eq(user.password_hash.clone()))
            .exec(&self.writers)
            .await?;
        Ok(())
    }

    /// How often something was tried in vain.
    pub(crate) async fn failures(&self, bucket: &str) -> Result<Option<throttle::Model>, Error> {
        Ok(throttle::Entity::find().filter(throttle::Column::Bucket.eq(bucket)).one(&self.writers).await?)
    }

    /// Counts one more failure after `known` of them; whether no other came between.
    pub(crate) async fn count_failure(&self, bucket: &str, known: i64, now: Moment) -> Result<bool, Error> {
        let row = throttle::Model { bucket: bucket.to_owned(), failure_count: 1, failed_at: now };
        let insert = throttle::Entity::insert(row.into_active_model().reset_all());
        let insert = insert.on_conflict(OnConflict::column(throttle::Column::Bucket).do_nothing().to_owned());
        if insert.exec_without_returning(&self.writers).await? == 1 {
            return Ok(true);
        }
        let done = throttle::Entity::update_many()
            .col_expr(throttle::Column::FailureCount, Expr::value(known + 1))
            .col_expr(throttle::Column::FailedAt, Expr::value(now))
            .filter(throttle::Column::Bucket.eq(bucket))
            // Forgotten failures are still in the row.
            .filter(
                Condition::any()
                    .add(throttle::Column::FailureCount.eq(known))
                    .add(throttle::Column::FailedAt.lte(now.plus_hours(-24))),
            )
            .exec(&self.writers)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Forgets the failures of one thing.
    pub(crate) async fn forget_failures(&self, bucket: &str) -> Result<(), Error> {
        throttle::Entity::delete_many().filter(throttle::Column::Bucket.eq(bucket)).exec(&self.writers).await?;
        Ok(())
    }

    /// Forgets the failures of long ago.
    pub(crate) async fn forget_failures_before(&self, moment: Moment) -> Result<(), Error> {
        throttle::Entity::delete_many().filter(throttle::Column::FailedAt.lte(moment)).exec(&self.writers).await?;
        Ok(())
    }

    /// The device whose secret hashes to this.
    pub(crate) async fn device(&self, secret_hash: &str) -> Result<Option<session::device::Model>, Error> {
        Ok(session::device::Entity::find()
            .filter(session::device::Column::SecretHash.eq(secret_hash))
            .one(&self.readers)
            .await?)
    }

    /// Keeps that someone has signed in from a device; the oldest of too many is forgotten.
    pub(crate) async fn add_device(&self, device: session::device::Model) -> Result<(), Error> {
        use sea_orm::QueryOrder as _;
        use session::device::{Column, Entity};
        let known = Entity::find()
            .filter(Column::UserId.eq(device.user_id.clone()))
            .order_by_desc(Column::LastUsedAt)
            .all(&self.writers)
            .await?;
        let old: Vec<String> = known.into_iter().skip(session::DEVICES - 1).map(|device| device.secret_hash).collect();
        if !old.is_empty() {
            Entity::delete_many().filter(Column::SecretHash.is_in(old)).exec(&self.writers).await?;
        }
        Entity::insert(device.into_active_model().reset_all()).exec_without_returning(&self.writers).await?;
        Ok(())
    }

    /// Forgets from which devices someone has signed in.
    pub(crate) async fn forget_devices(&self, id: &UserId) -> Result<(), Error> {
        use session::device::{Column, Entity};
        Entity::delete_many().filter(Column::UserId.eq(id.clone())).exec(&self.writers).await?;
        Ok(())
    }

    /// The providers that an organisation's people can sign in through, by name: who they are is not known before.
    pub(crate) async fn providers_of_anyone(
        &self,
        id: &OrganisationId,
    ) -> Result<Vec<identity_provider::Model>, Error> {
        use sea_orm::QueryOrder as _;
        let select = identity_provider::Entity::find().filter(identity_provider::Column::OrganisationId.eq(id.clone()));
        let select =
            select.filter(identity_provider::Column::IsEnabled.eq(true)).order_by_asc(identity_provider::Column::Name);
        Ok(select.limit(page::MAXIMUM_LIMIT).all(&self.readers).await?)
    }

    /// The provider by this id, of whatever organisation.
    pub(crate) async fn provider_of_anyone(
        &self,
        id: &IdentityProviderId,
    ) -> Result<Option<identity_provider::Model>, Error> {
        Ok(identity_provider::Entity::find()
            .filter(identity_provider::Column::Id.eq(id.clone()))
            .one(&self.readers)
            .await?)
    }

    /// Keeps that a sign-in was begun, and forgets those whose time is over.
    pub(crate) async fn begin_attempt(&self, attempt: attempt::Model) -> Result<(), Error> {
        attempt::Entity::delete_many()
            .filter(attempt::Column::ExpiresAt.lte(self.clock.now()))
            .exec(&self.writers)
            .await?;
        attempt::Entity::insert(attempt.into_active_model().reset_all()).exec_without_returning(&self.writers).await?;
        Ok(())
    }

    /// The sign-in that was begun with this state, once.
    pub(crate) async fn take_attempt(&self, state_hash: &str) -> Result<Option<attempt::Model>, Error> {
        let found =
            attempt::Entity::find().filter(attempt::Column::StateHash.eq(state_hash)).one(&self.writers).await?;
        let gone = attempt::Entity::delete_many()
            .filter(attempt::Column::StateHash.eq(state_hash))
            .exec(&self.writers)
            .await?;
        Ok(found.filter(|_| gone.rows_affected == 1))
    }

    /// The invitation by this id, of whatever organisation: who has its token is not known before.
    pub(crate) async fn invitation_of_anyone(&self, id: &InvitationId) -> Result<Option<invitation::Model>, Error> {
        Ok(invitation::Entity::find().filter(invitation::Column::Id.eq(id.clone())).one(&self.readers).await?)
    }
}

/// What is about people themselves or about whatever has an id, read within a view of one organisation.
#[expect(clippy::disallowed_methods, reason = "these are named exceptions too")]
impl Reader {
    /// The people with these ids, in no order: for those who were found as the organisation's own.
    pub(crate) async fn users(&self, ids: &BTreeSet<String>) -> Result<Vec<user::Model>, Error> {
        Ok(user::Entity::find()
            .filter(user::Column::Id.is_in(ids.iter().map(String::as_str)))
            .all(&self.transaction)
            .await?)
    }

    /// Which of these ids something has already, in whatever organisation: an id is one thing's only.
    pub(crate) async fn ids_of_anyone<E: Owned>(&self, ids: &BTreeSet<String>) -> Result<BTreeSet<String>, Error> {
        let ids: Vec<&String> = ids.iter().collect();
        let mut taken = BTreeSet::new();
        for portion in ids.chunks(PORTION) {
            let select = E::find().select_only().column(E::ID);
            let select = select.filter(E::ID.is_in(portion.iter().map(|id| id.as_str())));
            let found: Vec<(String,)> = select.into_tuple().all(&self.transaction).await?;
            taken.extend(found.into_iter().map(|(id,)| id));
        }
        Ok(taken)
    }
}

/// What is about people themselves, changed together with what is one organisation's.
#[expect(clippy::disallowed_methods, reason = "these are named exceptions too")]
impl Writer {
    /// Does what [`Writer::save`] does for one event, statement for statement, in an organisation that there is not:
    /// nothing is kept but the moment.
    pub(crate) async fn save_as_if_noted(self) -> Result<(), Error> {
        self.all(self.find::<personal::Entity>().filter(personal::Column::About.eq("nobody"))).await?;
        self.one(self.find::<audit::head::Entity>()).await?;
        for failure_count in [0, 1] {
            let row = throttle::Model { bucket: "nobody".into(), failure_count, failed_at: self.now };
            let replaced = OnConflict::column(throttle::Column::Bucket)
                .update_columns([throttle::Column::FailureCount, throttle::Column::FailedAt])
                .to_owned();
            throttle::Entity::insert(row.into_active_model().reset_all())
                .on_conflict(replaced)
                .exec_without_returning(&self.transaction)
                .await?;
        }
        self.reader.transaction.commit().await?;
        Ok(())
    }

    /// Adds someone new.
    pub(crate) async fn add_user(&self, user: &user::Model) -> Result<(), Error> {
        user::Entity::insert(user.clone().into_active_model().reset_all())
            .exec_without_returning(&self.transaction)
            .await?;
        Ok(())
    }

    /// Puts `after` in the place of `before`, unless it has been changed since.
    pub(crate) async fn replace_user(
        &self,
        before: &user::Model,
        mut after: user::Model,
    ) -> Result<user::Model, Error> {
        after.version = before.version + 1;
        after.updated_at = self.now;
        let done = user::Entity::update_many()
            .set(after.clone().into_active_model().reset_all())
            .filter(user::Column::Id.eq(before.id.clone()))
            .filter(user::Column::Version.eq(before.version))
            .exec(&self.transaction)
            .await?;
        if done.rows_affected == 1 { Ok(after) } else { Err(Error::Stale { current: before.version }) }
    }

    /// Puts `after` in the place of a session wherever it is, unless it has ended or been renewed since; whether it had
    /// not.
    pub(crate) async fn renew_session(&self, before: &session::Model, after: &session::Model) -> Result<bool, Error> {
        let done = session::Entity::update_many()
            .set(after.clone().into_active_model().reset_all())
            .filter(session::Column::Id.eq(before.id.clone()))
            .filter(session::Column::Version.eq(before.version))
            .exec(&self.transaction)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Ends a person's sessions in whatever organisation.
    pub(crate) async fn end_sessions(&self, id: &UserId, except: Option<&SessionId>) -> Result<(), Error> {
        let mut delete = session::Entity::delete_many().filter(session::Column::UserId.eq(id.clone()));
        if let Some(except) = except {
            delete = delete.filter(session::Column::Id.ne(except.clone()));
        }
        delete.exec(&self.transaction).await?;
        Ok(())
    }
}
