//! The program behind each proxy, as in the sample that is shipped, and behind proxies that pack answers themselves.
//!
//! The proxies are those of Debian, each in the foreground with its sample; only ports, paths and what a test needs of
//! its own are put in their places. `tests/run` installs them.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{sample, tool, with};
use crate::{
    harness::{Folder, On, empty_database},
    server::Server,
};

const NAME: &str = "register.example.org";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Nginx,
    Haproxy,
    Caddy,
    Apache,
}

/// What else a proxy does than its sample says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packs {
    /// Nothing.
    Never,
    /// It packs answers itself, and asks for plain ones, as many are set up.
    Itself,
}

/// A proxy in front of a server. It goes with its test.
struct Proxy {
    process: Child,
    /// Where it speaks https, and where http.
    ports: (u16, u16),
    folder: PathBuf,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

impl Proxy {
    fn start(kind: Kind, packs: Packs, server: &Server, folder: &Path) -> Self {
        let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).expect("a certificate");
        let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        for (file, text) in [("chain.pem", &chain), ("key.pem", &key), ("both.pem", &format!("{chain}{key}"))] {
            fs::write(folder.join(file), text).expect("written");
        }
        // Another program may take a port first.
        for _ in 0..5 {
            let ports = (free_port(), free_port());
            let log = folder.join("proxy.log");
            let output = fs::File::create(&log).expect("a log");
            let process = Self::command(kind, packs, server.address.trim_start_matches("http://"), folder, ports)
                .stdin(Stdio::null())
                .stdout(output.try_clone().expect("a second end"))
                .stderr(output)
                .spawn()
                .expect("the proxy starts");
            let mut proxy = Self { process, ports, folder: folder.to_owned() };
            let begun = Instant::now();
            while proxy.process.try_wait().expect("a state").is_none() {
                if TcpStream::connect(("127.0.0.1", ports.0)).is_ok() {
                    return proxy;
                }
                assert!(begun.elapsed() < Duration::from_secs(30), "{kind:?} does not listen");
                std::thread::sleep(Duration::from_millis(10));
            }
            eprintln!("{kind:?} ended: {}", fs::read_to_string(log).unwrap_or_default());
        }
        panic!("{kind:?} does not start");
    }

