//! The program as people run it, with the files of `api/package`: behind each proxy, in a container's folder, as a
//! service, as a package.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    harness::{Folder, On, empty_database},
    operations::{run, signal},
    server::{Server, command, program},
};

mod proxies;
mod proxy;
mod secrets;

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
    found.unwrap_or_else(|| {
        panic!("{name} is missing: run ./tests/run, which installs it, or on Debian apt-get install {debian_package}")
    })
}

/// The sample with what stands there put in the place of what it holds, each of which it must hold.
fn with(mut text: String, changes: &[(&str, &str)]) -> String {
    for (from, to) in changes {
        assert!(text.contains(from), "the sample holds no {from:?}");
        text = text.replace(from, to);
    }
    text
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
    assert_eq!(
        (code, out.as_str(), told.as_str()),
        (Some(1), "", format!("diligence: http://{listen}/health/ready does not answer\n").as_str())
    );
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
    let pages: Vec<String> = fs::read_dir(&folder.0)
        .expect("a folder")
        .map(|entry| entry.expect("a file").file_name().into_string().expect("text"))
        .collect();
    for page in ["diligence.1", "diligence-serve.1", "diligence-key-create.1", "diligence-health.1"] {
        assert!(pages.iter().any(|known| known == page), "{page} is not among {pages:?}");
    }
    assert!(!pages.iter().any(|page| page.contains("-help")), "{pages:?}");
    let (code, page, _) = run(&["man", "key", "create"]);
    assert!(
        code == Some(0)
            && page.starts_with(".ie")
            && page.contains(".TH diligence-key-create")
            && page.contains("\\-\\-expires\\-on"),
        "{page}"
    );
    assert_eq!(run(&["man", "nothing"]).0, Some(2));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, script, _) = run(&["completions", shell]);
        assert!(code == Some(0) && script.contains("diligence") && script.contains("trusted-proxies"), "{shell}");
    }
    let check =
        Command::new("bash").arg("-n").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().and_then(|mut bash| {
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
    let json = |word: &str| {
        serde_json::from_str::<Vec<String>>(last.split_once(word).expect("the word").1.lines().next().expect("a line"))
            .expect("a list")
    };
    assert_eq!(json("ENTRYPOINT "), ["/usr/bin/diligence"]);
    assert_eq!(json("\nCMD "), ["serve"]);
    assert_eq!(json(" CMD "), ["/usr/bin/diligence", "health"]);
    // Each member of the workspace is there to be built, and nothing else is.
    let workspace = fs::read_to_string(package("../../Cargo.toml")).expect("the workspace");
    let members = workspace.lines().find_map(|line| line.strip_prefix("members = ")).expect("the members");
    for member in serde_json::from_str::<Vec<String>>(members).expect("a list") {
        assert!(all("COPY ").contains(&format!("{member} {member}").as_str()), "{member} is not copied");
    }
    for (name, value) in
        [("DILIGENCE_LISTEN", "0.0.0.0:8080"), ("DATABASE_URL", "sqlite:///var/lib/diligence/diligence.db")]
    {
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
        unshare
            .args(["--user", "--map-root-user", "--root"])
            .arg(&folder.0)
            .args(["--wd", "/var/lib/diligence", "/usr/bin/diligence"])
            .args(arguments);
        unshare
            .env_clear()
            .env("DATABASE_URL", "sqlite:///var/lib/diligence/diligence.db")
            .output()
            .expect("unshare runs")
    };
    let version = inside(&["--version"]);
    if String::from_utf8_lossy(&version.stderr).starts_with("unshare:") {
        eprintln!("nobody may have a folder for a root here, so what is in it was looked at only");
        return;
    }
    assert!(version.status.success(), "{}", String::from_utf8_lossy(&version.stderr));
    let key = inside(&[
        "key",
        "create",
        "--create-organisation",
        "--organisation",
        "Ours",
        "--role",
        "admin",
        "--name",
        "First",
    ]);
    assert!(key.status.success() && key.stdout.starts_with(b"dlg_"), "{}", String::from_utf8_lossy(&key.stderr));
    assert!(state.join("diligence.db").is_file());
}

#[test]
fn the_unit_is_understood_by_systemd_and_exposes_little() {
    let folder = Folder(std::env::temp_dir().join(format!("diligence_unit_{}", std::process::id())));
    fs::create_dir_all(&folder.0).expect("a folder");
    let unit = folder.0.join("diligence.service");
    fs::write(&unit, with(sample("diligence.service"), &[("/usr/bin/diligence", &program().display().to_string())]))
        .expect("written");
    let analyze = |arguments: &[&str]| {
        let run =
            Command::new(tool("systemd-analyze", "systemd")).args(arguments).arg(&unit).output().expect("it runs");
        (
            run.status.success(),
            format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr)),
        )
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
    let proposed: String = sample("diligence.toml")
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line))
        .fold(String::new(), |text, line| {
            // Of two databases the file can name one.
            if line.starts_with("database_url = \"postgres") { text } else { text + line + "\n" }
        });
    let text = with(proposed, &[("sqlite:///var/lib/diligence/diligence.db", &url), ("127.0.0.1:8080", "127.0.0.1:0")]);
    assert!(text.contains("\nsmtp_url = ") && text.contains("\ntrusted_proxies = "));
    fs::write(&file, text).expect("written");
    let (code, key, told) = run(&[
        "key",
        "create",
        "--create-organisation",
        "--organisation",
        "Ours",
        "--role",
        "admin",
        "--name",
        "First",
        "--config",
        file.to_str().expect("text"),
    ]);
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
    for made in
        ["man --output target/package/man", "target/package/completions/diligence.$shell", "for shell in bash zsh fish"]
    {
        assert!(script.contains(made), "{made}");
    }
    assert!(package("diligence.service").is_file());
    for script in ["debian/postinst", "debian/postrm", "deb", "image-root"] {
        let run = Command::new("sh").arg("-n").arg(package(script)).output().expect("sh runs");
        assert!(run.status.success(), "{script}: {}", String::from_utf8_lossy(&run.stderr));
    }
}
