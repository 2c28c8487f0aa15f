"""What can go wrong with a referral, told apart by what the person can do about it."""

from __future__ import annotations


class ReferralError(RuntimeError):
    """The base of all of them; no message holds anything that a person typed."""


class DeskUnavailable(ReferralError):  # noqa: N818 - a state, in the dialogue's words
    """The database cannot be reached; nothing was sent and nothing was lost."""


class TooManyGuesses(ReferralError):  # noqa: N818
    """No receipt is tried now: too many were wrong, in this conversation or altogether."""


class NoKey(ReferralError):  # noqa: N818
    """The unit has no key that could seal or open this."""


class UnlockAgain(NoKey):
    """The unit's key was changed after it was unlocked; unlock it again."""


class DraftOutdated(ReferralError):  # noqa: N818
    """The unit changed its key after a part was sealed; that part has to be given again."""


class TextTooLong(ReferralError):  # noqa: N818
    """A text does not fit into the largest size class."""


class TicketGone(ReferralError):  # noqa: N818
    """The ticket ended meanwhile: by its sender, by time, or because its unit closed it."""


class TicketAltered(ReferralError):  # noqa: N818
    """A part of the ticket is not what its sender sealed; somebody changed the database."""


class AnsweredMeanwhile(ReferralError):  # noqa: N818
    """Something was added to the ticket since it was read; read it again before answering."""


class WrongPassphrase(ReferralError):  # noqa: N818
    """The passphrase, or the recovery code, does not open the unit's key."""
