"""Words that somebody else wrote, where Streamlit reads Markdown: labels, captions, titles."""

from __future__ import annotations


def plain(words: str) -> str:
    """Markdown that says just these words: their marks are not ours to obey."""
    return "".join(f"\\{one}" if one in "\\`*_{}[]()#+-.!:~$<>|" else one for one in words)
