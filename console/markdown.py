"""Escaping of user text where Streamlit renders Markdown: labels, captions, titles."""

from __future__ import annotations


def plain(words: str) -> str:
    """Escape Markdown, so that the text is shown literally."""
    return "".join(f"\\{one}" if one in "\\`*_{}[]()#+-.!:~$<>|" else one for one in words)
