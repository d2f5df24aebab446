"""The request as views get it: signed in, with the branch that the middleware found.

For annotations only; at run time it is Django's ``WSGIRequest``.
"""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from regua.accounts.models import User
from regua.organization.models import Branch


class Request(HttpRequest):
    user: User
    htmx: HtmxDetails
    branch: Branch | None
    """The branch chosen in the top bar; None for all that the person sees. May be lazy: compare
    with ``bool``, not with ``is``."""
    branches: list[Branch]
