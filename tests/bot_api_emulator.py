"""The Bot API as others emulate it (`telegram-test-api`), with their own client, over HTTP."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from bot.paths import ROOT
from tests.databases import free_port
from tests.fake_telegram import TOKEN

TOOLS = ROOT / ".tools" / "emulator"
DRIVER = ROOT / "tests" / "emulator" / "driver.js"


class BotApiEmulator:
    """The emulator in a process of its own; people write through its client."""

    def __init__(self) -> None:
        """Start it, and wait until it listens."""
        node, modules = TOOLS / "bin" / "node", TOOLS / "node_modules"
        if not (node.exists() and modules.exists()):
            # Not `absent`: npm's registry is one more that a machine may not reach.
            pytest.skip("the Bot API emulator is not installed (make emulator)")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [str(node), str(DRIVER), str(modules), TOKEN, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert json.loads(self._process.stdout.readline()) == "ready"

    def stop(self) -> None:
        """Stop it."""
        self._process.stdin.close()
        self._process.wait(timeout=10)

    def say(self, chat: int, text: str) -> None:
        """Write something, or a command."""
        self._do(do="command" if text.startswith("/") else "say", chat=chat, text=text)

    def press(self, chat: int, title: str) -> None:
        """Press the button of a message that is there, as its client does."""
        found = [
            button["callback_data"]
            for message in self.said(chat)
            for row in (message.get("buttons") or {}).get("inline_keyboard", ())
            for button in row
            if title in button["text"]
        ]
        self._do(do="press", chat=chat, data=found[-1])

    def said(self, chat: int) -> list[dict[str, Any]]:
        """Return what the assistant's messages in a chat are now: id, text, buttons."""
        return self._do(do="said", chat=chat)

    def written(self, chat: int) -> list[str]:
        """Return what the person wrote that is still there."""
        return self._do(do="held", chat=chat)

    def answer(self, chat: int, fewest: int) -> list[str]:
        """Wait for so many messages, and until no more come; return the texts of all.

        Raises:
            AssertionError: if there are fewer after a minute.
        """
        counted = [-2, -1]

        def all_there() -> bool:
            time.sleep(1)
            counted.append(len(self.said(chat)))
            return counted[-1] >= fewest and counted[-1] == counted[-2]

        self.until(all_there)
        return [message["text"] for message in self.said(chat)]

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds.

        Raises:
            AssertionError: if it does not within a minute.
        """
        give_up = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < give_up
            time.sleep(0.1)

    def _do(self, **what: Any) -> Any:
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer
        return answer["result"]
