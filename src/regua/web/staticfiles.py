"""Static files whose address changes with their content, without a build step or a manifest."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage


def _digest(path: str) -> str:
    return hashlib.blake2b(Path(path).read_bytes(), digest_size=4).hexdigest()


_cached_digest = lru_cache(maxsize=512)(_digest)


class VersionedStaticFilesStorage(StaticFilesStorage):
    """``app.css`` → ``/static/web/app.css?v=1f2e3d4c``."""

    def url(self, name: str | None) -> str:
        address = super().url(name)
        if not name or urlsplit(name).query:
            return address
        found = finders.find(urlsplit(name).path)
        if not isinstance(found, str):
            return address
        digest = _digest(found) if settings.DEBUG else _cached_digest(found)
        return f"{address}?v={digest}"
