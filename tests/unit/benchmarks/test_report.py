"""How figures are judged and shown."""

from __future__ import annotations

from benchmarks.report import as_markdown, as_text, at_least, at_most, contest, percentile, plain


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    figure = contest("theirs", [100, 400, 900], [10, 100, 100], "/s", 5)
    assert (figure.ratio, figure.target, figure.met) == ("9.00", "≥ 5", True)
    assert figure.measured == "100/s"


def test_targets_are_met_or_plainly_missed() -> None:
    figures = [at_least("rate", 499, "/s", 500), at_most("time", 1.5, "ms", 2), plain("more", 1234, "")]
    assert [figure.met for figure in figures] == [False, True, None]
    shown = as_text(figures).splitlines()
    assert "MISSED" in shown[2] and shown[3].endswith("yes") and "1,234" in shown[4]
    page = as_markdown([("Rates", figures, ["a note"])], "this machine")
    assert "| rate | 499/s |  | ≥ 500/s | MISSED |" in page and "- a note" in page


def test_percentiles() -> None:
    values = [float(value) for value in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([3.0], 0.99)) == (51.0, 100.0, 3.0)
