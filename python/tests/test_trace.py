"""The record of a PyTorch training, with whatever torch there is: python3 -m unittest discover python/tests."""
import copy
import functools
import gzip
import json
import math
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import unittest
import warnings
import zlib

try:
    import torch
except ModuleNotFoundError:
    raise unittest.SkipTest("torch is not installed")

from torch import nn
from torch.utils.checkpoint import checkpoint

import lastbit.trace as module
from lastbit.torch import Trace, digest, perturb

WHOLE = 1 << 64


def mix(z):
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % WHOLE
    z = (z ^ z >> 27) * 0x94D049BB133111EB % WHOLE
    return z ^ z >> 31


def by_definition(content):
    """Digest and blocks of bytes, as docs/diff.md defines them."""
    words = [int.from_bytes(content[i:i + 8], "little") for i in range(0, len(content), 8)]
    first = [word * (mix((2 * i + 1) * 0x9E3779B97F4A7C15 % WHOLE) | 1) for i, word in enumerate(words)]
    second = [word * (mix((2 * i + 2) * 0x9E3779B97F4A7C15 % WHOLE) | 1) for i, word in enumerate(words)]
    size = max(1, -(-len(words) // 64))
    blocks = "".join(f"{sum(first[i:i + size]) % WHOLE:016x}" for i in range(0, len(words), size))
    return f"{sum(first) % WHOLE:016x}{sum(second) % WHOLE:016x}", blocks


def measured(tensor, samples=False):
    numbers, read = module._measure(tensor, samples)
    return read(iter(torch.cat([one.reshape(-1) for one in numbers] or [torch.zeros(0, dtype=torch.int64)]).tolist()))


def content(tensor):
    """The bytes of the elements, one after another."""
    parts = torch.view_as_real(tensor).reshape(-1) if tensor.is_complex() else tensor.reshape(-1)
    if parts.dtype == torch.bfloat16:
        return b"".join(struct.pack("<f", value)[2:] for value in parts.tolist())
    code = {torch.float16: "e", torch.float32: "f", torch.float64: "d", torch.bool: "?", torch.uint8: "B", torch.int8: "b",
            torch.int32: "i", torch.int64: "q"}[parts.dtype]
    return struct.pack(f"<{parts.numel()}{code}", *parts.tolist())


def read(path):
    """Head and records, of whole members alone."""
    with open(path, "rb") as file:
        left, text = file.read(), b""
    while left:
        member = zlib.decompressobj(31)
        content = member.decompress(left)
        if not member.eof:
            break
        text, left = text + content, member.unused_data
    lines = [json.loads(line) for line in text.decode("utf-8").splitlines()]
    return lines[0], lines[1:]


class DigestTests(unittest.TestCase):
    def tearDown(self):
        torch.set_num_threads(1)

    def test_it_is_the_one_defined(self):
        torch.manual_seed(0)
        for n in (0, 1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 1000, 4096, 5001):
            for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.int32, torch.uint8, torch.int8,
                          torch.bool, torch.complex64):
                with self.subTest(n=n, dtype=dtype):
                    tensor = torch.randn(n).mul(3).to(dtype)
                    found, octets = measured(tensor), content(tensor)
                    self.assertEqual(by_definition(octets), (found["digest"], found["blocks"]))
                    width = 4 if tensor.is_complex() else tensor.element_size()
                    count = len(octets) // width
                    places = range(count) if count <= 16 else [j * count // 16 for j in range(16)]
                    self.assertEqual([octets[i * width:(i + 1) * width][::-1].hex() for i in places], found["sample"])

    def test_large_tensors_are_taken_in_pieces(self):
        torch.manual_seed(0)
        old = module._PIECE, module._TABLE, module._PIECE_OF_THREADS
        try:
            for module._PIECE, module._TABLE in ((1, 1), (10, 64), (100, 1 << 12), (256, 100)):
                module._PIECE_OF_THREADS = module._PIECE
                module._tables.clear()
                for n, dtype in ((1, torch.float64), (63, torch.float32), (64, torch.float64), (65, torch.float64), (129, torch.float32),
                                 (1000, torch.float32), (6401, torch.float64), (12803, torch.float32)):
                    tensor = torch.randn(n).to(dtype)
                    found = measured(tensor)
                    self.assertEqual(by_definition(content(tensor)), (found["digest"], found["blocks"]))
                    self.assertAlmostEqual(tensor.abs().sum().item(), found["l1"], delta=1e-6 * found["l1"])
                    self.assertAlmostEqual(tensor.norm().item(), found["l2"], delta=1e-6 * found["l2"])
                    self.assertAlmostEqual(tensor.abs().max().item(), found["max"], delta=1e-6 * found["max"])
        finally:
            module._PIECE, module._TABLE, module._PIECE_OF_THREADS = old
            module._tables.clear()

    def test_every_element_and_its_place_count(self):
        torch.manual_seed(0)
        tensor = torch.randn(300)
        before = measured(tensor)["digest"]
        for i in range(300):
            for bit in (0, 22, 31):
                changed = tensor.clone()
                changed.view(torch.int32)[i] ^= -(1 << 31) if bit == 31 else 1 << bit
                after = measured(changed)["digest"]
                self.assertNotEqual(before[:16], after[:16])
                self.assertNotEqual(before[16:], after[16:])
        self.assertNotEqual(before, measured(tensor.flip(0))["digest"])
        self.assertNotEqual(measured(torch.zeros(3))["digest"], measured(-torch.zeros(3))["digest"])

    def test_it_does_not_depend_on_strides_nor_on_threads(self):
        torch.manual_seed(0)
        tensor = torch.randn(8, 16, 20, 20)
        whole = measured(tensor)
        for other in (tensor.contiguous(memory_format=torch.channels_last), tensor.transpose(0, 3).contiguous().transpose(0, 3),
                      torch.cat([tensor, tensor], 1)[:, :16],
                      torch.cat([torch.zeros(1), tensor.reshape(-1)])[1:].view_as(tensor)):
            found = measured(other)
            self.assertEqual([whole[key] for key in ("digest", "blocks", "sample")], [found[key] for key in ("digest", "blocks", "sample")])
        torch.set_num_threads(2)
        threads = measured(tensor)
        self.assertEqual([whole[key] for key in ("digest", "blocks", "sample")], [threads[key] for key in ("digest", "blocks", "sample")])

    def test_norms_are_of_what_is_finite(self):
        found = measured(torch.tensor([3.0, -4.0, math.inf, math.nan, -math.inf, math.nan]))
        self.assertEqual((7, 5, 4, 2), (found["l1"], found["l2"], found["max"], found["nan"]))
        found = measured(torch.tensor([1e200, 1e200], dtype=torch.float64))
        self.assertEqual((2e200, None, 1e200), (found["l1"], found["l2"], found["max"]))
        self.assertNotIn("nan", found)

    def test_samples_have_digests_of_their_own(self):
        torch.manual_seed(0)
        batch = torch.randn(7, 3, 5, 5)
        samples = measured(batch, samples=True)["samples"]
        self.assertEqual([by_definition(content(image))[0][:16] for image in batch], samples)
        order = torch.tensor([3, 1, 2, 0, 6, 5, 4])
        self.assertEqual([samples[i] for i in order], measured(batch[order], samples=True)["samples"])
        self.assertEqual(7, len(measured(torch.arange(7), samples=True)["samples"]))
        self.assertNotIn("samples", measured(torch.tensor(3), samples=True))


class Residual(nn.Module):
    """Tied weights, a module that is called twice, an activation in place, checkpoints."""

    def __init__(self, inplace=True, checkpointed=None):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.act = nn.ReLU(inplace=inplace)
        self.twice = nn.Conv2d(4, 4, 3, padding=1)
        self.block = nn.Sequential(nn.Linear(16, 16), nn.Tanh(), nn.Dropout(0.2))
        self.out = nn.Linear(16, 16)
        self.out.weight = self.block[0].weight
        self.checkpointed = checkpointed

    def forward(self, x):
        x = self.act(self.norm(self.first(x)))
        x = self.act(self.twice(self.act(self.twice(x)))) + x
        x = nn.functional.adaptive_avg_pool2d(x, 2).flatten(1)
        x = self.block(x) if self.checkpointed is None else checkpoint(self.block, x, use_reentrant=self.checkpointed)
        return self.out(x)


def data(step):
    generator = torch.Generator().manual_seed(step)
    return torch.randn(6, 3, 8, 8, generator=generator), torch.randint(0, 16, (6,), generator=generator)


def train(make=Residual, optimize=None, trace=None, evaluate=False, frozen=(), schedule=False, say=True, **options):
    """The digest of the weights after some steps; with a path, as Trace sees them."""
    torch.manual_seed(1)
    random.seed(1)
    model = make()
    for name in frozen:
        model.get_submodule(name).requires_grad_(False)
    optimizer = (optimize or (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)))(model.parameters())
    recorder = Trace(trace, model, optimizer, **options) if trace else None
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2) if schedule else None
    for step in range(3):
        x, y = data(step)
        if recorder and say:
            recorder.batch(x, y)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        if schedule:
            schedule.step()
        if evaluate:
            model.eval()
            with torch.no_grad():
                model(x)
            model.train()
    if recorder:
        recorder.close()
        assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
        assert schedule or "step" not in vars(optimizer)
    return digest(model)


