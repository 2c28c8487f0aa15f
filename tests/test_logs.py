"""Logs without content: whatever is logged, and however it fails, no word is printed."""

import ast
import asyncio
import gc
import io
import logging
import re
import subprocess
import sys
import threading

import pytest
import structlog
from rasa.core.nlg.interpolator import interpolate_text

from bot.paths import ROOT
from bot.privacy.logs import QUIET, configure_logs
from bot.settings import LOG_LEVELS

CANARY = "xyzzy-canary-7c1d"


@pytest.fixture(autouse=True)
def _logging_as_before():
    """Put logging back as it was: it belongs to the whole process."""
    root = logging.getLogger()
    handlers, level, factory = root.handlers[:], root.level, logging.getLogRecordFactory()
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    raising, quiet = logging.raiseExceptions, {n: logging.getLogger(n).level for n in QUIET}
    structured = structlog.get_config()
    yield
    logging.basicConfig(level=level, handlers=handlers, force=True)
    logging.setLogRecordFactory(factory)
    logging.raiseExceptions = raising
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)
    structlog.configure(**structured)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


@pytest.fixture
def printed(monkeypatch) -> io.StringIO:
    """Return what is printed to standard error from here on."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


@pytest.fixture(params=LOG_LEVELS)
def level(request, printed) -> str:
    """Set up logs at one of the permitted levels and return it."""
    configure_logs(request.param)
    sys.stderr = printed  # pytest puts its own there before the test
    return request.param


def fail_with_words():
    local = CANARY
    try:
        {}[local]
    except KeyError as error:
        raise RuntimeError(f"could not find {local!r}\nin {local}") from error


@pytest.mark.parametrize("refused", ["DEBUG", "NOTSET", "debug", "info", "", "CRITICAL", 10, None])
def test_a_level_that_prints_what_people_write_is_refused(refused):
    handlers = logging.getLogger().handlers[:]
    with pytest.raises(ValueError, match="must be one of INFO, WARNING, ERROR") as error:
        configure_logs(refused)
    assert "\n" not in str(error.value)
    assert logging.getLogger().handlers == handlers


def test_what_is_below_the_level_is_not_printed(level, printed):
    for name in ("bot", "actions.talk"):
        for each in ("DEBUG", *LOG_LEVELS):
            logging.getLogger(name).log(getattr(logging, each), "said at %s.", each)
    below = ("DEBUG", *LOG_LEVELS[: LOG_LEVELS.index(level)])
    assert [
        each for each in ("DEBUG", *LOG_LEVELS) if f"said at {each}." not in printed.getvalue()
    ] == [*below]


@pytest.mark.parametrize("name", ["", "rasa", "sanic.root", "bottle", "telegram.Bot", "actionsx"])
def test_of_another_librarys_line_only_the_place_is_printed(level, printed, name):
    logging.getLogger(name).error("Received user message '%s' from 700123456", CANARY)
    logging.getLogger(name).error(f"GET https://api.telegram.org/bot1:{CANARY}/getMe")
    assert printed.getvalue().count("test_logs.py:") == 2
    assert CANARY not in printed.getvalue()
    assert "700123456" not in printed.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        f"i am so tired {CANARY}",
        f"1:{CANARY}",
        700123456,
        -100700123456,
        [CANARY],
        {CANARY: CANARY},
        "pat@example.org",
        "https://x.org/1",
    ],
    ids=str,
)
def test_our_own_lines_print_names_and_counts_only(level, printed, value):
    logging.getLogger("bot.channels").error("failed: error=%s count=%s", "KeyError", value)
    assert "failed: error=KeyError count=" in printed.getvalue()
    assert str(value) not in printed.getvalue()


def test_counts_and_names_are_printed(level, printed):
    logging.getLogger("bot").error("asked to wait: seconds=%d of %s", 35, "action_open")
    assert "asked to wait: seconds=35 of action_open" in printed.getvalue()


ENUMERATED = {
    ("actions.py", "call.get('next_action')"): "the domain's actions",
    ("schedule.py", "name"): "releases, which are called after months",
}
"""Values of our own lines that are names from a list of ours: file and code -> of what."""

LEVELS = ("debug", "info", "warning", "error", "critical", "exception", "log")


def unfit_in(code: str, file: str = "x.py") -> list[str]:
    """Return the calls of our loggers in `code` that could print what somebody wrote.

    A single word is printed at run time, as it may be the name of a class. So a value comes from
    where no word of a person can be: %d takes numbers only, and %s a class's name or a constant.
    """
    return [
        f"{file}:{node.lineno}"
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and re.search(r"\blog(ger|ging)?\b|getLogger", ast.unparse(node.func.value))
        and not _fit(node, file)
    ]


def _fit(call: ast.Call, file: str) -> bool:
    text, *values = call.args or [None]
    if call.func.attr == "exception" or call.keywords or not isinstance(text, ast.Constant):
        return False
    kinds = re.findall(r"%(.)", str(text.value).replace("%%", ""))
    return len(kinds) == len(values) and all(
        kind == "d" or (kind == "s" and _names(value, file))
        for kind, value in zip(kinds, values, strict=True)
    )


def _names(value: ast.expr, file: str) -> bool:
    """Whether a value can be nothing but a class's name, a count, a constant, or one of a list."""
    if isinstance(value, ast.Constant) or (file, ast.unparse(value)) in ENUMERATED:
        return True
    return bool(
        re.fullmatch(r"type\(\w+\)\.__name__|[A-Z]\w*\.__name__|len\(.+\)", ast.unparse(value))
    )


