"""What ``REGUA_SMTP_URL`` means to Django."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from regua.project.config import Config


@pytest.mark.parametrize(
    ("url", "port", "ssl", "tls"),
    [
        ("smtps://correio.test", 465, True, False),
        ("smtp+starttls://correio.test", 587, False, True),
        ("smtp://correio.test:2525", 2525, False, False),
    ],
)
def test_how_the_connection_is_protected(url: str, port: int, ssl: bool, tls: bool) -> None:
    found = Config(smtp_url=SecretStr(url), base_url="https://regua.test").smtp
    assert found["EMAIL_HOST"] == "correio.test"
    assert (found["EMAIL_PORT"], found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (port, ssl, tls)
    assert found["DEFAULT_FROM_EMAIL"] == "regua@regua.test"


def test_the_account_and_who_sends() -> None:
    url = SecretStr("smtps://cobranca%40isp.test:a%2Fb@correio.test")
    found = Config(smtp_url=url).smtp
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("cobranca@isp.test", "a/b")
    assert found["DEFAULT_FROM_EMAIL"] == "cobranca@isp.test"
    assert Config(smtp_url=url, mail_from="x@isp.test").smtp["DEFAULT_FROM_EMAIL"] == "x@isp.test"


def test_without_one_nothing_is_set() -> None:
    assert Config(smtp_url=SecretStr("")).smtp == {}
