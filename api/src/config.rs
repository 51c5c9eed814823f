//! What can be set, and from where: a flag, else the environment, else the configuration file, else the default.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use serde::Deserialize;

use crate::{link::PublicUrl, mail::Mailer, metrics_key::MetricsKey};

/// In which headers trusted proxies say for whom they speak. Only one kind is read: a proxy that writes one passes the
/// other through as the client sent it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeaders {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// How the program runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// `sqlite://FILE` or `postgres://USER@HOST/DATABASE`.
    pub database_url: String,
    /// Database connections at the most, 1 to 1000 (readers, on SQLite; it has one writer besides).
    pub max_connections: u32,
    /// How the log is written.
    pub log_format: LogFormat,
    /// What is logged: `error`, `warn`, `info`, `debug`, `trace`, or a `tracing` filter such as `info,sqlx=debug`.
    pub log_level: String,
    /// How long a request may take until its answer begins, at least a second.
    pub request_timeout: Duration,
    /// How long requests in flight may go on after a signal to stop.
    pub shutdown_timeout: Duration,
    /// The address under which people reach this server, for links, for the `Host` they may send, and for the path
    /// below which everything is; else where it listens.
    pub public_url: Option<PublicUrl>,
    /// Names that `Host` may have besides the public address's, `localhost` and any address of digits; in small
    /// letters, without ports.
    pub allowed_hosts: Vec<String>,
    /// The proxies that are believed when they say for whom they speak.
    pub trusted_proxies: Vec<IpNet>,
    /// In which headers they say it.
    pub proxy_headers: ProxyHeaders,
    /// The certificate and its key, to serve https; http without.
    pub tls: Option<TlsFiles>,
    /// The server that sends e-mail, as `smtps://USER:PASSWORD@HOST`; none is sent without one.
    pub smtp_url: Option<String>,
    /// Whom e-mail comes from, as `Register <register@example.org>`.
    pub smtp_from: Option<String>,
    /// How many requests are taken.
    pub limits: Limits,
    /// How long a client may take to send a request's head; an idle connection is closed after as long.
    pub head_timeout: Duration,
    /// How many connections of clients are open at once at the most, 1 to 100,000; further ones wait.
    pub client_connections: u32,
    /// Networks that are not public and that identity providers may be in.
    pub provider_networks: Vec<IpNet>,
    /// Where `/metrics` alone is served; else it is where everything is.
    pub metrics_listen: Option<SocketAddr>,
    /// The file with the key that `/metrics` asks for.
    pub metrics_key_file: Option<PathBuf>,
    /// The key itself, once `serve` has read it; without one `/metrics` answers anyone.
    pub metrics_key: Option<MetricsKey>,
}

/// Where the certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those between it and its root, as PEM.
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
}

/// How many requests are taken in a minute; as many may come at once, and 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of one caller: a key or a session.
    pub caller: u32,
    /// Of one address, whoever calls.
    pub address: u32,
    /// Of one address, to what anyone may call, such as signing in, and with keys and sessions that have not been good
    /// lately.
    pub stranger: u32,
}

impl Limits {
    /// No limits.
    pub const NONE: Self = Self { caller: 0, address: 0, stranger: 0 };
}

impl Default for Limits {
    fn default() -> Self {
        Self { caller: 6000, address: 12_000, stranger: 120 }
    }
}

/// How the log is written, always to standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database_url: "sqlite://diligence.db".into(),
            max_connections: 8,
            log_format: LogFormat::Text,
            log_level: "info".into(),
            request_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(30),
            public_url: None,
            allowed_hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            proxy_headers: ProxyHeaders::XForwarded,
            tls: None,
            smtp_url: None,
            smtp_from: None,
            limits: Limits::default(),
            head_timeout: Duration::from_secs(75),
            client_connections: 4096,
            provider_networks: Vec::new(),
            metrics_listen: None,
            metrics_key_file: None,
            metrics_key: None,
        }
    }
}

