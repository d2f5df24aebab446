"""A real Chromium on the real web server, with a real worker and the sandbox bureau behind it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.organization.models import Branch
from tests import factories
from tests.processes.running import forget_workers, running_web, running_worker

CHROMIUM = Path("/usr/bin/chromium")
SHOTS = Path(__file__).parents[2] / "artifacts" / "browser"
PASSWORD = "uma-senha-bem-longa"
VIEWPORTS = {"desktop": (1366, 900), "phone": (390, 844)}

# Playwright keeps an event loop in this thread; the tests query synchronously all the same.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    missing = not CHROMIUM.exists() and not os.environ.get("CI")
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if missing:
                item.add_marker(pytest.mark.skip(reason=f"{CHROMIUM} is not installed"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def analyst(branch: Branch) -> User:
    return factories.user(
        Role.COLLECTIONS, branch, name="Célia", email="celia@exemplo.test", password=PASSWORD
    )


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """The address of a running web server; the worker runs beside it."""
    forget_workers()
    with running_worker(), running_web() as (_, url):
        yield url


@pytest.fixture(params=list(VIEWPORTS))
def viewport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Visitor:
    """A page with a person before it; what the browser complains of is kept in ``complaints``."""

    def __init__(self, page: Page, site: str, viewport: str) -> None:
        self.page = page
        self.site = site
        self.viewport = viewport
        self.complaints: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "response",
            lambda answer: (
                self.complaints.append(f"{answer.status} {answer.url}")
                if answer.status >= 500 or (answer.status == 404 and "static" in answer.url)
                else None
            ),
        )

    def _note(self, message: object) -> None:
        kind, text = message.type, message.text  # type: ignore[attr-defined]
        # A refused form is answered 4xx on purpose; the browser logs that as an error of its own.
        if kind == "error" and "Failed to load resource" not in text:
            self.complaints.append(text)

    def go(self, path: str) -> None:
        self.page.goto(self.site + path)

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.go("/entrar/")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Senha").fill(password)
        self.page.get_by_role("button", name="Entrar").click()
        self.page.get_by_role("heading", name="Painel").wait_for()

    def shoot(self, name: str) -> None:
        """Keep a picture, and make sure that nothing sticks out sideways."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}-{self.viewport}.png", full_page=True)
        over = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{name} is {over} px wider than the screen"


@pytest.fixture
def visitor(chromium: Browser, site: str, viewport: str) -> Iterator[Visitor]:
    width, height = VIEWPORTS[viewport]
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        locale="pt-BR",
        timezone_id="America/Sao_Paulo",
    )
    context.set_default_timeout(15_000)
    someone = Visitor(context.new_page(), site, viewport)
    yield someone
    context.close()
    assert someone.complaints == []
