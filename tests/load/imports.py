#!/usr/bin/env python3
"""How fast files of rows come in, and in how much memory. Prints ratios measured in one run.

Usage: tests/load/imports.py PROGRAM [BEFORE] [--rows ROWS]

Runs PROGRAM (target/release/diligence) and, where it is given, a build of BEFORE by its side:

- 20,000 suppliers in the columns of our own export, tried and brought in, each build in turn: rows a second beside BEFORE.
- ROWS payments (1,000,000, some 200 MB) to 3,000 suppliers, tried and brought in: the most memory beside what it takes for a
  file of one row. The limit is 100 MB above that.
- 100,000 of these rows as a workbook beside the same rows as CSV, tried: the limit is four times.

The floor is what Python's own reader takes for the same file. Fails where a limit is passed, or where BEFORE is given and
PROGRAM is not five times as fast. Needs Python 3.10 or later.
"""

from __future__ import annotations

import argparse
import csv
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import zipfile
from xml.sax.saxutils import escape

from databases import Database, Sqlite
from register import Failed, in_kib, own_environment

OURS = 20_000
TURNS = 3
BOOK = 100_000
SUPPLIERS = 3_000
MEMORY = 100 * 1024  # KiB
HEAD = ["Supplier Name", "Payment Date", "Amount", "Department", "Purpose", "Invoice"]


def ours(path: pathlib.Path, count: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["name", "website", "country", "relationship_owner", "service_criticality", "notes"])
        for number in range(count):
            out.writerow([f"Supplier number {number}", f"https://supplier{number}.example", "GB", "Jo Bell", "essential", "Kept since 2019."])


def payment(number: int) -> list[str]:
    day = f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}"
    # The same few come again and again, in whatever order.
    supplier = f"Provider {number * 7919 % SUPPLIERS} Care Limited"
    return [supplier, day, f"{number % 90_000 + 500}.{number % 100:02}", f"Directorate {number % 12} of the council", "Residential and nursing care of older people, " * 2, f"INV{number:09}"]


def payments(path: pathlib.Path, count: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(HEAD)
        out.writerows(payment(number) for number in range(count))


def workbook(path: pathlib.Path, count: int) -> None:
    """As spreadsheet programs write it: texts once, cells that name them."""
    texts: dict[str, int] = {}

    def cell(text: str) -> str:
        return f'<c t="s"><v>{texts.setdefault(text, len(texts))}</v></c>'

    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'<worksheet xmlns="{main}"><sheetData>'.encode())
            for row in [HEAD, *(payment(number) for number in range(count))]:
                sheet.write(f"<row>{''.join(cell(text) for text in row)}</row>".encode())
            sheet.write(b"</sheetData></worksheet>")
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}">{"".join(f"<si><t>{escape(text)}</t></si>" for text in texts)}</sst>')
        book.writestr("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets><sheet name="Payments" sheetId="1" r:id="rId1"/></sheets></workbook>')
        book.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{relations}/sharedStrings" Target="sharedStrings.xml"/></Relationships>')
        book.writestr("_rels/.rels", f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>')
        book.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kinds}.worksheet+xml"/>'
            f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kinds}.sharedStrings+xml"/></Types>',
        )


class Build:
    """A program that brings files in."""

    def __init__(self, program: str, database: Database, folder: pathlib.Path, name: str) -> None:
        self.program, self.database, self.folder, self.name = os.path.abspath(program), database, folder, name

    def imports(self, file: pathlib.Path, *more: str, dry_run: bool = False) -> tuple[float, int]:
        """Seconds and the most memory, in KiB. What is brought in comes into a register of its own each time."""
        url = self.database.make()
        try:
            into = ["--organisation", "Load", "--create-organisation", "--database-url", url]
            line = [self.program, "import", "suppliers"]
            # The schema is not what is timed.
            one = self.folder / "first.csv"
            one.write_text("name\nOne\n", encoding="utf-8")
            self.watched([*line, str(one), *into])
            return self.watched([*line, str(file), *into, *more, *(["--dry-run"] if dry_run else [])])
        finally:
            self.database.drop(url)

    def watched(self, line: list[str]) -> tuple[float, int]:
        most = 0
        told = self.folder / "told.txt"
        with told.open("wb") as errors:
            began = time.perf_counter()
            process = subprocess.Popen(line, env=own_environment(), stdout=subprocess.DEVNULL, stderr=errors)
            # What the system says at the end of a process counts that of its parent too, from before it began.
            while process.poll() is None:
                try:
                    most = max(most, in_kib(f"/proc/{process.pid}/status", "VmHWM"))
                except OSError:  # It has just ended.
                    pass
                time.sleep(0.005)
            took = time.perf_counter() - began
        if process.returncode != 0:
            raise Failed(f"{self.name}: {told.read_text(errors='replace')[-2000:]}")
        return took, most


def floor(file: pathlib.Path) -> float:
    began = time.perf_counter()
    with file.open(newline="", encoding="utf-8") as rows:
        for _ in csv.reader(rows):
            pass
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("before", nargs="?")
    parser.add_argument("--rows", type=int, default=1_000_000)
    asked = parser.parse_args()
    wrong: list[str] = []

    def told(what: str, is_well: bool = True) -> None:
        print(what, flush=True)
        if not is_well:
            wrong.append(what)

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        database = Sqlite(folder)
        now = Build(asked.program, database, folder, "now")
        before = Build(asked.before, database, folder, "before") if asked.before else None
        file = folder / "ours.csv"
        ours(file, OURS)
        for dry_run in (True, False):
            times: dict[str, list[float]] = {}
            for _ in range(TURNS):
                for build in filter(None, (now, before)):
                    times.setdefault(build.name, []).append(build.imports(file, dry_run=dry_run)[0])
            took = {name: min(all_of) for name, all_of in times.items()}
            what = "tried" if dry_run else "brought in"
            told(f"{OURS:,} suppliers {what}: {OURS / took['now']:,.0f} rows a second, {took['now'] / floor(file):.1f} times the floor")
            if before:
                ratio = took["before"] / took["now"]
                told(f"  {ratio:.2f} times as fast as before", ratio >= 5)
        file = folder / "one.csv"
        payments(file, 1)
        spend = ("--recipe", "council-spend")
        idle = now.imports(file, *spend, dry_run=True)[1]
        file = folder / "payments.csv"
        payments(file, asked.rows)
        for dry_run in (True, False):
            took, most = now.imports(file, *spend, dry_run=dry_run)
            what = "tried" if dry_run else "brought in"
            told(
                f"{asked.rows:,} payments ({file.stat().st_size / 1e6:,.0f} MB) to {SUPPLIERS:,} suppliers {what}: {asked.rows / took:,.0f} rows a second, "
                f"{took / floor(file):.1f} times the floor, {(most - idle) / 1024:,.0f} MB above a file of one row",
                most - idle <= MEMORY,
            )
        file.unlink()
        payments(folder / "book.csv", BOOK)
        workbook(folder / "book.xlsx", BOOK)
        took = {kind: min(now.imports(folder / f"book.{kind}", *spend, dry_run=True)[0] for _ in range(TURNS)) for kind in ("csv", "xlsx")}
        ratio = took["xlsx"] / took["csv"]
        told(f"{BOOK:,} rows as a workbook: {ratio:.2f} times the same rows as CSV", ratio <= 4)
    if wrong:
        sys.exit("past its limit:\n" + "\n".join(wrong))


if __name__ == "__main__":
    main()
