"""Plots as SVG, without a library: lines over labelled axes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, log10

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT, _MARGIN = 640, 320, 56
_COLOURS = ("#2563eb", "#dc2626", "#059669", "#7c3aed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A plot of one or more lines.

    Attributes:
        title: What it shows.
        across: What the x axis measures.
        up: What the y axis measures.
        lines: Points by name.
        level: A value of y that is drawn through, such as a limit.
    """

    title: str
    across: str
    up: str
    lines: Mapping[str, Points]
    level: float | None = None

    def svg(self) -> str:
        """Draw it."""
        points = [point for line in self.lines.values() for point in line]
        right = max((x for x, _ in points), default=1) or 1
        tops = [y for _, y in points] + ([self.level] if self.level is not None else [])
        frame = _Frame(_round_up(right), _round_up(max(tops, default=1) or 1))
        parts = [_text(_WIDTH / 2, 22, self.title, size=15), *frame.axes(self.across, self.up)]
        if self.level is not None:
            line = frame.path([(0, self.level), (frame.right, self.level)])
            parts.append(f'<polyline points="{line}" class="level"/>')
        for number, (name, line_points) in enumerate(self.lines.items()):
            colour = _COLOURS[number % len(_COLOURS)]
            drawn = frame.path(line_points)
            parts.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}"/>')
            parts.append(_text(_MARGIN + 12, 46 + 16 * number, name, anchor="start", fill=colour))
        return _SVG.format(width=_WIDTH, height=_HEIGHT, content="\n".join(parts))


_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">
<style>polyline{{stroke-width:2}}.level{{stroke:#888;stroke-dasharray:5 4}}\
.axis{{stroke:#bbb;stroke-width:1;fill:none}}</style>
<rect width="100%" height="100%" fill="#fff"/>
{content}
</svg>
"""


@dataclass(frozen=True, slots=True)
class _Frame:
    right: float
    top: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        across = _WIDTH - 2 * _MARGIN
        up = _HEIGHT - 2 * _MARGIN
        return _MARGIN + across * x / self.right, _HEIGHT - _MARGIN - up * y / self.top

    def path(self, points: Points) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*point) for point in points))

    def axes(self, across: str, up: str) -> list[str]:
        corner = self.path([(0, self.top), (0, 0), (self.right, 0)])
        marks = [
            *(
                _text(
                    self.at(part * self.right / 4, 0)[0],
                    _HEIGHT - _MARGIN + 16,
                    _short(part * self.right / 4),
                )
                for part in range(5)
            ),
            *(
                _text(
                    _MARGIN - 6,
                    self.at(0, part * self.top / 4)[1] + 4,
                    _short(part * self.top / 4),
                    anchor="end",
                )
                for part in range(5)
            ),
        ]
        return [
            f'<polyline points="{corner}" class="axis"/>',
            *marks,
            _text(_WIDTH / 2, _HEIGHT - 12, across),
            _text(_MARGIN - 40, _MARGIN - 12, up, anchor="start"),
        ]


def _text(
    x: float, y: float, text: str, *, anchor: str = "middle", size: int = 12, fill: str = "#333"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="{fill}">{escape(text)}</text>'
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def _round_up(value: float) -> float:
    unit = 10.0 ** (ceil(log10(value)) - 1)
    return ceil(value / unit) * unit
