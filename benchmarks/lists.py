"""What a list costs the server: of inquiries and of listings, their reports and tabs, at any page.

Every filter that is offered, alone and in pairs, at the first, a middle and the last page, through
the whole product as a browser would meet it but for the network. The limit is the same page's rows
fetched by their primary keys.

Bound: the 95th percentile of every kind of page is at most 100 ms.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from typing import Any

from benchmarks import _listings, _many_listings
from benchmarks._many import fill
from benchmarks._product import product
from benchmarks.frame import Outcome, Size

_SINGLE = 12
"""How many of ``_filters`` are none or one at a time."""
BOUND = 100.0
"""Milliseconds of server time."""


def run(size: Size) -> Outcome:
    count = 300_000 if size == "small" else 10_000_000
    with product():
        begun = time.perf_counter()
        manager = fill(count, customers=count // 30)
        listed = 300_000 if size == "small" else 2_000_000
        _many_listings.fill(listed, customers=min(listed, count) // 30)
        return _measure(manager, count, listed, time.perf_counter() - begun)


def _measure(manager: Any, count: int, listed: int, filled_in: float) -> Outcome:
    from django.test import Client
    from django.urls import reverse

    took: dict[str, list[float]] = defaultdict(list)
    slowest: dict[str, tuple[float, str]] = {}

    def get(kind: str, address: str, query: dict[str, str], note: str) -> None:
        begun = time.perf_counter()
        answer = client.get(address, query)
        ms = (time.perf_counter() - begun) * 1000
        assert answer.status_code == 200, (address, query, answer.status_code)
        took[kind].append(ms)
        slowest[kind] = max(slowest.get(kind, (0.0, "")), (ms, note))

    pages = {"central": reverse("inquiry_list"), "report": reverse("report_inquiries")}
    for sees, person in {"all": manager, **_others()}.items():
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(person)
        for address in pages.values():
            client.get(address)  # warm
        filters = _filters()
        for query in filters if person == manager else filters[:_SINGLE]:
            for place, cursor in _places(query, person):
                asked = {"result": "", **query, **({"cursor": cursor} if cursor else {})}
                for kind, address in pages.items():
                    get(f"{kind}, sees {sees}", address, asked, f"{place} {query}")
        for kind, name, asked, note in _listings.pages(person, pairs=person == manager):
            get(f"{kind}, sees {sees}", reverse(name), asked, note)
    client.force_login(manager)
    for kind, address, keys in _tabs():
        for key in keys:
            get(kind, reverse(address, args=[key]), {}, f"{kind} {key}")

    limit = _limit()
    worst = max(_p95(values) for values in took.values())
    outcome = Outcome(ours=worst, limit=limit, limit_name="rows by key, ms", lower_is_better=True)
    outcome.rows = [
        ("inquiries", f"{count:,}"),
        ("listings", f"{listed:,}"),
        ("written in", f"{filled_in:.0f} s"),
    ]
    outcome.rows.append(("limit: a page's rows by key", f"{limit:.2f} ms"))
    for kind, values in took.items():
        outcome.rows.append((f"{kind}: pages", str(len(values))))
        outcome.rows.append((f"{kind}: median", f"{statistics.median(values):.1f} ms"))
        outcome.rows.append((f"{kind}: 95th percentile", f"{_p95(values):.1f} ms"))
        outcome.rows.append((f"{kind}: slowest", "{:.0f} ms, {}".format(*slowest[kind])))
        outcome.require(_p95(values) <= BOUND, f"{kind}: p95 {_p95(values):.0f} ms")
        name = kind.replace(", ", "_").replace(" ", "_").replace("'", "")
        outcome.facts[f"{name}_p95_ms"] = f"{_p95(values):.0f}"
    return outcome


def _others() -> dict[str, Any]:
    """People who see some branches only."""
    from tests import factories

    from regua.accounts.permissions import Role
    from regua.organization.models import Branch

    branches = list(Branch.objects.order_by("pk"))
    return {
        "one branch": factories.user(Role.FINANCE_MANAGER, branches[3]),
        "three branches": factories.user(Role.FINANCE_MANAGER, *branches[2:5]),
    }


def _filters() -> list[dict[str, str]]:
    """Nothing, each filter with a common and a rare choice, and every pair of them."""
    from django.utils import timezone

    from regua.accounts.models import User
    from regua.integrations.models import Integration

    today = timezone.localdate()
    integration = Integration.objects.order_by("pk")[3]
    person = User.objects.filter(branches=integration.branch_id).order_by("pk")[2]
    single: list[dict[str, str]] = [
        {"integration": str(integration.pk)},
        {"branch": str(integration.branch_id)},
        {"requested_by": str(person.pk)},
        {"since": f"{today - timedelta(days=30):%d/%m/%Y}"},
        {"until": f"{today - timedelta(days=700):%d/%m/%Y}"},
        {"kind": "F"},
        {"kind": "J"},
        *({"result": value} for value in ("unfinished", "deny", "answered", "refused")),
    ]
    pairs = [a | b for a, b in combinations(single, 2) if not a.keys() & b.keys()]
    return [{}, *single, *pairs]


def _places(query: dict[str, str], person: Any) -> Iterator[tuple[str, str]]:
    """The first page, one in the middle and the last one, as cursors."""
    from regua.accounts.selectors import branches_visible
    from regua.inquiries.filters import InquiryFilter
    from regua.inquiries.selectors import inquiries_visible
    from regua.web import keyset

    yield "first", ""
    branches = list(branches_visible(person))
    filters = InquiryFilter(query, actor=person, branches=branches, branch=None)
    total = filters.totals(person).count
    rows = filters.narrow(inquiries_visible(person)).order_by("-requested_at", "-pk")
    for place, at in (("middle", total // 2), ("last", total - keyset.PAGE_SIZE - 1)):
        if at > keyset.PAGE_SIZE:
            row = rows[at]
            yield place, keyset.cursor_after(row, ("-requested_at", "-pk"))


def _tabs() -> list[tuple[str, str, list[int]]]:
    from regua.parties.models import Customer, Lead, Prospect

    return [
        (f"{tab} of a {model._meta.model_name}", address, list(keys))
        for tab, model, address in (
            ("tab", Customer, "customer_inquiries"),
            ("tab", Lead, "lead_inquiries"),
            ("tab", Prospect, "prospect_inquiries"),
            ("listings", Customer, "customer_restrictions"),
        )
        if (keys := model._default_manager.order_by("pk").values_list("pk", flat=True)[:40])
    ]


def _limit() -> float:
    from django.db import connection

    took = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM inquiries_inquiry")
        last = cursor.fetchone()[0]
        for turn in range(50):
            keys = [1 + (turn * 7919 + n * 104729) % last for n in range(50)]
            begun = time.perf_counter()
            cursor.execute("SELECT * FROM inquiries_inquiry WHERE id = ANY(%s)", [keys])
            cursor.fetchall()
            took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took)


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
