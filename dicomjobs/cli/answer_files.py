"""Where the matches of a find job go while they come: the run's own tables, and the outputs that the job asked for.

Whether they are published is the job's to say; this knows only how.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dicomjobs.answers.columns import default_columns
from dicomjobs.cli.answer_tables import Tables
from dicomjobs.cli.output_file import OutputFile
from dicomjobs.events import MatchesReceived, OutputFailed
from dicomjobs.model.job import Output, OutputFormat
from dicomjobs.plan.plan import FindStep, JobPlan, Plan


def output_path(output: Output, directory: Path) -> Path:
    """Return where an output goes: a name without a folder lands in the run directory."""
    return Path(output.file) if Path(output.file).is_absolute() else directory / output.file


@dataclass(frozen=True, slots=True)
class AnswerPlace:
    """Where the matches of a run's jobs go; what is not published when `resources` close leaves nothing behind."""

    plan: Plan
    directory: Path
    resources: ExitStack

    def files_of(self, job: JobPlan) -> AnswerFiles:
        """Begin the files of a find job."""
        assert isinstance(job.step, FindStep)
        finds = sum(isinstance(each.step, FindStep) for each in self.plan.jobs)
        stem = "matches" if finds == 1 else f"matches-{job.name}"
        files = AnswerFiles(job.name, job.step, self.directory / stem, self.directory)
        self.resources.callback(files.discard)
        return files


class AnswerFiles:
    """The files of one job."""

    def __init__(self, job: str, step: FindStep, own: Path, directory: Path) -> None:
        """Begin every file; `own` is the path of the run's own tables without their endings."""
        self._job = job
        self._tables: dict[tuple[str, ...], Tables] = {}
        default = default_columns(step.asked)
        self._own = [OutputFile(own.with_name(f"{own.name}.csv")), OutputFile(own.with_name(f"{own.name}.jsonl"))]
        self._of(default).add_csv(self._own[0])
        self._of(default).add_jsonl(self._own[1])
        self._outputs = [self._begin(output, output_path(output, directory), default) for output in step.outputs]

    def take(self, matches: MatchesReceived) -> None:
        """Write matches into every file; raises ProtocolError for one that cannot be read."""
        for tables in self._tables.values():
            tables.take(matches)

    def publish(self) -> Iterator[OutputFailed]:
        """Give every file its name; yields those that could not be written."""
        return self._publish([*self._own, *self._outputs])

    def withhold(self) -> Iterator[OutputFailed]:
        """Keep what came in the run's own tables only."""
        for file in self._outputs:
            file.discard()
        return self._publish(self._own)

    def discard(self) -> None:
        """Leave nothing behind of what was not published."""
        for file in [*self._own, *self._outputs]:
            file.discard()

    def _publish(self, files: list[OutputFile]) -> Iterator[OutputFailed]:
        """Give files their names; yields those that could not be written."""
        for file in files:
            file.publish()
            if file.words:
                yield OutputFailed(job=self._job, path=str(file.path), words=file.words)

    def _begin(self, output: Output, path: Path, default: tuple[str, ...]) -> OutputFile:
        """Begin one output."""
        file = OutputFile(path)
        tables = self._of(output.columns or default)
        match output.format:
            case OutputFormat.CSV:
                tables.add_csv(file)
            case OutputFormat.JSONL:
                tables.add_jsonl(file)
        return file

    def _of(self, headings: tuple[str, ...]) -> Tables:
        """Return the tables with some columns."""
        if headings not in self._tables:
            self._tables[headings] = Tables(headings)
        return self._tables[headings]


def no_answers(job: JobPlan) -> AnswerFiles:
    """Stand in for the answers of a run without queries."""
    raise AssertionError(f"{job.name} is no query")
