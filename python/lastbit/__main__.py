"""`python -m lastbit`, and what the command `lastbit` of the package starts."""
import os
import signal
import subprocess
import sys

from lastbit._program import find_binary


def main() -> None:
    """Becomes the program; on Windows, where a process cannot become another, waits for it."""
    call = [find_binary(), *sys.argv[1:]]
    if os.name != "nt":
        os.execv(call[0], call)
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is for the program, which stops cleanly
    sys.exit(subprocess.call(call))


if __name__ == "__main__":
    main()
