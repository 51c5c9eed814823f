//! Respondents' links.

use std::sync::Arc;

use diligence_entities::{
    id::RespondentLinkId,
    page::Versioned,
    respondent_link::{self, Made, NewRespondentLink, Resend, RespondentLink, RespondentLinkFilter},
    scope::Scope,
};
use poem::web::Data;
use poem_openapi::OpenApi;
use schemars::JsonSchema;
use serde::Serialize;

use super::tag::Tag;
use crate::{
    answer::{Changed, Created, Listed, Once},
    auth::{By, Editor, Viewer},
    config::Config,
    mail::Mailer,
    path::{At, boxed},
    payload::{Body, MaybeBody},
    problem::{Acting, Answer, Changing, Creating, Listing, Reading},
    query::Query,
    retry::Retry,
    version::IfMatch,
};

/// A link just made, with its text.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct CreatedRespondentLink {
    /// The link as it is listed from now on.
    #[serde(flatten)]
    link: RespondentLink,
    /// The address to hand over. Shown once and not stored: null in the response to a retry.
    url: Option<String>,
    /// Whether the address opens on this computer only, because the program has no public address (`--public-url`):
    /// nobody elsewhere can use it then.
    opens_here_only: bool,
}

impl Versioned for CreatedRespondentLink {
    fn id(&self) -> &str {
        self.link.id()
    }
    fn version(&self) -> i64 {
        self.link.version()
    }
}

/// What to answer once a link was made, and the letter that is then to be sent with this address.
fn made(
    config: &Config,
    made: Made,
    post: &mut Option<(respondent_link::Letter, String)>,
) -> Created<CreatedRespondentLink> {
    let url = config.link_of_respondent(made.token.reveal());
    *post = made.letter.map(|letter| (letter, url.clone()));
    let kept = CreatedRespondentLink { link: made.link, url: None, opens_here_only: config.links_open_here_only() };
    Created::new("links", CreatedRespondentLink { url: Some(url), ..kept.clone() }).keeping(&kept)
}

/// Sends the letter once its link is kept, unless this is the answer to an earlier request.
fn post<A>(
    mailer: &Mailer,
    who: (&diligence_entities::scope::Store, &Scope),
    answer: &Once<A>,
    letter: Option<(respondent_link::Letter, String)>,
) {
    if let Some((letter, url)) = letter.filter(|_| !answer.is_replay()) {
        mailer.post(who.0.clone(), who.1.clone(), letter, url);
    }
}

pub(crate) struct Api;

#[expect(clippy::too_many_arguments, reason = "each is something that the operation takes")]
#[OpenApi(tag = "Tag::Links")]
impl Api {
    /// List links
    ///
    /// A page of links, including those that have ended, without their secrets.
    #[oai(path = "/links", method = "get", operation_id = "list_links", transform = "boxed")]
    async fn list(
        &self,
        who: By<Viewer>,
        query: Query<RespondentLinkFilter>,
    ) -> Answer<Listed<RespondentLink>, Listing> {
        let page = respondent_link::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Send an assessment as a link
    ///
    /// For a contact at the supplier, who needs no account: whoever has the link can answer this one assessment until it expires, and sees nothing else. The response holds the link, once; it is not stored, so a retry of this request returns `url` null. What is answered through it is seen only once it is submitted. If an e-mail address is given and this server sends e-mail, the link is also sent: `mail` has the delivery status. An assessment can have several links.
    #[oai(path = "/links", method = "post", operation_id = "create_link", transform = "boxed")]
    async fn create(
        &self,
        who: By<Editor>,
        config: Data<&Arc<Config>>,
        mailer: Data<&Mailer>,
        body: Body<NewRespondentLink>,
        retry: Retry,
    ) -> Answer<Once<Created<CreatedRespondentLink>>, Creating> {
        let mut letter = None;
        let answer = retry
            .once(&who, async |writer| {
                Ok(made(&config, respondent_link::create(writer, body.0, mailer.mailing()).await?, &mut letter))
            })
            .await?;
        post(&mailer, (who.store(), who.scope()), &answer, letter);
        Ok(answer)
    }

    /// Read a link
    ///
    /// Its state and the delivery status of its e-mail, without its secret.
    #[oai(path = "/links/:id", method = "get", operation_id = "read_link", transform = "boxed")]
    async fn read(&self, who: By<Viewer>, id: At<RespondentLinkId>) -> Answer<Changed<RespondentLink>, Reading> {
        Ok(Changed(respondent_link::read(&who.read().await?, &id).await?))
    }

    /// Revoke a link
    ///
    /// It stops working, and visits through it end at once. It stays in the list.
    #[oai(path = "/links/:id/revoke", method = "post", operation_id = "revoke_link", transform = "boxed")]
    async fn revoke(
        &self,
        who: By<Editor>,
        id: At<RespondentLinkId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Changed<RespondentLink>>, Acting> {
        retry.once(&who, async |writer| Ok(Changed(respondent_link::revoke(writer, &id, version.0).await?))).await
    }

    /// Send a link again
    ///
    /// Creates a new link in its place and returns it, once; the old link ends at once. Also for a link that was revoked, has expired, or whose e-mail could not be sent.
    #[oai(path = "/links/:id/resend", method = "post", operation_id = "resend_link", transform = "boxed")]
    async fn resend(
        &self,
        who: By<Editor>,
        config: Data<&Arc<Config>>,
        mailer: Data<&Mailer>,
        id: At<RespondentLinkId>,
        version: IfMatch,
        body: MaybeBody<Resend>,
        retry: Retry,
    ) -> Answer<Once<Created<CreatedRespondentLink>>, Changing> {
        let mut letter = None;
        let answer = retry
            .once(&who, async |writer| {
                Ok(made(
                    &config,
                    respondent_link::resend(writer, &id, version.0, body.0, mailer.mailing()).await?,
                    &mut letter,
                ))
            })
            .await?;
        post(&mailer, (who.store(), who.scope()), &answer, letter);
        Ok(answer)
    }
}
