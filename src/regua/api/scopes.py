"""What a token may do: each scope's words, and the permissions of its person that it lets through.

A request needs the scope, the person's role and the branch: the narrowest of them holds.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import TextChoices

from regua.accounts.permissions import Permission


class Scope(TextChoices):
    BRANCHES_READ = "branches:read", "Ver filiais"
    PARTIES_READ = "parties:read", "Ver clientes, leads e prospecções"
    PARTIES_WRITE = "parties:write", "Cadastrar e alterar clientes, leads e prospecções"
    DOCUMENTS_READ = "documents:read", "Ver CPF e CNPJ por inteiro"
    RECEIVABLES_READ = "receivables:read", "Ver contratos, títulos e pagamentos"
    RECEIVABLES_WRITE = "receivables:write", "Alterar contratos e títulos"
    PAYMENTS_WRITE = "payments:write", "Registrar pagamentos"
    INQUIRIES_READ = "inquiries:read", "Ver consultas de crédito"
    INQUIRIES_WRITE = "inquiries:write", "Consultar análise de crédito (é cobrado)"
    RESTRICTIONS_READ = "restrictions:read", "Ver negativações e prazos de baixa"
    RESTRICTIONS_WRITE = "restrictions:write", "Negativar e pedir baixa"
    RESTRICTIONS_APPROVE = "restrictions:approve", "Aprovar negativações"
    DUNNING_READ = "dunning:read", "Ver a cobrança"
    DUNNING_RUN = "dunning:run", "Executar a régua de cobrança"
    DUNNING_APPROVE = "dunning:approve", "Aprovar execuções da régua"
    REPORTS_READ = "reports:read", "Ler relatórios"
    INTEGRATIONS_READ = "integrations:read", "Ver integrações"
    INTEGRATIONS_WRITE = "integrations:write", "Testar integrações e atualizar códigos"


_P = Permission
PERMISSIONS: dict[str, tuple[Permission, ...]] = {
    Scope.BRANCHES_READ: (),
    Scope.PARTIES_READ: (_P.VIEW_PARTIES,),
    Scope.PARTIES_WRITE: (
        _P.VIEW_PARTIES,
        _P.EDIT_PARTIES,
        _P.EDIT_POTENTIALS,
        _P.IMPORT_DATA,
    ),
    Scope.DOCUMENTS_READ: (_P.VIEW_PARTIES, _P.REVEAL_DOCUMENT),
    Scope.RECEIVABLES_READ: (_P.VIEW_RECEIVABLES,),
    Scope.RECEIVABLES_WRITE: (
        _P.VIEW_RECEIVABLES,
        _P.EDIT_RECEIVABLES,
        _P.EDIT_PARTIES,
        _P.MANAGE_IMPEDIMENTS,
        _P.RECORD_PAYMENT,
        _P.IMPORT_DATA,
        _P.REQUEST_REMOVAL,
    ),
    Scope.PAYMENTS_WRITE: (_P.VIEW_RECEIVABLES, _P.RECORD_PAYMENT, _P.IMPORT_DATA),
    Scope.INQUIRIES_READ: (_P.VIEW_INQUIRIES,),
    Scope.INQUIRIES_WRITE: (
        _P.VIEW_INQUIRIES,
        _P.REQUEST_INQUIRY,
        _P.REPEAT_INQUIRY,
        _P.OVERRIDE_DECISION,
        _P.VIEW_PARTIES,
    ),
    Scope.RESTRICTIONS_READ: (_P.VIEW_RESTRICTIONS, _P.VIEW_RECEIVABLES),
    Scope.RESTRICTIONS_WRITE: (
        _P.VIEW_RESTRICTIONS,
        _P.VIEW_RECEIVABLES,
        _P.REQUEST_RESTRICTION,
        _P.REQUEST_REMOVAL,
    ),
    Scope.RESTRICTIONS_APPROVE: (_P.VIEW_RESTRICTIONS, _P.APPROVE_RESTRICTION),
    Scope.DUNNING_READ: (_P.VIEW_DUNNING,),
    Scope.DUNNING_RUN: (_P.VIEW_DUNNING, _P.RUN_DUNNING),
    Scope.DUNNING_APPROVE: (_P.VIEW_DUNNING, _P.APPROVE_DUNNING),
    Scope.REPORTS_READ: (_P.VIEW_INQUIRIES, _P.VIEW_RESTRICTIONS),
    Scope.INTEGRATIONS_READ: (_P.VIEW_INTEGRATIONS,),
    Scope.INTEGRATIONS_WRITE: (_P.VIEW_INTEGRATIONS, _P.MANAGE_INTEGRATIONS),
}


def permissions_of(scopes: Iterable[str]) -> frozenset[Permission]:
    """What these scopes let through together."""
    return frozenset(granted for scope in scopes for granted in PERMISSIONS.get(scope, ()))
