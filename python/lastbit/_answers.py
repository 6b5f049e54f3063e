"""What the program answers, as objects; every number is the one in its JSON."""
from __future__ import annotations

import base64
import html
import importlib
import tempfile
from pathlib import Path
from typing import Any, Callable, Mapping


def _interval(ends: list[float] | None) -> tuple[float, float] | None:
    return None if ends is None else (ends[0], ends[1])


def _number(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value) if isinstance(value, int) else f"{value:.4g}"


def _between(ends: list[float] | None) -> str:
    return "" if ends is None else f"{_number(ends[0])} to {_number(ends[1])}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    def row(cells: list[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return "<table>" + row(head, "th") + "".join(row(cells, "td") for cells in rows) + "</table>"


def _frame(rows: list[dict[str, Any]]) -> Any:
    return _needed("pandas", "to_frame").DataFrame(rows)


def _needed(package: str, asker: str) -> Any:
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{asker} needs {package}, which lastbit does without: pip install {package.split('.')[0]}") from error


class _Answer:
    """The JSON document of one question, and the way to ask it again in another form."""

    def __init__(self, document: Mapping[str, Any], ask: Callable[..., str]) -> None:
        self._document = dict(document)
        self._ask = ask

    def to_dict(self) -> dict[str, Any]:
        """The program's own JSON document."""
        return self._document

    def to_latex(self) -> str:
        """A table and a sentence for the methods section."""
        text = self._ask("--latex")
        return text[text.index(r"\begin{tabular}"):].strip() + "\n"

    @property
    def metric(self) -> str:
        """The name of the metric."""
        return self._document["metric"]

    @property
    def left_out(self) -> list[dict[str, str]]:
        """The runs that were left out, each with the reason: {"run": ..., "why": ...}."""
        return self._document["leftOut"]

    def _lines(self, *first: str) -> str:
        left_out = [f"Left out: {one['run']}: {one['why']}" for one in self.left_out]
        return "\n".join([*first, *self._document.get("notes", []), *left_out])

    def _picture(self) -> str:
        with tempfile.TemporaryDirectory() as folder:
            self._ask("--json", f"--out={folder}")
            svg = (Path(folder) / "figures" / "runs.svg").read_bytes()
        return f'<img alt="{html.escape(self.metric)} of every run" src="data:image/svg+xml;base64,{base64.b64encode(svg).decode()}">'

    def _html(self, table: str) -> str:
        sentences = "".join(f"<p>{html.escape(line)}</p>" for line in str(self).splitlines())
        return f'<div style="max-width: 48em">{sentences}{table}{self._picture()}</div>'


class Pair:
    """One training (b) against another (a)."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = dict(document)

    a: str = property(lambda self: self._document["a"], doc="The reference.")  # type: ignore[assignment]
    b: str = property(lambda self: self._document["b"], doc="What is compared with it.")  # type: ignore[assignment]

    @property
    def verdict(self) -> str:
        """"real", "no difference seen" or "too few runs"."""
        return self._document["verdict"]

    @property
    def difference(self) -> float:
        """The mean of b less that of a, in the metric's own unit."""
        return self._document["difference"]

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% interval of the difference."""
        return _interval(self._document["interval"])

    @property
    def p_value(self) -> float | None:
        """Of the hypothesis that there is no difference; with several pairs, corrected for their number."""
        return self._document["pAdjusted"]

    @property
    def runs_needed(self) -> int | None:
        """How many runs of each side would decide, where these do not."""
        return self._document["runsNeeded"]

    @property
    def better(self) -> str | None:
        """The name of the one that is better, where the difference is real."""
        return self._document["better"]

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        return self._document["sentence"]

    def to_dict(self) -> dict[str, Any]:
        """The pair's part of the program's JSON document."""
        return self._document

    def __repr__(self) -> str:
        return f"Pair({self.b} - {self.a}: {self.verdict}, {_number(self.difference)})"


class Comparison(_Answer):
    """Two trainings or more, pair by pair. What is asked of the comparison itself is that of its only pair."""

    @property
    def pairs(self) -> list[Pair]:
        """Every pair of trainings."""
        return [Pair(pair) for pair in self._document["pairs"]]

    def _only(self) -> Pair:
        if len(self._document["pairs"]) != 1:
            raise ValueError(f"{len(self._document['pairs'])} pairs were compared; take them from .pairs")
        return self.pairs[0]

    verdict: str = property(lambda self: self._only().verdict, doc=Pair.verdict.__doc__)  # type: ignore[assignment]
    difference: float = property(lambda self: self._only().difference, doc=Pair.difference.__doc__)  # type: ignore[assignment]
    interval: tuple[float, float] | None = property(  # type: ignore[assignment]
        lambda self: self._only().interval, doc=Pair.interval.__doc__)
    p_value: float | None = property(lambda self: self._only().p_value, doc=Pair.p_value.__doc__)  # type: ignore[assignment]
    runs_needed: int | None = property(lambda self: self._only().runs_needed, doc=Pair.runs_needed.__doc__)  # type: ignore[assignment]
    better: str | None = property(lambda self: self._only().better, doc=Pair.better.__doc__)  # type: ignore[assignment]

    def __str__(self) -> str:
        return self._lines(*[line for pair in self._document["pairs"] for line in (pair["sentence"], *pair["notes"])])

    def __repr__(self) -> str:
        return f"Comparison({', '.join(map(repr, self.pairs))})"

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row for each pair."""
        rows = []
        for pair in self._document["pairs"]:
            row = {name: value for name, value in pair.items() if not isinstance(value, (list, dict))}
            row["low"], row["high"] = pair["interval"] or (None, None)
            rows.append(row)
        return _frame(rows)

    def plot(self, ax: Any = None) -> Any:
        """Every run as a dot, with the mean of each training and its 95% interval, by matplotlib; returns the axes."""
        groups = self._document["groups"].items()
        return _dots(self.metric, {name: (group["values"], group["mean"], group["meanInterval"]) for name, group in groups}, ax)

    def _repr_html_(self) -> str:
        return self._html(_table(
            ["pair", "difference", "95% interval", "p", "verdict"],
            [[f"{pair['b']} - {pair['a']}", _number(pair["difference"]), _between(pair["interval"]), _number(pair["pAdjusted"]),
              pair["verdict"]]
             for pair in self._document["pairs"]]))


