"""The tabs of *Configurações › Parâmetros › Parâmetros de cobrança*."""

from __future__ import annotations

from typing import Any

from regua.web.navigation import url_of

_TABS = {
    "parameters_dunning": "Geral",
    "dunning_policy_list": "Réguas",
    "message_template_list": "Mensagens",
    "message_gateway_list": "Canais",
    "dunning_switch_list": "Negativação automática",
}


def parameter_tabs(active: str) -> list[dict[str, Any]]:
    """``active`` is a URL name; a tab whose page does not exist is not shown."""
    return [
        {"label": label, "url": url, "active": name == active}
        for name, label in _TABS.items()
        if (url := url_of(name))
    ]
