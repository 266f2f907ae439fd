"""The columnar copy of the facts: the same statement, answered from memory (R14)."""
