//! Who asks for a page, and what they send: the parameters of its handler. Holding one is the proof, of the role and of
//! the form's token; neither can be had without.

use std::{future::Future, marker::PhantomData, ops::Deref};

use diligence_entities::{
    error::Error,
    evidence_file,
    respondent::RespondentWriter,
    role::Role,
    scope::{Reader, Scope, Store, Writer},
};
use poem::{Request, RequestBody, http::Method};

use super::{
    form::{Form, SentFile},
    page::{Refusal, path_id, refuse_foreign, request_id},
    respond,
    sign_in::{PendingForm, SignedIn},
};
use crate::{
    auth::{AtLeast, Writes, store_of},
    body::Cost,
    problem::{Problem, Type},
};

/// The least that whoever asks for a page must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    /// Nobody in particular.
    Anyone,
    /// Somebody whose password was right, and who may not have shown all of who they are.
    Begun,
    /// Somebody who is signed in and has this role.
    Role(Role),
    /// A respondent on a visit.
    Respondent,
}

/// Who asks for a page.
pub(super) trait Who: Send + Sized + 'static {
    /// The least that they must be.
    const LEAST: Least;
    /// What shows that they are.
    type Proof: Send;
    /// Makes sure that they are, before anything of what they send is read.
    fn prove(request: &Request) -> impl Future<Output = Result<Self::Proof, Refusal>> + Send;
    /// Them, once that is sure.
    fn new(request: Request, proof: Self::Proof) -> Self;
    /// Makes sure that a form is theirs.
    fn expect_token(&self, form: &Form) -> impl Future<Output = Result<(), Refusal>> + Send;
    /// Whether their session has ended, and what they typed may be kept for them.
    fn has_left(_: &Request) -> impl Future<Output = Result<bool, Refusal>> + Send {
        std::future::ready(Ok(false))
    }
}

/// Somebody who is signed in and has at least the role `R`, at one page.
pub(super) struct Page<R> {
    request: Request,
    store: Store,
    here: SignedIn,
    role: PhantomData<fn() -> R>,
}

impl<R> Deref for Page<R> {
    type Target = SignedIn;
    fn deref(&self) -> &SignedIn {
        &self.here
    }
}

impl<R> Page<R> {
    /// What was asked for, and by whom.
    pub(super) fn parts(&self) -> (&Request, &SignedIn) {
        (&self.request, &self.here)
    }

    /// The id in the address.
    pub(super) fn id<I: std::str::FromStr>(&self) -> Result<I, Problem> {
        path_id(&self.request)
    }

    /// Whose rows they see, and who they are.
    pub(super) fn scope(&self) -> Scope {
        self.here.person.scope(request_id(&self.request))
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Their organisation, to read in.
    pub(super) async fn reader(&self) -> Result<Reader, Refusal> {
        Ok(self.store.read(&self.scope()).await?)
    }

    /// Requires this role of them too. Without it the request is refused, and the refusal is recorded.
    pub(super) async fn having<S: AtLeast>(self) -> Result<Page<S>, Refusal> {
        self.here.may(&self.request, S::ROLE).await?;
        Ok(Page { request: self.request, store: self.store, here: self.here, role: PhantomData })
    }
}

impl<R: Writes> Page<R> {
    /// A change to their organisation's rows, for what is not done by [`Page::change`].
    pub(super) async fn writer(&self) -> Result<Writer, Error> {
        self.store.write(&self.scope()).await
    }

    /// Changes something, all or nothing: what `operation` refuses leaves nothing behind.
    ///
    /// # Errors
    /// What `operation` says; [`Error::Busy`] or [`Error::Database`].
    pub(super) async fn change<T>(&self, operation: impl AsyncFnOnce(&Writer) -> Result<T, Error>) -> Result<T, Error> {
        let writer = self.writer().await?;
        let done = operation(&writer).await?;
        writer.save().await?;
        Ok(done)
    }
}

impl<R: AtLeast> Who for Page<R> {
    const LEAST: Least = Least::Role(R::ROLE);
    type Proof = (Store, SignedIn);

