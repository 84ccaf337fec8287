"""Lines of findscu for the parity table, and the one list of what an imported job does differently, with the reasons."""

from __future__ import annotations

from dataclasses import dataclass

S = "-S -k QueryRetrieveLevel=STUDY"
STEPS = "ScheduledProcedureStepSequence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What stands between `findscu` and the peer, and the query files behind it."""

    options: str
    files: str = ""

    @property
    def name(self) -> str:
        """The line as a test's name."""
        return f"{self.options} {self.files}".strip()


MODELS = [
    "-k PatientID",
    "-W -k PatientID",
    "-P -k PatientID",
    "-S -k PatientID",
    "-O -k PatientID",
    "-P -S -O -W -k PatientID",
    "-W -S -k PatientID",
    "--patient -k QueryRetrieveLevel=PATIENT -k PatientName",
    "--study -k QueryRetrieveLevel=IMAGE -k StudyInstanceUID=1.2 -k SeriesInstanceUID=1.3 -k SOPInstanceUID",
    "--psonly -k QueryRetrieveLevel=STUDY",
    "--psonly -k QueryRetrieveLevel=SERIES",
    "--worklist -k QueryRetrieveLevel=STUDY",
    "-S -k QueryRetrieveLevel=study",
    "-S -k QueryRetrieveLevel",
    "-S -k QueryRetrieveLevel=PATIENT",
]

KEYS = [
    f"{S} -k 0010,0010=A",
    f"{S} -k '(10,20)=A'",
    f"{S} -k 0x10,0x20=A",
    f"{S} -k StudyDate",
    f"{S} -k StudyDate=",
    f"{S} -k StudyDate=20200101-20201231",
    f"{S} -k StudyDate=-20201231 -k StudyTime=0800-",
    f"{S} -k StudyDate=yesterday",
    f"{S} -k PatientName='M*^?ohn'",
    f"{S} -k PatientName=A=B",
    f"{S} -k 'PatientName=A\\B'",
    f"{S} -k 'PatientID= A '",
    f"{S} -k PatientID='${{today}}'",
    f"{S} -k 'PatientID=#1'",
    f"{S} -k PatientID=007 -k AccessionNumber=1e5 -k StudyID=null",
    f'{S} -k "PatientName=O\'Hara"',
    f"{S} -k 'ModalitiesInStudy=CT\\MR'",
    f"{S} -k 'ModalitiesInStudy=ct'",
    f"{S} -k StudyInstanceUID=1.2.3",
    f"{S} -k StudyInstanceUID=1.2.*",
    f"{S} -k 'StudyInstanceUID=1.2.3\\1.2.3.4'",
    f"{S} -k SOPClassesInStudy==CTImageStorage",
    f"{S} -k SOPClassesInStudy=CTImageStorage",
    f"{S} -k PatientID=A -k PatientID=B",
    f"{S} -k PatientID=A -k PatientID",
    f"{S} -k '' -k PatientID=A",
    f"{S} -k 'PatientComments=a\\b'",
    f"{S} -k RETIRED_StudyComments=A",
    f"{S} -k PatientAge=012Y -k PatientWeight=70.5 -k NumberOfStudyRelatedInstances=5",
    f"{S} -k 'Rows=1\\2' -k Rows=70000",
    f"{S} -k Rows=-1",
    f"{S} -k ReferencePixelX0=-5 -k SimpleFrameList=4294967297",
    f"{S} -k DiffusionBValue=1.5 -k RecommendedDisplayFrameRateInFloat=-1.5e3",
    f"{S} -k 'FrameIncrementPointer=(0018,1063)\\(0018,1065)'",
    f"{S} -k 'PixelData=0102\\0304'",
    f"{S} -k SmallestImagePixelValue=7",
    f"{S} -k OverlayRows=5 -k '(6002,0010)=6'",
    f"{S} -k '(0009,0010)=ACME' -k '(0009,1001)=41\\42' -k '(0009,1002)=4142'",
    f"{S} -k '(0019,0010)=SIEMENS CT VA0  COAD' -k '(0019,1099)=01'",
    f"{S} -k '(0002,0010)=1.2' -k '(0000,0110)=5'",
    f"{S} -k 'SpecificCharacterSet=ISO_IR 192' -k PatientName=Müller",
    f"{S} -k PatientName=Müller -k 'SpecificCharacterSet=ISO_IR 100'",
    f"{S} -k 'SpecificCharacterSet=ISO_IR 100' -k PatientName=Muller",
    f"{S} -k 'SpecificCharacterSet=GB18030' -k PatientName=A",
    f"{S} -k SpecificCharacterSet -k PatientName",
    f"{S} -k PatientName=Müller",
    f"{S} -k '(0008,0000)=5' -k PatientID",
    f"{S} -k '(5400,0110)=01'",
    f"-W -k '{STEPS}[0].Modality=CT'",
    "-W -k '(0040,0100)[0].(0008,0060)=CT' -k '(0040,0100)[0].ScheduledStationAETitle=CT1'",
    "-W -k '(0040,0100)[0]:Modality=CT'",
    f"-W -k '{STEPS}[1].Modality=CT'",
    f"-W -k '{STEPS}' -k PatientName",
    f"-W -k '{STEPS}[0]'",
    f"-W -k '{STEPS}[0].Modality=CT' -k '{STEPS}' -k '{STEPS}[0]' -k '{STEPS}[0].Modality=MR'",
    f"-W -k '{STEPS}[0].ScheduledProtocolCodeSequence[0].CodeValue=X'",
    f"-W -k '{STEPS}[0].ScheduledProcedureStepStartDate=20260101-' -k '{STEPS}[0].ScheduledProcedureStepStartTime'",
]

