"""The bureau's lists, and what the control takes out of them."""

from __future__ import annotations

import httpx2
import pytest

from .creditor import Creditor, listing_body
from .server import Sandbox


def codes(creditor: Creditor, path: str) -> set[str]:
    return {line["codigo"] for line in creditor.get(path).json()}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/produtos", "PF-BASICA"),
        ("/v1/codigos/restricao", "TI"),
        ("/v1/codigos/baixa", "01"),
    ],
)
def test_a_withdrawn_code_leaves_its_list_and_comes_back(
    sandbox: Sandbox, creditor: Creditor, path: str, code: str
) -> None:
    whole = codes(creditor, path)
    sandbox.withdraw(code)
    assert codes(creditor, path) == whole - {code}
    assert creditor.post("/v1/negativacoes", listing_body(), "k").status_code == 202
    sandbox.withdraw()
    assert codes(creditor, path) == whole
    sandbox.withdraw(code)
    sandbox.reset()
    creditor.sign_in()
    assert codes(creditor, path) == whole


@pytest.mark.parametrize("given", ["TI", ["INEXISTENTE"], [["TI"]], None])
def test_only_a_list_of_known_codes_is_withdrawn(sandbox: Sandbox, given: object) -> None:
    sandbox.withdraw("TI")
    answer = httpx2.post(f"{sandbox.url}/_sandbox/catalogo", json={"retirados": given})
    assert answer.status_code == 400
    assert sandbox.control("GET", "/catalogo") == {"retirados": ["TI"]}
