"""What each role may do. One table, asked by services, selectors and screens alike."""

from __future__ import annotations

from django.db.models import TextChoices


class Role(TextChoices):
    ADMINISTRATOR = "administrator", "Administrador"
    FINANCE_MANAGER = "finance_manager", "Gestor financeiro"
    COLLECTIONS = "collections", "Cobrança"
    SERVICE = "service", "Atendimento"
    AUDIT = "audit", "Auditoria"


class Permission(TextChoices):
    """The label completes "Seu perfil não permite …"."""

    VIEW_PARTIES = "view_parties", "ver clientes"
    EDIT_PARTIES = "edit_parties", "alterar cadastros"
    EDIT_POTENTIALS = "edit_potentials", "alterar leads e prospecções"
    REVEAL_DOCUMENT = "reveal_document", "ver o documento por inteiro"
    VIEW_RECEIVABLES = "view_receivables", "ver títulos"
    EDIT_RECEIVABLES = "edit_receivables", "corrigir contratos e títulos"
    RECORD_PAYMENT = "record_payment", "registrar pagamentos"
    VIEW_INQUIRIES = "view_inquiries", "ver consultas de crédito"
    REQUEST_INQUIRY = "request_inquiry", "consultar análise de crédito"
    REPEAT_INQUIRY = "repeat_inquiry", "consultar de novo dentro do intervalo"
    OVERRIDE_DECISION = "override_decision", "mudar a decisão da política de crédito"
    VIEW_CREDIT_POLICY = "view_credit_policy", "ver a política de crédito"
    MANAGE_CREDIT_POLICY = "manage_credit_policy", "alterar a política de crédito"
    MANAGE_BUDGET = "manage_budget", "alterar o orçamento de consultas"
    EXPORT_REPORTS = "export_reports", "exportar relatórios"
    VIEW_RESTRICTIONS = "view_restrictions", "ver negativações"
    REQUEST_RESTRICTION = "request_restriction", "negativar"
    REQUEST_REMOVAL = "request_removal", "pedir a baixa de negativações"
    APPROVE_RESTRICTION = "approve_restriction", "aprovar negativações"
    OVERRIDE_RULE = "override_rule", "negativar apesar de uma regra"
    VIEW_EVIDENCE = "view_evidence", "ver documentos e provas"
    ADD_EVIDENCE = "add_evidence", "juntar documentos e provas"
    MANAGE_IMPEDIMENTS = "manage_impediments", "tratar contestações e ordens judiciais"
    RECONCILE = "reconcile", "conciliar com o birô"
    VIEW_DUNNING = "view_dunning", "ver a cobrança"
    RUN_DUNNING = "run_dunning", "executar a régua de cobrança"
    APPROVE_DUNNING = "approve_dunning", "aprovar execuções da régua"
    RECORD_CONTACT = "record_contact", "registrar contatos de cobrança"
    MANAGE_DUNNING = "manage_dunning", "alterar os parâmetros de cobrança"
    VIEW_INTEGRATIONS = "view_integrations", "ver integrações"
    MANAGE_INTEGRATIONS = "manage_integrations", "alterar integrações"
    VIEW_BUREAU_CALLS = "view_bureau_calls", "ver as chamadas ao birô"
    SYNCHRONISE = "synchronise", "sincronizar com o birô"
    MANAGE_PARAMETERS = "manage_parameters", "alterar os parâmetros gerais"
    MANAGE_API = "manage_api", "alterar os acessos da API"
    IMPORT_DATA = "import_data", "importar dados"
    MANAGE_WEBHOOKS = "manage_webhooks", "ver e alterar webhooks"


_READ = frozenset(
    {
        Permission.VIEW_PARTIES,
        Permission.VIEW_RECEIVABLES,
        Permission.VIEW_INQUIRIES,
        Permission.VIEW_RESTRICTIONS,
        Permission.VIEW_INTEGRATIONS,
        Permission.VIEW_BUREAU_CALLS,
        Permission.VIEW_CREDIT_POLICY,
        Permission.EXPORT_REPORTS,
        Permission.VIEW_EVIDENCE,
        Permission.VIEW_DUNNING,
    }
)
_COLLECT = frozenset(
    {
        Permission.VIEW_PARTIES,
        Permission.EDIT_PARTIES,
        Permission.EDIT_POTENTIALS,
        Permission.REVEAL_DOCUMENT,
        Permission.VIEW_RECEIVABLES,
        Permission.EDIT_RECEIVABLES,
        Permission.VIEW_INQUIRIES,
        Permission.REQUEST_INQUIRY,
        Permission.VIEW_RESTRICTIONS,
        Permission.REQUEST_RESTRICTION,
        Permission.REQUEST_REMOVAL,
        Permission.SYNCHRONISE,
        Permission.EXPORT_REPORTS,
        Permission.VIEW_EVIDENCE,
        Permission.ADD_EVIDENCE,
        Permission.MANAGE_IMPEDIMENTS,
        Permission.RECONCILE,
        Permission.VIEW_DUNNING,
        Permission.RUN_DUNNING,
        Permission.RECORD_CONTACT,
    }
)

ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.FINANCE_MANAGER: _COLLECT
    | _READ
    | {
        Permission.RECORD_PAYMENT,
        Permission.REPEAT_INQUIRY,
        Permission.OVERRIDE_DECISION,
        Permission.APPROVE_RESTRICTION,
        Permission.OVERRIDE_RULE,
        Permission.MANAGE_CREDIT_POLICY,
        Permission.MANAGE_BUDGET,
        Permission.MANAGE_PARAMETERS,
        Permission.APPROVE_DUNNING,
        Permission.MANAGE_DUNNING,
        Permission.IMPORT_DATA,
    },
    Role.COLLECTIONS: _COLLECT | {Permission.RECORD_PAYMENT},
    Role.SERVICE: frozenset(
        {
            Permission.VIEW_PARTIES,
            Permission.EDIT_POTENTIALS,
            Permission.VIEW_INQUIRIES,
            Permission.REQUEST_INQUIRY,
        }
    ),
    Role.AUDIT: _READ,
}


def roles_with(permission: Permission) -> list[str]:
    """The roles that include ``permission``."""
    return [role for role, granted in ROLE_PERMISSIONS.items() if permission in granted]
