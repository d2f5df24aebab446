"""A year of an ISP in a few minutes: debts, payments, contests, deaths, and every day looked at."""
