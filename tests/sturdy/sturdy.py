"""What must hold while everything around the program fails: a change that was acknowledged is there afterwards, one that was not is
there whole or not at all, and what cannot be done is refused by its name (503, 507), never with a 500.

    python3 tests/sturdy/sturdy.py --program target/debug/diligence [--rounds N] [SCENARIO ...]

Scenarios (all of them without a name): kills, full, limited, hangups, full-postgres, restarts, pooler, failover. PostgreSQL's are
started from its server programs (--postgres-bin), in clusters that are removed afterwards; pooler needs pgbouncer on the PATH. A small
file system is a tmpfs, mounted as root or in a user namespace.
"""

import argparse
import http.client
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

ORGANISATION = "Sturdy"
REFUSED = {409, 412, 503, 507}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(condition, seconds, what):
    """Waits for something that must come about."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not after {seconds} s: {what}")
        time.sleep(0.05)


def expect(holds, what):
    if not holds:
        raise AssertionError(what)


# ---------------------------------------------------------------- the program


class Server:
    """The program on a database, at one port whenever it runs."""

    def __init__(self, program, folder, url, more=(), limit=None):
        self.program, self.folder, self.url, self.more, self.limit = program, folder, url, list(more), limit
        self.port = free_port()
        self.process = None
        self.starts = 0

    def run(self, *arguments):
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL" and not name.startswith("DILIGENCE_")}
        done = subprocess.run([self.program, *arguments, "--database-url", self.url], env=environment, capture_output=True, text=True, timeout=120)
        expect(done.returncode == 0, f"{arguments}: {done.stderr}")
        return done.stdout.strip()

    def new_key(self):
        return self.run("key", "create", "--create-organisation", "--organisation", ORGANISATION, "--role", "admin", "--name", f"Key {uuid.uuid4()}")

    def start(self):
        self.starts += 1
        self.log = self.folder / f"server-{self.port}-{self.starts}.log"
        limits = ["--requests-per-minute", "0", "--address-requests-per-minute", "0", "--stranger-requests-per-minute", "0"]
        command = [self.program, "serve", "--listen", f"127.0.0.1:{self.port}", "--database-url", self.url, *limits, *self.more]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, preexec_fn=self.limit)
        until(lambda: self.process.poll() is not None or b"ready: " in self.log.read_bytes(), 60, "the program is ready")
        expect(self.process.poll() is None, "it ended at its start: " + self.log.read_text()[-2000:])
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)

    def ask(self, key, method, path, body=None, headers=None, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            return exchange(connection, key, method, path, body, headers)
        finally:
            connection.close()

    def ready(self):
        try:
            return self.ask(None, "GET", "/health/ready")[0] == 200
        except OSError:
            return False

    def list(self, key, path, by):
        """Everything in a list; read on connections that wrote nothing of it."""
        found, cursor = {}, ""
        while cursor is not None:
            status, _, page = self.ask(key, "GET", f"/api/v1/{path}?limit=200{cursor}")
            expect(status == 200, f"the list of {path} is answered {status}")
            found.update((item[by], item) for item in page["items"])
            cursor = page["next"] and f"&cursor={page['next']}"
        return found


def exchange(connection, key, method, path, body=None, headers=None):
    sent = {"Authorization": f"Bearer {key}"} if key else {}
    if body is not None:
        sent["Content-Type"] = "application/json"
    connection.request(method, path, None if body is None else json.dumps(body), {**sent, **(headers or {})})
    answer = connection.getresponse()
    text = answer.read()
    is_json = (answer.getheader("Content-Type") or "").startswith(("application/json", "application/problem+json"))
    return answer.status, answer, json.loads(text) if is_json and text else text


# ---------------------------------------------------------------- people who write


class Load:
    """So many writers, and what was acknowledged to them."""

    def __init__(self, server, key, writers=16, text="Some notes."):
        self.server, self.key, self.text = server, key, text
        self.known, self.statuses, self.faults = {}, {}, []
        self.lock, self.stopping = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.write, args=(number,), daemon=True) for number in range(writers)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(timeout=90)
            expect(not thread.is_alive(), "a writer waits for an answer that does not come")
        return self

    def acknowledged(self):
        with self.lock:
            return sum(entry["count"] for entry in self.known.values())

    def count(self, status):
        with self.lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1
        if status >= 300 and status not in REFUSED:
            self.faults.append(status)
        return status

    def write(self, number):
        choose = random.Random(number)
        connection, mine = None, []
        while not self.stopping.is_set():
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
                self.step(connection, choose, mine)
            except (OSError, http.client.HTTPException):
                # Whether it was done is not known.
                self.count(0)
                connection = connection and connection.close()
                time.sleep(0.02)

    def step(self, connection, choose, mine):
        what = choose.random()
        if not mine or what < 0.4:
            body, once = {"name": f"Supplier {uuid.uuid4()}", "notes": self.text}, {"Idempotency-Key": str(uuid.uuid4())}
            status, _, made = exchange(connection, self.key, "POST", "/api/v1/suppliers", body, once)
            if self.count(status) == 201:
                with self.lock:
                    self.known[made["id"]] = {"version": 1, "notes": {self.text}, "count": 1}
                mine.append({"id": made["id"], "body": body, "once": once})
        elif what < 0.5:
            # The same again: the same answer, and nothing more is done.
            before = choose.choice(mine)
            status, _, made = exchange(connection, self.key, "POST", "/api/v1/suppliers", before["body"], before["once"])
            expect(self.count(status) != 201 or made["id"] == before["id"], f"a replay made another: {made}")
        elif what < 0.85:
            entry = self.known[choose.choice(mine)["id"]]
            ids = [item["id"] for item in mine if self.known[item["id"]] is entry]
            new = f"{uuid.uuid4()}{self.text}"
            with self.lock:
                version = entry["version"]
                entry["notes"] = entry["notes"] | {new}
            status, _, after = exchange(connection, self.key, "PATCH", f"/api/v1/suppliers/{ids[0]}", {"notes": new}, {"If-Match": f'"{version}"'})
            if self.count(status) == 200:
                with self.lock:
                    entry.update(version=after["version"], notes={new}, count=entry["count"] + 1)
            elif status == 412:
                # An earlier change came through though nobody said so.
                status, _, now = exchange(connection, self.key, "GET", f"/api/v1/suppliers/{ids[0]}")
                if self.count(status) == 200:
                    with self.lock:
                        expect(now["version"] > version and now["notes"] in entry["notes"], f"what was acknowledged is gone: {now}")
                        entry.update(version=now["version"], notes={now["notes"]})
        elif what < 0.95:
            self.count(exchange(connection, self.key, "PATCH", f"/api/v1/suppliers/{choose.choice(mine)['id']}", {"notes": "stale"}, {"If-Match": '"99"'})[0])
        else:
            self.count(exchange(connection, self.key, "GET", "/api/v1/register?limit=10")[0])

    def compare(self):
        """All that was acknowledged is there, and nothing is half there."""
        there = self.server.list(self.key, "suppliers", "id")
        lost = [supplier for supplier, entry in self.known.items() if supplier not in there]
        expect(not lost, f"{len(lost)} of {len(self.known)} acknowledged suppliers are gone")
        behind = [
            supplier for supplier, entry in self.known.items() if there[supplier]["version"] < entry["version"] or there[supplier]["notes"] not in entry["notes"]
        ]
        expect(not behind, f"{len(behind)} acknowledged changes are gone, such as {there[behind[0]]['version'] if behind else ''}")
        expect(self.server.list(self.key, "register", "subject_id").keys() == there.keys(), "the register does not follow from what is there")
        expect(not self.faults, f"answered {sorted(set(self.faults))}: {self.server.log.read_text()[-3000:]}")
        self.server.run("audit", "verify", "--organisation", ORGANISATION)
        return len(there)


def summary(load):
    return ", ".join(f"{count} × {status or 'broken off'}" for status, count in sorted(load.statuses.items()))


# ---------------------------------------------------------------- PostgreSQL


class Cluster:
    """A PostgreSQL of its own."""

    def __init__(self, options, folder, name="cluster"):
        self.bin, self.folder, self.port = Path(options.postgres_bin), folder / name, free_port()
        self.user = "postgres" if os.getuid() == 0 else None
        self.folder.mkdir(exist_ok=True)
        folder.chmod(0o711)
        if self.user:
            shutil.chown(self.folder, self.user)
        self.data = self.folder / "data"

    def call(self, program, *arguments, check=True):
        command = [str(self.bin / program), *map(str, arguments)]
        if self.user:
            command = ["runuser", "-u", self.user, "--", *command]
        done = subprocess.run(command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, stdin=subprocess.DEVNULL)
        expect(not check or done.returncode == 0, f"{program}: {done.stdout}")
        return done.stdout

    def create(self):
        self.call("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        return self

    def start(self, settings=""):
        settings = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c max_connections=300 -p {self.port} {settings}"
        self.call("pg_ctl", "start", "-w", "-s", "-D", self.data, "-l", self.folder / "log", "-o", settings)
        return self

    def stop(self, how="immediate"):
        self.call("pg_ctl", "stop", "-s", "-m", how, "-D", self.data, check=False)

    def sql(self, text, database="postgres"):
        return self.call("psql", "-h", "127.0.0.1", "-p", self.port, "-U", "postgres", "-At", "-c", text, database).strip()

    def url(self, database="diligence"):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"


# ---------------------------------------------------------------- a small file system


class SmallDisk:
    """A file system of so many megabytes."""

    def __init__(self, folder, megabytes):
        self.folder = folder
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(folder)], capture_output=True, text=True)
        expect(done.returncode == 0, f"no small file system can be mounted: {done.stderr}")
        self.ballast = folder / "ballast"

    def fill(self, leave_kilobytes):
        """Takes all room but so much."""
        room = os.statvfs(self.folder)
        size = room.f_bavail * room.f_frsize - leave_kilobytes * 1024
        with open(self.ballast, "wb", buffering=0) as ballast:
            while size > 0:
                try:
                    size -= ballast.write(bytes(min(size, 1 << 16)))
                except OSError:
                    # The writers were quicker.
                    return

    def make_room(self):
        self.ballast.unlink(missing_ok=True)

    def remove(self):
        subprocess.run(["umount", "-l", str(self.folder)], check=False)


# ---------------------------------------------------------------- scenarios


def kills(options, folder):
    """The program is killed under sixteen writers, again and again."""
    results = []
    for name, url in databases(options, folder):
        server = Server(options.program, folder, url)
        key = server.new_key()
        load = Load(server.start(), key).start()
        for _ in range(options.rounds):
            before = load.acknowledged()
            until(lambda: load.acknowledged() > before + 20 or load.faults, 60, "writes are acknowledged")
            server.kill()
            server.start()
        load.stop()
        load.compare()
        server.stop()
        results.append(f"{name}: {options.rounds} kills, {load.acknowledged()} acknowledged, none lost ({summary(load)})")
    return results


def full(options, folder):
    """The file system fills up under writers, is given room again, and fills up again."""
    # Room for what is kept of each round, too.
    disk = SmallDisk(folder / "small", 24 + 8 * options.rounds)
    try:
        server = Server(options.program, folder, f"sqlite://{disk.folder}/diligence.db")
        return filled(options, server, disk, lambda: None)
    finally:
        server.stop()
        disk.remove()


def filled(options, server, disk, recover):
    key = server.new_key()
    load = Load(server.start(), key, text="x" * 3000).start()
    for number in range(options.rounds):
        before = load.acknowledged()
        until(lambda: load.acknowledged() > before + 30 or load.faults, 60, "writes are acknowledged")
        refused = load.statuses.get(507, 0)
        disk.fill(leave_kilobytes=random.Random(number).choice([0, 64, 256]))
        until(lambda: load.statuses.get(507, 0) > refused + 20 or load.faults, 60, f"a full disk is said: {load.statuses}")
        disk.make_room()
        recover()
        # Without a new start writes go on, and are there for others.
        until(lambda: server.ready() or load.faults, 60, "it is ready again")
        before = load.acknowledged()
        until(lambda: load.acknowledged() > before + 30 or load.faults, 60, "writes are acknowledged again")
        if number % 3 == 2:
            load.server.kill()
            load.server.start()
    load.stop()
    load.compare()
    server.stop()
    server.start()
    load.compare()
    return [f"{options.rounds} full disks, {load.acknowledged()} acknowledged, none lost ({summary(load)})"]


def limited(options, folder):
    """A file may not grow further (ulimit -f): an I/O error, as SQLite has it."""
    results = []
    for number in range(options.rounds):
        place = folder / f"limited-{number}"
        place.mkdir()
        server = Server(options.program, place, f"sqlite://{place}/diligence.db")
        key = server.new_key()
        size = max(path.stat().st_size for path in place.iterdir()) + (700 + 137 * number) * 1024
        server.limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        load = Load(server.start(), key, text="x" * 2000).start()
        until(lambda: load.statuses.get(503, 0) + load.statuses.get(507, 0) > 40 or load.faults, 60, f"a limit is said: {load.statuses}")
        load.stop().compare()
        server.stop()
        server.limit = None
        server.start()
        load.compare()
        expect(server.ready(), "it is not ready though everything can be kept")
        server.stop()
        results.append(f"{load.acknowledged()} acknowledged, none lost ({summary(load)})")
    return results


def full_postgres(options, folder):
    """PostgreSQL's own disk is full. It stops itself where it cannot write its log, and is started again."""
    disk = SmallDisk(folder / "small", 160 + 8 * options.rounds)
    cluster = Cluster(options, disk.folder)
    folder.chmod(0o711)
    cluster.create()
    try:
        settings = "-c min_wal_size=32MB -c max_wal_size=48MB -c wal_recycle=off"
        cluster.start(settings)
        cluster.sql("CREATE DATABASE diligence")
        server = Server(options.program, folder, cluster.url())

        def recover():
            # Whether it went down is up to where it met the end of its disk.
            if "server is running" not in cluster.call("pg_ctl", "status", "-D", cluster.data, check=False):
                cluster.start(settings)

        return filled_postgres(options, server, disk, recover)
    finally:
        server.stop()
        cluster.stop()
        disk.remove()


