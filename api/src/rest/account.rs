//! One's own account: name, password, second factor.

use diligence_entities::{
    invitation::{self, Accepted, Token},
    sample::{self, SampleRegister},
    user::{self, Enrolment, FirstCode, Me as Account, NewMe, NewPassword, Password, Proof, RecoveryCodes},
};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Changed, Found},
    auth::{Complete, Enrolling, Me},
    path::boxed,
    payload::{Body, Change},
    problem::{Answer, Changing, Owning, Reading},
    version::IfMatch,
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Account")]
impl Api {
    /// Read your account
    #[oai(path = "/users/me", method = "get", operation_id = "read_me", transform = "boxed")]
    async fn read(&self, me: Me<Enrolling>) -> Answer<Changed<Account>, Reading> {
        // Never "as you have it": the organisations, say, are others without another version of the account.
        Ok(Changed(user::me(me.store(), me.person()).await?))
    }

    /// Change your name
    #[oai(path = "/users/me", method = "patch", operation_id = "change_me", transform = "boxed")]
    async fn change(
        &self,
        me: Me<Complete>,
        version: IfMatch,
        change: Change<NewMe>,
    ) -> Answer<Changed<Account>, Changing> {
        Ok(Changed(user::change_me(me.store(), me.person(), me.request_id(), version.0, change.0).await?))
    }

    /// Change your password
    ///
    /// Needs the current password. All your other sessions end.
    #[oai(path = "/users/me/change-password", method = "post", operation_id = "change_password", transform = "boxed")]
    async fn change_password(&self, me: Me<Enrolling>, body: Body<NewPassword>) -> Answer<Changed<Account>, Owning> {
        Ok(Changed(user::change_password(me.store(), me.person(), me.request_id(), &body).await?))
    }

    /// Enrol a second factor
    ///
    /// Needs your password. The response holds a secret for an authenticator app, once. It takes effect when a code from the app confirms it.
    #[oai(path = "/users/me/mfa/enrol", method = "post", operation_id = "enrol_mfa", transform = "boxed")]
    async fn enrol_mfa(&self, me: Me<Enrolling>, body: Body<Password>) -> Answer<Found<Enrolment>, Owning> {
        Ok(Found(user::enrol_mfa(me.store(), me.person(), me.request_id(), &body).await?))
    }

    /// Confirm your second factor
    ///
    /// With the code that the app shows. The response holds ten recovery codes, once. All your other sessions end.
    #[oai(path = "/users/me/mfa/confirm", method = "post", operation_id = "confirm_mfa", transform = "boxed")]
    async fn confirm_mfa(&self, me: Me<Enrolling>, body: Body<FirstCode>) -> Answer<Found<RecoveryCodes>, Owning> {
        Ok(Found(user::confirm_mfa(me.store(), me.person(), me.request_id(), &body).await?))
    }

    /// Renew your recovery codes
    ///
    /// Needs password and code. The old recovery codes stop working.
    #[oai(
        path = "/users/me/mfa/renew-recovery-codes",
        method = "post",
        operation_id = "renew_recovery_codes",
        transform = "boxed"
    )]
    async fn renew_recovery_codes(&self, me: Me<Complete>, body: Body<Proof>) -> Answer<Found<RecoveryCodes>, Owning> {
        Ok(Found(user::renew_recovery_codes(me.store(), me.person(), me.request_id(), &body).await?))
    }

    /// Disable your second factor
    ///
    /// Needs password and code.
    #[oai(path = "/users/me/mfa/disable", method = "post", operation_id = "disable_mfa", transform = "boxed")]
    async fn disable_mfa(&self, me: Me<Complete>, body: Body<Proof>) -> Answer<Changed<Account>, Owning> {
        Ok(Changed(user::disable_mfa(me.store(), me.person(), me.request_id(), &body).await?))
    }

    /// Join another organisation
    ///
    /// Needs the token of an invitation to your e-mail address.
    #[oai(path = "/users/me/join", method = "post", operation_id = "join_organisation", transform = "boxed")]
    async fn join(&self, me: Me<Complete>, body: Body<Token>) -> Answer<Found<Accepted>, Owning> {
        Ok(Found(invitation::accept_signed_in(me.store(), me.person(), me.request_id(), &body.token).await?))
    }

    /// Create a sample register
    ///
    /// A separate organisation with invented suppliers, AI products and a history, of which you are an administrator. Each person can
    /// have one. Switch to it with `POST /sessions/current/switch`.
    #[oai(path = "/users/me/sample", method = "post", operation_id = "create_sample", transform = "boxed")]
    async fn create_sample(&self, me: Me<Complete>) -> Answer<Found<SampleRegister>, Owning> {
        Ok(Found(sample::create_own(me.store(), me.person(), me.request_id()).await?))
    }
}
