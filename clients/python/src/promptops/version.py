"""The version of this client, sent to the collector in `User-Agent`."""

from __future__ import annotations

__version__ = "0.1.0"
