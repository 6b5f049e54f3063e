"""The program behind the module: where it is, and one call of it."""
from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, Mapping, Sequence


# What compare and noise take by name; other options of the command line go into options.
KEYWORDS = ("metric", "value", "group", "seed", "k", "fold_column", "step", "runs", "paired", "difference", "test_images",
            "higher_is_better", "lower_is_better", "random_seed")
# Exit codes that are answers (compare --not-worse, noise --target).
VERDICTS = (3, 4, 5)


class InputError(ValueError):
    """Data or options that the program refused; the text is its own, and says what would be right."""


def find_binary() -> str:
    """The path of the program: the one that LASTBIT_BINARY names, or the one that came with this package."""
    named = os.environ.get("LASTBIT_BINARY")
    path = Path(named) if named else Path(__file__).parent / "_bin" / ("lastbit.exe" if os.name == "nt" else "lastbit")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: is no program; " + (
            "LASTBIT_BINARY names it" if named
            else "this package came without it: install a wheel, or let LASTBIT_BINARY name the program"))
    return str(path)


def _keyword(option: re.Match[str]) -> str:
    """An option of the command line, as a caller of this module gives it."""
    name = option[1].replace("-", "_")
    return f"{name}=" if name in KEYWORDS else f"options[{option[1]!r}]"


def run(arguments: Sequence[str], document: Mapping[str, Any] | None = None) -> str:
    """Calls the program and returns what it printed; a document goes to its standard input."""
    text = None if document is None else json.dumps(document, allow_nan=False).encode()
    # The runtime compiles loops in their final form, for the kernels of trainings; one question is answered sooner without.
    environment = {"DOTNET_TC_QuickJitForLoops": "1", **os.environ}
    done = subprocess.run([find_binary(), *arguments, "--quiet"], input=b"" if text is None else text, env=environment, capture_output=True,
                          check=False)
    if done.returncode == 0 or done.returncode in VERDICTS:
        return done.stdout.decode("utf-8")
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"the program ended with exit code {done.returncode}"]
    message = lines[-1].removeprefix(f"lastbit {arguments[0]}: ").removeprefix("standard input").lstrip(":, ")
    message = re.sub(r"(?<![\w-])--([a-z][a-z-]*)", _keyword, message)
    raise InputError(message) if done.returncode == 2 else RuntimeError(f"lastbit {arguments[0]}: {message}")
