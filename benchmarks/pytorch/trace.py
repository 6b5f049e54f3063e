"""What Trace costs: a training step of ResNet-20 (batches of 128) plain, recorded, and with every=10, in turns.

The weights, which are recorded once in a training, are told by themselves and are in neither of the two.

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


def main(threads=2, rounds=5):
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
        return (time.perf_counter() - start) / max(1, count)

    def traced(count, every):
        """The time of the first step, with the weights, and of one of those after it in the mean; the size of a record."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.trace")
            with Trace(path, net, optimizer, every=every) as trace:
                first = steps(1, trace)
                steps(every - 1, trace)
                before = os.path.getsize(path)
                return first, steps(count, trace), os.path.getsize(path) - before

    steps(2), traced(1, 1)  # warm up
    plain, first, each, tenth, size = [], [], [], [], 0
    for _ in range(rounds):
        plain.append(steps(10))  # as many as with every=10, so that the least of either is the least of as many
        begun, took, size = traced(5, 1)
        first.append(begun)
        each.append(took)
        tenth.append(traced(10, 10)[1])
    base = min(plain)
    print(f"{threads} threads: plain {base:.3f} s; recorded {min(each) / base:.2f} times that; every=10 {min(tenth) / base:.2f} times; "
          f"{size / 5e6:.2f} MB a step; once, for the weights, {max(0, min(first) - min(each)):.3f} s (least of {rounds} rounds)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
