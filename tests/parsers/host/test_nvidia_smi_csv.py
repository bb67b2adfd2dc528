"""nvidia-smi samples: columns by what the header calls them, values with and without units, what is not given."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.contract import Grade
from parsers.host import nvidia_smi_csv
from parsers.source import Source


def rows(golden, text: str) -> dict[str, list[dict]]:
    data = text.encode()
    books, tables = golden.tables_of(Source.of_bytes(data), nvidia_smi_csv)
    assert books.stream_bytes == len(data)
    return {table: found.to_pylist() for table, found in tables.items()}


@pytest.mark.parametrize(
    ("column", "printed", "metric", "value", "unit", "notes"),
    [
        ("utilization.gpu [%]", "7 %", "gpu_utilisation", "7", "%", None),
        ("utilization.gpu [%]", "7", "gpu_utilisation", "7", "%", None),
        ("power.draw [W]", "689.51 W", "power", "689.51", "W", None),
        ("power.draw.instant [W]", "[N/A]", "power", None, "W", None),
        ("memory.used [MiB]", "[Not Supported]", "memory_used", None, "MiB", None),
        ("used_gpu_memory [MiB]", "N/A", "memory_used", None, "MiB", None),
        ("temperature.gpu", "71", "temperature", "71", "°C", None),
        ("clocks.current.sm [MHz]", "1980 MHz", "clock_sm", "1980", "MHz", None),
        ("power.draw [W]", "-1 W", "power", None, "W", ["value_unread"]),
        ("power.draw [W]", "", "power", None, "W", ["value_unread"]),
        ("power.draw [W]", "1e3 W", "power", None, "W", ["value_unread"]),
    ],
)
def test_values(golden, column, printed, metric, value, unit, notes):
    (row,) = rows(golden, f"index, {column}\n3, {printed}\n")["usage_metric"]
    assert (row["metric"], row["value"], row["unit"], row["notes"]) == (metric, value and Decimal(value), unit, notes)
    assert (row["value_raw"], row["device"]) == (printed, "3")


@pytest.mark.parametrize(
    ("printed", "local", "notes"),
    [
        ("2024/06/01 11:27:05.177", "2024-06-01T11:27:05.177000", None),
        ("2024-06-01 11:27:05", "2024-06-01T11:27:05", None),
        ("2024/02/30 11:27:05.177", None, ["timestamp_unread"]),
        ("01.06.2024 11:27:05", None, ["timestamp_unread"]),
        ("2024/06/01", None, ["timestamp_unread"]),
    ],
)
def test_times_have_no_zone(golden, printed, local, notes):
    (row,) = rows(golden, f"timestamp, index, power.draw [W]\n{printed}, 0, 1 W\n")["usage_metric"]
    assert (row["ts"], row["ts_local"] and row["ts_local"].isoformat(), row["notes"]) == (None, local, notes)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=40))
def test_names_of_processes_come_back_whole(golden, name):
    text = f"pid, process_name, used_gpu_memory [MiB]\n7, {name}, 5 MiB\n"
    (row,) = rows(golden, text)["usage_metric"]
    assert (row["pid"], row["process_name"], row["value"]) == (7, name, 5)


def test_the_name_of_a_gpu_is_no_process(golden):
    (row,) = rows(golden, "name, power.draw [W]\nTesla T4, 9 W\n")["usage_metric"]
    assert (row["process_name"], row["extra"]) == (None, '{"name":"Tesla T4"}')


def test_a_process_without_known_memory_is_a_row(golden):
    (row,) = rows(golden, "gpu_uuid, pid, name\nGPU-1, 7, ./worker\n")["usage_metric"]
    assert (row["metric"], row["pid"], row["process_name"], row["device"]) == ("gpu_process", 7, "./worker", "GPU-1")


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        ("timestamp, utilization.gpu [%]\n", Grade.STRONG),
        ("utilization.gpu [%],memory.used [MiB]\n", Grade.STRONG),
        ("gpu_uuid, pid\n", Grade.STRONG),
        ("index, temperature.gpu\n", Grade.STRONG),
        ("pid, process_name\n", Grade.PROBABLE),
        ("temperature.gpu\n", Grade.NONE),
        ("pid, name\n", Grade.NONE),
        ("index, power.draw [W], Notes\n", Grade.NONE),
        ("2024/06/01 11:27:05.177, 0, 99 %\n", Grade.NONE),
        ("", Grade.NONE),
    ],
)
def test_grades(head, grade):
    assert nvidia_smi_csv.recognise(head.encode(), "x") == grade
