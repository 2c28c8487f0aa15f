"""How fast it is, measured on the running program."""
