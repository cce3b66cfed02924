"""The obvious inbox in Streamlit: a button for each conversation, `st.chat_message` for each message."""

from __future__ import annotations

import os

import psycopg
import streamlit as st

database = os.environ["DATABASE_URL"]
with psycopg.connect(database) as connection:
    listed = connection.execute(
        "SELECT c.id, p.name, c.last_message_text FROM conversations c JOIN contacts p ON p.id = c.contact_id "
        "ORDER BY c.last_message_at DESC, c.id DESC LIMIT 60"
    ).fetchall()
    for number, name, last in listed:
        if st.sidebar.button(f"{name}: {last}", key=f"open_{number}"):
            st.session_state["chosen"] = number
    if chosen := st.session_state.get("chosen"):
        said = connection.execute(
            "SELECT sender, text FROM (SELECT * FROM messages WHERE conversation_id = %s "
            "ORDER BY created_at DESC, id DESC LIMIT 60) AS newest ORDER BY created_at, id",
            [chosen],
        )
        for sender, words in said:
            with st.chat_message("user" if sender == "customer" else "assistant"):
                st.write(words)
        st.html(f"<i id='shown-{chosen}'></i>")
