import sys
import types
from importlib.metadata import EntryPoint

import pytest

from regua.bureaus import plugins, registry
from regua.bureaus.contract import Capabilities, FormField
from regua.bureaus.registry import BrokenBureau, UnknownBureau


class Example:
    slug = "exemplo"
    name = "Birô Exemplo"
    verified = True
    capabilities = Capabilities()
    default_base_url = {}
    form_fields = ()

    def connect(self, connection):
        raise NotImplementedError

    def read_webhook(self, **_):
        raise NotImplementedError


@pytest.fixture
def installed(monkeypatch):
    """Pretend that these plug-ins are installed."""
    module = types.ModuleType("plugin_under_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    entries = []
    monkeypatch.setattr(plugins, "entry_points", lambda group: entries)

    def install(slug, provider=None, *, value=None):
        setattr(module, slug, provider)
        target = value or f"plugin_under_test:{slug}"
        entries.append(EntryPoint(slug, target, registry.GROUP))
        registry.reset()

    registry.reset()
    yield install
    registry.reset()


def test_our_own_bureau_is_there_and_honest():
    registry.reset()
    provider = registry.get("credito_na_medida")
    assert provider.verified is False
    assert provider in registry.all()
    assert not any(provider.default_base_url.values())
    assert registry.broken() == {}


def test_it_is_there_without_installed_metadata(installed):
    assert [provider.slug for provider in registry.all()] == ["credito_na_medida"]


def test_a_plug_in_is_found(installed):
    installed("exemplo", Example())
    assert registry.get("exemplo").name == "Birô Exemplo"
    assert [provider.slug for provider in registry.all()] == ["exemplo", "credito_na_medida"]


@pytest.mark.parametrize(
    ("problem", "changes"),
    [
        ("capabilities", {"capabilities": None}),
        ("form_fields", {"form_fields": None}),
        ("form_fields", {"form_fields": (FormField(name="Senha!", label="Senha"),)}),
        ("form_fields", {"form_fields": (FormField(name="a", label="A"),) * 2}),
        ("form_fields", {"form_fields": (FormField(name="branch", label="Filial"),)}),
        ("connect", {"connect": None}),
        ("default_base_url", {}),
        ("slug é outro", {"slug": "outro"}),
        ("slug", {"slug": "Exemplo!"}),
        ("nome", {"name": " "}),
    ],
)
def test_an_incomplete_plug_in_is_set_aside_with_its_reason(installed, problem, changes):
    provider = Example()
    for name, value in changes.items():
        setattr(provider, name, value)
    if problem == "default_base_url":
        provider = types.SimpleNamespace(
            **{
                name: getattr(provider, name)
                for name in dir(provider)
                if name != problem and "__" not in name
            }
        )
    installed("exemplo", provider)
    with pytest.raises(BrokenBureau, match=f"exemplo.*{problem.split()[0]}"):
        registry.get("exemplo")
    assert registry.get("credito_na_medida")


def test_a_class_instead_of_an_object_is_set_aside(installed):
    installed("exemplo", Example)
    assert "classe" in registry.broken()["exemplo"]


def test_a_plug_in_that_cannot_be_imported_does_not_take_the_others_down(installed):
    installed("quebrado", value="nao_existe_mesmo:provider")
    installed("exemplo", Example())
    assert registry.get("exemplo")
    assert "nao_existe_mesmo" in registry.broken()["quebrado"]


def test_our_own_bureau_cannot_be_replaced(installed):
    installed("credito_na_medida", Example())
    assert registry.get("credito_na_medida").name == "Crédito na Medida"


def test_an_unknown_bureau_is_named_with_the_known_ones(installed):
    with pytest.raises(UnknownBureau, match=r"serasa.*credito_na_medida"):
        registry.get("serasa")
