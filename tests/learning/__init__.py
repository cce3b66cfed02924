"""Tests of learning from outcomes and from unanswered questions."""
