"""The charts; the dashboard is written as a picture and as a page that needs nothing else."""

import base64
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import dagster as dg
import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

WEEKS = 26
MOST_TEAMS = 9
_COLUMNS = 3
_LINES = {
    "hours_to_first_reply": ("first reply", "tab:blue"),
    "hours_to_first_close": ("first close", "tab:orange"),
}
_TITLE = "Median hours by team and week"
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>body {{ font-family: sans-serif; margin: 2em }} svg {{ max-width: 100%; height: auto }}
td, th {{ padding: .2em 1em; text-align: right }}</style>
<body>
{chart}
<h2>The newest week</h2>
{table}
</body>
</html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written.

    Attributes:
        picture: The file of the chart.
        page: The file of the page.
        inline: The chart as a `data:` address.
    """

    picture: Path
    page: Path
    inline: str


class Dashboards(dg.ConfigurableResource[None]):
    """A folder of dashboards."""

    folder: str

    def write(self, times: pd.DataFrame, ratings: pd.DataFrame) -> Written:
        """Draw what was measured, and write it over what was there."""
        figure = draw(times, ratings)
        chart = _svg(figure)
        written = Written(
            picture=Path(self.folder, "response_times.png"),
            page=Path(self.folder, "response_times.html"),
            inline=inline(figure),
        )
        written.picture.write_bytes(_saved(figure, "png"))
        newest = times[times["week"] == times["week"].max()].drop(columns="team_id")
        table = newest.to_html(index=False, border=0, float_format="{:.1f}".format, na_rep="")
        written.page.write_text(_PAGE.format(title=_TITLE, chart=chart, table=table), "utf-8")
        return written


def draw(times: pd.DataFrame, ratings: pd.DataFrame) -> Figure:
    """Draw a panel for each team, the busiest first, over the newest half year."""
    since = times["week"].max() - pd.Timedelta(weeks=WEEKS - 1)
    shown, rated = times[times["week"] >= since], ratings[ratings["week"] >= since]
    busiest = shown.groupby("team_id")["conversations"].sum().nlargest(MOST_TEAMS).index
    rows = max(1, -(-len(busiest) // _COLUMNS))
    figure = Figure(figsize=(11.5, 2.8 * rows), layout="constrained")
    panels = list(figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False).flat)
    for axes, team_id in zip(panels, busiest, strict=False):
        _panel(axes, shown[shown["team_id"] == team_id], rated[rated["team_id"] == team_id])
    for axes in panels[len(busiest) :]:
        axes.set_visible(False)
    figure.suptitle(_TITLE, fontweight="bold")
    if len(busiest):
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower left", ncols=2)
    return figure


def draw_open(days: pd.DataFrame) -> Figure:
    """Draw how many conversations were open at the end of each day."""
    figure = Figure(figsize=(11.5, 2.8), layout="constrained")
    axes = figure.subplots()
    axes.bar(days["day"], days["open_conversations"], color="tab:blue")
    # At least a month, so that a new history has no hours below its bars.
    end = days["day"].max() + pd.Timedelta(days=1)
    axes.set_xlim(min(days["day"].min(), end - pd.Timedelta(days=30)), end)
    _date_axis(axes)
    figure.suptitle("Open conversations by day", fontweight="bold")
    return figure


def inline(figure: Figure) -> str:
    """Give a chart as a `data:` address."""
    return f"data:image/svg+xml;base64,{base64.b64encode(_svg(figure).encode()).decode()}"


def _panel(axes: Axes, times: pd.DataFrame, ratings: pd.DataFrame) -> None:
    for column, (label, colour) in _LINES.items():
        known = times.dropna(subset=column)
        axes.plot(known["week"], known[column], marker="o", ms=3, color=colour, label=label)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g} h")
    _date_axis(axes)
    axes.minorticks_off()
    axes.tick_params(labelbottom=True)
    # A name may hold $, which would be a formula.
    axes.set_title("\n".join(_heading(times, ratings)), fontsize=10, parse_math=False)


def _date_axis(axes: Axes) -> None:
    dates = AutoDateLocator(maxticks=6)
    axes.xaxis.set_major_locator(dates)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(dates))
    axes.grid(alpha=0.3)


def _heading(times: pd.DataFrame, ratings: pd.DataFrame) -> Iterator[str]:
    yield str(times["team"].iloc[0])
    conversations, rated = times["conversations"].sum(), ratings["ratings"].sum()
    share = f"{ratings['satisfied'].sum() / rated:.0%} of {rated} ratings" if rated else ""
    yield f"{conversations} conversations" + (f", 4 or 5 in {share}" if share else "")


def _svg(figure: Figure) -> str:
    """Give the chart with its text as text: a browser has fonts for every script."""
    with mpl.rc_context({"svg.fonttype": "none"}):
        text = _saved(figure, "svg").decode()
    return re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)


def _saved(figure: Figure, kind: str) -> bytes:
    file = BytesIO()
    with warnings.catch_warnings():
        # The picture shows a box where the font lacks a letter.
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(file, format=kind, dpi=110)
    return file.getvalue()