class TraceTests(unittest.TestCase):
    def setUp(self):
        torch.set_num_threads(1)
        warnings.simplefilter("ignore")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "a.trace")

    def trace(self, **options):
        path = os.path.join(os.path.dirname(self.path), "other.trace")
        train(trace=path, **options)
        return read(path)[1]

    def test_it_changes_no_bit(self):
        adam = functools.partial(torch.optim.Adam, lr=1e-2, weight_decay=1e-3)
        cases = {
            "SGD": {}, "Adam": dict(optimize=adam), "Adam foreach": dict(optimize=functools.partial(adam, foreach=True)),
            "perturbed": dict(optimize=lambda p: perturb(torch.optim.SGD(p, lr=0.1), 3)),
            "not in place": dict(make=lambda: Residual(False)),
            "checkpoints": dict(make=lambda: Residual(checkpointed=True)),
            "other checkpoints": dict(make=lambda: Residual(checkpointed=False)),
            "frozen": dict(frozen=["first", "norm"]), "evaluated": dict(evaluate=True), "scheduled": dict(schedule=True),
            "without batch": dict(say=False, evaluate=True),
        }
        for name, case in cases.items():
            plain = train(**{key: value for key, value in case.items() if key != "say"})
            for options in ({}, dict(every=2), dict(steps=[1]), dict(zoom="twice"), dict(zoom="")):
                with self.subTest(name, **options):
                    self.assertEqual(plain, train(trace=self.path, **case, **options))
                    self.assertGreater(len(read(self.path)[1]), 50)

    def test_what_is_recorded_in_which_order(self):
        train(trace=self.path, seed=7, note="x")
        head, records = read(self.path)
        self.assertEqual((1, f"torch {torch.__version__}"), (head["trace"], head["program"]))
        self.assertEqual(("SGD", 7, "x", 1, 0, 1, "cpu"),
                         tuple(head["settings"][key] for key in ("optimizer", "seed", "note", "threads", "rank", "world", "device")))
        self.assertIn("lr=0.1", head["settings"]["optimizerOptions"])
        self.assertTrue(head["settings"]["processor"] and "ATEN_CPU_CAPABILITY" in head["settings"])
        kinds = [record["kind"] for record in records if record["step"] == 1]
        order = ["batch", "random", "input", "output", "gradient-of-output", "gradient", "update", "buffer"]
        self.assertEqual(order, sorted(set(kinds), key=kinds.index))
        self.assertEqual({0}, {record["step"] for record in records if record["kind"] == "weights"})
        self.assertEqual([0, 1, 2], sorted({record["step"] for record in records}))
        self.assertEqual([1, 0], [r["call"] for r in records if (r["step"], r["kind"], r["name"]) == (0, "gradient-of-output", "twice")])
        keys = [tuple(record.get(key) for key in ("step", "kind", "name", "call", "phase", "index")) for record in records]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertNotIn("out.weight", {r["name"] for r in records})  # tied: under its first name

    def test_gradients_and_outputs_are_those_of_autograd(self):
        torch.manual_seed(1)
        model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
        x, y = torch.randn(2, 4), torch.tensor([0, 2])
        kept = [x]
        for layer in model:
            kept.append(layer(kept[-1]))
            kept[-1].retain_grad()
        nn.functional.cross_entropy(kept[-1], y).backward()
        want = {("output", str(i)): kept[i + 1] for i in range(3)} | {("input", str(i)): kept[i] for i in range(3)}
        want |= {("gradient-of-output", str(i)): kept[i + 1].grad for i in range(3)}
        want |= {("gradient", name): p.grad.clone() for name, p in model.named_parameters()}
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        model.zero_grad()
        with Trace(self.path, model, optimizer) as trace:
            trace.batch(x, y)
            loss = nn.functional.cross_entropy(model(x), y)
            trace.loss(loss)
            loss.backward()
            optimizer.step()
        want |= {("update", name): p for name, p in model.named_parameters()}
        found = {(record["kind"], record["name"]): record for record in read(self.path)[1]}
        for key, tensor in want.items():
            self.assertEqual(measured(tensor.detach())["digest"], found[key]["digest"], key)
        self.assertAlmostEqual(loss.item(), found["loss", ""]["value"])

    def test_in_place_and_checkpointed_records_are_those_of_the_plain_network(self):
        def content(records, phase=None):
            return {(r["step"], r["kind"], r["name"], r["call"], r.get("index", 0), r.get("phase")): r.get("digest") for r in records
                    if phase is None or r.get("phase") == phase}

        plain = content(self.trace(make=lambda: Residual(False)))
        self.assertEqual(plain, content(self.trace()))
        for way in (True, False):
            records = self.trace(make=lambda: Residual(checkpointed=way))
            found = content(records)
            again = {key[:5]: value for key, value in content(records, "recomputed").items()}
            self.assertEqual({"block", "block.0", "block.1", "block.2"}, {key[2] for key in again})
            for key, value in again.items():
                self.assertEqual(plain[(*key, "forward")], value)
            self.assertEqual(plain, {key: value for key, value in found.items() if key[5] != "recomputed"})

    def test_evaluations_are_no_part_of_it(self):
        plain = self.trace()
        self.assertEqual(len(plain), len(self.trace(evaluate=True)))
        self.assertEqual(len([r for r in plain if r["kind"] != "batch"]), len(self.trace(evaluate=True, say=False)))

    def test_some_steps(self):
        self.assertEqual({1}, {r["step"] for r in self.steps(steps=range(1, 2))})
        self.assertEqual({0, 2, 4}, {r["step"] for r in self.steps(every=2)})
        self.assertEqual({4}, {r["step"] for r in self.steps(every=4, steps=[3, 4])})
        self.assertEqual({1}, {r["step"] for r in self.steps(steps=[1]) if r["kind"] == "weights"})

    def steps(self, **options):
        torch.manual_seed(1)
        model = Residual()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with Trace(self.path, model, optimizer, **options) as trace:
            for step in range(5):
                x, y = data(step)
                trace.batch(x, y)
                nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()
        return read(self.path)[1]

    def test_without_an_optimizer_a_batch_begins_a_step(self):
        model = nn.Linear(3, 2)
        with Trace(self.path, model) as trace:
            for step in range(3):
                x = torch.ones(1, 3) * step
                trace.batch({"ids": x, "more": [x, 3]}, mask=x)
                model(x).sum().backward()
        records = read(self.path)[1]
        self.assertEqual(["x.ids", "x.more.0", "mask"] * 3, [r["name"] for r in records if r["kind"] == "batch"])
        self.assertEqual([0, 1, 2], [r["step"] for r in records if r["kind"] == "output"])

    def test_several_batches_make_one_step(self):
        model = nn.Linear(3, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with Trace(self.path, model, optimizer) as trace:
            for step in range(4):
                trace.batch(torch.ones(1, 3))
                model(torch.ones(1, 3)).sum().backward()
                if step % 2:
                    optimizer.step()
        self.assertEqual([(0, 0, "forward"), (0, 1, "forward"), (1, 0, "forward"), (1, 1, "forward")],
                         [(r["step"], r["call"], r["phase"]) for r in read(self.path)[1] if r["kind"] == "output" and r["name"] == ""])

    def test_a_closure(self):
        model = nn.Linear(3, 1)
        optimizer = torch.optim.LBFGS(model.parameters(), max_iter=2)

        def closure():
            optimizer.zero_grad()
            loss = model(torch.ones(1, 3)).square().sum()
            loss.backward()
            return loss

        with Trace(self.path, model, optimizer) as trace:
            trace.batch(torch.ones(1, 3))
            optimizer.step(closure)
        kinds = [r["kind"] for r in read(self.path)[1]]
        self.assertEqual(["gradient", "gradient", "update", "update"], kinds[-4:])
        self.assertEqual({"forward"}, {r["phase"] for r in read(self.path)[1] if r["kind"] == "output"})

    def test_the_scale_and_steps_that_are_skipped(self):
        # Without CUDA the scaler of torch is disabled; this one does what it does.
        class Scaler:
            _scale = torch.tensor(1024.0)

            def step(self, optimizer, finite):
                if finite:
                    optimizer.step()

            def update(self):
                self._scale = self._scale / 2

        model, scaler = nn.Linear(3, 2), Scaler()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with Trace(self.path, model, optimizer, scaler=scaler) as trace:
            for finite in (True, False, True):
                trace.batch(torch.ones(1, 3))
                model(torch.ones(1, 3)).sum().backward()
                scaler.step(optimizer, finite)
                scaler.update()
        self.assertNotIn("update", vars(scaler))
        records = read(self.path)[1]
        self.assertEqual([(0, 1024), (1, 512), (2, 256)], [(r["step"], r["value"]) for r in records if r["kind"] == "scale"])
        self.assertEqual({0, 2}, {r["step"] for r in records if r["kind"] == "update"})

    def test_step_hooks_of_torch_2_by_a_stand_in(self):
        class Handle:
            def __init__(self, hooks, hook):
                self.remove = lambda: hooks.remove(hook)
                hooks.append(hook)

        class Optimizer(torch.optim.SGD):
            def register_step_pre_hook(self, hook):
                return Handle(vars(self).setdefault("pre", []), hook)

            def register_step_post_hook(self, hook):
                return Handle(vars(self).setdefault("post", []), hook)

            def step(self, *args, **kwargs):
                for hook in self.pre:
                    assert hook(self, args, kwargs) is None
                super().step(*args, **kwargs)
                for hook in self.post:
                    assert hook(self, args, kwargs) is None

        plain = [(r["kind"], r["name"], r.get("digest")) for r in self.trace()]
        made = []

        def optimize(parameters):
            made.append(Optimizer(parameters, lr=0.1, momentum=0.9))
            return made[-1]

        self.assertEqual(plain, [(r["kind"], r["name"], r.get("digest")) for r in self.trace(optimize=optimize)])
        self.assertEqual([[], []], [made[0].pre, made[0].post])

    def test_zoom(self):
        operations = [(r["step"], r["name"], r["phase"]) for r in self.zoomed("twice")]
        self.assertEqual({1}, {step for step, _, _ in operations})
        self.assertEqual([(1, "twice/aten::convolution", "forward")] * 2, [one for one in operations if one[2] == "forward"][:2])
        self.assertIn((1, "twice/aten::convolution_backward", "backward"), operations)
        self.assertEqual(6, operations.count((1, "twice/aten::convolution_backward", "backward")))  # of three tensors, in two calls
        self.assertNotIn("aten::native_batch_norm_backward", {name.split("/")[1] for _, name, _ in operations})
        names = {r["name"] for r in self.zoomed("")}
        self.assertTrue({"/aten::native_batch_norm", "/aten::native_batch_norm_backward", "/aten::tanh"} <= names, names)
        made = [r["digest"] for r in self.zoomed("twice") if r["name"].endswith("aten::convolution")]
        self.assertEqual(made, [r["digest"] for r in read(self.path)[1] if (r["kind"], r["name"]) == ("output", "twice")])

    def zoomed(self, zoom):
        return [r for r in self.steps(zoom=zoom, steps=[1]) if r["kind"] == "op"]

    def test_a_scheduler_made_before_or_after_does_not_warn(self):
        for first in (True, False):
            model = nn.Linear(3, 2)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1) if first else None
            with Trace(self.path, model, optimizer):
                schedule = schedule or torch.optim.lr_scheduler.StepLR(optimizer, 1)
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    for step in range(2):
                        model(torch.ones(1, 3)).sum().backward()
                        optimizer.step()
                        schedule.step()
            optimizer.step()
            self.assertEqual(2, max(r["step"] for r in read(self.path)[1]) + 1)

    def test_sparse_gradients_and_states_that_are_not_numbers(self):
        model = nn.Embedding(5, 3, sparse=True)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with Trace(self.path, model, optimizer) as trace:
            trace.batch(torch.tensor([1, 1, 3]))
            model(torch.tensor([1, 1, 3])).sum().backward()
            optimizer.step()
        self.assertEqual([(1, [1, 2]), (0, [2, 3])], [(r["index"], r["shape"]) for r in read(self.path)[1] if r["kind"] == "gradient"])

    def test_a_killed_run_leaves_what_it_had(self):
        script = f"""
import os, signal, sys, torch
from lastbit.torch import Trace
model = torch.nn.Linear(30, 20)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
trace = Trace(sys.argv[1], model, optimizer)
for step in range(5):
    trace.batch(torch.ones(4, 30))
    model(torch.ones(4, 30)).sum().backward()
    if step == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    optimizer.step()
"""
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", script, self.path], check=False)
        self.assertEqual(-signal.SIGKILL, done.returncode)
        with gzip.open(self.path) as file:
            records = [json.loads(line) for line in file.read().splitlines()]
        self.assertEqual([0, 1, 2], sorted({r["step"] for r in records[1:]}))
        self.assertEqual(3, sum(r["kind"] == "update" and r["name"] == "bias" for r in records[1:]))

    def test_a_step_that_fails_is_recorded_as_far_as_it_came(self):
        model = nn.Linear(3, 2)
        with self.assertRaises(RuntimeError):
            with Trace(self.path, model, torch.optim.SGD(model.parameters(), lr=0.1)) as trace:
                trace.batch(torch.ones(1, 4))
                model(torch.ones(1, 4))
        self.assertEqual(["weights", "weights", "batch"], [r["kind"] for r in read(self.path)[1] if r["kind"] != "random"][:3])
        self.assertEqual("input", read(self.path)[1][-1]["kind"])

    def test_a_file_a_rank(self):
        os.environ.update(RANK="1", WORLD_SIZE="2")
        try:
            with Trace(self.path, nn.Linear(3, 2)):
                pass
        finally:
            del os.environ["RANK"], os.environ["WORLD_SIZE"]
        self.assertFalse(os.path.exists(self.path))
        settings = read(self.path.replace(".trace", ".rank1.trace"))[0]["settings"]
        self.assertEqual((1, 2), (settings["rank"], settings["world"]))

    def test_generators(self):
        def random_records():
            records = [r for r in read(self.path)[1] if r["kind"] == "random"]
            return [{r["name"]: r["digest"] for r in records if r["step"] == step} for step in range(3)]

        train(trace=self.path)
        first = random_records()
        self.assertNotEqual(first[0]["cpu"], first[1]["cpu"])  # dropout
        self.assertEqual(first[0]["python"], first[1]["python"])
        train(trace=self.path)
        self.assertEqual([one["cpu"] for one in first], [one["cpu"] for one in random_records()])

    def test_as_two_files_that_were_copied(self):
        folder = os.path.dirname(self.path)
        for name in ("torch", "trace"):
            with open(os.path.join(os.path.dirname(module.__file__), name + ".py")) as file:
                content = file.read()
            with open(os.path.join(folder, f"lastbit_{name}.py"), "w") as file:
                file.write(content)
        script = ("import lastbit_torch, torch, sys; lastbit_torch.Trace('a.trace', torch.nn.Linear(3, 2)); "
                  "sys.exit('lastbit' in sys.modules)")
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=folder, env=environment, check=False)
        self.assertEqual(0, done.returncode)
        self.assertEqual(1, read(self.path)[0]["trace"])

    def test_what_cannot_be_right_is_refused(self):
        with self.assertRaisesRegex(ValueError, "zoom is 'conv9', which is no module of the model; act, block"):
            Trace(self.path, Residual(), zoom="conv9")
        with self.assertRaisesRegex(ValueError, "every is 0; a whole number from 1 is right"):
            Trace(self.path, Residual(), every=0)
        with self.assertRaisesRegex(ValueError, "every is 1.5; a whole number"):
            Trace(self.path, Residual(), every=1.5)
        with self.assertRaisesRegex(ValueError, r"steps is 50; numbers from 0 are right, as range\(50\)"):
            Trace(self.path, Residual(), steps=50)
        optimizer = torch.optim.SGD(Residual().parameters(), 0.1)
        with self.assertRaisesRegex(TypeError, "the model is a SGD; Trace\\(path, model, optimizer\\)"):
            Trace(self.path, optimizer, Residual())
        with self.assertRaisesRegex(TypeError, "the optimizer is a Residual"):
            Trace(self.path, Residual(), Residual())
        self.assertFalse(os.path.exists(self.path))

    def test_what_is_no_trace_is_not_overwritten(self):
        with open(self.path, "w") as file:
            file.write("precious")
        with self.assertRaisesRegex(ValueError, "is there and is no trace"):
            Trace(self.path, Residual())
        with open(self.path) as file:
            self.assertEqual("precious", file.read())
        os.remove(self.path)
        for note in ("first", torch.device("cpu")):  # what JSON does not have is text
            Trace(self.path, Residual(), note=note).close()
        self.assertEqual("cpu", read(self.path)[0]["settings"]["note"])


if __name__ == "__main__":
    unittest.main()
