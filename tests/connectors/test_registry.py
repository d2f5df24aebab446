"""Plug-ins are found, and one that is broken takes nobody down."""

import sys
import types
from importlib.metadata import EntryPoint

import pytest

from regua.bureaus import plugins
from regua.connectors import registry
from regua.connectors.contract import FormField, Kind


class Example:
    slug = "exemplo"
    name = "ERP Exemplo"
    verified = True
    address_help = ""
    form_fields = (FormField(name="chave", label="Chave", secret=True),)
    kinds = (Kind.CUSTOMERS,)

    def connect(self, account):
        raise NotImplementedError


@pytest.fixture
def installed(monkeypatch):
    """Pretend that these plug-ins are installed."""
    module = types.ModuleType("connector_under_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    entries = []
    monkeypatch.setattr(plugins, "entry_points", lambda group: entries)

    def install(slug, connector):
        setattr(module, slug, connector)
        entries.append(EntryPoint(slug, f"connector_under_test:{slug}", registry.GROUP))
        registry.reset()

    registry.reset()
    yield install
    registry.reset()


def test_a_plug_in_is_found_beside_ours(installed):
    installed("exemplo", Example())
    assert [found.slug for found in registry.all()] == ["exemplo", "ixc"]


def test_ours_cannot_be_replaced(installed):
    installed("ixc", Example())
    assert registry.name_of("ixc") == "IXC Provedor"


@pytest.mark.parametrize(
    ("problem", "changes"),
    [
        ("kinds", {"kinds": ()}),
        ("kinds", {"kinds": ("invented",)}),
        ("verified", {"verified": None}),
        ("form_fields", {"form_fields": (FormField(name="Chave!", label="Chave"),)}),
        ("a tela já tem", {"form_fields": (FormField(name="branch", label="Filial"),)}),
        ("ponto de entrada", {"slug": "outro"}),
        ("nome", {"name": " "}),
        ("connect", {"connect": None}),
    ],
)
def test_a_broken_one_is_set_aside_with_its_reason(installed, problem, changes):
    installed("exemplo", type("Broken", (Example,), changes)())
    assert problem in registry.broken()["exemplo"]
    assert [found.slug for found in registry.all()] == ["ixc"]
    with pytest.raises(registry.UnknownConnector, match="não pôde ser carregado"):
        registry.get("exemplo")
