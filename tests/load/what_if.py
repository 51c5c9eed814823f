#!/usr/bin/env python3
"""How long a what-if over a large register takes, and how much memory. Prints ratios measured in one run.

Usage: tests/load/what_if.py PROGRAM [ASSESSMENTS]

Starts PROGRAM (target/release/diligence) on a new SQLite file, approves one assessment of 40 questions through the API, and
copies it, with its supplier, in the file itself until there are as many as asked for (100,000). Then asks what another
edition would do: at a tenth of them and at all of them. Needs Python 3.10 or later and Linux (for the memory).
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from databases import Database, Sqlite
from register import Failed, Register

QUESTIONS = 40


def document(edition: str, weight: int) -> dict[str, Any]:
    options = [{"value": "yes", "label": "Yes", "points": 100}, {"value": "no", "label": "No", "points": 0}]
    asked = [
        {"key": f"q{number}", "principle": "care", "text": f"Question {number}?", "type": "yes_no", "options": options, "weight": weight if number == 0 else 10}
        for number in range(QUESTIONS)
    ]
    return {
        "key": "load", "title": "Load", "edition": edition, "summary": "For load.", "framework": "security", "applies_to": ["supplier"],
        "principles": [{"key": "care", "title": "Care"}], "sections": [{"key": "one", "title": "One", "questions": asked}],
    }


class WhatIf:
    """A register with one approved assessment of 40 questions, which is copied, and a draft of another edition."""

    def __init__(self, register: Register, database: Database) -> None:
        self.register, self.database, self.count = register, database, 1
        register.send("POST", "/questionnaires", document("2026.1", 10))
        self.supplier = register.send("POST", "/suppliers", {"name": "One"})["id"]
        self.assessment = register.send("POST", "/assessments", {"questionnaire": "load", "subject_id": self.supplier})["id"]
        answers = {f"q{number}": {"value": "no" if number == 0 else "yes"} for number in range(QUESTIONS)}
        register.send("PATCH", f"/assessments/{self.assessment}/answers", answers, 1)
        register.send("POST", f"/assessments/{self.assessment}/submit", version=2)
        register.send("POST", f"/assessments/{self.assessment}/approve", version=3)
        draft = {"name": "x", "format": "json", "document": json.dumps(document("2026.2", 20))}
        self.draft = register.send("POST", "/questionnaire-drafts", draft)["id"]

    def grow(self, count: int) -> None:
        """Copies the supplier, the assessment and the answer sheet in the database itself, until there are so many."""
        originals = {"sup": self.supplier, "asm": self.assessment}
        for table, key, ids in [
            ("supplier", "id", {"id": "sup"}),
            ("assessment", "id", {"id": "asm", "subject_id": "sup", "supplier_id": "sup"}),
            ("answer_sheet", "assessment_id", {"assessment_id": "asm", "supplier_id": "sup"}),
        ]:
            columns = self.database.columns(self.register.url, table)
            values = [f"'{ids[column]}_' || {self.database.PADDED}" if column in ids else f"one.{column}" for column in columns]
            self.database.run(
                self.register.url,
                f"WITH RECURSIVE numbers(n) AS (SELECT {self.count} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count}) "
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM numbers, {table} AS one WHERE one.{key} = '{originals[ids[key]]}'",
            )
        self.count = count

    def ask(self) -> float:
        """How many seconds it takes to say of all assessments what the other edition would do."""
        began = time.monotonic()
        last = self.register.call(f"/questionnaire-drafts/{self.draft}/what-if").splitlines()[-1]
        seconds = time.monotonic() - began
        summary = json.loads(last)["summary"]
        if summary["moved_assessment_count"] != self.count:
            raise Failed(f"expected that all {self.count} assessments move: {summary}")
        return seconds


def main() -> None:
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        database = Sqlite(Path(folder))
        register = Register(program, database.make())
        try:
            work = WhatIf(register, database)
            work.grow(count // 10)
            few_seconds, few_memory = work.ask(), register.most_memory()
            work.grow(count)
            all_seconds, all_memory = work.ask(), register.most_memory()
        finally:
            register.kill()
    print(f"{count} assessments of {QUESTIONS} questions, every one of them moved: {all_seconds:.1f} s")
    print(f"ten times the assessments take {all_seconds / few_seconds:.1f} times as long and {all_memory / few_memory:.2f} times the memory ({all_memory // 1024} MiB)")


if __name__ == "__main__":
    main()
