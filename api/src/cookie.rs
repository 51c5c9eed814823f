//! Cookies: a session's text, a respondent's visit, and the mark of a device from which someone has signed in before.
//!
//! Their names begin with `__Host-`, so that browsers take them from this host alone and over TLS. A browser on the
//! same machine that speaks plain HTTP could not keep those, so there, and only there, the names are without.
//! Below a path of another name they go out under other names, for that path: [`crate::below`].

use diligence_entities::id::OrganisationId;
use poem::{
    Request,
    http::{header, uri::Scheme},
};

use crate::{client::Client, link::local_path, query::encode};

/// The cookie of a session.
pub(crate) const SESSION: &str = "__Host-diligence";
/// The cookie of a respondent's visit.
pub(crate) const VISIT: &str = "__Host-diligence-respondent";
/// The cookie of a device that is known.
pub(crate) const DEVICE: &str = "__Host-diligence-device";
/// The cookie of a browser that was sent to an identity provider.
pub(crate) const ATTEMPT: &str = "__Host-diligence-sign-in";
/// The cookie of where such a browser wanted to go.
pub(crate) const THEN: &str = "__Host-diligence-then";
/// The cookie of the organisation whose ways of signing in a browser is shown.
pub(crate) const ORGANISATION: &str = "__Host-diligence-organisation";
/// How long a browser may stay at an identity provider, in seconds.
const ATTEMPT_SECONDS: u32 = 600;
/// How long a device is known, and whose people sign in there, in seconds: 180 days.
const DEVICE_SECONDS: u32 = 180 * 24 * 60 * 60;

/// Whether the request came over plain HTTP, and from this machine, to an address that only this machine has.
pub(crate) fn is_on_this_machine(request: &Request) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_loopback = name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    // A trusted proxy on this machine may speak for a browser elsewhere, or for one here that came over TLS.
    let is_elsewhere = request.data::<Client>().is_some_and(|client| client.secure || !client.address.is_loopback());
    *request.scheme() == Scheme::HTTP && is_loopback && !is_elsewhere
}

