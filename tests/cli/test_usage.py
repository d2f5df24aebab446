"""The command line itself: help, settings and what is typed wrong. No database is needed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from regua.project.boot import generate_secrets
from tests.cli.command import assert_portuguese, regua

SECRET = "segredo-que-ninguem-pode-ver"
DATABASE = f"postgresql://regua:{SECRET}@127.0.0.1:9/regua"


def clean(**settings: str) -> dict[str, str]:
    """The environment of a shell in which nothing of Régua is set."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("REGUA_", "DATABASE_URL", "PYTEST"))
    }
    return kept | settings


SECRETS = generate_secrets()
GOOD = {"DATABASE_URL": DATABASE, **SECRETS}


def test_help_is_portuguese_and_names_every_command() -> None:
    said = regua("--help", env=clean())
    assert said.code == 0
    assert_portuguese(said.out)
    for command in "migrate iniciar web worker consultar negativar baixar sincronizar demo".split():
        assert f"  {command} " in said.out
    page = regua("baixar", "--help", env=clean())
    assert page.code == 0
    assert_portuguese(page.out)
    for english in ("env var", "default", "required", "<str>", "<int>", "Options", "Show this"):
        assert english not in page.out
    assert "[obrigatório]" in page.out
    # Without a word the same page comes, as the mistake that it is.
    bare = regua(env=clean())
    assert (bare.code, bare.out) == (2, "")
    assert bare.err.strip() == said.out.strip()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("consultar", "Falta informar DOCUMENTO. Veja: regua consultar --help"),
        ("consultar 12345678909", "Falta informar --usuario. Veja: regua consultar --help"),
        ("baixar sete --usuario a@b.c", "O valor de NEGATIVACAO não serve: precisa ser um número"),
        ("baixar 7 --motivo", "Falta o valor da opção --motivo."),
        ("baixar 7 --usuario a@b.c --motivo raiva", "Esse motivo não existe. Use um de: pagamento"),
        ("worker --concurrency 0", "O valor de --concurrency não serve: vai de 1 a 64."),
        ("demo --once=3", "A opção --once não leva valor."),
        ("negativar 1 --usuario=a@b.c --valor=10", "A opção --valor não existe."),
        ("consultar 12345678909 Maria --usuario a@b.c", "Há palavras a mais no comando."),
        ("consulta", "Esse comando não existe. Seria 'consultar'?"),
        ("excluir", "Esse comando não existe."),
    ],
)
def test_what_is_typed_wrong_is_explained_in_one_line(line: str, sentence: str) -> None:
    said = regua(*line.split(), env=clean())
    assert (said.code, said.out) == (2, "")
    assert said.sentence().startswith(sentence)
    for typed in ("12345678909", "Maria", "raiva", "sete"):
        assert typed not in said.err


