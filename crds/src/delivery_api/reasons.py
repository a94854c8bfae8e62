"""Every reason a condition can have. A reason is API: it may be added, never renamed.

`blocks` says whether an `Unknown` with this reason keeps the stages after it from starting. A
non-blocking `Unknown` is printed on the certificate as not established.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a stage stands as it does."""

    blocks: bool
    about: str

    def __new__(cls, value: str, blocks: bool, about: str) -> "Reason":
        member = str.__new__(cls, value)
        member._value_ = value
        member.blocks = blocks
        member.about = about
        return member

    # Any stage
    WAITING = "Waiting", True, "An earlier stage has to pass first."
    SUSPENDED = "Suspended", True, "spec.suspend is true; set it to false to go on."
    JOB_PENDING = "JobPending", True, "The Job exists and no pod of it runs yet; the message says what is missing."
    JOB_RUNNING = "JobRunning", True, "A pod of the stage runs; its evidence is not complete."
    JOB_RETRYING = "JobRetrying", True, "An attempt was lost to the infrastructure; the next one starts."
    ATTEMPTS_EXHAUSTED = "AttemptsExhausted", True, "All attempts were lost; annotate ptaas.dev/retry to allow more."
    NO_NODE_FITS = "NoNodeFits", True, "No node has the labels or the resource; the Job waits for one."
    IMAGE_UNAVAILABLE = "ImageUnavailable", True, "The image cannot be pulled."
    SECRET_MISSING = "SecretMissing", True, "A Secret named in the spec is not in the work namespace."
    EVIDENCE_MISSING = "EvidenceMissing", True, "The work has ended and left no complete evidence; nothing is concluded."
    EVIDENCE_INVALID = "EvidenceInvalid", True, "The evidence cannot be read, or its digests disagree; nothing is concluded."
    INTERNAL_ERROR = "InternalError", True, "A fault in the operator; the stage will be looked at again."

    # The input, found by workers
    INPUT_UNREACHABLE = "InputUnreachable", True, "Data or base cannot be fetched; the message names the field."
    INPUT_DIGEST_MISMATCH = "InputDigestMismatch", True, "The bytes are not those that the spec pins."
    INPUT_INVALID = "InputInvalid", True, "Data or base cannot be used; the message names the field."

    # Intake
    INTAKE_ACCEPTED = "IntakeAccepted", False, "The data can be learned from and judged with."
    INTAKE_MISREAD = "IntakeMisread", True, "The driver's reading contradicts the terms or the data."
    DATA_UNUSABLE = "DataUnusable", True, "Columns, rows or labels make the task impossible."
    PERSONAL_DATA_FOUND = "PersonalDataFound", True, "Personal data, and the terms say Refuse."
    HOLDOUT_LEAKED = "HoldoutLeaked", True, "Too many sealed items occur among the training rows."
    HOLDOUT_TOO_SMALL = "HoldoutTooSmall", True, "The sealed items cannot show the margin."
    LABELS_UNRELATED = "LabelsUnrelated", True, "Sealed items predict each other and the training rows do not predict them."
    CANARY_SILENT = "CanarySilent", False, "Similarity says nothing about this task; the canary has nothing to say."
    CANARY_SKIPPED = "CanarySkipped", False, "The customer waived the canary."

    # Plan, config, schedule
    PLAN_SOUND = "PlanSound", False, "The method fits the task and the base."
    PLAN_UNSOUND = "PlanUnsound", True, "The method cannot do what the terms ask for."
    CONFIG_CERTIFIED = "ConfigCertified", False, "Every value is certified."
    CONFIG_WRONG = "ConfigWrong", True, "A value is wrong; the message says which, why, and against what."
    SCHEDULE_CERTIFIED = "ScheduleCertified", False, "It fits the accelerator and the budget."
    SCHEDULE_WRONG = "ScheduleWrong", True, "It does not fit the accelerator it names."
    CLASS_MISSING = "ClassMissing", True, "The AcceleratorClass does not exist, or none fits."
    BUDGET_UNRESERVED = (
        "BudgetUnreserved",
        True,
        "The namespace's DeliveryBudget has not set the money aside; the message has the sums.",
    )
    BUDGET_EXCEEDED = "BudgetExceeded", True, "The plan, or what was spent, exceeds the budget."

    # Train
    TRAINED = "Trained", False, "The run completed; whether it learned is for the audit."
    PREFLIGHT_FAILED = "PreflightFailed", True, "The run could not have learned; the message names the check."
    NOT_LEARNING = "NotLearning", True, "The clean probe rejected that the run is learning; it was stopped."
    DIVERGED = "Diverged", True, "The loss is not finite."
    OUT_OF_MEMORY = "OutOfMemory", True, "The run needs more memory than the accelerator has."
    DEADLINE_EXCEEDED = "DeadlineExceeded", True, "The run used up the time or money it had."

    # Eval
    LEARNED = "Learned", False, "The gain is significant and reaches the margin."
    NOT_LEARNED = "NotLearned", True, "The upper bound of the gain is below the margin."
    INCONCLUSIVE = "Inconclusive", True, "The holdout can neither show nor exclude the margin."
    FORMAT_LOST = "FormatLost", True, "Right when constrained, wrong as customers call it."

    # Register
    REGISTERED = "Registered", False, "The artifact is recorded with its lineage."
    ARTIFACT_MISMATCH = "ArtifactMismatch", True, "What was audited is not what was trained."

    # Deploy
    AWAITING_APPROVAL = "AwaitingApproval", True, "The message has the command that approves exactly this."
    APPROVAL_EXPIRED = "ApprovalExpired", True, "The approval request is too old; annotate ptaas.dev/retry to renew it."
    APPROVAL_VOID = "ApprovalVoid", True, "What was approved is not what would be deployed now."
    APPROVAL_REJECTED = "ApprovalRejected", True, "A person rejected the request; the message says who and why."
    APPROVAL_REVOKED = "ApprovalRevoked", True, "A person revoked the approval, so nothing serves; the message says who."
    OVERRIDDEN = "Overridden", True, "Served although its audit did not pass, by the verb override. No pass, and not billed."
    GATE_NOT_ENFORCED = "GateNotEnforced", True, "The API server let a test approval through; nothing is deployed."
    SERVING_STARTING = "ServingStarting", True, "The servers are not ready yet."
    SERVING_ENDED = "ServingEnded", True, "Serving has used up its own limit or its time to live; nothing serves."
    SERVED = "Served", False, "The endpoint gives the audited answers."
    SERVED_DIFFERS = "ServedDiffers", True, "The endpoint does not give the audited answers."

    # Cost
    COST_OPEN = "CostOpen", True, "Work that costs money is not finished."
    BILLED = "Billed", False, "The audit passed; the cost is billed."
    WITHHELD = "Withheld", False, "No passed audit: nothing is billed; the cost is the operator's loss."

    # Card
    CARD_ISSUED = "CardIssued", False, "Card and certificate are issued and every claim holds."
    CLAIM_UNSUPPORTED = "ClaimUnsupported", False, "Card and certificate are issued with claims struck through."

    # Summary
    DELIVERED = "Delivered", False, "All ten stages hold."
