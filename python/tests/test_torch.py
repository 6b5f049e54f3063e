"""The companion of PyTorch, with whatever torch there is: python3 -m unittest discover python/tests."""
import copy
import functools
import hashlib
import io
import json
import os
import pickle
import struct
import tempfile
import unittest
import warnings

try:
    import torch
except ModuleNotFoundError:
    raise unittest.SkipTest("torch is not installed")

import lastbit.torch as companion
from lastbit.torch import Log, digest, perturb

torch.set_num_threads(1)
O = torch.optim

# Every optimizer that is known, with what makes it compute otherwise.
# The update reaches the weights in one addition: powers of two change no bit.
ONE_ADDITION = {
    "SGD": lambda p: O.SGD(p, lr=0.1),
    "SGD with everything": lambda p: O.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4),
    "SGD with dampening": lambda p: O.SGD(p, lr=0.1, momentum=0.9, dampening=0.5, weight_decay=5e-4, maximize=True),
    "SGD foreach": lambda p: O.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4, foreach=True),
    "Adam": lambda p: O.Adam(p, lr=1e-2, weight_decay=1e-3),
    "Adam foreach": lambda p: O.Adam(p, lr=1e-2, weight_decay=1e-3, amsgrad=True, foreach=True),
    "Adam maximize": lambda p: O.Adam(p, lr=1e-2, weight_decay=1e-3, maximize=True),
    "AdamW": lambda p: O.AdamW(p, lr=1e-2, weight_decay=0.1),
    "AdamW foreach": lambda p: O.AdamW(p, lr=1e-2, weight_decay=0.1, foreach=True),
    "AdamW amsgrad": lambda p: O.AdamW(p, lr=1e-2, amsgrad=True),
    "Adagrad": lambda p: O.Adagrad(p, lr=0.1, lr_decay=0.01, weight_decay=1e-3),
    "Adamax": lambda p: O.Adamax(p, lr=1e-2, weight_decay=1e-3),
    "RMSprop": lambda p: O.RMSprop(p, lr=1e-2, weight_decay=1e-3, centered=True),
    "Adadelta": lambda p: O.Adadelta(p, weight_decay=1e-3),
    "RAdam": lambda p: O.RAdam(p, lr=1e-2, weight_decay=1e-3),
}
OTHERS = {
    "RMSprop with momentum": lambda p: O.RMSprop(p, lr=1e-2, momentum=0.9, centered=True, weight_decay=1e-3),
    "NAdam": lambda p: O.NAdam(p, lr=1e-2, weight_decay=1e-3),
}


def network(dtype=torch.float32):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(20, 32), torch.nn.LayerNorm(32), torch.nn.ReLU(), torch.nn.Linear(32, 5)).to(dtype)


def gradients(model, step):
    """The same in every run that has the same weights."""
    generator = torch.Generator().manual_seed(step)
    dtype = next(model.parameters()).dtype
    x, y = torch.randn(16, 20, generator=generator).to(dtype), torch.randint(0, 5, (16,), generator=generator)
    for p in model.parameters():
        p.grad = None
    loss = torch.nn.functional.cross_entropy(model(x).float(), y)
    loss.backward()
    return loss


def train(make, k, dtype=torch.float32, steps=20):
    """The digest after 20 steps; k = None is the plain optimizer."""
    model = network(dtype)
    optimizer = make(model.parameters())
    if k is not None:
        assert perturb(optimizer, k) is optimizer
    for step in range(steps):
        gradients(model, step)
        optimizer.step()
    return model


