"""How GGUF files are opened where nobody says: the `[local]` table of the user's settings."""

from __future__ import annotations

from pydantic import ValidationError

from playground.config import broken, config_dir, settings
from playground.providers.llama.protocol import EngineSettings

TABLE = "local"


def configured() -> EngineSettings:
    """What `[local]` in `config.toml` settles; what it leaves out is chosen by the machine.

    Raises `BrokenFile`, with the line, where it says what cannot be meant.
    """
    try:
        return EngineSettings.model_validate(settings().local)
    except ValidationError as error:
        raise broken(
            config_dir() / "config.toml", error, table=TABLE, schema=EngineSettings
        ) from error
