//! Links sent by e-mail: what a letter says, and what is said where it cannot be sent.

use chrono::TimeDelta;
use diligence::config::Config;
use poem::{EndpointExt as _, http::Method, test::TestClient};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    sync::mpsc,
};

use super::{Visitor, token};
use crate::{
    harness::{App, On, id, text},
    roles::assessment,
};

/// A mail server of one mind: takes letters, or refuses them at this command; gives every letter it took.
pub(crate) async fn mail_server(refuses: Option<&'static str>) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("smtp://{}", listener.local_addr().expect("an address"));
    let (sender, letters) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (reader, mut writer) = stream.into_split();
            let mut lines = BufReader::new(reader).lines();
            let _ = writer.write_all(b"220 mail.example.org\r\n").await;
            let mut letter: Option<String> = None;
            while let Ok(Some(line)) = lines.next_line().await {
                let said = match &mut letter {
                    Some(text) if line == "." => {
                        let _ = sender.send(std::mem::take(text));
                        letter = None;
                        "250 taken".to_owned()
                    }
                    Some(text) => {
                        text.push_str(line.strip_prefix('.').unwrap_or(&line));
                        text.push('\n');
                        continue;
                    }
                    None => match line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
                        verb if Some(verb) == refuses => format!("550 no such person here, said of {line}"),
                        "EHLO" => "250 mail.example.org".into(),
                        "DATA" => {
                            letter = Some(String::new());
                            "354 go on".into()
                        }
                        "QUIT" => "221 goodbye".into(),
                        _ => "250 fine".into(),
                    },
                };
                let _ = writer.write_all(format!("{said}\r\n").as_bytes()).await;
            }
        }
    });
    (url, letters)
}

async fn with_mail(on: On, url: &str) -> App {
    let mut app = App::open(on).await;
    let config = Config {
        smtp_url: Some(url.to_owned()),
        smtp_from: Some("Register <register@example.org>".into()),
        public_url: "https://register.example.org".parse().ok(),
        ..Config::default()
    };
    app.client = TestClient::new(diligence::app(app.store.clone(), &config).boxed());
    app
}