class PerturbTests(unittest.TestCase):
    def setUp(self):
        warnings.simplefilter("ignore")

    def test_one_is_the_plain_optimizer_and_three_is_not(self):
        for dtype in (torch.float32, torch.float64, torch.bfloat16):
            for name, make in {**ONE_ADDITION, **OTHERS}.items():
                with self.subTest(name, dtype=dtype):
                    plain = digest(train(make, None, dtype))
                    self.assertEqual(plain, digest(train(make, 1, dtype)))
                    self.assertNotEqual(plain, digest(train(make, 3, dtype)))

    def test_powers_of_two_change_no_bit(self):
        cases = [(name, make, dtype) for name, make in ONE_ADDITION.items() for dtype in (torch.float32, torch.float64)]
        cases += [(name, make, torch.bfloat16) for name, make in ONE_ADDITION.items() if name.startswith("SGD")]
        for name, make, dtype in cases:
            with self.subTest(name, dtype=dtype):
                plain = digest(train(make, None, dtype))
                self.assertEqual(plain, digest(train(make, 2, dtype)))
                self.assertEqual(plain, digest(train(make, 8.0, dtype)))

    def test_other_k_round_and_do_nothing_else(self):
        for name, make in {**ONE_ADDITION, **OTHERS}.items():
            for k in (2, 3, 11):
                with self.subTest(name, k=k):
                    for a, b in zip(train(make, None, torch.float64, 10).parameters(), train(make, k, torch.float64, 10).parameters()):
                        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)

    def test_half_precision_as_far_as_this_torch_has_it(self):
        p = torch.nn.Parameter(torch.linspace(-1, 1, 64).half())
        q = copy.deepcopy(p)
        plain, other = O.SGD([p], lr=0.1, momentum=0.9), perturb(O.SGD([q], lr=0.1, momentum=0.9), 2)
        for _ in range(3):
            p.grad, q.grad = torch.full_like(p, 0.3), torch.full_like(q, 0.3)
            plain.step(), other.step()
        self.assertTrue(torch.equal(p, q))

    def test_complex_parameters(self):
        def run(k):
            p = torch.nn.Parameter(torch.tensor([1 + 2j, -0.3 + 0.1j]))
            optimizer = O.SGD([p], lr=0.1, momentum=0.9, weight_decay=0.01)
            if k:
                perturb(optimizer, k)
            for _ in range(5):
                p.grad = (p.detach() * (0.7 - 0.2j)).clone()
                optimizer.step()
            return p.detach()
        self.assertTrue(torch.equal(run(None), run(2)))
        torch.testing.assert_close(run(None), run(3))

    def test_groups_schedules_and_a_parameter_without_a_gradient(self):
        for k in (None, 2):
            model = network()
            frozen = torch.nn.Parameter(torch.ones(3))
            groups = [dict(params=model[0].parameters(), lr=0.2, weight_decay=0.01), dict(params=[*model[1].parameters(), frozen])]
            optimizer = O.SGD(groups, lr=0.1, momentum=0.9)
            if k:
                perturb(optimizer, k)
            optimizer.add_param_group(dict(params=model[3].parameters(), lr=0.05, nesterov=True))
            schedule = O.lr_scheduler.OneCycleLR(optimizer, max_lr=0.3, total_steps=20)
            for step in range(20):
                gradients(model, step)
                optimizer.step()
                schedule.step()
            self.assertTrue(torch.equal(frozen, torch.ones(3)))
            if k:
                self.assertEqual(plain, (digest(model), [group["lr"] for group in optimizer.param_groups]))
            plain = digest(model), [group["lr"] for group in optimizer.param_groups]

    def test_a_closure(self):
        model = network()
        optimizer = perturb(O.SGD(model.parameters(), lr=0.1), 3)
        loss = optimizer.step(lambda: gradients(model, 0))
        self.assertTrue(loss.requires_grad)
        self.assertFalse(next(model.parameters()).grad is None)

    def test_gradient_scaling_by_its_interface(self):
        # Without CUDA the scaler is disabled and hands the step through; what it does to gradients with CUDA is done by hand.
        model = network()
        optimizer = perturb(O.Adam(model.parameters(), lr=1e-2), 2)
        scaler = torch.cuda.amp.GradScaler()
        for step in range(20):
            scaler.scale(gradients(model, step))
            scaler.unscale_(optimizer)
            for group in optimizer.param_groups:
                for p in group["params"]:
                    p.grad.mul_(1024).mul_(1 / 1024)
            scaler.step(optimizer)
            scaler.update()
        self.assertEqual(digest(train(lambda p: O.Adam(p, lr=1e-2), None)), digest(model))
        self.assertFalse(hasattr(optimizer, "_step_supports_amp_scaling") and optimizer._step_supports_amp_scaling)

    def test_state_goes_back_and_forth(self):
        for make in (ONE_ADDITION["SGD with everything"], ONE_ADDITION["Adam"]):
            whole = digest(train(make, 3))
            model = network()
            optimizer = perturb(make(model.parameters()), 3)
            for step in range(10):
                gradients(model, step)
                optimizer.step()
            file = io.BytesIO()
            torch.save(dict(model=model.state_dict(), optimizer=optimizer.state_dict()), file)
            file.seek(0)
            saved = torch.load(file)
            model = network()
            model.load_state_dict(saved["model"])
            plain = make(model.parameters())
            plain.load_state_dict(saved["optimizer"])  # a plain optimizer takes it, and gives it back
            optimizer = perturb(make(model.parameters()), 3)
            optimizer.load_state_dict(plain.state_dict())
            self.assertNotIn("lastbit_k", str(optimizer.state_dict()))
            for step in range(10, 20):
                gradients(model, step)
                optimizer.step()
            self.assertEqual(whole, digest(model))

    def test_copies_and_pickles_stay_perturbed(self):
        def through_pickle(pair):
            return pickle.loads(pickle.dumps(pair))

        for make in (ONE_ADDITION["SGD with everything"], ONE_ADDITION["AdamW"]):
            whole = digest(train(make, 3))
            for way in (copy.deepcopy, through_pickle):
                model = network()
                optimizer = perturb(make(model.parameters()), 3)
                O.lr_scheduler.StepLR(optimizer, 100)  # wraps the step
                for step in range(10):
                    gradients(model, step)
                    optimizer.step()
                model, optimizer = way((model, optimizer))
                self.assertEqual(3, optimizer.lastbit_k)
                for step in range(10, 20):
                    gradients(model, step)
                    optimizer.step()
                self.assertEqual(whole, digest(model))

    def test_step_hooks_see_the_weights(self):
        # As PyTorch 2 calls them: around the step of the class, which it wraps when an optimizer is made or unpickled.
        seen = []

        def profile_hook_step(func):
            @functools.wraps(func)
            def wrapper(self, *args, **kwargs):
                seen.append(("before", self, [p.detach().clone() for group in self.param_groups for p in group["params"]]))
                out = func(self, *args, **kwargs)
                seen.append(("after", self, [p.detach().clone() for group in self.param_groups for p in group["params"]]))
                return out
            return wrapper

        def patch(self):
            if not getattr(type(self).step, "hooked", None):
                type(self).step = profile_hook_step(type(self).step)
                type(self).step.hooked = True

        name = "_patch_step_function" if hasattr(O.Optimizer, "_patch_step_function") else "_hook_for_profile"
        classes = [O.SGD, companion.PerturbedSGD, companion._Perturbed]
        own = [c for c in classes if "step" in vars(c)]
        before = getattr(O.Optimizer, name), [vars(c)["step"] for c in own]
        plain_step = O.SGD.step.__wrapped__ if getattr(O.SGD.step, "hooked", False) else O.SGD.step
        try:
            setattr(O.Optimizer, name, patch)
            O.SGD.step = plain_step
            if "step" in vars(companion.PerturbedSGD):
                del companion.PerturbedSGD.step
            model = network()
            optimizer = perturb(O.SGD(model.parameters(), lr=0.1, weight_decay=0.01), 3)
            for again in range(2):
                start = [p.detach().clone() for p in model.parameters()]
                gradients(model, 0)
                optimizer.step()
                self.assertEqual(["before", "after"], [when for when, _, _ in seen])
                self.assertTrue(all(who is optimizer for _, who, _ in seen))
                self.assertTrue(all(torch.equal(a, b) for a, b in zip(start, seen[0][2])))
                self.assertTrue(all(torch.equal(a, b) for a, b in zip(model.parameters(), seen[1][2])))
                seen.clear()
                model, optimizer = copy.deepcopy((model, optimizer))
        finally:
            setattr(O.Optimizer, name, before[0])
            if "step" in vars(companion.PerturbedSGD):
                del companion.PerturbedSGD.step
            for c, step in zip(own, before[1]):
                c.step = step

    def test_a_step_that_raises_leaves_all_as_it_was(self):
        def state(model, optimizer):
            gradients = [None if p.grad is None or p.grad.is_sparse else p.grad.clone() for p in model.parameters()]
            return [p.detach().clone() for p in model.parameters()], gradients, [
                {name: value for name, value in group.items() if name != "params"} for group in optimizer.param_groups]

        model = network()
        model.add_module("table", torch.nn.Embedding(4, 3, sparse=True))
        for make, spoil, error in (
                (ONE_ADDITION["SGD with everything"], lambda o: model.table(torch.tensor([1])).sum().backward(), "sparse"),
                (ONE_ADDITION["Adam"], lambda o: o.param_groups[0].update(betas=("x", "y")), None),
                (ONE_ADDITION["Adam"], lambda o: o.param_groups[0].update(fused=True), "fused"),
                (ONE_ADDITION["Adam"], lambda o: o.param_groups[0].update(lr=torch.tensor(0.1)), "learning rate")):
            model.table.weight.grad = None
            optimizer = perturb(make(model.parameters()), 3)
            gradients(model[:4], 0)
            spoil(optimizer)
            before = state(model, optimizer)
            with self.assertRaisesRegex(TypeError, error or ""):
                optimizer.step()
            after = state(model, optimizer)
            self.assertTrue(all(torch.equal(a, b) for a, b in zip(before[0], after[0])))
            self.assertTrue(all(a is b is None or torch.equal(a, b) for a, b in zip(before[1], after[1])))
            self.assertEqual(before[2], after[2])

    def test_shared_memory_is_refused(self):
        p = torch.nn.Parameter(torch.ones(4))
        flat = torch.zeros(6)
        a, b, c = torch.nn.Parameter(flat[:3]), torch.nn.Parameter(flat[3:]), torch.nn.Parameter(flat[2:4])
        warnings.simplefilter("ignore")
        try:
            twice = O.SGD([p, p], lr=0.1)
        except ValueError:
            twice = None  # newer versions refuse it themselves
        three = O.SGD([dict(params=[a]), dict(params=[b]), dict(params=[c])], lr=0.1)
        for optimizer in filter(None, (twice, O.SGD([a, c], lr=0.1), three)):
            with self.assertRaisesRegex(ValueError, "share memory"):
                perturb(optimizer, 1)
        optimizer = perturb(O.SGD([a, b], lr=0.1), 3)  # parts of one memory that do not overlap are right
        with self.assertRaisesRegex(ValueError, "share memory"):
            optimizer.add_param_group(dict(params=[c]))
        self.assertEqual(1, len(optimizer.param_groups))

    def test_what_cannot_be_right_is_refused_by_name(self):
        def sgd():
            return O.SGD([torch.nn.Parameter(torch.ones(2))], lr=0.1)

        for k in (float("inf"), float("nan"), 1e-320, 0, -3, "3", True, None, 1e9, 0.5, torch.tensor(3)):
            with self.assertRaisesRegex(ValueError, "perturb: k is .*a number from 1 to 1024 is right"):
                perturb(sgd(), k)
        with self.assertRaisesRegex(ValueError, "perturbed already .k = 3"):
            perturb(perturb(sgd(), 3), 1)
        wrapped = sgd()
        O.lr_scheduler.StepLR(wrapped, 3)
        with self.assertRaisesRegex(ValueError, "right after the optimizer is made"):
            perturb(wrapped, 3)

        class SGD(O.Optimizer):
            pass

        class Derived(O.SGD):
            pass

        p = torch.nn.Parameter(torch.ones(2))
        for optimizer in (SGD([p], {}), Derived([p], lr=0.1), O.LBFGS([p]), O.ASGD([p]), O.Rprop([p]), O.SparseAdam([p])):
            with self.assertRaisesRegex(TypeError, f"{type(optimizer).__name__} is not known"):
                perturb(optimizer, 3)
        for option in ("capturable", "differentiable", "fused"):
            optimizer = O.Adam([p])
            optimizer.param_groups[0][option] = True
            with self.assertRaisesRegex(TypeError, option):
                perturb(optimizer, 3)


