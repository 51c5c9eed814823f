//! Who is at the other end: the address a request comes from and whether its connection is secure, also behind a proxy;
//! and which names this server answers to.
//!
//! What a proxy says is believed only of proxies that are listed in `trusted_proxies`: anyone can send
//! `X-Forwarded-For`.

use std::net::{IpAddr, Ipv4Addr};

use poem::{
    FromRequest, Request, RequestBody,
    http::{
        HeaderMap, Version, header,
        uri::{Authority, Scheme},
    },
    web::RemoteAddr,
};

use crate::{
    config::{Config, ProxyHeaders},
    problem::{Problem, Type},
};

/// The other end of a request. A handler asks for it in its signature; everyone else finds it in the request's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Where it comes from: the peer, or whom a trusted proxy says it speaks for.
    pub address: IpAddr,
    /// Whether everything between is encrypted as far as we can know: by our own TLS, or by a trusted proxy's.
    pub secure: bool,
}

impl Client {
    /// The other end of `request`.
    #[must_use]
    pub(crate) fn of(request: &Request, config: &Config) -> Self {
        let peer = peer(request.remote_addr());
        let own = Self { address: peer, secure: *request.scheme() == Scheme::HTTPS };
        if !is_trusted(config, peer) {
            return own;
        }
        let hops = match config.proxy_headers {
            ProxyHeaders::XForwarded => x_forwarded(request.headers()),
            ProxyHeaders::Forwarded => forwarded(request.headers()),
        };
        // From the nearest on: each is what someone trusted says, until the first who is not, or whom nobody can read.
        let mut client = own;
        for hop in hops.iter().rev() {
            let Some(address) = hop.address else { break };
            client.address = address;
            if !is_trusted(config, address) {
                break;
            }
        }
        if let Some(secure) = hops.last().and_then(|hop| hop.secure) {
            client.secure = secure;
        }
        client
    }
}

impl<'a> FromRequest<'a> for Client {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        request.data::<Self>().copied().ok_or_else(|| Problem::internal("the request has no client").into())
    }
}

/// Tests and everything else within this program count as this machine.
fn peer(address: &RemoteAddr) -> IpAddr {
    address.as_socket_addr().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip().to_canonical())
}

pub(crate) fn is_trusted(config: &Config, address: IpAddr) -> bool {
    config.trusted_proxies.iter().any(|network| network.contains(&address))
}

/// Whether a proxy speaks that is not trusted: most likely one that was forgotten in the configuration.
pub(crate) fn has_strange_proxy(request: &Request, config: &Config) -> bool {
    (request.headers().contains_key("x-forwarded-for") || request.headers().contains_key(header::FORWARDED))
        && !is_trusted(config, peer(request.remote_addr()))
}

/// What one proxy says of whom it speaks for.
struct Hop {
    address: Option<IpAddr>,
    secure: Option<bool>,
}

/// The parts of every line of a header, in order.
fn parts<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).iter().flat_map(|value| value.to_str().unwrap_or("?").split(',')).map(str::trim).collect()
}

fn x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    // Proxies write over the scheme rather than add to it: what counts is what the nearest says.
    let secure = parts(headers, "x-forwarded-proto").last().map(|scheme| scheme.eq_ignore_ascii_case("https"));
    let mut hops: Vec<Hop> =
        parts(headers, "x-forwarded-for").into_iter().map(|text| Hop { address: address(text), secure }).collect();
    if hops.is_empty() {
        hops.push(Hop { address: None, secure });
    }
    hops
}

fn forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let hop = |element: &str| {
        let mut hop = Hop { address: None, secure: None };
        for (name, value) in element.split(';').filter_map(|pair| pair.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "for" => hop.address = address(value),
                "proto" => hop.secure = Some(value.eq_ignore_ascii_case("https")),
                _ => {}
            }
        }
        hop
    };
    parts(headers, "forwarded").into_iter().map(hop).collect()
}

/// An address as proxies write it: `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:443`.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(inner, _)| inner);
    let with_port = || text.split_once(':').map(|(address, _)| address).filter(|_| text.matches(':').count() == 1);
    let plain: &str = bracketed().or_else(with_port).unwrap_or(text);
    plain.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Refuses a request that is for someone else. A page elsewhere can have its own name lead to this machine and then
/// read here as if it were ours (DNS rebinding), so only our own names are taken. An address of digits cannot be led
/// anywhere, and is taken. 421 says just that: not 400, for the request is in order, nor 404, for nothing is known of
/// that host.
///
/// # Errors
/// [`Type::Misdirected`], or [`Type::Malformed`] for two hosts, or for none where there must be one.
pub(crate) fn expect_own_host(request: &Request, config: &Config) -> Result<(), Problem> {
    let mut sent = request.headers().get_all(header::HOST).iter();
    let host = sent.next();
    if sent.next().is_some() {
        return Err(Problem::new(Type::Malformed, "there is more than one Host header"));
    }
    let host = match host {
        Some(value) => Some(
            value
                .to_str()
                .ok()
                .and_then(|text| text.parse::<Authority>().ok())
                .ok_or_else(|| Problem::new(Type::Malformed, "the Host header names no host"))?,
        ),
        None => None,
    };
    let named = [host.as_ref(), request.uri().authority()];
    if named == [None, None]
        && request.version() == Version::HTTP_11
        && request.remote_addr().as_socket_addr().is_some()
    {
        return Err(Problem::new(Type::Malformed, "the Host header is missing"));
    }
    match named.into_iter().flatten().find(|authority| !is_own(config, authority)) {
        Some(_) => Err(Problem::new(
            Type::Misdirected,
            "this server does not serve that Host: see `public_url` and `allowed_hosts` in its configuration",
        )),
        None => Ok(()),
    }
}