def test_our_own_code_logs_constant_texts_with_values_that_hold_no_word():
    unfit, used = [], set()
    for folder in ("bot", "actions"):
        for path in (ROOT / folder).rglob("*.py"):
            code = path.read_text(encoding="utf-8")
            unfit += unfit_in(code, path.name)
            as_read = ast.unparse(ast.parse(code))
            used |= {each for each in ENUMERATED if each[0] == path.name and each[1] in as_read}
    assert unfit == []
    assert used == {*ENUMERATED}


@pytest.mark.parametrize(
    "code",
    [
        "word = 'suicidal'; logger.error('not understood: intent=%s', word)",
        "logger.warning('told: %s', slots['john_smith'])",
        "logger.info('said %s', message.text)",
        "logger.info('said %s', str(error))",
        "logger.info('said %r', 'x')",
        "logger.info('said %s', error)",
        "logger.info('said %s', error.args[0])",
        "logger.info('said %s', person.__name__)",
        "logger.info('said %s', name)",
        "logger.info('said %s', text if text else 'x')",
        "logger.info('said %s of %s', type(error).__name__, word)",
        "logger.info(f'said {word}')",
        "logger.info('said ' + word)",
        "logger.info(word)",
        "logger.log(10, 'said %s', word)",
        "logger.exception('failed')",
        "logger.error('failed', exc_info=True)",
        "logger.info('said %(word)s', {'word': word})",
        "logging.getLogger('bot').info('said %s', word)",
        "logging.error('said %s', word)",
    ],
)
def test_a_line_that_could_print_a_word_is_found_in_the_code(code):
    assert unfit_in(code) == ["x.py:1"]


@pytest.mark.parametrize("word", ["suicidal", "john_smith"])
def test_why_the_code_is_looked_at(word):
    """A word that came from a variable would be printed: it looks like the name of a class."""
    configure_logs("ERROR")
    record = logging.getLogRecordFactory()("bot", 40, "x.py", 1, "error=%s", (word,), None)
    assert record.getMessage() == f"error={word}"
    number = logging.getLogRecordFactory()("bot", 40, "x.py", 1, "error=%d", (word,), None)
    with pytest.raises(TypeError):
        number.getMessage()


def test_an_error_that_nobody_caught_is_printed_without_words():
    script = f"""
import threading
from bot.paths import ROOT
from bot.privacy.logs import configure_logs
configure_logs("INFO")
class Late:
    def __del__(self):
        raise RuntimeError("{CANARY}")
del Late.__init__
Late()
thread = threading.Thread(target=lambda: {{}}["{CANARY}"])
thread.start(); thread.join()
raise ValueError("{CANARY}")
""".replace("del Late.__init__\n", "")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert CANARY not in done.stdout + done.stderr
    for kind in ("RuntimeError", "KeyError", "ValueError"):
        assert f"sidedoor: {kind} at <string>:" in done.stderr


def test_a_logger_that_lowers_its_own_level_prints_no_more(level, printed, monkeypatch):
    monkeypatch.setattr(logging.getLogger("rasa.core.processor"), "level", logging.DEBUG)
    logging.getLogger("rasa.core.processor").debug("Received user message '%s'", CANARY)
    structlog.get_logger("rasa.core.processor").debug("message", text=CANARY)
    assert CANARY not in printed.getvalue()


