"""The lines of the table: options, files, what the peer does, and which of the listed differences it shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: the options, the files, the peer by its name in PEERS, and the differences by their names in DIFFERENCES."""

    options: str
    files: str
    peer: str = "willing"
    shows: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How the test of this line is called."""
        return f"{self.options} {self.files} [{self.peer}]"


def _lines(*lines: tuple[str, str] | tuple[str, str, str] | tuple[str, str, str, str]) -> list[Line]:
    """Lines from options and files, with a peer and a difference where there is one."""
    return [
        Line(
            options=options,
            files=files,
            peer=(rest[0] if rest else "") or "willing",
            shows=tuple(rest[1].split()) if len(rest) > 1 else (),
        )
        for options, files, *rest in lines
    ]


GENERAL = _lines(
    ("", "explicit.dcm"),
    ("-q", "explicit.dcm"),
    ("-v", "explicit.dcm"),
    ("--debug", "explicit.dcm"),
    ("--log-level trace", "explicit.dcm"),
    ("--log-config logger.cfg", "explicit.dcm"),
    ("-v +v", "explicit.dcm"),
    ("--arguments", "explicit.dcm"),
    ("@line.txt", "ct1.dcm"),
)

INPUTS = _lines(
    ("+f", "explicit.dcm bare_implicit.dcm bare_explicit.dcm"),
    ("+fo", "explicit.dcm"),
    ("--read-file-only -nh", "ct1.dcm bare_implicit.dcm ct2.dcm", "", "message_ids"),
    ("-f", "bare_implicit.dcm bare_explicit.dcm"),
    ("--read-dataset -nh", "bare_implicit.dcm ct1.dcm"),
    ("+sd", "scan", "", "folder_order"),
    ("--scan-directories", "scan explicit.dcm", "", "folder_order"),
    ("+sd +r", "scan", "", "folder_order"),
    ("+sd -r", "scan", "", "folder_order"),
    ("+sd +r --no-recurse", "scan", "", "folder_order"),
    ("+sd +sp *.dcm", "scan", "", "folder_order"),
    ("+sd +sp [12].dcm +r", "scan", "", "folder_order"),
    ("+sd --scan-pattern *.ima", "scan"),
    ("-nh", "scan explicit.dcm"),
    ("-nh", "notes.txt empty.dcm ct1.dcm", "", "message_ids"),
    ("-nh", "missing.dcm ct1.dcm"),
    ("-R", "notes.txt ct1.dcm"),
    ("-R -nh", "notes.txt missing.dcm ct1.dcm"),
    ("", "notes.txt ct1.dcm", "", "known_before"),
    ("+fo", "bare_implicit.dcm ct1.dcm", "", "known_before"),
    ("", "missing.dcm ct1.dcm"),
    ("", "ct1.dcm ct1.dcm"),
    ("", "ct2.dcm ct1.dcm ct3.dcm"),
    ("--no-rename", "ct1.dcm"),
)

RENAMES = _lines(
    ("+rn", "r1.dcm r2.dcm"),
    ("--rename -nh", "r1.dcm r2.dcm r3.dcm", "C000 on the second"),
    ("+rn", "r1.dcm r2.dcm r3.dcm", "C000 on the second"),
    ("+rn -nh", "r1.dcm r2.dcm r3.dcm", "A700 on the second", "kept_for_later"),
)
"""Lines after which files have other names: each gets a folder of its own."""

ADDRESSES = _lines(
    ("-aet RESEARCH -aec ARCHIVE", "explicit.dcm"),
    ("--aetitle RESEARCH --call ARCHIVE", "explicit.dcm"),
    ("-aet 'A TITLE OF TWENTY CH' -aec 'ANOTHER LONG ONE!'", "explicit.dcm"),
    ("-aec 'two words'", "explicit.dcm"),
    ("-to 5", "explicit.dcm"),
    ("--socket-timeout 0", "explicit.dcm"),
    ("-ts -1", "explicit.dcm"),
    ("--acse-timeout 5", "explicit.dcm"),
    ("-td 5", "explicit.dcm"),
    ("-td 1", "ct1.dcm ct2.dcm ct3.dcm", "is silent on the second"),
    ("-ts 1", "ct1.dcm ct2.dcm ct3.dcm", "is silent on the second", "closed"),
    ("-ta 1", "ct1.dcm", "does not answer", "closed"),
    ("-pdu 4096", "explicit.dcm"),
    ("-pdu 5001", "explicit.dcm"),
    ("-aec ' SPACED ' -aet A", "explicit.dcm"),
    ("--max-pdu 131072", "explicit.dcm"),
    ("--max-send-pdu 4096", "explicit.dcm"),
    ("", "explicit.dcm", "takes short PDUs"),
    ("", "explicit.dcm", "takes PDUs of any length"),
)

PROPOSALS = _lines(
    ("-x=", "explicit.dcm implicit.dcm big.dcm"),
    ("--propose-uncompr", "deflated.dcm"),
    ("-xe", "explicit.dcm big.dcm"),
    ("-xb", "explicit.dcm big.dcm"),
    ("-xi", "explicit.dcm implicit.dcm"),
    ("--propose-implicit", "big.dcm"),
    ("-xs", "lossless.dcm explicit.dcm"),
    ("-xy", "jpeg8.dcm explicit.dcm"),
    ("--propose-jpeg12", "jpeg12.dcm"),
    ("-xv", "j2k.dcm"),
    ("--propose-j2k-lossy", "j2k_lossy.dcm"),
    ("-xt", "jls.dcm"),
    ("--propose-jls-lossy", "jls_lossy.dcm"),
    ("--propose-mpeg2", "mpeg2.dcm"),
    ("-xh", "mpeg2_high.dcm"),
    ("-xn", "mpeg4.dcm"),
    ("--propose-mpeg4-bd", "mpeg4_bd.dcm"),
    ("-x2", "mpeg4_2d.dcm"),
    ("--propose-mpeg4-2-3d", "mpeg4_3d.dcm"),
    ("-xo", "mpeg4_st.dcm"),
    ("--propose-hevc", "hevc.dcm"),
    ("-x5", "hevc10.dcm"),
    ("-xr", "rle.dcm explicit.dcm"),
    ("-xd", "explicit.dcm deflated.dcm implicit.dcm"),
    ("-xd +cl 9", "explicit.dcm"),
    ("-xd --compression-level 0", "explicit.dcm deflated.dcm"),
    ("-xs -xv -xe", "explicit.dcm"),
    ("-xe -xs", "lossless.dcm"),
    ("-R", "explicit.dcm mr.dcm"),
    ("--required", "seg.dcm ct1.dcm ct2.dcm"),
    ("-R -xs", "explicit.dcm lossless.dcm"),
    ("-R -xi", "explicit.dcm mr.dcm"),
    ("+C", "explicit.dcm"),
    ("--combine -R", "explicit.dcm mr.dcm"),
    ("+C -xs -R", "explicit.dcm lossless.dcm", "", "no_abort"),
    ("+C -xi -R", "explicit.dcm"),
    ("+C -xm -R", "mpeg2.dcm"),
    ("+C -xd -R", "deflated.dcm"),
    ("-R +sd", "many"),
    ("-R +sd -nh", "many"),
    ("-R +C", "@many.txt"),
    ("-R", "implicit.dcm big.dcm explicit.dcm", "takes the last syntax"),
    ("-R +C", "implicit.dcm big.dcm explicit.dcm", "takes the last syntax"),
    ("-R", "implicit.dcm big.dcm explicit.dcm", "takes implicit only"),
    ("-R", "implicit.dcm big.dcm explicit.dcm", "takes explicit only"),
    ("-R", "implicit.dcm big.dcm explicit.dcm", "takes big endian only"),
    ("-R", "implicit.dcm explicit.dcm", "takes the second context of a class"),
    ("-R -xd", "implicit.dcm deflated.dcm explicit.dcm", "takes native syntaxes only"),
    ("-R -nh -xs", "lossless.dcm explicit.dcm", "takes native syntaxes only", "message_ids"),
)

VALUE_REPRESENTATIONS = _lines(
    ("+u", "new_vrs.dcm"),
    ("-u", "new_vrs.dcm"),
    ("--disable-new-vr -xi", "new_vrs.dcm"),
    ("-u +u", "new_vrs.dcm"),
    ("-up", "explicit.dcm"),
    ("", "sequences.dcm"),
    ("", "awkward.dcm", "", "trailing_padding"),
    ("-xi", "awkward.dcm"),
    ("", "padded.dcm spaced.dcm"),
    ("-up -R", "spaced.dcm"),
    ("-xi", "sequences.dcm"),
)

IDENTITIES = _lines(
    ("-usr jo", "explicit.dcm"),
    ("-usr Jürgen", "explicit.dcm"),
    ("--user jo --password s3cret", "explicit.dcm"),
    ("--user jo --empty-password", "explicit.dcm"),
    ("--kerberos ticket.bin", "explicit.dcm"),
    ("--saml assertion.xml", "explicit.dcm"),
    ("--jwt token.txt", "explicit.dcm"),
    ("-kt ticket.bin -usr jo -pwd s3cret", "explicit.dcm"),
    ("-usr jo -rsp", "explicit.dcm", "confirms"),
    ("-usr jo -pwd s3cret --pos-response", "explicit.dcm", "confirms"),
    ("--saml assertion.xml -rsp", "explicit.dcm", "confirms"),
    ("-usr jo -rsp", "explicit.dcm", "", "closed"),
)

MANNERS = _lines(
    ("--repeat 2", "ct1.dcm ct2.dcm"),
    ("--repeat 3 -nh", "ct1.dcm ct2.dcm", "A700 on the second"),
    ("--repeat 3", "ct1.dcm ct2.dcm", "A700 on the second"),
    ("--abort", "ct1.dcm ct2.dcm"),
    ("--abort", "ct1.dcm ct2.dcm", "A700 on the second"),
    ("-nh", "ct1.dcm ct2.dcm ct3.dcm"),
    ("--no-halt", "ct1.dcm ct2.dcm ct3.dcm", "A700 on the second"),
    ("-nh", "ct1.dcm ct2.dcm ct3.dcm", "A700 on every one"),
    ("-nh", "ct1.dcm ct2.dcm ct3.dcm", "C000 on the second"),
    ("", "ct1.dcm ct2.dcm ct3.dcm", "A700 on the first"),
    ("", "ct1.dcm ct2.dcm ct3.dcm", "A700 on the second"),
    ("", "ct1.dcm ct2.dcm ct3.dcm", "A900 on the second"),
    ("", "ct1.dcm ct2.dcm ct3.dcm", "C000 on the second"),
    ("", "ct1.dcm ct2.dcm ct3.dcm", "0122 on the second"),
    ("", "ct1.dcm ct2.dcm ct3.dcm", "B000 on the second"),
    ("", "ct1.dcm ct2.dcm ct3.dcm", "B007 on every one"),
    ("", "ct1.dcm ct2.dcm ct3.dcm", "0111 on the second"),
    ("", "ct1.dcm ct2.dcm ct3.dcm", "FE00 on the second"),
    ("", "ct1.dcm ct2.dcm", "rejects"),
    ("-nh", "ct1.dcm ct2.dcm", "rejects"),
    ("", "ct1.dcm ct2.dcm", "accepts no context", "closed"),
    ("", "ct1.dcm mr.dcm ct2.dcm", "accepts only CT", "no_abort"),
    ("-nh", "ct1.dcm mr.dcm ct2.dcm", "accepts only CT", "message_ids"),
    ("-nh", "ct1.dcm seg.dcm ct2.dcm", "", "message_ids"),
    ("", "ct1.dcm seg.dcm ct2.dcm", "", "known_before"),
    ("-nh", "ct1.dcm jpeg8.dcm ct2.dcm", "", "message_ids"),
    ("-nh", "jpeg8.dcm missing.dcm", "", "nothing_to_send"),
    ("+C -xs -R", "bare_explicit.dcm", "", "without_pixels"),
    ("", "ct1.dcm jpeg8.dcm ct2.dcm", "", "known_before"),
    ("-R -nh", "ct1.dcm private.dcm ct2.dcm", "", "unknown_classes"),
    ("-R", "ct1.dcm private.dcm ct2.dcm", "", "unknown_classes_refused"),
    ("", "ct1.dcm ct2.dcm ct3.dcm", "aborts on the second"),
    ("-nh", "ct1.dcm ct2.dcm ct3.dcm", "aborts on the second", "goes_on"),
    ("", "ct1.dcm ct2.dcm ct3.dcm", "releases on the second", "release_answered"),
)

INVENTIONS = _lines(
    ("+II", "explicit.dcm mr.dcm ct1.dcm", "", "invented"),
    ("+IR 2", "ct1.dcm ct2.dcm ct3.dcm", "", "invented"),
    ("--invent-series 1 +IS 2 --invent-patient 1", "ct1.dcm ct2.dcm ct3.dcm ct4.dcm ct5.dcm", "", "invented"),
    ("+IR 1 --invent-study 1 +IP 2", "ct1.dcm ct2.dcm ct3.dcm ct4.dcm ct5.dcm", "", "invented"),
    ("+II --repeat 2", "ct1.dcm ct2.dcm", "", "invented"),
    ("-nh +II", "rle.dcm ct1.dcm ct2.dcm", "", "numbers_of_unsent"),
)
"""Lines whose UIDs, numbers and names are made up: the same values are in the same places of both."""

CONFIGS = _lines(
    ("-xf /etc/dcmtk/storescu.cfg Default", "explicit.dcm"),
    ("--config-file small.cfg small", "explicit.dcm lossless.dcm"),
    ("-xf small.cfg roles", "explicit.dcm mr.dcm"),
    ("-xf small.cfg private", "private.dcm"),
    ("-xf small.cfg deflated +cl 3", "explicit.dcm"),
    ("-xf small.cfg small -xd -x=", "explicit.dcm"),
)

LINES = [
    *GENERAL,
    *INPUTS,
    *ADDRESSES,
    *PROPOSALS,
    *VALUE_REPRESENTATIONS,
    *IDENTITIES,
    *MANNERS,
    *INVENTIONS,
    *CONFIGS,
]

_KEY = "+tls client.key client.pem"
_CA = "+cf ca.pem"

TLS_LINES = _lines(
    (f"{_KEY} {_CA}", "ct.dcm"),
    (f"{_KEY} {_CA}", "ct.dcm", "wants a certificate"),
    ("--enable-tls client.key client.pem --add-cert-file ca.pem", "ct.dcm", "wants a certificate"),
    (f"+tla {_CA}", "ct.dcm"),
    ("+tla -ic", "ct.dcm"),
    (f"+tla -ic -rc {_CA}", "ct.dcm"),
    (f"+tla {_CA} --require-peer-cert", "ct.dcm"),
    (f"+tls locked.key locked.pem +pw 'open sesame' {_CA}", "ct.dcm", "wants a certificate"),
    (f"{_KEY} -pw {_CA}", "ct.dcm"),
    (f"{_KEY} -pem {_CA}", "ct.dcm"),
    ("+tls client.key.der client.der -der +cf ca.der", "ct.dcm", "wants a certificate"),
    (f"+tla {_CA} +cf other.pem", "ct.dcm"),
    ("+tla +cd cas", "ct.dcm"),
    (f"+tla {_CA} +crl list.crl", "ct.dcm"),
    (f"+tla {_CA} +crl list.crl +crv", "ct.dcm"),
    (f"+tla {_CA} +crl list.crl +cra", "ct.dcm"),
    (f"+tla {_CA} +px", "ct.dcm"),
    (f"+tla {_CA} +py", "ct.dcm"),
    (f"+tla {_CA} +pz", "ct.dcm"),
    (f"+tla {_CA} +pa", "ct.dcm", "old"),
    (f"+tla {_CA} +pn", "ct.dcm", "old"),
    (f"+tla {_CA} +cs TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "ct.dcm"),
    (f"+tla {_CA} +rs seed", "ct.dcm"),
    (f"+tla {_CA} --seed seed +ws", "ct.dcm"),
    (f"+tla {_CA} +rs seed +wf written", "ct.dcm"),
    (f"{_KEY} {_CA} -usr jo", "ct.dcm"),
)
"""Lines on which the association comes about."""

TLS_REFUSALS = _lines(
    ("+tla +cf other.pem", "ct.dcm"),
    (f"+tla {_CA} +crl list.crl", "ct.dcm", "revoked"),
    (f"+tla {_CA}", "ct.dcm", "wants a certificate"),
    ("-tls", "ct.dcm"),
)
"""Lines on which it does not: the peer is not trusted, wants a certificate, or TLS."""
