//! Requests to addresses that someone has entered: to identity providers, and for lists at the console. They go to the
//! internet, not to what stands behind this server's back, unless the person at the console has said so.
//!
//! Looked at is the address that is connected to, not the name: it is this client's own resolver that leaves out what
//! may not be asked, so a name that means one thing when it is checked and another when it is used gains nothing.
//! Redirects are not followed, and no proxy of the environment is asked, which would connect in our place.
//!
//! Nor does an answer say what is there: whatever goes wrong on the way is told in the same words, after the same time.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;
use openidconnect::reqwest::{
    self, Client, ClientBuilder, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use tokio::time::Instant;

/// How long all that is asked of a provider in one step may take; what fails is told when that is over. A provider hashes
/// secrets slowly, and may ask others in its turn.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long fetching a file may take.
const FETCHING: Duration = Duration::from_secs(600);

/// Whether this is an address of the public internet, by IANA's registries of special-purpose addresses.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        // Shared by a carrier's customers.
        || (a == 100 && (64..128).contains(&b))
        // Of protocols; relays to IPv6; of measurements between networks; kept for later.
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 240)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, ..] = address.segments();
    let [.., g, h] = address.segments();
    let embedded = |high: u16, low: u16| is_public_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match (a, b, c, d) {
        // What stands for an IPv4 address is as public as that: mapped, translated (RFC 6052), relayed (6to4).
        (0, 0, 0, 0) => address.to_ipv4_mapped().is_some_and(is_public_v4),
        (0x64, 0xff9b, 0, 0) => embedded(g, h),
        (0x2002, high, low, _) => embedded(high, low),
        // Teredo, measurements, ORCHID and the like; documentation.
        (0x2001, 0..0x200, ..) | (0x2001, 0xdb8, ..) | (0x3fff, 0..0x1000, ..) => false,
        // Everything else that was ever given out.
        (0x2000..0x4000, ..) => true,
        _ => false,
    }
}

/// Whom one may ask.
#[derive(Clone, Debug)]
pub(crate) struct Reach(Arc<[IpNet]>);

impl Reach {
    /// The internet, and these networks.
    pub(crate) fn new(networks: &[IpNet]) -> Self {
        Self(networks.into())
    }

    /// Whether the console has named the address.
    fn is_named(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    fn allows(&self, address: IpAddr, is_encrypted: bool) -> bool {
        self.is_named(address) || (is_encrypted && is_public(address))
    }

    /// A client that connects only where it may: over TLS to the internet, and to what the console has named.
    ///
    /// # Errors
    /// As the library.
    pub(crate) fn client(&self, is_encrypted: bool) -> reqwest::Result<Client> {
        self.builder(is_encrypted).timeout(PATIENCE).build()
    }

    fn builder(&self, is_encrypted: bool) -> ClientBuilder {
        let resolver = Arc::new(Resolver { reach: self.clone(), is_encrypted });
        Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .https_only(is_encrypted)
            .dns_resolver(resolver)
    }

    /// Fetches a file of at most so many bytes over https, within [`FETCHING`], into `file`.
    ///
    /// # Errors
    /// A sentence on why it could not be fetched.
    pub(crate) async fn fetch(&self, sent: &str, file: &mut impl io::Write, most: u64) -> Result<(), String> {
        let address = told(sent);
        let url: Url = sent.parse().map_err(|_| format!("{address} is no web address"))?;
        if url.scheme() != "https" || !self.allows_host(&url) {
            return Err(format!("{address} is not asked: expected an https address on the internet"));
        }
        let failed = |error: reqwest::Error| format!("{address} cannot be fetched: {}", error.without_url());
        let client = self.builder(true).timeout(FETCHING).build().map_err(failed)?;
        let mut response = client.get(url).send().await.map_err(failed)?;
        if !self.allows_answer(&response) {
            return Err(format!("{address} is not asked: expected an https address on the internet"));
        }
        if response.status().is_redirection() {
            let place = response.headers().get("location").and_then(|place| place.to_str().ok()).unwrap_or_default();
            let place = told(place);
            return Err(format!("{address} sends on to {place}: name that address if it is the list"));
        }
        if !response.status().is_success() {
            return Err(format!("{address} cannot be fetched: it answered {}", response.status()));
        }
        let mut length = 0;
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            length += chunk.len() as u64;
            if length > most {
                return Err(format!("{address} is larger than {} MiB: fetch it and name the file", most >> 20));
            }
            file.write_all(&chunk).map_err(|error| format!("it cannot be kept meanwhile: {error}"))?;
        }
        Ok(())
    }

    /// Whether an address written in digits, which nobody resolves, may be asked.
    pub(crate) fn allows_host(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let digits = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        digits.map_or(!host.is_empty(), |address| self.allows(address, url.scheme() == "https"))
    }

