"""The sandbox bureau: an invented "Crédito na Medida" in a process and a store of its own.

It shares nothing with the adapters it answers: both read the same wire contract on their own.
"""
