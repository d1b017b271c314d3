"""Training: settings, the trainer of one network, and the epochs of a fit."""

from typing import TYPE_CHECKING

from hftopic._lazy import lazy_names

if TYPE_CHECKING:
    from hftopic.training.checkpoint import Checkpoint as Checkpoint
    from hftopic.training.epochs import Callback as Callback
    from hftopic.training.epochs import train as train
    from hftopic.training.errors import CheckpointError as CheckpointError
    from hftopic.training.errors import TrainingDivergedError as TrainingDivergedError
    from hftopic.training.errors import TrainingStopped as TrainingStopped
    from hftopic.training.processes import of_the_job as of_the_job
    from hftopic.training.records import Record as Record
    from hftopic.training.settings import Settings as Settings
    from hftopic.training.trainer import Trainer as Trainer

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "epochs": ["Callback", "train"],
        "checkpoint": ["Checkpoint"],
        "errors": ["CheckpointError", "TrainingDivergedError", "TrainingStopped"],
        "processes": ["of_the_job"],
        "records": ["Record"],
        "settings": ["Settings"],
        "trainer": ["Trainer"],
    },
)
