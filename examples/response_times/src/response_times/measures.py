"""What is measured of a conversation, and per team and week. Plain pandas, no Dagster."""

import json

import pandas as pd

PLACE_COLUMNS = ("id", "created_at", "team_assignee_id", "admin_assignee_id")
TIME_COLUMNS = ("statistics_time_to_admin_reply", "statistics_time_to_first_close")
RATING_COLUMNS = ("conversation_rating_rating",)
VERSION_COLUMNS = ("state", "_valid_from", "_valid_to")
PART_COLUMNS = ("conversation_id", "part_type", "author_type", "created_at")

NO_TEAM = "No team"
_PLACE = ["team_id", "team", "week"]


def placed(conversations: pd.DataFrame, teams: pd.DataFrame, admins: pd.DataFrame) -> pd.DataFrame:
    """Give each conversation that is not deleted a team, and the week in which it began."""
    live = conversations[conversations["_deleted_at"].isna()]
    team_ids, labels = _team_ids(live, admins), _labels(teams)
    return live.assign(
        team_id=team_ids,
        team=[labels.get(team_id) or team_id for team_id in team_ids],
        week=_mondays(live["created_at"]),
    )


def times_by_week(conversations: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """Count conversations per team and week, with the medians of their times in hours.

    Intercom's statistics leave out closed hours, but do not exist for every conversation: where one
    is missing, parts tell the time on the clock.
    """
    kept = parts[parts["_deleted_at"].isna()]
    replies = kept[(kept["part_type"] == "comment") & (kept["author_type"] == "admin")]
    closes = kept[kept["part_type"] == "close"]
    timed = conversations.assign(
        to_reply=_hours(conversations, "statistics_time_to_admin_reply", replies),
        to_close=_hours(conversations, "statistics_time_to_first_close", closes),
    )
    return timed.groupby(_PLACE, as_index=False).agg(
        conversations=("id", "size"),
        hours_to_first_reply=("to_reply", "median"),
        hours_to_first_close=("to_close", "median"),
    )


def ratings_by_week(conversations: pd.DataFrame) -> pd.DataFrame:
    """Count ratings per team and week, and those of 4 and 5; a week without has no share."""
    ratings = conversations["conversation_rating_rating"]
    counted = (
        conversations.assign(rating=ratings, good=ratings >= 4)
        .groupby(_PLACE, as_index=False)
        .agg(ratings=("rating", "count"), satisfied=("good", "sum"))
    )
    return counted.assign(share_satisfied=counted["satisfied"] / counted["ratings"])


def open_by_day(versions: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """Count the open conversations at the end of each day (UTC), since the history began."""
    kept = versions[(versions["state"] == "open") & versions["_deleted_at"].isna()]
    changes = pd.concat(
        [pd.Series(1, kept["_valid_from"]), pd.Series(-1, kept["_valid_to"].dropna())]
    )
    days = pd.date_range(versions["_valid_from"].min().floor("D"), now.floor("D"), name="day")
    by_day = (
        changes.groupby(pd.DatetimeIndex(changes.index).floor("D"))
        .sum()
        .reindex(days, fill_value=0)
    )
    return by_day.cumsum().rename("open_conversations").reset_index()


def _team_ids(conversations: pd.DataFrame, admins: pd.DataFrame) -> list[str]:
    """Take the team that is assigned, else the only team of the teammate who is."""
    of_admin = {
        admin: str(ids[0])
        for admin, text in zip(admins["id"], admins["team_ids"], strict=True)
        # A column of JSON comes as text.
        if len(ids := json.loads(text or "[]")) == 1
    }
    assigned = zip(
        conversations["team_assignee_id"], conversations["admin_assignee_id"], strict=True
    )
    return [team or of_admin.get(admin) or NO_TEAM for team, admin in assigned]


def _labels(teams: pd.DataFrame) -> dict[str, str | None]:
    """Name teams by id; those that share a name are told apart by their ids."""
    shared = teams["name"].duplicated(keep=False)
    return {
        team_id: f"{name} {team_id}" if again else name
        for team_id, name, again in zip(teams["id"], teams["name"], shared, strict=True)
    }


def _mondays(moments: pd.Series) -> pd.Series:
    """Round down to the Monday (UTC) on which the ISO week began."""
    days = moments.dt.tz_convert("UTC").dt.tz_localize(None).dt.normalize()
    mondays: pd.Series = days - pd.to_timedelta(days.dt.weekday, unit="D")
    return mondays


def _hours(conversations: pd.DataFrame, statistic: str, events: pd.DataFrame) -> pd.Series:
    first = events.groupby("conversation_id")["created_at"].min()
    waited = conversations["id"].map(first) - conversations["created_at"]
    return conversations[statistic].astype("float64").fillna(waited.dt.total_seconds()) / 3600
