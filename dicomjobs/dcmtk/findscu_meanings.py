"""What each option of findscu becomes here: one table, from which the options page and the comments of imported jobs are made."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dicomjobs.dcmtk.meanings import Meaning
from dicomjobs.dcmtk.shared_meanings import CONNECTION_MEANINGS, GENERAL_MEANINGS, TLS_MEANINGS

_PROFILE = ("association_profile.presentation_contexts",)
_SHOWN = (
    "every run keeps all answers as `matches.csv` and `matches.jsonl`; `dicomjobs find` shows them on a terminal, and the logger "
    "`dicomjobs.find.responses` of `run --log-config` tells each as it comes, with its identifier where that is set to DEBUG"
)
_FILES = ("outputs.format", "outputs.directory")
_WHOLE = "; written when the queries have ended well and never in part, and the files of an earlier run do not stay between them"
_READABLE = (
    ". The same bytes, but where findscu leaves out an answer or writes what is no XML: text in a character set that it cannot "
    "convert, or in none, is in UTF-8 here, and control characters are escaped"
)

FINDSCU_MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        "peer": Meaning(("peer.host",), ""),
        "port": Meaning(("peer.port",), ""),
        "dcmfile-in": Meaning(
            ("query.files",),
            "a query each, with the keys laid over it, all on one association. Read when the job is planned, so a file that is "
            "none is refused before anybody is connected to; group lengths, which PS3.5 retired, are left out, and text is sent in "
            "the character set that is declared in the end",
        ),
        **GENERAL_MEANINGS,
        "--key": Meaning(
            ("query.keys", "query.level"),
            "laid into each other in order, as findscu does it, and `strict: false`, which sends texts as they are typed. Text in "
            "another character set than ASCII needs a SpecificCharacterSet among the keys, or the peer's `character_set` is "
            "declared with it. A key that findscu finds wrong when it is connected, and leaves with exit code 0, is refused",
        ),
        "--worklist": Meaning(("query.model",), "`worklist`, findscu's default"),
        "--patient": Meaning(("query.model",), "`patient`"),
        "--study": Meaning(("query.model",), "`study`"),
        "--psonly": Meaning(("query.model",), "`patient_study_only`"),
        **CONNECTION_MEANINGS,
        "--enable-new-vr": Meaning(("find.new_vrs",), "`keep`, the default"),
        "--disable-new-vr": Meaning(("find.new_vrs",), "`as_ob`"),
        "--propose-uncompr": Meaning(_PROFILE, "explicit VR little endian, explicit VR big endian, implicit VR"),
        "--propose-little": Meaning(_PROFILE, "the same: little endian is what computers have today"),
        "--propose-big": Meaning(_PROFILE, "explicit VR big endian first"),
        "--propose-deflated": Meaning(_PROFILE, "deflated explicit VR first, then the uncompressed ones"),
        "--propose-implicit": Meaning(_PROFILE, "implicit VR alone"),
        "--compression-level": Meaning(
            (), "a query is deflated at zlib's own level, which nobody on the other side can tell"
        ),
        "--repeat": Meaning(("find.repeat",), "each query so many times, on the same association"),
        "--abort": Meaning(("find.end_with",), "`abort`"),
        "--cancel": Meaning(
            ("find.cancel_after",),
            "counts matches. findscu's count includes the final responses of queries before, and what comes after the cancel is "
            "still written: here it is not, so that a run ends the same whenever the peer hears of it. `0` never cancels, in both",
        ),
        **TLS_MEANINGS,
        "--output-directory": Meaning(
            ("outputs.directory", "outputs.file"), "must be there before anybody is asked, as in findscu"
        ),
        "--enable-correction": Meaning(("find.padding",), "`trim`"),
        "--disable-correction": Meaning(("find.padding",), "`keep`, the default"),
        "--show-responses": Meaning((), _SHOWN),
        "--hide-responses": Meaning((), _SHOWN),
        "--extract": Meaning(
            _FILES,
            "`dicom`: `rsp0001.dcm` and so on, numbered by responses"
            + _WHOLE
            + ". The data set stays as it came; findscu gives sequences other lengths",
        ),
        "--extract-xml": Meaning(_FILES, "`dcmtk_xml_each`: `rsp0001.xml` and so on" + _WHOLE + _READABLE),
        "--extract-xml-single": Meaning(("outputs.format", "outputs.file"), "`dcmtk_xml`" + _WHOLE + _READABLE),
        "--limit-output": Meaning(("find.write_at_most",), ""),
    }
)
"""Every parameter and option of findscu and what it becomes."""
