"""One program as it runs: after the passes, as a function, in its error modes."""

from __future__ import annotations

from functools import partial

from fgrad._engine.later import LATER
from fgrad._program.calls import Program, finite
from fgrad._program.modes import Raising
from fgrad._program.native.function import CompilerError
from fgrad._program.passes import optimised
from fgrad._program.source import Source
from fgrad._program.uncollected import uncollected

__all__ = ["Variant"]


class Variant:
    """One program, for one signature and the answers of its guards."""

    def __init__(
        self, recorded: Program, ignored: set[str], exact: bool, backend: str
    ) -> None:
        self.recorded: Program | None = recorded
        """As it was recorded, until that is confirmed."""
        self.without: str | None = None
        """Why there is no C in it, if there was to be."""
        to_c = partial(LATER["c"]().native, ignored=ignored) if backend == "c" else None
        with uncollected():
            try:
                self.program = optimised(recorded, exact=exact, translated=to_c)
            except CompilerError as error:
                self.without = str(error)
                self.program = optimised(recorded, exact=exact)
            self.source = Source(self.program)
            self.run = Raising(ignored).runner(self.source.maker())
            """Returns what the program does; ``None`` after anything unusual."""
        self.answers = tuple(
            call.answer
            for call in self.program.calls
            if call.guard and call.fun is not finite
        )
        self.confirmed = False
        """Whether a second recording was the same."""
