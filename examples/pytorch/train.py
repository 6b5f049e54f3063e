#!/usr/bin/env python3
"""One training of ResNet-8 in PyTorch on the CIFAR-10 sample that comes with LastBit (1000 training images, 500 test images).

The training that docs/noise.md asks about: is weight decay worth anything here? One call is one run, a minute or two of one core:

    train.py --recipe decay --seed 1 --k 3      # writes logs/decay/seed1-k3.jsonl

With --trace FILE its steps are recorded to the last bit, and `lastbit diff` finds where two such records part (docs/diff.md).

Needs torch and numpy, and lastbit_torch.py beside it (`lastbit pytorch` writes it).
"""
import argparse
import contextlib
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from lastbit_torch import Log, Trace, digest, perturb

RECIPES = {"decay": 5e-4, "nodecay": 0.0}
SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "src" / "LastBit" / "Data" / "Sample"


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Identity()
        if channels_in != channels:
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


def resnet8():
    """16, 32 and 64 channels, one block each."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2),
        nn.AvgPool2d(8), nn.Flatten(), nn.Linear(64, 10))


def load(path):
    """Images and labels of a file in CIFAR-10's binary format: a byte for the class, then 3072 for the image."""
    rows = np.fromfile(path, np.uint8).reshape(-1, 3073)
    images = torch.from_numpy(rows[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 255)
    mean, std = torch.tensor([0.507, 0.487, 0.441]), torch.tensor([0.267, 0.256, 0.276])
    return (images - mean[:, None, None]) / std[:, None, None], torch.from_numpy(rows[:, 0].astype(np.int64))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--recipe", choices=RECIPES, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--k", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--logs", default="logs")
    parser.add_argument("--trace")
    args = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(args.seed)  # the seed alone: all k of a seed start from the same weights and see the same batches
    x, y = load(SAMPLE / "train.bin")
    test_x, test_y = load(SAMPLE / "test.bin")
    model = resnet8()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=RECIPES[args.recipe])
    perturb(optimizer, args.k)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)

    log = Log(f"{args.logs}/{args.recipe}/seed{args.seed}-k{args.k}.jsonl", seed=args.seed, k=args.k)
    with Trace(args.trace, model, optimizer, seed=args.seed) if args.trace else contextlib.nullcontext() as trace:
        for epoch in range(1, args.epochs + 1):
            model.train()
            for batch in torch.randperm(len(x)).split(64):
                images = x[batch]
                flip = torch.rand(len(batch)) < 0.5
                images[flip] = images[flip].flip(3)
                if trace:
                    trace.batch(images, y[batch])
                loss = F.cross_entropy(model(images), y[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            schedule.step()
            model.eval()
            with torch.no_grad():
                right = model(test_x).argmax(1) == test_y
            log.epoch(epoch, train_loss=loss, test_acc=right.float().mean())
    log.correct(right, test_y)
    log.close()
    print(args.recipe, args.seed, args.k, f"{100 * right.float().mean():.1f}%", digest(model)[:16])


if __name__ == "__main__":
    main()
