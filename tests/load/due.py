#!/usr/bin/env python3
"""What the list of what is due and home cost with many suppliers beside few. Prints ratios measured in one run.

Usage: tests/load/due.py PROGRAM [SUPPLIERS] [postgres://USER@HOST/DATABASE]

Starts PROGRAM (target/release/diligence) on a new SQLite file, or on an empty PostgreSQL database. Brings in 1,000 suppliers with
three items each and asks for the list by the API, for its page and for home, 60 times each in turn; then fills the same register
up to SUPPLIERS (100,000, so some 300,000 items) and asks again. Fails where the middle of the times of one of them is more than
1.5 times what it was. Needs Python 3.10 or later.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time

from register import Register, took

FEW = 1_000
TURNS = 60
WARM_UP = 5
LIMIT = 1.5
CALLS = [
    "/due?limit=50",
    "/due?limit=50&sort=-due_on",
    "/due?limit=50&sort=kind",
    "/due?limit=50&kind=contract_end",
    "/due?limit=50&state=overdue",
    "/due?limit=50&unowned=true",
    "/due/counts",
]
PAGES = ["/due", "/due?kind=evidence_expiry", "/due?state=overdue", "/"]


def measure(register: Register, count: int) -> dict[str, float]:
    """The middle of the times of each call and page."""
    counts = json.loads(register.call("/due/counts"))
    items = sum(kind["overdue"] + kind["due"] + kind["coming"] for kind in counts["kinds"])
    print(f"{count} suppliers, {items} items", flush=True)
    assert items >= 3 * count, counts
    times: dict[str, list[float]] = {}
    for turn in range(WARM_UP + TURNS):
        for name, path, ask in [("API " + path, path, register.call) for path in CALLS] + [("page " + path, path, register.page) for path in PAGES]:
            seconds = took(lambda: ask(path))
            if turn >= WARM_UP:
                times.setdefault(name, []).append(seconds)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def main() -> None:
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        register = Register(program, sys.argv[3] if len(sys.argv) > 3 else f"sqlite://{folder}/load.db")
        try:
            register.sign_in()
            register.fill(0, FEW)
            few = measure(register, FEW)
            began = time.perf_counter()
            register.fill(FEW, count)
            print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
            many = measure(register, count)
        finally:
            register.kill()
    for name, seconds in many.items():
        ratio = seconds / few[name]
        print(f"{name}: {seconds * 1000:.1f} ms, {ratio:.2f} times as long as with {FEW} suppliers{' TOO LONG' if ratio > LIMIT else ''}")
        failed |= ratio > LIMIT
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
