"""The program of tests/load/load.rs, which asks and which answers a constant, and what it is given to send."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
from typing import Any

from register import Failed, Register

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENTS = 16
# A number in a body is as long as this in what is sent.
NUMBER = re.compile(rb"\{number:\d+\}")


def build() -> str:
    """Where it is, once it is built."""
    line = ["cargo", "build", "--release", "--locked", "--package", "diligence-tests", "--bin", "diligence-load"]
    if subprocess.run(line, cwd=ROOT).returncode != 0:
        raise Failed("cargo could not build diligence-load; --tool names one that is built already")
    return os.path.join(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target", "release", "diligence-load")


def request(register: Register, method: str, path: str, body: Any = None, version: str | None = None) -> bytes:
    """One of the API, with the key; the marks of a template stay in it, see drive.rs."""
    lines = [f"{method} /api/v1{path} HTTP/1.1", f"Host: 127.0.0.1:{register.port}"]
    lines.append(f"Authorization: Bearer {register.key}")
    sent = b""
    if body is not None:
        sent = json.dumps(body).encode()
        lines += ["Content-Type: application/json", f"Content-Length: {len(NUMBER.sub(b'0' * 9, sent))}"]
    if version is not None:
        lines.append(f'If-Match: "{version}"')
    return "\r\n".join([*lines, "", ""]).encode() + sent


def get(register: Register, *paths: str) -> list[bytes]:
    return [request(register, "GET", path) for path in paths]


def page(register: Register, *paths: str) -> list[bytes]:
    """Pages, as whoever is signed in asks for them."""
    lines = [f"Host: 127.0.0.1:{register.port}", "Accept: text/html", f"Cookie: {register.cookie()}", "", ""]
    return ["\r\n".join([f"GET {path} HTTP/1.1", *lines]).encode() for path in paths]


def framed(requests: list[bytes]) -> bytes:
    return b"".join(b"%d\n%s" % (len(each), each) for each in requests)


class Tool:
    def __init__(self, program: str) -> None:
        self.program = os.path.abspath(program)
        self.server: subprocess.Popen[str] | None = None
        self.constant = ""

    def measured(self, *words: str, given: bytes = b"") -> dict[str, Any]:
        done = subprocess.run([self.program, *words], input=given, capture_output=True)
        return self.read(words, done.returncode, done.stdout, done.stderr)

    def read(self, words: tuple[str, ...], code: int, said: bytes, fault: bytes) -> dict[str, Any]:
        if code != 0:
            told = fault.decode(errors="replace").strip()
            raise Failed(told or f"{self.program} {' '.join(words)} ended with {code}")
        return json.loads(said)

    def rate(
        self,
        ports: list[int],
        requests: list[bytes],
        seconds: float,
        per_second: int = 0,
        writes: list[bytes] | None = None,
    ) -> float:
        """How many of these requests are answered in a second by the programs at these ports, each asked by 16 clients;
        beside one that writes `per_second`."""
        addresses = [f"127.0.0.1:{port}" for port in ports]
        words = ("drive", str(CLIENTS * len(ports)), str(seconds), "0", *addresses)
        if not writes:
            done = self.measured(*words, given=framed(requests))
            return done["count"] / done["seconds"]
        # It begins before and ends after those who read.
        beside = ("drive", "1", str(seconds + 1), str(per_second), *addresses)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        writer = subprocess.Popen([self.program, *beside], **pipes)  # type: ignore[call-overload]
        try:
            assert writer.stdin
            writer.stdin.write(framed(writes))
            writer.stdin.close()
            writer.stdin = None
            done = self.measured(*words, given=framed(requests))
            said, fault = writer.communicate()
        finally:
            writer.kill()
        written = self.read(beside, writer.returncode, said, fault)
        if written["count"] < 0.9 * per_second * seconds:
            came_to = written["count"] / written["seconds"]
            print(f"  the writer came to {came_to:.1f} of {per_second} changes a second", file=sys.stderr)
        return done["count"] / done["seconds"]

    def fetch(self, register: Register, path: str) -> dict[str, float]:
        """How many lines and bytes it has, and after how many seconds it began and ended."""
        return self.measured("fetch", f"127.0.0.1:{register.port}", given=framed(get(register, path)))

    def constant_rate(self, seconds: float) -> float:
        """How many requests poem answers in a second where it has nothing to do."""
        if not self.server:
            self.server = subprocess.Popen([self.program, "constant"], stdout=subprocess.PIPE, text=True)
            self.constant = self.server.stdout.readline().strip() if self.server.stdout else ""
            if not self.constant:
                raise Failed("the server of the constant did not start")
        ask = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
        done = self.measured("drive", str(CLIENTS), str(seconds), "0", self.constant, given=framed([ask]))
        return done["count"] / done["seconds"]

    def stop(self) -> None:
        if self.server:
            self.server.kill()
            self.server.wait()

    def sqlite_commits(self, folder: pathlib.Path, rows: int, seconds: float) -> float:
        """Durable commits of so many rows, in a second, by one writer with a SQLite file of its own."""
        file = folder / "floor.db"
        try:
            done = self.measured("sqlite", str(file), str(rows), str(seconds))
            return done["count"] / done["seconds"]
        finally:
            for more in ("", "-wal", "-shm"):
                pathlib.Path(f"{file}{more}").unlink(missing_ok=True)
