//! Tying people to what a provider calls them: an administrator says who someone is where no e-mail address can.
//!
//! Whoever the provider calls so is let in as that person from then on, as if an address had said it once. So it is for
//! the administrators of the organisation alone, and stands in its audit trail. A provider calls nobody two people.

use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{
    Entity, IdentityProvider, identity,
    trial::{EmailBelief, TrialOutcome},
};
use crate::{
    clock::Moment,
    error::Error,
    fault::{Fault, Faults},
    id::{IdentityProviderId, UserId},
    scope::{Reader, Writer},
    session,
    user::{self, User, membership},
};

/// How many subjects a person is tied to at the most.
const AT_MOST: usize = 20;
/// How many of what providers call one person are shown.
const SHOWN: u64 = 200;
/// How long a subject is at the most, in characters (OpenID Connect Core 1.0, section 2).
const LENGTH: usize = 255;

/// What an identity provider calls a user, by which they are known again when they sign in there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Identity {
    /// The identity provider.
    pub identity_provider_id: IdentityProviderId,
    /// Its issuer then. While the provider is entered under another one, this counts for nothing.
    pub issuer: String,
    /// What it calls them (`sub`).
    pub subject: String,
    /// Since when: they were tied to it, or first signed in there.
    pub created_at: Moment,
}

/// What identity providers call a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Identities {
    /// Each of it, the oldest first; at most 200.
    pub identities: Vec<Identity>,
}

/// What an identity provider calls a user.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "identity_provider_id": "idp_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c", "subject": "248289761001" }))]
pub struct NewIdentity {
    /// The identity provider.
    pub identity_provider_id: IdentityProviderId,
    /// What it calls them (`sub`), to the letter: a trial of the provider shows it.
    #[validate(length(min = 1, max = 255))]
    pub subject: String,
}

/// What identity providers call one of the organisation's users.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn identities(reader: &Reader, id: &UserId) -> Result<Identities, Error> {
    reader.get::<membership::Entity>(id.as_str()).await?;
    let identities = rows_of(reader, id).await?.into_iter().map(|row| Identity {
        identity_provider_id: row.provider_id,
        issuer: row.issuer,
        subject: row.subject,
        created_at: row.created_at,
    });
    Ok(Identities { identities: identities.collect() })
}

async fn rows_of(reader: &Reader, id: &UserId) -> Result<Vec<identity::Model>, Error> {
    use identity::Column;
    let select = reader.find::<identity::Entity>().filter(Column::UserId.eq(id.clone()));
    let select = select.order_by_asc(Column::CreatedAt).order_by_asc(Column::ProviderId).order_by_asc(Column::Subject);
    reader.all(select.limit(SHOWN)).await
}

/// The subjects by which providers know a user.
pub(crate) async fn subjects_of(reader: &Reader, id: &UserId) -> Result<Vec<String>, Error> {
    Ok(rows_of(reader, id).await?.into_iter().map(|row| row.subject).collect())
}

/// Who is known by this subject to a provider, under the issuer that it has now.
async fn known_by(reader: &Reader, provider: &IdentityProvider, subject: &str) -> Result<Option<UserId>, Error> {
    use identity::Column;
    let select = reader
        .find::<identity::Entity>()
        .filter(Column::ProviderId.eq(provider.id.clone()))
        .filter(Column::Issuer.eq(provider.issuer.as_str()))
        .filter(Column::Subject.eq(subject));
    Ok(reader.one(select).await?.map(|row| row.user_id))
}

/// The provider that is named in a body.
async fn named(reader: &Reader, id: &IdentityProviderId) -> Result<IdentityProvider, Error> {
    match reader.get::<Entity>(id.as_str()).await {
        Err(Error::NotFound) => Err(Error::unknown("/identity_provider_id", "identity provider")),
        found => found,
    }
}

/// A clash that is the subject's fault.
fn clash(code: &'static str, detail: &str) -> Error {
    Error::Conflict { code, detail: detail.into(), errors: vec![Fault::new("/subject", code, detail)] }
}

