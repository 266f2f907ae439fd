"""How events become rows and facts: one transaction per batch, its parts one module each."""