/// Where the data is: for every command that needs a database.
#[derive(Args, Clone, Debug, Default)]
pub struct DatabaseFlags {
    /// sqlite://FILE or postgres://USER@HOST/DATABASE [default: sqlite://diligence.db]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Database connections at the most [default: 8]
    #[arg(long, env = "DILIGENCE_MAX_CONNECTIONS", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_connections: Option<u32>,
    /// A TOML file with the same names, underscores for hyphens: listen = "0.0.0.0:8080"
    #[arg(long, env = "DILIGENCE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// How to serve.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeFlags {
    /// Address and port; port 0 takes any free one [default: 127.0.0.1:8080]
    #[arg(long, env = "DILIGENCE_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would become the manual's")]
    pub database: DatabaseFlags,
    /// How the log is written, always to standard error [default: text]
    #[arg(long, env = "DILIGENCE_LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
    /// error, warn, info, debug or trace, or a filter such as info,sqlx=debug [default: info]
    #[arg(long, env = "DILIGENCE_LOG_LEVEL", value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// How long a request may take until its answer begins [default: 30]
    #[arg(long, env = "DILIGENCE_REQUEST_TIMEOUT_SECONDS", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub request_timeout_seconds: Option<u64>,
    /// How long requests in flight may go on after a signal to stop [default: 30]
    #[arg(long, env = "DILIGENCE_SHUTDOWN_TIMEOUT_SECONDS", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub shutdown_timeout_seconds: Option<u64>,
    /// The address under which people reach this server, for links: https://register.example.org, or below a path of
    /// another name's, https://www.example.org/diligence [default: where it listens]
    #[arg(long, env = "DILIGENCE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PublicUrl>,
    /// Further names that requests may be for, with commas between, against pages elsewhere that pass themselves off as
    /// this server [default: none; the public URL's own, localhost and addresses of digits always are]
    #[arg(long, env = "DILIGENCE_ALLOWED_HOSTS", value_name = "NAMES", value_delimiter = ',', value_parser = host_name)]
    pub allowed_hosts: Option<Vec<String>>,
    /// Proxies, by address or network, with commas between: 10.0.0.7/32. Only these are believed about whom they speak
    /// for [default: none]
    #[arg(long, env = "DILIGENCE_TRUSTED_PROXIES", value_name = "NETWORKS", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Option<Vec<IpNet>>,
    /// In which headers trusted proxies say for whom they speak [default: x-forwarded]
    #[arg(long, env = "DILIGENCE_PROXY_HEADERS", value_enum)]
    pub proxy_headers: Option<ProxyHeaders>,
    /// Serve https with this certificate (PEM, with those between it and its root); read again on SIGHUP
    #[arg(long, env = "DILIGENCE_TLS_CERTIFICATE", value_name = "FILE")]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, env = "DILIGENCE_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Send links by e-mail through this server: smtps://USER:PASSWORD@HOST, or smtp://HOST:587?tls=required [default:
    /// none is sent]
    #[arg(long, env = "DILIGENCE_SMTP_URL", hide_env_values = true, value_name = "URL")]
    pub smtp_url: Option<String>,
    /// Whom e-mail comes from: Register <register@example.org>
    #[arg(long, env = "DILIGENCE_SMTP_FROM", value_name = "ADDRESS")]
    pub smtp_from: Option<String>,
    /// Requests a minute from one key or session; 0 for no limit [default: 6000]
    #[arg(long, env = "DILIGENCE_REQUESTS_PER_MINUTE", value_name = "NUMBER")]
    pub requests_per_minute: Option<u32>,
    /// Requests a minute from one address, whoever calls; 0 for no limit [default: 12000]
    #[arg(long, env = "DILIGENCE_ADDRESS_REQUESTS_PER_MINUTE", value_name = "NUMBER")]
    pub address_requests_per_minute: Option<u32>,
    /// Requests a minute from one address to what anyone may call, such as signing in, and with keys and sessions that
    /// have not been good lately; 0 for no limit [default: 120]
    #[arg(long, env = "DILIGENCE_STRANGER_REQUESTS_PER_MINUTE", value_name = "NUMBER")]
    pub stranger_requests_per_minute: Option<u32>,
    /// How long a client may take to send a request's head; an idle connection is closed after as long [default: 75]
    #[arg(long, env = "DILIGENCE_HEAD_TIMEOUT_SECONDS", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub head_timeout_seconds: Option<u64>,
    /// Connections of clients open at once at the most; further ones wait [default: 4096]
    #[arg(long, env = "DILIGENCE_CLIENT_CONNECTIONS", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub client_connections: Option<u32>,
    /// Networks that are not public and that identity providers may be in, with commas between: 10.1.0.0/16. Without,
    /// they are asked at public addresses only [default: none]
    #[arg(long, env = "DILIGENCE_PROVIDER_NETWORKS", value_name = "NETWORKS", value_delimiter = ',', value_parser = network)]
    pub provider_networks: Option<Vec<IpNet>>,
    /// Serve /metrics at this address alone, in plain http: 127.0.0.1:9090; port 0 takes any free one [default: beside
    /// everything else]
    #[arg(long, env = "DILIGENCE_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,
    /// A file with a key of 16 characters or more, which /metrics then asks for: Authorization: Bearer KEY
    #[arg(long, env = "DILIGENCE_METRICS_KEY_FILE", value_name = "FILE")]
    pub metrics_key_file: Option<PathBuf>,
}

