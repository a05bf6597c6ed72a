"""An endpoint whose every token has a price."""

from __future__ import annotations

from pathlib import Path


def dear_endpoint(config_folder: Path, url: str) -> None:
    """Put `bench:dear` into the catalogue: it asks a tenth of a cent for each token."""
    folder = config_folder / "providers" / "bench"
    (folder / "models").mkdir(parents=True)
    folder.joinpath("provider.toml").write_text(
        f'base_url = "{url}"\nkey_required = false\n', encoding="utf-8"
    )
    folder.joinpath("models", "dear.toml").write_text(
        "input_price = 1_000.0\noutput_price = 1_000.0\n", encoding="utf-8"
    )
