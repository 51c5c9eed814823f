#!/usr/bin/env python3
"""What a page costs beside the call of the API that says the same, and what a first visit weighs. Prints ratios measured in one run.

Usage: tests/load/pages.py PROGRAM [SUPPLIERS]

Starts PROGRAM (target/release/diligence) on a new SQLite file, makes the first administrator, brings in 10,000 suppliers, and
asks in turn for each page and its call, 30 times. Fails where the middle of a page's times is more than twice that of its call,
or where a first visit takes more than 60 KB. Needs Python 3.10 or later.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile

from register import Register, took

TURNS = 30
LIMIT_BYTES = 60_000
# A page and the calls that hold what it shows.
PAIRS = [
    ("/register", ["/register?limit=50"]),
    ("/register?q=linen+77&subject_type=supplier", ["/register?q=linen+77&subject_type=supplier&limit=50"]),
    ("/risks", ["/risks?limit=50", "/register/summary"]),
    ("/reviews", ["/reviews?limit=50"]),
    ("/suppliers/{id}", ["/suppliers/{id}", "/assessments?subject_id={id}", "/decisions?subject_id={id}", "/evidence?subject_id={id}", "/risks?subject_id={id}",
                         "/reviews?subject_id={id}", "/incidents?subject_id={id}", "/dependencies?subject_id={id}", "/dependencies?rests_on_id={id}", "/products?supplier_id={id}"]),
]


def main() -> None:
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        register = Register(program, f"sqlite://{folder}/load.db")
        try:
            register.fill(0, count)
            supplier = register.ids(1)[0]
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
            register.kill()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
