"""`python -m agentsea_gateway`: the command `agentsea`."""

from __future__ import annotations

import sys

from agentsea_gateway.cli import main

if __name__ == "__main__":
    sys.exit(main())
