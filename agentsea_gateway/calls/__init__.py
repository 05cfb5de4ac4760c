"""How one call is served: planned, tried candidate by candidate, and told."""
