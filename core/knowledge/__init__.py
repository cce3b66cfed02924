"""Knowledge of bots: parse documents, split and embed them, search passages."""
