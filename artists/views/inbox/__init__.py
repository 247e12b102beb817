"""The inbox: work through submissions by keys, hear, score, note, vote, put aside, decide, answer."""
