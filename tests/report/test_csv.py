"""CSV: a header, a row for each tick, nothing where there is nothing."""

import csv

from msgspec.structs import replace

from perftui.report.csv import csv_header, csv_row
from tests.tui.fixtures import build_update


def test_a_row_has_a_field_for_each_name() -> None:
    names = ["cpu", "gpu", "memory-cached", "disk-read:vda", "disk-read:sdz"]
    header, row = csv.reader([csv_header(names), csv_row(build_update(), names)])
    assert header == ["timestamp", *names]
    assert row[0].startswith("2023-11-14T22:13:")
    assert row[0].endswith("Z")
    assert 0 < float(row[1]) < 1
    assert row[2] == ""
    assert row[3] == str(2 << 30)
    assert float(row[4]) >= 0
    assert row[5] == ""


def test_without_rates_every_field_is_empty() -> None:
    assert csv_row(replace(build_update(), interval=None), ["cpu", "load"]).endswith("Z,,\n")


def test_a_strange_name_is_quoted() -> None:
    names = ['disk-read:a,"b"\nc']
    assert next(csv.reader([csv_header(names)]))[1] == names[0]
