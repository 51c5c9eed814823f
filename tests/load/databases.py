"""Databases, made and dropped: files of SQLite in a folder, or databases of a PostgreSQL server."""

from __future__ import annotations

import csv
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from urllib.parse import urlsplit

from register import Failed, took


class Sqlite:
    name = "SQLite"
    # A number as the text of an id.
    PADDED = "printf('%032x', n)"

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.count = folder, 0

    def make(self) -> str:
        """The address of a new one, which the program makes when it comes."""
        self.count += 1
        return f"sqlite://{self.folder}/{self.count}.db"

    def file(self, url: str) -> pathlib.Path:
        return pathlib.Path(url.removeprefix("sqlite://"))

    def drop(self, url: str) -> None:
        for more in ("", "-wal", "-shm"):
            pathlib.Path(f"{self.file(url)}{more}").unlink(missing_ok=True)

    def run(self, url: str, statement: str) -> None:
        connection = sqlite3.connect(self.file(url), timeout=60)
        with connection:
            connection.execute(statement)
        connection.close()

    def settle(self, url: str) -> None:
        """Nothing is left to be done later by anyone."""

    def drop_all(self) -> None:
        """They go with their folder."""

    def columns(self, url: str, table: str) -> list[str]:
        connection = sqlite3.connect(self.file(url))
        names = [row[0] for row in connection.execute(f"SELECT name FROM pragma_table_info('{table}')")]
        connection.close()
        return names

    def write_csv(self, url: str, statement: str) -> float:
        """How many seconds the shell takes for these rows; Python's own reader and writer where there is none."""
        if shutil.which("sqlite3"):
            return took(lambda: ended_well(["sqlite3", "-csv", str(self.file(url)), statement]))
        return took(lambda: self.write_here(url, statement))

    def write_here(self, url: str, statement: str) -> None:
        connection = sqlite3.connect(self.file(url))
        with open(os.devnull, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(connection.execute(statement))
        connection.close()


class Postgres:
    name = "PostgreSQL"
    PADDED = "lpad(to_hex(n), 32, '0')"

    def __init__(self, url: str) -> None:
        if not shutil.which("psql"):
            raise Failed("psql is missing, which makes the databases: install PostgreSQL's client programs")
        self.url, self.count = url, 0
        self.made: set[str] = set()
        self.ask(url, "SELECT 1")

    def make(self) -> str:
        self.count += 1
        name = f"load_{os.getpid()}_{self.count}"
        url = urlsplit(self.url)._replace(path=f"/{name}").geturl()
        self.ask(self.url, f"CREATE DATABASE {name}")
        self.made.add(url)
        return url

    def database(self, url: str) -> str:
        return urlsplit(url).path.removeprefix("/")

    def drop(self, url: str) -> None:
        self.ask(self.url, f"DROP DATABASE IF EXISTS {self.database(url)} WITH (FORCE)")
        self.made.discard(url)

    def drop_all(self) -> None:
        for url in list(self.made):
            try:
                self.drop(url)
            except Failed as failed:
                print(f"{self.database(url)} is left behind: {failed}", file=sys.stderr)

    def psql(self, url: str, *words: str) -> list[str]:
        return ["psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", url, *words]

    def ask(self, url: str, statement: str) -> str:
        line = self.psql(url, "--tuples-only", "--no-align", "--command", statement)
        done = subprocess.run(line, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def run(self, url: str, statement: str) -> None:
        self.ask(url, statement)

    def settle(self, url: str) -> None:
        """What the server would do at some time of its own in the middle of what is measured, it does now."""
        self.ask(url, "VACUUM (ANALYZE)")

    def columns(self, url: str, table: str) -> list[str]:
        which = f"table_schema = current_schema AND table_name = '{table}' ORDER BY ordinal_position"
        return self.ask(url, f"SELECT column_name FROM information_schema.columns WHERE {which}").split()

    def write_csv(self, url: str, statement: str) -> float:
        return took(lambda: ended_well(self.psql(url, "--command", f"COPY ({statement}) TO STDOUT WITH (FORMAT csv)")))

    def commits(self, folder: pathlib.Path, rows: int, seconds: float) -> float:
        """Durable commits of so many rows, in a second, as 16 clients of pgbench make them."""
        if not shutil.which("pgbench"):
            raise Failed("pgbench is missing, which is the floor of writing: install PostgreSQL's programs")
        url = self.make()
        try:
            self.ask(url, "CREATE TABLE floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL)")
            script = folder / "floor.sql"
            script.write_text(f"INSERT INTO floor (body) SELECT repeat('x', 200) FROM generate_series(1, {rows});\n")
            line = ["pgbench", "--no-vacuum", "--client", "16", "--jobs", "1", "--protocol", "prepared"]
            line += ["--time", str(max(1, round(seconds))), "--file", str(script), url]
            done = subprocess.run(line, capture_output=True, text=True)
            found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
            if done.returncode != 0 or not found:
                raise Failed(f"pgbench: {done.stderr.strip() or done.stdout.strip()}")
            return float(found[1])
        finally:
            self.drop(url)

    def transactions(self, url: str) -> int:
        """How many there were in a database so far, as those say it who have left."""
        which = f"datname = '{self.database(url)}'"
        return int(self.ask(self.url, f"SELECT xact_commit FROM pg_stat_database WHERE {which}"))

    def wait_until_left(self, url: str) -> None:
        which = f"datname = '{self.database(url)}' AND backend_type = 'client backend'"
        end = time.monotonic() + 60
        while self.ask(self.url, f"SELECT count(*) FROM pg_stat_activity WHERE {which}") != "0":
            if time.monotonic() > end:
                raise Failed("a connection to the database is still open a minute after the program has ended")
            time.sleep(0.1)


Database = Sqlite | Postgres


def ended_well(words: list[str]) -> None:
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failed(f"{words[0]}: {done.stderr.strip()}")
