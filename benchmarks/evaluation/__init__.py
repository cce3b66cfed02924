"""How well the bot answers: an invented shop, questions written for it, and what becomes of them in the real rooms."""