    async fn prove(request: &Request) -> Result<(Store, SignedIn), Refusal> {
        let here = SignedIn::of(request).await?;
        here.may(request, R::ROLE).await?;
        Ok((store_of(request)?.clone(), here))
    }

    fn new(request: Request, (store, here): (Store, SignedIn)) -> Self {
        Self { request, store, here, role: PhantomData }
    }

    async fn expect_token(&self, form: &Form) -> Result<(), Refusal> {
        Ok(self.here.is_proven(form)?)
    }

    async fn has_left(request: &Request) -> Result<bool, Refusal> {
        Ok(PendingForm::is_possible(request) && SignedIn::known(request).await?.is_none())
    }
}

/// Somebody whose password was right.
pub(super) struct Begun {
    request: Request,
    here: SignedIn,
}

impl Begun {
    /// What was asked for, and by whom.
    pub(super) fn parts(&self) -> (&Request, &SignedIn) {
        (&self.request, &self.here)
    }
}

impl Who for Begun {
    const LEAST: Least = Least::Begun;
    type Proof = SignedIn;

    async fn prove(request: &Request) -> Result<SignedIn, Refusal> {
        SignedIn::begun(request).await
    }

    fn new(request: Request, here: SignedIn) -> Self {
        Self { request, here }
    }

    async fn expect_token(&self, form: &Form) -> Result<(), Refusal> {
        Ok(self.here.is_proven(form)?)
    }
}

/// Whoever it may be. What they send comes from a page of ours.
pub(super) struct Anyone {
    request: Request,
}

impl Anyone {
    pub(super) fn request(&self) -> &Request {
        &self.request
    }
}

impl Who for Anyone {
    const LEAST: Least = Least::Anyone;
    type Proof = ();

    async fn prove(request: &Request) -> Result<(), Refusal> {
        if request.method() == Method::POST {
            refuse_foreign(request)?;
        }
        Ok(())
    }

    fn new(request: Request, (): ()) -> Self {
        Self { request }
    }

    async fn expect_token(&self, _: &Form) -> Result<(), Refusal> {
        Ok(())
    }
}

/// A respondent on a visit.
pub(super) struct Visitor {
    request: Request,
    here: respond::Here,
}

impl Visitor {
    /// What was asked for, and on which visit.
    pub(super) fn parts(&self) -> (&Request, &respond::Here) {
        (&self.request, &self.here)
    }

    /// Changes something of what the visit is about, all or nothing.
    ///
    /// # Errors
    /// What `operation` says; [`Error::Busy`] or [`Error::Database`].
    pub(super) async fn change<T>(
        &self,
        operation: impl AsyncFnOnce(&RespondentWriter) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let writer = self.here.write().await?;
        let done = operation(&writer).await?;
        writer.save().await?;
        Ok(done)
    }
}

impl Who for Visitor {
    const LEAST: Least = Least::Respondent;
    type Proof = respond::Here;

    async fn prove(request: &Request) -> Result<respond::Here, Refusal> {
        respond::Here::of(request).await
    }

    fn new(request: Request, here: respond::Here) -> Self {
        Self { request, here }
    }

    async fn expect_token(&self, form: &Form) -> Result<(), Refusal> {
        self.here.is_proven(&form.text("csrf")).await
    }
}

/// What sort of form is sent, and how much of it is read.
pub(super) trait FormKind: 'static {
    /// What is read of it.
    type Read: Send;
    /// Whether it has fields only, which can be kept for somebody whose session has ended.
    const CAN_BE_KEPT: bool = true;
    /// Reads it.
    fn read(request: &Request, body: RequestBody) -> impl Future<Output = Result<Self::Read, Problem>> + Send;
    /// Its fields.
    fn form(read: &Self::Read) -> &Form;
}

impl FormKind for Form {
    type Read = Self;
    async fn read(request: &Request, body: RequestBody) -> Result<Self, Problem> {
        Self::read(request, body).await
    }
    fn form(read: &Self) -> &Form {
        read
    }
}

/// A form without files of at most so many bytes.
pub(super) struct Within<const MOST: usize>;

