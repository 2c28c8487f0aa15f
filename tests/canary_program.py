"""The program, with parts that fail, hang, or stop on request, and a clock that can be put on.

`fail-` and the name of a part, in a message, makes that part raise an error made of the message.
`hang-` makes the action wait for ever. SIGUSR1 puts the clock on by an hour and a bit.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import signal
import time

real, ahead = time.monotonic, [0.0]
time.monotonic = lambda: real() + ahead[0]
signal.signal(signal.SIGUSR1, lambda *_: ahead.__setitem__(0, ahead[0] + 3_700))

from bot.environment import prepare  # noqa: E402  (the clock comes first)

prepare()

from bot.privacy import lifetimes  # noqa: E402

lifetimes.SWEEP_SECONDS = 1

from rasa.core.policies.rule_policy import RulePolicy  # noqa: E402
from rasa.nlu.classifiers.fallback_classifier import FallbackClassifier  # noqa: E402

from actions.safety import ActionCrisis  # noqa: E402
from actions.talk import ActionReplyToTalk  # noqa: E402
from bot import cli  # noqa: E402
from bot.channels import conversation, telegram_answers, web  # noqa: E402
from bot.dialogue.safety import SafetyPolicy  # noqa: E402
from bot.dialogue.state import EphemeralTrackerStore  # noqa: E402
from bot.dialogue.wording import Wording  # noqa: E402
from bot.nlu.embeddings import SentenceEmbeddings  # noqa: E402
from bot.nlu.intents import IntentClassifier  # noqa: E402
from bot.nlu.language import SpacyLanguage  # noqa: E402
from bot.nlu.risk import RiskDetector  # noqa: E402
from bot.nlu.signals import SignalClassifier  # noqa: E402

conversation.TURN_SECONDS = 5

FAILING = {
    SpacyLanguage: ("process", lambda given: given["messages"][0].get("text")),
    SentenceEmbeddings: ("process", lambda given: given["messages"][0].get("text")),
    IntentClassifier: ("process", lambda given: given["messages"][0].get("text")),
    FallbackClassifier: ("process", lambda given: given["messages"][0].get("text")),
    SignalClassifier: ("process", lambda given: given["messages"][0].get("text")),
    RiskDetector: ("process", lambda given: given["messages"][0].get("text")),
    SafetyPolicy: (
        "predict_action_probabilities",
        lambda given: given["tracker"].latest_message.text,
    ),
    RulePolicy: (
        "predict_action_probabilities",
        lambda given: given["tracker"].latest_message.text,
    ),
    ActionReplyToTalk: ("run", lambda given: given["tracker"].latest_message["text"]),
    ActionCrisis: ("run", lambda given: given["tracker"].latest_message["text"]),
    Wording: ("generate", lambda given: given["tracker"].latest_message.text),
    EphemeralTrackerStore: ("save", lambda given: given["tracker"].latest_message.text),
}
"""A part, its method, and where among the arguments the message is."""


def failing(part, method, words_in):
    """Let a method of a part fail when a message asks for it."""
    right = getattr(part, method)

    def check(*arguments, **named):
        given = inspect.signature(right).bind(*arguments, **named).arguments
        words = words_in(given) or ""
        if f"fail-{part.__name__}" in words:
            raise RuntimeError(words)
        return words

    if asyncio.iscoroutinefunction(right):

        async def wrapped(self, *arguments, **named):
            if "hang-" in check(self, *arguments, **named) and part is ActionReplyToTalk:
                await asyncio.Event().wait()
            return await right(self, *arguments, **named)
    else:

        def wrapped(self, *arguments, **named):
            check(self, *arguments, **named)
            return right(self, *arguments, **named)

    setattr(part, method, functools.wraps(right)(wrapped))  # rasa_sdk looks at the arguments


for part, (method, words_in) in FAILING.items():
    failing(part, method, words_in)


def failing_channel(module):
    """Let a channel fail when a message asks for it."""
    right = module.ask_agent

    async def ask(*arguments, **said):
        if "fail-channel" in (said.get("text") or ""):
            raise KeyError(said["text"])
        return await right(*arguments, **said)

    module.ask_agent = ask


failing_channel(web)
failing_channel(telegram_answers)

if __name__ == "__main__":
    cli.main(["run"])
