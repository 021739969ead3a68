"""Structured logs: one JSON object a line, with no content and no secret in it."""

import json
import logging
import sys
from datetime import UTC, datetime

from hegui.terms.visible import visible_json

_EXTRA = ("number", "detector", "upstream", "end", "address")


class JsonLines(logging.Formatter):
    """Formats a record as JSON. Exceptions are named with their place, never with their values."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "t": at,
            "level": record.levelname.lower(),
            "from": record.name,
            # asyncio appends the exception, which may quote content, on lines of their own
            "what": record.getMessage().partition("\n")[0],
        }
        line |= {name: getattr(record, name) for name in _EXTRA if hasattr(record, name)}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["at"] = _places(record)
        return visible_json(json.dumps(line, ensure_ascii=False))


def _places(record: logging.LogRecord) -> list[str]:
    """Return file and line of each frame: a traceback's text could quote content."""
    places = []
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places


def to_stderr(level: int = logging.INFO) -> None:
    """Send all logs to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
