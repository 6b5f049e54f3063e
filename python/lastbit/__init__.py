"""Is it real? How much a training varies by itself, and whether one is better than another.

    import lastbit
    c = lastbit.compare(baseline=[91.2, 91.5, 90.9, 91.3, 91.1], warmup=[91.9, 91.6, 92.0, 91.7, 91.8])
    print(c)
    c.verdict, c.difference, c.interval, c.p_value, c.runs_needed

Everything is computed by the program `lastbit`, which the package carries: the numbers are those of its command line, to the last digit.
Options have the names of the command line's, with _ for -; docs/noise.md says what they mean. `lastbit.torch` is the companion of PyTorch,
`lastbit.callbacks` write logs from Lightning, Hugging Face's Trainer and Keras; both are imported only by name.
"""
from __future__ import annotations

import difflib
import functools
import importlib.metadata
import json
import math
import os
import tempfile
from typing import Any, Mapping, Sequence, Union

from lastbit._answers import Comparison, Noise, Pair
from lastbit._program import KEYWORDS, InputError, find_binary, run

__all__ = ["Comparison", "InputError", "Noise", "Pair", "assert_not_worse", "compare", "compare_many", "find_binary", "noise"]

# Numbers, one a run, in anything that has tolist() or is a sequence; a dict from seed to number; a DataFrame; a list of dicts; a path.
Training = Union[Sequence[float], Mapping[int, float], Sequence[Mapping[str, Any]], str, "os.PathLike[str]", Any]


def compare(
    data: Any = None, /, *,
    metric: str | None = None, value: str | None = None, group: str | None = None, seed: str | None = None, k: str | None = None,
    fold_column: str | None = None, step: str | None = None, runs: str | None = None, paired: str | None = None,
    difference: float | None = None, higher_is_better: bool | None = None, lower_is_better: bool | None = None,
    random_seed: int | None = None, options: Mapping[str, Any] | None = None, **trainings: Training,
) -> Comparison:
    """Is one training better than another?

    compare(baseline=[91.2, 91.5], warmup=[91.9, 91.6])                  numbers, one a run; {seed: number} pairs runs by seed
    compare(df, group="recipe", metric="val_acc", seed="seed")           one table: a pandas or polars DataFrame, or a list of dicts
    compare(A="logs/a", B="logs/b", metric="val_acc", value="last")      files, folders or patterns
    compare({"seed": [91.2, 91.5], "k": [91.9, 91.6]})                   names of trainings that are names of options

    Other options of the command line are given as options={"not-worse": 0.2}, and random_seed seeds what is resampled.
    NaN in a list is a run that diverged, in a DataFrame no value.
    Raises InputError, with the program's own words, for what it cannot judge.
    """
    given = _options(options, metric=metric, value=value, group=group, seed=seed, k=k, fold_column=fold_column, step=step, runs=runs,
                     paired=paired, difference=difference, higher_is_better=higher_is_better, lower_is_better=lower_is_better,
                     random_seed=random_seed)
    return _question("compare", _compared(data, trainings), given, Comparison)


def compare_many(questions: Mapping[str, Mapping[str, Training]], **options: Any) -> dict[str, Comparison]:
    """Many comparisons in one call of the program: a name for each, and its trainings (numbers or tables) by name; options hold for all."""
    given = _options(options)
    documents = [dict(_document(_compared(trainings, {})), name=name) for name, trainings in questions.items()]
    answers = json.loads(run(["compare", "-", "--json"], {"options": given, "questions": documents}))["answers"]
    return {name: Comparison(answer, functools.partial(_ask, "compare", document, given))
            for name, answer, document in zip(questions, answers, documents)}


def noise(
    data: Training, /, *,
    metric: str | None = None, value: str | None = None, seed: str | None = None, k: str | None = None, fold_column: str | None = None,
    step: str | None = None, runs: str | None = None, difference: float | None = None, test_images: int | None = None,
    higher_is_better: bool | None = None, lower_is_better: bool | None = None, options: Mapping[str, Any] | None = None,
) -> Noise:
    """How much does one training vary by itself? Its runs are numbers, a table, or the path of their logs, as for compare."""
    given = _options(options, metric=metric, value=value, seed=seed, k=k, fold_column=fold_column, step=step, runs=runs,
                     difference=difference, test_images=test_images, higher_is_better=higher_is_better, lower_is_better=lower_is_better)
    return _question("noise", data, given, Noise)


