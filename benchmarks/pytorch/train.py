"""The training of `lastbit train` in PyTorch (Debian's python3-torch 1.13, CPU), as the independent yardstick of docs/performance.md.

Usage: train.py DATA N EPOCHS OUT.json     trains a CIFAR ResNet of depth 6N+2 on the binary batches in DATA, writes the learning curve
       train.py --step NETWORK BATCH STEPS THREADS relu|swish|tanh contiguous_format|channels_last
           prints the median time of one training step (forward, backward, update) of resnetD, vgg16 or a fully connected network "fc" in ms

Where OMP_NUM_THREADS is not set, Debian's PyTorch may take one thread only: the first form takes what it finds, the second what it is told.

Same settings as LastBit's defaults (learning rate 0.1, divided by 10 after 20, 40, 60 and 80% of the epochs; momentum 0.9, Nesterov, weight decay
5e-4, batches of 128, crop and flip), other random numbers.
"""
import json, os, sys, time
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, cin, cout, stride, act):
        super().__init__()
        self.act = act
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.downsample = None
        if cin != cout:
            self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        skip = x if self.downsample is None else self.downsample(x)
        return self.act(self.bn2(self.conv2(self.act(self.bn1(self.conv1(x))))) + skip)


class ResNet(nn.Module):
    def __init__(self, n, act=F.relu):
        super().__init__()
        self.act = act
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        blocks, cin = [], 16
        for cout, stride in ((16, 1), (32, 2), (64, 2)):
            for j in range(n):
                blocks.append(Block(cin, cout, stride if j == 0 else 1, act))
                cin = cout
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(64, 10)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.normal_(m.weight, 0, (2 / (m.kernel_size[0] * m.kernel_size[1] * m.out_channels)) ** 0.5)

    def forward(self, x):
        x = self.blocks(self.act(self.bn1(self.conv1(x))))
        return self.fc(F.avg_pool2d(x, 8).flatten(1))


ACTIVATIONS = {"relu": F.relu, "swish": lambda x: x * torch.sigmoid(5 * x), "tanh": torch.tanh}


class Apply(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def vgg16(act):
    layers, cin = [], 3
    for stage in ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)):
        for cout in stage:
            layers += [nn.Conv2d(cin, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout), Apply(act)]
            cin = cout
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, 10))


def fully_connected(act):
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 200), Apply(act), nn.Linear(200, 200), Apply(act), nn.Linear(200, 10))


def step_time(network, batch, steps, threads, activation, layout):
    torch.set_num_threads(threads)
    layout, act = getattr(torch, layout), ACTIVATIONS[activation]
    net = vgg16(act) if network == "vgg16" else fully_connected(act) if network == "fc" else ResNet((int(network[6:]) - 2) // 6, act)
    net = net.to(memory_format=layout)
    opt = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    x, y = torch.randn(batch, 3, 32, 32).to(memory_format=layout), torch.randint(0, 10, (batch,))
    times = []
    for i in range(steps + 2):
        t = time.perf_counter()
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
        times.append(time.perf_counter() - t)
    return 1e3 * float(np.median(times[2:]))


def load(folder, names):
    raw = np.concatenate([np.fromfile(os.path.join(folder, f), np.uint8).reshape(-1, 3073) for f in names])
    return raw[:, 1:].reshape(-1, 3, 32, 32), raw[:, 0].astype(np.int64)


def normalise(x):
    mean = np.float32([0.507, 0.487, 0.441]).reshape(1, 3, 1, 1)
    std = np.float32([0.267, 0.256, 0.276]).reshape(1, 3, 1, 1)
    return torch.from_numpy((x.astype(np.float32) / 255 - mean) / std)


def augment(padded, idx, rng):
    """The images idx, each cropped and flipped at random; padded is [image][3][40][40] uint8."""
    dy, dx, flip = rng.integers(0, 9, len(idx)), rng.integers(0, 9, len(idx)), rng.integers(0, 2, len(idx))
    return normalise(np.stack([padded[k, :, a:a + 32, b:b + 32][:, :, ::-1 if f else 1] for k, a, b, f in zip(idx, dy, dx, flip)]))


def train(folder, n, epochs, out):
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    x, y = load(folder, [f"data_batch_{i}.bin" for i in range(1, 6)])
    tx, ty = load(folder, ["test_batch.bin"])
    tx, ty = normalise(tx), torch.from_numpy(ty)
    padded = np.pad(x, ((0, 0), (0, 0), (4, 4), (4, 4)))
    net, curve = ResNet(n), []
    opt = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    drops = [round(epochs * f) for f in (0.2, 0.4, 0.6, 0.8)]
    for epoch in range(epochs):
        started = time.time()
        for group in opt.param_groups:
            group["lr"] = 0.1 * 0.1 ** sum(epoch >= d for d in drops)
        net.train()
        order, loss_sum, right = rng.permutation(len(x)), 0.0, 0
        for i in range(0, len(x), 128):
            idx = order[i:i + 128]
            target = torch.from_numpy(y[idx])
            opt.zero_grad()
            logits = net(augment(padded, idx, rng))
            loss = F.cross_entropy(logits, target)
            loss.backward()
            opt.step()
            loss_sum += loss.item() * len(idx)
            right += (logits.argmax(1) == target).sum().item()
        net.eval()
        with torch.no_grad():
            logits = torch.cat([net(tx[i:i + 256]) for i in range(0, len(tx), 256)])
        curve.append({"epoch": epoch + 1, "trainLoss": loss_sum / len(x), "trainAccuracy": 100 * right / len(x),
                      "testLoss": F.cross_entropy(logits, ty).item(), "testAccuracy": 100 * (logits.argmax(1) == ty).float().mean().item(),
                      "seconds": time.time() - started})
        print(curve[-1], flush=True)
        json.dump({"epochs": curve}, open(out, "w"))


if __name__ == "__main__":
    if sys.argv[1] == "--step":
        print(f"{step_time(sys.argv[2], *map(int, sys.argv[3:6]), *sys.argv[6:8]):.2f}")
    else:
        train(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
