"""The program as `sidedoor` starts it, but for overwriting freed memory.

That makes a start and every turn slower, and is tested elsewhere (`test_guard.py`,
`test_canary.py`).
"""

from bot.environment import prepare

prepare()

from bot import cli  # noqa: E402  (the environment comes first)

cli.overwrite_freed_memory = lambda: None

if __name__ == "__main__":
    cli.main()
