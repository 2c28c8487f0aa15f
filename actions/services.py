"""The services that are named for a harm or a need, in the nation that is known."""

from __future__ import annotations

from datetime import date

from rasa_sdk import Tracker

from actions.local_facts import chosen_deanery
from bot.deanery import signposts
from bot.nlu.routes import routes

MOST_LINES = 3
"""Services named at once."""


def service_lines(tracker: Tracker, route: str) -> str:
    """Return the services that may be shown for a route in the nation that is known."""
    deanery = chosen_deanery(tracker)
    register = signposts()
    services = [register[key] for key in routes()[route].signposts]
    shown = [
        service
        for service in services
        if service.shown(date.today()) and (deanery is None or deanery.nation in service.nations)
    ]
    return "\n".join(f"{service.name}: {service.value}" for service in shown[:MOST_LINES])
