"""A real browser without a window, led through two pipes by its DevTools protocol.

It needs nothing but the browser: no driver, no library, no port. Whatever a page asks the network
for is written down, and no name is looked up and no machine but this one is reached.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

PATIENCE = 60.0
"""Seconds that one command may take: the machine may have other work."""

# The browser reads commands from its descriptor 3 and answers on 4.
_START = """
import os, sys
reading, writing = (os.dup(int(number)) for number in sys.argv[1:3])
os.dup2(reading, 1000), os.dup2(writing, 1001)
os.dup2(1000, 3), os.dup2(1001, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def found() -> str | None:
    """The browser of this machine; None if there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


class Fault(Exception):
    """The browser refused a command, or a script in it raised."""


class Chromium:
    """A browser with one page. Use as a context manager."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._number = 0
        self._buffer = b""
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", _START, str(to_read), str(to_write), self._path),
                *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
                *("--no-first-run", "--disable-background-networking", "--disable-sync"),
                *("--disable-extensions", "--mute-audio", "--hide-scrollbars"),
                *("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--no-proxy-server"),
                *(f"--user-data-dir={self._folder.name}", "--remote-debugging-pipe", "about:blank"),
            ],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self._folder.name},
        )
        os.close(to_read)
        os.close(to_write)
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        session = self._send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = session["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._send("Browser.close")
            self._process.wait(20)
        except (Fault, OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._to)
        os.close(self._from)
        self._folder.cleanup()

    def open(self, page: Path, fragment: str = "") -> None:
        """Load a page from the disk anew, and wait until it says that it is drawn, or broken."""
        self.send("Page.navigate", url="about:blank")
        self.requests.clear()
        self.complaints.clear()
        self.send("Page.navigate", url=f"{page.absolute().as_uri()}#{fragment}")
        self.wait("document.documentElement.dataset.page")

    def wait(self, condition: str) -> Any:
        """The value of an expression as soon as it is true."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if value := self.see(condition):
                    return value
            except Fault:
                pass  # Not loaded yet.
            time.sleep(0.05)
        raise Fault(f"{condition} does not come true")

    def see(self, expression: str) -> Any:
        """The value of an expression in the page."""
        said = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in said:
            raise Fault(json.dumps(said["exceptionDetails"]))
        return said["result"].get("value")

    def text(self, selector: str) -> str:
        """The text that a reader sees of the first element of a selector."""
        return str(self.see(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements of a selector, as they stand in the document."""
        every = f"[...document.querySelectorAll({json.dumps(selector)})]"
        found: list[str] = self.see(f"{every}.map((item) => item.textContent)")
        return found

    def click(self, selector: str, *, shift: bool = False) -> None:
        """Click the middle of the first element of a selector, with the mouse."""
        item = f"document.querySelector({json.dumps(selector)})"
        box = self.see(
            f"(() => {{ const item = {item}; item.scrollIntoView({{ block: 'center' }});"
            " const box = item.getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send(
                "Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left",
                clickCount=1, modifiers=8 if shift else 0,
            )  # fmt: skip

    def press(self, *keys: str, shift: bool = False) -> None:
        """Press keys, one after the other: `Tab`, `Enter`, `ArrowRight`."""
        codes = {"Tab": 9, "Enter": 13, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39}
        codes["ArrowDown"] = 40
        for key in keys:
            more: dict[str, Any] = {"text": "\r"} if key == "Enter" else {}
            for kind in ("keyDown", "keyUp"):
                self.send(
                    "Input.dispatchKeyEvent", type=kind, key=key, code=key,
                    windowsVirtualKeyCode=codes[key], modifiers=8 if shift else 0,
                    **(more if kind == "keyDown" else {}),
                )  # fmt: skip

    def choose(self, selector: str, value: str) -> None:
        """Choose in a drop-down list."""
        self.see(
            f"(() => {{ const item = document.querySelector({json.dumps(selector)});"
            f" item.value = {json.dumps(value)};"
            " item.dispatchEvent(new Event('change', { bubbles: true })); })()"
        )

    def size(self, width: int, height: int) -> None:
        """Give the window a size."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
            mobile=False,
        )  # fmt: skip

    def prefer(self, *, dark: bool = False, printed: bool = False) -> None:
        """Prefer light or dark, screen or paper."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send(
            "Emulation.setEmulatedMedia", media="print" if printed else "screen", features=[scheme]
        )

    def picture(self, *, whole: bool = False) -> bytes:
        """What is seen, as PNG."""
        said = self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(said["data"])

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self.send("Page.printToPDF", printBackground=False)["data"])

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command to the page."""
        return self._send(method, session=self._session, **params)

    def _send(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            said = self._receive()
            if said.get("id") == self._number:
                if "error" in said:
                    raise Fault(f"{method}: {said['error']}")
                result: dict[str, Any] = said["result"]
                return result
            self._note(said)

    def _note(self, said: dict[str, Any]) -> None:
        params = said.get("params", {})
        match said.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"]))
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            more = os.read(self._from, 1 << 20)
            if not more:
                raise Fault("the browser has ended")
            self._buffer += more
        message, _, self._buffer = self._buffer.partition(b"\0")
        said: dict[str, Any] = json.loads(message)
        return said