class State:
    def __init__(self, **tensors):
        self.tensors = tensors

    def state_dict(self):
        return self.tensors


class DigestTests(unittest.TestCase):
    def test_every_bit_counts(self):
        base = dict(w=torch.ones(3, 2), d=torch.ones(2, dtype=torch.float64), n=torch.tensor(3), c=torch.ones(2, dtype=torch.complex64),
                    b=torch.tensor([True]))
        seen = {digest(State(**base))}
        for change in (dict(d=torch.tensor([1, 1 + 1e-15], dtype=torch.float64)), dict(n=torch.tensor(4)),
                       dict(c=torch.tensor([1, 1 + 1e-7j])), dict(b=torch.tensor([False])), dict(w=torch.ones(2, 3)),
                       dict(w=torch.ones(3, 2).half()), dict(n=torch.tensor(3, dtype=torch.int32))):
            seen.add(digest(State(**{**base, **change})))
        self.assertEqual(8, len(seen))
        self.assertEqual(digest(State(**base)), digest(State(**{**base, "w": torch.ones(2, 3).t()})))  # not how it lies in memory
        self.assertEqual(digest(State(c=torch.tensor([1 - 2j]))), digest(State(c=torch.tensor([1 + 2j]).conj())))
        self.assertEqual(64, len(digest(State(empty=torch.ones(0)))))

    def test_the_bytes_are_as_documented(self):
        state = State(w=torch.tensor([[1.5, -0.0]]), n=torch.tensor(7), h=torch.tensor([2.0], dtype=torch.bfloat16))
        own = hashlib.sha256(struct.pack("<2f", 1.5, -0.0) + struct.pack("<f", 2)).hexdigest()
        all_bits = hashlib.sha256(
            b"float32 [1, 2]\n" + struct.pack("<2f", 1.5, -0.0) + b"int64 []\n" + struct.pack("<q", 7)
            + b"bfloat16 [1]\n\x00\x40").hexdigest()
        self.assertEqual(own, digest(state, version=1))
        self.assertEqual(all_bits, digest(state, version=2))
        self.assertEqual(all_bits, digest(state))

    def test_what_has_no_digest_is_named(self):
        for state, version, words in (
                (State(w=torch.ones(1, dtype=torch.float64)), 1, "w is float64"),
                (State(w=torch.ones(1, dtype=torch.complex64)), 1, "w is complex64"),
                (State(s=torch.eye(2).to_sparse()), 2, "s is no dense"), (State(_extra_state={"a": 1}), 2, "_extra_state")):
            with self.assertRaisesRegex(TypeError, words):
                digest(state, version)
        with self.assertRaisesRegex(ValueError, "version is 3"):
            digest(State(), 3)


