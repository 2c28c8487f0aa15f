"""How long anything is kept, and how much of it: every number that `docs/privacy.md` states."""

from __future__ import annotations

MINUTE = 60
HOUR = 60 * MINUTE

LIFE_SECONDS = HOUR
"""A conversation ends this long after its last message."""

MOST_CONVERSATIONS = 20_000
"""Conversations held at once; beyond, the one unused longest is dropped."""

KEY_ROTATION_SECONDS = 12 * HOUR
"""A pseudonym key names new conversations for this long; then another takes its place."""

MOST_NAMES_A_DAY = 24 * HOUR // KEY_ROTATION_SECONDS + 1
"""Names that one person's conversations have in a calendar day, at most, without a restart."""

KEY_LIFE_SECONDS = 24 * HOUR
"""A pseudonym key is destroyed after this long, whatever conversation it still names."""

DELETABLE_SECONDS = 48 * HOUR
"""Telegram lets a bot delete a message of a private chat for this long after it was sent."""

NUMBERS_SECONDS = DELETABLE_SECONDS + HOUR
"""A message's number is held at most this long, as its time is known to the hour only."""

MOST_MESSAGE_NUMBERS = 200_000
"""Message numbers held for /forget; beyond, those of the oldest hour are dropped."""

SWEEP_SECONDS = MINUTE
"""What has reached its end is deleted at most this much later, even if nobody writes."""

WORDS_SECONDS = 30 * MINUTE
"""spaCy's own table of words met is thrown away this long after it met the first."""