/// A host's name as `Host` is compared with it.
fn host_name(text: &str) -> Result<String, String> {
    let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if is_name {
        Ok(name)
    } else {
        Err(format!("expected a host's name without a port, such as register.example.org, not {text:?}"))
    }
}

/// A network, or one address.
pub(crate) fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("expected an address or a network such as 10.0.0.0/8, not {text:?}"))
}

/// The configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    database_url: Option<String>,
    max_connections: Option<u32>,
    log_format: Option<LogFormat>,
    log_level: Option<String>,
    request_timeout_seconds: Option<u64>,
    shutdown_timeout_seconds: Option<u64>,
    public_url: Option<PublicUrl>,
    allowed_hosts: Option<Vec<String>>,
    trusted_proxies: Option<Vec<String>>,
    proxy_headers: Option<ProxyHeaders>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    smtp_url: Option<String>,
    smtp_from: Option<String>,
    requests_per_minute: Option<u32>,
    address_requests_per_minute: Option<u32>,
    stranger_requests_per_minute: Option<u32>,
    head_timeout_seconds: Option<u64>,
    client_connections: Option<u32>,
    provider_networks: Option<Vec<String>>,
    metrics_listen: Option<SocketAddr>,
    metrics_key_file: Option<PathBuf>,
}

impl File {
    fn read(path: Option<&Path>) -> Result<Self, String> {
        let Some(path) = path else { return Ok(Self::default()) };
        let place = path.display();
        let text = fs::read_to_string(path)
            .map_err(|error| format!("the configuration file {place} cannot be read: {error}"))?;
        Self::parse(&text).map_err(|error| format!("the configuration file {place}: {error}"))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: Self = toml::from_str(text).map_err(|error| {
            let line =
                error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
            format!("line {line}: {}", error.message())
        })?;
        let within = |name: &str, value: Option<u64>, low: u64, high: u64| match value {
            Some(value) if !(low..=high).contains(&value) => {
                Err(format!("{name}: expected {low} to {high}, not {value}"))
            }
            _ => Ok(()),
        };
        within("max_connections", file.max_connections.map(u64::from), 1, 1000)?;
        within("request_timeout_seconds", file.request_timeout_seconds, 1, 3600)?;
        within("shutdown_timeout_seconds", file.shutdown_timeout_seconds, 0, 3600)?;
        within("head_timeout_seconds", file.head_timeout_seconds, 1, 3600)?;
        within("client_connections", file.client_connections.map(u64::from), 1, 100_000)?;
        Ok(file)
    }
}

impl Config {
    /// What the flags (and, through them, the environment) say, then the file they name, then the defaults.
    ///
    /// # Errors
    /// A sentence on what is wrong with the file.
    pub fn resolve(flags: ServeFlags) -> Result<Self, String> {
        let file = File::read(flags.database.config.as_deref())?;
        let config = Self::merge(flags, file)?;
        Mailer::new(config.smtp_url.as_deref(), config.smtp_from.as_deref())?;
        Ok(config)
    }

