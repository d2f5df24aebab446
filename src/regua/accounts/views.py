"""Signing in and out, and choosing the branch to work in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from regua.accounts.forms import SignInForm
from regua.accounts.middleware import SESSION_KEY
from regua.accounts.requests import Request


class SignIn(LoginView):
    template_name = "accounts/sign_in.html"
    form_class = SignInForm
    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A fragment whose session has ended was led here: have the whole page come instead."""
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return super().get(request, *args, **kwargs)


@require_POST
def branch_switch(request: Request) -> HttpResponse:
    """Work in one branch, or in all (an empty or foreign choice), and go back."""
    chosen = request.POST.get("branch", "")
    found = next((b for b in request.branches if str(b.pk) == chosen), None)
    if found:
        request.session[SESSION_KEY] = found.pk
    else:
        request.session.pop(SESSION_KEY, None)
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "home"
    return redirect(target)