def filled_postgres(options, server, disk, recover):
    key = server.new_key()
    load = Load(server.start(), key, text="x" * 3000).start()
    for number in range(options.rounds):
        before = load.acknowledged()
        until(lambda: load.acknowledged() > before + 30 or load.faults, 60, "writes are acknowledged")
        refused = load.statuses.get(507, 0) + load.statuses.get(503, 0)
        disk.fill(leave_kilobytes=random.Random(number).choice([0, 64, 256]))
        until(lambda: load.statuses.get(507, 0) + load.statuses.get(503, 0) > refused + 20 or load.faults, 120, f"a full disk is said: {load.statuses}")
        disk.make_room()
        recover()
        until(lambda: server.ready() or load.faults, 60, "it is ready again")
    load.stop()
    load.compare()
    return [f"{options.rounds} full disks of PostgreSQL, {load.acknowledged()} acknowledged, none lost ({summary(load)})"]


def restarts(options, folder):
    """PostgreSQL goes away and comes back under writers."""
    cluster = Cluster(options, folder).create().start()
    try:
        cluster.sql("CREATE DATABASE diligence")
        server = Server(options.program, folder, cluster.url())
        key = server.new_key()
        load = Load(server.start(), key).start()
        for number in range(options.rounds):
            before = load.acknowledged()
            until(lambda: load.acknowledged() > before + 30 or load.faults, 60, f"writes are acknowledged: {load.statuses}")
            cluster.stop(["fast", "immediate"][number % 2])
            until(lambda: not server.ready(), 30, "it says that it is not ready")
            cluster.start()
            until(server.ready, 30, "it is ready again")
        load.stop()
        load.compare()
        return [f"{options.rounds} times gone, {load.acknowledged()} acknowledged, none lost ({summary(load)})"]
    finally:
        server.stop()
        cluster.stop()


