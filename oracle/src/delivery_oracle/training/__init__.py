"""The extra `train`: the clean probe and the preflight in training runs of your own.

    from delivery_oracle.training import CleanProbe

    trainer.add_callback(CleanProbe(sealed_rows, margin=0.2))

It reads models and needs torch, so the oracle's core never imports it.
"""

try:
    from delivery_oracle.training.answers import Answers
    from delivery_oracle.training.callback import CleanProbe
    from delivery_oracle.training.items import Item, items_of
    from delivery_oracle.training.looks import Probe
    from delivery_oracle.training.preflight import CannotLearn, Report, check_run, check_saved
except ModuleNotFoundError as error:
    message = f"delivery_oracle.training needs {error.name}; install it with: pip install 'delivery-oracle[train]'"
    raise ModuleNotFoundError(message, name=error.name) from error

__all__ = ["Answers", "CannotLearn", "CleanProbe", "Item", "Probe", "Report", "check_run", "check_saved", "items_of"]
