"""Who is told, in the same transaction, that receivables are paid, cancelled or renegotiated.

Whatever changes them, one by one or a million in one statement, calls ``changed`` with their ids
before it commits: what depends on a debt (a listing's deadline) never lags behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

_followers: list[Callable[[Collection[int]], None]] = []


def follow(follower: Callable[[Collection[int]], None]) -> None:
    """Have ``follower`` told of every change; an app registers its own once, in ``ready``."""
    if follower not in _followers:
        _followers.append(follower)


def changed(receivable_ids: Collection[int]) -> None:
    """Tell everybody; inside the transaction that changed them."""
    for follower in _followers:
        follower(receivable_ids)
