"""What pages read, a file an area. Every read asks who is looking and opens one short transaction of the business."""
