"""The residual networks of `lastbit train --network resnetD` (He et al. 2015 for CIFAR), with the names that `lastbit export` and
`lastbit train --trace` use: ResNet(8), ResNet(20), ResNet(56), ... with batch normalisation."""
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if inputs != channels:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, depth, classes=10, inputs=3):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        blocks = (depth - 2) // 6
        self.layer1 = self._layer(16, 16, blocks, 1)
        self.layer2 = self._layer(16, 32, blocks, 2)
        self.layer3 = self._layer(32, 64, blocks, 2)
        self.fc = nn.Linear(64, classes)

    @staticmethod
    def _layer(inputs, channels, blocks, stride):
        return nn.Sequential(*(Block(inputs if i == 0 else channels, channels, stride if i == 0 else 1) for i in range(blocks)))

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(torch.relu(self.bn1(self.conv1(x))))))
        return self.fc(x.mean((2, 3)))
