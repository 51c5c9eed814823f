//! How the people of an organisation sign in: from which role on a second factor is needed, whether passwords are
//! allowed, and how long a session lasts.

use schemars::JsonSchema;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    clock::Moment,
    error::Error,
    fault::Faults,
    id::{OrganisationId, SignInPolicyId},
    identity_provider,
    patch::Change,
    role::Role,
    scope::{Reader, Writer, owned},
    stored::Json,
};

/// Whether people of a role need a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MfaRule {
    /// Who wants one has one.
    #[default]
    Optional,
    /// Who has none is reminded.
    Recommended,
    /// Who has none may do nothing but set one up.
    Required,
}

/// Whether people need a second factor, by role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct MfaRules {
    /// Of viewers.
    pub viewer: MfaRule,
    /// Of editors.
    pub editor: MfaRule,
    /// Of approvers.
    pub approver: MfaRule,
    /// Of admins.
    pub admin: MfaRule,
}

impl Default for MfaRules {
    fn default() -> Self {
        Self {
            viewer: MfaRule::Optional,
            editor: MfaRule::Optional,
            approver: MfaRule::Recommended,
            admin: MfaRule::Recommended,
        }
    }
}

impl MfaRules {
    /// The rule for this role.
    #[must_use]
    pub fn of(self, role: Role) -> MfaRule {
        match role {
            Role::Viewer => self.viewer,
            Role::Editor => self.editor,
            Role::Approver => self.approver,
            Role::Admin => self.admin,
        }
    }
}

/// The sign-in policy as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "sign_in_policy")]
#[schemars(rename = "SignInPolicy")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SignInPolicyId,
    /// The organisation whose policy it is.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one.
    pub version: i64,
    /// Whether people who sign in with a password need a second factor, by role. Where an identity provider signs them
    /// in, that is its matter.
    #[schemars(with = "MfaRules")]
    pub mfa: Json<MfaRules>,
    /// Whether people may sign in with a password.
    pub allows_passwords: bool,
    /// After how many minutes without a request a session ends.
    pub idle_minutes: i64,
    /// After how many hours a session ends in any case.
    pub absolute_hours: i64,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as SignInPolicy;

/// A sign-in policy hangs on its organisation alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("sign_in_policy", _row => None);

impl Model {
    /// The policy an organisation starts with.
    pub(crate) fn start(id: SignInPolicyId, organisation_id: OrganisationId, now: Moment) -> Self {
        let new = NewSignInPolicy::default();
        Self {
            id,
            organisation_id,
            version: 1,
            mfa: Json(new.mfa),
            allows_passwords: new.allows_passwords,
            idle_minutes: new.idle_minutes,
            absolute_hours: new.absolute_hours,
            created_at: now,
            updated_at: now,
        }
    }
}

/// What a sign-in policy is made of.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "mfa": { "admin": "required" }, "idle_minutes": 30 }))]
pub struct NewSignInPolicy {
    /// Whether people who sign in with a password need a second factor, by role.
    #[validate(nested)]
    pub mfa: MfaRules,
    /// Whether people may sign in with a password. It can be turned off once an identity provider is on.
    pub allows_passwords: bool,
    /// After how many minutes without a request a session ends.
    #[validate(range(min = 5, max = 1440))]
    pub idle_minutes: i64,
    /// After how many hours a session ends in any case.
    #[validate(range(min = 1, max = 720))]
    pub absolute_hours: i64,
}

impl Default for NewSignInPolicy {
    fn default() -> Self {
        Self { mfa: MfaRules::default(), allows_passwords: true, idle_minutes: 60, absolute_hours: 12 }
    }
}

/// The organisation's sign-in policy.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn read(reader: &Reader) -> Result<SignInPolicy, Error> {
    reader.one(reader.find::<Entity>()).await?.ok_or(Error::NotFound)
}

/// Changes the sign-in policy. It holds for sessions that are open, too, within seconds.
///
/// # Errors
/// [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] when no one could sign in any more.
pub async fn change(writer: &Writer, version: i64, change: Change<NewSignInPolicy>) -> Result<SignInPolicy, Error> {
    let before = read(writer).await?;
    if before.version != version {
        return Err(Error::Stale { current: before.version });
    }
    let new = change.over(&before)?;
    Faults::of(&new).done()?;
    if !new.allows_passwords && !identity_provider::is_there_another(writer, None).await? {
        return Err(Error::conflict(
            "no_other_way",
            "passwords can be turned off once an identity provider is on, or no one could sign in any more",
        ));
    }
    let after = Model {
        mfa: Json(new.mfa),
        allows_passwords: new.allows_passwords,
        idle_minutes: new.idle_minutes,
        absolute_hours: new.absolute_hours,
        ..before.clone()
    };
    let after = writer.replace::<Entity, ActiveModel>("change", &before, after).await?;
    writer.store().sessions.forget_all();
    Ok(after)
}
