#!/usr/bin/env python3
"""How long others wait while a large change is made. Prints ratios measured in one run.

Usage: tests/load/long_changes.py PROGRAM [SUPPLIERS] [postgres://USER@HOST/DATABASE]

Starts PROGRAM (target/release/diligence) on a new SQLite file, or on an empty PostgreSQL database, and has four clients enter
suppliers without a pause: alone, during an import of 20,000 suppliers, during an import that changes all of these, and during
two changes of the policy over a register of as many SUPPLIERS (100,000): one that changes no line, and one that changes every
one. Says how long the one who waited longest waited. Needs Python 3.10 or later.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

from register import ROWS, Refused, Register

CLIENTS = 4


def beside(server: Register, work: Callable[[], Any]) -> tuple[float, list[float], list[int]]:
    """How long `work` takes, how long each small change beside it takes, and what was refused."""
    is_over = threading.Event()
    waits: list[float] = []
    refused: list[int] = []

    def client(name: str) -> None:
        while not is_over.is_set():
            began = time.monotonic()
            try:
                server.send("POST", "/suppliers", {"name": f"Small {name}"})
                waits.append(time.monotonic() - began)
            except Refused as error:
                refused.append(error.status)

    clients = [threading.Thread(target=client, args=(str(number),)) for number in range(CLIENTS)]
    for thread in clients:
        thread.start()
    began = time.monotonic()
    work()
    seconds = time.monotonic() - began
    is_over.set()
    for thread in clients:
        thread.join()
    return seconds, waits, refused


def rows(first: int, note: str) -> dict[str, Any]:
    return {
        "rows": [
            {"name": f"Brought {number}", "identifiers": [{"scheme": "LOCAL", "id": f"L{number}"}], "contacts": [{"name": f"Ann {number}"}], "notes": note}
            for number in range(first, first + ROWS)
        ]
    }


def main() -> None:
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        server = Register(program, sys.argv[3] if len(sys.argv) > 3 else f"sqlite://{folder}/load.db")

        def policy(change: dict[str, Any]) -> None:
            server.send("PATCH", "/policy", change, server.send("GET", "/policy")["version"])

        try:
            _, alone, _ = beside(server, lambda: time.sleep(5))
            print(f"alone: {len(alone) / 5:.0f} a second, the longest wait {max(alone):.2f} s", flush=True)
            works: list[tuple[str, Callable[[], Any]]] = [
                (f"import of {ROWS} new", lambda: server.send("POST", "/suppliers/import", rows(0, "new"))),
                (f"import of {ROWS} changed", lambda: server.send("POST", "/suppliers/import", rows(0, "changed"))),
            ]
            for name, work in works:
                report(name, beside(server, work), alone)
            for first in range(ROWS, count, ROWS):
                server.send("POST", "/suppliers/import", rows(first, "new"))
            report(f"policy over {count}, no line changes", beside(server, lambda: policy({"rating": {"minimum_coverage": 90}})), alone)
            every = {"cadence_months": {"critical": 1, "high": 1, "medium": 1, "low": 1}}
            report(f"policy over {count}, every line changes", beside(server, lambda: policy(every)), alone)
        finally:
            server.kill()


def report(name: str, measured: tuple[float, list[float], list[int]], alone: list[float]) -> None:
    seconds, waits, refused = measured
    longest = max(waits, default=seconds)
    print(f"{name}: {seconds:.1f} s; beside it {len(waits)} small changes, {len(refused)} refused {sorted(set(refused))};", end=" ")
    print(f"the longest wait {longest:.2f} s, {longest / seconds:.2f} of it, {longest / max(alone):.0f} times the longest alone", flush=True)


if __name__ == "__main__":
    main()
