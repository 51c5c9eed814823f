//! Permission as a parameter: `who: By<Editor>` in a signature is the permission, and holding the value is the proof.
//!
//! It comes first among the parameters, so that strangers are told 401 or 403 before anything else. A `By<Viewer>`
//! cannot open a change at all. Programs come with a key, people with a session's cookie: whoever sends a key is asked
//! about it alone. A change that comes with a cookie needs the session's CSRF token as well, since browsers send
//! cookies on anyone's behalf.
//!
//! A key may have a scope that opens less than its role allows. Reading opens to `read_only` by itself; to the narrower
//! scopes an operation opens only where its signature says so, as `By<InRegister<Viewer>>` or `By<Importing<Editor>>`.
//!
//! What is about a person's own account takes a [`Me`] in its place, which only a session gives; what anyone may ask, a
//! [`Stranger`].

use std::{marker::PhantomData, ops::Deref};

use diligence_entities::{
    api_key::{self, Caller, KeyScope},
    audit,
    error::Error,
    role::Role,
    scope::{Reader, Scope, Store, Writer},
    session::{self, Person, Stage, Visit},
};
use poem::{
    FromRequest, Request, RequestBody,
    http::{HeaderValue, Method, header},
    web::headers::authorization::{Basic, Credentials as _},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use crate::{
    cookie,
    path::{OperationName, TakesNoQuery},
    problem::{Answer, Problem, Type},
    query,
    trail::Trail,
};

/// A role as a type.
pub trait AtLeast: Send + Sync + 'static {
    /// The role.
    const ROLE: Role;
    /// How an operation says in its metadata that it needs the role; the document turns it into the scheme, `x-role`
    /// and 403.
    const REQUIREMENT: &'static str;
    /// The narrow scopes of keys that open the operation too, and how its metadata says so.
    const NARROW: &'static [(KeyScope, &'static str)] = &[];
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
/// The role `R`, for what is part of the register itself: opens to keys of the scope `register_only` too. It may not
/// open a change.
#[derive(Debug)]
pub struct InRegister<R>(PhantomData<fn() -> R>);
impl<R: AtLeast> AtLeast for InRegister<R> {
    const ROLE: Role = R::ROLE;
    const REQUIREMENT: &'static str = R::REQUIREMENT;
    const NARROW: &'static [(KeyScope, &'static str)] = &[(KeyScope::RegisterOnly, "scope.register_only")];
}

/// The role `R`, for the calendar: opens to keys of the scopes `register_only` and `calendar_only` too. It may not open
/// a change.
#[derive(Debug)]
pub struct InCalendar<R>(PhantomData<fn() -> R>);
impl<R: AtLeast> AtLeast for InCalendar<R> {
    const ROLE: Role = R::ROLE;
    const REQUIREMENT: &'static str = R::REQUIREMENT;
    const NARROW: &'static [(KeyScope, &'static str)] =
        &[(KeyScope::RegisterOnly, "scope.register_only"), (KeyScope::CalendarOnly, "scope.calendar_only")];
}

/// The role `R`, for an import: opens to keys of the scope `import_only` too.
#[derive(Debug)]
pub struct Importing<R>(PhantomData<fn() -> R>);
impl<R: AtLeast> AtLeast for Importing<R> {
    const ROLE: Role = R::ROLE;
    const REQUIREMENT: &'static str = R::REQUIREMENT;
    const NARROW: &'static [(KeyScope, &'static str)] = &[(KeyScope::ImportOnly, "scope.import_only")];
}
impl<R: Writes> Writes for Importing<R> {}

/// The scopes of keys that open an operation: one rule for the door and for the document.
pub(crate) fn opened_by(reads: bool, narrow: &[KeyScope]) -> Vec<KeyScope> {
    let is_open = |scope: &KeyScope| match scope {
        KeyScope::Everything => true,
        KeyScope::ReadOnly => reads,
        KeyScope::RegisterOnly | KeyScope::ImportOnly | KeyScope::CalendarOnly => narrow.contains(scope),
    };
    KeyScope::ALL.into_iter().filter(is_open).collect()
}

/// Whether an operation that needs `role` only reads: it is fetched, or its role could not open a change.
pub(crate) fn reads(method: &Method, role: Role) -> bool {
    method.is_safe() || role == Role::Viewer
}

