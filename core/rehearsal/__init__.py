"""What-if: the settings of a bot, tried on past conversations and saved cases before they are in force."""
