//! Links to many assessments at once.

use super::{ActiveModel, Entity, Letter, Made, MailState, Mailing, Model, NewRespondentLink};
use crate::{
    assessment::{Assessment, AssessmentState},
    error::Error,
    organisation, questionnaire,
    scope::Writer,
    secret::Token,
};

/// An assessment that was just started, to be sent to somebody at a supplier.
pub(crate) struct ToSend {
    pub(crate) assessment: Assessment,
    /// What it is about is called.
    pub(crate) subject: String,
    pub(crate) new: NewRespondentLink,
}

/// Makes a link to each of these assessments, which have none yet and are of one questionnaire.
pub(crate) async fn create_all(writer: &Writer, all: Vec<ToSend>, mailing: Mailing) -> Result<Vec<Made>, Error> {
    let Some(first) = all.first() else { return Ok(Vec::new()) };
    let organisation = organisation::read(writer).await?.name;
    let title = questionnaire::pinned(writer, &first.assessment.edition_id).await?.title.clone();
    let (mut rows, mut tokens) = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
    for ToSend { assessment, subject, new } in all {
        // That somebody was asked is on the list of what is due.
        writer.touch(&assessment.supplier_id);
        let (row, token) = new.into_row(writer, mailing)?;
        rows.push(row);
        tokens.push((token, subject, assessment.state.0));
    }
    let rows = writer.insert_all::<Entity, ActiveModel>(rows).await?;
    let made = |(row, (token, subject, state)): (Model, (Token, String, AssessmentState))| {
        let email = row.email.clone().filter(|_| row.mail.0 == MailState::Queued);
        let letter = email.map(|email| Letter {
            link_id: row.id.clone(),
            name: row.contact_name.clone(),
            email,
            organisation: organisation.clone(),
            questionnaire: title.clone(),
            subject,
            message: row.message.clone(),
            due_on: row.due_on,
            expires_on: row.expires_on,
        });
        Made { link: row.shown(state, writer.now()), token, letter }
    };
    Ok(rows.into_iter().zip(tokens).map(made).collect())
}
