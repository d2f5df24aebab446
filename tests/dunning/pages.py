"""Reading a page as a person does: its words, without the markup."""

from __future__ import annotations

import html
import re
from typing import Any

from django.test import Client
from django.urls import reverse

from regua.accounts.models import User


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def at(name: str, *args: Any) -> str:
    return reverse(name, args=args)


def said(user: User, address: str) -> str:
    answer = signed_in(user).get(address)
    assert answer.status_code == 200
    text = re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main", 1)[1])
    return re.sub(r"\s+", " ", html.unescape(text).replace("\xa0", " "))
