"""What is done with each kind of update from Telegram."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Any

from rasa.core.agent import Agent
from telegram import Bot, CallbackQuery, Chat, ChatMemberUpdated, Message, Update
from telegram.constants import ChatMemberStatus, ChatType

from bot.channels.confidant import Confidant
from bot.channels.conversation import (
    BEGAN_AGAIN,
    FORGOTTEN,
    OPEN,
    SHARED_TOO_MUCH,
    Bubble,
    as_label,
    as_text,
    ask_agent,
    fallback_bubbles,
    labels_of,
)
from bot.channels.fixed import fixed
from bot.channels.telegram_chats import Chats
from bot.channels.telegram_forgetting import Deletions, Outcome
from bot.channels.telegram_intake import FINISH_SECONDS
from bot.channels.telegram_sending import BlockedError, GivenUpError, Sender
from bot.channels.telling import Telling, tells
from bot.content import responses
from bot.deanery import CRISIS_LINES, deaneries, signposts
from bot.dialogue.context import danger_was_near
from bot.dialogue.help_intents import HELP_INTENTS
from bot.dialogue.in_confidence import in_confidence, receipts_in_use, withdraw
from bot.dialogue.referral import unsent
from bot.privacy.identifiers import looks_identifying
from bot.privacy.lifetimes import (
    DELETABLE_SECONDS,
    HOUR,
    KEY_LIFE_SECONDS,
    LIFE_SECONDS,
    MINUTE,
    NUMBERS_SECONDS,
    WORDS_SECONDS,
)
from bot.privacy.message_numbers import UNKNOWN, MessageNumbers
from bot.privacy.pseudonyms import Pseudonyms
from bot.referrals.receipts import read_receipt, without_receipts
from bot.referrals.weeks import LIFE_DAYS
from bot.trends.windows import MOST_MONTHS

logger = logging.getLogger(__name__)

CHANNEL = "telegram"

COMMANDS = ("start", "help", "psu", "privacy", "forget", "stop")
"""Commands in the order of the menu; `utter_telegram_menu_` and the name describes each."""

RECEIPT = "receipt"
"""A command more, where a unit takes sealed tickets."""

KEPT = "/receipt_kept"
"""Payload by which somebody says that they have kept their receipt."""

HELP = {f"/{intent}" for intent in HELP_INTENTS}
"""Payloads of the buttons by which somebody asks for help now."""

PAYLOADS = {"psu": "/ask_what_is_psu", "stop": "/goodbye", RECEIPT: "/have_receipt"}
"""Commands that the agent answers, as a button of its own would be."""

NUMBERS_STAY = "utter_forgotten_numbers"
"""The response that keeps the numbers there when somebody is forgotten after danger."""

SHOWN, INCOMPLETE = "utter_referral_sent_receipt", "utter_receipt_incomplete"
"""The response that shows a new receipt, and the one to a receipt with a digit too few or many."""

MOST_WAITING = 20
"""Messages of one person that may wait; of those before them only the risk is looked at."""

TURNS_AT_ONCE = 8
"""Turns of the agent that run at once; the others wait, as there is one processor for all."""

SLOW_SECONDS = 3
"""Seconds of deleting after which somebody is told that it goes on, and can write on meanwhile."""

WHEREABOUTS = ("location", "venue", "contact")
"""Kinds of messages that tell where or who somebody is."""


class Answers:
    """Answers updates; the agent sees pseudonyms, text and payloads, and nothing else."""

    def __init__(
        self,
        bot: Bot,
        agent: Callable[[], Agent],
        clock: Callable[[], float],
    ) -> None:
        """Take the bot, what gives the agent, and a clock that gives seconds."""
        self._bot = bot
        self._agent = agent
        self._sender = Sender(bot)
        self._turns = asyncio.Semaphore(TURNS_AT_ONCE)
        self._pseudonyms = Pseudonyms(clock)
        self._chats = Chats(clock)
        self._numbers = MessageNumbers(clock)
        self._deletions = Deletions(self._sender, self._numbers)

    def sweep(self) -> None:
        """Delete what has reached its end."""
        self._pseudonyms.sweep()
        self._chats.sweep()
        self._numbers.sweep()

    async def finish(self) -> None:
        """Wait a little for what is being deleted, before a stop; give up what only decorates."""
        await self._deletions.finish(FINISH_SECONDS)
        await self._sender.finish()

    async def prepare(self) -> None:
        """Set what Telegram shows by itself, also while this program is down.

        The menu of commands and both descriptions hold the numbers, and tell no reason to others.
        """
        lines = {key: signposts()[key].value for key in CRISIS_LINES}
        commands = [
            (name, fixed(f"utter_telegram_menu_{name}", **lines)) for name in commands_now()
        ]
        described = fixed("utter_telegram_description", **lines)
        in_short = fixed("utter_telegram_short_description", **lines)
        await self._sender.try_once(self._bot.set_my_commands(commands))
        await self._sender.try_once(self._bot.set_my_description(described))
        await self._sender.try_once(self._bot.set_my_short_description(in_short))

    async def answer(self, update: Update, waiting: int = 0, parts: Sequence[Update] = ()) -> None:
        """Answer an update; `waiting` says how many more of the same person wait.

        `parts` are the rest of a text that Telegram cut into several messages.
        """
        chat = update.effective_chat
        private = chat.id if chat is not None and chat.type == ChatType.PRIVATE else None
        async with self._leaving_nobody_in_silence(private):
            if chat is not None and private is None:
                await self._leave(chat, update)
            elif update.my_chat_member is not None:
                await self._membership(update.my_chat_member)
            elif update.callback_query is not None:
                await self._press(update.callback_query)
            elif update.edited_message is not None:
                await self._edited(update.edited_message)
            elif update.message is not None:
                rest = [part.message for part in parts if part.message is not None]
                await self._message(update.message, waiting, rest)

    @asynccontextmanager
    async def _leaving_nobody_in_silence(self, chat: int | None) -> AsyncIterator[None]:
        """Whatever fails within, tell the private chat, unless it does not want to hear from us."""
        try:
            yield
        except BlockedError:
            logger.info("telegram chat is gone")
            if chat is not None:
                await self._wipe(chat)
                self._numbers.forget(chat)
        except GivenUpError:
            pass  # it was logged, and there is no other way to reach them
        except Exception as error:  # a store that is away, say
            logger.error("telegram update failed: error=%s", type(error).__name__)
            if chat is not None:
                with suppress(BlockedError, GivenUpError):
                    await self._send(chat, fallback_bubbles())

    async def _message(self, message: Message, waiting: int, parts: Sequence[Message] = ()) -> None:
        numbers = {each.message_id for each in (message, *parts)}
        for number in sorted(numbers):
            self._numbers.note(message.chat.id, number)
        words = message.text or message.caption
        if parts:
            words = "\n".join(each.text or "" for each in (message, *parts))
        if not (words and receipts_in_use() and read_receipt(words)):
            await self._answer_message(message, words, waiting)
            return
        stays = await self._delete_receipts(message.chat.id, numbers)
        await self._answer_message(message, words, waiting)
        await self._say_what_stays(message.chat.id, stays)

    async def _answer_message(self, message: Message, words: str | None, waiting: int) -> None:
        chat = message.chat.id
        if message.forward_origin is not None:
            await self._fixed_unless_risk(chat, words, "utter_telegram_forwarded")
        elif message.text is None:
            await self._not_text(message)
        elif command := command_in(message.text, commands_now()):
            await self._command(message, *command)
        elif waiting >= MOST_WAITING:
            await self._too_fast(chat, words or "")
        else:
            self._chat(chat).told_too_fast = False
            await self._typed(chat, message.message_id, words or "")

    async def _typed(self, chat: int, number: int, text: str) -> None:
        """Hold a turn about what was typed; a receipt with a slip in it does not stay either."""
        if self._chat(chat).labels.get(as_label(text)) == KEPT:
            await self._kept(chat)
            return
        if INCOMPLETE in await self._turn(chat, text=text, continues=True):
            await self._say_what_stays(chat, {number})

    async def _kept(self, chat: int) -> None:
        """Take the bubble with the receipt out of the chat, as it is kept elsewhere now."""
        remembered = self._chat(chat)
        shown_in, remembered.receipts = remembered.receipts, set()
        stays = await self._delete_receipts(chat, shown_in)
        await self._turn(chat, payload=KEPT)
        await self._say_what_stays(chat, stays)

    async def _command(self, message: Message, name: str, argument: str) -> None:
        chat = message.chat.id
        if name == "start":
            await self._start(chat, argument)
        elif name == "help":
            await self._say(chat, "utter_help_card", "utter_telegram_help_more")
        elif name == "privacy":
            await self._say(
                chat,
                "utter_privacy_kept",
                "utter_privacy_counted",
                "utter_privacy_telegram",
                *(("utter_privacy_referrals",) if receipts_in_use() else ()),
                "utter_privacy_limits",
                minutes=LIFE_SECONDS // MINUTE,
                words_minutes=WORDS_SECONDS // MINUTE,
                key_hours=KEY_LIFE_SECONDS // HOUR,
                months=MOST_MONTHS,
                ticket_days=LIFE_DAYS,
                kept_hours=NUMBERS_SECONDS // HOUR,
            )
        elif name == "forget":
            await self._forget(chat)
        elif name == RECEIPT and argument:
            await self._typed(chat, message.message_id, f"{RECEIPT} {argument}")
        else:
            await self._turn(chat, payload=PAYLOADS[name])
            if name == "stop":
                await self._wipe(chat)
                await self._say(chat, "utter_telegram_stopped")

    async def _start(self, chat: int, argument: str) -> None:
        """Open the conversation; a link that names a deanery begins a new one about it."""
        known = argument in deaneries()
        if known:
            await self._wipe(chat)
        await self._turn(chat, payload=OPEN, deanery=argument if known else None)

    async def _press(self, query: CallbackQuery) -> None:
        self._sender.decorate(self._bot.answer_callback_query(query.id))
        # In a private chat, and buttons are in no other, its id is the person's.
        chat = query.from_user.id if query.message is None else query.message.chat.id
        payload = self._chat(chat).buttons.get(query.data or "")
        if payload is None:
            await self._press_of_old(chat, query)
        elif payload == KEPT:
            await self._kept(chat)
        else:
            await self._turn(chat, payload=payload)

    async def _press_of_old(self, chat: int, query: CallbackQuery) -> None:
        """Answer a press on a button that is known no more, as after a restart or an hour.

        Of what it said only one thing counts still: that somebody needs help now.
        """
        if query.message is not None:
            self._sender.decorate(self._without_keyboard(chat, query.message.message_id))
        if as_label(pressed_label(query)) in help_labels():
            await self._say(chat, "utter_help_card", "utter_telegram_help_more")
        elif receipts_in_use() and read_receipt(getattr(query.message, "text", None) or ""):
            await self._say(chat, "utter_telegram_receipt_yours")
        else:
            await self._say(chat, "utter_telegram_stale_button", **numbers_for_all())
        if await self._agent().tracker_store.retrieve(self._name(chat)) is None:
            await self._say(chat, BEGAN_AGAIN, minutes=LIFE_SECONDS // MINUTE)

    async def _edited(self, message: Message) -> None:
        if message.text and receipts_in_use() and read_receipt(message.text):
            await self._message(message, 0)
            return
        await self._fixed_unless_risk(
            message.chat.id, message.text or message.caption, "utter_telegram_edited"
        )

    async def _not_text(self, message: Message) -> None:
        chat = message.chat.id
        remembered = self._chat(chat)
        same_album = message.media_group_id and message.media_group_id == remembered.album
        remembered.album = message.media_group_id
        if not message.caption and (same_album or not has_content(message)):
            return
        whereabouts = any(getattr(message, kind) is not None for kind in WHEREABOUTS)
        name = "utter_telegram_whereabouts" if whereabouts else "utter_telegram_not_text"
        await self._fixed_unless_risk(chat, message.caption, name)

    async def _too_fast(self, chat: int, text: str) -> None:
        """Look for risk in a message that will not be answered, and say so once."""
        remembered = self._chat(chat)
        if await self._risk(text):
            await self._turn(chat, text=text, continues=True)
        elif not remembered.told_too_fast:
            remembered.told_too_fast = True
            await self._say(chat, "utter_telegram_too_fast")

    async def _delete_receipts(self, chat: int, numbers: set[int]) -> set[int]:
        """Delete messages that show a receipt, and return those that Telegram kept."""
        stays = set()
        for number in sorted(numbers):
            if number != UNKNOWN and await self._sender.try_once(
                self._bot.delete_message(chat, number)
            ):
                self._numbers.let_go(chat, {number})
            else:
                stays.add(number)
        return stays

    async def _say_what_stays(self, chat: int, numbers: set[int]) -> None:
        """Try once more, and say so if a receipt is still to be seen in the chat."""
        if await self._delete_receipts(chat, numbers):
            await self._say(chat, "utter_telegram_receipt_stays")

    async def _fixed_unless_risk(self, chat: int, words: str | None, name: str) -> None:
        """Give a fixed answer; words with risk in them are answered as if they had been typed."""
        if words and await self._risk(words):
            await self._turn(chat, text=words, continues=True)  # which notes what was shared
            return
        shared = (SHARED_TOO_MUCH,) if words and looks_identifying(words) else ()
        await self._say(chat, *shared, name)

    async def _risk(self, words: str) -> bool:
        """Whether the words speak of a risk to life, or could not be looked through."""
        try:
            words = without_receipts(words) if receipts_in_use() else words
            data = await self._agent().parse_message(as_text(words))
        except Exception as error:  # then the agent, or the help card, answers
            logger.error("risk not read: error=%s", type(error).__name__)
            return True
        return data.get("risk") not in (None, "none")

    async def _turn(self, chat: int, **said: Any) -> set[str]:
        """Hold one turn with the agent and send what it says; return the responses' names."""
        if "text" in said:
            said["labels"] = self._chat(chat).labels
        self._use_up_keyboard(chat)
        async with self._sender.typing(chat), self._turns:  # a turn that waits has its time still
            try:
                bubbles = await ask_agent(
                    self._handle,
                    self._name(chat),
                    CHANNEL,
                    confidant=Confidant(self._agent()),
                    **said,
                )
            except (
                Exception
            ) as error:  # on this side of the agent; nobody is left without an answer
                logger.error("telegram turn failed: error=%s", type(error).__name__)
                bubbles = fallback_bubbles()
        names = {name for bubble in bubbles for name in bubble.said}
        if FORGOTTEN in names:
            await self._forget(chat, danger=NUMBERS_STAY in names)
        else:
            await self._send(chat, bubbles)
        return names

    async def _handle(self, message: Any) -> None:
        await self._agent().handle_message(message)

    async def _send(self, chat: int, bubbles: list[Bubble]) -> None:
        if not any(tells(bubble.said) for bubble in bubbles):
            await self._send_each(chat, bubbles)
            return
        async with Telling(self._agent(), self._name(chat)) as telling:
            await self._send_each(chat, bubbles, telling.went)

    async def _send_each(
        self,
        chat: int,
        bubbles: list[Bubble],
        went: Callable[[Sequence[str]], None] = lambda said: None,
    ) -> None:
        """Send bubbles; the names of the responses of each that Telegram took go to `went`."""
        for bubble in bubbles:
            try:
                numbers = await self._sender.say(chat, bubble.text, bubble.buttons)
            except GivenUpError as error:
                if error.may_have_arrived:
                    self._numbers.note(chat, UNKNOWN)
                continue
            went(bubble.said)
            for number in numbers:
                self._numbers.note(chat, number)
            if SHOWN in bubble.said:
                self._chat(chat).receipts.update(numbers)
            if bubble.buttons:
                remembered = self._chat(chat)
                remembered.buttons.update({b.id: b.payload for b in bubble.buttons})
                remembered.labels.update(labels_of([bubble]))
                remembered.keyboard = numbers[-1]

    async def _say(self, chat: int, *names: str, **values: object) -> None:
        await self._send(chat, [Bubble(fixed(name, **values)) for name in names])

    def _use_up_keyboard(self, chat: int) -> None:
        """Let no button of an earlier message be pressed any more, and remove the keyboard."""
        remembered = self._chat(chat)
        if remembered.keyboard is not None:
            self._sender.decorate(self._without_keyboard(chat, remembered.keyboard))
        remembered.buttons, remembered.labels, remembered.keyboard = {}, {}, None

    async def _without_keyboard(self, chat: int, number: int) -> None:
        await self._bot.edit_message_reply_markup(chat, number, reply_markup=None)

    async def _forget(self, chat: int, danger: bool = False) -> None:
        """Wipe what is held, delete what Telegram lets us, and say exactly what was not.

        The numbers are said first if the conversation shows that danger was near, or `danger`
        says so, as the agent has forgotten it already. What takes long to delete is deleted
        beside what they write next, which may be that they want to die.
        """
        name = self._name(chat)
        unsent_too, danger_too = await self._wipe(chat)
        self._agent().tracker_store.event_broker.forget(name)
        first = [NUMBERS_STAY] if danger or danger_too else []
        last = ["utter_forgotten_unsent"] if unsent_too else []
        deleting = self._deletions.begin(chat)
        async with self._sender.typing(chat):
            await asyncio.wait([deleting], timeout=SLOW_SECONDS)
        if not deleting.done():
            await self._say_together(chat, [*first, "utter_telegram_deleting"])
            self._deletions.beside(self._tell_later(chat, deleting, last))
            return
        first.append("utter_telegram_forgotten")
        await self._tell_deleted(chat, first, deleting.result(), last)

    async def _tell_later(
        self, chat: int, deleting: asyncio.Task[Outcome], last: Sequence[str]
    ) -> None:
        async with self._leaving_nobody_in_silence(chat):
            await self._tell_deleted(chat, [], await deleting, last)

    async def _tell_deleted(
        self, chat: int, first: Sequence[str], outcome: Outcome, last: Sequence[str]
    ) -> None:
        """Say exactly what was deleted and what was not, between `first` and `last`."""
        names = [*first]
        if outcome.deleted:
            names.append("utter_telegram_deleted")
        if outcome.refused:
            names.append("utter_telegram_refused")
        if outcome.unreached:
            names.append("utter_telegram_unreached")
        if outcome.doubled:
            names.append("utter_telegram_doubled")
        if self._numbers.some_dropped():
            names.append("utter_telegram_some_dropped")
        restarted = self._numbers.restarted()
        names.append("utter_telegram_since_restart" if restarted else "utter_telegram_older")
        names.extend(last)
        if receipts_in_use():
            names.append("utter_forgotten_not_referral")
        await self._say_together(
            chat,
            names,
            deleted=outcome.deleted,
            refused=outcome.refused,
            unreached=outcome.unreached,
            hours=DELETABLE_SECONDS // HOUR,
        )

    async def _say_together(self, chat: int, names: Sequence[str], **values: object) -> None:
        """Say responses in one bubble."""
        values = {**numbers_for_all(), **values}
        said = " ".join(fixed(name, **values) for name in names)
        await self._send(chat, [Bubble(said)])

    async def _wipe(self, chat: int) -> tuple[bool, bool]:
        """Delete everything held about the chat's conversation.

        Return whether something for a unit was among it, unsent, and whether danger was near in it.
        """
        name = self._name(chat)
        store = self._agent().tracker_store
        try:
            tracker = await store.retrieve(name)
            slots = tracker.current_slot_values() if tracker is not None else {}
            await store.delete(name)
            if draft := slots.get("referral_draft"):
                await withdraw(name, str(draft))
        finally:  # what lies in memory goes, whether or not the store can be reached
            in_confidence().let_go(name)
            self._chats.drop(name)
        self._pseudonyms.forget(name)
        return unsent(slots) is not None, danger_was_near(slots)

    async def _membership(self, change: ChatMemberUpdated) -> None:
        """Wipe the conversation of somebody who blocks the bot."""
        if change.new_chat_member.status in (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT):
            await self._wipe(change.chat.id)
            self._numbers.forget(change.chat.id)

    async def _leave(self, chat: Chat, update: Update) -> None:
        """Say in a group why not, and leave it; nothing of it is read."""
        gone = (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT)
        change = update.my_chat_member
        if change is not None and change.new_chat_member.status in gone:
            return
        if chat.type != ChatType.CHANNEL:
            text = fixed("utter_telegram_private_only")
            await self._sender.try_once(
                self._bot.send_message(chat.id, text, disable_notification=True)
            )
        try:
            await self._sender.insist(lambda: self._bot.leave_chat(chat.id))
        except (BlockedError, GivenUpError):
            logger.info("telegram group was left already")

    def _name(self, chat: int) -> str:
        return self._pseudonyms.of(CHANNEL, str(chat))

    def _chat(self, chat: int) -> Any:
        return self._chats.of(self._name(chat))


