"""Who may send how much."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from regua.accounts.models import User
from regua.web.limits import MAX_BODY

pytestmark = pytest.mark.django_db


def test_only_who_has_signed_in_sends_a_large_file(administrator: User) -> None:
    address = reverse("import_new")
    client = Client(enforce_csrf_checks=True)
    headers = {"CONTENT_LENGTH": str(MAX_BODY + 1)}
    answer = client.generic("POST", address, **headers)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("sign_in"))
    client.force_login(administrator)
    refused = client.generic("POST", address, **headers)
    assert refused.status_code == 403, "the form's token is asked for"
    assert client.generic("POST", reverse("sign_in"), **headers).status_code == 413