/// Ties a user to a subject: whoever the provider calls so signs in as them from then on.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] where the subject is somebody's
/// already, or the user has very many.
pub async fn tie(writer: &Writer, id: &UserId, version: i64, new: NewIdentity) -> Result<User, Error> {
    let membership = writer.get_at::<membership::Entity>(id.as_str(), version).await?;
    Faults::of_new(&new).done()?;
    let provider = named(writer, &new.identity_provider_id).await?;
    if let Some(known) = known_by(writer, &provider, &new.subject).await? {
        if known == *id {
            return Err(clash("already_tied", "this person is tied to this subject already"));
        }
        // Whom a provider of this organisation calls something belongs to it, and its admins see them.
        let other = user::row(writer, &known).await?;
        let detail = format!("this subject is that of {} already: untie them from it first", other.email);
        return Err(clash("subject_taken", &detail));
    }
    if rows_of(writer, id).await?.len() >= AT_MOST {
        return Err(clash(
            "too_many",
            &format!("a person is tied to {AT_MOST} subjects at the most: untie some first"),
        ));
    }
    let row = identity::Model {
        organisation_id: provider.organisation_id.clone(),
        provider_id: provider.id.clone(),
        issuer: provider.issuer.clone(),
        subject: new.subject.clone(),
        user_id: id.clone(),
        created_at: writer.now(),
    };
    writer.put_all::<identity::Entity, identity::ActiveModel>(vec![row], &[]).await?;
    user::note_identity(writer, "tie_identity", &membership, &provider, &new.subject).await
}

/// Unties a user from a subject, under whichever issuer. Their sessions in this organisation end: they may have come by
/// it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] where they are not tied to it.
pub async fn untie(writer: &Writer, id: &UserId, version: i64, known: NewIdentity) -> Result<User, Error> {
    use identity::Column;
    let membership = writer.get_at::<membership::Entity>(id.as_str(), version).await?;
    Faults::of_new(&known).done()?;
    let provider = named(writer, &known.identity_provider_id).await?;
    let theirs = Condition::all()
        .add(Column::ProviderId.eq(provider.id.clone()))
        .add(Column::Subject.eq(known.subject.as_str()))
        .add(Column::UserId.eq(id.clone()));
    if writer.clear::<identity::Entity>(theirs).await? == 0 {
        return Err(clash("not_tied", "this person is not tied to this subject of this identity provider"));
    }
    session::end_of_member(writer, id).await?;
    user::note_identity(writer, "untie_identity", &membership, &provider, &known.subject).await
}

/// What would let somebody in who came with a trial and is not let in, since no address says who they are: to tie one of
/// the organisation's people to the subject that came.
#[derive(Clone, Debug)]
pub struct TyingOffer {
    /// The subject.
    pub subject: String,
    /// The user whose address came, where the provider does not say whether it has verified it.
    pub user: Option<User>,
}

/// What can be offered to whoever tried a provider; none where it would change nothing.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn tying_offer(
    reader: &Reader,
    provider: &IdentityProvider,
    outcome: &TrialOutcome,
) -> Result<Option<TyingOffer>, Error> {
    let (Some(subject), Some(belief)) = (&outcome.subject, outcome.email_belief) else { return Ok(None) };
    let is_of_now = outcome.issuer.as_ref() == Some(&provider.issuer);
    let can_be_tied = is_of_now && !outcome.is_let_in && !belief.is_believed() && subject.chars().count() <= LENGTH;
    if !can_be_tied || known_by(reader, provider, subject).await?.is_some() {
        return Ok(None);
    }
    // An address that the provider says is not theirs points at nobody.
    let email = outcome.email.as_deref().filter(|_| belief == EmailBelief::NotSaid);
    let user = match email {
        Some(email) => match user::by_email(reader, email).await {
            Ok(user) => Some(user),
            Err(Error::NotFound) => None,
            Err(error) => return Err(error),
        },
        None => None,
    };
    Ok(Some(TyingOffer { subject: subject.clone(), user }))
}