/// The link once its letter waits no more.
async fn settled(app: &App, link: &Value) -> Value {
    loop {
        let read = app.get(&app.viewer, &format!("/links/{}", id(link))).await.json(200);
        if text(&read, "mail") != "queued" {
            return read;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_link_with_an_address_is_sent_by_e_mail_once_and_can_be_copied_all_the_same() {
    for on in [On::Sqlite, On::Postgres] {
        let (url, mut letters) = mail_server(None).await;
        let app = with_mail(on, &url).await;
        let supplier = app.supplier("Harbour").await;
        // As it may have come there before names were looked at.
        crate::characters::was_stored(&app, "supplier", &supplier, "name", "Harbour\r\nBcc: all@example.org").await;
        let open = assessment(&app, &supplier, "open").await;
        let body = json!({ "assessment_id": id(&open), "contact_name": "Sam Harbour", "email": "sam@harbour.example", "message": "Our yearly questions.", "due_on": "2027-03-20" });
        let headers = [("idempotency-key", "one")];
        let made = app.send(&app.editor, Method::POST, "/links", Some(&body), &headers).await.json(201);
        assert_eq!(text(&made, "mail"), "queued");
        app.send(&app.editor, Method::POST, "/links", Some(&body), &headers).await.json(201);
        let letter = letters.recv().await.expect("a letter");
        let plain = letter.replace("=\n", "").replace("=3D", "=").replace("=\r\n", "");
        for part in [
            "To: \"Sam Harbour\" <sam@harbour.example>",
            "Our yearly questions.",
            "Meadow View Care",
            "2027-03-20",
            &format!("https://register.example.org/respond#{}", token(&made)),
        ] {
            assert!(plain.contains(part) || plain.contains(&part.replace('"', "")), "{part} is not in {plain}");
        }
        assert!(!letter.lines().any(|line| line.starts_with("Bcc")), "{letter}");
        let sent = settled(&app, &made).await;
        assert_eq!((text(&sent, "mail"), &sent["mail_failure"], &sent["version"]), ("sent", &Value::Null, &json!(1)));
        Visitor::enters(&app, &token(&made)).await.get(&app, "/answers").await.json(200);
        // A resend is another letter; a retry was none.
        let again = app.act(&app.editor, &format!("/links/{}/resend", id(&made)), &sent, None).await.json(201);
        let letter = letters.recv().await.expect("a letter").replace("=\n", "");
        assert!(letter.contains(&token(&again)) && !letter.contains(&token(&made)), "{letter}");
        assert!(letters.try_recv().is_err());
        settled(&app, &again).await;
        let events = app.walk(&format!("/audit-events?item_id={}&action=send", id(&made)), 200).await;
        assert_eq!(events.len(), 1);
    }
}

/// The headers of a letter, each on one line, in their order.
fn headers(letter: &str) -> Vec<(String, String)> {
    let (head, _) = letter.split_once("\n\n").expect("an empty line after the headers");
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            headers.last_mut().expect("a header before what is folded").1.push_str(line);
        } else {
            let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("{line:?} is no header"));
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    headers
}

#[tokio::test]
async fn a_letter_has_the_headers_by_which_mail_servers_tell_letters_from_junk() {
    let (url, mut letters) = mail_server(None).await;
    let app = with_mail(On::Sqlite, &url).await;
    let open = assessment(&app, &app.supplier("Hafen M\u{fc}ller, \"the quay\"").await, "open").await;
    let body = json!({ "assessment_id": id(&open), "contact_name": "Zo\u{eb}, of \"Harbour\"", "email": "zoe@harbour.example" });
    let made = app.post(&app.editor, "/links", body).await.json(201);
    let first = letters.recv().await.expect("a letter");
    let again = app.act(&app.editor, &format!("/links/{}/resend", id(&made)), &settled(&app, &made).await, None).await;
    let again = again.json(201);
    let second = letters.recv().await.expect("another letter");
    for (letter, link) in [(&first, &made), (&second, &again)] {
        let headers = headers(letter);
        let said = |name: &str| -> String {
            let all: Vec<&String> = headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value).collect();
            assert_eq!(all.len(), 1, "{name} stands once: {letter}");
            all[0].clone()
        };
        assert_eq!(said("mime-version"), "1.0");
        assert_eq!(said("message-id"), format!("<{}@example.org>", id(link)));
        assert_eq!(said("from"), "Register <register@example.org>");
        assert!(said("to").ends_with("<zoe@harbour.example>") && !said("to").starts_with('<'));
        assert!(chrono::DateTime::parse_from_rfc2822(&said("date")).is_ok());
        assert_eq!(said("content-type"), "text/plain; charset=utf-8");
        assert!(["7bit", "quoted-printable", "base64"].contains(&said("content-transfer-encoding").as_str()));
        assert!(!said("subject").is_empty());
        assert!(letter.is_ascii() && letter.lines().all(|line| line.len() <= 998), "{letter}");
    }
    settled(&app, &again).await;
}

#[tokio::test]
async fn a_letter_that_cannot_be_sent_is_said_and_the_link_works() {
    let nowhere = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let (refusing, _letters) = mail_server(Some("RCPT")).await;
    for (url, why) in [(refusing, "no such person here"), (format!("smtp://{nowhere}"), "onnect")] {
        let app = with_mail(On::Sqlite, &url).await;
        let open = assessment(&app, &app.supplier("Harbour").await, "open").await;
        let made = app
            .post(
                &app.editor,
                "/links",
                json!({ "assessment_id": id(&open), "contact_name": "Sam", "email": "sam@harbour.example" }),
            )
            .await
            .json(201);
        let failed = settled(&app, &made).await;
        assert_eq!(text(&failed, "mail"), "failed");
        assert!(
            text(&failed, "mail_failure").contains(why) && !text(&failed, "mail_failure").contains("dlr_"),
            "{failed}"
        );
        Visitor::enters(&app, &token(&made)).await.get(&app, "/answers").await.json(200);
    }
}

#[tokio::test]
async fn a_letter_that_was_waiting_when_the_program_stopped_is_lost_and_said_so() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let app = with_mail(On::Sqlite, &format!("smtp://{}", silent.local_addr().expect("an address"))).await;
    let open = assessment(&app, &app.supplier("Harbour").await, "open").await;
    let made = app
        .post(
            &app.editor,
            "/links",
            json!({ "assessment_id": id(&open), "contact_name": "Sam", "email": "sam@harbour.example" }),
        )
        .await
        .json(201);
    assert_eq!(text(&app.get(&app.viewer, &format!("/links/{}", id(&made))).await.json(200), "mail"), "queued");
    app.clock.set(app.clock.now().time() + TimeDelta::hours(2));
    assert_eq!(text(&app.get(&app.viewer, &format!("/links/{}", id(&made))).await.json(200), "mail"), "failed");
}