def test_settings_in_order() -> None:
    embedded = regua("config", "check", env=clean())
    assert embedded.code == 0
    assert "PostgreSQL embutido" in embedded.out
    external = regua("config", "check", env=clean(**GOOD, REGUA_BASE_URL="https://regua.test/"))
    assert external.code == 0
    assert "DATABASE_URL" in external.out
    assert "https://regua.test" in external.out
    for secret in (SECRET, *SECRETS.values()):
        assert secret not in external.out + external.err


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"DATABASE_URL": f"mysql://regua:{SECRET}@banco/regua"}, ["DATABASE_URL"]),
        ({"DATABASE_URL": f"postgresql://regua:{SECRET}@banco:porta/regua"}, ["DATABASE_URL"]),
        ({"DATABASE_URL": f"postgresql://banco/regua?{SECRET}=1"}, ["DATABASE_URL"]),
        ({"REGUA_SECRET_KEY": "", "REGUA_ENCRYPTION_KEYS": ""}, list(SECRETS)),
        ({"REGUA_SECRET_KEY": ""}, ["REGUA_SECRET_KEY"]),
        ({"REGUA_ENCRYPTION_KEYS": SECRET}, ["REGUA_ENCRYPTION_KEYS"]),
        ({"REGUA_ENCRYPTION_KEYS": "k1:c2VncmVkbw=="}, ["REGUA_ENCRYPTION_KEYS", "32 bytes"]),
        ({"REGUA_BASE_URL": "regua.test"}, ["REGUA_BASE_URL", "https://"]),
        ({"REGUA_DEBUG": "talvez"}, ["REGUA_DEBUG"]),
        ({"REGUA_SMTP_URL": f"http://regua:{SECRET}@correio"}, ["REGUA_SMTP_URL", "smtps://"]),
        ({"REGUA_SMTP_URL": f"smtps://regua:{SECRET}@correio:porta"}, ["REGUA_SMTP_URL"]),
        ({"REGUA_SMTP_URL": f"smtps://regua:{SECRET}@"}, ["REGUA_SMTP_URL"]),
        ({"REGUA_SMTP_URL": f"smtp://[{SECRET}"}, ["REGUA_SMTP_URL"]),
        ({"REGUA_MAIL_FROM": "regua"}, ["REGUA_MAIL_FROM", "e-mail"]),
        ({"REGUA_SENDER_LEASE": "muito"}, ["REGUA_SENDER_LEASE", "número"]),
        ({"REGUA_RETRY_BASE": "0"}, ["REGUA_RETRY_BASE", "maior que zero"]),
        ({"REGUA_BUREAU_TIMEOUT": "301"}, ["REGUA_BUREAU_TIMEOUT", "grande demais"]),
        ({"REGUA_SYNC_INTERVAL": "inf"}, ["REGUA_SYNC_INTERVAL", "número"]),
        ({"REGUA_RETRY_BASE": "nan"}, ["REGUA_RETRY_BASE", "número"]),
        ({"REGUA_DEBUG": "?", "REGUA_RETRY_BASE": "x"}, ["REGUA_DEBUG", "REGUA_RETRY_BASE"]),
    ],
)
def test_a_setting_that_is_wrong_is_named_in_one_line(
    settings: dict[str, str], named: list[str]
) -> None:
    said = regua("config", "check", env=clean(**GOOD | settings))
    assert (said.code, said.out) == (1, "")
    sentence = said.sentence()
    for name in named:
        assert name in sentence
    for secret in (SECRET, "c2VncmVkbw", *SECRETS.values()):
        assert secret not in sentence


def test_secrets_may_come_from_files(tmp_path: Path) -> None:
    files = {}
    for name, value in GOOD.items():
        path = tmp_path / name.lower()
        path.write_text(value + "\n", encoding="utf-8")
        files[f"{name}_FILE"] = str(path)
    said = regua("config", "check", env=clean(**files))
    assert said.code == 0, said.err
    assert "DATABASE_URL" in said.out

    both = regua("config", "check", env=clean(**files, REGUA_SECRET_KEY=SECRET))
    assert both.code == 1
    assert "REGUA_SECRET_KEY ou REGUA_SECRET_KEY_FILE, não os dois" in both.sentence()
    assert SECRET not in both.err

    (tmp_path / "imagem").write_bytes(b"\xff\xfe\x00")
    for path, why in (
        (tmp_path / "ausente", "não existe"),
        (tmp_path, "é uma pasta"),
        (tmp_path / "imagem", "não é texto UTF-8"),
    ):
        lost = regua("config", "check", env=clean(**files | {"DATABASE_URL_FILE": str(path)}))
        assert lost.code == 1
        assert "DATABASE_URL_FILE" in lost.sentence()
        assert why in lost.sentence()


def test_a_database_that_does_not_answer_is_one_line() -> None:
    for line in ("consultar 52998224725 --usuario a@b.c", "migrate", "worker"):
        said = regua(*line.split(), env=clean(**GOOD))
        assert said.code == 1, line
        assert "PostgreSQL não respondeu" in said.sentence()
        assert SECRET not in said.err + said.out
        assert "52998224725" not in said.err + said.out


def test_generated_settings_are_good_ones() -> None:
    generated = regua("config", "generate", env=clean())
    assert generated.code == 0
    lines = dict(line.split("=", 1) for line in generated.out.splitlines())
    assert set(lines) == set(SECRETS)
    assert regua("config", "check", env=clean(DATABASE_URL=DATABASE, **lines)).code == 0
