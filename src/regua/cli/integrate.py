"""Registering a branch's integration without a screen, as an installer's script does."""

from __future__ import annotations

from enum import StrEnum

import typer

from regua.cli.operate import BRANCH, USER, acting, branch_named, console


class Ambiente(StrEnum):
    producao = "producao"
    homologacao = "homologacao"


ENVIRONMENT = typer.Option("producao", "--ambiente", help="producao ou homologacao.")


def register(app: typer.Typer) -> None:
    app.command()(integrar)


def integrar(
    endereco: str = typer.Option(..., help="Endereço da API, que o birô informou."),
    client_id: str = typer.Option(..., help="Client ID, fornecido pelo birô."),
    client_secret: str = typer.Option(
        ...,
        envvar="REGUA_CLIENT_SECRET",
        prompt="Client Secret",
        hide_input=True,
        help="Client Secret; melhor pela variável REGUA_CLIENT_SECRET do que na linha.",
    ),
    ambiente: Ambiente = ENVIRONMENT,
    intermediador: str = typer.Option("credito_na_medida", help="Qual birô."),
    codigo_restricao: str = typer.Option("", help="Código de restrição padrão."),
    codigo_restricao_pj: str = typer.Option("", help="O mesmo, para pessoa jurídica."),
    codigo_baixa: str = typer.Option("", help="Código para baixa padrão."),
    limite: int = typer.Option(
        0, min=0, max=1000, help="Chamadas por segundo que o contrato permite; 0, o usual do birô."
    ),
    usuario: str = USER,
    filial: str = BRANCH,
) -> None:
    """Cadastra a integração de uma filial com o birô, vincula e traz os códigos."""
    with acting(usuario) as actor:
        from regua.integrations.services import (
            catalogue_sync,
            integration_create,
            integration_link,
        )

        integration = integration_create(
            actor=actor,
            branch=branch_named(actor, filial),
            provider=intermediador,
            environment="production" if ambiente is Ambiente.producao else "staging",
            base_url=endereco,
            client_id=client_id,
            client_secret=client_secret,
            restriction_code=codigo_restricao,
            company_restriction_code=codigo_restricao_pj,
            removal_code=codigo_baixa,
            **({"calls_per_second": limite} if limite else {}),
        )
        integration_link(integration=integration, actor=actor)
        console.print(f"Integração nº {integration.pk} cadastrada e vinculada.", markup=False)
        catalogue_sync(integration=integration, actor=actor)
        products = integration.products.count()
        codes = integration.reason_codes.count()
        console.print(f"Vieram do birô {products} produtos e {codes} códigos.", markup=False)
