//! The program as people run it, with the files of `api/package`: behind each proxy, in a container's folder, as a service, as a
//! package.
//!
//! The proxies are those of Debian, each in the foreground with the sample that is shipped; only ports, paths and what a test
//! needs of its own are put in their places. `tests/run` installs them.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    harness::{Folder, On, empty_database},
    operations::{run, signal},
    server::{Server, command, program},
};

const NAME: &str = "register.example.org";

fn package(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/package").join(file)
}

fn sample(file: &str) -> String {
    fs::read_to_string(package(file)).expect("a file of the package")
}

/// Where a program is that these tests need; whoever lacks it is told how to get it.
fn tool(name: &str, debian_package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let found = places.map(|folder| folder.join(name)).find(|place| place.is_file());
    found.unwrap_or_else(|| panic!("{name} is missing: run ./tests/run, which installs it, or on Debian apt-get install {debian_package}"))
}

/// The sample with what stands there put in the place of what it holds, each of which it must hold.
fn with(mut text: String, changes: &[(&str, &str)]) -> String {
    for (from, to) in changes {
        assert!(text.contains(from), "the sample holds no {from:?}");
        text = text.replace(from, to);
    }
    text
}

// ---------------------------------------------------------------- proxies

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
                let temporary: String =
                    ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].iter().map(|what| format!("{what}_temp_path {};", place(&format!("nginx-{what}")))).collect();
                let whole =
                    format!("daemon off; master_process off; pid {}; error_log stderr; events {{}} http {{ access_log off; {temporary}\n{site}}}", place("nginx.pid"));
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
                        &[("    option httpchk\n", "    option httpchk\n    compression algo gzip\n    compression type application/json\n    compression offload\n")],
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
                        &[("\trequest_body", "\tencode gzip {\n\t\tminimum_length 1\n\t}\n\trequest_body"), ("flush_interval -1", "header_up -Accept-Encoding")],
                    ),
                };
                // It leads from http to https by itself.
                let text = format!("{{\n\tadmin off\n\thttp_port {http}\n\thttps_port {https}\n\tdefault_bind 127.0.0.1\n}}\n{text}");
                let mut command = Command::new(tool("caddy", "caddy"));
                command.args(["run", "--adapter", "caddyfile", "--config", &place("Caddyfile")]);
                command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
                (("Caddyfile", text), command)
            }
            Kind::Apache => {
                let modules: String = ["mpm_event", "authz_core", "proxy", "proxy_http", "ssl", "socache_shmcb", "headers", "env", "filter", "deflate"]
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
        curl.args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "120", "--interface", from, "--resolve", &resolve(https), "--resolve", &resolve(http)]);
        let run = curl.arg("--cacert").arg(self.folder.join("chain.pem")).args(more).arg(url).output().expect("curl runs");
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
    head.lines().find_map(|line| line.split_once(": ").filter(|(known, _)| *known == name)).map_or("", |(_, value)| value.trim())
}

