"""Notes, harmony, form and their sound: pure functions of a plan and a seed. No Django, no torch."""
