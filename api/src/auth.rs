//! Permission as a parameter: `who: By<Editor>` in a signature is the permission, and holding the value is the proof.
//!
//! It comes first among the parameters, so that strangers are told 401 or 403 before anything else. A `By<Viewer>` cannot
//! open a change at all.

use std::{marker::PhantomData, ops::Deref};

use diligence_entities::{
    api_key::{self, Caller},
    error::Error,
    role::Role,
    scope::{Reader, Scope, Store, Writer},
};
use poem::{Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use crate::{
    middleware::Trail,
    path::TakesNoQuery,
    problem::{Problem, Type},
    query,
};

/// A role as a type.
pub trait AtLeast: Send + Sync + 'static {
    /// The role.
    const ROLE: Role;
    /// How an operation says in its metadata that it needs the role; the document turns it into the scheme, `x-role` and 403.
    const REQUIREMENT: &'static str;
}
/// A role that may open a change.
pub trait Writes: AtLeast {}

macro_rules! roles {
    ($($role:ident $requirement:literal;)*) => {$(
        #[doc = concat!("The role `", stringify!($role), "` as a type.")]
        #[derive(Debug)]
        pub enum $role {}
        impl AtLeast for $role {
            const ROLE: Role = Role::$role;
            const REQUIREMENT: &'static str = $requirement;
        }
    )*};
}
roles! {
    Viewer "role.viewer";
    Editor "role.editor";
    Approver "role.approver";
    Admin "role.admin";
}
impl Writes for Editor {}
impl Writes for Approver {}
impl Writes for Admin {}

/// What marks a requirement of a role among security schemes, before the document is put together.
pub(crate) const REQUIREMENT_MARK: &str = "role.";
/// The security scheme's name in the document.
pub(crate) const SCHEME: &str = "key";

/// Proof that the caller holds at least the role `R`.
#[derive(Debug)]
pub struct By<R> {
    scope: Scope,
    store: Store,
    role: PhantomData<fn() -> R>,
}

impl<R> By<R> {
    /// Who is asking, and for which organisation.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The store, for operations that are not one transaction.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Opens a view of the caller's organisation.
    ///
    /// # Errors
    /// [`Error::Busy`] when no connection is free.
    pub async fn read(&self) -> Result<Reader, Error> {
        self.store.read(&self.scope).await
    }
}

impl<R: Writes> By<R> {
    /// Opens a change to the caller's organisation.
    ///
    /// # Errors
    /// [`Error::Busy`] when no connection is free.
    pub async fn write(&self) -> Result<Writer, Error> {
        self.store.write(&self.scope).await
    }
}

impl<R> Deref for By<R> {
    type Target = Scope;
    fn deref(&self) -> &Scope {
        &self.scope
    }
}

fn unauthenticated(detail: &'static str, challenge: &'static str) -> Problem {
    Problem::new(Type::Unauthenticated, detail).with_challenge(challenge)
}

async fn authenticate(request: &Request, store: &Store) -> Result<Caller, Problem> {
    let missing = || unauthenticated("a key is needed: send Authorization: Bearer <key>", "Bearer realm=\"diligence\"");
    let wrong = || unauthenticated("this key is unknown, expired or revoked", "Bearer realm=\"diligence\", error=\"invalid_token\"");
    let mut sent = request.headers().get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (sent.next(), sent.next()) else { return Err(missing()) };
    let key = value.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, key) = key.ok_or_else(missing)?;
    api_key::authenticate(store, key.trim()).await?.ok_or_else(wrong)
}

impl<'a, R: AtLeast> ApiExtractor<'a> for By<R> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();
    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: Some(
                "A key, for programs: `Authorization: Bearer <key>`. It belongs to one organisation and has a role: `viewer` < `editor` < `approver` < `admin`.",
            ),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(SCHEME, scheme);
    }
    fn security_schemes() -> Vec<&'static str> {
        vec![R::REQUIREMENT]
    }
    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let store = request.data::<Store>().ok_or_else(|| Problem::internal("the app has no store"))?;
        let caller = authenticate(request, store).await?;
        let trail = request.data::<Trail>();
        let scope = caller.scope(trail.map(|trail| trail.request_id.clone()));
        if let Some(trail) = trail {
            trail.note(&scope);
        }
        if scope.role < R::ROLE {
            return Err(Problem::new(Type::Forbidden, format!("this needs the role {}; the key has the role {}", R::ROLE, scope.role)).into());
        }
        if request.data::<TakesNoQuery>().is_some() {
            query::refuse_all(request)?;
        }
        Ok(Self { scope, store: store.clone(), role: PhantomData })
    }
}
