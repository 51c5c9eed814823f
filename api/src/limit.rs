//! How many requests are too many. Three limits, each so many a minute with as many at once:
//!
//! | Limit | Counts | Why |
//! |---|---|---|
//! | caller | what one key or session asks | one runaway program leaves room for the others |
//! | address | everything from one address | the same for whoever has many keys, or none |
//! | stranger | from one address, what anyone may call, and what comes with a key or session that has not been good lately | passwords, codes and links are guessed slowly |
//!
//! They are looked at before anything is read from the database. A key or session that was good a moment ago is not
//! counted with the strangers of its address, so that one who guesses beside it does not shut it out. Quirks: each
//! replica counts for itself; addresses of IPv6 are counted by network (/64), which one household or server has to
//! itself.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use diligence_entities::clock::Clock;
use governor::{
    Quota, RateLimiter,
    clock::Clock as _,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{StateStore, keyed::ShrinkableKeyedStateStore},
};
use poem::{
    Request,
    http::{Method, header},
};
use sha2::{Digest as _, Sha256};

use crate::{
    address::{RESPONDENT_ROOT, ROOT},
    auth::key_in,
    client::Client,
    config::Limits,
    document,
    health::Reason,
    problem::Problem,
};

/// How many callers or addresses are told apart at the most; past that, all begin anew.
const TOLD_APART: usize = 50_000;
/// After how many requests what has become old is forgotten.
const TIDIED_AFTER: u32 = 10_000;
/// How long a key or session that was good is no stranger, without being good again.
const KNOWN_FOR: Duration = Duration::from_secs(10 * 60);
/// Where someone must be known.
const GUARDED: [&str; 2] = ["/api/", "/respond/v1/"];
/// What anyone may call, besides what the documents say of themselves: the pages at which passwords, codes and links
/// are tried.
const PUBLIC: [(&str, &str); 4] =
    [("POST", "/sign-in"), ("POST", "/sign-in/code"), ("POST", "/invitations"), ("POST", "/respond")];

/// And where people go to an identity provider and come back from it: each way costs us a request to the provider.
const PROVIDERS: &str = "/sign-in/idp_";

/// Counts requests.
#[derive(Debug)]
pub(crate) struct Limiter {
    caller: Option<Counter<Credential>>,
    address: Option<Counter<IpAddr>>,
    stranger: Option<Counter<IpAddr>>,
    time: Time,
    /// Credentials that were good, until when they need not be so again.
    known: Mutex<HashMap<Credential, Duration>>,
}

/// A key or a session, as a hash.
pub(crate) type Credential = [u8; 32];

impl Limiter {
    pub(crate) fn new(limits: Limits, clock: &Clock) -> Self {
        let time = Time::new(clock);
        Self {
            caller: Counter::new(limits.caller, &time),
            address: Counter::new(limits.address, &time),
            stranger: Counter::new(limits.stranger, &time),
            time,
            known: Mutex::default(),
        }
    }

    /// Counts a request, unless it is one too many.
    ///
    /// # Errors
    /// [`crate::problem::Type::TooMany`], and which limit it was.
    pub(crate) fn admit(
        &self,
        request: &Request,
        client: &Client,
        credential: Option<&Credential>,
    ) -> Result<(), (Reason, Problem)> {
        let address = network(client.address);
        Counter::count(self.address.as_ref(), &address, Reason::Address)?;
        let known = credential.filter(|credential| self.knows(credential));
        if let Some(credential) = known {
            Counter::count(self.caller.as_ref(), credential, Reason::Caller)?;
        }
        let place = Place::of(request.method(), request.uri().path());
        if place == Place::Public || (place == Place::Guarded && known.is_none()) {
            Counter::count(self.stranger.as_ref(), &address, Reason::Stranger)?;
        }
        Ok(())
    }

    fn knows(&self, credential: &Credential) -> bool {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(credential)
            .is_some_and(|until| self.time.now() < *until)
    }

