"""Where the matches of a find job go while they come: the run's own tables, and the outputs that the job asked for.

Whether they are published is the job's to say; this knows only how.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from dicomjobs.answers.columns import default_columns
from dicomjobs.answers.private_values import private_vrs
from dicomjobs.cli.answer_forms import DOCUMENT_FORMS, FOLDER_FORMS, Document, Folder
from dicomjobs.cli.answer_tables import RowIds, Tables
from dicomjobs.cli.output_file import OutputFile
from dicomjobs.events import MatchesReceived, OutputFailed
from dicomjobs.model.job import Output, OutputFormat
from dicomjobs.plan.plan import FindStep, JobPlan, Plan


def output_path(output: Output, directory: Path) -> Path:
    """Return where an output goes: a name without a folder lands in the run directory."""
    return Path(output.place) if Path(output.place).is_absolute() else directory / output.place


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


class _Written(Protocol):
    """A file or folder under way."""

    @property
    def path(self) -> Path:
        """Where it goes."""

    @property
    def words(self) -> str:
        """Why it is lost, "" while it is not."""

    def publish(self) -> None:
        """Give it its name."""

    def discard(self) -> None:
        """Leave nothing behind; does nothing to what has its name."""


class AnswerFiles:
    """The files of one job."""

    def __init__(self, job: str, step: FindStep, own: Path, directory: Path) -> None:
        """Begin every file; `own` is the path of the run's own tables without their endings."""
        self._job = job
        self._step = step
        self._default = default_columns(step.asked)
        self._private = private_vrs(step.asked)
        self._own_tables = Tables(self._default, RowIds(step), self._private)
        self._output_tables: dict[tuple[str, ...], Tables] = (
            {} if step.write_at_most else {self._default: self._own_tables}
        )
        self._whole: list[Document | Folder] = []
        self._own = [OutputFile(own.with_name(f"{own.name}.csv")), OutputFile(own.with_name(f"{own.name}.jsonl"))]
        self._own_tables.add_csv(self._own[0])
        self._own_tables.add_jsonl(self._own[1])
        self._outputs = [self._begin(output, output_path(output, directory), directory) for output in step.outputs]

    def take(self, matches: MatchesReceived) -> None:
        """Write matches into every file; raises ProtocolError for one that cannot be read."""
        self._own_tables.take(matches)
        most = self._step.write_at_most
        if most and matches.first + len(matches.identifiers) - 1 > most:
            matches = replace(matches, identifiers=matches.identifiers[: max(0, most - matches.first + 1)])
        for tables in self._output_tables.values():
            if tables is not self._own_tables:
                tables.take(matches)
        for whole in self._whole:
            whole.take(matches)

    def publish(self) -> Iterator[OutputFailed]:
        """Give every file its name; yields those that could not be written."""
        return self._publish([*self._own, *self._outputs])

    def withhold(self) -> Iterator[OutputFailed]:
        """Keep what came in the run's own tables only."""
        for output in self._outputs:
            output.discard()
        return self._publish(self._own)

    def discard(self) -> None:
        """Leave nothing behind of what was not published."""
        for file in [*self._own, *self._outputs]:
            file.discard()

    def _publish(self, files: Sequence[_Written]) -> Iterator[OutputFailed]:
        """Give files their names; yields those that could not be written."""
        for file in files:
            file.publish()
            if file.words:
                yield OutputFailed(job=self._job, path=str(file.path), words=file.words)

    def _begin(self, output: Output, path: Path, directory: Path) -> _Written:
        """Begin one output."""
        if output.format in DOCUMENT_FORMS:
            self._whole.append(Document(path, output.format, self._step.padding))
            return self._whole[-1]
        if output.format in FOLDER_FORMS:
            if path.parent == directory:
                path.mkdir(mode=0o700, exist_ok=True)
            self._whole.append(Folder(path, output.format, self._step.padding))
            return self._whole[-1]
        file, headings = OutputFile(path), output.columns or self._default
        tables = self._output_tables.setdefault(headings, Tables(headings, RowIds(self._step), self._private))
        if output.format is OutputFormat.CSV:
            tables.add_csv(file)
        else:
            tables.add_jsonl(file)
        return file