    /// Whether an answer came from where it may.
    pub(crate) fn allows_answer(&self, response: &Response) -> bool {
        response.remote_addr().is_some_and(|address| self.allows(address.ip(), response.url().scheme() == "https"))
    }
}

/// An address as it may be told: without what is often a secret in it, its query, its fragment, and a name and password
/// before its host.
pub(crate) fn told(address: &str) -> String {
    let plain = address.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = plain.split_once("://") else { return plain.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

struct Resolver {
    reach: Reach,
    is_encrypted: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, is_encrypted) = (self.reach.clone(), self.is_encrypted);
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .filter(|address| reach.allows(address.ip(), is_encrypted))
                .collect();
            if found.is_empty() {
                return Err(
                    io::Error::other("it has no address that may be connected to: see provider_networks").into()
                );
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Does `work` within [`PATIENCE`]. What fails on the way is told when that is over, so that the time says nothing of
/// what is there.
///
/// # Errors
/// As `work`, or what `late` makes of its taking too long.
pub(crate) async fn patiently<T, E>(
    work: impl Future<Output = Result<T, E>>,
    late: impl FnOnce() -> E,
) -> Result<T, E> {
    let end = Instant::now() + PATIENCE;
    match tokio::time::timeout_at(end, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(failed)) => {
            tokio::time::sleep_until(end).await;
            Err(failed)
        }
        Err(_) => Err(late()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap_or_else(|_| panic!("{text} is an address"))
    }

    #[test]
    fn an_address_is_told_without_what_may_be_secret() {
        for (address, expected) in [
            ("https://example.org/a/list.csv?token=hush#hush", "https://example.org/a/list.csv"),
            ("https://kim:hush@example.org?hush", "https://example.org"),
            ("https://example.org/@kim/a", "https://example.org/@kim/a"),
            ("/a?hush", "/a"),
        ] {
            assert_eq!(told(address), expected);
        }
    }

    #[test]
    fn only_the_public_internet_is_asked_unless_the_console_names_a_network() {
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ] {
            assert!(is_public(address(public)), "{public}");
        }
        for other in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::101:101",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2001:10::1",
            "2002:7f00:1::1",
            "2002:a00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address(other)), "{other}");
        }
        let reach = Reach::new(&["10.1.0.0/16".parse().expect("a network"), "::1/128".parse().expect("a network")]);
        for (text, encrypted, plain) in [
            ("10.1.2.3", true, true),
            ("::ffff:10.1.2.3", true, true),
            ("10.2.0.1", false, false),
            ("::1", true, true),
            ("127.0.0.1", false, false),
            ("1.1.1.1", true, false),
        ] {
            assert_eq!(
                (reach.allows(address(text), true), reach.allows(address(text), false)),
                (encrypted, plain),
                "{text}"
            );
        }
        let url = |text: &str| reach.allows_host(&text.parse().expect("an address"));
        for refused in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "http://1.1.1.1/",
        ] {
            assert!(!url(refused), "{refused}");
        }
        assert!(url("https://login.example.org/") && url("http://10.1.2.3/") && url("https://1.1.1.1:8443/"));
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url: Url = format!("http://localhost:{}/", listener.local_addr().expect("its address").port())
            .parse()
            .expect("an address");
        let refused =
            Reach::new(&[]).client(false).expect("a client").get(url.clone()).send().await.expect_err("refused");
        assert!(refused.is_connect(), "{refused}");
        assert!(futures_util::FutureExt::now_or_never(listener.accept()).is_none(), "nothing knocked");
        let reach = Reach::new(&["127.0.0.0/8".parse().expect("a network")]);
        let (asked, _) = tokio::join!(reach.client(false).expect("a client").get(url).send(), async {
            drop(listener.accept().await)
        });
        assert!(asked.expect_err("it hangs up").is_request());
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_fails_is_told_at_the_same_moment_and_what_succeeds_at_once() {
        let took = async |work: std::pin::Pin<Box<dyn Future<Output = Result<(), &'static str>>>>| {
            let begun = Instant::now();
            (patiently(work, || "late").await, begun.elapsed())
        };
        assert_eq!(took(Box::pin(async { Ok(()) })).await, (Ok(()), Duration::ZERO));
        assert_eq!(took(Box::pin(async { Err("refused") })).await, (Err("refused"), PATIENCE));
        let slow = Box::pin(async {
            tokio::time::sleep(PATIENCE / 2).await;
            Err("slow")
        });
        assert_eq!(took(slow).await, (Err("slow"), PATIENCE));
        assert_eq!(took(Box::pin(std::future::pending())).await, (Err("late"), PATIENCE));
    }
}
