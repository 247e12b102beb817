"""The demo label: plainly fictional people and one song, made by the same services as everything else."""
