"""The panes of the bot's page."""
