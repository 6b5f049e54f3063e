"""Logs that `lastbit noise` and `lastbit compare` read, from trainings that a library runs; each is one line of a training script.

    Trainer(callbacks=[lastbit.callbacks.lightning("logs/seed1.jsonl", seed=1)])               # Lightning
    trainer.add_callback(lastbit.callbacks.transformers("logs/seed1.jsonl", seed=1))           # Hugging Face's Trainer
    model.fit(..., callbacks=[lastbit.callbacks.keras("logs/seed1.jsonl", seed=1)])            # Keras 2 and 3

What is given beside the path (seed, k, group, parameters) goes into every line.
The library is imported when its callback is made. Only the process that holds rank 0 writes.
"""
from __future__ import annotations

import os
from typing import Any

from lastbit.torch import Log


def _numbers(metrics: Any) -> dict[str, float]:
    found = {}
    for name, value in (metrics or {}).items():
        try:
            if name != "epoch":  # the callback counts them itself
                found[str(name)] = float(value)
        except (TypeError, ValueError):
            pass  # a word or a table is no metric
    return found


def lightning(path: str | os.PathLike[str], **run: Any) -> Any:
    """A callback for Lightning's Trainer: a line an epoch, with all that was logged, after validation."""
    try:
        from lightning.pytorch.callbacks import Callback
    except ModuleNotFoundError:
        from pytorch_lightning.callbacks import Callback

    class LastBitLog(Callback):
        log: Log | None = None

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            if trainer.is_global_zero:
                self.log = self.log or Log(path, **run)
                self.log.epoch(trainer.current_epoch + 1, **_numbers(trainer.callback_metrics))

    return LastBitLog()


def transformers(path: str | os.PathLike[str], **run: Any) -> Any:
    """A callback for Hugging Face's Trainer: a line an evaluation, whose step is the number of updates."""
    from transformers import TrainerCallback

    class LastBitLog(TrainerCallback):
        log: Log | None = None

        def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
            if state.is_world_process_zero:
                self.log = self.log or Log(path, **run)
                self.log.epoch(state.global_step, **_numbers(metrics))

    return LastBitLog()


def keras(path: str | os.PathLike[str], **run: Any) -> Any:
    """A callback for fit of Keras: a line an epoch. Keras counts epochs from 0, the log from 1."""
    from keras.callbacks import Callback

    class LastBitLog(Callback):
        log: Log | None = None

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.log = self.log or Log(path, **run)
            self.log.epoch(epoch + 1, **_numbers(logs))

    return LastBitLog()
