"""What is measured, a function for each line of the table: the program beside the build before, the floor, or itself."""

from __future__ import annotations

import itertools
import pathlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import imports
import pages
from databases import Database, Postgres
from register import SOUGHT, Failed, Register
from table import Figure, Row
from tool import CLIENTS, Tool, get, page, request
from what_if import QUESTIONS, WhatIf, document

NOW, BEFORE, FLOOR = "now", "before", "floor"
# How long a program is left alone until it is idle.
SETTLE = 3
MIB = 1024  # KiB


@dataclass
class Bench:
    """What a line needs: the builds, and registers to ask them about."""

    programs: dict[str, str]
    database: Database
    tool: Tool
    folder: pathlib.Path
    seconds: float
    turns: int
    few: int
    suppliers: int
    large: int
    huge: int
    registers: dict[tuple[str, int, str], Register] = field(default_factory=dict)

    def register(self, build: str, count: int, label: str = "") -> Register:
        """A register of so many suppliers; one with a label is the label's own, to be changed at will."""
        key = (build, count, label)
        if key not in self.registers:
            tell(f"{count:,} suppliers for {build}")
            register = Register(self.programs[build], self.database.make())
            self.registers[key] = register
            register.sign_in()
            register.fill(0, count)
            self.database.settle(register.url)
        return self.registers[key]

    def builds(self, count: int, label: str = "") -> dict[str, Register]:
        return {build: self.register(build, count, label) for build in self.programs}

    def release(self) -> None:
        """Drops what was one line's own."""
        for key in [key for key in self.registers if key[2]]:
            register = self.registers.pop(key)
            register.kill()
            self.database.drop(register.url)

    def stop(self) -> None:
        for register in self.registers.values():
            register.kill()
        self.registers.clear()
        self.database.drop_all()

    def in_turn(self, works: dict[str, Callable[[], float]], is_warmed: bool = True) -> dict[str, list[float]]:
        """Each of these works, again and again in turn: what disturbs one disturbs them all. First each once that does
        not count, unless they are long."""
        measured: dict[str, list[float]] = {name: [] for name in works}
        for turn in range(-1 if is_warmed else 0, self.turns):
            for name, work in works.items():
                value = work()
                if turn >= 0:
                    measured[name].append(value)
        return measured

    def rates(self, asked: dict[str, tuple[Register, list[bytes]]]) -> dict[str, Callable[[], float]]:
        """Works that ask one thing each, whose value is how many answers come in a second."""
        return {
            name: partial(self.tool.rate, [register.port], requests, self.seconds)
            for name, (register, requests) in asked.items()
        }


def tell(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)


def beside(measured: dict[str, list[float]], one: str, other: str) -> list[float]:
    """One beside the other, in each turn; nothing where there is no other."""
    return [a / b for a, b in zip(measured.get(one, []), measured.get(other, []))]


def before(measured: dict[str, list[float]], least: float | None = None, most: float | None = None) -> Figure:
    return Figure(beside(measured, NOW, BEFORE), least, most)


def of_floor(measured: dict[str, list[float]], least: float) -> Figure:
    return Figure(beside(measured, NOW, FLOOR), least)


# ---------------------------------------------------------------- reading


def one(bench: Bench) -> list[Row]:
    asked = {}
    for build, register in bench.builds(bench.suppliers).items():
        asked[build] = (register, get(register, *(f"/suppliers/{id}" for id in register.ids(bench.suppliers))))
    measured = bench.in_turn(bench.rates(asked) | {FLOOR: lambda: bench.tool.constant_rate(bench.seconds)})
    return [Row("GET /suppliers/{id}", before(measured, least=8), of_floor(measured, least=0.25))]


