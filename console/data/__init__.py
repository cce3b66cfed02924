"""What pages read, a file an area. Every read asks who is looking, and sees one business in a short transaction."""
