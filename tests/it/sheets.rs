//! Sheets to fill in offline: whose they are, what their files are called, and what stands in a cell.

use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    bodies::zip,
    harness::{Answer, App, both, etag, id, text},
    pages::{form_data, goes_to, hidden, holds, lacks, shown, someone},
    questionnaires::publish,
};

/// Sends a filled-in sheet to this assessment, as it is now.
async fn sent(app: &App, assessment: &Value, query: &str, sheet: &[u8]) -> Answer {
    let path = format!("/assessments/{}", id(assessment));
    let version = etag(&app.get(&app.editor, &path).await.json(200));
    let headers = [("content-type", "application/octet-stream"), ("if-match", version.as_str())];
    app.raw(&app.editor, Method::POST, &format!("{path}/sheet{query}"), Some(sheet.to_vec()), &headers).await
}

async fn answers(app: &App, assessment: &Value) -> Value {
    app.get(&app.viewer, &format!("/assessments/{}/answers", id(assessment))).await.json(200)["answers"].clone()
}

async fn sheet(app: &App, assessment: &Value, format: &str) -> Answer {
    app.get(&app.viewer, &format!("/assessments/{}/sheet?format={format}", id(assessment))).await
}

/// What is said of the one thing that is wrong.
fn detail(refused: &Answer) -> String {
    assert_eq!(refused.faults(422), ["?for_another another_assessment"], "{}", refused.text);
    text(&refused.json(422)["errors"][0], "detail").to_owned()
}

/// The house check put to two suppliers; the first of them has answered.
async fn two(app: &App) -> (Value, Value) {
    publish(app).await;
    let first = app.assessment("house-check", &app.supplier("Alder Ltd").await).await;
    let second = app.assessment("house-check", &app.supplier("Birch Ltd").await).await;
    let given = json!({ "mfa": { "value": "yes" }, "hosting": { "value": "ours" } });
    app.patch(&app.editor, &format!("/assessments/{}/answers", id(&first)), &first, given).await.json(200);
    (first, second)
}

/// A workbook of the house check with these cells as XML: a row for each question.
fn workbook(rows: &[(&str, &str)]) -> Vec<u8> {
    let words = |word: &str| format!("<c t=\"inlineStr\"><is><t>{word}</t></is></c>");
    let columns = [
        "house-check 2027.1",
        "Section",
        "Question",
        "Help",
        "How to answer",
        "Answer",
        "Comment",
        "Not applicable: why",
        "Evidence",
    ];
    let rows = (2..).zip(rows).map(|(row, (key, cells))| {
        format!("<row r=\"{row}\"><c r=\"A{row}\" t=\"inlineStr\"><is><t>{key}</t></is></c>{cells}</row>")
    });
    let sheet = format!(
        "<worksheet><sheetData><row r=\"1\">{}</row>{}</sheetData></worksheet>",
        columns.map(words).concat(),
        rows.collect::<String>()
    );
    let relation = "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>";
    zip(&[
        ("xl/workbook.xml", b"<workbook><sheets><sheet name=\"Questions\" id=\"r1\"/></sheets></workbook>".to_vec()),
        ("xl/_rels/workbook.xml.rels", relation.as_bytes().to_vec()),
        ("xl/worksheets/sheet1.xml", sheet.into_bytes()),
    ])
}