def assert_not_worse(candidate: Training, baseline: Training, *, margin: float, **options: Any) -> Comparison:
    """For tests: raises AssertionError, with a sentence, unless the runs show that the candidate is not worse by more than the margin.

    Too few runs to say so are a failure too, whose sentence says how many would do.
    """
    answer = compare({"baseline": baseline, "candidate": candidate}, options={"not-worse": margin, **options})
    judged = answer.pairs[0].to_dict()["notWorse"]
    if judged["verdict"] != "not worse":
        raise AssertionError(judged["sentence"])
    return answer


def _options(more: Mapping[str, Any] | None, **named: Any) -> dict[str, Any]:
    return {name.replace("_", "-"): value for name, value in {**named, **(more or {})}.items() if value is not None and value is not False}


def _compared(data: Any, trainings: Mapping[str, Training]) -> Any:
    if data is not None and trainings:
        raise InputError(f"a table and the trainings {', '.join(trainings)} were given; give one or the other, and options by their names")
    if data is None and not trainings:
        raise InputError("nothing to compare was given; give two trainings by name, or a table")
    return trainings if data is None else data


def _question(command: str, data: Any, options: dict[str, Any], answer: type) -> Any:
    named = data if isinstance(data, Mapping) and command == "compare" else {None: data}
    paths = [_is_path(training) for training in named.values()]
    if any(paths) and not all(paths):
        raise InputError("paths and numbers were given together; give numbers or tables for all trainings, or paths for all")
    for name, path in named.items():
        meant = difflib.get_close_matches(str(name), [*KEYWORDS, "options"], n=1, cutoff=0.8)
        if any(paths) and meant and not os.path.exists(path):
            raise InputError(f"{name}: there is no such option, and no {os.fspath(path)!r} to compare; did you mean {meant[0]}?")
    source: dict[str, Any] | list[str] = _document(data, command) if not any(paths) else [
        os.fspath(path) if name is None else f"{name}={os.fspath(path)}" for name, path in named.items()]
    ask = functools.partial(_ask, command, source, options)
    document = json.loads(ask("--json"))
    if "metrics" in document:
        raise InputError("several metrics were asked for; ask for one, or for each in its own call")
    return answer(document, ask)


def _ask(command: str, source: dict[str, Any] | list[str], options: Mapping[str, Any], *arguments: str) -> str:
    """Asks a question once more, in another form: --latex, a folder for the figure."""
    if isinstance(source, dict):
        # A name is for an answer among several.
        asked = {name: value for name, value in source.items() if name != "name"}
        return run([command, "-", *arguments], {"schema": 1, "command": command, "options": options, **asked})
    arguments = (*arguments, *(f"--{name}" if value is True else f"--{name}={value}" for name, value in options.items()))
    if any(argument.startswith("--out=") for argument in arguments):
        return run([command, *source, *arguments])
    with tempfile.TemporaryDirectory() as folder:  # the program's page, which nobody asked for
        return run([command, *source, *arguments, f"--out={folder}"])


def _is_path(data: Any) -> bool:
    return isinstance(data, (str, os.PathLike))


def _document(data: Any, command: str = "compare") -> dict[str, Any]:
    """Trainings by name, or one table, as the program reads them (docs/noise.md has the schema)."""
    if command == "compare" and isinstance(data, Mapping):
        return {"trainings": [{"name": str(name), **_table(training)} for name, training in data.items()]}
    return _table(data)


def _table(data: Any) -> dict[str, Any]:
    if isinstance(data, Mapping):  # from seed to number
        return {"seeds": [_plain(one) for one in data], "values": [_plain(one) for one in data.values()]}
    if hasattr(data, "columns"):  # a DataFrame, where NaN is no value
        return {"columns": {str(name): [None if one == "NaN" else one for one in map(_plain, _list(data[name]))] for name in data.columns}}
    values = _list(data)
    if values and all(isinstance(one, Mapping) for one in values):
        return {"rows": [{str(name): _plain(one) for name, one in row.items()} for row in values]}
    return {"values": [_plain(one) for one in values]}


def _list(data: Any) -> list[Any]:
    for way in ("tolist", "to_list"):
        if hasattr(data, way):
            data = getattr(data, way)()
            return data if isinstance(data, list) else [data]
    return list(data)


def _plain(value: Any) -> Any:
    """A number, a word or nothing, as JSON has them."""
    value = value.item() if hasattr(value, "item") else value
    if value is None or isinstance(value, (bool, int, str)):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return number if math.isfinite(number) else "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def __getattr__(name: str) -> Any:
    if name == "__version__":  # read when it is asked for: nothing is looked up at import
        return importlib.metadata.version("lastbit")
    raise AttributeError(f"module 'lastbit' has no attribute {name!r}")
