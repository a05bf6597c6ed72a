"""Blind tests: answers judged unseen, and what the votes say of models and settings."""

from playground.judging.blind import BlindTest, Candidate, Judged, Outcome, Vote
from playground.judging.setting import settings_text
from playground.judging.tally import Tallies, Tally, count_votes, wilson_interval

__all__ = [
    "BlindTest",
    "Candidate",
    "Judged",
    "Outcome",
    "Tallies",
    "Tally",
    "Vote",
    "count_votes",
    "settings_text",
    "wilson_interval",
]
