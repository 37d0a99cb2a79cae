"""Can the labels of a picture be read? No more of them than fit beside each other, on a wide page and on a narrow one."""

from __future__ import annotations

import pytest

from audit_reports.outputs.chart_values import Bar
from audit_reports.outputs.charts import columns, differences
from audit_reports.outputs.palette import NAMED


@pytest.mark.parametrize(
    ("labels", "wide", "narrow"),
    [
        ([f"{hour:02}:00" for hour in range(24)], "00:00 03:00 06:00 09:00 12:00 15:00 18:00 21:00",
         "00:00 04:00 08:00 12:00 16:00 20:00"),
        ([f"Day {day}" for day in range(1, 8)], "1 2 3 4 5 6 7", "1 2 3 4 5 6 7"),
        ([f"Day {day}" for day in range(1, 32)], "1 5 9 13 17 21 25 29", "1 7 13 19 25 31"),
        ([f"Day {day}" for day in range(1, 93)], "1 13 25 37 49 61 73 85", "1 17 33 49 65 81"),
    ],
    ids=["a day", "a week", "a month", "a quarter"],
)  # fmt: skip
def test_columns_have_no_more_labels_than_fit(labels: list[str], wide: str, narrow: str) -> None:
    layout = columns([Bar(label, 1, 2) for label in labels], "day", NAMED)["layout"]
    for axis, expected in ((layout["xaxis"], wide), (layout["meta"]["xaxis"], narrow)):
        assert [text.removeprefix("Day<br>") for text in axis["ticktext"]] == expected.split()
        assert [labels[place].replace(" ", "<br>") for place in axis["tickvals"]] == axis["ticktext"]


def test_differences_say_their_numbers_and_leave_room_for_them() -> None:
    figure = differences([Bar("more", 40, 0), Bar("fewer", 0, 20)], NAMED)
    assert figure["data"][0]["text"] == ["+40", "-20"]
    low, high = figure["layout"]["xaxis"]["range"]
    assert low < -20 < 40 < high
