"""``hegui demo``: the gateway at work, on a page and as a tour."""

from hegui.app.demo.run import run

__all__ = ["run"]
