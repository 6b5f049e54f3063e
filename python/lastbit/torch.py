"""Repeats of a PyTorch training that differ in nothing but rounding, and logs that `lastbit noise` and `lastbit compare` read.

One file that needs torch and nothing else: `lastbit.torch` where LastBit was installed with pip, or lastbit_torch.py as `lastbit pytorch`
writes it.
In a training script:

    from lastbit.torch import perturb, digest, Log      # or: from lastbit_torch import ...

    optimizer = perturb(torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9), k)   # k = 1, 3, 5, ...
    log = Log(f"logs/seed{seed}-k{k}.jsonl", seed=seed, k=k)
    for epoch in range(1, epochs + 1):
        train(...)
        log.epoch(epoch, test_acc=evaluate(...))
    log.correct(predictions == labels, labels)      # optional: which test image was classified correctly
    print(digest(model))

and then `lastbit noise logs`. Runs of one seed start from the same weights and see the same batches: seed torch with the seed alone,
never with k.
`Trace`, which records a training step by step, lies in the file beside this one, lastbit/trace.py or lastbit_trace.py.
"""
from __future__ import annotations

import collections
import ctypes
import hashlib
import importlib
import json
import numbers
import os
import struct
import sys
from typing import Any, Callable

try:
    import torch
except ModuleNotFoundError:  # Log alone needs none of it
    torch = None  # type: ignore[assignment]

