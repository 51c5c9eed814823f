//! A proxy of Debian's in front of a server, in the foreground, with its sample of `api/package`: only ports, paths and
//! what a test needs of its own are put in their places. `tests/run` installs them.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use super::{sample, tool, with};
use crate::server::Server;

pub(super) const NAME: &str = "register.example.org";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Nginx,
    Haproxy,
    Caddy,
    Apache,
    Varnish,
}

pub(super) const ALL: [Kind; 5] = [Kind::Nginx, Kind::Haproxy, Kind::Caddy, Kind::Apache, Kind::Varnish];

/// How a proxy is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SetUp {
    /// As its sample says.
    AsSample,
    /// It packs answers itself, and asks for plain ones, as many are set up.
    Packing,
    /// It passes on what is below a path only; Apache takes that path off.
    Below,
    /// It is nginx without the lines of the sample that are for exports, or Varnish that looks for everything among what
    /// it keeps.
    Careless,
}

/// The path below which the register is then.
pub(super) const BELOW: &str = "/diligence";

/// A proxy in front of a server. It goes with its test.
pub(super) struct Proxy {
    process: Child,
    kind: Kind,
    /// Where it speaks https, or the PROXY protocol, and where http.
    pub(super) ports: (u16, u16),
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
    pub(super) fn start(kind: Kind, set_up: SetUp, server: &Server, folder: &Path) -> Self {
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
            let process = Self::command(kind, set_up, server.address.trim_start_matches("http://"), folder, ports)
                .stdin(Stdio::null())
                .stdout(output.try_clone().expect("a second end"))
                .stderr(output)
                .spawn()
                .expect("the proxy starts");
            let mut proxy = Self { process, kind, ports, folder: folder.to_owned() };
            let begun = Instant::now();
            while proxy.process.try_wait().expect("a state").is_none() {
                if TcpStream::connect(("127.0.0.1", ports.0)).is_ok() {
                    return proxy;
                }
                assert!(begun.elapsed() < Duration::from_secs(120), "{kind:?} does not listen");
                std::thread::sleep(Duration::from_millis(10));
            }
            eprintln!("{kind:?} ended: {}", fs::read_to_string(log).unwrap_or_default());
        }
        panic!("{kind:?} does not start");
    }

    /// How it is started, with its sample written to `folder`.
    fn command(kind: Kind, set_up: SetUp, server: &str, folder: &Path, (https, http): (u16, u16)) -> Command {
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
                let site = match set_up {
                    SetUp::AsSample => site,
                    SetUp::Below => with(site, &[("    location / {", &format!("    location {BELOW}/ {{"))]),
                    SetUp::Careless => with(
                        site,
                        &[
                            ("proxy_http_version 1.1;", ""),
                            ("proxy_set_header Connection \"\";", ""),
                            ("proxy_buffering off;", ""),
                        ],
                    ),
                    SetUp::Packing => with(
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
                let text = match set_up {
                    SetUp::AsSample | SetUp::Careless => text,
                    SetUp::Below => {
                        let rule = format!("use_backend diligence if {{ path {BELOW} }} || {{ path_beg {BELOW}/ }}");
                        with(text, &[("    default_backend diligence", &format!("    {rule}"))])
                    }
                    SetUp::Packing => with(
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
                let text = match set_up {
                    SetUp::AsSample | SetUp::Careless => text,
                    SetUp::Below => {
                        let rule = format!("\treverse_proxy {BELOW}/* {server} {{");
                        with(text, &[(format!("\treverse_proxy {server} {{").as_str(), rule.as_str())])
                    }
                    SetUp::Packing => with(
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
                    "alias",
                    "env",
                    "filter",
                    "deflate",
                ]
                .iter()
                .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
                .collect();
                let site = with(
                    sample("apache.conf"),
                    &[
                        ("VirtualHost *:80", &format!("VirtualHost {at_http}")),
                        ("VirtualHost *:443", &format!("VirtualHost {at_https}")),
                        ("/etc/ssl/register.example.org", &folder.display().to_string()),
                        ("127.0.0.1:8080", server),
                    ],
                );
                let site = match set_up {
                    SetUp::AsSample | SetUp::Careless => site,
                    SetUp::Below => with(site, &[("    ProxyPass / ", &format!("    ProxyPass {BELOW}/ "))]),
                    SetUp::Packing => with(
                        site,
                        &[("SetEnv no-gzip 1", "SetEnv force-gzip 1\n    RequestHeader unset Accept-Encoding")],
                    ),
                };
                // As Debian has it, which packs text of all kinds.
                let text = format!(
                    "{modules}ServerRoot {root}\nServerName {NAME}\nPidFile {root}/apache.pid\nDefaultRuntimeDir {root}\n\
                     ErrorLog {root}/apache.log\nListen {at_https}\nListen {at_http}\n\
                     AddOutputFilterByType DEFLATE application/json text/csv\n{site}",
                    root = folder.display(),
                );
                let mut command = Command::new(tool("apache2", "apache2-bin"));
                // One process, so that nothing of it outlives the test.
                command.args(["-f", &place("apache.conf"), "-X"]);
                (("apache.conf", text), command)
            }
            Kind::Varnish => {
                let port = server.rsplit(':').next().unwrap_or_default();
                let text = with(sample("varnish.vcl"), &[("\"8080\"", &format!("\"{port}\""))]);
                let text = match set_up {
                    SetUp::AsSample | SetUp::Below => text,
                    SetUp::Careless => with(
                        text,
                        &[(
                            "    return (pass);\n",
                            "    if (req.method == \"GET\" || req.method == \"HEAD\") { return (hash); }\n    return (pass);\n",
                        )],
                    ),
                    SetUp::Packing => {
                        format!(
                            "{text}\nsub vcl_backend_fetch {{\n    unset bereq.http.Accept-Encoding;\n}}\n\
                             sub vcl_backend_response {{\n    set beresp.do_gzip = true;\n}}\n"
                        )
                    }
                };
                let mut command = Command::new(tool("varnishd", "varnish"));
                command.args(["-F", "-j", "none", "-n", &place("varnish"), "-s", "malloc,32m"]);
                command.args(["-a", &format!("{at_https},PROXY"), "-a", &at_http, "-f", &place("varnish.vcl")]);
                (("varnish.vcl", text), command)
            }
        };
        fs::write(folder.join(written.0), written.1).expect("written");
        command.current_dir(folder);
        command
    }

    /// Asks with curl, as anyone at `from` would: over https by the register's name, or as what has the certificate
    /// asks Varnish for them.
    pub(super) fn curl(&self, from: &str, path: &str, more: &[&str]) -> Output {
        let (url, how) = self.at(path);
        self.curl_at(from, &url, &[how, more].concat())
    }

    /// The address of a path, and what curl is told to ask for it.
    pub(super) fn at(&self, path: &str) -> (String, &'static [&'static str]) {
        match self.kind {
            Kind::Varnish => (format!("http://{NAME}:{}{path}", self.ports.0), &["--haproxy-protocol"]),
            _ => (format!("https://{NAME}:{}{path}", self.ports.0), &[]),
        }
    }

    pub(super) fn curl_at(&self, from: &str, url: &str, more: &[&str]) -> Output {
        let run = self.asking(from, url, more).output().expect("curl runs");
        assert!(run.status.success(), "{url}: {}", String::from_utf8_lossy(&run.stderr));
        run
    }

    pub(super) fn asking(&self, from: &str, url: &str, more: &[&str]) -> Command {
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
        curl.arg("--cacert").arg(self.folder.join("chain.pem")).args(more).arg(url);
        curl
    }

    /// The status of what is asked for.
    pub(super) fn status(&self, path: &str, more: &[&str]) -> String {
        let told =
            self.curl("127.0.0.1", path, &[more, &["--output", "/dev/null", "--write-out", "%{http_code}"]].concat());
        String::from_utf8(told.stdout).expect("text")
    }
}