class LogTests(unittest.TestCase):
    def test_names_and_numbers(self):
        with tempfile.TemporaryDirectory() as folder:
            for seed in (1, 2):
                log = Log(f"{folder}/logs/lr0.1-seed{seed}", seed=seed, k=3, lr=0.1)
                log.epoch(1, acc=torch.tensor(0.5), loss=2, half=torch.tensor(0.5, dtype=torch.bfloat16))
                log.correct(torch.tensor([[True], [False]]), [4, 5])
                log.close()
            Log(f"{folder}/logs/a.jsonl").correct([1, 0, 1])
            files = [f"lr0.1-seed{seed}{end}" for seed in (1, 2) for end in ("", ".correct.npy", ".labels.npy")]
            self.assertEqual(["a.correct.npy", "a.jsonl", *files], sorted(os.listdir(f"{folder}/logs")))
            with open(f"{folder}/logs/lr0.1-seed2") as file:
                self.assertEqual(dict(seed=2, k=3, lr=0.1, epoch=1, acc=0.5, loss=2, half=0.5), json.loads(file.read()))

    def test_numbers_of_numpy_are_numbers(self):
        try:
            import numpy
        except ModuleNotFoundError:
            self.skipTest("numpy is not installed")
        with tempfile.TemporaryDirectory() as folder:
            log = Log(f"{folder}/a.jsonl", seed=numpy.int64(1))
            log.epoch(numpy.int32(1), acc=numpy.int64(3), loss=numpy.float32(0.5), one=numpy.array([2.5]))
            log.correct(numpy.array([True, False]), numpy.array([1, 2]))
            with open(f"{folder}/a.jsonl") as file:
                self.assertEqual(dict(seed=1, epoch=1, acc=3, loss=0.5, one=2.5), json.loads(file.read()))
            self.assertEqual([1, 0], numpy.load(f"{folder}/a.correct.npy").tolist())
            self.assertEqual([1, 2], numpy.load(f"{folder}/a.labels.npy").tolist())


if __name__ == "__main__":
    unittest.main()
