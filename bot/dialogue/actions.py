"""Runs the actions of `actions/` inside the agent's own process, without HTTP."""

from __future__ import annotations

import logging
from typing import Any

from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor

logger = logging.getLogger(__name__)

ACTIONS_PACKAGE = "actions"

CRASH_RESPONSE = "utter_action_failed"
"""Said, with the help card, when an action fails."""


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
                "events": [],
                "responses": [{"response": CRASH_RESPONSE}, {"response": "utter_help_card"}],
            }
