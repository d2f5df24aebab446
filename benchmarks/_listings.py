"""The pages that show listings: *Todas*, the report and the customer's tab, at any page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from typing import Any

ORDER = ("-pk",)


def pages(person: Any, *, pairs: bool) -> Iterator[tuple[str, str, dict[str, str], str]]:
    """Kind, URL name, query and note of each page to ask for."""
    for query in _report(pairs=pairs):
        for place, cursor in _places(query, person):
            yield "listings' report", "report_restrictions", query | cursor, f"{place} {query}"
    for query in _list():
        for place, cursor in _places(query, person):
            yield "listings", "restriction_list", query | cursor, f"{place} {query}"


def _report(*, pairs: bool) -> list[dict[str, str]]:
    """Nothing, each filter with a common and a rare choice, and every pair of them."""
    from django.utils import timezone

    from regua.accounts.models import User
    from regua.integrations.models import Integration

    def day(ago: int) -> str:
        return f"{timezone.localdate() - timedelta(days=ago):%d/%m/%Y}"

    integration = Integration.objects.order_by("pk")[3]
    person = User.objects.filter(branches=integration.branch_id).order_by("pk")[2]
    single: list[dict[str, str]] = [
        {"integration": str(integration.pk)},
        {"branch": str(integration.branch_id)},
        {"requested_by": str(person.pk)},
        *({"status": s} for s in ("em-curso", "esclarecer", "removed", "refused", "removal_sent")),
        *({"form": form} for form in ("manual", "automatic")),
        *({"removal_reason": reason} for reason in ("paid", "fraud")),
        *({"about": about, "since": day(30)} for about in ("requested", "visible", "removed")),
        {"about": "sent", "since": day(500), "until": day(400)},
        {"about": "removed", "since": day(200), "until": day(200)},
        {"minimum": "100,00"},
        {"minimum": "3.000,00"},
        {"maximum": "45,00"},
    ]
    both = [a | b for a, b in combinations(single, 2) if not a.keys() & b.keys()]
    return [{"since": ""} | query for query in [{}, *single, *(both if pairs else [])]]


def _list() -> list[dict[str, str]]:
    from django.utils import timezone

    from regua.integrations.models import Integration
    from regua.restrictions.models import Restriction

    some = Restriction.objects.exclude(protocol="").order_by("pk")[4320]
    branch = str(Integration.objects.order_by("pk")[3].branch_id)
    return [
        {},
        *({"situacao": s} for s in ("em-curso", "esclarecer", "refused", "removal_sent")),
        {"filial": branch},
        {"filial": branch, "situacao": "active", "forma": "manual"},
        {"forma": "manual"},
        {"de": f"{timezone.localdate() - timedelta(days=30):%d/%m/%Y}"},
        {"q": some.protocol},
        {"q": some.our_number},
        {"q": some.customer.document},
        {"q": some.customer.name},
    ]


def _places(query: dict[str, str], person: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """The first page, one in the middle and the last one, as cursors."""
    from regua.accounts.selectors import branches_visible
    from regua.restrictions import filters
    from regua.restrictions.filters import ListingFilter
    from regua.restrictions.forms import RestrictionFilter
    from regua.restrictions.selectors import restrictions_visible
    from regua.restrictions.totals import counted
    from regua.web import keyset

    yield "first", {}
    if "q" in query:
        return
    branches = list(branches_visible(person))
    rows = restrictions_visible(person)
    if "since" in query:
        form = ListingFilter(query, actor=person, branches=branches, branch=None)
        found, totals = form.search(rows, person)
    else:
        chosen = RestrictionFilter(query, branches=branches).listings
        found, totals = filters.search(rows, chosen, branch=None, actor=person)
    total = (counted(found) if totals is None else totals).count
    for place, at in (("middle", total // 2), ("last", total - keyset.PAGE_SIZE - 1)):
        if at > keyset.PAGE_SIZE:
            key = found.order_by(*ORDER).values_list("pk", flat=True)[at]
            row = found.model._default_manager.get(pk=key)
            yield place, {"cursor": keyset.cursor_after(row, ORDER)}
