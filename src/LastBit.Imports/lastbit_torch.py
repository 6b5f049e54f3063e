"""Repeats of a PyTorch training that differ in nothing but rounding, and logs that `lastbit noise` and `lastbit compare` read.

Needs torch and nothing else. In a training script:

    from lastbit_torch import perturb, digest, Log

    optimizer = perturb(torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9), k)   # k = 1, 3, 5, ...
    log = Log(f"logs/seed{seed}-k{k}.jsonl", seed=seed, k=k)
    for epoch in range(1, epochs + 1):
        train(...)
        log.epoch(epoch, test_acc=evaluate(...))
    log.correct(predictions == labels, labels)      # optional: which test image was classified correctly
    print(digest(model))

and then `lastbit noise logs`. Runs of one seed start from the same weights and see the same batches: seed torch with the seed alone, never with k.
"""
import hashlib
import json
import os
import struct
import types

import torch

# Optimizers whose update depends on the weights through weight decay alone, so that it can be computed apart from them.
_COUPLED = ("SGD", "Adam", "NAdam", "RAdam", "Adamax", "Adagrad", "Adadelta", "RMSprop")
_DECOUPLED = ("AdamW",)


def perturb(optimizer, k):
    """Makes every update of an optimizer round otherwise and changes nothing else; returns the optimizer.

    SGD then computes w - (lr*k)*(d/k), any other optimizer w + k*(u/k) where it would compute w + u. In exact arithmetic k is without effect;
    in floating point powers of two are too, and k = 3, 5, 7, ... change the last bit of some weights.
    """
    kind = type(optimizer).__name__
    if kind not in _COUPLED + _DECOUPLED:
        raise TypeError(f"perturb: {kind} is not known; {', '.join(_COUPLED + _DECOUPLED)} are")
    if not k > 0:
        raise ValueError(f"perturb: k is {k}; a number above 0 is right")
    plain_step = optimizer.step

    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            _step(optimizer, kind, k, plain_step)
        return loss

    optimizer.step = types.MethodType(step, optimizer)
    return optimizer


def _step(optimizer, kind, k, plain_step):
    weights, settings = [], []
    for group in optimizer.param_groups:
        lr, decay = group["lr"], group.get("weight_decay", 0)
        decoupled = kind in _DECOUPLED or group.get("decoupled_weight_decay", False)
        settings.append((group, lr, decay))
        for p in group["params"]:
            if p.grad is None:
                continue
            if p.grad.is_sparse:
                raise TypeError("perturb: sparse gradients are not supported")
            grad, weight = p.grad, p.detach().clone()
            # Weight decay reads the weights, so it is applied here, with the optimizer's own arithmetic.
            if decay != 0 and decoupled:
                weight.mul_(1 - lr * decay)
            elif decay != 0:
                p.grad = grad.add(weight, alpha=-decay if group.get("maximize", False) else decay)
            weights.append((p, weight, grad, lr))
            p.zero_()
        group["weight_decay"] = 0
        if kind == "SGD":
            group["lr"] = 1.0
    try:
        plain_step()  # From weights of zero: what is left in them is the update, not yet rounded to the weights' last bit.
    finally:
        for group, lr, decay in settings:
            group["lr"] = lr
            if "weight_decay" in group:
                group["weight_decay"] = decay
    for p, weight, grad, lr in weights:
        if kind == "SGD":
            p.copy_(weight.add_(p.neg().div_(k), alpha=-(lr * k)))
        else:
            p.copy_(weight.add_(p.div(k).mul_(k)))
        p.grad = grad


def digest(model):
    """SHA-256 over weights and running statistics in definition order, binary32, little-endian: equal digests are equal bits.

    It is LastBit's digest of the same state, as 64 hexadecimal digits.
    """
    sha = hashlib.sha256()
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            values = tensor.detach().to("cpu", torch.float32).contiguous().flatten()
            sha.update(_bytes(values.view(torch.int32), "i"))
    return sha.hexdigest()


class Log:
    """Writes a line of JSON an epoch, as NAME.jsonl, and which images were classified correctly as NAME.correct.npy."""

    def __init__(self, path, seed=None, k=None, group=None, **params):
        self._path = os.fspath(path)
        self._run = {name: value for name, value in dict(seed=seed, k=k, group=group, **params).items() if value is not None}
        os.makedirs(os.path.dirname(self._path) or ".", exist_ok=True)
        self._file = open(self._path, "w", encoding="utf-8")

    def epoch(self, epoch, **metrics):
        """Writes the metrics of an epoch (or step); numbers and tensors of one number are right."""
        row = dict(self._run, epoch=epoch)
        for name, value in metrics.items():
            row[name] = value.item() if torch.is_tensor(value) else value
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()

    def correct(self, correct, labels=None):
        """Writes for each test image, always in the same order, whether it was classified correctly; and the images' classes, for the spread of each."""
        stem = os.path.splitext(self._path)[0]
        _save(stem + ".correct.npy", correct.detach().to("cpu", torch.uint8).flatten(), "|u1", "B")
        if labels is not None:
            _save(stem + ".labels.npy", labels.detach().to("cpu", torch.int32).flatten(), "<i4", "i")

    def close(self):
        """Closes the file; every line is on disk before."""
        self._file.close()


def _bytes(values, code):
    packed = bytearray()
    for part in values.split(1 << 16):
        packed += struct.pack(f"<{part.numel()}{code}", *part.tolist())
    return bytes(packed)


def _save(path, values, kind, code):
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({values.numel()},), }}"
    header = header.ljust((10 + len(header) + 64) // 64 * 64 - 11) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode("ascii") + _bytes(values, code))
