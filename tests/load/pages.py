#!/usr/bin/env python3
"""What a page costs beside the call of the API that says the same, and what a first visit weighs. Prints ratios measured in one run.

Usage: tests/load/pages.py PROGRAM [SUPPLIERS]

Starts PROGRAM (target/release/diligence) on a new SQLite file, makes the first administrator, brings in 10,000 suppliers, and
asks in turn for each page and its call, 30 times. Fails where the middle of a page's times is more than twice that of its call,
or where a first visit takes more than 60 KB. Needs Python 3.10 or later.
"""

from __future__ import annotations

import http.client
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import urlencode, urlsplit

PASSWORD = "plum chair river nine"
TURNS = 30
LIMIT_BYTES = 60_000
# A page and the calls that hold what it shows.
PAIRS = [
    ("/register", ["/register?limit=50"]),
    ("/register?q=supplier+77&subject_type=supplier", ["/register?q=supplier+77&subject_type=supplier&limit=50"]),
    ("/risks", ["/risks?limit=50", "/register/summary"]),
    ("/reviews", ["/reviews?limit=50"]),
    ("/suppliers/{id}", ["/suppliers/{id}", "/assessments?subject_id={id}", "/decisions?subject_id={id}", "/evidence?subject_id={id}", "/risks?subject_id={id}",
                         "/reviews?subject_id={id}", "/incidents?subject_id={id}", "/dependencies?subject_id={id}", "/dependencies?rests_on_id={id}", "/products?supplier_id={id}"]),
]


class Register:
    def __init__(self, program: str, database: str) -> None:
        arguments = [program, "serve", "--listen", "127.0.0.1:0", "--database-url", database, "--requests-per-minute", "0"]
        arguments += ["--address-requests-per-minute", "0", "--stranger-requests-per-minute", "0", "--request-timeout-seconds", "600"]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = ""
        for line in self.process.stdout or []:
            said += line
            if ready := re.search(r"ready: (http://\S+)", line):
                self.address = urlsplit(ready[1])
                break
        # What it says of each request is read away, or it would wait for ever to say more.
        threading.Thread(target=lambda: [None for _ in self.process.stdout or []], daemon=True).start()
        self.key = re.search(r"dlg_\S+", said)[0]  # type: ignore[index]
        self.link = re.search(r"invitations#(\S+)", said)[1]  # type: ignore[index]
        self.connection = http.client.HTTPConnection(self.address.hostname or "", self.address.port, timeout=600)
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """The answer to one request, with the cookies that came so far where `page` is said."""
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return response.status, response.read()

    def page(self, path: str, form: dict[str, str] | None = None) -> bytes:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "Accept": "text/html"}
        if form is None:
            status, body = self.ask("GET", path, **headers)
        else:
            status, body = self.ask("POST", path, urlencode(form).encode(), **headers, **{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"})
        assert status in (200, 303), (path, status, body[:500])
        return body

    def call(self, path: str) -> bytes:
        status, body = self.ask("GET", f"/api/v1{path}", Authorization=f"Bearer {self.key}")
        assert status == 200, (path, status, body[:500])
        return body

    def fill(self, count: int) -> str:
        for first in range(0, count, 5000):
            rows = "".join(f"Supplier {number},GB,personal,essential\n" for number in range(first, min(first + 5000, count)))
            csv = f"name,country,data_sensitivity,service_criticality\n{rows}".encode()
            status, body = self.ask("POST", "/api/v1/suppliers/import", csv, Authorization=f"Bearer {self.key}", **{"Content-Type": "text/csv"})
            assert status == 200, body[:500]
        return re.search(rb'"id":"(sup_\w+)"', self.call("/suppliers?limit=1"))[1].decode()  # type: ignore[index]

    def sign_in(self) -> None:
        person = {"organisation_name": "Load", "name": "Sam Okafor", "email": "sam@example.org", "password": PASSWORD}
        self.page("/invitations", {"token": self.link, "step": "accept", **person})
        self.page("/sign-in", {"email": "sam@example.org", "password": PASSWORD})


def took(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began


def main() -> None:
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        register = Register(program, f"sqlite://{folder}/load.db")
        try:
            supplier = register.fill(count)
            register.sign_in()
            home = register.page("/").decode()
            weight = len(home.encode()) + sum(len(register.page(path)) for path in set(re.findall(r'(?:href|src)="(/assets/[^"]+)"', home)))
            print(f"a first visit takes {weight} bytes, with style, script and icon")
            failed |= weight > LIMIT_BYTES
            for page, calls in PAIRS:
                page, calls = page.replace("{id}", supplier), [call.replace("{id}", supplier) for call in calls]
                pages, same = [], []
                for _ in range(TURNS):
                    pages.append(took(lambda: register.page(page)))
                    same.append(took(lambda: [register.call(call) for call in calls]))
                ratio = statistics.median(pages) / statistics.median(same)
                print(f"{page.replace(supplier, '{id}')}: {ratio:.2f} times as long as {len(calls)} of the API, with {count} suppliers")
                failed |= ratio > 2
        finally:
            register.process.kill()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