    /// How it is started, with its sample written to `folder`.
    fn command(kind: Kind, packs: Packs, server: &str, folder: &Path, (https, http): (u16, u16)) -> Command {
        let place = |name: &str| folder.join(name).display().to_string();
        let (at_https, at_http) = (format!("127.0.0.1:{https}"), format!("127.0.0.1:{http}"));
        let (written, mut command) = match kind {
            Kind::Nginx => {
                let site = with(
                    sample("nginx.conf"),
                    &[
                        ("    listen [::]:80;\n", ""),
                        ("    listen [::]:443 ssl http2;\n", ""),
                        ("listen 80;", &format!("listen {at_http};")),
                        ("listen 443 ssl", &format!("listen {at_https} ssl")),
                        ("/etc/ssl/register.example.org", &folder.display().to_string()),
                        ("127.0.0.1:8080", server),
                    ],
                );
                let site = match packs {
                    Packs::Never => site,
                    Packs::Itself => with(
                        site,
                        &[
                            ("gzip off;", "gzip on; gzip_min_length 1; gzip_types application/json;"),
                            ("proxy_set_header Host", "proxy_set_header Accept-Encoding \"\"; proxy_set_header Host"),
                        ],
                    ),
                };
                let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                    .iter()
                    .map(|what| format!("{what}_temp_path {};", place(&format!("nginx-{what}"))))
                    .collect();
                let whole = format!(
                    "daemon off; master_process off; pid {}; error_log stderr; events {{}} http {{ access_log off; {temporary}\n{site}}}",
                    place("nginx.pid")
                );
                let mut command = Command::new(tool("nginx", "nginx"));
                command.args(["-p", &folder.display().to_string(), "-c", &place("nginx.conf")]);
                (("nginx.conf", whole), command)
            }
            Kind::Haproxy => {
                let text = with(
                    sample("haproxy.cfg"),
                    &[
                        ("bind :::80 v4v6", &format!("bind {at_http}")),
                        ("bind :::443 v4v6", &format!("bind {at_https}")),
                        ("/etc/haproxy/register.example.org.pem", &place("both.pem")),
                        ("127.0.0.1:8080", server),
                    ],
                );
                let text = match packs {
                    Packs::Never => text,
                    Packs::Itself => with(
                        text,
                        &[(
                            "    option httpchk\n",
                            "    option httpchk\n    compression algo gzip\n    compression type application/json\n    compression offload\n",
                        )],
                    ),
                };
                let mut command = Command::new(tool("haproxy", "haproxy"));
                command.args(["-db", "-f", &place("haproxy.cfg")]);
                (("haproxy.cfg", text), command)
            }
            Kind::Caddy => {
                let text = with(
                    sample("Caddyfile"),
                    &[
                        ("register.example.org {\n", &format!("register.example.org:{https} {{\n\tbind 127.0.0.1\n")),
                        ("# tls /etc", "tls /etc"),
                        ("/etc/ssl/register.example.org", &folder.display().to_string()),
                        ("127.0.0.1:8080", server),
                    ],
                );
                let text = match packs {
                    Packs::Never => text,
                    Packs::Itself => with(
                        text,
                        &[
                            ("\trequest_body", "\tencode gzip {\n\t\tminimum_length 1\n\t}\n\trequest_body"),
                            ("flush_interval -1", "header_up -Accept-Encoding"),
                        ],
                    ),
                };
                // It leads from http to https by itself.
                let text = format!(
                    "{{\n\tadmin off\n\thttp_port {http}\n\thttps_port {https}\n\tdefault_bind 127.0.0.1\n}}\n{text}"
                );
                let mut command = Command::new(tool("caddy", "caddy"));
                command.args(["run", "--adapter", "caddyfile", "--config", &place("Caddyfile")]);
                command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
                (("Caddyfile", text), command)
            }
            Kind::Apache => {
                let modules: String = [
                    "mpm_event",
                    "authz_core",
                    "proxy",
                    "proxy_http",
                    "ssl",
                    "socache_shmcb",
                    "headers",
                    "env",
                    "filter",
                    "deflate",
                ]
                .iter()
                .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
                .collect();
                let text = format!(
                    "{modules}ServerRoot {root}\nServerName {NAME}\nPidFile {root}/apache.pid\nDefaultRuntimeDir {root}\nErrorLog {root}/apache.log\nListen {at_https}\n\
                     SSLEngine on\nSSLCertificateFile {root}/chain.pem\nSSLCertificateKeyFile {root}/key.pem\n\
                     RequestHeader unset Accept-Encoding\nSetEnv force-gzip 1\nProxyPreserveHost on\nProxyPass / http://{server}/\nAddOutputFilterByType DEFLATE application/json\n",
                    root = folder.display(),
                );
                assert_eq!(packs, Packs::Itself, "no sample for Apache is shipped");
                let mut command = Command::new(tool("apache2", "apache2-bin"));
                // One process, so that nothing of it outlives the test.
                command.args(["-f", &place("apache.conf"), "-X"]);
                (("apache.conf", text), command)
            }
        };
        fs::write(folder.join(written.0), written.1).expect("written");
        command.current_dir(folder);
        command
    }

    /// Asks with curl, as anyone at `from` would: over https by the register's name.
    fn curl(&self, from: &str, path: &str, more: &[&str]) -> Output {
        let url = format!("https://{NAME}:{}{path}", self.ports.0);
        self.curl_at(from, &url, more)
    }

    fn curl_at(&self, from: &str, url: &str, more: &[&str]) -> Output {
        let (https, http) = self.ports;
        let resolve = |port: u16| format!("{NAME}:{port}:127.0.0.1");
        let mut curl = Command::new(tool("curl", "curl"));
        curl.args([
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--max-time",
            "120",
            "--interface",
            from,
            "--resolve",
            &resolve(https),
            "--resolve",
            &resolve(http),
        ]);
        let run =
            curl.arg("--cacert").arg(self.folder.join("chain.pem")).args(more).arg(url).output().expect("curl runs");
        assert!(run.status.success(), "{url}: {}", String::from_utf8_lossy(&run.stderr));
        run
    }
}

/// The head and the body of what `curl --include` shows.
fn head_and_body(output: &Output) -> (String, Vec<u8>) {
    let end = output.stdout.windows(4).position(|window| window == b"\r\n\r\n").expect("the end of a head");
    let (head, body) = output.stdout.split_at(end);
    (String::from_utf8_lossy(head).to_lowercase(), body.get(4..).unwrap_or_default().to_vec())
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    head.lines()
        .find_map(|line| line.split_once(": ").filter(|(known, _)| *known == name))
        .map_or("", |(_, value)| value.trim())
}

