"""The module, with the program that LASTBIT_BINARY names or the installed package has: python3 -m unittest discover python/tests."""
import base64
import importlib.util
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest
from unittest import mock

import lastbit
import lastbit.callbacks as callbacks

try:
    BINARY = lastbit.find_binary()
except FileNotFoundError as error:
    raise unittest.SkipTest(str(error))
HAS = {name: importlib.util.find_spec(name) is not None for name in ("pandas", "numpy", "matplotlib")}
A, B = [91.2, 91.5, 90.9, 91.3, 91.1], [91.9, 91.6, 92.0, 91.7, 91.8]
ROWS = [dict(recipe=name, seed=seed, epoch=epoch, val_acc=value - 2 + epoch)
        for name, values in (("baseline", A), ("warmup", B)) for seed, value in enumerate(values) for epoch in (1, 2)]


def command_line(*arguments, folder):
    done = subprocess.run([BINARY, *arguments, "--json", "--quiet", "--out", f"{folder}/out"], capture_output=True, check=True, cwd=folder)
    return json.loads(done.stdout)


def columns():
    return {name: [row[name] for row in ROWS] for name in ROWS[0]}


def csv(path, rows=ROWS):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]) + "\n")
    return path


class CompareTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_the_four_ways_give_what_the_command_line_gives(self):
        table = csv(self.folder / "runs.csv")
        options = dict(group="recipe", metric="val_acc", seed="seed", step="epoch", value="last")
        expected = command_line("compare", str(table), *(f"--{name}={value}" for name, value in options.items()), folder=self.folder)
        tables = [ROWS]
        if HAS["pandas"]:
            import pandas

            tables.append(pandas.DataFrame(ROWS))
            tables.append(pandas.DataFrame(ROWS).astype({"seed": "int16", "val_acc": "float64", "recipe": "category"}))
        for data in tables:
            self.assertEqual(expected, lastbit.compare(data, **options).to_dict())

        for name, values in (("A", A), ("B", B)):
            for seed, value in enumerate(values):
                csv(self.folder / name / f"seed{seed}.csv", [dict(epoch=1, val_acc=value)])
        expected = command_line("compare", f"A={self.folder}/A", f"B={self.folder}/B", "--value=last", "--paired=no", folder=self.folder)
        self.assertEqual(expected, lastbit.compare(A=str(self.folder / "A"), B=self.folder / "B", value="last", paired="no").to_dict())

        numbers = [lastbit.compare(A=A, B=tuple(B)), lastbit.compare({"A": A, "B": B})]
        if HAS["numpy"] and HAS["pandas"]:
            import numpy

            numbers.append(lastbit.compare(A=numpy.array(A), B=pandas.Series(B, index=range(7, 12))))
        for answer in numbers:
            for pair, other in zip(expected["pairs"], answer.to_dict()["pairs"]):
                self.assertEqual({name: pair[name] for name in ("difference", "interval", "p", "pPermutation", "verdict", "runsNeeded")},
                                 {name: other[name] for name in ("difference", "interval", "p", "pPermutation", "verdict", "runsNeeded")})

    def test_the_answer(self):
        c = lastbit.compare(baseline=A, warmup=B)
        pair = c.to_dict()["pairs"][0]
        self.assertEqual(("real", pair["difference"], tuple(pair["interval"]), pair["pAdjusted"], pair["runsNeeded"], "warmup", "value"),
                         (c.verdict, c.difference, c.interval, c.p_value, c.runs_needed, c.better, c.metric))
        self.assertAlmostEqual(0.6, c.difference)
        self.assertIn("warmup is better", str(c))
        self.assertIn("warmup - baseline: real", repr(c))
        self.assertTrue(c.to_latex().startswith("\\begin{tabular}") and "is better" in c.to_latex())
        page = c._repr_html_()
        self.assertIn("data:image/svg+xml;base64,", page)
        svg = base64.b64decode(page.split('base64,')[1].split('"')[0])
        self.assertIn(b"value of every run", svg)
        self.assertIn("<td>warmup - baseline</td>", page)
        hostile = lastbit.compare({"<b>&": A, "warmup": B})
        self.assertIn("&lt;b&gt;&amp;", hostile._repr_html_())
        self.assertNotIn("<b>", hostile._repr_html_())

    def test_several_trainings_and_several_questions(self):
        c = lastbit.compare(a=A, b=B, c=[91.0, 91.4, 91.2, 91.3])
        self.assertEqual([("a", "b"), ("a", "c"), ("b", "c")], [(pair.a, pair.b) for pair in c.pairs])
        with self.assertRaisesRegex(ValueError, "3 pairs were compared; take them from .pairs"):
            c.verdict
        many = lastbit.compare_many({"first": dict(a=A, b=B), "second": dict(b=B, a=A)}, difference=0.5)
        self.assertEqual(["first", "second"], list(many))
        one = lastbit.compare(b=B, a=A, difference=0.5)
        self.assertEqual(one.to_dict()["pairs"], many["second"].to_dict()["pairs"])
        self.assertEqual(one.to_latex(), many["second"].to_latex())
        self.assertLess(many["second"].difference, 0)

    def test_seeds_pair_runs(self):
        seeds = {3: 91.2, 1: 91.5, 2: 90.9}
        c = lastbit.compare(a=seeds, b={1: 91.6, 2: 91.0, 3: 91.3}, paired="yes")
        self.assertTrue(c.to_dict()["pairs"][0]["paired"])
        self.assertAlmostEqual(0.1, c.difference)

    def test_frames_and_figures_where_their_libraries_are(self):
        c = lastbit.compare(baseline=A, warmup=B)
        n = lastbit.noise(A)
        if HAS["pandas"]:
            frame = c.to_frame()
            self.assertEqual(["real"], list(frame["verdict"]))
            self.assertEqual([c.interval[0]], list(frame["low"]))
            self.assertEqual(A, list(n.to_frame()["value"]))
        if HAS["matplotlib"]:
            import matplotlib

            matplotlib.use("Agg")
            from matplotlib import pyplot

            ax = pyplot.figure().gca()
            self.assertIs(ax, c.plot(ax))
            self.assertEqual(["baseline", "warmup"], [label.get_text() for label in ax.get_xticklabels()])
            self.assertEqual(A, list(ax.get_lines()[0].get_ydata()))
            self.assertIsNotNone(n.plot())
            pyplot.close("all")

    def test_what_cannot_be_judged_has_the_words_of_the_program(self):
        for call, words in (
                (lambda: lastbit.compare(A=[1.0, 2.0], B=["x", "y"]), "^training 'B', value 1: is \"x\"; a number is right"),
                (lambda: lastbit.compare([dict(recipe=name, val_acc=value) for name in "AB" for value in (1.0, "x", "y")], group="recipe",
                                         options={"runs": "rows"}), "^row 2: 'x' is a word where a number should be"),
                (lambda: lastbit.compare(A=A, B=[]), "training 'B': is empty"), (lambda: lastbit.compare(A=A), "needs two"),
                (lambda: lastbit.noise([math.nan, math.nan]), "no run can be used; 1: it diverged"),
                (lambda: lastbit.compare(A="/nowhere", B="/nowhere"), "/nowhere: there is no such file or folder"),
                (lambda: lastbit.compare(A=A, B=B, value="mean"), "mean"), (lambda: lastbit.compare(A=A, B="logs"), "paths and numbers"),
                (lambda: lastbit.compare(), "nothing to compare"), (lambda: lastbit.compare(ROWS, A=A), "one or the other"),
                (lambda: lastbit.compare(A=str(pathlib.Path(__file__)), vlaue="last"), "vlaue: there is no such option.*did you mean value"),
                (lambda: lastbit.compare(ROWS, metric="nothing", group="recipe"), "nothing"),
                (lambda: lastbit.noise(A, value="lst"), "^value=: 'lst' is unknown"),
                (lambda: lastbit.compare(A=A, B=B, options={"not-worse": -1}), r"options\['not-worse'\]")):
            with self.assertRaisesRegex(lastbit.InputError, words) as caught:
                call()
            self.assertNotIn("\n", str(caught.exception))
        with mock.patch.dict(sys.modules, {"pandas": None}), self.assertRaisesRegex(ModuleNotFoundError, "to_frame needs pandas"):
            lastbit.compare(A=A, B=B).to_frame()
        c = lastbit.compare(A=[*A, math.nan], B=B)
        self.assertEqual(1, len(c.left_out))
        self.assertIn("it diverged: NaN", str(c))
        self.assertEqual("too few runs", lastbit.compare(A=[1.0], B=[2.0]).verdict)
        self.assertIn("the very values", str(lastbit.compare(A=A, B=A)))
        self.assertNotIn("the very values", str(lastbit.compare(A=A, B=[*A, math.nan])))
        self.assertNotIn("same values", str(lastbit.compare(A=[*A, math.nan], B=[*A, math.nan])))

    def test_not_worse(self):
        self.assertEqual("real", lastbit.assert_not_worse(B, A, margin=0.2).verdict)
        with self.assertRaisesRegex(AssertionError, "worse"):
            lastbit.assert_not_worse(A, B, margin=0.2)
        with self.assertRaises(AssertionError):
            lastbit.assert_not_worse([91.0, 92.5], A, margin=0.2)  # too few to say
        lastbit.assert_not_worse(A, B, margin=0.2, metric="loss")


