"""The command line `sidedoor`; heavy imports happen in the commands that need them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, NoReturn

import click

from bot.answers import AnswersError, all_answers
from bot.channels.web_words import WordsError, check_words
from bot.deanery import DeaneryError, deaneries, signposts
from bot.environment import FOUND, prepare
from bot.privacy.guard import LeakError, no_core_dumps, refuse_environment
from bot.privacy.memory import overwrite_freed_memory
from bot.referrals.commands import keys, referrals
from bot.settings import Settings, SettingsError, settings
from bot.trends.groups import GRADE_WAITS, GroupsError, groups

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from bot.dashboard.staff import Staff


def _fail(message: object) -> NoReturn:
    """End with one clear line."""
    click.echo(f"sidedoor: {message}", err=True)
    sys.exit(2)


def _settings() -> Settings:
    """Return the settings, once the deanery files and the page's words are known to be right."""
    try:
        deaneries()
        signposts()
        check_words()
        groups()
        all_answers()
        return settings()
    except (SettingsError, DeaneryError, AnswersError, GroupsError, WordsError) as error:
        _fail(error)


def _refuse_leaks() -> None:
    try:
        refuse_environment(FOUND)
    except LeakError as error:
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
    no_core_dumps()
    _logs("ERROR")


main.add_command(keys)
main.add_command(referrals)


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
@click.option("--open", "show", is_flag=True, help="Open the made-up intranet in a browser.")
def run(show: bool) -> None:
    """Start the assistant and print where to talk to it."""
    _refuse_leaks()
    chosen = _settings()
    overwrite_freed_memory()
    click.echo("Starting ...")
    _note_old_model()
    if groups().grade_waits:
        click.echo(GRADE_WAITS)
    from bot.agent import NotOurPartError
    from bot.server import serve

    _logs(chosen.log_level)
    try:
        serve(chosen, show=show)
    except (NotOurPartError, SettingsError, LeakError) as error:
        _fail(error)


@main.command()
@click.option("--deanery", default=None, help="Key of a deanery, as a link would give it.")
def chat(deanery: str | None) -> None:
    """Talk to the assistant in this terminal."""
    _refuse_leaks()
    chosen = _settings()
    if deanery is not None and deanery not in deaneries():
        _fail(f"--deanery is {deanery!r}; it must be one of {', '.join(deaneries())}")
    _note_old_model()
    from bot.agent import NotOurPartError
    from bot.terminal import talk

    _logs(chosen.log_level)
    try:
        asyncio.run(talk(deanery))
    except (NotOurPartError, LeakError) as error:
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
def dashboard() -> None:
    """Start the staff dashboard alone and print where it is."""
    _refuse_leaks()
    chosen = _settings()
    if not chosen.dashboard_port:
        _fail("SIDEDOOR_DASHBOARD_PORT is 0, which starts no dashboard; set a port")
    overwrite_freed_memory()
    from bot.dashboard.app import FIRST_ACCOUNT, create_app, listener, serve
    from bot.database import DatabaseError

    _logs(chosen.log_level)
    try:
        app = create_app(chosen)
        bound = listener(chosen.dashboard_host, chosen.dashboard_port)
    except (DatabaseError, SettingsError) as error:
        _fail(error)
    where = chosen.dashboard_url or f"http://{chosen.dashboard_host}:{chosen.dashboard_port}"
    click.echo(f"The staff dashboard is ready: {where}/")
    if not app.state.parts.staff.any():
        click.echo(f"It has no account yet. Make the first: {FIRST_ACCOUNT}")
    serve(app, bound)


@main.command()
@click.option("--build-only", is_flag=True, help="Make the figures and start no dashboard.")
def demo(build_only: bool) -> None:
    """Show the dashboard with an invented year, for 2,000 and for 8,000 trainees."""
    chosen = _settings()
    from bot.dashboard.demonstration import build_all, serve_all

    _logs("ERROR")
    try:
        folders = build_all(date.today().year - 1, click.echo)
        if not build_only:
            serve_all(chosen, folders, click.echo)
    except (RuntimeError, SettingsError) as error:  # a part, a release or a database of ours
        _fail(error)


@main.group()
def staff() -> None:
    """Accounts of the dashboard."""


def _staff_engine() -> Engine:
    from bot.dashboard.tables import open_staff_database
    from bot.database import DatabaseError

    try:
        return open_staff_database(_settings().staff_url)
    except DatabaseError as error:
        _fail(error)