def one_while_written(bench: Bench) -> list[Row]:
    numbers = itertools.count(0, 1_000_000)

    def work(register: Register, ids: list[str], per_second: int) -> float:
        path = f"/suppliers/{ids[-1]}"
        notes = {"notes": f"As of {{number:{next(numbers)}}}."}
        change = request(register, "PATCH", path, notes, f"{{count:{register.send('GET', path)['version']}}}")
        reads = get(register, *(f"/suppliers/{id}" for id in ids))
        return bench.tool.rate([register.port], reads, bench.seconds, per_second, [change])

    rows = []
    builds = bench.builds(bench.suppliers).items()
    asked = {build: (register, register.ids(bench.suppliers)) for build, register in builds}
    for per_second, least in ((1, 6), (50, 2)):
        works = {build: partial(work, *each, per_second) for build, each in asked.items()}
        what = f"GET /suppliers/{{id}} while a writer changes {per_second} a second"
        rows.append(Row(what, before(bench.in_turn(works), least=least)))
    return rows


def lists(bench: Bench) -> list[Row]:
    rows = []
    for path in ("/suppliers?limit=50", "/register?limit=50"):
        asked = {build: (register, get(register, path)) for build, register in bench.builds(bench.suppliers).items()}
        rows.append(Row(f"GET {path}", before(bench.in_turn(bench.rates(asked)), least=6)))
    return rows


def summary(bench: Bench) -> list[Row]:
    rows = []
    for name, asks, path in (("GET /register/summary", get, "/register/summary"), ("home", page, "/")):
        asked = {build: (register, asks(register, path)) for build, register in bench.builds(bench.suppliers).items()}
        rows.append(Row(name, before(bench.in_turn(bench.rates(asked)), least=20)))
        sizes = {str(count): bench.register(NOW, count) for count in (bench.few, bench.large)}
        measured = bench.in_turn(bench.rates({size: (it, asks(it, path)) for size, it in sizes.items()}))
        # What is answered less often costs more.
        cost = Figure(beside(measured, str(bench.few), str(bench.large)), most=1.3)
        rows.append(Row(f"{name}: cost at {bench.large:,} suppliers beside {bench.few:,}", named=cost))
    return rows


def web_pages(bench: Bench) -> list[Row]:
    rows = []
    for name, path in (("a page of the register", "/register"), ("the page of a supplier", "/suppliers/{id}")):
        asked = {}
        for build, register in bench.builds(bench.suppliers).items():
            id = register.ids(1)[0]
            asked[build] = (register, page(register, path.replace("{id}", id)))
            if build == NOW:
                calls = get(register, *(call.replace("{id}", id) for call in dict(pages.PAIRS)[path]))
                asked["calls"] = (register, calls)
        measured = bench.in_turn(bench.rates(asked))
        number = len(dict(pages.PAIRS)[path])
        rows.append(Row(name, before(measured, least=4)))
        # Each answer of a page holds what so many calls do.
        cost = [ratio / number for ratio in beside(measured, "calls", NOW)]
        what = "its API call" if number == 1 else f"the {number} API calls that hold the same"
        rows.append(Row(f"{name}: cost beside {what}", named=Figure(cost, most=2)))
    return rows


def growth(bench: Bench) -> list[Row]:
    registers = {str(count): bench.register(NOW, count) for count in (bench.few, bench.huge)}
    few = {key: register.ids(bench.few) for key, register in registers.items()}
    works: list[tuple[str, Callable[[str], list[str]]]] = [
        ("GET /suppliers?limit=50", lambda _: ["/suppliers?limit=50"]),
        ("GET /register?limit=50", lambda _: ["/register?limit=50"]),
        ("GET /suppliers/{id}", lambda key: [f"/suppliers/{id}" for id in few[key]]),
        ("search for a name that one has", lambda _: [f"/suppliers?limit=50&q={SOUGHT}"]),
        ("search for a name that many have", lambda _: ["/suppliers?limit=50&q=linen"]),
        ("GET /due?limit=50", lambda _: ["/due?limit=50"]),
    ]
    rows = []
    for name, paths in works:
        measured = bench.in_turn(bench.rates({key: (it, get(it, *paths(key))) for key, it in registers.items()}))
        cost = Figure(beside(measured, str(bench.few), str(bench.huge)), most=1.5)
        rows.append(Row(f"{name}: cost at {bench.huge:,} suppliers beside {bench.few:,}", named=cost))
    return rows