async fn behind(kind: Kind, packs: Packs, more: &[&str]) -> (Proxy, Server, Folder) {
    let (url, folder) = empty_database(On::Sqlite).await;
    let folder = folder.expect("a folder");
    let public = format!("https://{NAME}");
    let server =
        Server::start_with(&url, &[&["--trusted-proxies", "127.0.0.1", "--public-url", &public], more].concat());
    let proxy = Proxy::start(kind, packs, &server, &folder.0);
    (proxy, server, folder)
}

/// What holds behind each of the proxies whose sample is shipped.
async fn serves(kind: Kind) {
    let (proxy, server, folder) = behind(kind, Packs::Never, &["--stranger-requests-per-minute", "3"]).await;
    let key = format!("Authorization: Bearer {}", server.key);

    // Everyone is led to https, where browsers are told to stay.
    let led = proxy.curl_at("127.0.0.1", &format!("http://{NAME}:{}/register?q=a", proxy.ports.1), &["--include"]);
    let (head, _) = head_and_body(&led);
    assert!(
        head.contains(" 308 ")
            && header(&head, "location").starts_with(&format!("https://{NAME}"))
            && header(&head, "location").ends_with("/register?q=a"),
        "{head}"
    );
    let (head, _) = head_and_body(&proxy.curl("127.0.0.1", "/health/ready", &["--include"]));
    assert!(head.contains(" 200") && !header(&head, "strict-transport-security").is_empty(), "{head}");

    // It knows who asks: one address is stopped, whatever it says of itself, and another is not.
    let ask = |from: &str, forged: &str| {
        let told = proxy.curl(
            from,
            "/api/v1/suppliers",
            &["--header", forged, "--output", "/dev/null", "--write-out", "%{http_code}"],
        );
        String::from_utf8(told.stdout).expect("text")
    };
    for number in 0..3 {
        assert_eq!(ask("127.0.0.5", &format!("X-Forwarded-For: 198.51.100.{number}")), "401");
    }
    for forged in [
        "X-Forwarded-For: 198.51.100.9",
        "X-Forwarded-For: 127.0.0.1",
        "Forwarded: for=198.51.100.9",
        "X-Real-IP: 198.51.100.9",
    ] {
        assert_eq!(ask("127.0.0.5", forged), "429", "{forged}");
    }
    assert_eq!(ask("127.0.0.6", "X-Forwarded-For: 127.0.0.5"), "401");

    // Bodies of 32 MiB come through: it is the program that finds no JSON in this one.
    let large = folder.0.join("large.json");
    fs::write(&large, vec![b' '; 32 << 20]).expect("written");
    let data = format!("@{}", large.display());
    let headers = ["--header", &key, "--header", "Content-Type: application/json", "--header", "Expect:"];
    let sent = proxy.curl(
        "127.0.0.1",
        "/api/v1/suppliers/import",
        &[&headers[..], &["--data-binary", &data, "--include"]].concat(),
    );
    let (head, body) = head_and_body(&sent);
    let is_refused = head.lines().next().is_some_and(|line| line.contains(" 400"))
        && header(&head, "content-type") == "application/problem+json";
    assert!(is_refused, "{head} {}", String::from_utf8_lossy(&body));

    // What is packed comes through packed, and its tag as it was given; exports come whole.
    let rows: String = (0..300).map(|number| format!("Supplier {number},{}\r\n", "note ".repeat(40))).collect();
    fs::write(folder.0.join("suppliers.csv"), format!("name,notes\r\n{rows}")).expect("written");
    let file = format!("@{}", folder.0.join("suppliers.csv").display());
    proxy.curl(
        "127.0.0.1",
        "/api/v1/suppliers/import",
        &["--fail", "--header", &key, "--header", "Content-Type: text/csv", "--data-binary", &file],
    );
    let plain = proxy.curl("127.0.0.1", "/api/v1/suppliers.csv", &["--fail", "--header", &key]).stdout;
    assert!(plain.len() > 60_000 && plain.ends_with(b"\r\n"));
    for coding in ["gzip", "zstd"] {
        let accept = format!("Accept-Encoding: {coding}");
        let (head, packed) = head_and_body(&proxy.curl(
            "127.0.0.1",
            "/api/v1/suppliers.csv",
            &["--fail", "--include", "--header", &key, "--header", &accept],
        ));
        assert!(header(&head, "content-encoding") == coding && packed.len() < plain.len() / 4, "{head}");
        let unpacked = proxy
            .curl(
                "127.0.0.1",
                "/api/v1/suppliers.csv",
                &["--fail", "--compressed", "--header", &key, "--header", &accept],
            )
            .stdout;
        assert!(unpacked == plain, "{coding} of {kind:?} is not what it was");
    }
    let id = first_id(&proxy, &key);
    let path = format!("/api/v1/suppliers/{id}");
    let (head, _) = head_and_body(&proxy.curl(
        "127.0.0.1",
        &path,
        &["--fail", "--include", "--header", &key, "--header", "Accept-Encoding: zstd, gzip"],
    ));
    assert_eq!(header(&head, "etag"), "\"1\"", "it is too small to be packed: {head}");
    change(&proxy, &key, &path, header(&head, "etag"), "{\"notes\": \"changed\"}");
}