def _password() -> str:
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _show_codes(name: str, secret: str) -> None:
    """Print what an authenticator app needs, once."""
    import segno

    from bot.dashboard.staff import totp_address

    click.echo("Scan this with an authenticator app, or type the secret into it.")
    segno.make(totp_address(name, secret)).terminal(out=sys.stdout, compact=True)
    click.echo(f"Secret: {secret}")
    click.echo("It is not shown again. To sign in: name, password and the app's six digits.")


def _change_staff(change: Callable[[Staff], Any], *what: str) -> Any:
    """Change an account; `what` was done is put into the audit log."""
    from bot.dashboard.audit import COMMAND_LINE, Audit
    from bot.dashboard.staff import Staff, StaffError

    engine = _staff_engine()
    try:
        changed = change(Staff(engine))
    except StaffError as error:
        _fail(error)
    Audit(engine).note(COMMAND_LINE, " ".join(("staff", *what)).strip(), "done")
    return changed


@staff.command("add")
@click.argument("name")
@click.option("--full-name", required=True, help="Name as it is shown.")
@click.option("--role", required=True, help="One of reader, caseworker, admin.")
@click.option("--deanery", default="", help="Key of the deanery whose referrals they answer.")
@click.option("--single-sign-on", is_flag=True, help="No password: a trusted proxy names them.")
def staff_add(name: str, full_name: str, role: str, deanery: str, single_sign_on: bool) -> None:
    """Make an account."""
    password = None if single_sign_on else _password()
    secret = _change_staff(
        lambda accounts: accounts.add(name, full_name, role, password, deanery),
        *("add", name, role, deanery),
    )
    click.echo(f"Made the account {name} ({role}).")
    if secret:
        _show_codes(name, secret)


@staff.command("list")
def staff_list() -> None:
    """List the accounts."""
    from bot.dashboard.staff import Staff

    for member in Staff(_staff_engine()).all():
        state = "closed" if not member.active else "locked" if member.locked else "active"
        way = "password and code" if member.signs_in_here else "single sign-on"
        where = f", referrals of {member.deanery}" if member.deanery else ""
        click.echo(f"{member.name:20} {member.role:11} {state:7} {way}: {member.full_name}{where}")


@staff.command("reset")
@click.argument("name")
def staff_reset(name: str) -> None:
    """Give an account a new password and new codes, and sign it out everywhere."""
    password = _password()
    secret = _change_staff(lambda accounts: accounts.reset(name, password), "reset", name)
    _show_codes(name, secret)


@staff.command("role")
@click.argument("name")
@click.argument("role")
def staff_role(name: str, role: str) -> None:
    """Change an account's role: reader, caseworker or admin."""
    _change_staff(lambda accounts: accounts.set_role(name, role), "role", name, role)
    click.echo(f"{name} is {role} now.")


@staff.command("deanery")
@click.argument("name")
@click.argument("deanery")
def staff_deanery(name: str, deanery: str) -> None:
    """Let an account answer the referrals of DEANERY; an empty one lets it answer nobody's."""
    _change_staff(lambda accounts: accounts.set_deanery(name, deanery), "deanery", name, deanery)
    click.echo(f"{name} answers referrals of {deanery}." if deanery else f"{name} answers none.")


@staff.command("close")
@click.argument("name")
def staff_close(name: str) -> None:
    """Close an account and sign it out everywhere."""
    _change_staff(lambda accounts: accounts.set_active(name, False), "close", name)
    click.echo(f"{name} is closed.")


@staff.command("open")
@click.argument("name")
def staff_open(name: str) -> None:
    """Open a closed or locked account again."""
    _change_staff(lambda accounts: accounts.set_active(name, True), "open", name)
    click.echo(f"{name} is open.")


@main.command()
def release() -> None:
    """Freeze the trends that are due into signed releases, and destroy their marks."""
    chosen = _settings()
    from bot.database import DatabaseError
    from bot.trends.freeze import FreezeBusyError
    from bot.trends.releases import ReleaseError
    from bot.trends.schedule import release_due

    try:
        written = release_due(chosen, date.today())
    except (DatabaseError, FreezeBusyError, ReleaseError, OSError) as error:
        _fail(error)
    for name in written:
        click.echo(f"Released {name}; its marks are destroyed.")
    if not written:
        click.echo("Nothing is due.")


@main.command()
@click.option("--output", type=click.Path(dir_okay=False), help="Write here instead of printing.")
def content(output: str | None) -> None:
    """Every sentence the assistant can say, with where and when, for clinical sign-off."""
    from bot.content import content_page

    try:
        page = content_page()
    except (DeaneryError, AnswersError, WordsError) as error:
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
