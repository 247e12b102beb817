"""The release package: everything that leaves the house, built in a worker from the ledger and the catalogue.

- `facts`      one read of the release: tracks, findings, credits, tools
- `audio`      masters: tags first, signature last, read back
- `message`    ERN 4.3.2, held against the schema and against the rules that no schema knows
- `papers`     registration dossiers, receivers' labels, label copy
- `evidence`   the evidence bundle, and waiting for the log's sequencer
- `archive`    checksums, and one zip whose bytes follow from its parts
- `build`      the job: signed audio is kept as soon as it is made, the rest is one commit
"""
