"""What stands outside the log: time-stamping authorities, witnesses and places that keep copies of its checkpoints.

A log that only its own house holds can be rewritten by that house. Each outside place that has seen a checkpoint makes
every later rewriting of what is below it visible:

    timestamps.py   RFC 3161: an authority saw these bytes at its time
    witnesses.py    C2SP tlog-witness: somebody else saw this log grow without a fork
    copies.py       a folder, a web server, a mailbox holds the checkpoint
    publisher.py    brings every place what is due, on threads of its own; no user's action waits for it
    health.py       how far each place has come
    audit.py        every stored token and cosignature, verified again

`provenance/witness.py` is the other side: the program that a witness runs. It shares no code with this package.
"""