NETWORK = [
    f"-aet ME -aec THEM {S}",
    f"-aet 'A TITLE THAT IS LONG' -aec 'ANOTHER TITLE WITH BLANKS ' {S}",
    f"-aet ONE -aet TWO {S}",
    f"-x= {S}",
    f"-xe {S}",
    f"-xb {S} -k Rows=258 -k 'PixelData=0102' -k 'FrameIncrementPointer=(0018,1063)'",
    f"-xi {S} -k PatientID=A",
    f"-xd {S} -k PatientID=A",
    f"-xd +cl 9 {S} -k PatientID=A",
    f"-xd +cl 0 {S}",
    f"-xi -xb {S}",
    f"-xb -x= {S}",
    f"-pdu 4096 {S}",
    f"-pdu 131072 {S}",
    f"--max-pdu 16384x {S}",
    f"-to 5 -ts 7 -ta 8 -td 9 {S}",
    f"-ts 0 {S}",
    f"-ts -1 -td 3 {S}",
    f"-to 99999999999 {S}",
    f"--repeat 3 {S}",
    f"--repeat 2 --abort {S}",
    f"--abort {S}",
    f"--cancel 0 {S}",
    f"--cancel 1 {S}",
    f"--cancel 2 {S}",
    f"--cancel 9 {S}",
    f"--cancel 1 --repeat 2 {S}",
    f"--cancel 4 --repeat 2 {S}",
    f"+u {S} -k '(0009,1001)=41'",
    f"-u {S} -k '(0009,1001)=41'",
    f"-u +u {S} -k '(0009,1001)=41'",
    f"-tls {S}",
]

TALK = [
    f"-q {S}",
    f"-v {S}",
    f"-d {S}",
    f"-ll error {S}",
    f"-v -q {S}",
    f"+sr {S}",
    f"-sr {S}",
    f"--arguments {S}",
    f"+dc {S}",
    f"-dc {S}",
    f"-od . {S}",
]

