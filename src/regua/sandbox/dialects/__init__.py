"""One module per wire contract the sandbox speaks."""
