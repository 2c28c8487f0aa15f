"""Databases are brought up to date by several threads of a process at the same time."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import inspect

from bot.dashboard.tables import open_staff_database
from bot.referrals.tables import open_referrals


def test_two_threads_upgrade_two_databases_at_the_same_time(tmp_path):
    def opened(number: int):
        if number % 2:
            return open_staff_database(f"sqlite:///{tmp_path / f'staff-{number}.db'}")
        return open_referrals(f"sqlite:///{tmp_path / f'referrals-{number}.db'}")

    with ThreadPoolExecutor(4) as threads:
        engines = list(threads.map(opened, range(12)))
    for number, engine in enumerate(engines):
        assert ("staff" if number % 2 else "tickets") in inspect(engine).get_table_names()
        engine.dispose()
