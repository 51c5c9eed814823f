//! Assessments.

use diligence_entities::{
    assessment::{self, AnswerChange, Assessment, AssessmentFilter, AssessmentReceipt, AssessmentResult, NewAssessment, PointsChange, Progress, Return},
    decision::NewDecision,
    id::AssessmentId,
};
use poem_openapi::OpenApi;

use super::Tag;
use crate::{
    answer::{Changed, Created, Done, Found, Item, Listed, Once},
    auth::{Approver, By, Editor, Viewer},
    path::At,
    payload::{Body, MaybeBody},
    problem::{Acting, Answer, Changing, Creating, Deleting, Listing, Reading},
    query::Query,
    retry::Retry,
    version::{IfMatch, IfNoneMatch},
};

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Assessments")]
impl Api {
    /// List assessments
    ///
    /// A page of assessments with their scores so far or as approved, without their answers.
    #[oai(path = "/assessments", method = "get", operation_id = "list_assessments")]
    async fn list(&self, who: By<Viewer>, query: Query<AssessmentFilter>) -> Answer<Listed<Assessment>, Listing> {
        let page = assessment::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Start an assessment
    ///
    /// Puts one edition of a questionnaire, the latest unless `edition` says which, to one supplier or product. It stays with that edition for ever.
    #[oai(path = "/assessments", method = "post", operation_id = "start_assessment")]
    async fn start(&self, who: By<Editor>, body: Body<NewAssessment>, retry: Retry) -> Answer<Once<Created<Assessment>>, Creating> {
        retry.once(&who, async |writer| Ok(Created::new("assessments", assessment::start(writer, body.0).await?))).await
    }

    /// Read an assessment
    #[oai(path = "/assessments/:id", method = "get", operation_id = "read_assessment")]
    async fn read(&self, who: By<Viewer>, id: At<AssessmentId>, have: IfNoneMatch) -> Answer<Item<Assessment>, Reading> {
        let assessment = assessment::read(&who.read().await?, &id).await?;
        Ok(Item::new(assessment, &have))
    }

    /// Delete an assessment
    ///
    /// Only one that was never submitted.
    #[oai(path = "/assessments/:id", method = "delete", operation_id = "delete_assessment")]
    async fn delete(&self, who: By<Editor>, id: At<AssessmentId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        assessment::delete(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }

    /// Read an assessment's answers
    ///
    /// With what is visible now, what is missing, and the score so far.
    #[oai(path = "/assessments/:id/answers", method = "get", operation_id = "read_answers")]
    async fn answers(&self, who: By<Viewer>, id: At<AssessmentId>) -> Answer<Changed<Progress>, Reading> {
        Ok(Changed(assessment::progress(&who.read().await?, &id).await?))
    }

    /// Answer questions
    ///
    /// Puts answers in place, as many as you have: absent questions keep theirs, null clears. The answer says what is visible now, how much is answered, and the score so far.
    #[oai(path = "/assessments/:id/answers", method = "patch", operation_id = "answer_assessment")]
    async fn answer(&self, who: By<Editor>, id: At<AssessmentId>, version: IfMatch, body: Body<AnswerChange>) -> Answer<Changed<Progress>, Changing> {
        let writer = who.write().await?;
        let progress = assessment::answer(&writer, &id, version.0, body.0).await?;
        writer.save().await?;
        Ok(Changed(progress))
    }

    /// Rate answers
    ///
    /// A reviewer's points for text answers, or in place of another answer's own points, with the reason. Absent questions keep what they have, null clears.
    #[oai(path = "/assessments/:id/review", method = "patch", operation_id = "rate_assessment")]
    async fn rate(&self, who: By<Approver>, id: At<AssessmentId>, version: IfMatch, body: Body<PointsChange>) -> Answer<Changed<Progress>, Changing> {
        let writer = who.write().await?;
        let progress = assessment::rate(&writer, &id, version.0, body.0).await?;
        writer.save().await?;
        Ok(Changed(progress))
    }

    /// Submit an assessment
    ///
    /// For decision. Required questions must be answered. Its findings become risks, each once.
    #[oai(path = "/assessments/:id/submit", method = "post", operation_id = "submit_assessment")]
    async fn submit(&self, who: By<Editor>, id: At<AssessmentId>, version: IfMatch, retry: Retry) -> Answer<Once<Changed<Assessment>>, Acting> {
        retry.once(&who, async |writer| Ok(Changed(assessment::submit(writer, &id, version.0).await?))).await
    }

    /// Return an assessment
    ///
    /// To be mended, with a comment that says what.
    #[oai(path = "/assessments/:id/return", method = "post", operation_id = "return_assessment")]
    async fn give_back(
        &self,
        who: By<Approver>,
        id: At<AssessmentId>,
        version: IfMatch,
        body: Body<Return>,
        retry: Retry,
    ) -> Answer<Once<Changed<Assessment>>, Changing> {
        retry.once(&who, async |writer| Ok(Changed(assessment::give_back(writer, &id, version.0, body.0).await?))).await
    }

    /// Approve an assessment
    ///
    /// From now on its scores count in the register. With conditions, or without; the body may be left out. An earlier approved one is superseded.
    #[oai(path = "/assessments/:id/approve", method = "post", operation_id = "approve_assessment")]
    async fn approve(
        &self,
        who: By<Approver>,
        id: At<AssessmentId>,
        version: IfMatch,
        body: MaybeBody<NewDecision>,
        retry: Retry,
    ) -> Answer<Once<Changed<Assessment>>, Changing> {
        retry.once(&who, async |writer| Ok(Changed(assessment::approve(writer, &id, version.0, body.0).await?))).await
    }

    /// Refuse on an assessment
    ///
    /// We may not rely on the supplier or product. The register's scores stay as they were; the decision stands beside them.
    #[oai(path = "/assessments/:id/refuse", method = "post", operation_id = "refuse_assessment")]
    async fn refuse(
        &self,
        who: By<Approver>,
        id: At<AssessmentId>,
        version: IfMatch,
        body: MaybeBody<NewDecision>,
        retry: Retry,
    ) -> Answer<Once<Changed<Assessment>>, Changing> {
        retry.once(&who, async |writer| Ok(Changed(assessment::refuse(writer, &id, version.0, body.0).await?))).await
    }

    /// Read an assessment's result
    ///
    /// Claimed and evidenced, by framework and principle, with every question's contribution, what caps the rating, and the findings.
    #[oai(path = "/assessments/:id/result", method = "get", operation_id = "read_result")]
    async fn result(&self, who: By<Viewer>, id: At<AssessmentId>) -> Answer<Found<AssessmentResult>, Reading> {
        Ok(Found(assessment::result(&who.read().await?, &id).await?))
    }

    /// Read an assessment's receipt
    ///
    /// Of a decided one: everything needed to compute its result again, years later.
    #[oai(path = "/assessments/:id/receipt", method = "get", operation_id = "read_receipt")]
    async fn receipt(&self, who: By<Viewer>, id: At<AssessmentId>) -> Answer<Found<AssessmentReceipt>, Reading> {
        Ok(Found(assessment::receipt(&who.read().await?, &id).await?))
    }
}
