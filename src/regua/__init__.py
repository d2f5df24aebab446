"""Régua: credit inquiries, debtor listings and their removal, lawfully."""

__version__ = "0.1.0"
