from __future__ import annotations

from datetime import date

import pytest
from django.template import Context, RequestContext, Template
from django.template.loader import get_template
from django.test import RequestFactory

from regua.web.icons import IconMissing, drawing
from regua.web.keyset import KeysetPage
from regua.web.navigation import NAVIGATION, Entry, Group, build
from regua.web.status import STATUSES, Tone


def render(source: str, **context: object) -> str:
    return Template("{% load regua %}" + source).render(Context(context))


@pytest.mark.parametrize("code", sorted(STATUSES))
def test_a_badge_is_never_colour_alone(code: str) -> None:
    html = render("{% badge code %}", code=code)
    status = STATUSES[code]
    assert f"tone-{status.tone}" in html
    assert status.label in html
    assert "<svg" in html
    assert "style=" not in html


def test_an_unknown_tone_is_an_error() -> None:
    with pytest.raises(ValueError):
        render("{% status_badge 'A' 'vermelho' 'ban' %}")


def test_an_icon_is_hidden_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in render("{% icon 'ban' %}")
    labelled = render("{% icon 'ban' label=name %}", name='Bloqueio "x"')
    assert 'aria-label="Bloqueio &quot;x&quot;"' in labelled
    assert "aria-hidden" not in labelled


@pytest.mark.parametrize("name", ["nao-existe", "../ban", ""])
def test_an_unknown_icon_is_an_error(name: str) -> None:
    with pytest.raises(IconMissing):
        drawing(name)


def test_labels_are_escaped() -> None:
    assert "<b>" not in render("{% status_badge label 'done' 'check' %}", label="<b>x</b>")
    assert "<b>" not in render("{% crumb label %}", label="<b>x</b>")


def test_when_says_both_the_day_and_the_distance() -> None:
    html = render("{% when at %}", at=date(2020, 1, 2))
    assert '<time datetime="2020-01-02">02/01/2020</time>' in html
    assert "há " in html


def test_the_gauge_survives_a_missing_score() -> None:
    assert "—" in render("{% gauge None 0 1000 %}")


def test_pagination_keeps_the_filters() -> None:
    request = RequestFactory().get("/", {"q": "maria", "cursor": "velho"})
    page = KeysetPage(items=[1], next_cursor="novo")
    source = "{% include 'web/components/pagination.html' %}"
    html = Template(source).render(RequestContext(request, {"page": page}))
    assert "?q=maria&amp;cursor=novo" in html
    assert "velho" not in html


class Person:
    def __init__(self, *permissions: str) -> None:
        self.permissions = permissions

    def can(self, permission: str) -> bool:
        return permission in self.permissions


GROUPS = (
    Group(
        entries=(
            Entry("Componentes", "web_test", icon="users", permission="see"),
            Entry("Ainda não existe", "no_such_url_name", icon="users"),
        )
    ),
)


def test_navigation_shows_only_what_exists_and_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = {"web_test": "/clientes/", "home": "/"}
    monkeypatch.setattr("regua.web.navigation.url_of", lambda name: addresses.get(name, ""))
    assert build(Person(), "/", GROUPS) == []
    (section,) = build(Person("see"), "/clientes/12/", GROUPS)
    assert [(link.label, link.active) for link in section.links] == [("Componentes", True)]
    (section,) = build(Person("see"), "/clientes-antigos/", GROUPS)
    assert not section.active


def test_the_deepest_entry_is_the_active_one(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = {"all": "/negativacoes/", "due": "/negativacoes/pagas/", "home": "/"}
    monkeypatch.setattr("regua.web.navigation.url_of", lambda name: addresses.get(name, ""))
    groups = (Group(entries=(Entry("Painel", "home"), Entry("Todas", "all"), Entry("P", "due"))),)
    (section,) = build(Person(), "/negativacoes/pagas/", groups)
    assert [link.active for link in section.links] == [False, False, True]


def test_tones_have_their_colour() -> None:
    from regua.web import icons

    css = (icons.FOLDER.parents[2] / "web/app.css").read_text(encoding="utf-8")
    for tone in Tone:
        assert f".tone-{tone} " in css


def test_navigation_asks_for_permissions_that_exist() -> None:
    from regua.accounts.permissions import Permission

    asked = {entry.permission for group in NAVIGATION for entry in group.entries}
    assert asked - {""} <= set(Permission.values)


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "500"])
def test_error_pages_need_nothing_from_the_request(code: str) -> None:
    html = get_template(f"{code}.html").render()
    assert '<html lang="pt-BR">' in html
    assert "<h1" in html
    assert html.count("<script") == 1  # the theme


def test_a_refusal_says_its_reason() -> None:
    html = get_template("403.html").render({"exception": "Seu perfil não permite negativar."})
    assert "Seu perfil não permite negativar." in html
