"""Assets downstream of Intercom's: each follows a sync as soon as it is over."""

import dagster as dg
import pandas as pd

from response_times.dashboard import Dashboards, draw_open, inline
from response_times.measures import (
    PART_COLUMNS,
    PLACE_COLUMNS,
    RATING_COLUMNS,
    TIME_COLUMNS,
    VERSION_COLUMNS,
    open_by_day,
    placed,
    ratings_by_week,
    times_by_week,
)


def intercom(table: str, *columns: str) -> dg.AssetIn:
    """Load some columns of a table of Intercom's as a DataFrame."""
    return dg.AssetIn(key=["intercom", table], metadata={"columns": [*columns, "_deleted_at"]})


TEAMS = intercom("teams", "id", "name")
ADMINS = intercom("admins", "id", "team_ids")


@dg.asset(
    ins={
        "conversations": intercom("conversations", *PLACE_COLUMNS, *TIME_COLUMNS),
        "conversation_parts": intercom("conversation_parts", *PART_COLUMNS),
        "teams": TEAMS,
        "admins": ADMINS,
    },
    group_name="support",
    kinds={"pandas"},
    automation_condition=dg.AutomationCondition.eager(),
)
def response_times(
    conversations: pd.DataFrame,
    conversation_parts: pd.DataFrame,
    teams: pd.DataFrame,
    admins: pd.DataFrame,
) -> pd.DataFrame:
    """Median hours to the first reply and to the first close, per team and week."""
    known = placed(conversations, teams, admins)
    if known.empty:
        # The stock IO manager makes no table of an empty DataFrame, for others to read.
        raise dg.Failure("Intercom has no conversation: nothing to measure.", allow_retries=False)
    return times_by_week(known, conversation_parts)


@dg.asset(
    ins={
        "conversations": intercom("conversations", *PLACE_COLUMNS, *RATING_COLUMNS),
        "teams": TEAMS,
        "admins": ADMINS,
    },
    group_name="support",
    kinds={"pandas"},
    automation_condition=dg.AutomationCondition.eager(),
)
def csat(conversations: pd.DataFrame, teams: pd.DataFrame, admins: pd.DataFrame) -> pd.DataFrame:
    """Ratings per team and week, and the share of them that is 4 or 5."""
    return ratings_by_week(placed(conversations, teams, admins))


@dg.asset(
    group_name="support",
    kinds={"matplotlib"},
    automation_condition=dg.AutomationCondition.eager(),
)
def response_time_dashboard(
    response_times: pd.DataFrame, csat: pd.DataFrame, dashboards: Dashboards
) -> dg.MaterializeResult[None]:
    """A chart of the last half year, as a picture and as one page to send around."""
    written = dashboards.write(response_times, csat)
    return dg.MaterializeResult(
        metadata={
            "chart": dg.MetadataValue.md(f"![Response times by team]({written.inline})"),
            "picture": dg.MetadataValue.path(written.picture),
            "page": dg.MetadataValue.path(written.page),
        }
    )


@dg.asset(
    ins={"versions": intercom("conversations_versions", *VERSION_COLUMNS)},
    group_name="support",
    kinds={"pandas", "matplotlib"},
    # The versions are a view, made after each sync.
    automation_condition=dg.AutomationCondition.eager().resolve_through_virtual(),
)
def open_conversations(versions: pd.DataFrame) -> dg.MaterializeResult[pd.DataFrame]:
    """Open conversations at the end of each day, since the history began, with a chart."""
    days = open_by_day(versions, pd.Timestamp.now("UTC"))
    chart = dg.MetadataValue.md(f"![Open conversations by day]({inline(draw_open(days))})")
    return dg.MaterializeResult(value=days, metadata={"chart": chart})


@dg.asset_check(asset=response_times)
def no_time_is_negative(response_times: pd.DataFrame) -> dg.AssetCheckResult:
    """Nobody answers before the question."""
    hours = response_times[["hours_to_first_reply", "hours_to_first_close"]]
    wrong = response_times[(hours < 0).any(axis="columns")]
    return dg.AssetCheckResult(passed=wrong.empty, metadata={"weeks": len(wrong)})


@dg.asset_check(
    asset=response_times, additional_ins={"conversations": intercom("conversations", "id")}
)
def every_conversation_counts(
    response_times: pd.DataFrame, conversations: pd.DataFrame
) -> dg.AssetCheckResult:
    """The weeks of all teams add up to the conversations that are not deleted."""
    counted = int(response_times["conversations"].sum())
    stored = int(conversations["_deleted_at"].isna().sum())
    return dg.AssetCheckResult(
        passed=counted == stored, metadata={"counted": counted, "stored": stored}
    )
