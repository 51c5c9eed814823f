//! E-mail: letters that carry a link. A letter is as good as its link, so it is written down nowhere: it is sent right
//! after the link was kept, out of memory, and what became of it is written beside the link. One that was lost is sent
//! again as a new link.

use std::{sync::Arc, time::Duration};

use diligence_entities::{
    respondent_link::{self, Letter, Mailing},
    scope::{Scope, Store},
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    address::Address,
    message::{Mailbox, SinglePart},
};

/// How long the mail server may take for each step.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of what the mail server says against a letter is kept, in characters.
const REASON: usize = 300;

/// Sends letters, or does not, by configuration.
#[derive(Clone, Debug)]
pub struct Mailer(Option<Arc<Post>>);

#[derive(Debug)]
struct Post {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// A mail server's address and a sender, or neither.
    ///
    /// # Errors
    /// A sentence on what is wrong with it.
    pub fn new(smtp_url: Option<&str>, smtp_from: Option<&str>) -> Result<Self, String> {
        match (smtp_url, smtp_from) {
            (None, None) => Ok(Self(None)),
            (Some(_), None) => Err("smtp_url needs smtp_from: the sender of e-mails".into()),
            (None, Some(_)) => Err("smtp_from needs smtp_url: the server that sends e-mails".into()),
            (Some(url), Some(from)) => {
                let from = from
                    .parse()
                    .map_err(|_| format!("smtp_from: expected an e-mail address, perhaps with a name, such as Register <register@example.org>, not {from:?}"))?;
                // The address may have a password in it, so it is not said again.
                let wrong = |_| {
                    "smtp_url: expected smtps://USER:PASSWORD@HOST, smtp://HOST:587?tls=required or, without encryption, smtp://HOST:25".to_owned()
                };
                let server =
                    AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(wrong)?.timeout(Some(PATIENCE)).build();
                Ok(Self(Some(Arc::new(Post { server, from }))))
            }
        }
    }

    /// One that sends nothing.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Whether letters are sent.
    #[must_use]
    pub fn mailing(&self) -> Mailing {
        if self.0.is_some() { Mailing::Possible } else { Mailing::Impossible }
    }

    /// Connects to the mail server, encrypts and signs in as for a letter, and sends none.
    ///
    /// # Errors
    /// A sentence on why it does not take letters.
    pub async fn check(&self) -> Result<(), String> {
        let Some(post) = &self.0 else { return Ok(()) };
        match post.server.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err("it does not respond after connecting".into()),
            Err(error) => Err(reason(&error)),
        }
    }

    /// Sends a letter with this link in it, in its own time, and notes beside the link what became of it.
    pub fn post(&self, store: Store, scope: Scope, letter: Letter, url: String) {
        self.post_all(store, scope, vec![(letter, url)]);
    }

    /// Sends letters, each with its link in it, one after the other in their own time, and notes beside each link what
    /// became of it.
    pub fn post_all(&self, store: Store, scope: Scope, letters: Vec<(Letter, String)>) {
        let Some(post) = self.0.clone() else { return };
        tokio::spawn(async move {
            for (letter, url) in letters {
                post.deliver(&store, &scope, letter, url).await;
            }
        });
    }
}

impl Post {
    async fn deliver(self: &Arc<Self>, store: &Store, scope: &Scope, letter: Letter, url: String) {
        // What a server says may repeat what it was sent.
        let secret = url.rsplit_once('#').map_or(url.as_str(), |(_, secret)| secret);
        // A letter that cannot even be written is one that was not sent, whatever stopped it.
        let sending = tokio::spawn({
            let (post, letter, url) = (Arc::clone(self), letter.clone(), url.clone());
            async move { post.send(&letter, &url).await }
        });
        let sent = sending.await.unwrap_or_else(|_| Err("the e-mail could not be composed".to_owned()));
        let failure: Option<String> =
            sent.err().map(|reason| one_line(&reason.replace(secret, "…")).chars().take(REASON).collect());
        if let Some(reason) = &failure {
            tracing::warn!(link = %letter.link_id, %reason, "an e-mail was not sent");
        }
        if let Err(error) = respondent_link::note_mail(store, scope, &letter.link_id, failure).await {
            tracing::error!(link = %letter.link_id, %error, "the delivery status of an e-mail could not be saved");
        }
    }

