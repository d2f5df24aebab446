from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def scratch(folder: Path, template: str) -> Path:
    """A checkout with one template and one real icon, and nothing to install."""
    (folder / "tools").mkdir()
    shutil.copy(ROOT / "tools/assets.py", folder / "tools/assets.py")
    icons = folder / "node_modules/@tabler/icons/icons/outline"
    icons.mkdir(parents=True)
    (icons / "ban.svg").write_text("<svg></svg>")
    templates = folder / "src/regua/web/templates"
    templates.mkdir(parents=True)
    (templates / "page.html").write_text(template)
    return folder


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    program = f"import sys; sys.path.insert(0, 'tools'); import assets; {code}"
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_an_unknown_icon_is_named_with_the_file_that_uses_it(tmp_path: Path) -> None:
    folder = scratch(tmp_path, '{% icon "ban" %}{% icon "nao-existe" %}')
    answer = run(folder, "assets.ALWAYS_ICONS = set(); assets.copy_icons()")
    assert answer.returncode != 0
    assert "nao-existe  (used in src/regua/web/templates/page.html)" in answer.stderr
    assert "ban " not in answer.stderr.partition("AssetError")[2]


def test_icons_are_found_in_includes_and_in_code(tmp_path: Path) -> None:
    folder = scratch(tmp_path, '{% include "x.html" with icon="in-include" %}')
    code = 'A = Entry("x", icon="as-keyword")\nB = {"icon": "in-dict"}\nC = Icon("as-mark")\n'
    (folder / "src/regua/web/data.py").write_text(code)
    answer = run(folder, "print(sorted(assets.icons_used()))")
    for name in ("in-include", "as-keyword", "in-dict", "as-mark"):
        assert f"'{name}'" in answer.stdout


def test_source_maps_are_cut_off(tmp_path: Path) -> None:
    folder = scratch(tmp_path, "")
    answer = run(
        folder,
        r"print(assets.SOURCE_MAP.sub(b'\n', b'a();\n//# sourceMappingURL=a.js.map'), "
        r"assets.SOURCE_MAP.sub(b'\n', b'b{}\n/*# sourceMappingURL=b.css.map */'))",
    )
    assert answer.stdout.split() == [r"b'a();\n'", r"b'b{}\n'"]
