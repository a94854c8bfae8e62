"""The ten stages, in order, with their class and the condition that says how each stands."""

from enum import StrEnum


class Stage(StrEnum):
    """A stage of a delivery."""

    INTAKE = "intake"
    PLAN = "plan"
    CONFIG = "config"
    SCHEDULE = "schedule"
    TRAIN = "train"
    EVAL = "eval"
    REGISTER = "register"
    DEPLOY = "deploy"
    COST = "cost"
    CARD = "card"


STAGES: tuple[Stage, ...] = tuple(Stage)

CONDITION: dict[Stage, str] = {
    Stage.INTAKE: "IntakeAccepted",
    Stage.PLAN: "Planned",
    Stage.CONFIG: "Configured",
    Stage.SCHEDULE: "Scheduled",
    Stage.TRAIN: "Trained",
    Stage.EVAL: "Evaluated",
    Stage.REGISTER: "Registered",
    Stage.DEPLOY: "Deployed",
    Stage.COST: "CostSettled",
    Stage.CARD: "CardIssued",
}
"""Condition type of each stage: an adjective that is True when the stage has passed."""

CLASS: dict[Stage, str] = {
    stage: kind
    for kind, members in {
        "judgment": (Stage.INTAKE, Stage.PLAN, Stage.EVAL, Stage.DEPLOY, Stage.CARD),
        "arithmetic": (Stage.CONFIG, Stage.SCHEDULE, Stage.COST),
        "execution": (Stage.TRAIN, Stage.REGISTER),
    }.items()
    for stage in members
}
"""Arithmetic: certified before anything runs. Execution: passes on mechanics. Judgment: settled by evidence only."""