/// Whether a key of this scope opens an operation that takes a `By<R>`.
fn expect_scope<R: AtLeast>(key_scope: KeyScope, method: &Method) -> Result<(), Problem> {
    let narrow: Vec<KeyScope> = R::NARROW.iter().map(|(scope, _)| *scope).collect();
    let scopes = opened_by(reads(method, R::ROLE), &narrow);
    if scopes.contains(&key_scope) {
        return Ok(());
    }
    let wanted: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    Err(Problem::new(
        Type::Forbidden,
        format!("this needs a key with the scope {}; the key has the scope {key_scope}", wanted.join(" or ")),
    ))
}

impl Writes for Editor {}
impl Writes for Approver {}
impl Writes for Admin {}

/// What marks a requirement of a role among security schemes, before the document is put together.
pub(crate) const REQUIREMENT_MARK: &str = "role.";
/// What marks in the same way that a person is needed, not a key.
pub(crate) const OWN_MARK: &str = "own.viewer";
/// What marks a narrow scope beside a role.
pub(crate) const SCOPE_MARK: &str = "scope.";
/// The security scheme of programs, by its name in the document.
pub(crate) const KEY_SCHEME: &str = "key";
/// The security scheme of people, by its name in the document.
pub(crate) const SESSION_SCHEME: &str = "session";
/// The header in which pages show that a change is theirs.
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";

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

    /// Opens a view for one statement, which needs no transaction around it.
    ///
    /// # Errors
    /// [`Error::Busy`] when no connection is free.
    pub async fn look(&self) -> Result<Reader, Error> {
        self.store.look(&self.scope).await
    }
}

impl<R> By<R> {
    /// Keeps that the caller takes a copy of `item_id` out of the register, before it leaves; `detail` says which part.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Database`]; then nothing may leave.
    pub async fn exports(
        &self,
        noun: &'static str,
        item_id: &str,
        detail: Option<serde_json::Value>,
    ) -> Result<(), Error> {
        audit::record(&self.store, &self.scope, "export", noun, item_id, detail).await
    }

