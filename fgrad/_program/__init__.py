"""Programs: what `fgrad.compile` records, and what becomes of it.

To read in this order: what a program is (`calls`), how a run becomes one (`record`),
what the function sees beside its arguments (`captured`), how two recordings are
compared (`compare`), the passes (`passes/`), whose memory a result has (`memory`), the
text (`names`, `source`) or parts of it C (`native/`), one program as it runs
(`variant`), for which arguments a program is (`signature`), and which of several
programs answers a call (`variants`).
"""
