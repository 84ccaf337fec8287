"""In which form an instance is sent: as it lies in its file wherever that will do; pure, it knows no bytes."""

from __future__ import annotations

from dataclasses import dataclass

from dicomjobs.dicom.transfer_syntaxes import IMPLICIT_VR_LITTLE_ENDIAN
from dicomjobs.model.data_set_form import DataSetForm, NewVrs
from dicomjobs.plan.invention import Inventor
from dicomjobs.plan.route import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """What a job changes of its data sets beside the transfer syntax; `compression_level` is zlib's, 0 to 9."""

    compression_level: int
    new_vrs: NewVrs
    inventor: Inventor | None

    def form(self, route: Route, number: int) -> DataSetForm | None:
        """Return the form of an instance on its route, None when it goes out as it is; `number` is its place in the job, from 0."""
        written_vrs = self.new_vrs is NewVrs.AS_OB and route.transfer_syntax != IMPLICIT_VR_LITTLE_ENDIAN
        if not (route.convert or written_vrs or self.inventor):
            return None
        return DataSetForm(
            transfer_syntax=route.transfer_syntax,
            compression_level=self.compression_level,
            new_vrs=self.new_vrs,
            replaced=self.inventor.identity(number).texts if self.inventor else (),
        )
