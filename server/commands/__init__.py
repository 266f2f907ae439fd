"""One file for each command; `server/cli.py` lists them."""
