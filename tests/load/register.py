"""The program with a database: a person who is signed in, an administrator's key, and suppliers to measure with."""

from __future__ import annotations

import csv
import datetime
import http.client
import io
import json
import os
import pathlib
import re
import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

ORGANISATION = "Load"
EMAIL = "sam@example.org"
PASSWORD = "plum chair river nine"
# The most rows that an import takes.
ROWS = 20_000
# The program closes a connection that has been idle for 75 seconds.
IDLE = 30
COLUMNS = ["name", "service_criticality", "contracts", "evidence.insurance.issued_on", "evidence.insurance.expires_on"]
FIRST = "Amber Bright Cedar Dale Elm Fern Grange Harbour Ivy Juniper Kestrel Lark Meadow Nightingale".split()
SECOND = "Care Catering Cleaning Digital Linen Lifts Medical Mobility Payroll Pharmacy Records Training".split()
# What one supplier is called in each register, whatever its size.
SOUGHT, SOUGHT_NUMBER = "Quillfeather", 500


class Failed(Exception):
    """Something could not be measured, and why."""


class Refused(Failed):
    def __init__(self, asked: str, status: int, body: bytes) -> None:
        super().__init__(f"{asked} was answered {status}: {body[:1000].decode(errors='replace')}")
        self.status = status


def took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def own_environment() -> dict[str, str]:
    """Without what a developer has set for their own server."""
    own = ("DATABASE_URL", "DILIGENCE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)}


def in_kib(file: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", pathlib.Path(file).read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


class Register:
    """Makes the register in an empty database and starts the program on it. Beside another one it starts a further
    process on the same database instead."""

    def __init__(self, program: str, url: str, beside: Register | None = None) -> None:
        self.program, self.url, self.port = os.path.abspath(program), url, free_port()
        self.cookies: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None
        if beside is None:
            whose = ["--organisation", ORGANISATION, "--create-organisation", "--role", "admin"]
            self.key = self.run("key", "create", *whose, "--name", "Load").strip()
            who = ["--name", "Sam Okafor", "--email", EMAIL, "--password-stdin"]
            self.run("user", "create", *whose, *who, given=PASSWORD + "\n")
        else:
            self.key = beside.key
        self.start()

    def run(self, *words: str, given: str | None = None) -> str:
        """What a command of the program prints."""
        line = [self.program, *words, "--database-url", self.url]
        done = subprocess.run(line, env=own_environment(), input=given, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"{self.program} {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    # ------------------------------------------------------------ the process

    def start(self) -> float:
        """Starts it; how long it took until it was ready."""
        line = [self.program, "serve", "--listen", f"127.0.0.1:{self.port}", "--database-url", self.url]
        line += ["--requests-per-minute", "0", "--address-requests-per-minute", "0"]
        line += ["--stranger-requests-per-minute", "0", "--request-timeout-seconds", "600"]
        silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        began = time.perf_counter()
        # It logs as it always does; to read that away would cost as much as what is measured.
        self.process = subprocess.Popen(line, env=own_environment(), **silent)  # type: ignore[call-overload]
        while not self.is_ready():
            if self.process.poll() is not None:
                raise Failed(f"it ended with {self.process.returncode} at its start: {' '.join(line)}")
            time.sleep(0.001)
        seconds = time.perf_counter() - began
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        self.asked_at = time.monotonic()
        return seconds

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """In order, so that nothing is left in the way of the next start."""
        if self.process and self.process.poll() is None:
            self.connection.close()
            self.process.terminate()
            self.process.wait(timeout=60)

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def memory(self) -> int:
        """What it has in memory now, in KiB."""
        return in_kib(f"/proc/{self.process.pid}/smaps_rollup", "Rss")  # type: ignore[union-attr]

    def most_memory(self) -> int:
        """The most that it has had in memory since its start, or since that was forgotten, in KiB."""
        return in_kib(f"/proc/{self.process.pid}/status", "VmHWM")  # type: ignore[union-attr]

    def forget_most_memory(self) -> None:
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")  # type: ignore[union-attr]

    # ------------------------------------------------------------ asking

    def exchange(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """The answer to one request; its cookies are kept."""
        if time.monotonic() - self.asked_at > IDLE:
            self.connection.close()  # It opens itself again.
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        answer = response.status, response.read()
        self.asked_at = time.monotonic()
        return answer

    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def page(self, path: str, form: dict[str, str] | None = None) -> bytes:
        """A page, as the person who signed in sees it."""
        headers = {"Cookie": self.cookie(), "Accept": "text/html"}
        if form is None:
            status, body = self.exchange("GET", path, **headers)
        else:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
            status, body = self.exchange("POST", path, urlencode(form).encode(), **headers)
        if status not in (200, 303):
            raise Refused(path, status, body)
        return body

    def call(self, path: str) -> bytes:
        """What the API answers, with the key."""
        status, body = self.exchange("GET", f"/api/v1{path}", Authorization=f"Bearer {self.key}")
        if status != 200:
            raise Refused(path, status, body)
        return body

    def send(self, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
        """What the API answers, on a connection of its own: several threads may. Bytes are CSV, all else JSON."""
        headers = {"Authorization": f"Bearer {self.key}"}
        if body is not None:
            headers["Content-Type"] = "text/csv" if isinstance(body, bytes) else "application/json"
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        try:
            connection.request(method, f"/api/v1{path}", body, headers)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if not 200 <= response.status < 300:
            raise Refused(f"{method} {path}", response.status, answer)
        return json.loads(answer or b"null")

    def sign_in(self) -> None:
        self.page("/sign-in", {"email": EMAIL, "password": PASSWORD})

    # ------------------------------------------------------------ what is in it

    def fill(self, first: int, end: int) -> None:
        """Brings in the suppliers from number `first` up to `end`, with three items to be due for each."""
        today = datetime.datetime.now(datetime.timezone.utc).date()
        for begin in range(first, end, ROWS):
            file = io.StringIO()
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(row(number, today) for number in range(begin, min(begin + ROWS, end)))
            self.send("POST", "/suppliers/import", file.getvalue().encode())

    def ids(self, count: int) -> list[str]:
        """The ids of so many suppliers, or of all if there are fewer."""
        ids: list[str] = []
        cursor = ""
        while len(ids) < count:
            page = json.loads(self.call(f"/suppliers?limit=200{cursor}"))
            ids += [item["id"] for item in page["items"]]
            if not page["next"]:
                break
            cursor = f"&cursor={page['next']}"
        return ids[:count]


def name(number: int) -> str:
    first = SOUGHT if number == SOUGHT_NUMBER else FIRST[number % len(FIRST)]
    return f"{first} {SECOND[number // len(FIRST) % len(SECOND)]} {number}"


def row(number: int, today: datetime.date) -> list[str]:
    """A supplier with three items: a review, and two that differ from one supplier to the next."""

    def day(ahead: int) -> str:
        return (today + datetime.timedelta(days=ahead)).isoformat()

    # Over two years, half of them gone.
    ahead = number * 7919 % 730 - 365
    ends = {"reference": "C-1", "ends_on": day(ahead)}
    if number % 3 == 0:  # Nobody has profiled it.
        return [name(number), "", json.dumps([ends]), "", ""]
    if number % 3 == 1:  # It was never assessed, and its insurance ends.
        return [name(number), "essential", "", day(ahead - 365), day(ahead)]
    return [name(number), "minor", json.dumps([ends | {"notice_days": 90}]), "", ""]
