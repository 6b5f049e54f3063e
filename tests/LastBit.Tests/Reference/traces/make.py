"""Traces of pairs of trainings whose difference is known (README.md has the table): PYTHONPATH=python python3 make.py [NAME ...].

Each is a process of its own, for instruction sets and threads are chosen when it starts.
The two named "beside" are LastBit's and PyTorch's of one training: the first needs the program, `lastbit`, built in this clone.
"""
import contextlib
import glob
import os
import random
import subprocess
import sys
import tempfile

# What each training does otherwise than the plain one: variables of its environment, and settings of train().
ENVIRONMENT = {
    "aten-avx512": {"ATEN_CPU_CAPABILITY": "avx512"},
    "aten-none": {"ATEN_CPU_CAPABILITY": "default"},
    "onednn-avx2": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
    "onednn-sse41": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "zoom-sse41": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
}
SETTINGS = {
    "plain": {},
    "plain-again": {},
    **{name: {} for name in ENVIRONMENT},
    "zoom": {"zoom": "body", "steps": 1},
    "zoom-sse41": {"zoom": "body", "steps": 1},
    "threads2": {"threads": 2},
    "channels-last": {"channels_last": True},
    "batch128": {"batch": 128},
    "batch127": {"batch": 127},
    "seed": {"seed": 2},
    "order": {"loader_seed": 2},
    "workers": {"augment": True},
    "workers-equal": {"augment": True, "workers_equal": True},
    "frozen": {"frozen": True, "frozen_eval": True},
    "frozen-dropout": {"frozen": True},
    "transposed": {"transposed": True},
    "decay": {"decay": "weights"},
    "decay-bias": {"decay": "all"},
    "eval": {"evaluation": True},
    "bfloat16": {"bfloat16": True},
    "adam": {"adam": 1e-8},
    "adam-epsilon": {"adam": 1e-4},
    "k3": {"k": 3},
    "no-reset": {"zero_grad": False},
    "scaled": {"factor": 4},
}


HERE = os.path.dirname(os.path.abspath(__file__))


def train(path, steps=2, threads=1, batch=16, loader_seed=1, channels_last=False, augment=False, workers_equal=False, frozen=False,
          frozen_eval=False, transposed=False, decay=None, evaluation=False, bfloat16=False, adam=None, k=1, zero_grad=True, factor=1,
          seed=1, zoom=None):
    import torch
    from torch import nn
    from lastbit.torch import Trace, perturb

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True),
                nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.Dropout(0.1))
            self.head = nn.Linear(256, 10)

        def forward(self, x):
            x = self.body(x)
            return self.head((x.transpose(2, 3) if transposed else x).flatten(1))

    class Images(torch.utils.data.Dataset):
        x = torch.randn(4 * 128, 3, 8, 8, generator=torch.Generator().manual_seed(3))
        y = torch.randint(0, 10, (4 * 128,), generator=torch.Generator().manual_seed(4))

        def __len__(self):
            return len(self.x)

        def __getitem__(self, i):
            return (self.x[i].roll(random.randrange(-1, 2), -1) if augment else self.x[i]), self.y[i]

    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    random.seed(1)
    model = Network()
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    model.train(not evaluation)
    model.body.requires_grad_(not frozen)
    if frozen_eval:
        model.body.eval()
    groups = [{"params": [p for name, p in model.named_parameters() if name.endswith("bias") == bias],
               "weight_decay": 0.01 if decay == "all" or decay == "weights" and not bias else 0} for bias in (False, True)]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9) if adam is None else torch.optim.Adam(groups, lr=1e-3, eps=adam)
    if k != 1:
        perturb(optimizer, k)
    order = torch.Generator().manual_seed(loader_seed)
    loader = torch.utils.data.DataLoader(
        Images(), batch, shuffle=True, generator=order, num_workers=2 if augment else 0,
        worker_init_fn=(lambda worker: random.seed(7 if workers_equal else 7 + worker)) if augment else None)
    with Trace(path, model, optimizer, steps=range(steps), zoom=zoom, seed=seed) as trace:
        for x, y in loader:
            if trace.step == steps:
                break
            trace.batch(x, y)
            if zero_grad:
                optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                loss = nn.functional.cross_entropy(model(x.to(memory_format=torch.channels_last) if channels_last else x).float(), y)
            trace.loss(loss)
            loss.backward()
            for p in model.parameters() if factor != 1 else ():
                p.grad /= factor
            optimizer.step()


def beside():
    """One step of a ResNet-8 by LastBit, and the same step by PyTorch: equal weights, equal batch."""
    import numpy
    import torch
    root = os.path.join(HERE, *[".."] * 4)
    sys.path.append(os.path.join(root, "examples", "pytorch"))
    from lastbit.torch import Trace
    from resnet import ResNet

    training = ["train", "--network", "resnet8", "--data", "sample", "--train-size", "16", "--batch-size", "16", "--epochs", "1", "--quiet"]
    lastbit, mine, theirs = [os.path.join(root, "lastbit")], *(os.path.join(HERE, f"beside-{name}.trace") for name in ("lastbit", "torch"))
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        subprocess.run([*lastbit, *training, "--out", "first"], check=True)
        subprocess.run([*lastbit, "export", "first", "--out", "."], check=True)
        subprocess.run([*lastbit, *training, "--threads", "1", "--out", "second", "--initial", "weights.npz", "--trace", mine,
                        "--trace-batches", "batches"], check=True)
        torch.set_num_threads(1)
        model = ResNet(8)
        weights = numpy.load("weights.npz")
        model.load_state_dict({name: torch.from_numpy(weights[name]) for name in weights.files}, strict=False)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
        with Trace(theirs, model, optimizer) as trace:
            for file in sorted(glob.glob("batches/x-*.npy")):
                x, y = torch.from_numpy(numpy.load(file)), torch.from_numpy(numpy.load(file.replace("x-", "y-"))).long()
                trace.batch(x, y)
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()


def main(names):
    if names[:1] == ["--one"]:
        return beside() if names[1] == "beside" else train(os.path.join(HERE, names[1] + ".trace"), **SETTINGS[names[1]])
    for name in names or [*SETTINGS, "beside"]:
        subprocess.run([sys.executable, "-W", "ignore", __file__, "--one", name], env={**os.environ, **ENVIRONMENT.get(name, {})}, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
