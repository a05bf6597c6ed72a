"""`playground doctor` on local files: what is automatic, what is set, and what was really used."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Shell


def test_doctor_shows_how_local_files_are_opened_and_who_decided(
    shell: Shell, config_file: Path
) -> None:
    config_file.write_text('[local]\nthreads = 2\nkv_type = "q8_0"\n')
    done = shell("doctor")
    assert "ok    set by you: threads = 2, kv_type = q8_0" in done.stdout
    (line,) = (line for line in done.stdout.splitlines() if "opened with: " in line)
    for word in ("context 1,024", "16 sequences", "q8_0", "2 threads", "flash attention on"):
        assert word in line
    config_file.write_text("[local]\nthreads = 0\n")
    done = shell("doctor")
    assert f"fail  set by you: {config_file}, line 2: local.threads" in done.stdout
    assert done.returncode == 1, "the demo cannot be opened like that either"