    fn merge(flags: ServeFlags, file: File) -> Result<Self, String> {
        let ServeFlags {
            listen,
            database: DatabaseFlags { database_url, max_connections, config: _ },
            log_format,
            log_level,
            request_timeout_seconds,
            shutdown_timeout_seconds,
            public_url,
            allowed_hosts,
            trusted_proxies,
            proxy_headers,
            tls_certificate,
            tls_key,
            smtp_url,
            smtp_from,
            requests_per_minute,
            address_requests_per_minute,
            stranger_requests_per_minute,
            head_timeout_seconds,
            client_connections,
            provider_networks,
            metrics_listen,
            metrics_key_file,
        } = flags;
        let default = Self::default();
        let named = |name: &'static str| move |error: String| format!("{name}: {error}");
        let hosts = file
            .allowed_hosts
            .unwrap_or_default()
            .iter()
            .map(|text| host_name(text))
            .collect::<Result<_, _>>()
            .map_err(named("allowed_hosts"))?;
        let networks = |name: &'static str, texts: Option<Vec<String>>| {
            texts
                .unwrap_or_default()
                .iter()
                .map(|text| network(text))
                .collect::<Result<Vec<_>, _>>()
                .map_err(named(name))
        };
        let proxies = networks("trusted_proxies", file.trusted_proxies)?;
        let provider_networks =
            provider_networks.map_or_else(|| networks("provider_networks", file.provider_networks), Ok)?;
        let tls = match (tls_certificate.or(file.tls_certificate), tls_key.or(file.tls_key)) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (None, None) => None,
            (Some(_), None) => return Err("tls_certificate needs tls_key as well".into()),
            (None, Some(_)) => return Err("tls_key needs tls_certificate as well".into()),
        };
        Ok(Self {
            listen: listen.or(file.listen).unwrap_or(default.listen),
            database_url: database_url.or(file.database_url).unwrap_or(default.database_url),
            max_connections: max_connections.or(file.max_connections).unwrap_or(default.max_connections),
            log_format: log_format.or(file.log_format).unwrap_or(default.log_format),
            log_level: log_level.or(file.log_level).unwrap_or(default.log_level),
            request_timeout: request_timeout_seconds
                .or(file.request_timeout_seconds)
                .map_or(default.request_timeout, Duration::from_secs),
            shutdown_timeout: shutdown_timeout_seconds
                .or(file.shutdown_timeout_seconds)
                .map_or(default.shutdown_timeout, Duration::from_secs),
            public_url: public_url.or(file.public_url),
            allowed_hosts: allowed_hosts.unwrap_or(hosts),
            trusted_proxies: trusted_proxies.unwrap_or(proxies),
            proxy_headers: proxy_headers.or(file.proxy_headers).unwrap_or_default(),
            tls,
            smtp_url: smtp_url.or(file.smtp_url),
            smtp_from: smtp_from.or(file.smtp_from),
            limits: Limits {
                caller: requests_per_minute.or(file.requests_per_minute).unwrap_or(default.limits.caller),
                address: address_requests_per_minute
                    .or(file.address_requests_per_minute)
                    .unwrap_or(default.limits.address),
                stranger: stranger_requests_per_minute
                    .or(file.stranger_requests_per_minute)
                    .unwrap_or(default.limits.stranger),
            },
            head_timeout: head_timeout_seconds
                .or(file.head_timeout_seconds)
                .map_or(default.head_timeout, Duration::from_secs),
            client_connections: client_connections.or(file.client_connections).unwrap_or(default.client_connections),
            provider_networks,
            metrics_listen: metrics_listen.or(file.metrics_listen),
            metrics_key_file: metrics_key_file.or(file.metrics_key_file),
            metrics_key: None,
        })
    }

    /// Where a respondent's link leads; its text stands in the fragment, which browsers send to nobody.
    #[must_use]
    pub fn link_of_respondent(&self, token: &str) -> String {
        self.link(&format!("/respond#{token}"))
    }

    /// Whether links open on this computer only: there is no public address, or it is this computer's name for itself.
    #[must_use]
    pub fn links_open_here_only(&self) -> bool {
        match &self.public_url {
            Some(url) => {
                let host = url.host().trim_start_matches('[').trim_end_matches(']');
                host == "localhost"
                    || host.ends_with(".localhost")
                    || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
            }
            None => self.listen.ip().is_loopback() || self.listen.ip().is_unspecified(),
        }
    }

    /// The address of `path` on this server, for people elsewhere: `link("/sign-in")`.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        if let Some(url) = &self.public_url {
            return url.link(path);
        }
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let mut address = self.listen;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
        }
        format!("{scheme}://{address}{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_beats_the_file_and_the_file_beats_the_default() {
        let file = File::parse("database_url = \"sqlite://file.db\"\nmax_connections = 3\n").expect("a good file");
        let flags = ServeFlags {
            database: DatabaseFlags { max_connections: Some(5), ..DatabaseFlags::default() },
            ..ServeFlags::default()
        };
        let config = Config::merge(flags, file).expect("a good configuration");
        assert_eq!(
            (config.database_url.as_str(), config.max_connections, config.listen.port()),
            ("sqlite://file.db", 5, 8080)
        );
    }

    #[test]
    fn an_unknown_name_in_the_file_is_refused_by_name_and_line() {
        let told = File::parse("listen = \"127.0.0.1:1\"\n\ndatabase = 3\n").expect_err("refused");
        assert!(told.starts_with("line 3: unknown field `database`"), "{told}");
        assert!(File::parse("max_connections = 0").is_err());
    }

    #[test]
    fn who_is_trusted_and_where_we_are_is_checked_before_the_start() {
        let merged = |text: &str| Config::merge(ServeFlags::default(), File::parse(text)?);
        let config = merged("public_url = \"https://Register.example.org/\"\nallowed_hosts = [\"Register.\"]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\nproxy_headers = \"forwarded\"\nrequests_per_minute = 0\n")
            .expect("a good file");
        assert_eq!(
            (config.link("/x").as_str(), config.allowed_hosts.as_slice()),
            ("https://register.example.org/x", &["register".to_owned()][..])
        );
        assert_eq!(
            (config.trusted_proxies.len(), config.proxy_headers, config.limits),
            (2, ProxyHeaders::Forwarded, Limits { caller: 0, ..Limits::default() })
        );
        for (text, said) in [
            ("public_url = \"register.example.org\"", "line 1: expected an address such as"),
            ("public_url = \"https://example.org/sign-in\"", "line 1: expected a path that begins with no word of"),
            ("allowed_hosts = [\"a:80\"]", "allowed_hosts: expected a host's name"),
            ("trusted_proxies = [\"proxy\"]", "trusted_proxies: expected an address or a network"),
            ("provider_networks = [\"intranet\"]", "provider_networks: expected an address or a network"),
            ("metrics_listen = \"9090\"", "line 1: "),
            ("tls_key = \"key.pem\"", "tls_key needs tls_certificate"),
            ("tls_certificate = \"certificate.pem\"", "tls_certificate needs tls_key"),
            ("head_timeout_seconds = 0", "head_timeout_seconds: expected 1"),
        ] {
            let told = merged(text).expect_err("refused");
            assert!(told.starts_with(said), "{told}");
        }
    }

    #[test]
    fn without_a_public_address_links_lead_to_where_it_listens() {
        let listening =
            |text: &str| Config { listen: text.parse().expect("an address"), ..Config::default() }.link("/x");
        assert_eq!(listening("127.0.0.1:8080"), "http://127.0.0.1:8080/x");
        assert_eq!(listening("0.0.0.0:80"), "http://127.0.0.1:80/x");
        assert_eq!(listening("[::]:80"), "http://[::1]:80/x");
        for (public, listen, is_here_only) in [
            (None, "127.0.0.1:8080", true),
            (None, "0.0.0.0:8080", true),
            (None, "192.168.1.5:8080", false),
            (Some("http://localhost:8080"), "0.0.0.0:8080", true),
            (Some("http://[::1]"), "0.0.0.0:8080", true),
            (Some("https://register.example.org"), "127.0.0.1:8080", false),
        ] {
            let public_url = public.map(|text| text.parse().expect("an address"));
            let listen = listen.parse().expect("an address");
            let config = Config { public_url, listen, ..Config::default() };
            assert_eq!(config.links_open_here_only(), is_here_only, "{public:?} {listen}");
        }
    }
}
