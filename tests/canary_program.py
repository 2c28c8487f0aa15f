"""The program, with parts that fail, hang, or stop on request, and a clock that can be put on.

`fail-` and the name of a part, in a message, makes that part raise an error made of the message.
What has no message among its arguments fails, once, while one that names it is answered. Each
failure is told on standard output. `hang-` makes the action wait for ever. SIGUSR1 puts the clock
on by an hour and a bit. SIGUSR2 logs at the next level below, in the end at DEBUG, at which the
program itself would not start. Every sweep is told on standard output.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import os
import signal
import time
from contextvars import ContextVar
from types import SimpleNamespace

real, ahead = time.monotonic, [0.0]
time.monotonic = lambda: real() + ahead[0]
signal.signal(signal.SIGUSR1, lambda *_: ahead.__setitem__(0, ahead[0] + 3_700))

from bot.environment import prepare  # noqa: E402  (the clock comes first)

prepare()

from bot.privacy.memory import overwrite_freed_memory  # noqa: E402

overwrite_freed_memory()  # as `sidedoor run` does, before what takes long to import

from bot.privacy import lifetimes  # noqa: E402

lifetimes.SWEEP_SECONDS = 1  # before those who take it are imported

from rasa.nlu.classifiers.fallback_classifier import FallbackClassifier  # noqa: E402

from actions.safety import ActionCrisis  # noqa: E402
from actions.talk import ActionReplyToTalk  # noqa: E402
from bot import cli  # noqa: E402
from bot.channels import conversation, telegram_answers, web  # noqa: E402
from bot.channels.confidant import Confidant  # noqa: E402
from bot.channels.telegram_sending import Sender  # noqa: E402
from bot.dialogue.choices import FormAnswerPolicy  # noqa: E402
from bot.dialogue.in_confidence import InConfidence  # noqa: E402
from bot.dialogue.rules import IndexedRules  # noqa: E402
from bot.dialogue.safety import SafetyPolicy  # noqa: E402
from bot.dialogue.state import EphemeralTrackerStore  # noqa: E402
from bot.dialogue.wording import Wording  # noqa: E402
from bot.nlu.choices import ChoiceReader  # noqa: E402
from bot.nlu.crisis_signs import CrisisSigns  # noqa: E402
from bot.nlu.embeddings import SentenceEmbeddings  # noqa: E402
from bot.nlu.harms import HarmDetector  # noqa: E402
from bot.nlu.intents import IntentClassifier  # noqa: E402
from bot.nlu.language import SpacyLanguage  # noqa: E402
from bot.nlu.risk import RiskDetector  # noqa: E402
from bot.nlu.signals import SignalClassifier  # noqa: E402
from bot.privacy import pseudonyms, sweeping  # noqa: E402
from bot.privacy.logs import configure_logs  # noqa: E402
from bot.settings import LOG_LEVELS  # noqa: E402
from bot.trends.recorder import TrendsRecorder  # noqa: E402

conversation.TURN_SECONDS = 15

if "CANARY_KEY" in os.environ:  # the key of all pseudonyms, so that a test knows them
    known = bytes.fromhex(os.environ["CANARY_KEY"])
    pseudonyms.secrets = SimpleNamespace(token_bytes=lambda _: known)

RECOGNISING = (
    SpacyLanguage,
    ChoiceReader,
    SentenceEmbeddings,
    IntentClassifier,
    FallbackClassifier,
    SignalClassifier,
    RiskDetector,
    CrisisSigns,
    HarmDetector,
)

DECIDING = (SafetyPolicy, FormAnswerPolicy, IndexedRules)

ANSWERING: ContextVar[list[str]] = ContextVar("answering")
"""The message that is being answered, until it is, or until the part that it names has failed."""


def words_of_the_turn(_):
    """Return the message that is being answered, for a part that is not given it."""
    return "".join(ANSWERING.get([]))


FAILING = {
    **{part: ("process", lambda given: given["messages"][0].get("text")) for part in RECOGNISING},
    **{
        part: (
            "predict_action_probabilities",
            lambda given: given["tracker"].latest_message.text,
        )
        for part in DECIDING
    },
    ActionReplyToTalk: ("run", lambda given: given["tracker"].latest_message["text"]),
    ActionCrisis: ("run", lambda given: given["tracker"].latest_message["text"]),
    Wording: ("generate", lambda given: given["tracker"].latest_message.text),
    EphemeralTrackerStore: ("save", lambda given: given["tracker"].latest_message.text),
    TrendsRecorder: ("publish", words_of_the_turn),
    InConfidence: ("keep_opened", words_of_the_turn),
    Confidant: ("take", lambda given: given["text"]),
    Sender: ("say", words_of_the_turn),
}
"""A part, its method, and where among the arguments the message is."""


def failing(part, method, words_in):
    """Let a method of a part fail when a message asks for it."""
    right = getattr(part, method)

    def check(*arguments, **named):
        given = inspect.signature(right).bind(*arguments, **named).arguments
        words = words_in(given) or ""
        if f"fail-{part.__name__}" in words:
            ANSWERING.get([]).clear()
            print(f"failed: {part.__name__}", flush=True)
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
            print("failed: channel", flush=True)
            raise KeyError(said["text"])
        return await right(*arguments, **said)

    module.ask_agent = ask


def noting(right):
    """Note the message while it is answered.

    What is opened meanwhile, such as a connection, keeps the list for good: it is emptied.
    """

    async def wrapped(*arguments, **said):
        words = [said.get("text") or ""]
        ANSWERING.set(words)
        try:
            return await right(*arguments, **said)
        finally:
            words.clear()

    return wrapped


sweep_once = sweeping.sweep_once


def sweep_and_tell(sweeps):
    """Print a line for each time that everything was swept."""
    sweep_once(sweeps)
    print("swept", flush=True)


sweeping.sweep_once = sweep_and_tell

levels = iter([*reversed(LOG_LEVELS), "DEBUG"][1:])


def log_more(*_):
    """Log at the next level; for DEBUG every logger is lowered by hand."""
    level = next(levels)
    if level in LOG_LEVELS:
        configure_logs(level)
        return
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    for each in (*loggers, *logging.getLogger().handlers):
        each.setLevel(level)


signal.signal(signal.SIGUSR2, log_more)

failing_channel(web)
failing_channel(telegram_answers)
web.ask_agent = noting(web.ask_agent)
telegram_answers.Answers._turn = noting(telegram_answers.Answers._turn)

if __name__ == "__main__":
    cli.main(["run"])
