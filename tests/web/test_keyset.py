from __future__ import annotations

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import F, QuerySet, Value
from django.db.models.functions import NullIf
from django.test.utils import CaptureQueriesContext

from regua.web import keyset

pytestmark = [pytest.mark.django_db, pytest.mark.database]

LABELS = ["zeta", "alfa", "beta", "alfa", "gama", "beta", "alfa"]


@pytest.fixture
def rows() -> QuerySet[ContentType]:
    """Any small table does; the labels repeat, so that the tie is broken by the key."""
    for number, label in enumerate(LABELS):
        ContentType.objects.create(app_label=label, model=f"keyset{number}")
    return ContentType.objects.filter(model__startswith="keyset")


def walk(rows: Any, ordering: tuple[str, ...], size: int = 2) -> list[list[int]]:
    pages, cursor = [], None
    while True:
        page = keyset.paginate(rows, ordering=ordering, cursor=cursor, page_size=size)
        pages.append([row.pk for row in page])
        cursor = page.next_cursor
        if cursor is None:
            return pages


@pytest.mark.parametrize(
    "ordering",
    [("app_label",), ("-app_label",), ("app_label", "-model"), ("-app_label", "model"), ("-pk",)],
)
def test_every_row_is_seen_once_in_order(rows: Any, ordering: tuple[str, ...]) -> None:
    seen = [pk for page in walk(rows, ordering) for pk in page]
    last = "-pk" if ordering[-1].startswith("-") else "pk"
    assert seen == list(rows.order_by(*ordering, last).values_list("pk", flat=True))


@pytest.mark.parametrize("ordering", [("label",), ("-label",), ("label", "-model")])
def test_empty_values_are_neither_lost_nor_doubled(rows: Any, ordering: tuple[str, ...]) -> None:
    nullable = rows.annotate(label=NullIf("app_label", Value("alfa")))
    seen = [pk for page in walk(nullable, ordering) for pk in page]
    assert sorted(seen) == sorted(rows.values_list("pk", flat=True))


def test_going_back_gives_the_same_pages(rows: Any) -> None:
    def page(cursor: str | None) -> keyset.KeysetPage[Any]:
        return keyset.paginate(rows, ordering=("-app_label",), cursor=cursor, page_size=3)

    first = page(None)
    second = page(first.next_cursor)
    third = page(second.next_cursor)
    assert not first.has_previous
    assert not third.has_next
    assert [r.pk for r in page(third.previous_cursor)] == [r.pk for r in second]
    back = page(second.previous_cursor)
    assert [r.pk for r in back] == [r.pk for r in first]
    assert not back.has_previous
    assert back.has_next


def test_a_cursor_that_cannot_be_read_gives_the_first_page(rows: Any) -> None:
    first = keyset.paginate(rows, ordering=("app_label",), page_size=2)
    other = keyset.paginate(rows, ordering=("-app_label",), page_size=2)
    assert first.next_cursor
    for bad in ("", "x", "a:b:c", first.next_cursor[:-2] + "zz", other.next_cursor):
        page = keyset.paginate(rows, ordering=("app_label",), cursor=bad, page_size=2)
        assert [r.pk for r in page] == [r.pk for r in first]


def test_a_row_that_arrives_meanwhile_shifts_nothing(rows: Any) -> None:
    first = keyset.paginate(rows, ordering=("app_label",), page_size=2)
    rest = rows.exclude(pk__in=[r.pk for r in first]).order_by("app_label", "pk")
    expected = list(rest.values_list("pk", flat=True))[:2]
    ContentType.objects.create(app_label="aaa", model="keyset-new")
    second = keyset.paginate(rows, ordering=("app_label",), cursor=first.next_cursor, page_size=2)
    assert [r.pk for r in second] == expected


def test_no_query_ever_uses_an_offset(rows: Any) -> None:
    with CaptureQueriesContext(connection) as seen:
        pages = walk(rows, ("app_label",))
    assert len(seen) == len(pages)
    assert not any("OFFSET" in query["sql"] for query in seen)


def test_dictionaries_and_annotations_can_be_paged(rows: Any) -> None:
    values = rows.annotate(label=F("app_label")).values("pk", "label")
    first = keyset.paginate(values, ordering=("label",), page_size=4)
    second = keyset.paginate(values, ordering=("label",), cursor=first.next_cursor, page_size=4)
    assert [row["label"] for row in [*first, *second]] == sorted(LABELS)


def test_counting_stops_at_the_limit(rows: Any) -> None:
    assert str(keyset.capped_count(rows)) == "7"
    assert str(keyset.capped_count(rows, limit=7)) == "7"
    assert str(keyset.capped_count(rows, limit=5)) == "mais de 5"
    assert str(keyset.CappedCount(10_000, exceeded=True)) == "mais de 10.000"
