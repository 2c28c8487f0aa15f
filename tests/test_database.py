"""Databases are brought up to date by several threads of a process at the same time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import inspect

from bot.dashboard.tables import open_staff_database
from bot.database import DatabaseError
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


def test_a_database_of_a_newer_version_is_named_as_such(tmp_path):
    url = f"sqlite:///{tmp_path / 'referrals.db'}"
    engine = open_referrals(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE referrals_revision SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(DatabaseError, match="newer version"):
        open_referrals(url)