fn first_id(proxy: &Proxy, key: &str) -> String {
    let list: Value = serde_json::from_slice(
        &proxy.curl("127.0.0.1", "/api/v1/suppliers?limit=1", &["--fail", "--compressed", "--header", key]).stdout,
    )
    .expect("JSON");
    list["items"][0]["id"].as_str().expect("an id").to_owned()
}

/// Changes what is at `path` by the tag that was given for it, and sees that it is not taken twice.
fn change(proxy: &Proxy, key: &str, path: &str, tag: &str, body: &str) {
    for status in ["200", "412"] {
        let tag = format!("If-Match: {tag}");
        let told = proxy.curl(
            "127.0.0.1",
            path,
            &[
                "--request",
                "PATCH",
                "--header",
                key,
                "--header",
                &tag,
                "--json",
                body,
                "--output",
                "/dev/null",
                "--write-out",
                "%{http_code}",
            ],
        );
        assert_eq!(String::from_utf8_lossy(&told.stdout), status, "{tag}");
    }
}

/// A proxy that packs answers itself marks their tags; what it makes of them is taken back.
async fn marks(kind: Kind, as_: &[&str]) {
    let (proxy, server, _folder) = behind(kind, Packs::Itself, &[]).await;
    let key = format!("Authorization: Bearer {}", server.key);
    let make = |noun: &str, body: &Value| -> Value {
        let made = proxy.curl(
            "127.0.0.1",
            &format!("/api/v1/{noun}"),
            &["--fail", "--compressed", "--header", &key, "--json", &body.to_string()],
        );
        serde_json::from_slice(&made.stdout).expect("JSON")
    };
    let supplier = make("suppliers", &json!({ "name": "Through a proxy" }));
    let body = json!({ "subject_id": supplier["id"], "title": "No clean linen", "likelihood": 2, "impact": 3, "description": "They wash what we wear. ".repeat(100) });
    let path = format!("/api/v1/risks/{}", make("risks", &body)["id"].as_str().expect("an id"));
    let packed = || {
        head_and_body(&proxy.curl(
            "127.0.0.1",
            &path,
            &["--fail", "--include", "--header", &key, "--header", "Accept-Encoding: gzip"],
        ))
        .0
    };
    let head = packed();
    let tag = header(&head, "etag").replace("w/", "W/");
    assert!(header(&head, "content-encoding") == "gzip" && as_.contains(&tag.as_str()), "{kind:?} gives {tag}: {head}");
    let again = proxy.curl(
        "127.0.0.1",
        &path,
        &[
            "--header",
            &key,
            "--header",
            "Accept-Encoding: gzip",
            "--header",
            &format!("If-None-Match: {tag}"),
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
        ],
    );
    assert_eq!(String::from_utf8_lossy(&again.stdout), "304");
    change(&proxy, &key, &path, &tag, "{\"title\": \"No linen\"}");
}

#[tokio::test]
async fn behind_nginx_as_in_its_sample_it_serves_as_it_does_alone() {
    serves(Kind::Nginx).await;
}

#[tokio::test]
async fn behind_haproxy_as_in_its_sample_it_serves_as_it_does_alone() {
    serves(Kind::Haproxy).await;
}

#[tokio::test]
async fn behind_caddy_as_in_its_sample_it_serves_as_it_does_alone() {
    serves(Kind::Caddy).await;
}

#[tokio::test]
async fn what_nginx_makes_of_a_tag_when_it_packs_is_taken_back() {
    marks(Kind::Nginx, &["W/\"1\""]).await;
}

#[tokio::test]
async fn what_haproxy_makes_of_a_tag_when_it_packs_is_taken_back() {
    marks(Kind::Haproxy, &["W/\"1\""]).await;
}

#[tokio::test]
async fn what_caddy_makes_of_a_tag_when_it_packs_is_taken_back() {
    marks(Kind::Caddy, &["\"1\"", "\"1-gzip\""]).await;
}

#[tokio::test]
async fn what_apache_makes_of_a_tag_when_it_packs_is_taken_back() {
    marks(Kind::Apache, &["\"1-gzip\""]).await;
}
