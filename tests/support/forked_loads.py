"""A program: forks while another thread is loading a module, and prints what the child and the parent could load then.

python forked_loads.py FOLDER PATIENCE
"""

from __future__ import annotations

import builtins
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from agentsea_gateway import aside
from agentsea_gateway.aside import load
from support.children import in_child

SLOWLY = """
import builtins
builtins.started.set()
builtins.go_on.wait(10)
builtins.a_while()
whole = True
"""
WHOLE = {"slowly_loaded": "whole", "colorsys": "hsv_to_rgb"}  # module -> the last name it defines


def loaded() -> str:
    for name in sys.argv[3:]:
        load(name)
    return " ".join(name for name in sys.argv[3:] if hasattr(sys.modules[name], WHOLE[name]))


def main(folder: str, patience: str) -> None:
    (Path(folder) / "slowly_loaded.py").write_text(SLOWLY)
    sys.path.insert(0, folder)
    shared: Any = builtins
    shared.started, shared.go_on = threading.Event(), threading.Event()
    shared.a_while = lambda: time.sleep(0.2)  # the fork does not wait for it where nothing holds it
    aside.FORK_PATIENCE = float(patience)
    # The last one registered is called first; what holds a fork up stands behind it.
    os.register_at_fork(before=shared.go_on.set if aside.FORK_PATIENCE > 1 else lambda: None)
    thread = threading.Thread(target=load, args=("slowly_loaded",))
    thread.start()
    shared.started.wait(10)
    print(in_child(loaded))
    shared.go_on.set()
    thread.join()
    print(loaded())


if __name__ == "__main__":
    main(*sys.argv[1:3])
