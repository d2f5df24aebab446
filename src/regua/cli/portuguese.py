"""Typer in Portuguese: its help pages and what it says of a command typed wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

_HELP = {
    r"\bUsage: ": "Uso: ",
    r"\[OPTIONS\]": "[OPÇÕES]",
    r"COMMAND \[ARGS\]\.\.\.": "COMANDO [ARGUMENTOS]...",
    r"(?m)^Arguments:": "Argumentos:",
    r"(?m)^Options:": "Opções:",
    r"(?m)^Commands:": "Comandos:",
    r"Show this message and exit\.": "Mostra esta ajuda e sai.",
    r"(?<=[\[\s])required\]": "obrigatório]",
    r"(?<=[\[\s])env\s+var:": "variável:",
    r"(?<=[\[\s])default:": "padrão:",
    r" <str>": " <texto>",
    r" <int>": " <número>",
}
"""What Typer writes, which may be broken over two lines, and what we write instead."""


class _Command(TyperCommand):
    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        for param in self.params:
            if isinstance(param, TyperOption) and not param.is_flag and param.metavar is None:
                number = param.type_descriptor.annotation is int
                param.metavar = "<número>" if number else "<texto>"

    def get_help(self, ctx: Any) -> str:
        return _translated(super().get_help(ctx))


class _Group(TyperGroup):
    def get_help(self, ctx: Any) -> str:
        return _translated(super().get_help(ctx))


class App(typer.Typer):
    """A ``typer.Typer`` whose help is in Portuguese."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            cls=_Group,
            no_args_is_help=True,
            add_completion=False,
            pretty_exceptions_enable=False,
            rich_markup_mode=None,
            **settings,
        )

    def command(  # type: ignore[override]
        self, name: str | None = None, **settings: Any
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return super().command(name, cls=_Command, **settings)


def _translated(text: str) -> str:
    for english, portuguese in _HELP.items():
        text = re.sub(english, portuguese, text)
    return text


def usage_sentence(error: typer.TyperException) -> str:
    """What is wrong with a command line. Never what was typed: it may be a document or a name."""
    # Typer keeps these classes to itself; their names are told apart, and the tests hold it to it.
    param = getattr(error, "param", None)
    match type(error).__name__:
        case "MissingParameter" if param is not None:
            return f"Falta informar {_name(param)}."
        case "BadParameter" if param is not None:
            return f"O valor de {_name(param)} não serve{_expected(param)}."
        case "BadParameter":
            return error.message
        case "NoSuchOption":
            return f"A opção {_option(error)} não existe."
        case "BadOptionUsage" if "requires" in error.message:
            return f"Falta o valor da opção {_option(error)}."
        case "BadOptionUsage":
            return f"A opção {_option(error)} não leva valor."
        case _ if "unexpected extra argument" in error.message:
            return "Há palavras a mais no comando. O que tem espaços vai entre aspas."
        case _ if "No such command" in error.message:
            _, _, guess = error.message.partition("Did you mean ")
            return (
                f"Esse comando não existe. Seria {guess}" if guess else "Esse comando não existe."
            )
        case _:
            return "O comando não foi entendido."


def _name(param: Any) -> str:
    return str(param.opts[0] if param.param_type_name == "option" else param.name.upper())


def _option(error: typer.TyperException) -> str:
    return str(getattr(error, "option_name", "")).partition("=")[0]


def _expected(param: Any) -> str:
    low, high = getattr(param, "min", None), getattr(param, "max", None)
    if low is not None and high is not None:
        return f": vai de {low} a {high}"
    return ": precisa ser um número inteiro" if param.type_descriptor.annotation is int else ""
