"""What the Content-Security-Policy needs of every template, and what icons need of the build."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src/regua"
TEMPLATES = sorted(SOURCE.rglob("templates/**/*.html"))
STATIC = sorted((SOURCE / "web/static/web").glob("*.js"))

FORBIDDEN = {
    "an inline style": re.compile(r"<[a-z][^>]*\sstyle\s*=", re.IGNORECASE),
    "a <style> element": re.compile(r"<style[\s>]", re.IGNORECASE),
    "an inline script": re.compile(
        r"<script(?![^>]*\b(?:src=|type=\"application/json\"))", re.IGNORECASE
    ),
    "an inline event handler": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a javascript: address": re.compile(r"[\"']javascript:", re.IGNORECASE),
    "an htmx expression": re.compile(r"\bhx-on\b|\bhx-on:|hx-vals=[\"']js:", re.IGNORECASE),
    "something from another host": re.compile(r"<(?:script|link|img)[^>]+https?://", re.IGNORECASE),
}


def assets() -> ModuleType:
    spec = importlib.util.spec_from_file_location("regua_assets", ROOT / "tools/assets.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_template_keeps_to_the_content_security_policy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = [what for what, pattern in FORBIDDEN.items() if pattern.search(text)]
    assert not found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_template_compiles(path: Path) -> None:
    get_template(str(path).rpartition("templates/")[2])


@pytest.mark.parametrize("path", STATIC, ids=lambda path: path.name)
def test_own_scripts_write_no_markup(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function", text)


def test_every_icon_used_is_vendored() -> None:
    tool = assets()
    used = tool.icons_used()
    missing = [n for n in sorted(used) if not (tool.VENDOR / f"icons/outline/{n}.svg").exists()]
    assert not missing, "run tools/assets.py"
    assert {"search", "ban", "layout-dashboard"} <= set(used)


def test_vendored_files_ask_for_no_source_map() -> None:
    for path in assets().VENDOR.rglob("*"):
        if path.suffix in (".js", ".css"):
            assert b"sourceMappingURL" not in path.read_bytes(), path
        assert path.suffix != ".map"


def test_every_bundled_package_has_its_licence() -> None:
    tool = assets()
    assert len(list((tool.VENDOR / "licenses").glob("*.txt"))) == len(tool.LICENSED)
