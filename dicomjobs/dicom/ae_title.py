"""What an AE title may look like (PS3.5 6.2, VR AE); it knows nothing of the peers that carry one."""

from __future__ import annotations


def ae_title_problem(text: str) -> str | None:
    """Say in a few words what keeps a text from being an AE title, None when nothing does (PS3.5 6.2, PS3.8 9.3.2)."""
    if not text.strip(" "):
        return "is empty" if not text else "has nothing but spaces"
    if len(text) > 16:
        return f"has {len(text)} characters, 16 are allowed"
    if "\\" in text:
        return "has a backslash"
    if not text.isascii():
        return "has a character that is not ASCII"
    if not text.isprintable():
        return "has a control character"
    return None