fn is_own(config: &Config, authority: &Authority) -> bool {
    if authority.as_str().contains('@') {
        return false;
    }
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    host == "localhost"
        || host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
        || config.public_url.as_ref().is_some_and(|url| url.host() == host)
        || config.allowed_hosts.contains(&host)
}

#[cfg(test)]
mod tests {
    use poem::Addr;

    use super::*;

    fn behind(trusted: &[&str], proxy_headers: ProxyHeaders) -> Config {
        Config {
            trusted_proxies: trusted.iter().map(|text| text.parse().expect("a network")).collect(),
            proxy_headers,
            ..Config::default()
        }
    }

    fn seen(config: &Config, headers: &[(&str, &str)]) -> (String, bool) {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let client = Client::of(&request.finish(), config);
        (client.address.to_string(), client.secure)
    }

    #[test]
    fn only_what_trusted_proxies_say_is_believed() {
        let sent = [("X-Forwarded-For", "198.51.100.9, 192.0.2.7"), ("X-Forwarded-Proto", "https")];
        assert_eq!(seen(&behind(&[], ProxyHeaders::XForwarded), &sent), ("127.0.0.1".into(), false));
        assert_eq!(seen(&behind(&["10.0.0.0/8"], ProxyHeaders::XForwarded), &sent), ("127.0.0.1".into(), false));
        // The client may have written the first address itself; the proxy wrote the last.
        assert_eq!(seen(&behind(&["127.0.0.1/32"], ProxyHeaders::XForwarded), &sent), ("192.0.2.7".into(), true));
        // Of two trusted proxies the outer one wrote the first.
        assert_eq!(
            seen(&behind(&["127.0.0.0/8", "192.0.2.0/24"], ProxyHeaders::XForwarded), &sent),
            ("198.51.100.9".into(), true)
        );
        // Headers of the other kind went through unread.
        assert_eq!(seen(&behind(&["127.0.0.1/32"], ProxyHeaders::Forwarded), &sent), ("127.0.0.1".into(), false));
        let forwarded = [
            ("Forwarded", "for=198.51.100.9, for=\"[2001:db8::7]:4711\";proto=https;by=203.0.113.43"),
            ("X-Forwarded-For", "203.0.113.1"),
        ];
        assert_eq!(seen(&behind(&["127.0.0.1/32"], ProxyHeaders::Forwarded), &forwarded), ("2001:db8::7".into(), true));
    }

    #[test]
    fn what_cannot_be_read_ends_the_walk_at_who_said_it() {
        let config = behind(&["127.0.0.0/8", "192.0.2.0/24"], ProxyHeaders::XForwarded);
        assert_eq!(
            seen(&config, &[("X-Forwarded-For", "198.51.100.9, unknown, 192.0.2.7")]),
            ("192.0.2.7".into(), false)
        );
        assert_eq!(
            seen(&config, &[("X-Forwarded-For", "198.51.100.9"), ("X-Forwarded-For", "é")]),
            ("127.0.0.1".into(), false)
        );
        assert_eq!(seen(&config, &[("X-Forwarded-For", "::ffff:198.51.100.9")]), ("198.51.100.9".into(), false));
        assert_eq!(seen(&config, &[("X-Forwarded-Proto", "https")]), ("127.0.0.1".into(), true));
        for text in ["192.0.2.1:443", "[192.0.2.1]:1"] {
            assert_eq!(address(text), Some("192.0.2.1".parse().expect("an address")), "{text}");
        }
        for text in ["", "unknown", "_hidden", "[", "1.2.3", "a:b"] {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn a_host_that_is_not_ours_is_refused() {
        let config = Config {
            public_url: Some("https://Register.example.org:8443".parse().expect("an address")),
            allowed_hosts: vec!["register".into()],
            ..Config::default()
        };
        let told = |hosts: &[&str]| {
            let mut request = Request::builder();
            for host in hosts {
                request = request.header(header::HOST, *host);
            }
            expect_own_host(&request.finish(), &config).err().map(|problem| problem.kind)
        };
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:8080",
            "[::1]:8080",
            "192.168.1.5",
            "register.example.org",
            "REGISTER.example.org.:8443",
            "register",
        ] {
            assert_eq!(told(&[host]), None, "{host}");
        }
        for host in [
            "evil.example",
            "register.example.org.evil.example",
            "127.0.0.1.evil.example",
            "xlocalhost",
            "localhost@evil.example",
            "evil.example@localhost",
            "1.2.3.4.5",
        ] {
            assert_eq!(told(&[host]), Some(Type::Misdirected), "{host}");
        }
        for hosts in [&["localhost", "localhost"][..], &["localhost", "evil.example"], &[""], &["a b"], &["localhost/"]]
        {
            assert_eq!(told(hosts), Some(Type::Malformed), "{hosts:?}");
        }
        let mut absolute = Request::builder().header(header::HOST, "localhost").finish();
        *absolute.uri_mut() = "http://evil.example/api".parse().expect("an address");
        assert_eq!(expect_own_host(&absolute, &config).err().map(|problem| problem.kind), Some(Type::Misdirected));
        assert_eq!(told(&[]), None);
        assert_eq!(
            peer(&RemoteAddr(Addr::SocketAddr("[::ffff:192.0.2.1]:80".parse().expect("an address")))),
            "192.0.2.1".parse::<IpAddr>().expect("an address")
        );
    }
}
