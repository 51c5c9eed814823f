//! What is asked and what is answered, through a link.

use diligence_entities::{
    assessment::{AnswerChange, Confirmation},
    respondent::{self, InLanguage, RespondentProgress, RespondentQuestions, RespondentReceipt},
};
use poem_openapi::OpenApi;

use super::{auth::Respondent, tag::Tag};
use crate::{
    answer::{Changed, Found, Item, Once},
    path::boxed,
    payload::{Body, MaybeBody},
    problem::{Acting, Answer, ByLink, Changing, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Answers")]
impl Api {
    /// Read the questions
    ///
    /// All questions of the questionnaire, in order. Which of them are visible depends on the answers: see `GET /answers`.
    #[oai(path = "/questions", method = "get", operation_id = "read_questions", transform = "boxed")]
    async fn questions(
        &self,
        who: Respondent,
        query: Query<InLanguage>,
    ) -> Answer<Found<RespondentQuestions>, ByLink<Reading>> {
        Ok(Found(respondent::questions(&who.read().await?, query.language.as_deref()).await?))
    }

    /// Read the answers
    ///
    /// The answers so far, earlier answers that can be confirmed, the visible questions, what is missing, and what it costs to leave a question unanswered.
    #[oai(path = "/answers", method = "get", operation_id = "read_answers", transform = "boxed")]
    async fn read(&self, who: Respondent, have: IfNoneMatch) -> Answer<Item<RespondentProgress>, ByLink<Reading>> {
        Ok(Item::new(respondent::progress(&who.read().await?).await?, &have))
    }

    /// Save answers
    ///
    /// Saves one or more answers, which nobody else sees until they are submitted: absent questions keep theirs, null clears an answer. If someone else has changed the answers since they were read, it is refused with 412: read them again, then save.
    #[oai(path = "/answers", method = "patch", operation_id = "save_answers", transform = "boxed")]
    async fn save(
        &self,
        who: Respondent,
        version: IfMatch,
        body: Body<AnswerChange>,
    ) -> Answer<Changed<RespondentProgress>, ByLink<Changing>> {
        let writer = who.write().await?;
        let progress = respondent::save_answers(&writer, version.0, body.0).await?;
        writer.save().await?;
        Ok(Changed(progress))
    }

    /// Confirm earlier answers
    ///
    /// Earlier answers about the same supplier or product then count like any other: all of them, or those of the questions named. To discard one, clear its question with null.
    #[oai(path = "/answers/confirm", method = "post", operation_id = "confirm_answers", transform = "boxed")]
    async fn confirm(
        &self,
        who: Respondent,
        version: IfMatch,
        body: MaybeBody<Confirmation>,
        retry: Retry,
    ) -> Answer<Once<Changed<RespondentProgress>>, ByLink<Changing>> {
        retry
            .once(&who, async |writer| Ok(Changed(respondent::confirm_answers(writer, version.0, body.0).await?)))
            .await
    }

    /// Submit the answers
    ///
    /// Required questions must be answered. The answers can then no longer be changed, unless they are returned for changes.
    #[oai(path = "/answers/submit", method = "post", operation_id = "submit_answers", transform = "boxed")]
    async fn submit(
        &self,
        who: Respondent,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Changed<RespondentReceipt>>, ByLink<Acting>> {
        retry.once(&who, async |writer| Ok(Changed(respondent::submit_answers(writer, version.0).await?))).await
    }

    /// Read the receipt
    ///
    /// What was answered, who submitted it, and when. There is none before the answers are submitted.
    #[oai(path = "/answers/receipt", method = "get", operation_id = "read_receipt", transform = "boxed")]
    async fn receipt(
        &self,
        who: Respondent,
        query: Query<InLanguage>,
    ) -> Answer<Found<RespondentReceipt>, ByLink<Reading>> {
        Ok(Found(respondent::receipt(&who.read().await?, query.language.as_deref()).await?))
    }
}
