"""Programs with parts in C: what `compile(f, backend="c")` runs.

To read in this order: where values lie (`places`), which functions C has (`functions`),
what C does for a call (`statements`), which calls become C together (`levels`,
`groups`), which
statements share a loop (`loops`, `axes`, `nests`), the file (`text`), the compiler and
its files (`build`), functions of C as functions of Python (`loaded`), and the pass from
program to program (`compiled`).
"""