def databases(options, folder):
    """A new SQLite file, and a new PostgreSQL; each while it is used."""
    yield "SQLite", f"sqlite://{folder}/diligence.db"
    cluster = Cluster(options, folder).create().start()
    try:
        cluster.sql("CREATE DATABASE diligence")
        yield "PostgreSQL", cluster.url()
    finally:
        cluster.stop()


def hangups(options, folder):
    """Two hundred clients hang up at every point of a request, while sixteen writers write."""
    results = []
    for name, url in databases(options, folder):
        server = Server(options.program, folder, url)
        key = server.new_key()
        load = Load(server.start(), key).start()
        gone, stopping = [0], threading.Event()

        def hang_up(number):
            choose = random.Random(number)
            body = json.dumps({"name": f"Hang-up {number}", "notes": "x" * 200}).encode()
            requests = [
                b"POST /api/v1/suppliers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (key.encode(), len(body), body),
                b"GET /api/v1/register?limit=50 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n" % key.encode(),
                b"GET /api/v1/suppliers.csv HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n" % key.encode(),
            ]
            while not stopping.is_set():
                try:
                    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
                        request = choose.choice(requests)
                        connection.sendall(request[: choose.choice([len(request), len(request), choose.randrange(len(request))])])
                        # A reset rather than an end, as of somebody who pulls the plug; after none, some or all of the work is done.
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                        time.sleep(choose.choice([0, 0.0005, 0.002, 0.01, 0.05]))
                    gone[0] += 1
                except OSError:
                    time.sleep(0.01)

        threads = [threading.Thread(target=hang_up, args=(number,), daemon=True) for number in range(200)]
        for thread in threads:
            thread.start()
        time.sleep(options.seconds)
        stopping.set()
        for thread in threads:
            thread.join(timeout=30)
        before = load.acknowledged()
        until(lambda: load.acknowledged() > before + 20 or load.faults, 60, "writes are acknowledged")
        load.stop()
        load.compare()
        log = server.log.read_text()
        expect("status=500" not in log, f"a 500: {log[-2000:]}")
        if name == "PostgreSQL":
            query = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'diligence' AND state LIKE 'idle in transaction%'"
            found = subprocess.run([str(Path(options.postgres_bin) / "psql"), url, "-Atc", query], capture_output=True, text=True, check=True)
            expect(found.stdout.strip() == "0", f"{found.stdout} connections stay in a transaction")
        server.stop()
        results.append(f"{name}: {gone[0]} hung up in {options.seconds} s, {load.acknowledged()} acknowledged, none lost ({summary(load)})")
    return results


