"""`python -m regua.sandbox`: the sandbox bureau from a command line."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

from regua.sandbox.config import SandboxConfig
from regua.sandbox.server import run


def parse(arguments: Sequence[str] | None = None) -> SandboxConfig:
    defaults = SandboxConfig()
    parser = argparse.ArgumentParser(
        prog="python -m regua.sandbox",
        description="Birô de testes “Crédito na Medida” (contrato inventado).",
    )
    add = parser.add_argument
    add("--host", default=defaults.host, help="endereço (padrão: só esta máquina)")
    add("--port", type=int, default=defaults.port, help="0 escolhe uma porta livre")
    add("--smtp-port", type=int, help="porta do servidor de e-mail da caixa de entrada")
    add("--store", type=Path, help="arquivo SQLite (padrão: temporário)")
    add(
        "--day-seconds", type=float, default=defaults.day_seconds, help="duração de um dia de prazo"
    )
    add("--days-ago", type=int, default=defaults.days_ago, help="começa tantos dias atrás")
    add("--term-days", type=float, default=defaults.term_days, help="dias entre carta e publicação")
    add("--moment-seconds", type=float, help="demora do birô para processar")
    add("--token-seconds", type=float, default=defaults.token_seconds, help="validade do token")
    add("--surprises", type=float, default=defaults.surprises, help="parte que dá errado, 0 a 1")
    add("--seed", type=int, default=defaults.seed, help="semente dos sorteios")
    add("--no-control", dest="control", action="store_false", help="desliga /_sandbox")
    add("--client-id", default=defaults.client_id)
    add("--client-secret", default=defaults.client_secret)
    add("--webhook-secret", default=defaults.webhook_secret)
    add("--webhook-url", help="para onde a conta de exemplo recebe avisos")
    add("--webhook-retry-seconds", type=float, default=defaults.webhook_retry_seconds)
    add("--webhook-attempts", type=int, default=defaults.webhook_attempts)
    add("--tick-seconds", type=float, default=defaults.tick_seconds)
    return SandboxConfig(**vars(parser.parse_args(arguments)))


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    run(parse())


if __name__ == "__main__":
    main()
