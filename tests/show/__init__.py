"""What each capability must show (R27): one module for each, with a list LINES. Run by `python3 dev.py show NAME`."""