impl<const MOST: usize> FormKind for Within<MOST> {
    type Read = Form;
    async fn read(request: &Request, body: RequestBody) -> Result<Form, Problem> {
        Form::read_within(request, body, MOST).await
    }
    fn form(read: &Form) -> &Form {
        read
    }
}

/// A form of a few fields, which anyone may send.
pub(super) struct Small;

impl FormKind for Small {
    type Read = Form;
    async fn read(request: &Request, body: RequestBody) -> Result<Form, Problem> {
        Form::read_of_anyone(request, body).await
    }
    fn form(read: &Form) -> &Form {
        read
    }
}

/// A form with which one signs in, and which may pass on what was typed before.
pub(super) struct PassingOn;

impl FormKind for PassingOn {
    type Read = Form;
    async fn read(request: &Request, body: RequestBody) -> Result<Form, Problem> {
        Form::read_passing_on(request, body).await
    }
    fn form(read: &Form) -> &Form {
        read
    }
}

/// What may be sent in a file.
pub(super) trait Upload: 'static {
    /// Bytes at the most.
    const MOST: usize;
    /// What reading it costs.
    const COST: Cost;
}

/// A file that is kept as evidence.
pub(super) struct EvidenceFile;

impl Upload for EvidenceFile {
    const MOST: usize = evidence_file::MAXIMUM_BYTES;
    const COST: Cost = Cost::Bytes;
}

/// A form with a file, if somebody chose one.
pub(super) struct WithFile<U>(PhantomData<fn() -> U>);

impl<U: Upload> FormKind for WithFile<U> {
    type Read = (Form, Option<SentFile>);
    const CAN_BE_KEPT: bool = false;
    async fn read(request: &Request, body: RequestBody) -> Result<(Form, Option<SentFile>), Problem> {
        Form::read_with_file(request, body, U::MOST, U::COST).await
    }
    fn form((form, _): &(Form, Option<SentFile>)) -> &Form {
        form
    }
}

/// A form with answers, and the files that were chosen beside them, each by its question.
pub(super) struct WithFiles<U>(PhantomData<fn() -> U>);

impl<U: Upload> FormKind for WithFiles<U> {
    type Read = (Form, Vec<(String, SentFile)>);
    const CAN_BE_KEPT: bool = false;
    async fn read(request: &Request, body: RequestBody) -> Result<(Form, Vec<(String, SentFile)>), Problem> {
        Form::read_with_files(request, body, U::MOST, U::COST).await
    }
    fn form((form, _): &(Form, Vec<(String, SentFile)>)) -> &Form {
        form
    }
}

/// A form of which it is proven that whoever sent it had it from a page of theirs.
pub(super) struct Proven<K: FormKind>(K::Read);

impl<K: FormKind> Proven<K> {
    /// What was read of it.
    pub(super) fn into_inner(self) -> K::Read {
        self.0
    }
}

impl<K: FormKind> Deref for Proven<K> {
    type Target = K::Read;
    fn deref(&self) -> &K::Read {
        &self.0
    }
}

/// Whoever asks for a page, if they may.
pub(super) async fn asking<W: Who>(request: Request) -> Result<W, Refusal> {
    let proof = W::prove(&request).await?;
    Ok(W::new(request, proof))
}

/// Whoever sends a form, if they may, and the form. They are asked before it is read.
pub(super) async fn sending<W: Who, K: FormKind>(
    request: Request,
    body: RequestBody,
) -> Result<(W, Proven<K>), Refusal> {
    if K::CAN_BE_KEPT && W::has_left(&request).await? {
        // What they typed is read like a stranger's, and shown to them again once they have signed in.
        K::read(&request, body).await?;
        W::prove(&request).await?;
        return Err(
            Problem::new(Type::Forbidden, "this form does not belong to your session: open the page again").into()
        );
    }
    let proof = W::prove(&request).await?;
    let read = K::read(&request, body).await?;
    let who = W::new(request, proof);
    who.expect_token(K::form(&read)).await?;
    Ok((who, Proven(read)))
}
