"""A record of a PyTorch training, step by step and to the last bit, so that `lastbit diff` finds where two of them part.

    from lastbit.torch import Trace      # or: from lastbit_trace import Trace

    with Trace("a.trace", model, optimizer, steps=range(50)) as trace:      # or every=100
        for x, y in loader:
            trace.batch(x, y)
            ...                                                             # the training's own step

Nothing of the training changes: every weight is the same, to the last bit, with and without it.
One file that needs torch and nothing else; docs/diff.md has the format, so that others can write it.
"""
from __future__ import annotations

import contextlib
import functools
import gzip
import json
import math
import os
import platform
import random
import struct
import sys
import types
import weakref
import zlib
from typing import Any, Callable, Container, Iterator

import torch

_ENVIRONMENT = ("ATEN_CPU_CAPABILITY", "MKL_CBWR", "ONEDNN_MAX_CPU_ISA", "NVIDIA_TF32_OVERRIDE", "CUBLAS_WORKSPACE_CONFIG",
                "OMP_NUM_THREADS")
_BLOCKS, _SAMPLE = 64, 16
_WIDTH = 1 << 64
# Multipliers are kept for tensors up to this size (64 MiB for both digests), and made anew beyond it.
_TABLE = 1 << 22
# Words that are worked on at once: by one thread few enough for its caches, by several enough to be worth sharing out, elsewhere few
# enough for memory.
_PIECE, _PIECE_OF_THREADS, _PIECE_ELSEWHERE = 1 << 17, 1 << 20, 1 << 22
_tables: dict[Any, tuple[torch.Tensor, torch.Tensor]] = {}


