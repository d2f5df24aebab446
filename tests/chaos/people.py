"""What people do meanwhile: ask for listings, pay, withdraw, ask for removals.

PostgreSQL may go away under them at any moment. Whoever does not know whether a request was written
looks before asking again, as a person would.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from regua.receivables.models import Receivable
from regua.receivables.services import payment_record
from regua.restrictions.choices import AT_BUREAU, RemovalReason, Status
from regua.restrictions.models import Restriction
from regua.restrictions.services import removal_request, restriction_cancel, restriction_request
from tests.chaos.stage import Stage, Wish

T = TypeVar("T")
SLICE = 25
_REASONS = {
    Wish.REMOVE: RemovalReason.RENEGOTIATED,
    Wish.PAY: RemovalReason.PAID,
    Wish.WITHDRAW: RemovalReason.WRONGLY_LISTED,
    Wish.AGAIN: RemovalReason.DATA_CORRECTION,
}


class People:
    """Several desks at work, each with debts of its own."""

    DESKS = 4

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        debts = list(stage.wishes)
        self._desks = [Desk(stage, debts[first :: self.DESKS]) for first in range(self.DESKS)]

    def start(self) -> None:
        for desk in self._desks:
            desk.start()

    def leave(self) -> None:
        for desk in self._desks:
            desk.over.set()
        for desk in self._desks:
            desk.join()

    @property
    def asked(self) -> dict[int, set[int]]:
        """Receivable → the listings that the product said it had written down."""
        return {debt: set(known) for desk in self._desks for debt, known in [*desk.asked.items()]}

    @property
    def all_asked(self) -> bool:
        return all(desk.all_asked for desk in self._desks)

    @property
    def done(self) -> Counter[str]:
        return sum((desk.done for desk in self._desks), Counter())

    @property
    def failure(self) -> BaseException | None:
        return next((desk.failure for desk in self._desks if desk.failure), None)

    def is_unwanted(self, debt: int) -> bool:
        """Whether a listing of this debt that stands at the bureau is to be removed."""
        return any(desk.is_unwanted(debt) for desk in self._desks if debt in desk.asked)


class Desk(threading.Thread):
    """Asks for its listings, slice by slice, and looks after what comes of them."""

    def __init__(self, stage: Stage, debts: list[int]) -> None:
        super().__init__(name="desk", daemon=True)
        self._stage = stage
        self._asking = debts
        self.over = threading.Event()
        self.asked: dict[int, set[int]] = {}
        self.done: Counter[str] = Counter()
        self.all_asked = False
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.over.is_set():
                asked, self._asking = self._asking[:SLICE], self._asking[SLICE:]
                self._ask(asked)
                self._look_after()
                self._pay([pk for pk in asked if pk % 2])
                self.all_asked = not self._asking
                if self.all_asked:
                    self.over.wait(0.5)
        except BaseException as error:
            self.failure = error
        finally:
            connection.close()

    def is_unwanted(self, debt: int) -> bool:
        return self._stage.wishes[debt] is not Wish.KEEP and len(self.asked[debt]) == 1

    # What they do

    def _ask(self, debts: list[int]) -> None:
        for debt in surely(lambda: list(Receivable.objects.filter(pk__in=debts))):
            restriction = self._list(debt)
            if self._stage.wishes[debt.pk] is Wish.WITHDRAW:
                self._withdraw(restriction)

    def _list(self, debt: Receivable) -> Restriction:
        known = self.asked.setdefault(debt.pk, set())
        written = Restriction.objects.filter(receivable=debt).exclude(pk__in=known)
        restriction = surely(
            lambda: restriction_request(receivable=debt, actor=self._stage.actor),
            look=written.first,
        )
        known.add(restriction.pk)
        self.done["listings asked"] += 1
        return restriction

    def _pay(self, debts: list[int]) -> None:
        """Wherever their listings are by now: most wait or are on their way to the bureau."""
        paying = [pk for pk in debts if self._stage.wishes[pk] is Wish.PAY]
        owed = Receivable.objects.filter(pk__in=paying, status=Receivable.Status.OPEN)
        for debt in surely(lambda: list(owed)):
            paid = Receivable.objects.filter(pk=debt.pk, status=Receivable.Status.RECEIVED)
            surely(
                partial(
                    payment_record,
                    receivable=debt,
                    actor=self._stage.actor,
                    amount=debt.open_amount,
                    paid_on=timezone.localdate(),
                ),
                look=paid.first,
            )
            self.done["debts paid"] += 1

    def _withdraw(self, restriction: Restriction) -> None:
        gone = Restriction.objects.filter(pk=restriction.pk, status=Status.CANCELLED)

        def cancel() -> bool:
            restriction_cancel(restriction=restriction, actor=self._stage.actor)
            return True

        try:
            surely(cancel, look=gone.exists)
            self.done["withdrawn"] += 1
        except ValidationError:  # it had left already: then it is removed like any other
            self.done["too late to withdraw"] += 1

    def _look_after(self) -> None:
        """Remove what has arrived at the bureau; list again what was removed for its wrong data."""
        arrived = Restriction.objects.filter(status__in=AT_BUREAU, removal_requested_at=None)
        unwanted = [
            pk
            for pk, debt in surely(lambda: list(arrived.values_list("pk", "receivable_id")))
            if debt in self.asked and self.is_unwanted(debt)
        ]
        chosen = surely(lambda: list(Restriction.objects.filter(pk__in=unwanted[: 4 * SLICE])))
        self._pay([restriction.receivable_id for restriction in chosen])
        for restriction in chosen:
            self._remove(restriction, _REASONS[self._stage.wishes[restriction.receivable_id]])
        corrected = Restriction.objects.filter(
            status=Status.REMOVED, removal_reason=RemovalReason.DATA_CORRECTION
        ).select_related("receivable")
        for restriction in surely(lambda: list(corrected)):
            if len(self.asked.get(restriction.receivable_id, ())) == 1:
                self._list(restriction.receivable)
                self.done["listed again"] += 1

    def _remove(self, restriction: Restriction, reason: RemovalReason) -> None:
        queued = Restriction.objects.filter(pk=restriction.pk, removal_requested_at__isnull=False)
        try:
            surely(
                lambda: removal_request(
                    restriction=restriction, actor=self._stage.actor, reason=reason
                ),
                look=queued.first,
            )
        except ValidationError:  # the bureau has just removed or refused it
            self.done["too late to remove"] += 1
        else:
            self.done["removals asked"] += 1


def surely(do: Callable[[], T], look: Callable[[], T | None] = lambda: None) -> T:
    """What ``do`` returns, done once whatever PostgreSQL does meanwhile.

    Where it was cut off in the middle, ``look`` tells whether it was done after all.
    """
    cut_off = False
    while True:
        try:
            if cut_off and (found := look()):
                return found
            return do()
        except (OperationalError, InterfaceError):
            connection.close()
            cut_off = True
            time.sleep(0.1)
