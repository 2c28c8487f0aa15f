"""Asks acro what may be shown of tables of counts. Runs with `.tools/oracle/bin/python` alone.

Each line of standard input is a JSON object: `counts`, a list of tables, each a list of as many
counts of people; `fewest`, the smallest count that is shown; `nearest`, what is rounded to. The
answer is a line: tables of the same shape with acro's rounded figure, or null where it shows none.
"""

import json
import logging
import sys
import warnings

import pandas as pd
from acro import ACRO

MANY = "many"
"""One more value of each table, of a thousand people: acro fails where it has to hide all."""

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)


def shown(counts, fewest, nearest):
    """Return acro's figures of the tables, which are the columns of one table of its own."""
    session = ACRO()
    session.config["safe_threshold"] = fewest
    session.round_base = nearest
    assert session.sdc_checks.risk_appetite["safe_threshold"] == fewest
    assert session.sdc_checks.risk_appetite["zeros_are_disclosive"]
    values, tables = names("value", len(counts[0])), names("table", len(counts))
    people = [(MANY, table) for table in tables for _ in range(1_000)]
    for table, each in zip(tables, counts, strict=True):
        for value, count in zip(values, each, strict=True):
            people += [(value, table)] * count
    index = pd.Series(pd.Categorical([v for v, _ in people], [*values, MANY]), name="values")
    columns = pd.Series(pd.Categorical([t for _, t in people], tables), name="tables")
    session.mitigation = "suppress"
    kept = session.crosstab(index, columns).reindex(index=values, columns=tables)
    session.mitigation = "round"
    rounded = session.crosstab(index, columns)
    return [
        [None if pd.isna(kept.loc[v, t]) else int(rounded.loc[v, t]) for v in values]
        for t in tables
    ]


def names(kind, number):
    """Return names, which have to be strings: acro hides values of other types all at once."""
    return [f"{kind}{at}" for at in range(number)]


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(shown(**asked)), flush=True)
