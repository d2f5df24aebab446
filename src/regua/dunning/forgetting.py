"""The lines of a run are kept while somebody may still want to look at them one by one."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

from regua.dunning.models import DunningItem, DunningRun
from regua.dunning.run_selectors import KEPT

AT_ONCE = 20_000
"""Lines deleted in one transaction."""


def items_forget(*, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Delete the lines of runs that ended longer ago than ``KEPT``; how many.

    The sums, in the slices, and what was done, in the debts' history, stay.
    """
    left = Exists(DunningItem.objects.filter(run=OuterRef("pk")))
    count = 0
    for run in DunningRun.objects.filter(left, finished_at__lt=timezone.now() - KEPT):
        while not should_stop():
            with connection.cursor() as cursor:
                cursor.execute(
                    "DELETE FROM dunning_dunningitem WHERE id IN ("
                    "SELECT id FROM dunning_dunningitem WHERE run_id = %s LIMIT %s)",
                    [run.pk, AT_ONCE],
                )
                count += cursor.rowcount
                if cursor.rowcount < AT_ONCE:
                    break
    return count
