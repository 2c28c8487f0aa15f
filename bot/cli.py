"""The command line `sidedoor`; heavy imports happen in the commands that need them."""

from __future__ import annotations

import asyncio
import sys
from typing import NoReturn

import click

from bot.deanery import DeaneryError, deaneries, signposts
from bot.environment import prepare
from bot.settings import Settings, SettingsError, settings


def _fail(message: object) -> NoReturn:
    """End with one clear line."""
    click.echo(f"sidedoor: {message}", err=True)
    sys.exit(2)


def _settings() -> Settings:
    """Return the settings, once the deanery files are known to be right too."""
    try:
        deaneries()
        signposts()
        return settings()
    except (SettingsError, DeaneryError) as error:
        _fail(error)


def _note_old_model() -> None:
    """Say so if the model does not belong to the data: it may lack what the actions say."""
    from bot.training import is_current

    if not is_current():
        click.echo("The model is missing or older than its data; `make train` trains one.")


def _logs(level: str) -> None:
    from bot.privacy.logs import configure_logs

    configure_logs(level)


@click.group()
def main() -> None:
    """Sidedoor: an anonymous self-referral assistant for doctors in training."""
    prepare()


@main.command()
@click.option("--force", is_flag=True, help="Train even if the model is current.")
def train(force: bool) -> None:
    """Train the model if an input is newer than it."""
    from bot.training import is_current
    from bot.training import train as train_model

    _settings()
    if is_current() and not force:
        click.echo("The model is current.")
        return
    click.echo("Reading the training data ...")
    _logs("ERROR")
    try:
        train_model(click.echo)
    except (ValueError, RuntimeError) as error:
        _fail(error)


@main.command()
def run() -> None:
    """Start the assistant and print where to talk to it."""
    chosen = _settings()
    click.echo("Starting ...")
    _note_old_model()
    from bot.agent import NotOurPartError
    from bot.server import serve

    _logs(chosen.log_level)
    try:
        serve(chosen)
    except (NotOurPartError, SettingsError) as error:
        _fail(error)


@main.command()
@click.option("--deanery", default=None, help="Key of a deanery, as a link would give it.")
def chat(deanery: str | None) -> None:
    """Talk to the assistant in this terminal."""
    chosen = _settings()
    if deanery is not None and deanery not in deaneries():
        _fail(f"--deanery is {deanery!r}; it must be one of {', '.join(deaneries())}")
    _note_old_model()
    from bot.agent import NotOurPartError
    from bot.terminal import talk

    _logs(chosen.log_level)
    try:
        asyncio.run(talk(deanery))
    except NotOurPartError as error:
        _fail(error)


@main.command()
@click.option("--scores", is_flag=True, help="Add the calibrated probabilities.")
def parse(scores: bool) -> None:
    """Recognise messages: JSON lines {"id", "text"} on standard input, labels on output."""
    _settings()
    from bot.agent import NotOurPartError
    from bot.recognise import Recogniser, answer_line

    _logs("ERROR")
    try:
        recogniser = Recogniser.load()
    except NotOurPartError as error:
        _fail(error)
    for line in sys.stdin.buffer:
        if line.strip():
            click.echo(answer_line(recogniser, line, scores))


@main.command()
@click.option("--without-model", is_flag=True, help="Leave out the model and its weights.")
def doctor(without_model: bool) -> None:
    """Check settings, deanery files, signposts, the model and versions; one line a finding."""
    from bot.doctor import findings

    worst = 0
    for finding in findings(with_model=not without_model):
        click.echo(f"{finding.level:7} {finding.text}")
        worst = max(worst, 2 if finding.level == "error" else 0)
    sys.exit(worst)


@main.command()
def check() -> None:
    """Check that data, domain and documents belong together; one line a fault."""
    from bot.consistency import faults

    found = list(faults())
    for fault in found:
        click.echo(fault)
    click.echo(f"{len(found)} faults in data, domain and documents.")
    sys.exit(1 if found else 0)


@main.command("help-page")
def help_page() -> None:
    """Write deploy/help.html: the numbers, for when the whole assistant is down."""
    from bot.help_page import PAGE, write_help_page

    try:
        write_help_page()
    except DeaneryError as error:
        _fail(error)
    click.echo(f"Wrote deploy/{PAGE.name}.")


@main.command()
@click.option("--output", type=click.Path(dir_okay=False), help="Write here instead of printing.")
def content(output: str | None) -> None:
    """Every sentence the assistant can say, with where and when, for clinical sign-off."""
    from bot.content import content_page

    try:
        page = content_page()
    except DeaneryError as error:
        _fail(error)
    _write_or_print(page, output)


@main.command()
def governance() -> None:
    """Write the hazard log and the sign-off register of docs/governance/ again."""
    from bot.governance.documents import GovernanceError
    from bot.governance.pages import write_pages

    try:
        changed = write_pages()
    except (GovernanceError, DeaneryError) as error:
        _fail(error)
    for name in changed:
        click.echo(f"docs/governance/{name} is written again.")
    if not changed:
        click.echo("The pages are as they have to be.")


@main.command()
@click.option("--output", type=click.Path(dir_okay=False), help="Write here instead of printing.")
def sbom(output: str | None) -> None:
    """Every locked package with version, hashes and licence, as CycloneDX JSON."""
    from bot.governance.sbom import sbom as bill

    _write_or_print(bill(), output)


def _write_or_print(text: str, output: str | None) -> None:
    if not output:
        click.echo(text, nl=False)
        return
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        _fail(f"--output is {output!r}: {error.strerror}; choose another file")


if __name__ == "__main__":
    main()