class NoiseTests(unittest.TestCase):
    def test_the_answer(self):
        n = lastbit.noise(A)
        document = n.to_dict()
        self.assertEqual((document["mean"], document["spread"], tuple(document["spreadInterval"]), document["noiseFloor"]),
                         (n.mean, n.spread, n.interval, n.floor))
        self.assertIsNone(n.rounding)
        self.assertEqual(lastbit.noise(A, difference=0.3).to_dict()["plan"]["runsNeeded"], n.runs_needed(0.3))
        self.assertGreater(n.runs_needed(0.1), n.runs_needed(0.3))
        self.assertIn("cannot be told apart", str(n))
        self.assertIn("data:image/svg+xml;base64,", n._repr_html_())
        self.assertIn("tabular", n.to_latex())

    def test_rounding_and_seeds(self):
        rows = [dict(seed=seed, k=k, score=seed + 0.1 * k * (-1) ** seed) for seed in range(4) for k in (1, 3, 5)]
        n = lastbit.noise(rows)
        parts = {part["source"]: part["std"] for part in n.to_dict()["split"]}
        self.assertEqual((parts["rounding"], parts["seeds, beyond rounding"]), (n.rounding, n.seeds))
        self.assertGreater(n.seeds, n.rounding)


class ProgramTests(unittest.TestCase):
    def python(self, *arguments, **environment):
        path = os.pathsep.join(filter(None, (str(pathlib.Path(lastbit.__file__).parent.parent), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, "PYTHONPATH": path, **environment}
        return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)

    def test_the_module_runs_the_program_and_ends_as_it_does(self):
        done = self.python("-m", "lastbit", "--version")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertTrue(done.stdout.startswith("lastbit "))
        self.assertEqual(2, self.python("-m", "lastbit", "nothing").returncode)

    def test_nothing_is_looked_up_or_imported_before_it_is_used(self):
        script = "import lastbit, sys; print(*{'torch', 'pandas', 'numpy', 'matplotlib', 'lastbit.torch'} & set(sys.modules))"
        done = self.python("-c", script, LASTBIT_BINARY="/nowhere")
        self.assertEqual((0, "\n", ""), (done.returncode, done.stdout, done.stderr))
        with mock.patch.dict(os.environ, LASTBIT_BINARY="/nowhere"), self.assertRaisesRegex(FileNotFoundError, "/nowhere: is no program"):
            lastbit.compare(A=A, B=B)
        with mock.patch.dict(os.environ, LASTBIT_BINARY=BINARY):
            self.assertEqual(BINARY, lastbit.find_binary())


class CallbackTests(unittest.TestCase):
    """None of the three libraries is needed: stand-ins have the documented interface."""

    def library(self, **modules):
        for name, members in modules.items():
            name = name.replace("__", ".")
            parts = name.split(".")
            for end in range(1, len(parts) + 1):
                sys.modules.setdefault(".".join(parts[:end]), types.ModuleType(".".join(parts[:end])))
            for member in members:
                setattr(sys.modules[name], member, type(member, (), {}))

    def setUp(self):
        modules = mock.patch.dict(sys.modules)
        modules.start()
        self.addCleanup(modules.stop)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def judged(self, **options):
        n = lastbit.noise(self.folder, value="last", **options)
        return [(run["run"], run["seed"], run["value"]) for run in n.to_dict()["values"]]

    def test_lightning(self):
        self.library(lightning__pytorch__callbacks=["Callback"])
        for seed in (1, 2):
            callback = callbacks.lightning(f"{self.folder}/seed{seed}.jsonl", seed=seed)
            self.assertEqual("Callback", type(callback).__mro__[1].__name__)
            for epoch in range(3):
                for rank in (True, False):
                    callback.on_train_epoch_end(types.SimpleNamespace(
                        is_global_zero=rank, current_epoch=epoch,
                        callback_metrics={"val_acc": seed + epoch, "name": "word", "epoch": epoch}), None)
        self.assertEqual(["1", "2"], [seed for _, seed, _ in self.judged()])
        self.assertEqual([3, 4], [value for _, _, value in self.judged()])

    def test_lightning_by_its_older_name(self):
        self.library(pytorch_lightning__callbacks=["Callback"])
        self.assertEqual("Callback", type(callbacks.lightning("unused")).__mro__[1].__name__)

    def test_transformers(self):
        self.library(transformers=["TrainerCallback"])
        for seed in (1, 2):
            callback = callbacks.transformers(f"{self.folder}/seed{seed}.jsonl", seed=seed)
            for step in (100, 200):
                callback.on_evaluate("args", types.SimpleNamespace(is_world_process_zero=True, global_step=step), "control",
                                     metrics={"eval_loss": seed * 10 + step, "epoch": 0.5}, model=None)
                other = types.SimpleNamespace(is_world_process_zero=False, global_step=step)
                callback.on_evaluate("args", other, "control", metrics={"eval_loss": 0})
        self.assertEqual([210, 220], [value for _, _, value in self.judged()])

    def test_keras(self):
        self.library(keras__callbacks=["Callback"])
        for seed in (1, 2):
            callback = callbacks.keras(f"{self.folder}/seed{seed}.jsonl", seed=seed)
            for epoch in range(2):
                callback.on_epoch_end(epoch, {"val_accuracy": seed * epoch, "loss": 0.1})
            callback.on_epoch_end(2)
        with open(f"{self.folder}/seed2.jsonl") as file:
            expected = [dict(epoch=1, val_accuracy=0.0, loss=0.1), dict(epoch=2, val_accuracy=2.0, loss=0.1), dict(epoch=3)]
            self.assertEqual([dict(seed=2, **row) for row in expected], [json.loads(line) for line in file])


if __name__ == "__main__":
    unittest.main()
