//! Assessments.

use diligence_entities::{
    assessment::{
        self, AnswerChange, Assessment, AssessmentFilter, AssessmentReceipt, AssessmentResult, Confirmation,
        MovementFilter, NewAssessment, PointsChange, Progress, Return, SheetFilter, SheetFormat, SheetReading,
    },
    decision::NewDecision,
    id::AssessmentId,
};
use diligence_questionnaires::{Improvements, Movement};
use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    answer::{Changed, Created, Done, File, FileKind as _, Found, Item, Listed, Once, SheetFile},
    auth::{Approver, By, Editor, Viewer},
    path::{At, boxed},
    payload::{Body, FileBody, MaybeBody, SHEET_LIMIT},
    problem::{Acting, Answer, Changing, Comparing, Creating, Deleting, Listing, Reading},
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
    #[oai(path = "/assessments", method = "get", operation_id = "list_assessments", transform = "boxed")]
    async fn list(&self, who: By<Viewer>, query: Query<AssessmentFilter>) -> Answer<Listed<Assessment>, Listing> {
        let page = assessment::list(&who.read().await?, &query).await?;
        Ok(Listed::new(page, &query))
    }

    /// Start an assessment
    ///
    /// Assesses one supplier or product with one edition of a questionnaire, the latest unless `edition` is given. The edition of an assessment never changes. Answers from earlier approved assessments of the same subject are carried over: they do not count until they are confirmed.
    #[oai(path = "/assessments", method = "post", operation_id = "start_assessment", transform = "boxed")]
    async fn start(
        &self,
        who: By<Editor>,
        body: Body<NewAssessment>,
        retry: Retry,
    ) -> Answer<Once<Created<Assessment>>, Creating> {
        retry.once(&who, async |writer| Ok(Created::new("assessments", assessment::start(writer, body.0).await?))).await
    }

    /// Read an assessment
    #[oai(path = "/assessments/:id", method = "get", operation_id = "read_assessment", transform = "boxed")]
    async fn read(
        &self,
        who: By<Viewer>,
        id: At<AssessmentId>,
        have: IfNoneMatch,
    ) -> Answer<Item<Assessment>, Reading> {
        let assessment = assessment::read(&who.read().await?, &id).await?;
        Ok(Item::new(assessment, &have))
    }

    /// Delete an assessment
    ///
    /// Only possible when it was never submitted.
    #[oai(path = "/assessments/:id", method = "delete", operation_id = "delete_assessment", transform = "boxed")]
    async fn delete(&self, who: By<Editor>, id: At<AssessmentId>, version: IfMatch) -> Answer<Done, Deleting> {
        let writer = who.write().await?;
        assessment::delete(&writer, &id, version.0).await?;
        writer.save().await?;
        Ok(Done)
    }

    /// Read an assessment's answers
    ///
    /// With the visible questions, what is missing, and the score so far. Answers given through a link are here, and in everything else about the assessment, only once they are submitted there; until then `unsubmitted` says how many there are.
    #[oai(path = "/assessments/:id/answers", method = "get", operation_id = "read_answers", transform = "boxed")]
    async fn answers(&self, who: By<Viewer>, id: At<AssessmentId>) -> Answer<Changed<Progress>, Reading> {
        Ok(Changed(assessment::progress(&who.read().await?, &id).await?))
    }

    /// Answer questions
    ///
    /// Saves one or more answers: absent questions keep theirs, null clears an answer. An answer takes the place of one that was given through a link and not submitted. The response has the visible questions, how much is answered, and the score so far.
    #[oai(path = "/assessments/:id/answers", method = "patch", operation_id = "answer_assessment", transform = "boxed")]
    async fn answer(
        &self,
        who: By<Editor>,
        id: At<AssessmentId>,
        version: IfMatch,
        body: Body<AnswerChange>,
    ) -> Answer<Changed<Progress>, Changing> {
        let writer = who.write().await?;
        let progress = assessment::answer(&writer, &id, version.0, body.0).await?;
        writer.save().await?;
        Ok(Changed(progress))
    }

    /// Confirm carried-over answers
    ///
    /// They then count like any other answer: all of them, or those of the questions named. To discard one, clear its question with null.
    #[oai(path = "/assessments/:id/confirm", method = "post", operation_id = "confirm_answers", transform = "boxed")]
    async fn confirm(
        &self,
        who: By<Editor>,
        id: At<AssessmentId>,
        version: IfMatch,
        body: MaybeBody<Confirmation>,
        retry: Retry,
    ) -> Answer<Once<Changed<Progress>>, Changing> {
        retry.once(&who, async |writer| Ok(Changed(assessment::confirm(writer, &id, version.0, body.0).await?))).await
    }

    /// Export an assessment's sheet
    ///
    /// Its questions as a spreadsheet to fill in offline, with the answers so far: an Excel workbook with locked questions and drop-downs, or a CSV table. The file is called after the supplier or product and the questionnaire, and says in its first cell which assessment it is for. It shows what a respondent may see: no weights, points, knock-outs or findings.
    #[oai(path = "/assessments/:id/sheet", method = "get", operation_id = "export_sheet", transform = "boxed")]
    async fn sheet(
        &self,
        who: By<Viewer>,
        query: Query<SheetFilter>,
        id: At<AssessmentId>,
    ) -> Answer<File<SheetFile>, Reading> {
        let (name, bytes) = assessment::sheet_to_fill_in(who.read().await?, &id, &query).await?;
        who.exports("sheet", id.as_str(), query.told()).await?;
        let [xlsx, csv] = [SheetFile::MEDIA_TYPES[0], SheetFile::MEDIA_TYPES[1]];
        let (ending, media_type) =
            if query.format.unwrap_or_default() == SheetFormat::Csv { ("csv", csv) } else { ("xlsx", xlsx) };
        Ok(File::new(format!("{name}.{ending}"), media_type, poem::Body::from_vec(bytes)))
    }

    /// Import an assessment's sheet
    ///
    /// Saves the answers of a filled-in workbook or CSV table, all or none; every invalid cell is reported, as is a formula whose result is not in the file. An empty cell changes nothing. The sheet of another assessment is refused, unless `for_another=true` says that it is meant. At most 5 MiB.
    #[oai(path = "/assessments/:id/sheet", method = "post", operation_id = "fill_in_assessment", transform = "boxed")]
    async fn fill_in(
        &self,
        who: By<Editor>,
        query: Query<SheetReading>,
        id: At<AssessmentId>,
        version: IfMatch,
        body: FileBody<SheetFile, SHEET_LIMIT, true>,
        retry: Retry,
    ) -> Answer<Once<Changed<Progress>>, Changing> {
        let sheet = assessment::read_sheet(who.read().await?, &id, &query, body.bytes).await;
        retry.once(&who, async |writer| Ok(Changed(assessment::fill_in(writer, &id, version.0, sheet).await?))).await
    }

    /// Rate answers
    ///
    /// A reviewer's points for text answers, or to override the points of other answers, with a reason. Absent questions keep their points, null clears them.
    #[oai(path = "/assessments/:id/review", method = "patch", operation_id = "rate_assessment", transform = "boxed")]
    async fn rate(
        &self,
        who: By<Approver>,
        id: At<AssessmentId>,
        version: IfMatch,
        body: Body<PointsChange>,
    ) -> Answer<Changed<Progress>, Changing> {
        let writer = who.write().await?;
        let progress = assessment::rate(&writer, &id, version.0, body.0).await?;
        writer.save().await?;
        Ok(Changed(progress))
    }

    /// Submit an assessment
    ///
    /// It then waits for a decision. Required questions must be answered. Each finding creates a risk, once. While answers have been given through a link that works and have not been submitted there, it is refused with 409: revoke the link to submit your own answers.
    #[oai(path = "/assessments/:id/submit", method = "post", operation_id = "submit_assessment", transform = "boxed")]
    async fn submit(
        &self,
        who: By<Editor>,
        id: At<AssessmentId>,
        version: IfMatch,
        retry: Retry,
    ) -> Answer<Once<Changed<Assessment>>, Acting> {
        retry.once(&who, async |writer| Ok(Changed(assessment::submit(writer, &id, version.0).await?))).await
    }

    /// Return an assessment
    ///
    /// Send an assessment back for changes, with a comment.
    #[oai(path = "/assessments/:id/return", method = "post", operation_id = "return_assessment", transform = "boxed")]
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
    /// Its scores then count in the register. Conditions are optional, and so is the body. An earlier approved assessment is superseded. Where the policy's separation of duties forbids the caller's decision, it is refused with 403; an admin may give an `override_reason`, which is recorded and shown.
    #[oai(path = "/assessments/:id/approve", method = "post", operation_id = "approve_assessment", transform = "boxed")]
    async fn approve(
        &self,
        who: By<Approver>,
        id: At<AssessmentId>,
        version: IfMatch,
        body: MaybeBody<NewDecision>,
        retry: Retry,
    ) -> Answer<Once<Changed<Assessment>>, Changing> {
        let answer = retry
            .once(&who, async |writer| Ok(Changed(assessment::approve(writer, &id, version.0, body.0).await?)))
            .await;
        who.keeping_refusal("assessment", id.as_str(), answer).await
    }

    /// Refuse an assessment
    ///
    /// Records the decision not to rely on the supplier or product. The scores in the register do not change; the decision is shown beside them. Separation of duties applies as for approving.
    #[oai(path = "/assessments/:id/refuse", method = "post", operation_id = "refuse_assessment", transform = "boxed")]
    async fn refuse(
        &self,
        who: By<Approver>,
        id: At<AssessmentId>,
        version: IfMatch,
        body: MaybeBody<NewDecision>,
        retry: Retry,
    ) -> Answer<Once<Changed<Assessment>>, Changing> {
        let answer = retry
            .once(&who, async |writer| Ok(Changed(assessment::refuse(writer, &id, version.0, body.0).await?)))
            .await;
        who.keeping_refusal("assessment", id.as_str(), answer).await
    }

    /// Read an assessment's result
    ///
    /// Claimed and evidenced, by framework and principle, with every question's contribution, what caps the rating, and the findings.
    #[oai(path = "/assessments/:id/result", method = "get", operation_id = "read_result", transform = "boxed")]
    async fn result(&self, who: By<Viewer>, id: At<AssessmentId>) -> Answer<Found<AssessmentResult>, Reading> {
        Ok(Found(assessment::result(&who.read().await?, &id).await?))
    }

    /// List improvements to a score
    ///
    /// The answers, evidence and ratings whose improvement would raise the score most, in order, each with the points it would add, and which of them together would reach the next band.
    #[oai(
        path = "/assessments/:id/improvements",
        method = "get",
        operation_id = "read_improvements",
        transform = "boxed"
    )]
    async fn improvements(&self, who: By<Viewer>, id: At<AssessmentId>) -> Answer<Found<Improvements>, Reading> {
        Ok(Found(assessment::improvements(who.read().await?, &id).await?))
    }

    /// Compare with an earlier assessment
    ///
    /// What changed the scores, question by question, since an earlier assessment of the same supplier or product: the last one decided with the same questionnaire unless `since` names one. The parts add up to the change.
    #[oai(path = "/assessments/:id/movement", method = "get", operation_id = "read_movement", transform = "boxed")]
    async fn movement(
        &self,
        who: By<Viewer>,
        query: Query<MovementFilter>,
        id: At<AssessmentId>,
    ) -> Answer<Found<Movement>, Comparing> {
        Ok(Found(assessment::movement(&who.read().await?, &id, &query).await?))
    }

    /// Read an assessment's receipt
    ///
    /// For a decided assessment, as one portable file: edition, answers, review, evidence and subject as they were, and the receipt. `diligence receipt verify` recomputes it, years later and without a database.
    #[oai(path = "/assessments/:id/receipt", method = "get", operation_id = "read_receipt", transform = "boxed")]
    async fn receipt(&self, who: By<Viewer>, id: At<AssessmentId>) -> Answer<Found<AssessmentReceipt>, Reading> {
        let receipt = assessment::receipt(&who.read().await?, &id).await?;
        who.exports("receipt", id.as_str(), None).await?;
        Ok(Found(receipt))
    }
}