def replicas(bench: Bench) -> list[Row]:
    """On PostgreSQL: what a read asks of the database where one program serves, and where three do."""
    database = bench.database
    if not isinstance(database, Postgres):
        return []
    first = bench.register(NOW, bench.suppliers, "replicas")
    reads = get(first, *(f"/suppliers/{id}" for id in first.ids(bench.suppliers)))
    first.stop()
    rates: dict[str, list[float]] = {"1": [], "3": []}
    asked: dict[str, list[float]] = {"1": [], "3": []}
    for _ in range(bench.turns):
        for number in rates:
            database.wait_until_left(first.url)
            known = database.transactions(first.url)
            servers = [Register(first.program, first.url, beside=first) for _ in range(int(number))]
            try:
                rate = bench.tool.rate([server.port for server in servers], reads, bench.seconds)
            finally:
                # What a connection did is known once it has ended.
                for server in servers:
                    server.stop()
            database.wait_until_left(first.url)
            rates[number].append(rate)
            asked[number].append((database.transactions(first.url) - known) / (rate * bench.seconds))
    return [
        Row("three replicas: reads in a second beside one", named=Figure(beside(rates, "3", "1"))),
        # The few transactions of starting and stopping are among them.
        Row("three replicas: transactions for a read beside one", named=Figure(beside(asked, "3", "1"), most=1.05)),
    ]


# ---------------------------------------------------------------- writing


def commits(bench: Bench, rows: int) -> float:
    """Durable commits of so many rows in a second, with nothing around them."""
    database = bench.database
    if isinstance(database, Postgres):
        return database.commits(bench.folder, rows, bench.seconds)
    return bench.tool.sqlite_commits(bench.folder, rows, bench.seconds)


def create(bench: Bench) -> list[Row]:
    numbers = itertools.count(0, 1_000_000)

    def work(register: Register) -> float:
        new = {"name": f"New {{number:{next(numbers)}}}", "country": "GB", "data_sensitivity": "personal"}
        new["service_criticality"] = "essential"
        return bench.tool.rate([register.port], [request(register, "POST", "/suppliers", new)], bench.seconds)

    builds = bench.builds(bench.suppliers, "create").items()
    works: dict[str, Callable[[], float]] = {build: partial(work, register) for build, register in builds}
    measured = bench.in_turn(works | {FLOOR: lambda: commits(bench, 1)})
    return [Row("POST /suppliers", before(measured, least=5), of_floor(measured, least=0.3))]


