"""A mailbox read by IMAP and answered by SMTP."""
