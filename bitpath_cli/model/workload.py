"""What is to be run: one sample's work, the data, and a training job or a service."""

from typing import Literal, Self

from pydantic import Field, model_validator

from bitpath_cli.model.reading import Quantity, Reading
from bitpath_cli.model.record import Record

Precision = Literal["float64", "float32", "tf32", "bfloat16", "float16", "int8"]
Optimiser = Literal["sgd", "momentum", "adam"]


class Limit(Record):
    """A bound that a configuration must keep.

    `binds` is false for an example value that nobody stated or published: then it only warns.
    """

    at: Quantity
    binds: bool


class Tables(Record):
    """Embedding tables, whose rows are looked up: `parameters` of the work is without them.

    A sample reads `gathered_bytes` of rows and keeps `pooled_bytes` of their sums, which travel to
    where the sample is trained when the tables are spread over several devices. `gather_share` is
    what reads of single rows reach of a memory's rate.
    """

    parameters: Quantity
    gathered_bytes: Quantity
    pooled_bytes: Quantity
    gather_share: Quantity


class Work(Record):
    """What one sample (an image, a sentence, a request) asks of a machine.

    FLOP are 2 × multiply-adds. `efficiency_*` is the share of the large-matrix rate that this model
    reaches end to end, once for CPUs and once for accelerators; `overhead_*` is the fixed time of a
    forward pass, whatever the batch. `traffic_bytes` is what the element-wise operations of a
    forward pass move between processor and memory. It and `activation_bytes` are stated for
    float32; narrower precisions take less in proportion.
    """

    parameters: Quantity
    forward: Quantity
    operations: Quantity
    traffic_bytes: Quantity
    activation_bytes: Quantity
    efficiency_cpu: Quantity
    efficiency_accelerator: Quantity
    overhead_cpu: Quantity
    overhead_accelerator: Quantity
    precisions: tuple[Precision, ...] = Field(min_length=1)
    tables: Tables | None = None


class Reduction(Record):
    """What can be done to the data where it is born: the share of its bytes that is left.

    `work` of a sample is counted at the rate of large matrix products.
    """

    kept: Quantity
    work: Quantity


class Data(Record):
    """The data set, and where it is before the work begins."""

    samples: Reading
    sample_bytes: Quantity
    born: Literal["edge", "cloud"]
    reduction: Reduction | None = None


class Training(Record):
    """A job: so many epochs over the data; the global batch does not depend on the nodes.

    `trained` are the parameters that change, all of them where it is left out; the others are kept
    in the precision that is computed in.
    """

    epochs: Quantity
    global_batch: Quantity
    optimiser: Optimiser
    deadline: Limit | None = None
    checkpoints_kept: Quantity
    trained: Quantity | None = None
    local_steps: tuple[int, ...] = ()
    compression_ranks: tuple[int, ...] = ()


class Cascade(Record):
    """A small model at the edge that answers most requests and escalates the rest."""

    edge_work: Quantity
    escalated: Quantity


class Split(Record):
    """A layer between which the model can be cut: its first part runs where the data is born.

    `edge_work` is the share of the model's work before the cut, `sent_bytes` what travels instead
    of the request.
    """

    after: str
    edge_work: Quantity
    sent_bytes: Quantity


class Generation(Record):
    """Answers that are made token by token; the sample of the work is then one token.

    The sizes give what a token keeps in memory while its answer is made: 2 (a key and a value) ×
    layers × key-value heads × head size, in half precision or what is computed in if that is wider.
    `first_token` bounds the percentile of the time to the first token, `token` that of the time for
    each one after it.
    """

    tokens_in: Quantity
    tokens_out: Quantity
    layers: Quantity
    kv_heads: Quantity
    head_size: Quantity
    first_token: Limit | None = None
    token: Limit | None = None


class Serving(Record):
    """A service at `places` where data is born, each with its own request rate.

    `load_curve` are 24 hourly factors whose mean is 1. `latency` bounds the percentile.
    """

    places: Quantity
    request_rate: Quantity
    arrival: Literal["poisson", "periodic"]
    request_bytes: Quantity
    reply_bytes: Quantity
    preparation: Quantity
    latency: Limit | None = None
    percentile: float = Field(default=0.99, gt=0, lt=1)
    availability: Limit | None = None
    load_curve: tuple[float, ...] = ()
    cascade: Cascade | None = None
    splits: tuple[Split, ...] = ()
    generation: Generation | None = None

    @model_validator(mode="after")
    def _check_sharing(self) -> Self:
        if self.generation is not None and (self.cascade is not None or self.splits):
            raise ValueError("[serving.generation] goes with neither a cascade nor splits")
        return self


class Residency(Record):
    """Where the data may be processed, and the rule behind it."""

    allowed: Literal["anywhere", "region", "site"]
    reason: str
    binds: bool


class Workload(Record):
    """A training job or a service, with what bounds it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    summary: str
    field: str
    task: Literal["training", "serving"]
    is_example: bool
    work: Work
    data: Data
    training: Training | None = None
    serving: Serving | None = None
    residency: Residency
    budget: Limit | None = None

    @model_validator(mode="after")
    def _check_task(self) -> Self:
        told = {"training": self.training, "serving": self.serving}
        for task, section in told.items():
            if (section is not None) != (task == self.task):
                raise ValueError(f"task '{self.task}' goes with a section [{self.task}] alone")
        return self
