"""What people do, a file an area.

Each action asks the database who they are, writes in one transaction, and rings after the commit.
"""
