"""What was measured, as a table of ratios."""

from __future__ import annotations

import statistics
from typing import NamedTuple


class Figure(NamedTuple):
    """Ratios, one of each turn, and what the middle of them should be. There are none where what they are beside is
    missing."""

    values: list[float]
    least: float | None = None
    most: float | None = None

    def middle(self) -> float:
        return statistics.median(self.values)

    def is_met(self) -> bool | None:
        """Not known where nothing was measured; of two digits, as it is shown."""
        if not self.values:
            return None
        middle = round(self.middle(), 2)
        return (self.least is None or middle >= self.least) and (self.most is None or middle <= self.most)

    def goal(self, as_share: bool = False) -> str:
        sign, goal = ("≥", self.least) if self.least is not None else ("≤", self.most)
        if goal is None:
            return ""
        return f"{sign} {goal:.0%} of the floor".replace("%", " %") if as_share else f"{sign} {goal:g} ×"

    def told(self, as_share: bool = False) -> str:
        if not self.values:
            return "–"
        values = [(100 if as_share else 1) * value for value in (self.middle(), min(self.values), max(self.values))]
        digits = 0 if values[0] >= 100 else 1 if values[0] >= 10 or as_share else 2
        middle, least, most = (f"{value:.{digits}f}" for value in values)
        return f"{middle} {'%' if as_share else '×'} ({least}–{most})"


class Row(NamedTuple):
    work: str
    # Beside the build before.
    before: Figure | None = None
    # Beside the floor.
    floor: Figure | None = None
    # Beside what the row names.
    named: Figure | None = None
    # Why it could not be measured.
    fault: str = ""

    def figures(self) -> list[Figure]:
        return [figure for figure in (self.before, self.floor, self.named) if figure]

    def met(self) -> str:
        goals = [figure.is_met() for figure in self.figures() if figure.least is not None or figure.most is not None]
        if self.fault or False in goals:
            return "no"
        return "not known" if None in goals else "yes" if goals else ""

    def cells(self) -> list[str]:
        before, floor, named = self.before, self.floor, self.named
        goals = [each.goal() for each in (before, named) if each] + ([floor.goal(as_share=True)] if floor else [])
        return [
            f"{self.work}: {self.fault}" if self.fault else self.work,
            before.told() if before else "",
            floor.told(as_share=True) if floor else "",
            named.told() if named else "",
            ", ".join(filter(None, goals)),
            self.met(),
        ]


HEAD = ["Work", "× before", "% of the floor", "× what is named", "Target", "Met"]


def printed(rows: list[Row]) -> str:
    lines = [HEAD, *([cell.replace("|", "/").replace("\n", " ") for cell in row.cells()] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEAD))]
    lines.insert(1, ["-" * width for width in widths])
    texts = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths)) for line in lines]
    return "\n".join(f"| {text} |" for text in texts)