# Optimizers whose update depends on the weights through weight decay alone, so that it can be computed apart from them.
_KINDS = ("SGD", "Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "Adadelta", "RMSprop")


def perturb(optimizer: torch.optim.Optimizer, k: float) -> torch.optim.Optimizer:
    """Makes every update of an optimizer round otherwise and changes nothing else; returns the optimizer.

    Call it right after the optimizer is made. SGD then computes w - (lr*k)*(d/k), any other optimizer w + k*(u/k) where it would
    compute w + u. In exact arithmetic k is without effect; in floating point k = 3, 5, 7, ... change the last bit of some weights.
    k = 1 is the plain optimizer, bit for bit. Powers of two change no bit either where the update reaches the weights in one addition:
    not with NAdam and RMSprop's momentum, nor in bfloat16 and float16 but for SGD.

    Copies and pickles stay perturbed; state_dict() is the plain optimizer's, and so are the state and the hooks of its steps.
    Refused by name: other optimizers, fused, capturable and differentiable ones, a learning rate that is a tensor, sparse gradients,
    and parameters that share memory.
    """
    kind = type(optimizer).__name__
    if isinstance(optimizer, _Perturbed):
        raise ValueError(f"perturb: the optimizer is perturbed already (k = {optimizer.lastbit_k}); make a new one for another k")
    if kind not in _KINDS or type(optimizer) is not getattr(torch.optim, kind, None):
        raise TypeError(f"perturb: {type(optimizer).__module__}.{kind} is not known; {', '.join(_KINDS)} of torch.optim are")
    if isinstance(k, bool) or not isinstance(k, numbers.Real) or not 1 <= k <= 1024:
        raise ValueError(f"perturb: k is {k!r}; a number from 1 to 1024 is right")
    if "step" in vars(optimizer):
        raise ValueError("perturb: the optimizer's step is wrapped already, by a scheduler or a library; "
                         "call perturb right after the optimizer is made")
    _check(optimizer)
    _check_memory(optimizer)
    optimizer.__class__ = globals()["Perturbed" + kind]
    optimizer.lastbit_k = float(k)
    torch.optim.Optimizer.__setstate__(optimizer, {})  # as after unpickling: torch wraps the step of the class, so that step hooks run
    return optimizer


class _Perturbed:
    """An optimizer whose update is computed apart from its weights, from weights of -0, to which any number adds exactly."""

    _plain: Any
    lastbit_k: float
    state: Any
    param_groups: Any

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update, as the plain optimizer makes it but for rounding."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            _check(self)
            plain = type(self)._plain.step
            plain = plain.__wrapped__ if getattr(plain, "hooked", False) else plain  # the hooks belong to this step, and see its weights
            if self.lastbit_k == 1:
                plain(self)
            else:
                self._apart(plain)
        return loss

    def _apart(self, plain: Callable[[Any], Any]) -> None:
        # Weights and settings are touched only when the plain step has succeeded on a copy that has the state, and the update for weights.
        k, sgd = self.lastbit_k, isinstance(self, torch.optim.SGD)
        copy = object.__new__(type(self)._plain)
        vars(copy).update(vars(self), param_groups=[], state=collections.defaultdict(dict))
        updates = []
        for group in self.param_groups:
            lr, decay = group["lr"], group.get("weight_decay", 0)
            decoupled = isinstance(self, torch.optim.AdamW) or group.get("decoupled_weight_decay", False)
            copied = dict(group, params=[], weight_decay=0, **({"lr": 1.0} if sgd else {}))
            copy.param_groups.append(copied)
            for p in group["params"]:
                if p.grad is None:
                    continue
                update = torch.full_like(p, -0.0)
                # Weight decay reads the weights, so it is applied here, with the optimizer's own arithmetic.
                coupled = decay != 0 and not decoupled
                update.grad = p.grad.add(p, alpha=-decay if group.get("maximize", False) else decay) if coupled else p.grad
                if p in self.state:
                    copy.state[update] = self.state[p]
                copied["params"].append(update)
                updates.append((p, update, lr, 1 - lr * decay if decay != 0 and decoupled else 1))
        plain(copy)
        for p, update, lr, shrink in updates:
            if update in copy.state:
                self.state[p] = copy.state[update]
            if shrink != 1:
                p.mul_(shrink)
            if sgd:
                p.add_(update.neg_().div_(k), alpha=-(lr * k))
            else:
                p.add_(update.div_(k).mul_(k))

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As the plain optimizer's; parameters that share memory are refused."""
        super().add_param_group(param_group)  # type: ignore[misc]
        try:
            _check_memory(self)
        except ValueError:
            self.param_groups.pop()
            raise

    def __getstate__(self) -> dict[str, Any]:
        return dict(super().__getstate__(), lastbit_k=self.lastbit_k)  # type: ignore[misc]


for _kind in _KINDS:
    # Named in this module, so that pickle finds them.
    if torch is not None and hasattr(torch.optim, _kind):
        _plain = getattr(torch.optim, _kind)
        globals()["Perturbed" + _kind] = type("Perturbed" + _kind, (_Perturbed, _plain), {"__module__": __name__, "_plain": _plain})


def _check(optimizer: Any) -> None:
    for group in optimizer.param_groups:
        for option in ("fused", "capturable", "differentiable"):
            if group.get(option):
                raise TypeError(f"perturb: {option}=True is not supported; make the optimizer without it")
        if torch.is_tensor(group["lr"]):
            raise TypeError("perturb: a learning rate that is a tensor is not supported; give a number")
        if any(p.grad is not None and p.grad.layout != torch.strided for p in group["params"]):
            raise TypeError("perturb: sparse gradients are not supported")


def _check_memory(optimizer: Any) -> None:
    spans = []
    for group in optimizer.param_groups:
        for p in group["params"]:
            if p.layout == torch.strided and p.numel() > 0 and p.data_ptr() != 0:
                last = sum((size - 1) * stride for size, stride in zip(p.shape, p.stride()))
                spans.append((str(p.device), p.data_ptr(), p.data_ptr() + (last + 1) * p.element_size()))
    spans.sort()
    if any(a[0] == b[0] and b[1] < a[2] for a, b in zip(spans, spans[1:])):
        raise ValueError("perturb: two parameters share memory (or one is given twice), so that one update would undo the other; "
                         "give each once")


def digest(model: torch.nn.Module, version: int = 2) -> str:
    """SHA-256 over the state of a model (what state_dict() has, in its order), as 64 hexadecimal digits: equal digests are equal bits.

    Version 2 takes each tensor as it is, integers and binary64 included: a line "TYPE [SHAPE]" and its bytes.
    Version 1 is LastBit's own digest: weights and running statistics as binary32, without anything else; a model in binary64 has none.
    """
    if version not in (1, 2):
        raise ValueError(f"digest: version is {version!r}; 1 (LastBit's own) or 2 (all bits) is right")
    sha = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        if not torch.is_tensor(tensor) or tensor.layout != torch.strided or tensor.is_quantized:
            raise TypeError(f"digest: {name} is no dense tensor; its bits are not defined")
        if version == 2:
            sha.update(f"{str(tensor.dtype)[6:]} {list(tensor.shape)}\n".encode("ascii"))
        elif tensor.is_complex() or tensor.dtype == torch.float64:
            raise TypeError(f"digest: {name} is {str(tensor.dtype)[6:]}, and version 1 takes binary32; version=2 takes all bits")
        elif not tensor.is_floating_point():
            continue
        else:
            tensor = tensor.to(torch.float32)
        _update(sha, tensor)
    return sha.hexdigest()


def _update(sha: Any, tensor: torch.Tensor) -> None:
    # A view of the tensor's own memory: no list, no copy, no NumPy.
    if sys.byteorder != "little":
        raise NotImplementedError("digest: the bytes of a digest are little-endian, and this processor's are not")
    tensor = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous()
    size = tensor.numel() * tensor.element_size()
    if size > 0:
        sha.update((ctypes.c_char * size).from_address(tensor.data_ptr()))


class Log:
    """Writes a line of JSON an epoch, as NAME.jsonl, and which images were classified correctly as NAME.correct.npy."""

    def __init__(
        self, path: str | os.PathLike[str], seed: int | None = None, k: float | None = None, group: str | None = None, **params: Any,
    ) -> None:
        self._path = os.fspath(path)
        self._run = {name: _number(value) for name, value in dict(seed=seed, k=k, group=group, **params).items() if value is not None}
        os.makedirs(os.path.dirname(self._path) or ".", exist_ok=True)
        self._write("w", "")

    def epoch(self, epoch: int, **metrics: Any) -> None:
        """Writes the metrics of an epoch (or step); numbers, also NumPy's, and tensors and arrays of one number are right."""
        row = dict(self._run, epoch=_number(epoch), **{name: _number(value) for name, value in metrics.items()})
        self._write("a", json.dumps(row) + "\n")

    def correct(self, correct: Any, labels: Any = None) -> None:
        """Writes for each test image, always in the same order, whether it was classified correctly; and the images' classes, if given."""
        stem, ending = os.path.splitext(self._path)
        stem = stem if ending in (".jsonl", ".json", ".log", ".txt") else self._path
        _save(stem + ".correct.npy", [bool(image) for image in _flat(correct)], "|u1", "B")
        if labels is not None:
            _save(stem + ".labels.npy", [int(label) for label in _flat(labels)], "<i4", "i")

    def close(self) -> None:
        """Nothing is left open between lines; for scripts that close what they opened."""

    def _write(self, mode: str, text: str) -> None:
        with open(self._path, mode, encoding="utf-8") as file:
            file.write(text)


def _number(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _flat(values: Any) -> list[Any]:
    return values.reshape(-1).tolist() if hasattr(values, "reshape") else list(values)


def _save(path: str, values: list[int] | list[bool], kind: str, code: str) -> None:
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({len(values)},), }}"
    header = header.ljust((10 + len(header) + 64) // 64 * 64 - 11) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode("ascii"))
        file.write(struct.pack(f"<{len(values)}{code}", *values))


def __getattr__(name: str) -> Any:
    if name == "Trace":  # a file of its own, which this one does not need
        return importlib.import_module("lastbit.trace" if __name__ == "lastbit.torch" else "lastbit_trace").Trace
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