@pytest.mark.parametrize(
    "values",
    [
        {"text": CANARY},
        {"user_text": CANARY, "sender": CANARY},
        {"event_info": f"could not read {CANARY}"},
        {"rasa_event": {"text": [CANARY]}},
        {"anything_new": object, "message": CANARY, "msg": CANARY, "name": CANARY},
        {CANARY: 1},
        {"exc_info": True},
        {"exc_info": RuntimeError(CANARY)},
        {"stack_info": True},
    ],
    ids=lambda values: "-".join(k for k in values if k != CANARY) or "key",
)
def test_of_a_structured_line_only_its_name_is_printed(level, printed, values):
    try:
        fail_with_words()
    except RuntimeError:
        structlog.get_logger("rasa.some.module").error("module.something.failed", **values)
    structlog.get_logger("rasa.some.module").error("module.happened %s", CANARY)
    assert "module.something.failed" in printed.getvalue()
    assert "module.happened" in printed.getvalue()
    assert CANARY not in printed.getvalue()
    assert "Traceback" not in printed.getvalue()


def test_rasas_own_line_about_a_response_names_no_word_of_it(level, printed):
    interpolate_text(f"You wrote {CANARY}, {{missing}}.", {"other": CANARY})
    assert "interpolator.interpolate.text" in printed.getvalue()
    assert "error=KeyError" in printed.getvalue()
    assert CANARY not in printed.getvalue()


@pytest.mark.parametrize(
    "log",
    [
        lambda logger, error: logger.exception("turn failed"),
        lambda logger, error: logger.exception(error),
        lambda logger, error: logger.error(error),
        lambda logger, error: logger.error("failed: %s", error),
        lambda logger, error: logger.error("failed: %s and %r", "x", error),
        lambda logger, error: logger.error(f"could not: {error}", exc_info=True),
        lambda logger, error: logger.error(f"could not: {error!r}", exc_info=error),
        lambda logger, error: logger.error(repr(error)[:30], exc_info=error, stack_info=True),
    ],
    ids=["exception", "as message", "error", "value", "values", "quoted", "repr", "cut off"],
)
def test_of_an_error_only_its_kind_and_place_are_printed(level, printed, log):
    try:
        fail_with_words()
    except RuntimeError as error:
        log(logging.getLogger("sanic.error"), error)
    assert "error=RuntimeError" in printed.getvalue()
    assert "test_logs.py:" in printed.getvalue()
    assert CANARY not in printed.getvalue()
    assert "Traceback" not in printed.getvalue()


def test_a_library_with_a_handler_of_its_own_prints_no_more(level, printed):
    logger = logging.Logger("library")
    logger.addHandler(logging.StreamHandler(printed))
    try:
        fail_with_words()
    except RuntimeError:
        logger.exception("it failed")
    assert "error=RuntimeError" in printed.getvalue()
    assert CANARY not in printed.getvalue()


def test_a_line_that_cannot_be_formatted_is_not_printed_with_its_values(level, printed):
    logging.getLogger("library").error("two %s %s", CANARY)
    logging.getLogger("library").error("%d", CANARY)
    assert CANARY not in printed.getvalue()


def test_an_error_that_nobody_waited_for_is_printed_without_words(level, printed):
    async def lose():
        async def fail():
            fail_with_words()

        task = asyncio.get_running_loop().create_task(fail())
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(lose())
    assert "error=RuntimeError" in printed.getvalue()
    assert CANARY not in printed.getvalue()


def test_addresses_of_requests_are_not_printed(level, printed):
    for name in QUIET:
        logging.getLogger(name).info("GET http://127.0.0.1/chat/?%s", CANARY)
    assert CANARY not in printed.getvalue()


def test_warnings_are_not_printed_whatever_filter_a_library_sets():
    script = f"""
from bot.environment import prepare
prepare()
import warnings
warnings.simplefilter("always")
warnings.warn("slot is set to {CANARY}")
warnings.warn_explicit("{CANARY}", DeprecationWarning, "x.py", 1)
import rasa.shared.utils.io
rasa.shared.utils.io.raise_warning("{CANARY}")
"""
    done = subprocess.run([sys.executable, "-W", "always", "-c", script], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert CANARY.encode() not in done.stdout + done.stderr