OUTPUTS = [
    f"-X -od out {S}",
    f"--extract -od out {S}",
    f"-Xx -od out {S}",
    f"-Xs all.xml -od out {S}",
    f"-X -Xx -od out {S}",
    f"-Xx -Xs all.xml -X -od out {S}",
    f"-X -Xlo 2 -od out {S}",
    f"-Xx -Xlo 1 -od out {S}",
    f"-Xs all.xml -Xlo 2 -od out {S}",
    f"-X --repeat 2 -od out {S}",
    f"-Xx --repeat 2 -Xlo 5 -od out {S}",
    f"-Xs all.xml --repeat 2 -od out {S}",
    f"-X +dc -od out {S}",
    f"-Xx +dc -od out {S}",
    f"-Xs all.xml +dc -od out {S}",
    f"-X -xi -od out {S}",
    f"-Xx -xb -od out {S}",
    f"-X -xb -od out {S}",
    f"-Xx -xi -od out {S}",
    f"-Xx +sr -od out {S}",
    f"-X -sr -od out {S}",
    f"-X --cancel 2 -od out {S}",
    f"-X --cancel 3 -od out {S}",
    f"-Xs out/all.xml {S}",
    "-X -W -od out -k 'ScheduledProcedureStepSequence[0].Modality'",
]

FILES = [
    ("-S", "study.dcm"),
    ("-S", "study.dcm series.dcm"),
    ("-S", "series.dcm study.dcm study.dcm"),
    ("-S --repeat 2", "study.dcm series.dcm"),
    ("-S", "implicit.dcm"),
    ("-S", "big.dcm"),
    ("-S", "deflated.dcm"),
    ("-S", "bare.dcm"),
    ("-S", "bare-implicit.dcm"),
    ("-S -xi", "study.dcm"),
    ("-S -xb", "study.dcm"),
    ("-S -k PatientName=OTHER -k PatientID", "study.dcm series.dcm"),
    ("-S -k QueryRetrieveLevel=SERIES", "study.dcm"),
    ("-W", "worklist.dcm"),
    (f"-W -k '{STEPS}[0].Modality=MR' -k '{STEPS}[1].Modality=US'", "worklist.dcm"),
    (f"-W -k '{STEPS}'", "worklist.dcm"),
    ("-S -k ''", "study.dcm"),
    ("-S", "latin.dcm"),
    ("-S -k 'SpecificCharacterSet=ISO_IR 192' -k PatientName=A", "study.dcm"),
    ("-S", "undefined-lengths.dcm"),
    ("-S", "group-lengths.dcm"),
    ("-S", "padded.dcm"),
]

LINES = [
    *(Line(options=options) for options in (*MODELS, *KEYS, *NETWORK, *TALK, *OUTPUTS)),
    *(Line(options=options, files=files) for options, files in FILES),
]

DIFFERENCES: dict[str, dict[str, str]] = {
    f"{S} -k PatientName=Müller": {
        "identifier": "text that is not ASCII is declared: (0008,0005) with the peer's character set is added (PS3.3 C.12.1.1.2)"
    },
    f"{S} -k '(0008,0000)=5' -k PatientID": {
        "identifier": "group lengths are retired (PS3.5 7.2): a key for one is sent as typed, findscu computes it"
    },
    f"{S} -k '(5400,0110)=01'": {
        "identifier": "the VR of this attribute is OB or OW: DCMTK takes OB for a waveform channel, we take OW"
    },
    f"-X --cancel 2 -od out {S}": {
        "files": "what a peer sends after the cancel is not kept, so that a run has the same files whenever the peer hears of it"
    },
    f"-Xx --repeat 2 -Xlo 5 -od out {S}": {
        "files": "findscu takes the responses of the first query off the limit twice and stops too early; write_at_most counts"
    },
    f"--cancel 4 --repeat 2 {S}": {
        "messages": "findscu counts the final response of the first query too, cancel_after counts matches"
    },
    "-S group-lengths.dcm": {"identifier": "group lengths are retired (PS3.5 7.2) and left out"},
}
"""What differs, by the name of the line: the field, and why."""