async fn behind(kind: Kind, packs: Packs, more: &[&str]) -> (Proxy, Server, Folder) {
    let (url, folder) = empty_database(On::Sqlite).await;
    let folder = folder.expect("a folder");
    let public = format!("https://{NAME}");
    let server = Server::start_with(&url, &[&["--trusted-proxies", "127.0.0.1", "--public-url", &public], more].concat());
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
        head.contains(" 308 ") && header(&head, "location").starts_with(&format!("https://{NAME}")) && header(&head, "location").ends_with("/register?q=a"),
        "{head}"
    );
    let (head, _) = head_and_body(&proxy.curl("127.0.0.1", "/health/ready", &["--include"]));
    assert!(head.contains(" 200") && !header(&head, "strict-transport-security").is_empty(), "{head}");

    // It knows who asks: one address is stopped, whatever it says of itself, and another is not.
    let ask = |from: &str, forged: &str| {
        let told = proxy.curl(from, "/api/v1/suppliers", &["--header", forged, "--output", "/dev/null", "--write-out", "%{http_code}"]);
        String::from_utf8(told.stdout).expect("text")
    };
    for number in 0..3 {
        assert_eq!(ask("127.0.0.5", &format!("X-Forwarded-For: 198.51.100.{number}")), "401");
    }
    for forged in ["X-Forwarded-For: 198.51.100.9", "X-Forwarded-For: 127.0.0.1", "Forwarded: for=198.51.100.9", "X-Real-IP: 198.51.100.9"] {
        assert_eq!(ask("127.0.0.5", forged), "429", "{forged}");
    }
    assert_eq!(ask("127.0.0.6", "X-Forwarded-For: 127.0.0.5"), "401");

    // Bodies of 32 MiB come through: it is the program that finds no JSON in this one.
    let large = folder.0.join("large.json");
    fs::write(&large, vec![b' '; 32 << 20]).expect("written");
    let data = format!("@{}", large.display());
    let headers = ["--header", &key, "--header", "Content-Type: application/json", "--header", "Expect:"];
    let sent = proxy.curl("127.0.0.1", "/api/v1/suppliers/import", &[&headers[..], &["--data-binary", &data, "--include"]].concat());
    let (head, body) = head_and_body(&sent);
    let is_refused = head.lines().next().is_some_and(|line| line.contains(" 400")) && header(&head, "content-type") == "application/problem+json";
    assert!(is_refused, "{head} {}", String::from_utf8_lossy(&body));

    // What is packed comes through packed, and its tag as it was given; exports come whole.
    let rows: String = (0..300).map(|number| format!("Supplier {number},{}\r\n", "note ".repeat(40))).collect();
    fs::write(folder.0.join("suppliers.csv"), format!("name,notes\r\n{rows}")).expect("written");
    let file = format!("@{}", folder.0.join("suppliers.csv").display());
    proxy.curl("127.0.0.1", "/api/v1/suppliers/import", &["--fail", "--header", &key, "--header", "Content-Type: text/csv", "--data-binary", &file]);
    let plain = proxy.curl("127.0.0.1", "/api/v1/suppliers.csv", &["--fail", "--header", &key]).stdout;
    assert!(plain.len() > 60_000 && plain.ends_with(b"\r\n"));
    for coding in ["gzip", "zstd"] {
        let accept = format!("Accept-Encoding: {coding}");
        let (head, packed) = head_and_body(&proxy.curl("127.0.0.1", "/api/v1/suppliers.csv", &["--fail", "--include", "--header", &key, "--header", &accept]));
        assert!(header(&head, "content-encoding") == coding && packed.len() < plain.len() / 4, "{head}");
        let unpacked = proxy.curl("127.0.0.1", "/api/v1/suppliers.csv", &["--fail", "--compressed", "--header", &key, "--header", &accept]).stdout;
        assert!(unpacked == plain, "{coding} of {kind:?} is not what it was");
    }
    let id = first_id(&proxy, &key);
    let path = format!("/api/v1/suppliers/{id}");
    let (head, _) = head_and_body(&proxy.curl("127.0.0.1", &path, &["--fail", "--include", "--header", &key, "--header", "Accept-Encoding: zstd, gzip"]));
    assert_eq!(header(&head, "etag"), "\"1\"", "it is too small to be packed: {head}");
    change(&proxy, &key, &path, header(&head, "etag"), "{\"notes\": \"changed\"}");
}

fn first_id(proxy: &Proxy, key: &str) -> String {
    let list: Value = serde_json::from_slice(&proxy.curl("127.0.0.1", "/api/v1/suppliers?limit=1", &["--fail", "--compressed", "--header", key]).stdout).expect("JSON");
    list["items"][0]["id"].as_str().expect("an id").to_owned()
}

/// Changes what is at `path` by the tag that was given for it, and sees that it is not taken twice.
fn change(proxy: &Proxy, key: &str, path: &str, tag: &str, body: &str) {
    for status in ["200", "412"] {
        let tag = format!("If-Match: {tag}");
        let told = proxy.curl(
            "127.0.0.1",
            path,
            &["--request", "PATCH", "--header", key, "--header", &tag, "--json", body, "--output", "/dev/null", "--write-out", "%{http_code}"],
        );
        assert_eq!(String::from_utf8_lossy(&told.stdout), status, "{tag}");
    }
}

