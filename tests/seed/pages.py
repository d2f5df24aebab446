"""Going through the product by its visible words only, as somebody who follows the documentation.

Links, fields and buttons are found by what is written on them; a page that names them otherwise, or
does not show them, fails the test. No browser: the pages work without JavaScript.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from django.test import Client
from django.test.html import Element, parse_html

from regua.accounts.models import User


class Person:
    """Somebody signed in."""

    def __init__(self, user: User) -> None:
        self.client = Client()
        self.client.force_login(user)

    def open(self, address: str) -> Page:
        return Page(self, self.client.get(address, follow=True))


class Page:
    def __init__(self, person: Person, response: Any) -> None:
        assert response.status_code == 200, response.status_code
        self.person = person
        self.address: str = response.request["PATH_INFO"]
        if query := response.request["QUERY_STRING"]:
            self.address += f"?{query}"
        self.html: str = response.content.decode()
        self.typed: dict[str, str] = {}

    # --- reading ---------------------------------------------------------------------------------

    @cached_property
    def root(self) -> Element:
        """Without what nobody reads: the head and the drawings of the icons."""
        return parse_html(re.sub(r"<head>.*</head>|<svg.*?</svg>", "", self.html, flags=re.S))

    @property
    def text(self) -> str:
        return _text(self._main)

    @property
    def said(self) -> str:
        """The message about what was just done."""
        return " ".join(_text(e) for e in _all(self.root) if "app-toast" in _classes(e))

    @property
    def path(self) -> list[str]:
        """The breadcrumbs and the page's own title."""
        crumbs = [_text(e) for e in _all(self.root) if "breadcrumb-item" in _classes(e)]
        return [*crumbs, _text(next(_named(self._main, "h1")))]

    @property
    def rows(self) -> list[dict[str, str]]:
        """The page's tables: each row by its column's heading."""
        found = []
        for table in _named(self.root, "table"):
            heads = [_text(e) for e in _named(table, "th")]
            for row in _named(table, "tr"):
                cells = [_text(e) for e in _named(row, "td")]
                if cells:
                    found.append(dict(zip(heads, cells, strict=False)))
        return found

    @property
    def tabs(self) -> list[str]:
        return [_text(e) for e in _named(self.root, "a") if "nav-link" in _classes(e)]

    @property
    def labels(self) -> list[str]:
        """Of every field on the page, in order."""
        return [_text(e) for e in _all(self.root) if "form-label" in _classes(e)]

    def value(self, label: str) -> str:
        """What a field shows."""
        control = self._field(label)
        if control.name == "fieldset":
            chosen = [e for e in _named(control, "input") if _has(e, "checked")]
            return self._label_of(chosen[0]) if chosen else ""
        if control.name == "select":
            return next((_text(e) for e in _named(control, "option") if _has(e, "selected")), "")
        return _text(control) if control.name == "textarea" else _get(control, "value")

    def choices(self, label: str) -> list[str]:
        control = self._field(label)
        if control.name == "fieldset":
            return [self._label_of(e) for e in _named(control, "input")]
        return [_text(e) for e in _named(control, "option")]

    def help(self, label: str) -> str:
        """What is said under a field."""
        control = self._field(label)
        for described in _get(control, "aria-describedby").split():
            for element in _all(self.root):
                if _get(element, "id") == described:
                    return _text(element)
        return ""

    def problem(self, label: str) -> str:
        """What is wrong with a field, or ''."""
        control = self._field(label)
        for field in _all(self.root):
            if "field" in _classes(field) and _inside(control, field):
                errors = [e for e in _all(field) if "field-error" in _classes(e)]
                return _text(errors[0]) if errors else ""
        return ""

    def kept_by_the_system(self, label: str) -> bool:
        return _has(self._field(label), "readonly") and not _get(self._field(label), "name")

    def searchable(self, label: str) -> bool:
        """Whether one may type in a list to find its choice."""
        return _has(self._field(label), "data-select")

    def disabled(self, button: str) -> bool:
        return _has(self._worded("button", button), "disabled")

    # --- doing -----------------------------------------------------------------------------------

    def follow(self, link: str) -> Page:
        address = _get(self._worded("a", link), "href")
        return self.person.open(address if address[:1] != "?" else self._bare() + address)

    def fill(self, label: str, value: str) -> None:
        """Type, or choose by what the choice says."""
        control = self._field(label)
        assert not _has(control, "disabled"), f"{label} cannot be filled in"
        if control.name == "fieldset":
            radio = next(e for e in _named(control, "input") if self._label_of(e) == value)
            self.typed[_get(radio, "name")] = _get(radio, "value")
        elif control.name == "select":
            option = _matching(list(_named(control, "option")), value)
            self.typed[_get(control, "name")] = _get(option, "value")
        else:
            self.typed[_get(control, "name")] = value

    def press(self, button: str) -> Page:
        pressed = self._worded("button", button)
        assert not _has(pressed, "disabled"), f"{button} cannot be pressed"
        form = next(
            e
            for e in _named(self.root, "form")
            if _inside(pressed, e) or _get(e, "id") == _get(pressed, "form") != ""
        )
        data = {**self._values(form), **self.typed}
        if _get(pressed, "name"):
            data[_get(pressed, "name")] = _get(pressed, "value")
        address = _get(pressed, "formaction") or _get(form, "action") or self.address
        send: Callable[..., Any] = (
            self.person.client.post if _get(form, "method") == "post" else self.person.client.get
        )
        return Page(self.person, send(address, data, follow=True))

    # --- finding ---------------------------------------------------------------------------------

    def _bare(self) -> str:
        return self.address.partition("?")[0]

    @cached_property
    def _main(self) -> Element:
        return next(_named(self.root, "main"))

    def _worded(self, name: str, words: str) -> Element:
        return _matching([e for e in _named(self.root, name) if _text(e)], words)

    def _field(self, label: str) -> Element:
        for element in _all(self._main):  # the top bar has a *Filial* of its own
            if element.name == "legend" and _text(element) == label:
                around = [e for e in _named(self.root, "fieldset") if _inside(element, e)]
                return around[-1]  # a group may stand in a section
            if element.name == "label" and _text(element) == label:
                wanted = _get(element, "for")
                return next(e for e in _all(self.root) if _get(e, "id") == wanted)
        raise AssertionError(f"no field {label!r}, only {self.labels}")

    def _label_of(self, control: Element) -> str:
        return next(
            _text(e) for e in _named(self.root, "label") if _get(e, "for") == _get(control, "id")
        )

    def _values(self, form: Element) -> dict[str, str]:
        """What the form sends when nothing is changed."""
        found = {}
        for control in _all(form):
            name = _get(control, "name")
            if not name or _has(control, "disabled"):
                continue
            if control.name == "select":
                options = list(_named(control, "option"))
                chosen = [e for e in options if _has(e, "selected")] or options[:1]
                found[name] = _get(chosen[0], "value") if chosen else ""
            elif control.name == "textarea":
                found[name] = _text(control)
            elif control.name == "input" and (
                _get(control, "type") not in ("radio", "checkbox") or _has(control, "checked")
            ):
                found[name] = _get(control, "value")
        return found


def _matching(elements: list[Element], words: str) -> Element:
    """The one that says just this; or else the first that begins with it, as a tab with a count."""
    for fits in (str.__eq__, str.startswith):
        for element in elements:
            if fits(_text(element), words):
                return element
    raise AssertionError(f"nothing says {words!r}, only {[_text(e) for e in elements]}")


def _all(element: Element) -> Iterator[Element]:
    yield element
    for child in element.children:
        if not isinstance(child, str):
            yield from _all(child)


def _inside(element: Element, outer: Element) -> bool:
    return any(e is element for e in _all(outer))  # `in` would compare what they contain


def _named(element: Element, name: str) -> Iterator[Element]:
    return (e for e in _all(element) if e.name == name)


def _get(element: Element, attribute: str) -> str:
    return dict(element.attributes).get(attribute) or ""


def _classes(element: Element) -> list[str]:
    return _get(element, "class").split()


def _has(element: Element, attribute: str) -> bool:
    return attribute in dict(element.attributes)


def _text(element: Element) -> str:
    words = (c if isinstance(c, str) else _text(c) for c in element.children)
    return re.sub(r"\s+", " ", " ".join(words)).strip()
