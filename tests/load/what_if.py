#!/usr/bin/env python3
"""How long a what-if over a large register takes, and how much memory. Prints ratios measured in one run.

Usage: tests/load/what_if.py PROGRAM [ASSESSMENTS]

Starts PROGRAM (target/release/diligence) on a new SQLite file, approves one assessment of 40 questions through the API, and
copies it, with its supplier, in the file itself until there are as many as asked for (100,000). Then asks what another
edition would do: at a tenth of them and at all of them. Needs Python 3.10 or later and Linux (for the memory).
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

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


class Server:
    def __init__(self, program: str, folder: str) -> None:
        self.file = Path(folder) / "load.db"
        arguments = [program, "serve", "--listen", "127.0.0.1:0", "--database-url", f"sqlite://{self.file}"]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = ""
        for line in self.process.stdout or []:
            said += line
            if ready := re.search(r"ready: (http://\S+)", line):
                self.address = ready[1] + "/api/v1"
                break
        self.key = re.search(r"dlg_\S+", said)[0]  # type: ignore[index]

    def call(self, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
        request = urllib.request.Request(self.address + path, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {self.key}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
        if version is not None:
            request.add_header("If-Match", f'"{version}"')
        with urllib.request.urlopen(request, timeout=600) as response:
            return json.loads(response.read() or b"null")

    def memory(self) -> int:
        """The most memory it has had, in KiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]

    def what_if(self, draft: str) -> tuple[float, dict[str, Any]]:
        began, last = time.monotonic(), b""
        request = urllib.request.Request(f"{self.address}/questionnaire-drafts/{draft}/what-if", headers={"Authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request, timeout=600) as response:
            for line in response:
                last = line
        return time.monotonic() - began, json.loads(last)["summary"]


def copy(file: Path, first: int, last: int) -> None:
    """Copies of the one supplier, assessment and answer sheet, numbered from `first` up to `last`."""
    database = sqlite3.connect(file)
    for table, ids in [
        ("supplier", {"id": "sup"}),
        ("assessment", {"id": "asm", "subject_id": "sup", "supplier_id": "sup"}),
        ("answer_sheet", {"assessment_id": "asm", "supplier_id": "sup"}),
    ]:
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        values = [f"'{ids[column]}_' || printf('%032x', n)" if column in ids else f"one.{column}" for column in columns]
        database.execute(
            f"WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {last}) "
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM numbers, (SELECT * FROM {table} ORDER BY rowid LIMIT 1) AS one"
        )
    database.commit()
    database.close()


def main() -> None:
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        server = Server(program, folder)
        try:
            server.call("POST", "/questionnaires", document("2026.1", 10))
            supplier = server.call("POST", "/suppliers", {"name": "One"})["id"]
            assessment = server.call("POST", "/assessments", {"questionnaire": "load", "subject_id": supplier})["id"]
            answers = {f"q{number}": {"value": "no" if number == 0 else "yes"} for number in range(QUESTIONS)}
            server.call("PATCH", f"/assessments/{assessment}/answers", answers, 1)
            server.call("POST", f"/assessments/{assessment}/submit", version=2)
            server.call("POST", f"/assessments/{assessment}/approve", version=3)
            draft = server.call("POST", "/questionnaire-drafts", {"name": "x", "format": "json", "document": json.dumps(document("2026.2", 20))})["id"]
            copy(server.file, 1, count // 10)
            few_seconds, few = server.what_if(draft)
            few_memory = server.memory()
            copy(server.file, count // 10, count)
            all_seconds, all_of_them = server.what_if(draft)
            all_memory = server.memory()
        finally:
            server.process.kill()
    assert few["moved_assessment_count"] == count // 10 and all_of_them["moved_assessment_count"] == count, (few, all_of_them)
    print(f"{count} assessments of {QUESTIONS} questions, every one of them moved: {all_seconds:.1f} s")
    print(f"ten times the assessments take {all_seconds / few_seconds:.1f} times as long and {all_memory / few_memory:.2f} times the memory ({all_memory // 1024} MiB)")


if __name__ == "__main__":
    main()
