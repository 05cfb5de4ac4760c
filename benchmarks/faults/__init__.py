"""The same faults through every client: what each one did about them, and how long it took."""