both! {
    async fn what_one_supplier_filled_in_is_refused_for_another_unless_it_is_meant(app: App) {
        let (first, second) = two(&app).await;
        for format in ["xlsx", "csv"] {
            let sheet = sheet(&app, &first, format).await.bytes;
            for query in ["", "?for_another=false"] {
                let told = detail(&sent(&app, &second, query, &sheet).await);
                for part in ["Alder Ltd", "Birch Ltd", id(&first), id(&second)] {
                    assert!(told.contains(part), "{part}: {told}");
                }
                assert!(told.find("Alder Ltd") < told.find("Birch Ltd"), "whose it is comes first: {told}");
            }
            assert_eq!(answers(&app, &second).await, json!({}), "{format}");
            sent(&app, &second, "?for_another=maybe", &sheet).await.faults(422);
            // Its own takes it, said or not; and the other where it is meant.
            sent(&app, &first, "", &sheet).await.json(200);
            sent(&app, &first, "?for_another=true", &sheet).await.json(200);
            let filled = sent(&app, &second, "?for_another=true", &sheet).await.json(200);
            assert_eq!(filled["answers"], answers(&app, &first).await, "{format}");
            app.patch(&app.editor, &format!("/assessments/{}/answers", id(&second)), &filled["assessment"], json!({ "mfa": null, "hosting": null })).await.json(200);
        }
    }

    async fn whose_a_sheet_is_is_told_with_the_cells_that_do_not_fit(app: App) {
        let (first, second) = two(&app).await;
        let sheet = sheet(&app, &first, "csv").await.text;
        let wrong = sheet.replacen(",Yours,", ",Somewhere,", 1);
        assert_ne!(wrong, sheet);
        assert_eq!(sent(&app, &second, "", wrong.as_bytes()).await.faults(422), ["?for_another another_assessment", "/hosting/value unknown_option"]);
        assert_eq!(sent(&app, &second, "?for_another=true", wrong.as_bytes()).await.faults(422), ["/hosting/value unknown_option"]);
    }

    async fn a_product_is_told_from_its_supplier_and_an_assessment_from_an_earlier_one(app: App) {
        publish(&app).await;
        let supplier = app.supplier("Alder Ltd").await;
        let product = app.product(&supplier, "Rota AI").await;
        let (of_supplier, of_product) = (app.assessment("house-check", &supplier).await, app.assessment("house-check", &product).await);
        let told = detail(&sent(&app, &of_supplier, "", sheet(&app, &of_product, "csv").await.text.as_bytes()).await);
        assert!(told.contains("“Rota AI” of “Alder Ltd”") && told.contains(&format!("that of “Alder Ltd” ({})", id(&of_supplier))), "{told}");
        // A sheet of an assessment that was deleted since, and begun anew.
        let gone = sheet(&app, &of_supplier, "xlsx").await.bytes;
        assert_eq!(app.delete(&app.editor, &format!("/assessments/{}", id(&of_supplier)), &of_supplier).await.status, 204);
        let anew = app.assessment("house-check", &supplier).await;
        let told = detail(&sent(&app, &anew, "", &gone).await);
        assert!(told.contains("not in this register") && told.contains(id(&of_supplier)), "{told}");
    }

    async fn a_sheet_from_another_organisation_is_refused_and_says_nothing_of_it(app: App) {
        let (_, second) = two(&app).await;
        let next = app.next_door();
        publish(&next).await;
        let theirs = next.assessment("house-check", &next.supplier("Quiet Ltd").await).await;
        for format in ["xlsx", "csv"] {
            let sheet = sheet(&next, &theirs, format).await.bytes;
            let told = detail(&sent(&app, &second, "", &sheet).await);
            assert!(told.contains("not in this register") && !told.contains("Quiet"), "{told}");
        }
    }

    async fn a_sheet_that_names_no_assessment_is_taken(app: App) {
        let (first, second) = two(&app).await;
        // As `diligence questionnaire sheet` writes it.
        let sheet = sheet(&app, &first, "csv").await.text;
        assert!(sheet.starts_with(&format!("house-check 2027.1 {},", id(&first))), "{sheet}");
        let nobodys = sheet.replacen(&format!(" {}", id(&first)), "", 1);
        assert_eq!(sent(&app, &second, "", nobodys.as_bytes()).await.json(200)["answers"], answers(&app, &first).await);
    }

    async fn a_file_is_called_after_the_supplier_or_product_and_the_questionnaire(app: App) {
        publish(&app).await;
        let called = async |subject: &Value, format: &str| {
            let answer = sheet(&app, &app.assessment("house-check", subject).await, format).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            answer.header("content-disposition").to_owned()
        };
        let supplier = app.supplier("Harbour Care Ltd.").await;
        assert_eq!(called(&supplier, "xlsx").await, "attachment; filename=\"Harbour Care Ltd. - house-check-2027.1.xlsx\"");
        // Nothing of a name becomes a folder, an option or the end of a header; what old readers cannot read stands beside.
        assert_eq!(called(&app.product(&supplier, "../../etc/passwd").await, "csv").await, "attachment; filename=\"etc passwd - house-check-2027.1.csv\"");
        assert_eq!(
            called(&app.supplier("--Ŵyn / \"Llan\"; x=1").await, "xlsx").await,
            "attachment; filename=\"_yn Llan _ x_1 - house-check-2027.1.xlsx\"; filename*=UTF-8''%C5%B4yn%20Llan%20%3B%20x%3D1%20-%20house-check-2027.1.xlsx"
        );
        assert_eq!(called(&app.supplier("???").await, "csv").await, "attachment; filename=\"Sheet - house-check-2027.1.csv\"");
        // Sixty letters of two bytes each.
        let long = called(&app.supplier(&"é".repeat(200)).await, "csv").await;
        assert!(long.contains(&format!("\"{} - house-check-2027.1.csv\"", "_".repeat(60))), "{long}");
    }

    async fn a_formula_without_a_result_is_named_and_no_answer_is_lost_silently(app: App) {
        publish(&app).await;
        let assessment = app.assessment("house-check", &app.supplier("Alder Ltd").await).await;
        let empty = workbook(&[("mfa", "<c r=\"F2\"><f>IF(1,\"Yes\",\"No\")</f><v/></c>"), ("hosting", "<c r=\"F3\" t=\"str\"><v>Yours</v></c><c r=\"G3\"><f>A1</f></c>"), ("exit", "<c r=\"F4\"><f t=\"array\" ref=\"F4:F5\">Z1:Z2</f></c>"), ("plan", "")]);
        let refused = sent(&app, &assessment, "", &empty).await;
        let expected = ["/mfa/value", "/hosting/comment", "/exit/value", "/plan/value"].map(|pointer| format!("{pointer} formula_without_result"));
        assert_eq!(refused.faults(422), expected);
        for cell in ["Questions!F2", "Questions!G3", "Questions!F4", "Questions!F5"] {
            assert!(refused.text.contains(cell), "{cell}: {}", refused.text);
        }
        assert_eq!(answers(&app, &assessment).await, json!({}), "all or nothing");
        let saved = workbook(&[("mfa", "<c r=\"F2\" t=\"str\"><f>IF(1,\"Yes\",\"No\")</f><v>Yes</v></c>"), ("hosting", "<c r=\"F3\" t=\"str\"><v>Yours</v></c><c r=\"G3\" t=\"str\"><f>A1</f><v></v></c>")]);
        assert_eq!(sent(&app, &assessment, "", &saved).await.json(200)["answers"], json!({ "mfa": { "value": "yes" }, "hosting": { "value": "ours" } }));
    }

    async fn the_page_says_whose_a_sheet_is_and_takes_it_where_the_box_is_ticked(app: App) {
        let (first, second) = two(&app).await;
        let mut editor = someone(&app, "editor").await;
        let path = format!("/assessments/{}", id(&second));
        let action = format!("{path}/sheet");
        let page = shown(&mut editor, &app, &action).await;
        holds(&page.text, &["name=\"for_another\" value=\"true\"", "Take it even if it was made for another assessment"]);
        lacks(&page.text, &["value=\"true\" checked", "for_another-wrong"]);
        let sheet = sheet(&app, &first, "csv").await.text;
        let own: Vec<(String, String)> = hidden(&page.text, &action);
        let fields: Vec<(&str, &str)> = own.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let ticked: Vec<(&str, &str)> = fields.iter().copied().chain([("for_another", "true")]).collect();
        let refused = editor.send(&app, Method::POST, &action, Some(form_data(&fields, ("sheet.csv", "text/csv", sheet.as_bytes())))).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        holds(&refused.text, &["Nothing of the file is in place: 1 thing does not fit.", "“Alder Ltd”", "“Birch Ltd”", "href=\"#for_another\"", "id=\"for_another-wrong\""]);
        lacks(&refused.text, &["value=\"true\" checked"]);
        assert_eq!(answers(&app, &second).await, json!({}));
        // The box stays as it was ticked.
        let wrong = sheet.replacen(",Yours,", ",Somewhere,", 1);
        let refused = editor.send(&app, Method::POST, &action, Some(form_data(&ticked, ("sheet.csv", "text/csv", wrong.as_bytes())))).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        holds(&refused.text, &["value=\"true\" checked", "Somewhere"]);
        lacks(&refused.text, &["for_another-wrong", "“Alder Ltd”"]);
        let taken = editor.send(&app, Method::POST, &action, Some(form_data(&ticked, ("sheet.csv", "text/csv", sheet.as_bytes())))).await;
        assert_eq!(goes_to(&taken), format!("{path}?notice=filled"), "{}", taken.text);
        assert_eq!(answers(&app, &second).await, answers(&app, &first).await);
    }
}
