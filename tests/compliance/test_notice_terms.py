"""*Configurações › Prazos do comunicado por UF*."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.compliance.models import NoticeTerm
from regua.compliance.selectors import notice_days
from regua.compliance.services import notice_term_remove, notice_term_set
from regua.organization.models import ParameterChange
from tests import factories

pytestmark = pytest.mark.django_db
LIST = reverse("notice_term_list")
NEW = reverse("notice_term_new")
TYPED = {"state": "PE", "days": "20", "source": "Manual do birô"}


def test_written_changed_and_taken_away(client: Client, manager: User) -> None:
    client.force_login(manager)
    assert "Nenhum estado com prazo próprio" in client.get(LIST).content.decode()
    assert client.post(NEW, TYPED).status_code == 302
    term = NoticeTerm.objects.get()
    assert notice_days("PE") == 20
    edit = reverse("notice_term_edit", args=[term.pk])
    assert "Manual do birô" in client.get(edit).content.decode()
    # The state of one that exists is not up for change.
    assert client.post(edit, TYPED | {"state": "PI", "days": "15"}).status_code == 302
    assert (notice_days("PE"), notice_days("PI")) == (15, 10)
    client.post(edit, TYPED | {"days": "15"})  # changes nothing
    away = reverse("notice_term_delete", args=[term.pk])
    assert "20 dias" not in client.get(away).content.decode()
    assert client.post(away).status_code == 302
    assert notice_days("PE") == 10
    assert client.post(away).status_code == 404
    kept = [(c.before, c.after) for c in ParameterChange.objects.order_by("pk")]
    first, second = ({"days": days, "source": "Manual do birô"} for days in (20, 15))
    assert kept == [(None, first), (first, second), (second, None)]
    text = client.get(LIST).content.decode()
    assert "15 dias (Manual do birô)" in text
    assert manager.name in text


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("state", ""),
        ("state", "XX"),
        ("days", ""),
        ("days", "0"),
        ("days", "121"),
        ("days", "x"),
        ("source", ""),
        ("source", "x" * 300),
    ],
)
def test_bad_input(client: Client, manager: User, field: str, bad: str) -> None:
    client.force_login(manager)
    answer = client.post(NEW, TYPED | {field: bad})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert not NoticeTerm.objects.exists()


def test_one_term_a_state(client: Client, manager: User) -> None:
    notice_term_set(actor=manager, state="PE", days=20, source="Birô")
    client.force_login(manager)
    answer = client.post(NEW, TYPED | {"days": "30"})
    assert "já tem um prazo" in answer.content.decode()
    assert notice_days("PE") == 20


@pytest.mark.parametrize(
    "bad", [{"days": 0}, {"days": 121}, {"source": " "}, {"state": "XX"}, {"state": ""}]
)
def test_the_service_refuses_it_too(manager: User, bad: dict[str, object]) -> None:
    values = {"state": "PE", "days": 20, "source": "Birô", **bad}
    with pytest.raises(ValidationError):
        notice_term_set(actor=manager, **values)  # type: ignore[arg-type]
    assert not NoticeTerm.objects.exists()
    assert not ParameterChange.objects.exists()


def test_who_may(client: Client, manager: User, operator: User, outsider: User) -> None:
    term = notice_term_set(actor=manager, state="PE", days=20, source="Birô")
    addresses = [NEW, *(reverse(f"notice_term_{n}", args=[term.pk]) for n in ("edit", "delete"))]
    audit = factories.user(Role.AUDIT)
    for actor, sees in ((operator, 403), (outsider, 403), (audit, 200)):
        client.force_login(actor)
        assert client.get(LIST).status_code == sees
        for address in addresses:
            assert client.get(address).status_code == 403
            assert client.post(address, TYPED).status_code == 403
        with pytest.raises(NotAllowed):
            notice_term_remove(term=term, actor=actor)
    assert notice_days("PE") == 20
