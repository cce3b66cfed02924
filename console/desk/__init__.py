"""The inbox's panes, each a keyed fragment: the list, the conversation with its composer, and the customer."""