    /// Passes an answer on; where it refuses an item to the caller for another duty of theirs, that is kept in the
    /// audit trail.
    pub(crate) async fn keeping_refusal<T, K>(
        &self,
        noun: &'static str,
        item_id: &str,
        answer: Answer<T, K>,
    ) -> Answer<T, K> {
        if let Err(refused) = &answer
            && let Some(detail) = refused.forbids()
        {
            audit::record(
                &self.store,
                &self.scope,
                "forbid",
                noun,
                item_id,
                Some(serde_json::json!({ "detail": detail })),
            )
            .await?;
        }
        answer
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

/// Someone who has shown who they are.
enum Known {
    /// A program, by its key.
    Key(Caller),
    /// A person.
    Person(Box<Person>),
}

/// The key that an `Authorization` carries: a bearer's, or the password of HTTP Basic, whatever the name before it.
pub(crate) fn key_in(authorization: &HeaderValue) -> Option<String> {
    let (scheme, rest) = authorization.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    let named = scheme.eq_ignore_ascii_case("basic").then(|| Basic::decode(authorization))??;
    Some(named.password().trim().to_owned())
}

/// How one can show who one is, and whether what was shown was wrong. Programs that subscribe to a calendar ask for a
/// name and a password once they are told that these would do; browsers would too, so they are not told.
fn challenge(request: &Request, was_wrong: bool) -> &'static str {
    let is_browser = request.headers().contains_key("sec-fetch-mode");
    match (request.uri().path().ends_with(".ics") && !is_browser, was_wrong) {
        (false, false) => "Bearer realm=\"diligence\"",
        (false, true) => "Bearer realm=\"diligence\", error=\"invalid_token\"",
        (true, false) => "Bearer realm=\"diligence\", Basic realm=\"diligence\", charset=\"UTF-8\"",
        (true, true) => {
            "Bearer realm=\"diligence\", error=\"invalid_token\", Basic realm=\"diligence\", charset=\"UTF-8\""
        }
    }
}

async fn authenticate(request: &Request, store: &Store) -> Result<Known, Problem> {
    let missing = || unauthenticated("sign in, or send a key: Authorization: Bearer <key>", challenge(request, false));
    let wrong = || unauthenticated("this key is unknown, expired or revoked", challenge(request, true));
    let mut sent = request.headers().get_all(header::AUTHORIZATION).iter();
    match (sent.next(), sent.next()) {
        (Some(value), None) => {
            let key = key_in(value).ok_or_else(missing)?;
            let caller = api_key::authenticate(store, &key).await?.ok_or_else(wrong)?;
            Ok(Known::Key(caller))
        }
        (None, _) => {
            let text = cookie::sent(request, cookie::SESSION).ok_or_else(missing)?;
            let ended = || unauthenticated("this session has ended: sign in again", "Bearer realm=\"diligence\"");
            let person = session::authenticate(store, text).await?.ok_or_else(ended)?;
            Ok(Known::Person(Box::new(person)))
        }
        (Some(_), Some(_)) => Err(missing()),
    }
}

/// Who asks with something good, noted for the log, and which kind of caller that is; nothing where an operation would
/// have to say what is wrong with it.
pub(crate) async fn known(request: &Request, store: &Store, trail: &Trail) -> Option<(Scope, String)> {
    let (scope, kind) = match authenticate(request, store).await.ok()? {
        Known::Key(caller) => {
            if let Some(day) = caller.ends_on {
                trail.note_end_of_key(day);
            }
            (caller.scope(None), format!("key {}", caller.key_scope))
        }
        Known::Person(person) if person.stage() == Stage::Complete => (person.scope(None), "person".to_owned()),
        Known::Person(_) => return None,
    };
    trail.note(&scope);
    Some((scope, kind))
}

/// What another site's page cannot send: the token that the session's own pages were given.
fn refuse_forged(request: &Request, person: &Person) -> Result<(), Problem> {
    if [Method::GET, Method::HEAD].contains(request.method()) {
        return Ok(());
    }
    let mut sent = request.headers().get_all(CSRF_HEADER).iter();
    match (sent.next().and_then(|value| value.to_str().ok()), sent.next()) {
        (Some(token), None) if person.knows(token) => Ok(()),
        _ => Err(Problem::new(
            Type::Forbidden,
            "a change with a session cookie needs the session's token in X-CSRF-Token: GET /api/v1/sessions/current returns it",
        )),
    }
}

fn stage_is_missing(stage: Stage) -> Problem {
    let detail = match stage {
        Stage::NeedsCode => "this session needs the second factor: POST /api/v1/sessions/current/confirm",
        _ => "your role needs a second factor here: set one up with POST /api/v1/users/me/mfa/enrol",
    };
    Problem::new(Type::Forbidden, detail)
}

pub(crate) fn store_of(request: &Request) -> Result<&Store, Problem> {
    request.data::<Store>().ok_or_else(|| Problem::internal("the app has no store"))
}

fn register_schemes(registry: &mut Registry) {
    let scheme = |ty, description| MetaSecurityScheme {
        ty,
        description: Some(description),
        name: None,
        key_in: None,
        scheme: None,
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    };
    let key = scheme(
        "http",
        "A key, for programs: `Authorization: Bearer <key>`. It belongs to one organisation, has a role (`viewer` < `editor` < `approver` < `admin`; `x-role` says which an operation needs) and a scope (`x-scopes` says which open an operation). A program that knows only names and passwords, such as a calendar or a spreadsheet, sends it as the password of HTTP Basic, with any name. Where a key and a cookie come together, the key counts.",
    );
    registry.create_security_scheme(KEY_SCHEME, MetaSecurityScheme { scheme: Some("bearer"), ..key });
    let session = scheme(
        "apiKey",
        "A session, for people: the cookie that `POST /sessions` sets (over plain HTTP on the same machine it is called `diligence`). Every request but GET and HEAD needs the session's `csrf_token` in `X-CSRF-Token` too.",
    );
    registry.create_security_scheme(
        SESSION_SCHEME,
        MetaSecurityScheme { name: Some(cookie::SESSION), key_in: Some("cookie"), ..session },
    );
}

/// Keeps that the caller was refused. Where that fails, they are refused all the same.
pub(crate) async fn note_refusal(request: &Request, store: &Store, scope: &Scope, needs: Role) {
    let operation = request.data::<OperationName>().map_or("unknown", |name| name.0);
    if let Err(error) = audit::refused(store, scope, operation, needs).await {
        tracing::warn!(cause = %error, operation, "a refusal could not be recorded in the audit trail");
    }
}

impl<'a, R: AtLeast> ApiExtractor<'a> for By<R> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();
    fn register(registry: &mut Registry) {
        register_schemes(registry);
    }
    fn security_schemes() -> Vec<&'static str> {
        std::iter::once(R::REQUIREMENT).chain(R::NARROW.iter().map(|(_, mark)| *mark)).collect()
    }
    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let store = store_of(request)?;
        let trail = request.data::<Trail>();
        let request_id = trail.map(|trail| trail.request_id.clone());
        let known = authenticate(request, store).await?;
        let (scope, who) = match &known {
            Known::Key(caller) => (caller.scope(request_id), "the key has"),
            Known::Person(person) => (person.scope(request_id), "you have"),
        };
        if let Some(trail) = trail {
            trail.note(&scope);
            if let Known::Key(caller) = &known
                && let Some(day) = caller.ends_on
            {
                trail.note_end_of_key(day);
            }
        }
        if let Known::Person(person) = &known
            && person.stage() != Stage::Complete
        {
            return Err(stage_is_missing(person.stage()).into());
        }
        if scope.role < R::ROLE {
            note_refusal(request, store, &scope, R::ROLE).await;
            return Err(Problem::new(
                Type::Forbidden,
                format!("this needs the role {}; {who} the role {}", R::ROLE, scope.role),
            )
            .into());
        }
        let refused = match &known {
            Known::Key(caller) => expect_scope::<R>(caller.key_scope, request.method()),
            Known::Person(person) => refuse_forged(request, person),
        };
        if let Err(problem) = refused {
            note_refusal(request, store, &scope, R::ROLE).await;
            return Err(problem.into());
        }
        if request.data::<TakesNoQuery>().is_some() {
            query::refuse_all(request)?;
        }
        Ok(Self { scope, store: store.clone(), role: PhantomData })
    }
}