/// A proxy that packs answers itself marks their tags; what it makes of them is taken back.
async fn marks(kind: Kind, as_: &[&str]) {
    let (proxy, server, _folder) = behind(kind, Packs::Itself, &[]).await;
    let key = format!("Authorization: Bearer {}", server.key);
    let make = |noun: &str, body: &Value| -> Value {
        let made = proxy.curl("127.0.0.1", &format!("/api/v1/{noun}"), &["--fail", "--compressed", "--header", &key, "--json", &body.to_string()]);
        serde_json::from_slice(&made.stdout).expect("JSON")
    };
    let supplier = make("suppliers", &json!({ "name": "Through a proxy" }));
    let body = json!({ "subject_id": supplier["id"], "title": "No clean linen", "likelihood": 2, "impact": 3, "description": "They wash what we wear. ".repeat(100) });
    let path = format!("/api/v1/risks/{}", make("risks", &body)["id"].as_str().expect("an id"));
    let packed = || head_and_body(&proxy.curl("127.0.0.1", &path, &["--fail", "--include", "--header", &key, "--header", "Accept-Encoding: gzip"])).0;
    let head = packed();
    let tag = header(&head, "etag").replace("w/", "W/");
    assert!(header(&head, "content-encoding") == "gzip" && as_.contains(&tag.as_str()), "{kind:?} gives {tag}: {head}");
    let again = proxy.curl(
        "127.0.0.1",
        &path,
        &["--header", &key, "--header", "Accept-Encoding: gzip", "--header", &format!("If-None-Match: {tag}"), "--output", "/dev/null", "--write-out", "%{http_code}"],
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

// ---------------------------------------------------------------- health, the manual, what a shell completes

#[tokio::test]
async fn the_program_says_itself_whether_it_serves() {
    let (url, folder) = empty_database(On::Sqlite).await;
    let server = Server::start(&url);
    let listen = server.address.trim_start_matches("http://").to_owned();
    assert_eq!(run(&["health", "--listen", &listen]), (Some(0), "ready\n".into(), String::new()));
    assert_eq!(run(&["health", "--url", &server.address]).0, Some(0));
    // As in a container, where the environment says where it listens.
    let beyond = listen.replace("127.0.0.1", "0.0.0.0");
    let told = command(&["health"]).env("DILIGENCE_LISTEN", &beyond).output().expect("it runs");
    assert!(told.status.success());
    let file = folder.as_ref().expect("a folder").0.join("diligence.toml");
    fs::write(&file, format!("listen = \"{listen}\"\n")).expect("written");
    assert_eq!(run(&["health", "--config", file.to_str().expect("text")]).0, Some(0));

    // SIGHUP has a certificate read again; where there is none, nothing ends.
    signal(&server, "HUP");
    assert_eq!(run(&["health", "--listen", &listen]).0, Some(0));

    drop(server);
    let (code, out, told) = run(&["health", "--listen", &listen]);
    assert_eq!((code, out.as_str(), told.as_str()), (Some(1), "", format!("diligence: http://{listen}/health/ready does not answer\n").as_str()));
    let (code, _, told) = run(&["health", "--url", "register.example.org"]);
    assert!(code == Some(2) && told.contains("is no address"), "{told}");
}

#[tokio::test]
async fn whatever_serves_no_register_is_not_ready() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let other = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().expect("a caller");
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    let (code, _, told) = run(&["health", "--url", &address]);
    other.join().expect("it ends");
    assert!(code == Some(1) && told.contains("answers 503"), "{code:?} {told}");
}

#[test]
fn every_command_has_its_manual_page_and_shells_can_complete_it() {
    let folder = Folder(std::env::temp_dir().join(format!("diligence_man_{}", std::process::id())));
    let (code, _, told) = run(&["man", "--output", folder.0.to_str().expect("text")]);
    assert_eq!((code, told.as_str()), (Some(0), ""));
    let pages: Vec<String> = fs::read_dir(&folder.0).expect("a folder").map(|entry| entry.expect("a file").file_name().into_string().expect("text")).collect();
    for page in ["diligence.1", "diligence-serve.1", "diligence-key-create.1", "diligence-health.1"] {
        assert!(pages.iter().any(|known| known == page), "{page} is not among {pages:?}");
    }
    assert!(!pages.iter().any(|page| page.contains("-help")), "{pages:?}");
    let (code, page, _) = run(&["man", "key", "create"]);
    assert!(code == Some(0) && page.starts_with(".ie") && page.contains(".TH diligence-key-create") && page.contains("\\-\\-expires\\-on"), "{page}");
    assert_eq!(run(&["man", "nothing"]).0, Some(2));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, script, _) = run(&["completions", shell]);
        assert!(code == Some(0) && script.contains("diligence") && script.contains("trusted-proxies"), "{shell}");
    }
    let check = Command::new("bash").arg("-n").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().and_then(|mut bash| {
        use std::io::Write as _;
        bash.stdin.take().expect("an end").write_all(run(&["completions", "bash"]).1.as_bytes())?;
        bash.wait()
    });
    assert!(check.expect("bash runs").success());
}

