"""Traces of pairs of trainings whose difference is known (README.md has the table): PYTHONPATH=python python3 make.py [NAME ...].

Each is a process of its own, for instruction sets and threads are chosen when it starts.
"""
import os
import random
import subprocess
import sys

# What each training does otherwise than the plain one: variables of its environment, and settings of train().
ENVIRONMENT = {
    "aten-avx512": {"ATEN_CPU_CAPABILITY": "avx512"},
    "aten-none": {"ATEN_CPU_CAPABILITY": "default"},
    "onednn-avx2": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
    "onednn-sse41": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
}
SETTINGS = {
    "plain": {},
    **{name: {} for name in ENVIRONMENT},
    "threads2": {"threads": 2},
    "channels-last": {"channels_last": True},
    "batch128": {"batch": 128},
    "batch127": {"batch": 127},
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
}


def train(path, steps=2, threads=1, batch=16, loader_seed=1, channels_last=False, augment=False, workers_equal=False, frozen=False,
          frozen_eval=False, transposed=False, decay=None, evaluation=False, bfloat16=False, adam=None, k=1):
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
    torch.manual_seed(1)
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
    with Trace(path, model, optimizer, steps=range(steps), seed=1) as trace:
        for x, y in loader:
            if trace.step == steps:
                break
            trace.batch(x, y)
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                loss = nn.functional.cross_entropy(model(x.to(memory_format=torch.channels_last) if channels_last else x).float(), y)
            trace.loss(loss)
            loss.backward()
            optimizer.step()


def main(names):
    here = os.path.dirname(os.path.abspath(__file__))
    if names[:1] == ["--one"]:
        return train(os.path.join(here, names[1] + ".trace"), **SETTINGS[names[1]])
    for name in names or SETTINGS:
        subprocess.run([sys.executable, "-W", "ignore", __file__, "--one", name], env={**os.environ, **ENVIRONMENT.get(name, {})}, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
