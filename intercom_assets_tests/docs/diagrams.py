"""The diagrams of the documents, drawn as SVG: they show on GitHub, on the site and offline.

Boxes and arrows only; what is in them comes from the catalogue where it can.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal, TypeAlias

from intercom_assets.catalog import CATALOG
from intercom_assets_tests.docs.tables_page import REFERENCES

Side: TypeAlias = Literal["left", "right", "top", "bottom"]

_LINE = 18
_HEAD = 26
_INK, _PAPER, _HEADER, _GROUND = "#1f2547", "#ffffff", "#dfe4fb", "#f5f6fc"
_BEND = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box with a title and lines.

    Attributes:
        x: Left.
        y: Top.
        title: First line.
        lines: The others.
        width: Width.
    """

    x: int
    y: int
    title: str
    lines: Sequence[str]
    width: int = 250

    @property
    def height(self) -> int:
        """Height that its lines need."""
        return _HEAD + _LINE * len(self.lines) + (10 if self.lines else 0)

    def at(self, side: Side, share: float = 0.5) -> tuple[float, float]:
        """Give a point on one of its sides, a share of the way along it."""
        across, down = self.x + self.width * share, self.y + self.height * share
        return {
            "left": (self.x, down),
            "right": (self.x + self.width, down),
            "top": (across, self.y),
            "bottom": (across, self.y + self.height),
        }[side]

    def drawn(self) -> Iterator[str]:
        """Draw it."""
        frame = f'x="{self.x}" y="{self.y}" width="{self.width}" rx="6"'
        yield f'<rect {frame} height="{self.height}" fill="{_PAPER}" stroke="{_INK}"/>'
        yield f'<rect {frame} height="{_HEAD}" fill="{_HEADER}" stroke="{_INK}"/>'
        yield _text(self.x + 10, self.y + 18, self.title, weight="bold")
        for number, line in enumerate(self.lines, 1):
            yield _text(self.x + 10, self.y + _HEAD + _LINE * number - 2, line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """An arrow from one box to another.

    Attributes:
        start: Name of the box where it begins.
        side: Side of that box.
        end: Name of the box where it ends.
        into: Side of that box.
        along: Where on both sides it is, as a share.
        label: Words beside its middle.
    """

    start: str
    side: Side
    end: str
    into: Side
    along: tuple[float, float] = (0.5, 0.5)
    label: str = ""

    def drawn(self, boxes: Mapping[str, Box]) -> Iterator[str]:
        """Draw it as a curve that leaves and enters at right angles."""
        (x1, y1), (x2, y2) = (
            boxes[self.start].at(self.side, self.along[0]),
            boxes[self.end].at(self.into, self.along[1]),
        )
        (a, b), (c, d) = _out(x1, y1, self.side), _out(x2, y2, self.into)
        path = f"M{x1:g} {y1:g} C{a:g} {b:g} {c:g} {d:g} {x2:g} {y2:g}"
        yield f'<path d="{path}" fill="none" stroke="{_INK}" marker-end="url(#tip)"/>'
        if self.label:
            yield _text(round((x1 + x2) / 2) + 8, round((y1 + y2) / 2) + 22, self.label)


def _out(x: float, y: float, side: Side) -> tuple[float, float]:
    across, down = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}[side]
    return x + across * _BEND, y + down * _BEND


def _text(x: int, y: int, words: str, weight: str = "normal") -> str:
    return f'<text x="{x}" y="{y}" font-weight="{weight}">{escape(words)}</text>'


