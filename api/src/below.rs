//! Being served below a part of another name's address, such as `https://www.example.org/diligence`, where nobody can
//! give the register a host's name of its own.
//!
//! Everything inside speaks of addresses from its own root on (`/suppliers/…`), and never learns that it stands
//! elsewhere: here alone the path of the public address is taken off what comes in and put before what goes out.
//! Templates, handlers and what is stored for a retry so stay as they are, and none can forget it.
//!
//! | What | How |
//! |---|---|
//! | a request | the path is taken off where it is there. A proxy may pass it on or take it off itself; which is why no place of ours may be called so ([`is_ours`]) |
//! | `Location`, `Link` | put before what begins at our root |
//! | a page | put before each `href`, `src`, `action` and `formaction` that begins at our root; never in text, where `"` and `<` are escaped |
//! | cookies | `Path` is the path, so that programs beside us are not sent them. A `__Host-` cookie has no path but `/`; so it is called `__Secure-` out there |
//! | the OpenAPI documents | the one server of each |
//! | `Strict-Transport-Security` | for this host alone: what else there is below its name is not ours to say |
//!
//! Links that leave this server (letters, calendars, files) are made of the whole public address by
//! [`crate::config::Config::link`]. What a problem's `type` says is a name to compare, and stays as it is.

use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderMap, HeaderValue, Uri, header},
};

use crate::{
    address::{RESPONDENT_ROOT, ROOT},
    problem::Problem,
};

/// The first part of each address of ours, in the order of the alphabet.
const OURS: [&str; 38] = [
    "account",
    "api",
    "assessments",
    "assets",
    "bulk",
    "compare",
    "concentration",
    "decisions",
    "dependencies",
    "docs",
    "due",
    "evidence",
    "exercises",
    "health",
    "import",
    "imports",
    "incidents",
    "invitations",
    "lists",
    "mergers",
    "metrics",
    "ourselves",
    "problems",
    "products",
    "questionnaires",
    "recipes",
    "register",
    "respond",
    "reviews",
    "risks",
    "sample",
    "schemas",
    "security-checks",
    "settings",
    "sign-in",
    "sign-out",
    "suppliers",
    "twins",
];
/// What our cookies are called inside, where they have the path `/`.
const HOST: &str = "__Host-diligence";
/// What they are called out there, where they have another.
const SECURE: &str = "__Secure-diligence";
/// What of a page leads somewhere.
const LEADING: [&str; 4] = ["href", "src", "action", "formaction"];

/// Whether the path (`/register/of/ours`) begins as an address of ours does, so that the two could not be told apart.
pub(crate) fn is_ours(path: &str) -> bool {
    path.trim_start_matches('/').split('/').next().is_some_and(|first| OURS.contains(&first))
}

/// Serves `inner` below a path.
#[derive(Debug)]
pub(crate) struct Below<E> {
    inner: E,
    path: String,
}

impl<E> Below<E> {
    /// Below `path`, which begins with a slash and does not end with one; an empty one changes nothing.
    pub(crate) fn new(inner: E, path: impl Into<String>) -> Self {
        Self { inner, path: path.into() }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Below<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        if self.path.is_empty() {
            return self.inner.call(request).await;
        }
        if let Some(uri) = without(request.uri(), &self.path) {
            *request.uri_mut() = uri;
        }
        take_cookies(request.headers_mut());
        let documents = [ROOT, RESPONDENT_ROOT].map(|root| format!("{root}/openapi.json"));
        let is_document = documents.iter().any(|place| request.uri().path() == place);
        let mut response = self.inner.call(request).await?;
        lead(response.headers_mut(), &self.path);
        give_cookies(response.headers_mut(), &self.path);
        if is_document {
            rewrite(response, |text| text.replacen("\"url\": \"/", &format!("\"url\": \"{}/", self.path), 1)).await
        } else if is_page(response.headers()) {
            rewrite(response, |page| led(page, &self.path)).await
        } else {
            Ok(response)
        }
    }
}

