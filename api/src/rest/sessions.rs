//! Sessions: signing in and out.

use diligence_entities::{
    error::Error,
    id::SessionId,
    scope::Store,
    session::{self, CurrentSession, Ended, Granted, NewSession, OwnSessionFilter, Session, SessionFilter, Switch},
    user::SecondFactor,
};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Changed, Created, Done, Found, Listed, WithCookies},
    auth::{Admin, Begun, By, Complete, Enrolling, Me, Stranger},
    cookie,
    path::{At, boxed},
    payload::Body,
    problem::{Answer, Deleting, Listing, OwnActing, Owning, Reading, SigningIn},
    query::Query,
    version::IfMatch,
};

/// What a session that was just granted looks like from inside, and its cookies.
pub(crate) async fn granted(
    store: &Store,
    granted: &Granted,
    is_local: bool,
) -> Result<(CurrentSession, Vec<String>), Error> {
    let mut cookies = vec![cookie::session(granted.text.reveal(), is_local)];
    cookies.extend(granted.device.as_ref().map(|device| cookie::device(device.reveal(), is_local)));
    Ok((session::current(store, &granted.person).await?, cookies))
}

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Sessions")]
impl Api {
    /// Sign in
    ///
    /// With e-mail address and password, and a code if there is a second factor; without the code, `stage` is `needs_code` until it is confirmed. The response sets the session cookie and holds the CSRF token. After five failures each further attempt must wait, up to 15 minutes. The response never reveals whether an account exists.
    #[oai(path = "/sessions", method = "post", operation_id = "create_session", transform = "boxed")]
    async fn create(
        &self,
        stranger: Stranger,
        body: Body<NewSession>,
    ) -> Answer<WithCookies<Created<CurrentSession>>, SigningIn> {
        let new = session::sign_in(stranger.store(), stranger.visit(), &body).await?;
        let (current, cookies) = granted(stranger.store(), &new, stranger.is_local).await?;
        Ok(WithCookies::new(Created::at("sessions/current", current), cookies))
    }

    /// Read your session
    ///
    /// The user, the organisation, the stage of signing in, and the CSRF token to send with changes.
    #[oai(path = "/sessions/current", method = "get", operation_id = "read_session", transform = "boxed")]
    async fn read(&self, me: Me<Begun>) -> Answer<Found<CurrentSession>, Reading> {
        // Never "as you have it": the role, say, is another one without another version of the session.
        Ok(Found(session::current(me.store(), me.person()).await?))
    }

    /// Confirm a session with the second factor
    ///
    /// For a session whose `stage` is `needs_code`. The session cookie changes.
    #[oai(path = "/sessions/current/confirm", method = "post", operation_id = "confirm_session", transform = "boxed")]
    async fn confirm(
        &self,
        me: Me<Begun>,
        body: Body<SecondFactor>,
    ) -> Answer<WithCookies<Changed<CurrentSession>>, Owning> {
        let new = session::confirm(me.store(), me.visit(), me.person(), &body).await?;
        let (current, cookies) = granted(me.store(), &new, me.is_local()).await?;
        Ok(WithCookies::new(Changed(current), cookies))
    }

    /// Switch to another organisation
    ///
    /// You must belong to it. The session cookie changes.
    #[oai(path = "/sessions/current/switch", method = "post", operation_id = "switch_session", transform = "boxed")]
    async fn switch(
        &self,
        me: Me<Enrolling>,
        body: Body<Switch>,
    ) -> Answer<WithCookies<Changed<CurrentSession>>, Owning> {
        let new = session::switch(me.store(), me.visit(), me.person(), &body).await?;
        let (current, cookies) = granted(me.store(), &new, me.is_local()).await?;
        Ok(WithCookies::new(Changed(current), cookies))
    }

    /// Sign out
    #[oai(path = "/sessions/current/end", method = "post", operation_id = "end_session", transform = "boxed")]
    async fn end(&self, me: Me<Begun>) -> Answer<WithCookies<Found<Ended>>, OwnActing> {
        let ended = session::sign_out(me.store(), me.person(), me.request_id()).await?;
        Ok(WithCookies::new(Found(ended), vec![cookie::no_session(me.is_local())]))
    }

    /// List sessions
    ///
    /// All sessions of users in your organisation.
    #[oai(path = "/sessions", method = "get", operation_id = "list_sessions", transform = "boxed")]
    async fn list(&self, who: By<Admin>, query: Query<SessionFilter>) -> Answer<Listed<Session>, Listing> {
        let page = session::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// End a user's session
    ///
    /// It ends at once, on other replicas within seconds.
    #[oai(path = "/sessions/:id", method = "delete", operation_id = "delete_session", transform = "boxed")]
    async fn delete(&self, who: By<Admin>, id: At<SessionId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        session::revoke(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }

    /// List your sessions
    ///
    /// In all your organisations.
    #[oai(path = "/users/me/sessions", method = "get", operation_id = "list_own_sessions", transform = "boxed")]
    async fn list_own(&self, me: Me<Complete>, query: Query<OwnSessionFilter>) -> Answer<Listed<Session>, Listing> {
        let page = session::list_own(me.store(), me.person(), &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// End one of your sessions
    ///
    /// It ends at once, on other replicas within seconds.
    #[oai(path = "/users/me/sessions/:id", method = "delete", operation_id = "delete_own_session", transform = "boxed")]
    async fn delete_own(&self, me: Me<Complete>, id: At<SessionId>, version: IfMatch) -> Answer<Done, Deleting> {
        session::revoke_own(me.store(), me.person(), me.request_id(), &id, version.0).await?;
        Ok(Done)
    }

    /// End your other sessions
    #[oai(
        path = "/users/me/sessions/end-others",
        method = "post",
        operation_id = "end_other_sessions",
        transform = "boxed"
    )]
    async fn end_others(&self, me: Me<Complete>) -> Answer<Found<Ended>, OwnActing> {
        Ok(Found(session::end_others(me.store(), me.person(), me.request_id()).await?))
    }
}