def _picture(title: str, boxes: Mapping[str, Box], arrows: Iterable[Arrow]) -> str:
    width = max(box.x + box.width for box in boxes.values()) + 20
    height = max(box.y + box.height for box in boxes.values()) + 20
    tip = f'<path d="M0 0 L8 4 L0 8 z" fill="{_INK}"/>'
    size = f'viewBox="0 0 {width} {height}"'
    font = f'font-family="system-ui, sans-serif" font-size="13" fill="{_INK}"'
    marker = 'id="tip" markerWidth="8" markerHeight="8" refX="8" refY="4" orient="auto"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" {font}>',
        f"<title>{escape(title)}</title>",
        f"<defs><marker {marker}>{tip}</marker></defs>",
        f'<rect width="{width}" height="{height}" rx="10" fill="{_GROUND}"/>',
        *(line for box in boxes.values() for line in box.drawn()),
        *(line for arrow in arrows for line in arrow.drawn(boxes)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


_PLACES = {
    "teams": (20, 30),
    "admins": (20, 200),
    "contacts": (20, 400),
    "conversation_parts": (360, 30),
    "conversations": (360, 230),
    "segments": (790, 30),
    "company_segments": (790, 190),
    "companies": (790, 400),
}

_WIDTHS = {"conversation_parts": 340, "conversations": 340}

_KEY_ARROWS = (
    Arrow(start="conversation_parts", side="bottom", end="conversations", into="top"),
    Arrow(start="conversation_parts", side="left", end="teams", into="right", along=(0.4, 0.5)),
    Arrow(start="conversation_parts", side="left", end="admins", into="right", along=(0.6, 0.2)),
    Arrow(start="conversation_parts", side="left", end="contacts", into="right", along=(0.8, 0.2)),
    Arrow(start="conversations", side="left", end="teams", into="right", along=(0.3, 0.8)),
    Arrow(start="conversations", side="left", end="admins", into="right", along=(0.5, 0.6)),
    Arrow(start="conversations", side="left", end="contacts", into="right", along=(0.8, 0.5)),
    Arrow(start="conversations", side="right", end="companies", into="left"),
    Arrow(start="contacts", side="top", end="admins", into="bottom"),
    Arrow(start="company_segments", side="top", end="segments", into="bottom"),
    Arrow(start="company_segments", side="bottom", end="companies", into="top"),
)


def tables() -> str:
    """Draw the tables, their keys, and the columns that hold keys of others."""
    boxes = {
        name: Box(x=x, y=y, title=name, lines=list(_keys(name)), width=_WIDTHS.get(name, 250))
        for name, (x, y) in _PLACES.items()
    }
    drawn = {(arrow.start, arrow.end) for arrow in _KEY_ARROWS}
    meant = {(one.table, one.to) for one in REFERENCES if one.table in _PLACES}
    assert drawn == meant, f"arrows and references differ: {drawn ^ meant}"
    return _picture("The tables and their keys", boxes, _KEY_ARROWS)


def _keys(name: str) -> Iterator[str]:
    yield "key: " + ", ".join(CATALOG[name].primary_key)
    columns: dict[str, list[str]] = {}
    for one in REFERENCES:
        if one.table == name:
            columns.setdefault(one.column, []).append(one.to)
    for column, tables in columns.items():
        yield f"{column} → {', '.join(tables)}"


_STEPS = {
    "launch": Box(
        x=20,
        y=40,
        title="A run begins",
        lines=("UI, schedule or command", "one asset per resource"),
    ),
    "start": Box(
        x=360,
        y=40,
        title="Where to start",
        lines=("lock the table, read the cursor", "GET /me: workspace, region, zone"),
    ),
    "read": Box(
        x=700,
        y=40,
        title="Ask Intercom",
        lines=("from the cursor minus lookback", "pages side by side, within quota"),
    ),
    "shape": Box(
        x=700,
        y=220,
        title="Shape",
        lines=("typed columns, rest in _extra", "a hash of each record", "a file on disk"),
    ),
    "commit": Box(
        x=360,
        y=220,
        title="Commit: one transaction",
        lines=("is the cursor still ours?", "write rows whose hash differs", "mark what is gone",
               "move the cursor"),
    ),
    "warehouse": Box(
        x=20,
        y=220,
        title="DuckDB or Snowflake",
        lines=("rudder_<resource>", "rudder__cursors"),
    ),
}  # fmt: skip

_FLOW = (
    Arrow(start="launch", side="right", end="start", into="left"),
    Arrow(start="start", side="right", end="read", into="left"),
    Arrow(start="read", side="bottom", end="shape", into="top"),
    Arrow(start="shape", side="left", end="commit", into="right", along=(0.5, 0.42)),
    Arrow(start="commit", side="left", end="warehouse", into="right", along=(0.335, 0.5)),
    Arrow(
        start="commit",
        side="top",
        end="read",
        into="bottom",
        along=(0.5, 0.2),
        label="until nothing is left",
    ),
)


def sync() -> str:
    """Draw one sync of one resource."""
    return _picture("One sync of one resource", _STEPS, _FLOW)