    async fn send(&self, letter: &Letter, url: &str) -> Result<(), String> {
        let address: Address =
            letter.email.parse().map_err(|_| "the mail library does not accept this e-mail address".to_owned())?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(one_line(&letter.name)), address))
            .subject(one_line(&format!("{} asks about {}", letter.organisation, letter.subject)))
            .message_id(Some(self.message_id(letter)))
            .singlepart(SinglePart::plain(text(letter, url)))
            .map_err(|error| error.to_string())?;
        let answer = self.server.send(message).await;
        answer.map(drop).map_err(|error| reason(&error))
    }

    /// What mail servers and readers know the letter by: its link, of which it is the only letter, at the sender's domain.
    /// The name of this machine is nobody's business.
    fn message_id(&self, letter: &Letter) -> String {
        let domain = Some(self.from.email.domain()).filter(|domain| domain.is_ascii()).unwrap_or("diligence.invalid");
        format!("<{}@{domain}>", letter.link_id)
    }
}

/// The sentence of the library alone says little; what lies beneath it says why.
fn reason(error: &lettre::transport::smtp::Error) -> String {
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        if !reason.contains(&deeper.to_string()) {
            reason.push_str(&format!(": {deeper}"));
        }
        cause = deeper.source();
    }
    one_line(&reason)
}

fn one_line(text: &str) -> String {
    text.split(|letter: char| letter.is_control() || letter.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn text(letter: &Letter, url: &str) -> String {
    let Letter { link_id: _, name, email: _, organisation, questionnaire, subject, message, due_on, expires_on } =
        letter;
    let [name, organisation, questionnaire, subject] =
        [name, organisation, questionnaire, subject].map(|words| one_line(words));
    let message = message.as_ref().map(|message| format!("{message}\n\n")).unwrap_or_default();
    let due = due_on.map(|day| format!("Please answer by {day}. ")).unwrap_or_default();
    format!(
        "Dear {name},\n\n{organisation} asks you to answer \"{questionnaire}\" about {subject}.\n\n{message}Open this link to see the questions, answer them and come back as often as you like:\n\n{url}\n\n{due}The link works until {expires_on}. Whoever has it can answer in your name, so pass it on to those who are to answer only.\n"
    )
}

#[cfg(test)]
mod tests {
    use diligence_entities::text::is_email;

    use super::*;

    #[test]
    fn what_is_taken_for_an_address_at_the_door_is_taken_when_a_letter_is_sent() {
        let taken = ["a@example.org", "o'neill@example.org", "a+b@mail.example.org", "{a}|b@x.example", "a@localhost"];
        for address in [taken.as_slice(), &["a@[192.0.2.1]", "a@b\u{fc}cher.example"]].concat() {
            assert!(is_email(address) && address.parse::<Address>().is_ok(), "{address}");
        }
        for address in ["a..b@example.org", ".a@example.org", "a@example..org", "a@x[192.0.2.1]", "a b@example.org"] {
            assert!(!is_email(address) && address.parse::<Address>().is_err(), "{address}");
        }
    }

    #[test]
    fn a_mail_server_and_a_sender_come_together_and_are_understood() {
        let with = Mailer::new;
        assert_eq!(with(None, None).expect("no mail").mailing(), Mailing::Impossible);
        for url in
            ["smtp://127.0.0.1:25", "smtps://user:word@mail.example.org", "smtp://mail.example.org:587?tls=required"]
        {
            assert_eq!(
                with(Some(url), Some("Register <register@example.org>")).expect(url).mailing(),
                Mailing::Possible
            );
        }
        for (url, from, told) in [
            (Some("smtp://127.0.0.1"), None, "needs smtp_from"),
            (None, Some("a@example.org"), "needs smtp_url"),
            (Some("smtp://127.0.0.1"), Some("nobody"), "smtp_from: expected"),
            (Some("mail.example.org with a secret-word"), Some("a@example.org"), "smtp_url: expected"),
            (Some("http://user:secret-word@mail.example.org"), Some("a@example.org"), "smtp_url: expected"),
        ] {
            let said = with(url, from).expect_err("refused");
            assert!(said.contains(told) && !said.contains("secret-word"), "{said}");
        }
    }
}
