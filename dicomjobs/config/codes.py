"""The stable codes of configuration problems, in one table; what each one checks is not known here.

DJ1xx reading YAML · DJ2xx shape · DJ3xx names and references · DJ4xx expressions and parameters · DJ5xx DICOM meaning.
A code, once released, keeps its meaning; each has an example under tests/examples/invalid/.
"""

from __future__ import annotations

from dicomjobs.diagnostics import Diagnostic, Location, Severity

MOST_DIAGNOSTICS = 100
"""Problems that one stage tells of one file: nobody reads on."""

CODES = {
    "DJ101": "the file cannot be read",
    "DJ102": "the file is too large",
    "DJ103": "the file is not UTF-8 text",
    "DJ104": "a character that cannot be seen",
    "DJ105": "not YAML",
    "DJ106": "text that needs quotes",
    "DJ107": "nested too deeply",
    "DJ108": "too many aliases",
    "DJ109": "too many values",
    "DJ110": "an alias that leads nowhere",
    "DJ111": "a YAML tag",
    "DJ112": "a merge key",
    "DJ113": "a key given twice",
    "DJ114": "a key that is not text",
    "DJ115": "more than one document",
    "DJ116": "a text that is too long",
    "DJ117": "a value taken for a comment",
    "DJ118": "a backslash under keys",
    "DJ119": "nothing to read",
    "DJ201": "an unknown key",
    "DJ202": "a missing key",
    "DJ203": "a value of another kind",
    "DJ204": "a number out of range",
    "DJ205": "not one of the words",
    "DJ206": "not of the right form",
    "DJ207": "an empty value",
    "DJ208": "a secret written in the file",
    "DJ209": "keys that exclude each other",
    "DJ210": "too few or too many",
    "DJ301": "an included file that is not there",
    "DJ302": "includes that lead back to themselves",
    "DJ304": "an unknown peer",
    "DJ305": "an unknown query",
    "DJ306": "an unknown send set",
    "DJ307": "an unknown association profile",
    "DJ308": "an unknown list of transfer syntaxes",
    "DJ309": "an unknown job",
    "DJ310": "jobs that wait for each other",
    "DJ311": "a file that is written twice",
    "DJ312": "an unknown job on the command line",
    "DJ313": "a file that the run writes itself",
    "DJ401": "an expression that does not end",
    "DJ402": "an expression that means nothing",
    "DJ403": "an offset or a format of time that means nothing",
    "DJ404": "a parameter that must be given",
    "DJ405": "an unknown parameter on the command line",
    "DJ406": "parameters made from themselves",
    "DJ407": "an expression that comes out empty",
    "DJ408": "an expression that leaves its place in a path",
    "DJ409": "an environment variable that is not set",
    "DJ410": "a package that is not installed",
    "DJ411": "a time on the command line that is none",
    "DJ412": "an unknown timezone",
    "DJ413": "a parameter named like a word of the language",
    "DJ414": "an expression that comes out too long",
    "DJ415": "a time where none is known yet",
    "DJ501": "an unknown attribute",
    "DJ502": "an attribute written twice",
    "DJ503": "a value for a sequence, or items for a value",
    "DJ504": "an attribute that is in no data set",
    "DJ505": "not a value of the VR",
    "DJ506": "a value in the form of ACR-NEMA",
    "DJ507": "a wildcard in a UID",
    "DJ508": "two different levels",
    "DJ509": "an unknown SOP class or transfer syntax",
    "DJ510": "not a transfer syntax",
    "DJ511": "not an abstract syntax",
    "DJ512": "an unknown character set",
    "DJ513": "a user identity without TLS",
    "DJ514": "a peer that is not verified",
    "DJ515": "nothing to verify a peer with",
    "DJ516": "negotiation about a class that is not proposed",
    "DJ517": "negotiation about a class twice",
    "DJ518": "a level that the model has not",
    "DJ519": "a relational query",
    "DJ520": "a column that is not asked for",
    "DJ521": "a key that an embedded peer has not",
    "DJ522": "not an entry of a keyring",
    "DJ523": "a profile that lacks what its query needs",
    "DJ524": "a text that the character set lacks",
    "DJ525": "an association configuration that cannot be read",
    "DJ526": "an association configuration without one of its sections",
    "DJ527": "an entry of an association configuration that DCMTK cannot read",
    "DJ528": "a name that DCMTK does not have",
    "DJ529": "a list of an association configuration that is not there",
    "DJ530": "lists of an association configuration that do not go together",
    "DJ531": "a profile that an association configuration does not have",
    "DJ532": "a line that DCMTK takes for something else",
    "DJ533": "a part of an association configuration that does not count",
    "DJ534": "a number at which DCMTK does not look",
    "DJ535": "a name of which DCMTK drops a part",
    "DJ536": "a UID that DCMTK takes without looking",
    "DJ537": "something proposed twice",
    "DJ540": "a proposal made from files where there are none",
    "DJ541": "more contexts than an association has",
    "DJ560": "negotiated by the query and by its profile",
    "DJ561": "something that a worklist cannot negotiate",
    "DJ562": "a data dictionary that cannot be read",
    "DJ563": "not an entry of a data dictionary",
    "DJ542": "an order that several associations do not keep",
    "DJ543": "files that are put away before they were sent everywhere",
    "DJ544": "sent files moved to where they are found again",
    "DJ585": "queries that are sent on twice",
    "DJ586": "a proof that an embedded peer cannot give",
    "DJ550": "security that is retired",
    "DJ551": "TLS without encryption",
    "DJ552": "TLS without certificates",
    "DJ553": "certificates where there are none",
    "DJ554": "not a cipher suite",
    "DJ555": "a cipher suite that the profile does not take",
    "DJ556": "a revocation list that is not looked at",
    "DJ557": "a certificate without its key",
}


def error(code: str, summary: str, *, at: Location | None, hint: str = "", detail: str = "") -> Diagnostic:
    """Make an error of this code; `documents.with_source_lines` adds the source line later."""
    assert code in CODES
    return Diagnostic(code=code, severity=Severity.ERROR, summary=summary, location=at, hint=hint, detail=detail)


def warning(code: str, summary: str, *, at: Location | None, hint: str = "", detail: str = "") -> Diagnostic:
    """Make a warning of this code."""
    assert code in CODES
    return Diagnostic(code=code, severity=Severity.WARNING, summary=summary, location=at, hint=hint, detail=detail)