fn name_here(name: &'static str, is_local: bool) -> &'static str {
    if is_local { name.trim_start_matches("__Host-") } else { name }
}

/// What the browser sent in cookies of these names.
fn all_sent<'a>(request: &'a Request, names: [&'static str; 2]) -> impl Iterator<Item = &'a str> {
    let pairs = request
        .headers()
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(name, _)| names.contains(name))
        .map(|(_, value)| value)
}

/// What the browser sent in the cookie of this name.
pub(crate) fn sent<'a>(request: &'a Request, name: &'static str) -> Option<&'a str> {
    all_sent(request, [name_here(name, is_on_this_machine(request)); 2]).next()
}

/// What was sent in the cookie of a visit, by the name that the document gives it or by the one it has here: programs
/// go by the document. Nothing where there are two, for nobody can say which is meant.
pub(crate) fn sent_visit(request: &Request) -> Option<&str> {
    let mut found = all_sent(request, [VISIT, name_here(VISIT, is_on_this_machine(request))]);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// What sets a session's cookie. It goes when the browser is closed; until when it is good, the server knows.
pub(crate) fn session(text: &str, is_local: bool) -> String {
    format!(
        "{}={text}; Path=/; HttpOnly; SameSite=Lax{}",
        name_here(SESSION, is_local),
        if is_local { "" } else { "; Secure" }
    )
}

/// What takes a session's cookie away.
pub(crate) fn no_session(is_local: bool) -> String {
    format!("{}; Max-Age=0", session("", is_local))
}

/// What sets a visit's cookie, for so many seconds; none take it away.
pub(crate) fn visit(text: &str, seconds: i64, is_local: bool) -> String {
    let secure = if is_local { "" } else { "; Secure" };
    format!("{}={text}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}", name_here(VISIT, is_local))
}

/// What marks a device as known.
pub(crate) fn device(text: &str, is_local: bool) -> String {
    let secure = if is_local { "" } else { "; Secure" };
    format!(
        "{}={text}; Path=/; HttpOnly; SameSite=Strict; Max-Age={DEVICE_SECONDS}{secure}",
        name_here(DEVICE, is_local)
    )
}

/// What a browser keeps while it is at an identity provider, so that it alone can come back.
pub(crate) fn attempt(text: &str, is_local: bool) -> String {
    let secure = if is_local { "" } else { "; Secure" };
    format!(
        "{}={text}; Path=/; HttpOnly; SameSite=Lax; Max-Age={ATTEMPT_SECONDS}{secure}",
        name_here(ATTEMPT, is_local)
    )
}

/// What takes that away again.
pub(crate) fn no_attempt(is_local: bool) -> String {
    attempt("", is_local).replace(&format!("Max-Age={ATTEMPT_SECONDS}"), "Max-Age=0")
}

/// What a browser keeps meanwhile of where it wanted to go; nothing of an earlier time where it wanted to go nowhere.
pub(crate) fn then(path: Option<&str>, is_local: bool) -> String {
    let secure = if is_local { "" } else { "; Secure" };
    let (path, seconds) = path.map_or_else(|| (String::new(), 0), |path| (encode(path), ATTEMPT_SECONDS));
    format!("{}={path}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}", name_here(THEN, is_local))
}

/// What a browser keeps of where its people sign in, so that they find it again at the plain sign-in page: an
/// organisation's id.
pub(crate) fn organisation(id: &OrganisationId, is_local: bool) -> String {
    let secure = if is_local { "" } else { "; Secure" };
    format!(
        "{}={id}; Path=/; HttpOnly; SameSite=Lax; Max-Age={DEVICE_SECONDS}{secure}",
        name_here(ORGANISATION, is_local)
    )
}

/// Where the browser wanted to go, if that is a place of ours.
pub(crate) fn wanted(request: &Request) -> Option<String> {
    let kept = sent(request, THEN)?;
    let (path, _) = form_urlencoded::parse(kept.as_bytes()).next()?;
    local_path(&path).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(host: &str, cookie: &str) -> Request {
        Request::builder().header("host", host).header("cookie", cookie).finish()
    }

    #[test]
    fn a_name_without_its_prefix_is_taken_on_this_machine_only() {
        for local in ["localhost", "localhost:8080", "127.0.0.1:80", "[::1]:8080"] {
            assert_eq!(
                sent(&request(local, "a=1; diligence=here; __Host-diligence=there"), SESSION),
                Some("here"),
                "{local}"
            );
        }
        for other in ["example.org", "localhost.example.org", "127.0.0.1.example.org:80", ""] {
            assert_eq!(
                sent(&request(other, "diligence=here; __Host-diligence=there"), SESSION),
                Some("there"),
                "{other}"
            );
            assert_eq!(sent(&request(other, "diligence=here"), SESSION), None, "{other}");
        }
    }

    #[test]
    fn a_visit_is_found_among_other_cookies_by_either_name_here_and_two_are_none() {
        let away = |cookie: &str| sent_visit(&request("register.example.org", cookie)).map(str::to_owned);
        assert_eq!(away("a=b; __Host-diligence-respondent=x; c=d").as_deref(), Some("x"));
        for none in [
            "__Host-diligence-respondent=x; __Host-diligence-respondent=x",
            "diligence-respondent=x",
            "__host-diligence-respondent=x",
            "=",
            "",
        ] {
            assert_eq!(away(none), None, "{none:?}");
        }
        for name in ["diligence-respondent", "__Host-diligence-respondent"] {
            assert_eq!(sent_visit(&request("LOCALHOST:8080", &format!("{name}=x"))), Some("x"), "{name}");
        }
        assert_eq!(sent_visit(&request("localhost", "diligence-respondent=x; __Host-diligence-respondent=y")), None);
    }

    #[test]
    fn cookies_are_kept_from_scripts_other_hosts_and_plain_http() {
        assert_eq!(session("x", false), "__Host-diligence=x; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(session("x", true), "diligence=x; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(no_session(false), "__Host-diligence=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0");
        assert_eq!(
            visit("x", 28800, false),
            "__Host-diligence-respondent=x; Path=/; HttpOnly; SameSite=Strict; Max-Age=28800; Secure"
        );
        assert_eq!(visit("", 0, true), "diligence-respondent=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
        assert!(device("x", false).ends_with("; Secure") && device("x", false).contains("SameSite=Strict"));
    }
}
