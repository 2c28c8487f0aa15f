"""Runs the actions of `actions/` inside the agent's own process, without HTTP."""

from __future__ import annotations

import logging
from typing import Any

from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import ActionExecutor

logger = logging.getLogger(__name__)

ACTIONS_PACKAGE = "actions"

HELP_CARD, CRASH_RESPONSE = "utter_help_card", "utter_action_failed"
"""Said when an action fails: the numbers first, as nobody knows what the action had to answer."""

CRISIS = "action_crisis"

AFTER_A_CRASHED_CRISIS = {"crisis": "asked", "crisis_question": "safe", "asked": "open"}
"""Slots after the crisis action failed: it goes on all the same, and a bare no means danger."""


def _unchecked(*_: Any) -> bool:
    """Take an action's result as it is: it comes from this process, not over a network."""
    return True


RemoteAction._validate_action_result = _unchecked  # Rasa's check takes a third of a turn


class InProcessActions(EndpointConfig):
    """An action endpoint that calls `rasa_sdk`'s executor directly.

    An action that fails is answered with a plain sentence and the help card; only the
    action's name and the kind of error are logged, never a message or a traceback with
    somebody's words in it.
    """

    def __init__(self) -> None:
        """Register every action of the package `actions`."""
        super().__init__(url="in-process")
        self._executor = ActionExecutor()
        self._executor.register_package(ACTIONS_PACKAGE)

    @property
    def actions(self) -> dict[str, Any]:
        """The registered actions, by name."""
        return self._executor.actions

    async def request(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Run the action that `json` names and return its events and responses."""
        call = kwargs["json"]
        try:
            return await self._executor.run(call)
        except Exception as error:  # an action must never leave somebody without an answer
            logger.error(
                "action failed: name=%s error=%s", call.get("next_action"), type(error).__name__
            )
            return {
                "events": _events_after_crash(str(call.get("next_action"))),
                "responses": [{"response": HELP_CARD}, {"response": CRASH_RESPONSE}],
            }


def _events_after_crash(action: str) -> list[EventType]:
    if action != CRISIS:
        return []
    return [SlotSet(name, value) for name, value in AFTER_A_CRASHED_CRISIS.items()]