class Trace:
    """Records steps of a training in a file: batches, generators, inputs, outputs, gradients and weights, each by a digest of its bits.

    model: the module whose parameters, buffers and modules are recorded, under its own names ("" is the model itself).
    optimizer: its step() ends a step; without one, each call of batch() begins the next.
    steps: which are recorded, counted from 0 (a range, list or set); every: those that it divides. Other steps cost next to nothing.
    zoom: the name of a module, of which every aten operation is recorded, forward and backward.
    scaler: a GradScaler, whose scale is recorded, and whose skipped steps are then counted as steps.
    seed, and anything else given by name, goes into the head of the file beside versions, device, processor and flags.

    Of several processes each writes its own file: a.trace, a.rank1.trace, ...
    A step is on disk when it ends, so that a killed run leaves a readable file. Use it with `with`, or call close().
    """

    def __init__(
        self, path: str | os.PathLike[str], model: torch.nn.Module, optimizer: torch.optim.Optimizer | None = None, *,
        steps: Container[int] | None = None, every: int = 1, zoom: str | None = None, scaler: Any = None, seed: int | None = None,
        **settings: Any,
    ) -> None:
        if not isinstance(model, torch.nn.Module):
            raise TypeError(f"Trace: the model is a {type(model).__name__}; Trace(path, model, optimizer) with a torch.nn.Module is right")
        if optimizer is not None and not (callable(getattr(optimizer, "step", None)) and hasattr(optimizer, "param_groups")):
            raise TypeError(f"Trace: the optimizer is a {type(optimizer).__name__}; a torch.optim.Optimizer is right, or none")
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueError(f"Trace: every is {every!r}; a whole number from 1 is right")
        if steps is not None and (isinstance(steps, (str, bytes)) or not hasattr(steps, "__iter__")):
            raise ValueError(f"Trace: steps is {steps!r}; numbers from 0 are right, as range(50) or [0, 100]")
        names = {name for name, _ in model.named_modules()}
        if zoom is not None and zoom not in names:
            raise ValueError(f"Trace: zoom is {zoom!r}, which is no module of the model; {', '.join(sorted(names - {''})[:8])}, ... are")
        self.step = 0
        self._model, self._optimizer, self._scaler, self._zoom = model, optimizer, scaler, zoom
        self._steps, self._every = steps if steps is None or isinstance(steps, range) else set(steps), every
        self._open = self._weighed = self._batches = self._closed = False
        self._records: list[tuple[dict[str, Any], Callable[[Iterator[int]], dict[str, Any]], Any]] = []
        self._numbers: dict[Any, list[torch.Tensor]] = {}
        self._seen: dict[int, tuple[Any, int, Callable[[Iterator[int]], dict[str, Any]]]] = {}
        self._calls: dict[tuple[str, str, str], int] = {}
        self._stack: list[tuple[str, int]] = []
        self._on = self._backward = self._busy = False
        self._zoomed, self._mode = 0, None
        self._path = _ranked(os.fspath(path))
        self._undo: list[Callable[[], None]] = []
        os.makedirs(os.path.dirname(self._path) or ".", exist_ok=True)
        _refuse_foreign(self._path)
        head = {"trace": 1, "program": f"torch {torch.__version__}", "settings": {**_settings(model, optimizer, seed), **settings}}
        line = json.dumps(head, default=str)
        self._file = open(self._path, "wb")
        self._write([line])
        self._attach()

    def __enter__(self) -> Trace:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def batch(self, *tensors: Any, **named: Any) -> None:
        """Records what the step is about to see: tensors or arrays, or lists and dicts of them, whose first dimension is the sample.

        Call it before the forward pass. What runs outside a step, from batch() to the optimizer's step, is then no part of the record:
        an evaluation with gradients, say. (One under no_grad never is.)
        """
        if self._optimizer is None:
            self._end()
            self.step += self._batches
        self._batches = True
        self._stack.clear()
        self._backward = False
        if not self._wanted():
            return
        self._begin()
        for name, value in {**{("x", "y")[i] if i < 2 else str(i): one for i, one in enumerate(tensors)}, **named}.items():
            for part, tensor in _tensors(value, arrays=True):
                self._record("batch", name + part, tensor, samples=True)
        self._generators()

    def loss(self, value: Any) -> None:
        """Records the loss of the step, a number or a tensor of one."""
        if self._open:
            self._value("loss", "", value)

    def close(self) -> None:
        """Ends the record, with what an unfinished step has given so far, and takes every hook away."""
        if self._closed:
            return
        if self._open:
            self._end()
        self._closed = True
        for undo in self._undo:
            undo()
        self._file.close()

    # What is recorded, and when

    def _attach(self) -> None:
        for name, module in self._model.named_modules():
            for register, hook in ((module.register_forward_pre_hook, self._before), (module.register_forward_hook, self._after)):
                hook = functools.partial(hook, name)
                try:
                    handle = register(hook, with_kwargs=True)
                except TypeError:  # torch 1
                    handle = register(functools.partial(_without_kwargs, hook))
                self._undo.append(handle.remove)
        if self._optimizer is not None:
            self._undo += _around_step(self._optimizer, self._before_update, self._after_update)
        if self._scaler is not None:
            self._undo.append(_around_method(self._scaler, "update", self._before_scale, self._after_scale))

    def _wanted(self) -> bool:
        return not self._closed and self.step % self._every == 0 and (self._steps is None or self.step in self._steps)

    def _begin(self) -> None:
        if self._open:
            return
        self._open = True
        if not self._weighed:
            self._weighed = True
            for name, tensor in (*self._model.named_parameters(), *self._model.named_buffers()):
                self._record("weights", name, tensor)
        if self._zoom is not None:
            self._mode = _mode(self)
            self._mode.__enter__()

    def _end(self) -> None:
        if self._mode is not None:
            self._mode.__exit__(None, None, None)
            self._mode = None
        if self._records:
            self._flush()
        self._calls.clear()
        self._stack.clear()
        self._open = self._on = self._backward = False
        self._zoomed = 0

    def _generators(self) -> None:
        self._digest_only("random", "cpu", torch.get_rng_state())
        devices = {p.device for p in self._model.parameters() if p.device.type == "cuda"}
        for device in sorted(devices, key=str):
            self._digest_only("random", str(device), torch.cuda.get_rng_state(device))
        version, state, gauss = random.getstate()
        self._digest_only("random", "python", torch.tensor(state))
        numpy = sys.modules.get("numpy")
        if numpy is not None and hasattr(numpy, "random"):
            _, keys, place, _, _ = numpy.random.get_state()
            self._digest_only("random", "numpy", torch.tensor([*map(int, keys), int(place)]))

    def _before(self, name: str, module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        if module is self._model:
            self._stack.clear()  # whatever a forward pass that failed has left
            self._backward = False
        if not self._stack:
            inside = self._open or not self._batches and self._wanted()
            self._on = inside and (self._backward or torch.is_grad_enabled())
        phase = "recomputed" if self._backward else "forward"
        call = -1
        if self._on:
            if not self._open:
                self._begin()
                self._generators()
            call = self._count("module", name, phase)
            if name == self._zoom:
                self._zoomed += 1
            for index, (part, tensor) in enumerate(_tensors((args, kwargs))):
                self._record("input", name, tensor, call=call, phase=phase, index=index)
                if name == self._zoom and tensor.requires_grad and torch.is_grad_enabled():
                    _on_gradient(tensor, self._left_zoom)
        self._stack.append((name, call))

    def _after(self, name: str, module: torch.nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        call = -1
        while self._stack:
            inner, call = self._stack.pop()
            if inner == name:
                break
        if not self._on or call < 0:
            return
        phase = "recomputed" if self._backward else "forward"
        if name == self._zoom:
            self._zoomed -= 1
        for index, (part, tensor) in enumerate(_tensors(output)):
            self._record("output", name, tensor, call=call, phase=phase, index=index)
            if tensor.requires_grad and torch.is_grad_enabled():
                _on_gradient(tensor, functools.partial(self._on_output_gradient, name, call, index, self.step))

    def _on_output_gradient(self, name: str, call: int, index: int, step: int, gradient: torch.Tensor) -> None:
        if not self._open or step != self.step:
            return
        if not self._backward:
            self._backward = True
            torch.autograd.Variable._execution_engine.queue_callback(self._backward_done)
        zoom = self._zoom
        if zoom == name:
            self._zoomed = 1
        elif zoom is not None and not (name == "" or zoom == "" or name.startswith(zoom + ".") or zoom.startswith(name + ".")):
            self._zoomed = 0  # neither inside it nor around it
        self._record("gradient-of-output", name, gradient, call=call, phase="backward", index=index)

    def _backward_done(self) -> None:
        self._backward = False
        self._zoomed = 0

    def _left_zoom(self, gradient: torch.Tensor) -> None:
        self._zoomed = 0

    def _before_update(self, evaluated: bool) -> None:
        self._zoomed = 0
        if self._open and evaluated:
            self._gradients()

    def _after_update(self, evaluated: bool) -> None:
        if self._open and not evaluated:  # a closure has made them within the step
            self._gradients()
        if self._open:
            for name, p in self._model.named_parameters():
                if p.requires_grad:
                    self._record("update", name, p)
            for name, buffer in self._model.named_buffers():
                self._record("buffer", name, buffer)
        if self._scaler is None:
            self._end()
            self.step += 1

    def _gradients(self) -> None:
        for name, p in self._model.named_parameters():
            if p.grad is not None:
                self._record("gradient", name, p.grad)

    def _before_scale(self, evaluated: bool) -> None:
        if self._open:
            self._value("scale", "", self._scaler._scale if getattr(self._scaler, "_scale", None) is not None else self._scaler.get_scale())

    def _after_scale(self, evaluated: bool) -> None:
        self._end()
        self.step += 1

    def _operation(self, function: Any, result: Any) -> None:
        if self._zoomed <= 0 or self._busy or function.__name__.startswith("detach"):  # autograd's own
            return
        phase = "backward" if self._backward and not torch.is_grad_enabled() else "recomputed" if self._backward else "forward"
        name = f"{self._zoom}/{function._schema.name if hasattr(function, '_schema') else function.__name__}"
        call = self._count("op", name, phase)
        for index, (part, tensor) in enumerate(_tensors(result)):
            self._record("op", name, tensor, call=call, phase=phase, index=index)

    def _count(self, what: str, name: str, phase: str) -> int:
        call = self._calls.get((what, name, phase), 0)
        self._calls[what, name, phase] = call + 1
        return call

    # How it is recorded: numbers stay on the tensor's device until the step ends

    def _record(
        self, kind: str, name: str, tensor: torch.Tensor, *, call: int | None = None, phase: str | None = None, index: int = 0,
        samples: bool = False,
    ) -> None:
        if tensor.is_quantized or tensor.device.type == "meta":
            return
        busy, self._busy = self._busy, True
        try:
            with torch.no_grad(), _plainly(self._mode):
                whole, tensor = tensor, tensor.detach()
                if tensor.layout != torch.strided:
                    if tensor.layout != torch.sparse_coo:
                        return
                    tensor = tensor.coalesce()
                    self._record(kind, name, tensor.indices(), call=call, phase=phase, index=1)
                    tensor = tensor.values()
                record: dict[str, Any] = {"step": self.step, "kind": kind, "name": name}
                record["call"] = self._count(kind, name, "") if call is None else call
                if phase is not None:
                    record["phase"] = phase
                record["index"] = index
                record["shape"] = list(tensor.shape)
                if not tensor.is_contiguous():
                    record["stride"] = list(tensor.stride())
                record["dtype"] = str(tensor.dtype)[6:]
                self._records.append((record, self._measured(whole, tensor, samples), tensor.device))
        finally:
            self._busy = busy

    def _measured(self, whole: torch.Tensor, tensor: torch.Tensor, samples: bool) -> Callable[[Iterator[int]], dict[str, Any]]:
        # What one module gives the next takes, and a module's output is often that of its last child: the same tensor is measured once.
        version = -1 if samples or whole.is_inference() else whole._version
        seen = self._seen.get(id(whole))
        if seen is not None and seen[0]() is whole and seen[1] == version >= 0:
            return seen[2]
        numbers, read = _measure(tensor, samples)
        self._numbers.setdefault(tensor.device, []).extend(numbers)
        read = _once(read)
        self._seen[id(whole)] = weakref.ref(whole), version, read
        return read

    def _digest_only(self, kind: str, name: str, state: torch.Tensor) -> None:
        self._record(kind, name, state.cpu())
        record, read, device = self._records[-1]
        slim = {key: record[key] for key in ("step", "kind", "name", "call")}
        self._records[-1] = slim, lambda numbers: {"digest": read(numbers)["digest"]}, device

    def _value(self, kind: str, name: str, value: Any) -> None:
        record = {"step": self.step, "kind": kind, "name": name, "call": self._count(kind, name, "")}
        if torch.is_tensor(value):
            value = value.detach().reshape(-1)[:1].to(_wide(value.device))
            self._numbers.setdefault(value.device, []).append(_to_bits(value))
            self._records.append((record, lambda numbers: {"value": _number(_from_bits(value.dtype, next(numbers)))}, value.device))
        else:
            self._records.append((record, lambda numbers: {"value": _number(float(value))}, None))

    def _flush(self) -> None:
        # The one copy to the host of a step.
        numbers = {device: iter(torch.cat([one.reshape(-1) for one in given]).tolist()) for device, given in self._numbers.items()}
        rows = ({**record, **read(numbers.get(device, iter(())))} for record, read, device in self._records)
        self._write([json.dumps(row, separators=(",", ":")) for row in rows])
        self._records.clear()
        self._numbers.clear()
        self._seen.clear()

    def _write(self, lines: list[str]) -> None:
        self._file.write(gzip.compress("".join(line + "\n" for line in lines).encode("utf-8"), 6, mtime=0))
        self._file.flush()


# A digest is two sums over the words of a tensor's bytes, each times a multiplier of its place, modulo 2^64: the order of summation is
# without effect.

def _measure(tensor: torch.Tensor, samples: bool) -> tuple[list[torch.Tensor], Callable[[Iterator[int]], dict[str, Any]]]:
    """The numbers of one tensor, on its device, and what makes a record of them when they have come to the host."""
    values = tensor.resolve_conj().resolve_neg()
    rows = values.shape[0] if samples and values.dim() > 0 else 0
    values = (torch.view_as_real(values) if values.is_complex() else values).contiguous().reshape(-1)
    width, n, host = values.element_size(), values.numel(), values.device.type == "cpu"
    words = _words(values, 1)
    count = words.numel()
    size = max(1, -(-count // _BLOCKS))
    piece = _PIECE_ELSEWHERE if not host else _PIECE if torch.get_num_threads() == 1 else _PIECE_OF_THREADS
    group = max(size, piece // size * size)  # whole blocks, or pieces of one
    spans = [(start, min(start + piece, one + group, count))
             for one in range(0, count, group) for start in range(one, min(one + group, count), piece)]
    numbers, lengths = [], []
    for start, stop in spans:
        first, second = _multipliers(start, stop, values.device)
        part = words[start:stop]
        products = part * first
        whole = max(1, (stop - start) // size)
        sums = [products[:whole * size].view(whole, -1).sum(1)]
        if whole * size < stop - start:
            sums.append(products[whole * size:].sum().view(1))
        lengths.append((start // size, whole + len(sums) - 1))
        sums.append(torch.mul(part, second, out=products).sum().view(1))
        numbers += sums
        each = 8 // width
        numbers += _norms(values[each * start:each * stop], host)
    if n > 0:
        numbers.append(_unsigned(values.index_select(0, _places(n, values.device)), width))
    if rows > 0:
        words = _words(values, rows).view(rows, -1)
        first = _multipliers(0, words.shape[1], values.device)[0]
        group = max(1, piece // max(1, words.shape[1]))
        numbers += [(words[row:row + group] * first).sum(1) for row in range(0, rows, group)]

    def read(come: Iterator[int]) -> dict[str, Any]:
        blocks, digest, l1, squares, largest, nan = [0] * -(-count // size), 0, 0.0, 0.0, 0.0, 0
        for block, several in lengths:
            for place in range(block, block + several):
                blocks[place] += next(come)
            digest += next(come)
            l1, squares, largest = l1 + number(next(come)), squares + number(next(come)), max(largest, number(next(come)))
            nan += next(come)
        sample = [f"{next(come) % (1 << 8 * width):0{2 * width}x}" for _ in range(min(n, _SAMPLE))]
        record = {"digest": _hex(sum(blocks)) + _hex(digest), "blocks": "".join(map(_hex, blocks)),
                  "l1": _rounded(l1), "l2": _rounded(math.sqrt(squares)), "max": _rounded(largest), **({"nan": nan} if nan else {}),
                  "sample": sample}
        if rows > 0:
            record["samples"] = [_hex(next(come)) for _ in range(rows)]
        return record

    number = functools.partial(_from_bits, _wide(values.device))
    return numbers, read


def _once(read: Callable[[Iterator[int]], dict[str, Any]]) -> Callable[[Iterator[int]], dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def again(numbers: Iterator[int]) -> dict[str, Any]:
        if not found:
            found.append(read(numbers))
        return found[0]

    return again


def _words(values: torch.Tensor, rows: int) -> torch.Tensor:
    """The bytes of some rows of equal length as 64-bit words, each row filled up with zeros."""
    length = values.numel() // rows
    missing = -length * values.element_size() % 8
    if missing == 0 and values.storage_offset() * values.element_size() % 8 == 0:
        return values.view(torch.int64)
    octets = values.view(torch.uint8).view(rows, -1)
    return torch.cat([octets, octets.new_zeros(rows, missing)], 1).view(-1).view(torch.int64)


def _unsigned(values: torch.Tensor, width: int) -> torch.Tensor:
    return values.view({1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[width]).to(torch.int64)


def _norms(values: torch.Tensor, host: bool) -> list[torch.Tensor]:
    """L1, the sum of squares and the largest magnitude of what is finite, as bits of binary64, and how many are NaN."""
    a = values.to(_wide(values.device))
    a = a.abs() if a is values else a.abs_()
    l1 = a.sum()
    if host and math.isfinite(l1.item()):
        nan = torch.zeros(1, dtype=torch.int64)
    else:
        nan = a.isnan().sum()
        a = a.where(a.isfinite(), torch.zeros((), dtype=a.dtype, device=a.device))
        l1 = a.sum()
    largest = a.amax()
    return [*map(_to_bits, (l1, a.mul_(a).sum(), largest)), nan]


def _wide(device: torch.device) -> torch.dtype:
    return torch.float32 if device.type == "mps" else torch.float64  # which has no binary64


def _to_bits(value: torch.Tensor) -> torch.Tensor:
    return value.reshape(1).view(torch.int64 if value.dtype == torch.float64 else torch.int32).to(torch.int64)


def _from_bits(dtype: torch.dtype, number: int) -> float:
    kinds = ("<d", "<q") if dtype == torch.float64 else ("<f", "<i")
    return struct.unpack(kinds[0], struct.pack(kinds[1], number))[0]


def _multipliers(start: int, stop: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    if stop > _TABLE:
        return _made(start, stop, device)
    table = _tables.get(device)
    if table is None or table[0].numel() < stop:
        table = _tables[device] = _made(0, max(1 << 12, 1 << (stop - 1).bit_length()), device)
    return table[0][start:stop], table[1][start:stop]


def _made(start: int, stop: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    def mix(z: torch.Tensor) -> torch.Tensor:  # splitmix64; a right shift of int64 brings the sign in
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            z = (z ^ (z >> shift & (1 << 64 - shift) - 1)) * _signed(factor)
        return z ^ (z >> 31 & (1 << 33) - 1)

    i = torch.arange(start, stop, dtype=torch.int64, device=device)
    odd, even = ((2 * i + one) * _signed(0x9E3779B97F4A7C15) for one in (1, 2))
    return mix(odd) | 1, mix(even) | 1


@functools.lru_cache(maxsize=4096)
def _places(n: int, device: torch.device) -> torch.Tensor:
    return torch.tensor([j * n // _SAMPLE for j in range(_SAMPLE)] if n > _SAMPLE else range(n), device=device)


def _signed(number: int) -> int:
    return number - _WIDTH if number >= _WIDTH >> 1 else number


def _hex(number: int) -> str:
    return f"{number % _WIDTH:016x}"


def _rounded(value: float) -> float | None:
    return float(f"{value:.9g}") if math.isfinite(value) else None  # a sum beyond binary64


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _tensors(value: Any, part: str = "", arrays: bool = False) -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor in nested lists, tuples and dicts, in their order, with its place there."""
    if torch.is_tensor(value):
        yield part, value
    elif isinstance(value, dict) or isinstance(value, (list, tuple)):
        for place, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _tensors(one, f"{part}.{place}", arrays)
    elif arrays and hasattr(value, "__array__"):
        yield part, torch.as_tensor(value)


# Hooks

def _without_kwargs(hook: Callable[..., None], module: torch.nn.Module, args: Any, *output: Any) -> None:
    hook(module, args, {}, *output)


def _on_gradient(tensor: torch.Tensor, hook: Callable[[torch.Tensor], None]) -> None:
    if tensor._backward_hooks and tensor.grad_fn is not None and torch.__version__.startswith("1."):
        # torch 1 hands later hooks to the operation that made the tensor before it was overwritten in place.
        place = tensor.output_nr
        tensor.grad_fn.register_hook(lambda inputs, outputs: None if outputs[place] is None else hook(outputs[place]))
    else:
        tensor.register_hook(hook)


def _around_step(optimizer: Any, before: Callable[[bool], None], after: Callable[[bool], None]) -> list[Callable[[], None]]:
    if not hasattr(optimizer, "register_step_pre_hook"):
        return [_around_method(optimizer, "step", before, after)]
    hooks = [register(functools.partial(_hooked_step, hook)) for register, hook in
             ((optimizer.register_step_pre_hook, before), (optimizer.register_step_post_hook, after))]
    return [hook.remove for hook in hooks]


def _hooked_step(hook: Callable[[bool], None], optimizer: Any, args: Any, kwargs: Any) -> None:
    hook(_evaluated(args, kwargs))


def _evaluated(args: Any, kwargs: Any) -> bool:
    """Whether gradients are there before the step, which has no closure to make them."""
    return not any(callable(one) for one in (*args, *kwargs.values()))


def _around_method(owner: Any, name: str, before: Callable[[bool], None], after: Callable[[bool], None]) -> Callable[[], None]:
    """Wraps a method of one object, as schedulers do; what this returns takes it off again."""
    own, plain = vars(owner).get(name), getattr(owner, name)

    def around(self: Any, *args: Any, **kwargs: Any) -> Any:
        evaluated = _evaluated(args, kwargs)
        before(evaluated)
        result = plain(*args, **kwargs)
        after(evaluated)
        return result

    vars(around).update(getattr(plain, "__dict__", {}))  # a scheduler's mark, or it warns
    bound = types.MethodType(around, owner)
    setattr(owner, name, bound)

    def undo() -> None:
        if vars(owner).get(name) is not bound:
            return  # somebody has wrapped it since; with nothing left to record it hands the call through
        if own is None:
            delattr(owner, name)
        else:
            setattr(owner, name, own)

    return undo


def _plainly(mode: Any) -> Any:
    """Without any dispatch mode, under which torch 1 cannot do all that a digest needs."""
    if mode is None:
        return contextlib.nullcontext()
    from torch.utils import _mode_utils, _python_dispatch

    return getattr(_python_dispatch, "_disable_current_modes", _mode_utils.no_dispatch)()


def _mode(trace: Trace) -> Any:
    from torch.utils._python_dispatch import TorchDispatchMode

    class Operations(TorchDispatchMode):
        def __torch_dispatch__(self, function: Any, kinds: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = function(*args, **(kwargs or {}))
            trace._operation(function, result)
            return result

    return Operations()


# The head of the file

def _refuse_foreign(path: str) -> None:
    """What is no trace is not lost to a mistyped name."""
    try:
        with open(path, "rb") as file:
            begins = file.read(2)
        with gzip.open(path, "rb") if begins == b"\x1f\x8b" else open(path, "rb") as lines:
            if not begins or "trace" in json.loads(lines.readline(1 << 20)):
                return
    except FileNotFoundError:
        return
    except (OSError, EOFError, ValueError, TypeError, zlib.error):
        pass
    raise ValueError(f"Trace: {path} is there and is no trace; name another file, or delete this one")


def _ranked(path: str) -> str:
    rank = _rank()[0]
    stem, ending = os.path.splitext(path)
    return path if rank == 0 else f"{stem}.rank{rank}{ending}"


def _rank() -> tuple[int, int]:
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


def _settings(model: torch.nn.Module, optimizer: Any, seed: int | None) -> dict[str, Any]:
    cuda = torch.cuda.is_available()
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    of_device = torch.cuda.get_device_properties(device) if device.type == "cuda" else None
    numpy = sys.modules.get("numpy")
    processor, sets = _processor()
    rank, world = _rank()
    found: dict[str, Any] = {
        "python": platform.python_version(), "torch": torch.__version__, "numpy": getattr(numpy, "__version__", None),
        "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version() if cuda else None,
        "system": f"{platform.system()} {platform.machine()}",
        "device": str(device.type) if of_device is None else of_device.name,
        "multiprocessors": None if of_device is None else of_device.multi_processor_count,
        "driver": torch._C._cuda_getDriverVersion() if cuda and hasattr(torch._C, "_cuda_getDriverVersion") else None,
        "processor": processor, "instructionSets": sets, "instructionsInUse": _in_use(), "threads": torch.get_num_threads(),
        **{name: os.environ.get(name) for name in _ENVIRONMENT},
        "allowTf32Matmul": torch.backends.cuda.matmul.allow_tf32, "allowTf32Cudnn": torch.backends.cudnn.allow_tf32,
        "cudnnBenchmark": torch.backends.cudnn.benchmark, "cudnnDeterministic": torch.backends.cudnn.deterministic,
        "deterministicAlgorithms": torch.are_deterministic_algorithms_enabled(), "mkldnn": torch.backends.mkldnn.is_available(),
        "rank": rank, "world": world,
    }
    if optimizer is not None:
        found["optimizer"] = type(optimizer).__name__
        found["optimizerOptions"] = "; ".join(
            ", ".join(f"{name}={value}" for name, value in group.items() if name != "params") for group in optimizer.param_groups)
        if hasattr(optimizer, "lastbit_k"):
            found["k"] = optimizer.lastbit_k
    return found if seed is None else {**found, "seed": seed}


def _processor() -> tuple[str, str | None]:
    """Its name, and the vector instructions that it has, where the system tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            lines = [line.split(":", 1) for line in file if ":" in line]
    except OSError:
        return platform.processor() or platform.machine(), None
    first: dict[str, str] = {}
    for name, value in lines:
        first.setdefault(name.strip().lower(), value.strip())
    sets = [one for one in first.get("flags", first.get("features", "")).split()
            if one.startswith(("avx", "fma", "amx", "f16c", "sse4", "asimd", "sve", "sme", "bf16", "i8mm"))]
    return first.get("model name", platform.machine()), " ".join(sorted(sets)) or None


def _in_use() -> str | None:
    if hasattr(torch.backends, "cpu"):
        return torch.backends.cpu.get_cpu_capability()
    line = next((line for line in torch.__config__.show().splitlines() if "CPU capability usage:" in line), None)
    return None if line is None else line.split(":", 1)[1].strip()