def numbers_for_all() -> dict[str, str]:
    """Return the variables of a sentence with the numbers that serve every nation."""
    emergency, *_, listening = (signposts()[key] for key in CRISIS_LINES)
    return {"emergency": emergency.value, "listening": f"{listening.value}: {listening.name}"}


@cache
def help_labels() -> frozenset[str]:
    """Return the labels, as they are compared, of our own buttons that ask for help now."""
    return frozenset(
        as_label(button["title"])
        for names in responses().values()
        for variants in names.values()
        for variant in variants
        for button in variant.get("buttons") or ()
        if button["payload"] in HELP
    )


def pressed_label(query: CallbackQuery) -> str:
    """Return what Telegram says was on the button that was pressed; empty if it does not say."""
    keyboard = getattr(query.message, "reply_markup", None)
    buttons = [button for row in keyboard.inline_keyboard for button in row] if keyboard else []
    return next((b.text for b in buttons if b.callback_data == query.data), "")


def commands_now() -> tuple[str, ...]:
    """Return the commands that there are, in the order of the menu."""
    return (*COMMANDS, RECEIPT) if receipts_in_use() else COMMANDS


def command_in(text: str, commands: tuple[str, ...] = COMMANDS) -> tuple[str, str] | None:
    """Return the command that `text` is and what follows it; None if it is none of ours."""
    match = re.match(r"/([a-z]+)(?:@\w+)?(?:\s+(.*))?$", text.strip(), re.IGNORECASE | re.DOTALL)
    if match is None or match.group(1).lower() not in commands:
        return None
    return match.group(1).lower(), (match.group(2) or "").strip()


def has_content(message: Message) -> bool:
    """Whether somebody sent something, and it is not a note by Telegram that something changed."""
    return message.effective_attachment is not None or bool(message.api_kwargs)


Answer = Callable[[Update, int], Awaitable[None]]
