"""What in a message looks as if it could tell who somebody is: addresses and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")

_PHONE = re.compile(
    r"(?<![\d.])(?:(?:\+|00)44[\s-]?(?:\(0\)[\s-]?)?|\(?0(?=\d))"  # the country, or a leading 0
    r"(?:[\s()-]{0,2}\d){9,10}(?![\d.]?\d)"
)

_DOTTED = re.compile(r"(?<![\d.])(?:\+44\.?|0)\d{2,4}(?:\.\d{3,6}){1,2}(?!\.?\d)")
"""A phone number with dots between groups; of dates and doses the groups are shorter."""

_ABROAD = re.compile(r"(?<![\d.+])\+(?!44)[1-9](?:[\s().-]{0,2}\d){8,13}(?![\d.]?\d)")

_PERSONAL = "127"
"""What a number that may be somebody's own begins with; helplines' begin with 3 or 8."""

_NUMBER = r"\b(?:no|num|number|ref|reference|registration|reg|id)\b"

_GMC = re.compile(
    rf"\bgmc\b(?:[\s#:.-]|{_NUMBER}(?:['’]s\b)?|\b(?:is|my)\b){{0,8}}\s*\d{{7}}(?!\d)"
    r"|(?<![\d.,£])\d{7}(?:[\s,:(-]|['’]s\b|\b(?:is|was|my|the)\b){1,8}gmc\b"  # the number first
    rf"(?:\s*{_NUMBER}|\s*[).,!]|\s*$)",
    re.IGNORECASE,
)

_NHS = re.compile(r"(?<!\d\.)(?<![\d+])(\d{3})[ .-]?(\d{3})[ .-]?(\d{4})(?!\d)")

_NI = re.compile(
    r"(?<![A-Za-z0-9])(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r"\s?\d{2}\s?\d{2}\s?\d{2}\s?[A-D](?![A-Za-z0-9])",
    re.IGNORECASE,
)

_MOST_READ = 20_000
"""Characters that are looked at."""


def looks_identifying(text: str) -> bool:
    """Whether `text` seems to hold an e-mail address or a number that belongs to one person."""
    text = text[:_MOST_READ]
    return any(found(text) for found in KINDS.values())


def _email(text: str) -> bool:
    return bool(_EMAIL.search(text))


def _phone(text: str) -> bool:
    for match in (*_PHONE.finditer(text), *_DOTTED.finditer(text)):
        digits = re.sub(r"\D", "", match.group().replace("(0)", ""))
        national = re.sub(r"^(0044|44|0)", "", digits)
        if len(national) in (9, 10) and national.startswith(tuple(_PERSONAL)):
            return True
    return bool(_ABROAD.search(text))


def _gmc(text: str) -> bool:
    return bool(_GMC.search(text))


def _nhs(text: str) -> bool:
    return any(_is_nhs_number("".join(match.groups())) for match in _NHS.finditer(text))


def _is_nhs_number(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (NHS Data Dictionary, modulus 11)."""
    if len(set(digits)) == 1:
        return False
    total = sum(int(d) * weight for d, weight in zip(digits, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11 == int(digits[9])


def _ni(text: str) -> bool:
    return bool(_NI.search(text))


KINDS: dict[str, Callable[[str], bool]] = {
    "e-mail": _email,
    "phone": _phone,
    "gmc": _gmc,
    "nhs": _nhs,
    "ni": _ni,
}
"""What is looked for."""
