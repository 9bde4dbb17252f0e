# SPDX-License-Identifier: GPL-3.0-or-later
"""The most recent requests, for tests that ask what a host fetched and how."""
import collections
import threading
import time


class RequestLog:
    """A ring of entries: {time, via, method, host, path, status, bytes, authorized, agent}. Credentials are never kept."""

    def __init__(self, size=5000):
        self._entries = collections.deque(maxlen=size)
        self._lock = threading.Lock()

    def add(self, **entry):
        """Note one request."""
        with self._lock:
            self._entries.append({"time": round(time.time(), 3), **entry})

    def entries(self):
        """All that is kept, oldest first."""
        with self._lock:
            return list(self._entries)

    def clear(self):
        """Forget everything."""
        with self._lock:
            self._entries.clear()