def pooler(options, folder):
    """PgBouncer in transaction mode, with fewer connections to PostgreSQL than there are callers."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    expect(program, "pgbouncer is missing: on Debian, apt-get install pgbouncer")
    cluster = Cluster(options, folder).create().start()
    port, process, server = free_port(), None, None
    try:
        cluster.sql("CREATE DATABASE diligence")
        (folder / "users.txt").write_text('"postgres" ""\n')
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\ndiligence = host=127.0.0.1 port={cluster.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {folder}/users.txt\npool_mode = transaction\ndefault_pool_size = 3\n"
        )
        for name in ["users.txt", "pgbouncer.ini"]:
            (folder / name).chmod(0o644)
        command = [program, str(folder / "pgbouncer.ini")]
        if cluster.user:
            command = ["runuser", "-u", cluster.user, "--", *command]
        with open(folder / "pgbouncer.log", "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        until(lambda: b"listening on" in (folder / "pgbouncer.log").read_bytes(), 20, "pgbouncer listens")
        url = f"postgres://postgres@127.0.0.1:{port}/diligence"
        server = Server(options.program, folder, url)
        key = server.new_key()
        load = Load(server.start(), key).start()
        until(lambda: load.acknowledged() > 150 * options.rounds or load.faults, 120, f"writes are acknowledged: {load.statuses}")
        load.stop()
        load.compare()
        # A second start on connections that somebody has used, and no warning that a statement was lost.
        server.stop()
        server.start()
        load.compare()
        expect("pooler in transaction mode" in server.log.read_text(), "the pooler is not seen")
        version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.splitlines()[0]
        return [f"{version}: {load.acknowledged()} acknowledged, none lost ({summary(load)})"]
    finally:
        server and server.stop()
        if process:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
        cluster.stop()


def failover(options, folder):
    """The primary dies under writers and its standby takes over; the address names both."""
    first, second = Cluster(options, folder, "first").create(), Cluster(options, folder, "second")
    server = None
    settings = "-c synchronous_commit=remote_apply -c synchronous_standby_names=* -c wal_level=replica -c max_wal_senders=4"
    try:
        first.start("-c wal_level=replica -c max_wal_senders=4")
        first.sql("CREATE DATABASE diligence")
        second.call("pg_basebackup", "-h", "127.0.0.1", "-p", first.port, "-U", "postgres", "-D", second.data, "-R", "-X", "stream", "-c", "fast")
        second.start("-c hot_standby=on")
        first.stop("fast")
        first.start(settings)
        until(lambda: first.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')") == "1", 30, "the standby follows")
        standby = subprocess.run([options.program, "key", "create", "--create-organisation", "--organisation", ORGANISATION, "--role", "admin", "--name", "x", "--database-url", second.url()], capture_output=True, text=True)
        expect(standby.returncode == 4 and "standby" in standby.stderr, f"a standby is not told: {standby.stderr}")
        server = Server(options.program, folder, f"postgres://postgres@127.0.0.1:{second.port},127.0.0.1:{first.port}/diligence")
        key = server.new_key()
        load = Load(server.start(), key).start()
        until(lambda: load.acknowledged() > 200 or load.faults, 60, f"writes are acknowledged: {load.statuses}")
        first.stop("immediate")
        second.call("pg_ctl", "promote", "-w", "-D", second.data)
        before = load.acknowledged()
        until(lambda: load.acknowledged() > before + 200 or load.faults, 60, f"writes are acknowledged by the new primary: {load.statuses}")
        load.stop()
        load.compare()
        return [f"{load.acknowledged()} acknowledged, none lost ({summary(load)})"]
    finally:
        server and server.stop()
        first.stop()
        second.stop()


SCENARIOS = {
    "kills": kills,
    "full": full,
    "limited": limited,
    "hangups": hangups,
    "full-postgres": full_postgres,
    "restarts": restarts,
    "pooler": pooler,
    "failover": failover,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    parser.add_argument("--program", required=True)
    parser.add_argument("--postgres-bin", default="/usr/lib/postgresql/15/bin")
    parser.add_argument("--rounds", type=int, default=3, help="how often what fails fails")
    parser.add_argument("--seconds", type=int, default=5, help="how long clients hang up")
    options = parser.parse_args()
    options.program = str(Path(options.program).resolve())
    failed = 0
    for name in options.scenarios or SCENARIOS:
        folder = Path(tempfile.mkdtemp(prefix="diligence-sturdy-"))
        began = time.monotonic()
        try:
            for result in SCENARIOS[name](options, folder):
                print(f"{name}: {result}, {time.monotonic() - began:.0f} s", flush=True)
        except AssertionError as failure:
            failed += 1
            print(f"{name}: FAILED: {failure}", flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    if os.getuid() != 0 and "DILIGENCE_STURDY_INSIDE" not in os.environ:
        # A namespace of our own, in which a small file system can be mounted.
        os.environ["DILIGENCE_STURDY_INSIDE"] = "1"
        inside = ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount"]
        if shutil.which("unshare") and subprocess.run([*inside, "true"], capture_output=True).returncode == 0:
            os.execvp("unshare", [*inside, sys.executable, *sys.argv])
    main()