/// `uri` without the path it begins with, if it does.
fn without(uri: &Uri, path: &str) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(path)?;
    let rest = match rest.as_bytes().first() {
        Some(b'/') => rest.to_owned(),
        None | Some(b'?') => format!("/{rest}"),
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(rest.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// Calls our cookies what they are called inside. What a register at the root of the same host has set is not ours.
fn take_cookies(headers: &mut HeaderMap) {
    let sent: Vec<&str> = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .map(str::trim)
        .collect();
    let name = |pair: &str| pair.split_once('=').map_or(pair.len(), |(name, _)| name.len());
    let own: Vec<&str> = sent.iter().filter_map(|pair| pair.get(..name(pair))?.strip_prefix(SECURE)).collect();
    if own.is_empty() {
        return;
    }
    let is_foreign = |pair: &str| {
        pair.get(..name(pair)).and_then(|name| name.strip_prefix(HOST)).is_some_and(|rest| own.contains(&rest))
    };
    let kept: Vec<String> = sent
        .iter()
        .filter(|pair| !is_foreign(pair))
        .map(|pair| pair.strip_prefix(SECURE).map_or_else(|| (*pair).to_owned(), |rest| format!("{HOST}{rest}")))
        .collect();
    if let Ok(mut value) = HeaderValue::from_str(&kept.join("; ")) {
        value.set_sensitive(true);
        headers.insert(header::COOKIE, value);
    }
}

/// Has browsers keep our cookies for `path` alone.
fn give_cookies(headers: &mut HeaderMap, path: &str) {
    let set: Vec<HeaderValue> = headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    headers.remove(header::SET_COOKIE);
    for value in set {
        let text = value.to_str().ok().map(|text| {
            let named = text.strip_prefix(HOST).map_or_else(|| text.to_owned(), |rest| format!("{SECURE}{rest}"));
            named.replacen("; Path=/;", &format!("; Path={path};"), 1)
        });
        let mut value = text.and_then(|text| HeaderValue::from_str(&text).ok()).unwrap_or(value);
        value.set_sensitive(true);
        headers.append(header::SET_COOKIE, value);
    }
}

/// Puts `path` before the addresses in the headers of an answer.
fn lead(headers: &mut HeaderMap, path: &str) {
    for (name, before) in [(header::LOCATION, ""), (header::LINK, "<")] {
        let place = headers.get(&name).and_then(|value| value.to_str().ok()).and_then(|text| {
            let place = text.strip_prefix(before).filter(|place| is_from_our_root(place))?;
            HeaderValue::from_str(&format!("{before}{path}{place}")).ok()
        });
        if let Some(place) = place {
            headers.insert(name, place);
        }
    }
    if headers.contains_key(header::STRICT_TRANSPORT_SECURITY) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

fn is_from_our_root(place: &str) -> bool {
    place.starts_with('/') && !place.starts_with("//")
}

/// Whether it is a page of ours, and no file that somebody keeps here.
fn is_page(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
        && !headers.contains_key(header::CONTENT_DISPOSITION)
}

/// An answer with its text made anew. Pages and documents are there as a whole.
async fn rewrite(response: Response, with: impl FnOnce(&str) -> String) -> Result<Response> {
    let (mut head, body) = response.into_parts();
    let bytes = match body.into_bytes().await {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Problem::internal(error).response()),
    };
    head.headers.remove(header::CONTENT_LENGTH);
    Ok(match std::str::from_utf8(&bytes) {
        Ok(text) => Response::from_parts(head, with(text).into()),
        Err(_) => Response::from_parts(head, bytes.into()),
    })
}

/// `page` with `path` before each address in its tags that begins at our root. It is read as our templates write it:
/// values stand in double quotes, and what is between tags has its `<` escaped.
fn led(page: &str, path: &str) -> String {
    let mut out = String::with_capacity(page.len() + page.len() / 8);
    let mut rest = page;
    while let Some(begin) = rest.find('<') {
        let (text, from_tag) = rest.split_at(begin);
        out.push_str(text);
        let (tag, after) = from_tag.split_at(end_of_tag(from_tag));
        if tag.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic) {
            lead_tag(&mut out, tag, path);
        } else {
            out.push_str(tag);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Where what begins with `<` at the beginning of `text` ends, a comment or a tag; behind the `<` where it is neither.
fn end_of_tag(text: &str) -> usize {
    if text.starts_with("<!--") {
        return text.find("-->").map_or(text.len(), |place| place + 3);
    }
    if !text.as_bytes().get(1).is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'!')) {
        return 1;
    }
    let mut quote = None;
    for (place, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return place + 1,
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    text.len()
}

fn lead_tag(out: &mut String, tag: &str, path: &str) {
    let mut rest = tag;
    while let Some(place) = rest.find("=\"") {
        let (before, value) = rest.split_at(place + 2);
        out.push_str(before);
        let name = before.trim_end_matches("=\"").rsplit(|letter: char| letter.is_ascii_whitespace()).next();
        if name.is_some_and(|name| LEADING.iter().any(|known| name.eq_ignore_ascii_case(known)))
            && is_from_our_root(value)
        {
            out.push_str(path);
        }
        let (value, after) = value.split_at(value.find('"').map_or(value.len(), |end| end + 1));
        out.push_str(value);
        rest = after;
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::pages;

    #[test]
    fn no_place_of_ours_is_missing_from_the_list() {
        let elsewhere = ["api", "respond", "health", "sign-in", "schemas", "problems", "metrics", "assets"];
        let pages = pages::list();
        let firsts: BTreeSet<&str> =
            pages.iter().filter_map(|page| page.path.split('/').nth(1)).filter(|first| !first.is_empty()).collect();
        let all: BTreeSet<&str> = firsts.into_iter().chain(elsewhere).collect();
        assert_eq!(all.into_iter().collect::<Vec<_>>(), OURS, "in the order of the alphabet");
        assert!(is_ours("/register") && is_ours("/register/of/ours") && !is_ours("/diligence/register"));
    }

    #[test]
    fn the_path_is_taken_off_where_it_stands_whole_at_the_beginning() {
        let told = |text: &str| without(&text.parse().expect("an address"), "/diligence").map(|uri| uri.to_string());
        for (from, to) in [
            ("/diligence", "/"),
            ("/diligence/", "/"),
            ("/diligence?q=a", "/?q=a"),
            ("/diligence/register?q=%2F#x", "/register?q=%2F"),
            ("/diligence/suppliers/a%2Fb", "/suppliers/a%2Fb"),
            ("http://host.example/diligence/register", "http://host.example/register"),
            ("/diligence/diligence", "/diligence"),
        ] {
            assert_eq!(told(from).as_deref(), Some(to), "{from}");
        }
        for from in ["/", "/register", "/diligences", "/Diligence/", "/x/diligence", "/dili%67ence/"] {
            assert_eq!(told(from), None, "{from}");
        }
    }

    #[test]
    fn what_leads_somewhere_in_a_page_leads_below_the_path() {
        for (from, to) in [
            (r#"<a href="/">x</a>"#, r#"<a href="/d/">x</a>"#),
            (
                r#"<a class="a" href="/x?y=/z" title="href=/x">/x</a>"#,
                r#"<a class="a" href="/d/x?y=/z" title="href=/x">/x</a>"#,
            ),
            (
                "<form\n action=\"/x\"><button formaction=\"/y\">",
                "<form\n action=\"/d/x\"><button formaction=\"/d/y\">",
            ),
            (r#"<script src="/assets/1.js" defer></script>"#, r#"<script src="/d/assets/1.js" defer></script>"#),
            (r#"<input value="/x" data-href="/x">"#, r#"<input value="/x" data-href="/x">"#),
            (r##"<a href="https://a.example/x"><a href="//a.example"><a href="#x"><a href="x">"##, ""),
            (r#"a < b href="/x" > c"#, ""),
            (r#"<!-- <a href="/x"> --><p title="> href=">"#, ""),
            (r#"<p>&#60;a href=&#34;/x&#34;&#62; href="/x"</p>"#, ""),
            (r#"<p title='a href='>"#, ""),
            (r#"<a href="/"#, r#"<a href="/d/"#),
            (r#"<a href=""#, ""),
            ("<", ""),
            ("", ""),
        ] {
            assert_eq!(led(from, "/d"), if to.is_empty() { from } else { to });
        }
    }

    proptest! {
        #[test]
        fn whatever_a_page_holds_nothing_of_it_is_lost(page in "[<>=\"'/a! \n-]{0,40}|(<a href=\"|/x\"|>|<!--|-->|é|\"| src=\"//){0,12}") {
            prop_assert_eq!(led(&page, ""), page.as_str());
            prop_assert_eq!(led(&page, "/~").replace("/~", ""), page);
        }
    }

    #[test]
    fn a_cookie_goes_out_for_the_path_alone_and_comes_back_as_ours() {
        let mut headers = HeaderMap::new();
        for cookie in [
            "__Host-diligence=x; Path=/; HttpOnly; SameSite=Lax; Secure",
            "diligence-device=y; Path=/; HttpOnly; SameSite=Strict; Max-Age=1",
        ] {
            headers.append(header::SET_COOKIE, HeaderValue::from_static(cookie));
        }
        give_cookies(&mut headers, "/d");
        let set: Vec<&HeaderValue> = headers.get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(
            set,
            [
                "__Secure-diligence=x; Path=/d; HttpOnly; SameSite=Lax; Secure",
                "diligence-device=y; Path=/d; HttpOnly; SameSite=Strict; Max-Age=1"
            ]
        );
        for (sent, taken) in [
            ("__Secure-diligence=x", "__Host-diligence=x"),
            ("a=b; __Secure-diligence=x; c=d", "a=b; __Host-diligence=x; c=d"),
            // A register at the root of the same host has a session too.
            ("__Host-diligence=other; __Secure-diligence=x", "__Host-diligence=x"),
            (
                "__Host-diligence-device=other; __Secure-diligence=x",
                "__Host-diligence-device=other; __Host-diligence=x",
            ),
            // Programs go by the document, which knows one name.
            ("__Host-diligence-respondent=x", "__Host-diligence-respondent=x"),
            ("a=__Secure-diligence", "a=__Secure-diligence"),
            ("", ""),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(sent));
            take_cookies(&mut headers);
            assert_eq!(headers[header::COOKIE], taken, "{sent}");
        }
    }
}
