"""What is measured; each module makes one table or a few."""
