"""The assistant as `sidedoor run` starts it, without the limits on how fast one may write."""

from __future__ import annotations

from functools import partial

from bot.environment import prepare

prepare()


def serve() -> None:
    """Serve until stopped, with the settings of the environment."""
    import bot.channels.web
    from bot.channels.web_limits import Limits, Rate
    from bot.cli import run

    endless = Rate(1e9, 1e9)
    bot.channels.web.Limits = partial(  # type: ignore[misc, assignment]
        Limits, conversation=endless, address=endless
    )
    run.main(args=[], standalone_mode=False)


if __name__ == "__main__":
    serve()
