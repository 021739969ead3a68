"""Writes a tiny language model with random weights, in the file format of llama.cpp (GGUF 3).

It knows about 400 tokens and says nothing sensible; it only has to be a real model in a real
server. Everything is made here: no weights, tokenizer or template come from anywhere else.
"""

import math
import random
import struct
from array import array
from pathlib import Path
from typing import NamedTuple, TypeAlias

WIDTH, HIDDEN, HEADS, CONTEXT = 32, 64, 2, 4096
ALIGNMENT = 32

Floats: TypeAlias = "array[float]"
UNKNOWN, BEGIN, END = 0, 1, 2

SYLLABLES = (
    "春夏秋冬山水花草树木江河湖海日月星云风雨雪早晚今明東西南北上下左右前后里外大小多少长短"
    "高低红黄蓝绿白书画诗歌琴棋茶饭米面鱼羊牛马鸟虫桥路船车门窗灯屋村城园林田地石沙你我他们"
    "在有是不的了和也就都很好看见听说走来去开放快慢读写学教天年时分光影声色香味"
)
MARKS = "，。、！？"

TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}：{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant：{% endif %}"
)


class Tensor(NamedTuple):
    """A float32 tensor; ``shape`` counts the innermost dimension first, as the format does."""

    name: str
    shape: tuple[int, ...]
    values: Floats


def vocabulary() -> tuple[list[str], list[float], list[int]]:
    """Return the tokens with their scores and types (1 text, 2 unknown, 3 control, 6 byte)."""
    words = [*dict.fromkeys(SYLLABLES), *MARKS, *"0123456789", "▁"]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *words]
    kinds = [2, 3, 3, *([6] * 256), *([1] * len(words))]
    scores = [-float(place) for place in range(len(tokens))]
    return tokens, scores, kinds


def _spread(chance: random.Random, count: int, width: float) -> Floats:
    return array("f", (chance.gauss(0.0, width) for _ in range(count)))


def tensors(kinds: list[int], seed: int) -> list[Tensor]:
    """Return random weights; only text tokens and the end are ever likely to be said."""
    chance = random.Random(seed)
    size = len(kinds)
    voice = array("f")
    for place, kind in enumerate(kinds):
        loud = 1.5 if kind == 1 else 0.9 if place == END else 0.0
        voice.extend(_spread(chance, WIDTH, loud))
    found = [
        Tensor("token_embd.weight", (WIDTH, size), _spread(chance, WIDTH * size, 1.0)),
        Tensor("output_norm.weight", (WIDTH,), array("f", [1.0] * WIDTH)),
        Tensor("output.weight", (WIDTH, size), voice),
        Tensor("blk.0.attn_norm.weight", (WIDTH,), array("f", [1.0] * WIDTH)),
        Tensor("blk.0.ffn_norm.weight", (WIDTH,), array("f", [1.0] * WIDTH)),
    ]
    inner = {
        "attn_q": (WIDTH, WIDTH),
        "attn_k": (WIDTH, WIDTH),
        "attn_v": (WIDTH, WIDTH),
        "attn_output": (WIDTH, WIDTH),
        "ffn_gate": (WIDTH, HIDDEN),
        "ffn_up": (WIDTH, HIDDEN),
        "ffn_down": (HIDDEN, WIDTH),
    }
    for name, shape in inner.items():
        values = _spread(chance, shape[0] * shape[1], 1.0 / math.sqrt(shape[0]))
        found.append(Tensor(f"blk.0.{name}.weight", shape, values))
    return found


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def _entry(key: str, value: object) -> bytes:
    """Lay out one metadata pair: the key, the type's number, the value."""
    match value:
        case int():
            body = struct.pack("<II", 4, value)
        case float():
            body = struct.pack("<If", 6, value)
        case str():
            body = struct.pack("<I", 8) + _text(value)
        case [str(), *_]:
            body = struct.pack("<IIQ", 9, 8, len(value)) + b"".join(
                _text(str(item)) for item in value
            )
        case [float(), *_]:
            body = struct.pack(f"<IIQ{len(value)}f", 9, 6, len(value), *value)
        case [int(), *_]:
            body = struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)
        case _:
            raise TypeError(key)
    return _text(key) + body


def _metadata(tokens: list[str], scores: list[float], kinds: list[int]) -> list[bytes]:
    pairs: dict[str, object] = {
        "general.architecture": "llama",
        "general.name": "tiny random model, made on the spot",
        "general.alignment": ALIGNMENT,
        "llama.context_length": CONTEXT,
        "llama.embedding_length": WIDTH,
        "llama.block_count": 1,
        "llama.feed_forward_length": HIDDEN,
        "llama.attention.head_count": HEADS,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": WIDTH // HEADS,
        "llama.vocab_size": len(tokens),
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": scores,
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.unknown_token_id": UNKNOWN,
        "tokenizer.ggml.bos_token_id": BEGIN,
        "tokenizer.ggml.eos_token_id": END,
        "tokenizer.chat_template": TEMPLATE,
    }
    return [_entry(key, value) for key, value in pairs.items()]


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % ALIGNMENT)


def write(path: Path, seed: int = 20230815) -> None:
    """Write the model to ``path``. The same seed writes the same bytes."""
    tokens, scores, kinds = vocabulary()
    weights = tensors(kinds, seed)
    pairs = _metadata(tokens, scores, kinds)
    head = [b"GGUF", struct.pack("<IQQ", 3, len(weights), len(pairs)), *pairs]
    body = []
    place = 0
    for tensor in weights:
        shape = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape)
        head.append(_text(tensor.name) + shape + struct.pack("<IQ", 0, place))
        body.append(_padded(tensor.values.tobytes()))
        place += len(body[-1])
    path.write_bytes(_padded(b"".join(head)) + b"".join(body))
