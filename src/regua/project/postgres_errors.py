"""The one error of the embedded PostgreSQL."""


class PostgresError(Exception):
    """What happened and what to do about it, in Brazilian Portuguese, ready to show."""
