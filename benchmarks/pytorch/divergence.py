"""A pair of Figure 2 in PyTorch (Debian's python3-torch 1.13, CPU), as the independent yardstick of docs/results.md.

Usage: divergence.py DATA DIVISOR STEPS     prints, after every step, the average relative L1 difference of layer2.5.conv1 of two copies of
                                            ResNet-56 with Swish that differ in k (1 and 3) alone, at learning rate 0.1/DIVISOR

Same settings as `lastbit divergence`, other random numbers.
"""
import copy, sys
import numpy as np, torch, torch.nn.functional as F
from train import ResNet, augment, load


def swish(x):
    return x * torch.sigmoid(5 * x)


def run(folder, divisor, steps, batch=128, weight_decay=5e-4):
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    x, y = load(folder, [f"data_batch_{i}.bin" for i in range(1, 6)])
    padded = np.pad(x, ((0, 0), (0, 0), (4, 4), (4, 4)))
    copies = {1: ResNet(9, swish)}
    copies[3] = copy.deepcopy(copies[1])
    order = rng.permutation(len(x))
    for step in range(steps):
        idx = order[step * batch:(step + 1) * batch]
        images, target = augment(padded, idx, rng), torch.from_numpy(y[idx])
        for k, net in copies.items():
            net.zero_grad()
            F.cross_entropy(net(images), target).backward()
            rate = float(np.float32(0.1 / divisor) * np.float32(k))
            with torch.no_grad():
                for p in net.parameters():
                    p -= rate * ((p.grad + weight_decay * p) / k)
        # Three stages of nine blocks: layer2.5 is block 9 + 5.
        a, b = (net.blocks[14].conv1.weight.detach().double() for net in copies.values())
        difference = (2 * ((a - b).abs() / (a.abs() + b.abs())).mean()).item()
        print(f"divisor {divisor}, step {step + 1}: {difference:.3g}", flush=True)


run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
