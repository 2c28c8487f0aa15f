"""How soon somebody at risk has the numbers while fifty people write.

    .venv/bin/python -m benchmarks.crisis

starts the program on a free port. Fifty people open a conversation over HTTP and write, one
message in three of risk (`tests/risk_phrases.py`): first with a pause of reading and typing between
messages, then without any pause, so that fifty answers are always awaited at once. A turn of risk
whose first bubble lacks a number is counted.
"""

from __future__ import annotations

import asyncio

from benchmarks.crowd import asked_for, crowd, in_order, measured_program, print_row, processor
from tests.risk_phrases import EVERY_PHRASE

NUMBERS = ("999", "111", "116 123")

ONE_IN = 3
"""Messages of which one is of risk."""


def main() -> None:
    """Measure, and print a table."""
    chosen = asked_for(__doc__ or "")
    with measured_program() as (program, address):
        for pause in (chosen.pause, 0.0):
            before = processor(program.process.pid)
            answers = asyncio.run(crowd(address, chosen.people, chosen.messages, pause, _words))
            used = (processor(program.process.pid) - before) / len(answers)
            risk = [answer for answer in answers if answer.text in EVERY_PHRASE]
            other = [answer for answer in answers if answer.text not in EVERY_PHRASE]
            without = sum(not all(n in answer.first for n in NUMBERS) for answer in risk)
            told = f"a pause of about {pause:g} s" if pause else "no pause"
            people = f"{chosen.people} people, {told}"
            print_row(f"{people}: risk, {without} without the numbers", [a.seconds for a in risk])
            each = f"{1000 * used:.0f} ms of one core each"
            print_row(f"{people}: anything else; {each}", [a.seconds for a in other])


def _words(number: int, turn: int) -> str:
    if (number + turn) % ONE_IN:
        return in_order(number, turn)
    return EVERY_PHRASE[(7 * number + turn) % len(EVERY_PHRASE)]


if __name__ == "__main__":
    main()
