"""When an asset counts as overdue: later than its schedule explains.

Dagster's daemon looks every half a minute, and the UI shows it on the asset's page.
"""

from datetime import timedelta

import dagster as dg

from intercom_assets.orchestration.cron import longest_gap
from intercom_assets.orchestration.settings import Settings

_LEAST = timedelta(minutes=30)
_MOST = timedelta(hours=6)


def freshness_of(settings: Settings) -> dg.FreshnessPolicy | None:
    """Derive from the schedule how old an asset may be; None where a person starts the syncs.

    Both jobs materialize every asset, so that a reconcile's schedule counts where it is the only
    one.
    """
    schedule = settings.schedule or settings.reconcile
    if schedule is None:
        return None
    gap = longest_gap(schedule.cron)
    slack = slack_after(gap)
    return dg.FreshnessPolicy.time_window(fail_window=gap + slack, warn_window=gap + slack / 2)


def slack_after(gap: timedelta) -> timedelta:
    """Allow for a run that waits or takes long, and for a clock that is put back."""
    return min(max(gap / 2, _LEAST), _MOST)