// ---------------------------------------------------------------- container, service, package

#[test]
fn the_container_file_builds_on_public_images_and_runs_as_nobody() {
    let text = sample("Containerfile");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let all = |word: &str| lines.iter().filter_map(|line| line.strip_prefix(word).map(str::trim)).collect::<Vec<_>>();
    let version = env!("CARGO_PKG_RUST_VERSION");
    assert_eq!(all("FROM "), [format!("docker.io/library/rust:{version}-slim-bookworm AS build").as_str(), "scratch"]);
    assert_eq!(all("USER "), ["65532:65532"]);
    assert_eq!(all("VOLUME "), ["/var/lib/diligence"]);
    assert!(all("ADD ").is_empty() && !text.contains("curl ") && !text.contains("latest"));
    let (_, last) = text.split_once("FROM scratch").expect("the last stage");
    assert!(!last.contains("RUN "), "the image has no shell");
    let json = |word: &str| serde_json::from_str::<Vec<String>>(last.split_once(word).expect("the word").1.lines().next().expect("a line")).expect("a list");
    assert_eq!(json("ENTRYPOINT "), ["/usr/bin/diligence"]);
    assert_eq!(json("\nCMD "), ["serve"]);
    assert_eq!(json(" CMD "), ["/usr/bin/diligence", "health"]);
    // Each member of the workspace is there to be built, and nothing else is.
    let workspace = fs::read_to_string(package("../../Cargo.toml")).expect("the workspace");
    let members = workspace.lines().find_map(|line| line.strip_prefix("members = ")).expect("the members");
    for member in serde_json::from_str::<Vec<String>>(members).expect("a list") {
        assert!(all("COPY ").contains(&format!("{member} {member}").as_str()), "{member} is not copied");
    }
    for (name, value) in [("DILIGENCE_LISTEN", "0.0.0.0:8080"), ("DATABASE_URL", "sqlite:///var/lib/diligence/diligence.db")] {
        assert!(last.contains(&format!("{name}={value}")), "{name}");
    }
}

#[test]
fn a_container_holds_what_the_program_needs_and_nothing_else() {
    let folder = Folder(std::env::temp_dir().join(format!("diligence_image_{}", std::process::id())));
    fs::create_dir_all(&folder.0).expect("a folder");
    let made = Command::new("sh").arg(package("image-root")).arg(program()).arg(&folder.0).output().expect("sh runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for file in ["usr/bin/diligence", "etc/ssl/certs/ca-certificates.crt", "etc/passwd", "etc/nsswitch.conf"] {
        assert!(folder.0.join(file).is_file(), "{file}");
    }
    assert!(!folder.0.join("bin").exists());
    // Whoever may put a program into a folder of its own starts it there, without anything else of this machine.
    let state = folder.0.join("var/lib/diligence");
    fs::create_dir_all(&state).expect("a folder");
    let inside = |arguments: &[&str]| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--root"]).arg(&folder.0).args(["--wd", "/var/lib/diligence", "/usr/bin/diligence"]).args(arguments);
        unshare.env_clear().env("DATABASE_URL", "sqlite:///var/lib/diligence/diligence.db").output().expect("unshare runs")
    };
    let version = inside(&["--version"]);
    if String::from_utf8_lossy(&version.stderr).starts_with("unshare:") {
        eprintln!("nobody may have a folder for a root here, so what is in it was looked at only");
        return;
    }
    assert!(version.status.success(), "{}", String::from_utf8_lossy(&version.stderr));
    let key = inside(&["key", "create", "--organisation", "Ours", "--role", "admin", "--name", "First"]);
    assert!(key.status.success() && key.stdout.starts_with(b"dlg_"), "{}", String::from_utf8_lossy(&key.stderr));
    assert!(state.join("diligence.db").is_file());
}

