"""Whatever stands on a findscu line stands in the job file, and means the same when it is read."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from dicomjobs.dcmtk.findscu_job import Surroundings, findscu_job
from dicomjobs.dcmtk.findscu_line import read_findscu_line
from dicomjobs.model.job import FindJob
from tests.support.job_files import load_with_warnings

PATHS = ("PatientName", "PatientID", "(0040,0100)[0].ScheduledStationName", "(0040,0100)[1].ScheduledProcedureStepID")
VISIBLE = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), exclude_characters="\u00a0\u3000"), max_size=12
)
TRICKY = st.sampled_from(
    ["${today}", "$${x}", "'", '"', "#1", "a: b", "- x", "null", "~", "1e5", "007", "\\", "a\\b", "=", "*", "{}", "@x"]
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(PATHS), VISIBLE | TRICKY), min_size=1, max_size=5))
def test_the_keys_of_the_job_are_those_of_the_line(keys: list[tuple[str, str]]) -> None:
    """Quotes, expressions and everything that YAML takes for something else included."""
    arguments = [argument for path, value in keys for argument in ("-k", f"{path}={value}")]
    said = read_findscu_line(["-W", *arguments, "127.0.0.1", "104"], lambda name: name)
    surroundings = Surroundings(arguments=tuple(arguments), path_of=str, dictionaries=(), today=date(2026, 11, 21))

    with TemporaryDirectory() as folder:
        file = Path(folder) / "job.yaml"
        file.write_text(findscu_job(said, surroundings), encoding="utf-8")
        workspace, warnings = load_with_warnings(str(file))

    (job,) = workspace.jobs
    assert isinstance(job, FindJob)
    assert (job.query.identifier, warnings) == (said.keys, ())
