"""The third party: llama.cpp's own HTTP server, as packaged by ``xllamacpp``, with a tiny model.

Runs in an environment of its own (``python -m interop.server PORT``), until its input closes.
"""

import sys
import tempfile
from pathlib import Path

from interop import tinymodel

MODEL = "tiny"
SLOTS = 8


def main() -> None:
    """Write the model, start the server on loopback, say so, wait for the input to close."""
    import xllamacpp  # type: ignore[import-not-found] # lives in the other environment

    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "tiny.gguf"
        tinymodel.write(path)
        wanted = xllamacpp.CommonParams()
        wanted.model.path = str(path)
        wanted.model_alias = {MODEL}
        wanted.port = int(sys.argv[1])
        wanted.n_ctx = tinymodel.CONTEXT * SLOTS
        wanted.n_parallel = SLOTS
        wanted.n_gpu_layers = 0
        wanted.cpuparams.n_threads = 1
        wanted.warmup = False
        wanted.cache_prompt = False  # the same question must cost the same tokens each time
        wanted.ui = False
        wanted.verbosity = 0
        server = xllamacpp.Server(wanted)
        sys.stdout.write(f"ready {server.listening_address}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
