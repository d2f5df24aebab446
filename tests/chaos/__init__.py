"""Listings and removals while everything goes wrong: at the end both ledgers must agree.

``python -m tests.chaos --n 300`` runs it by hand, ``make chaos`` at its full size.
"""