#[test]
fn the_unit_is_understood_by_systemd_and_exposes_little() {
    let folder = Folder(std::env::temp_dir().join(format!("diligence_unit_{}", std::process::id())));
    fs::create_dir_all(&folder.0).expect("a folder");
    let unit = folder.0.join("diligence.service");
    fs::write(&unit, with(sample("diligence.service"), &[("/usr/bin/diligence", &program().display().to_string())])).expect("written");
    let analyze = |arguments: &[&str]| {
        let run = Command::new(tool("systemd-analyze", "systemd")).args(arguments).arg(&unit).output().expect("it runs");
        (run.status.success(), format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr)))
    };
    assert_eq!(analyze(&["verify", "--man=no"]), (true, String::new()));
    let (is_low, told) = analyze(&["security", "--offline=true", "--no-pager", "--threshold=15"]);
    assert!(is_low, "{told}");
    // What it says is what the other files of the package say.
    let text = sample("diligence.service");
    for line in [
        "ExecStart=/usr/bin/diligence serve --config /etc/diligence/diligence.toml",
        "StateDirectory=diligence",
        "User=diligence",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}");
    }
    assert!(sample("diligence.toml").contains("sqlite:///var/lib/diligence/diligence.db"));
}

#[tokio::test]
async fn the_packaged_configuration_is_understood_with_all_that_it_proposes() {
    let (url, folder) = empty_database(On::Sqlite).await;
    let folder = folder.expect("a folder");
    let file = folder.0.join("diligence.toml");
    let proposed: String =
        sample("diligence.toml").lines().map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line)).fold(String::new(), |text, line| {
            // Of two databases the file can name one.
            if line.starts_with("database_url = \"postgres") { text } else { text + line + "\n" }
        });
    let text = with(proposed, &[("sqlite:///var/lib/diligence/diligence.db", &url), ("127.0.0.1:8080", "127.0.0.1:0")]);
    assert!(text.contains("\nsmtp_url = ") && text.contains("\ntrusted_proxies = "));
    fs::write(&file, text).expect("written");
    let (code, key, told) = run(&["key", "create", "--organisation", "Ours", "--role", "admin", "--name", "First", "--config", file.to_str().expect("text")]);
    assert!(code == Some(0) && key.starts_with("dlg_"), "{told}");
}

#[test]
fn the_debian_package_holds_files_that_there_are() {
    let manifest = fs::read_to_string(package("../Cargo.toml")).expect("a manifest");
    let manifest: toml::Table = manifest.parse().expect("TOML");
    let deb = &manifest["package"]["metadata"]["deb"];
    let text = |value: &toml::Value| value.as_str().expect("text").to_owned();
    let configuration = deb["conf-files"].as_array().expect("a list").iter().map(text).collect::<Vec<_>>();
    assert_eq!(configuration, ["/etc/diligence/diligence.toml"]);
    for asset in deb["assets"].as_array().expect("a list") {
        let asset: Vec<String> = asset.as_array().expect("a list").iter().map(text).collect();
        let [from, to, mode] = asset.as_slice() else { panic!("{asset:?} is no asset") };
        // What is made while it is packaged: the program, and what the program says of itself.
        let is_made = from.starts_with("target/release/") || from.starts_with("../target/package/");
        assert!(is_made || package("..").join(from).is_file(), "{from}");
        let expected = if to == "etc/diligence/" {
            "640"
        } else if to == "usr/bin/" {
            "755"
        } else {
            "644"
        };
        assert_eq!(mode, expected, "{from}");
    }
    let script = sample("deb");
    for made in ["man --output target/package/man", "target/package/completions/diligence.$shell", "for shell in bash zsh fish"] {
        assert!(script.contains(made), "{made}");
    }
    assert!(package("diligence.service").is_file());
    for script in ["debian/postinst", "debian/postrm", "deb", "image-root"] {
        let run = Command::new("sh").arg("-n").arg(package(script)).output().expect("sh runs");
        assert!(run.status.success(), "{script}: {}", String::from_utf8_lossy(&run.stderr));
    }
}
