"""What Trace costs: a training step of ResNet-20 (batches of 128) plain, recorded, and with every=10, in turns.

Usage: PYTHONPATH=python python3 benchmarks/pytorch/trace.py [THREADS [ROUNDS]]
"""
import os
import sys
import tempfile
import time

import torch
import torch.nn.functional as F

from lastbit.torch import Trace
from train import ResNet


def main(threads=2, rounds=3):
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = ResNet(3)
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    x, y = torch.randn(128, 3, 32, 32), torch.randint(0, 10, (128,))

    def steps(count, trace=None):
        """The time of one step, in the mean."""
        start = time.perf_counter()
        for _ in range(count):
            if trace is not None:
                trace.batch(x, y)
            optimizer.zero_grad()
            F.cross_entropy(net(x), y).backward()
            optimizer.step()
        return (time.perf_counter() - start) / count

    def traced(count, every):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.trace")
            with Trace(path, net, optimizer, every=every) as trace:
                took = steps(count, trace)
            return took, os.path.getsize(path)

    steps(2), traced(1, 1)  # warm up
    plain, each, tenth, size = [], [], [], 0
    for _ in range(rounds):
        plain.append(steps(3))
        took, size = traced(2, 1)
        each.append(took)
        plain.append(steps(3))
        tenth.append(traced(10, 10)[0])
    base = min(plain)
    print(f"{threads} threads: plain {base:.3f} s; recorded {min(each) / base:.2f} times that; "
          f"every=10 {min(tenth) / base:.2f} times; {size / 2 / 1e6:.2f} MB a step (least of {rounds} rounds)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