def answers(bench: Bench) -> list[Row]:
    """Each client saves 30 of 40 answers of an assessment of its own, over and over."""
    numbers = itertools.count(0, 1_000_000)

    def work(register: Register, ids: list[str]) -> float:
        answer = {"value": "yes", "comment": f"As of {{number:{next(numbers)}}}."}
        saved = {f"q{number}": answer for number in range(QUESTIONS * 3 // 4)}
        saves = []
        for id in ids:
            version = register.send("GET", f"/assessments/{id}")["version"]
            saves.append(request(register, "PATCH", f"/assessments/{id}/answers", saved, f"{{count:{version}}}"))
        return bench.tool.rate([register.port], saves, bench.seconds)

    works: dict[str, Callable[[], float]] = {}
    for build, register in bench.builds(bench.suppliers, "answers").items():
        register.send("POST", "/questionnaires", document("2026.1", 10))
        begin = [{"questionnaire": "load", "subject_id": subject} for subject in register.ids(CLIENTS)]
        ids = [register.send("POST", "/assessments", each)["id"] for each in begin]
        works[build] = partial(work, register, ids)
    measured = bench.in_turn(works | {FLOOR: lambda: commits(bench, 40)})
    return [Row("save 30 answers and score", before(measured, least=5), of_floor(measured, least=0.3))]


# ---------------------------------------------------------------- many rows


def files(bench: Bench) -> list[Row]:
    return file(bench, "/suppliers.csv", "supplier") + file(bench, "/register.csv", "register_entry")


def file(bench: Bench, path: str, table: str) -> list[Row]:
    firsts: dict[str, list[float]] = {}

    def work(build: str, register: Register) -> float:
        done = bench.tool.fetch(register, path)
        if done["lines"] < bench.large:
            raise Failed(f"{path} has {done['lines']} lines, not one for each of {bench.large} suppliers")
        firsts.setdefault(build, []).append(done["first"] / 0.05)
        return 1 / done["seconds"]

    builds = bench.builds(bench.large)
    statement = select(bench, builds[NOW], path, table)
    works: dict[str, Callable[[], float]] = {build: partial(work, build, it) for build, it in builds.items()}
    measured = bench.in_turn(works | {FLOOR: lambda: 1 / bench.database.write_csv(builds[NOW].url, statement)})
    return [
        Row(path, before(measured, least=4), of_floor(measured, least=0.5)),
        Row(f"{path}: first byte of the file, beside 50 ms", named=Figure(firsts[NOW], most=1)),
    ]


def select(bench: Bench, register: Register, path: str, table: str) -> str:
    """The rows of the file as the database's own shell is asked for them: its columns, as far as the table has them."""
    names = register.call(f"{path}?q={SOUGHT}").decode().splitlines()[0].lstrip("\ufeff").replace(".", "_").split(",")
    known = bench.database.columns(register.url, table)
    columns = [name for name in names if name in known]
    if not columns:
        raise Failed(f"there is no table {table} with columns of {path}")
    return f"SELECT {', '.join(columns)} FROM {table}"


def files_in_memory(bench: Bench) -> list[Row]:
    rows = []
    register = bench.register(NOW, bench.huge)
    for path in ("/suppliers.csv", "/register.csv"):
        more = []
        for _ in range(bench.turns):
            # What was taken before and is free now would be taken again unseen.
            register.stop()
            register.start()
            time.sleep(SETTLE)
            register.forget_most_memory()
            idle = register.most_memory()
            bench.tool.fetch(register, path)
            more.append((register.most_memory() - idle) / (16 * MIB))
        what = f"{path} at {bench.huge:,} suppliers: memory that it takes, beside 16 MB"
        rows.append(Row(what, named=Figure(more, most=1)))
    return rows


def bring_in(bench: Bench) -> list[Row]:
    file = bench.folder / "ours.csv"
    imports.ours(file, bench.suppliers)
    speeds: dict[str, list[float]] = {}
    most: dict[str, list[float]] = {}
    for _ in range(bench.turns):
        for build, program in bench.programs.items():
            seconds, memory = imports.Build(program, bench.database, bench.folder, build).imports(file)
            speeds.setdefault(build, []).append(1 / seconds)
            most.setdefault(build, []).append(memory)
    what = f"import {bench.suppliers:,} suppliers"
    return [Row(what, before(speeds, least=3)), Row(f"{what}: most memory", before(most, most=0.4))]


def what_if(bench: Bench) -> list[Row]:
    works: dict[str, Callable[[], float]] = {}
    for build, register in bench.builds(0, "what-if").items():
        work = WhatIf(register, bench.database)
        work.grow(bench.large)
        bench.database.settle(register.url)
        works[build] = partial(speed, work)
    measured = bench.in_turn(works, is_warmed=False)
    return [Row(f"what-if over {bench.large:,} assessments of {QUESTIONS} questions", before(measured, least=4))]


def speed(work: WhatIf) -> float:
    return 1 / work.ask()


def idle(bench: Bench) -> list[Row]:
    memory: dict[str, list[float]] = {}
    starts: dict[str, list[float]] = {}
    builds = bench.builds(bench.suppliers)
    for _ in range(bench.turns):
        for build, register in builds.items():
            register.stop()
            starts.setdefault(build, []).append(register.start())
            time.sleep(SETTLE)
            memory.setdefault(build, []).append(register.memory())
    return [Row("idle memory", before(memory, most=1)), Row("from start to ready", before(starts, most=1))]


# Each by the name that --only knows it by; what needs most room comes last.
LINES: dict[str, Callable[[Bench], list[Row]]] = {
    "one": one,
    "one-while-written": one_while_written,
    "lists": lists,
    "summary": summary,
    "pages": web_pages,
    "create": create,
    "answers": answers,
    "csv": files,
    "import": bring_in,
    "what-if": what_if,
    "idle": idle,
    "replicas": replicas,
    "growth": growth,
    "csv-memory": files_in_memory,
}
