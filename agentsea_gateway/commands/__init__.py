"""The commands of `agentsea`, each a module with `add` and `run` that is cheap to import; `cli` holds the table."""
