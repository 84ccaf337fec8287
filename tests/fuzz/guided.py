"""`python -m tests.fuzz.guided [--seconds 60] [TARGET …]`: the fuzz targets with inputs that coverage leads to, found by atheris.

Each target runs in a process of its own, which ends at the first input that does not end as it should; that input is left in a file.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from tests.fuzz.mutations import TARGETS, Target

DECLARED_IN = ("tests.fuzz.test_files", "tests.fuzz.test_network")
SECONDS_AN_INPUT = 10
MEBIBYTES = 2048


def targets() -> Mapping[str, Target]:
    """Every target by its name."""
    for module in DECLARED_IN:
        import_module(module)
    return TARGETS


def fuzz(name: str, folder: Path, seconds: int) -> None:
    """Fuzz one target in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=["dicomjobs"]):
        target = targets()[name]
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    limits = {"max_total_time": seconds, "timeout": SECONDS_AN_INPUT, "rss_limit_mb": MEBIBYTES}
    options = [f"-{option}={value}" for option, value in limits.items()]
    atheris.Setup([name, *options, f"-artifact_prefix={folder}/", str(corpus)], target.take)
    atheris.Fuzz()


def main() -> int:
    """Fuzz the targets one after another; 1 when one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument(
        "--alone", type=Path, metavar="FOLDER", help="the one target in this process, its files in this folder"
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all when none is named")
    arguments = parser.parse_args()
    if arguments.alone:
        fuzz(arguments.targets[0], arguments.alone, arguments.seconds)
    failed = []
    for name in arguments.targets or targets():
        folder = tempfile.mkdtemp(prefix=f"{name}-")
        command = [sys.executable, "-m", __spec__.name, f"--alone={folder}", f"--seconds={arguments.seconds}", name]
        if subprocess.run(command, check=False).returncode:
            failed.append(f"{name}: see {folder}")
        else:
            shutil.rmtree(folder)
    sys.stdout.write("\n".join(failed or ["every input ended as it should"]) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
