"""The demo: three providers on loopback behind one gateway, one of which dies and comes back while threads ask."""