class Noise(_Answer):
    """How much one training varies by itself."""

    def _part(self, source: str) -> float | None:
        return next((part["std"] for part in self._document["split"] if part["source"] == source), None)

    @property
    def mean(self) -> float:
        """The mean over the runs."""
        return self._document["mean"]

    @property
    def spread(self) -> float | None:
        """The standard deviation over the runs."""
        return self._document["spread"]

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% interval of the spread."""
        return _interval(self._document["spreadInterval"])

    @property
    def floor(self) -> float | None:
        """Two single runs that differ by less cannot be told apart: 95% of pairs of runs do."""
        return self._document["noiseFloor"]

    @property
    def rounding(self) -> float | None:
        """The part of the spread that rounding makes, where runs of one seed differ in rounding; a standard deviation."""
        return self._part("rounding")

    @property
    def seeds(self) -> float | None:
        """The part that seeds make beyond it, where both are known; a standard deviation."""
        return self._part("seeds, beyond rounding")

    def runs_needed(self, difference: float) -> int | None:
        """How many runs of each side show such a difference with a power of 80%."""
        import json

        plan = json.loads(self._ask("--json", f"--difference={difference!r}"))["plan"]
        return None if plan is None else plan["runsNeeded"]

    def __str__(self) -> str:
        plan = self._document.get("plan")
        return self._lines(self._document["sentence"], *(plan["advice"] if plan else []))

    def __repr__(self) -> str:
        return f"Noise({self._document['runs']} runs, spread {_number(self.spread)}, floor {_number(self.floor)})"

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row for each run."""
        return _frame(self._document["values"])

    def plot(self, ax: Any = None) -> Any:
        """Every run as a dot, with the mean and its 95% interval, by matplotlib; returns the axes."""
        values = [run["value"] for run in self._document["values"]]
        return _dots(self.metric, {"runs": (values, self.mean, self._document["meanInterval"])}, ax)

    def _repr_html_(self) -> str:
        rows = [["mean", _number(self.mean), _between(self._document["meanInterval"])],
                ["spread", _number(self.spread), _between(self._document["spreadInterval"])]]
        rows += [[part["source"], _number(part["std"]), _between(part["interval"])] for part in self._document["split"]]
        return self._html(_table(["", "estimate", "95% interval"], [*rows, ["noise floor", _number(self.floor), ""]]))


def _dots(metric: str, groups: Mapping[str, tuple[list[float], float, list[float] | None]], ax: Any) -> Any:
    if ax is None:
        ax = _needed("matplotlib.pyplot", "plot").gca()
    for column, (values, mean, interval) in enumerate(groups.values()):
        # Side by side in their order, so that no dot hides another.
        places = [column - 0.2 + 0.25 * (run / max(1, len(values) - 1)) for run in range(len(values))]
        dots, = ax.plot(places, values, "o", markerfacecolor="none")
        ax.plot([column + 0.2], [mean], "D", color=dots.get_color())
        if interval is not None:
            ax.plot([column + 0.2] * 2, interval, "-", linewidth=2, color=dots.get_color())
    ax.set_xticks(range(len(groups)), list(groups))
    ax.set_xlim(-0.5, len(groups) - 0.5)
    ax.set_ylabel(metric)
    return ax
