"""Deaneries of which it is known how many trainees each group has."""

from contextlib import contextmanager
from pathlib import Path

from bot.trends import groups as module
from bot.trends.vocabulary import every_mark, facets

KNOWN = """
grade:
  foundation: {trainees: 600, values: [f1, f2]}
  core_or_early: {trainees: 500, values: [sho, core_trainee, gp_trainee]}
  higher: {trainees: 700, values: [specialty_trainee, registrar]}
specialty:
  medicine: {trainees: 640, values: [acute_medicine, general_medicine, cardiology, geriatrics]}
  surgery: {trainees: 300, values: [general_surgery, trauma_orthopaedics, urology]}
  general_practice: {trainees: 420, values: [general_practice]}
"""
"""A `trends.yml` with grades and specialties, all of them large enough to be counted."""


@contextmanager
def population(path: Path, text: str = KNOWN):
    """Let what may be counted be what `text`, written to `path`, says."""
    path.write_text(text, encoding="utf-8")
    before = module.TRENDS
    try:
        _read_from(path)
        yield
    finally:
        _read_from(before)


def _read_from(path: Path) -> None:
    module.TRENDS = path
    for cached in (module.groups, facets, every_mark):
        cached.cache_clear()