    /// Remembers whether a credential was good.
    pub(crate) fn learn(&self, credential: Credential, is_good: bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_good {
            known.remove(&credential);
            return;
        }
        let now = self.time.now();
        if known.len() >= TOLD_APART && !known.contains_key(&credential) {
            known.retain(|_, until| now < *until);
            if known.len() >= TOLD_APART {
                known.clear();
            }
        }
        known.insert(credential, now + KNOWN_FOR);
    }
}

/// What a request may be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// What only someone known may call.
    Guarded,
    /// What anyone may call, to be let in not least.
    Public,
    /// The document, the page to browse it, explanations, health: nothing can be tried at.
    Open,
}

impl Place {
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        let method = method.as_str();
        if PUBLIC.contains(&(method, path)) || path.starts_with(PROVIDERS) {
            Self::Public
        } else if !GUARDED.iter().any(|guarded| path.starts_with(guarded))
            || [ROOT, RESPONDENT_ROOT].iter().any(|root| path.strip_prefix(root) == Some("/openapi.json"))
        {
            Self::Open
        } else if document::is_public(method, path) {
            Self::Public
        } else {
            Self::Guarded
        }
    }
}

/// The key or the session a request comes with, if any. Anything sent beside it makes it another one, which is no way
/// around a limit: another one is a stranger.
pub(crate) fn credential(request: &Request) -> Option<Credential> {
    let headers = request.headers();
    let mut hash = Sha256::new();
    let mut found = false;
    for value in headers.get_all(header::AUTHORIZATION) {
        // As it is read when it is looked up, so that one key is one caller however it is written.
        match key_in(value) {
            Some(key) => hash.update(key),
            None => hash.update(value.as_bytes()),
        }
        found = true;
    }
    for pair in
        headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'))
    {
        let name = pair.trim().split('=').next().unwrap_or_default();
        if name.trim_start_matches("__Host-").starts_with("diligence") {
            hash.update([0]);
            hash.update(pair.trim());
            found = true;
        }
    }
    found.then(|| hash.finalize().into())
}

/// What is counted as one address.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX))),
    }
}

/// Time for counting: the machine's, which only goes forward, or that of a clock that stands where a test put it.
#[derive(Clone, Debug)]
struct Time {
    clock: Clock,
    began: Instant,
    zero: DateTime<Utc>,
}

impl Time {
    fn new(clock: &Clock) -> Self {
        Self { began: Instant::now(), zero: clock.now().time(), clock: clock.clone() }
    }
}

impl governor::clock::Clock for Time {
    type Instant = Duration;
    fn now(&self) -> Duration {
        match &self.clock {
            Clock::System => self.began.elapsed(),
            Clock::Fixed(_) => (self.clock.now().time() - self.zero).to_std().unwrap_or_default(),
        }
    }
}

/// What is counted under each key, for not too many keys.
#[derive(Debug)]
struct Counts<K>(Mutex<HashMap<K, Nanos>>);

impl<K: Eq + Hash + Clone> StateStore for Counts<K> {
    type Key = K;
    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (outcome, after) = measure(counts.get(key).copied())?;
        if counts.len() >= TOLD_APART && !counts.contains_key(key) {
            counts.clear();
        }
        counts.insert(key.clone(), after);
        Ok(outcome)
    }
}

impl<K: Eq + Hash + Clone> ShrinkableKeyedStateStore<K> for Counts<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, until| *until >= drop_below);
    }
    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[derive(Debug)]
struct Counter<K: Eq + Hash + Clone> {
    limiter: RateLimiter<K, Counts<K>, Time, NoOpMiddleware<Duration>>,
    seen: AtomicU32,
}

impl<K: Eq + Hash + Clone> Counter<K> {
    fn new(a_minute: u32, time: &Time) -> Option<Self> {
        let quota = Quota::per_minute(NonZeroU32::new(a_minute)?);
        Some(Self { limiter: RateLimiter::new(quota, Counts(Mutex::default()), time.clone()), seen: AtomicU32::new(0) })
    }