/// How far someone must have come with signing in, as a type.
pub trait Reached: Send + Sync + 'static {
    /// Whether this is far enough.
    fn suffices(stage: Stage) -> bool;
}

macro_rules! stages {
    ($($(#[$doc:meta])* $name:ident: $($stage:ident)|*;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}
        impl Reached for $name {
            fn suffices(stage: Stage) -> bool {
                matches!(stage, $(Stage::$stage)|*)
            }
        }
    )*};
}
stages! {
    /// Signed in.
    Complete: Complete;
    /// Signed in, or about to set up a second factor that is needed.
    Enrolling: Complete | Enrolling;
    /// The password was right.
    Begun: Complete | Enrolling | NeedsCode;
}

/// A person in a session of theirs, for what is their own.
#[derive(Debug)]
pub struct Me<S = Complete> {
    person: Person,
    store: Store,
    visitor: Stranger,
    stage: PhantomData<fn() -> S>,
}

impl<S> Me<S> {
    /// Who it is.
    #[must_use]
    pub fn person(&self) -> &Person {
        &self.person
    }
    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
    /// From where the request comes.
    #[must_use]
    pub fn visit(&self) -> &Visit {
        &self.visitor.visit
    }
    /// The request, to find it in the logs.
    #[must_use]
    pub fn request_id(&self) -> Option<String> {
        self.visitor.visit.request_id.clone()
    }
    /// Whether it came over plain HTTP on the same machine.
    pub(crate) fn is_local(&self) -> bool {
        self.visitor.is_local
    }
}

impl<'a, S: Reached> ApiExtractor<'a> for Me<S> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();
    fn register(registry: &mut Registry) {
        register_schemes(registry);
    }
    fn security_schemes() -> Vec<&'static str> {
        vec![OWN_MARK]
    }
    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let store = store_of(request)?;
        let trail = request.data::<Trail>();
        let request_id = trail.map(|trail| trail.request_id.clone());
        let known = authenticate(request, store).await?;
        if let Some(trail) = trail {
            match &known {
                Known::Key(caller) => trail.note(&caller.scope(request_id)),
                Known::Person(person) => trail.note(&person.scope(request_id)),
            }
        }
        let Known::Person(person) = known else {
            return Err(
                Problem::new(Type::Forbidden, "only a signed-in person can do this: API keys have no account").into()
            );
        };
        if !S::suffices(person.stage()) {
            return Err(stage_is_missing(person.stage()).into());
        }
        refuse_forged(request, &person)?;
        let visitor = Stranger::of(request)?;
        Ok(Self { person: *person, store: store.clone(), visitor, stage: PhantomData })
    }
}

/// Anyone, for what needs no one in particular.
#[derive(Debug)]
pub struct Stranger {
    store: Store,
    visit: Visit,
    pub(crate) is_local: bool,
}

impl Stranger {
    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
    /// From where the request comes.
    #[must_use]
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    pub(crate) fn of(request: &Request) -> Result<Self, Problem> {
        if request.data::<TakesNoQuery>().is_some() {
            query::refuse_all(request)?;
        }
        let visit = Visit {
            agent: request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).map(str::to_owned),
            device: cookie::sent(request, cookie::DEVICE).filter(|text| text.len() <= 100).map(str::to_owned),
            request_id: request.data::<Trail>().map(|trail| trail.request_id.clone()),
        };
        Ok(Self { store: store_of(request)?.clone(), visit, is_local: cookie::is_on_this_machine(request) })
    }
}

impl<'a> FromRequest<'a> for Stranger {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request)?)
    }
}
