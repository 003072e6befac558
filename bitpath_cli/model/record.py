"""What every noun shares: it is frozen, refuses unknown fields, holds no NaN and no infinity."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen value; `defer_build` keeps a command from paying for models that it does not use."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False, protected_namespaces=()
    )