    fn count(counter: Option<&Self>, key: &K, reason: Reason) -> Result<(), (Reason, Problem)> {
        let Some(Self { limiter, seen }) = counter else { return Ok(()) };
        if seen.fetch_add(1, Ordering::Relaxed) % TIDIED_AFTER == TIDIED_AFTER - 1 {
            limiter.retain_recent();
        }
        limiter.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(limiter.clock().now());
            (reason, Problem::too_many(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn clock() -> Clock {
        Clock::fixed(DateTime::UNIX_EPOCH)
    }

    #[test]
    fn so_many_at_once_and_then_as_they_come_back() {
        let clock = clock();
        let counter = Counter::new(3, &Time::new(&clock));
        let count = |key: u8| {
            Counter::count(counter.as_ref(), &key, Reason::Caller).map_err(|(_, problem)| problem.detail.into_owned())
        };
        for _ in 0..3 {
            assert_eq!(count(1), Ok(()));
        }
        assert_eq!(count(1), Err("too many requests: try again in 20 seconds".into()));
        assert_eq!(count(2), Ok(()));
        clock.set(DateTime::UNIX_EPOCH + TimeDelta::seconds(19));
        assert_eq!(count(1), Err("too many requests: try again in 1 second".into()));
        clock.set(DateTime::UNIX_EPOCH + TimeDelta::seconds(20));
        assert_eq!(count(1), Ok(()));
        assert!(count(1).is_err());
        let off = Counter::new(0, &Time::new(&clock));
        assert!(off.is_none() && Counter::count(off.as_ref(), &1_u8, Reason::Caller).is_ok());
    }

    #[test]
    fn however_many_come_not_too_much_is_kept() {
        let clock = clock();
        let counter = Counter::new(1, &Time::new(&clock)).expect("a counter");
        let limiter = Limiter::new(Limits::default(), &clock);
        for number in 0..u32::try_from(TOLD_APART).expect("a number") + 10 {
            assert!(Counter::count(Some(&counter), &number, Reason::Address).is_ok());
            limiter.learn(Sha256::digest(number.to_be_bytes()).into(), true);
        }
        assert!(counter.limiter.len() <= TOLD_APART && limiter.known.lock().expect("known").len() <= TOLD_APART);
        // What is as good as new is forgotten.
        clock.set(DateTime::UNIX_EPOCH + TimeDelta::hours(1));
        counter.limiter.retain_recent();
        assert_eq!(counter.limiter.len(), 0);
    }

    #[test]
    fn one_key_is_one_caller_however_it_is_written_and_one_household_one_address() {
        let of = |name: &str, value: &str| credential(&Request::builder().header(name, value).finish());
        assert_eq!(of("accept", "x"), None);
        assert_eq!(of("cookie", "theme=dark; other=1"), None);
        assert!(
            of("authorization", "Bearer a").is_some()
                && of("authorization", "Bearer a") == of("authorization", "bearer  a")
        );
        assert_ne!(of("authorization", "Bearer a"), of("authorization", "Bearer b"));
        // `someone:a` and `:a`: the name beside a key does not make it another one.
        assert!(
            of("authorization", "Basic c29tZW9uZTph") == of("authorization", "Bearer a")
                && of("authorization", "basic OmE=") == of("authorization", "Bearer a")
        );
        assert_ne!(of("authorization", "Basic c29tZW9uZTph"), of("authorization", "Basic c29tZW9uZTpi"));
        assert!(
            of("cookie", "__Host-diligence=a").is_some()
                && of("cookie", "x=1; __Host-diligence=a; y=2") == of("cookie", "__Host-diligence=a")
        );
        assert_ne!(of("cookie", "__Host-diligence=a"), of("cookie", "__Host-diligence-respondent=a"));
        let network = |text: &str| network(text.parse().expect("an address")).to_string();
        assert_eq!(
            (network("192.0.2.1").as_str(), network("2001:db8:1:2:3:4:5:6").as_str()),
            ("192.0.2.1", "2001:db8:1:2::")
        );
    }
}
