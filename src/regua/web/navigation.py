"""The left bar, as data: what people do, in their words.

An entry appears when its URL exists and the person may open it. Add a screen: add a line here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True)
class Entry:
    label: str
    url_name: str
    icon: str = ""
    permission: str = ""  # asked with user.can(); empty: everybody who signed in


@dataclass(frozen=True)
class Group:
    """Entries under one name. Without a label the entries stand alone."""

    label: str = ""
    icon: str = ""
    entries: tuple[Entry, ...] = field(default=())
    collapsible: bool = False


NAVIGATION: tuple[Group, ...] = (
    Group(
        entries=(
            Entry("Painel", "home", icon="layout-dashboard"),
            Entry("Clientes", "customer_list", icon="users", permission="view_parties"),
            Entry("Leads", "lead_list", icon="user-plus", permission="view_parties"),
            Entry("Prospecção", "prospect_list", icon="user-search", permission="view_parties"),
            Entry(
                "Central de consultas",
                "inquiry_list",
                icon="file-search",
                permission="view_inquiries",
            ),
        )
    ),
    Group(
        "Negativações",
        entries=(
            Entry("Todas", "restriction_list", icon="list-details", permission="view_restrictions"),
            Entry(
                "Pagos e ainda negativados",
                "restriction_overdue_removals",
                icon="hourglass-low",
                permission="view_restrictions",
            ),
            Entry(
                "Aguardando aprovação",
                "restriction_approvals",
                icon="checklist",
                permission="approve_restriction",
            ),
            Entry(
                "Conciliação",
                "restriction_reconciliation",
                icon="arrows-diff",
                permission="view_restrictions",
            ),
        ),
    ),
    Group(
        "Cobrança",
        entries=(
            Entry("Régua", "dunning_recovery", icon="ruler-measure", permission="view_dunning"),
            Entry("Execuções", "dunning_run_list", icon="player-play", permission="view_dunning"),
            Entry(
                "Rotina de cobrança",
                "dunning_worklist",
                icon="checklist",
                permission="view_dunning",
            ),
        ),
    ),
    Group(
        "Relatórios",
        entries=(
            Entry("Relatórios", "report_list", icon="chart-bar", permission="view_inquiries"),
            Entry(
                "Exportações",
                "report_export_list",
                icon="file-download",
                permission="export_reports",
            ),
        ),
    ),
    Group(
        "Ferramentas",
        entries=(
            Entry("Importações", "import_list", icon="file-import", permission="import_data"),
        ),
    ),
    Group(
        "Configurações",
        icon="settings",
        collapsible=True,
        entries=(
            Entry("Filiais", "branch_list", icon="building-store", permission="view_integrations"),
            Entry(
                "Integrações de Análise de Crédito",
                "integration_list",
                icon="plug-connected",
                permission="view_integrations",
            ),
            Entry("Webhooks", "webhook_list", icon="webhook", permission="manage_webhooks"),
            Entry(
                "Sistema de gestão",
                "connection_list",
                icon="arrows-exchange",
                permission="view_integrations",
            ),
            Entry("API", "api_token_list", icon="api", permission="manage_api"),
            Entry(
                "Feriados", "holiday_list", icon="calendar-event", permission="view_restrictions"
            ),
            Entry(
                "Parâmetros gerais",
                "parameters_general",
                icon="adjustments",
                permission="view_integrations",
            ),
            Entry(
                "Prazos do comunicado por UF",
                "notice_term_list",
                icon="mail",
                permission="view_integrations",
            ),
            Entry(
                "Parâmetros de cobrança",
                "parameters_dunning",
                icon="adjustments-dollar",
                permission="view_dunning",
            ),
            Entry(
                "Grupos de clientes",
                "customer_group_list",
                icon="users-group",
                permission="view_dunning",
            ),
            Entry(
                "Política de crédito",
                "policy_list",
                icon="list-numbers",
                permission="view_credit_policy",
            ),
            Entry(
                "Orçamento de consultas",
                "budget_list",
                icon="wallet",
                permission="view_inquiries",
            ),
            Entry("Usuários", "user_list", icon="users-group", permission="manage_integrations"),
        ),
    ),
)


COUNTS: dict[str, Callable[[Any], int]] = {}
"""URL name → how many wait there for ``user``; apps register theirs. Asked on every page: cheap."""


@dataclass
class Link:
    label: str
    url: str
    icon: str = ""
    active: bool = False
    count: int = 0


@dataclass
class Section:
    label: str
    icon: str
    links: list[Link]
    collapsible: bool = False

    @property
    def active(self) -> bool:
        return any(link.active for link in self.links)


def url_of(*names: str) -> str:
    """The first of these URL names that exists, else an empty string."""
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return ""


def allowed(user: Any, permission: str) -> bool:
    can = getattr(user, "can", None)
    return not permission or can is None or bool(can(permission))


def _count(url_name: str, user: Any) -> int:
    count = COUNTS.get(url_name)
    return count(user) if count else 0


def build(user: Any, path: str, groups: tuple[Group, ...] = NAVIGATION) -> list[Section]:
    """What ``user`` sees of ``groups``; the entry with the longest matching URL is active."""
    sections = []
    for group in groups:
        links = [
            Link(entry.label, url, entry.icon, count=_count(entry.url_name, user))
            for entry in group.entries
            if allowed(user, entry.permission) and (url := url_of(entry.url_name))
        ]
        if links:
            sections.append(Section(group.label, group.icon, links, group.collapsible))
    everything = [link for section in sections for link in section.links]
    home = url_of("home")
    matching = [
        link
        for link in everything
        if path == link.url or (link.url != home and path.startswith(link.url.rstrip("/") + "/"))
    ]
    if matching:
        max(matching, key=lambda link: len(link.url)).active = True
    return sections
