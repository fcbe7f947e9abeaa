"""Faults in the machine that runs the rules."""

from tests.mutation.mutant import of

ALL = (
    "test_trace.py test_transforms.py test_nesting.py test_forward.py "
    "test_jacobians.py test_zeros.py test_rules.py test_batching.py"
)

MUTANTS = [
    *of(
        "_engine/cotangents.py",
        f"{ALL} test_indexing.py test_dtypes.py",
        ("a real argument's imaginary part", 'if c.dtype.kind == "c" and parent',
         'if False and parent', "np.multiply-"),
        ("broadcast axes of length 1", "if n != c.shape[i + lead]]",
         "if n == 1 and c.shape[i + lead] > 2]", "np.multiply-"),
        ("added to what others see", "elif node not in self.owned or not _added(",
         "elif not _added(", ""),
        ("owned though it is seen", "self.owned.discard(node)\n\n    def scatter",
         "self.owned.add(node)\n\n    def scatter", ""),
        ("the total so far is lost", "buffer: Any = np.array(before)",
         "buffer: Any = np.zeros(node.shape, node.dtype)", "getitem"),
        ("the total so far of a batch is lost", "_added(buffer, before)", "pass",
         "getitem"),
        ("the gradient is a view", "(total if leaf in self.owned else np.array(total))",
         "(total)", ""),
        ("unused results are ones", "np.zeros(*space) if part is None else part",
         "np.ones(*space) if part is None else part", "slogdet or svd"),
        ("pending sums forget what came first", "pending = Pending(node.shape, before)",
         "pending = Pending(node.shape, None)", ""),
        ("an infinity is no flaw", 'return "infinite" if np.any(np.isinf(c)) else None',
         "return None", ""),
    ),
    *of(
        "_engine/scatter.py",
        f"test_indexing.py {ALL}",
        ("repeated indices count once", "np.add.at(out, index, value)\n            "
         "return", "out[index] += value\n            return", "getitem or take"),
        ("a dtype that is too narrow", "dtype=np.result_type(*pair))",
         "dtype=np.asarray(x).dtype)", "index_update or index_add"),
    ),
    *of(
        "_engine/replay.py",
        f"test_zeros.py {ALL} test_memory.py test_custom.py",
        ("what the cotangent shares is owned", "if type(c) is not np.ndarray or "
         "c.base is not None or c is g:",
         "if type(c) is not np.ndarray or c is g:", "not_written"),
        ("residuals are owned",
         "return all(c is not residual for residual in residuals)", "return True", "",
         "A pullback that returns what it has kept is not linear in g: it is refused."),
        ("no second visit", "if repairs and not (visit.careful or visit.freed):",
         "if False:", ""),
        ("zeros of the roots are not seen", "if not g.all():", "if False:", ""),
        ("a root that is one zero is not seen", "if not g.all():",
         "if g.ndim and not g.all():", ""),
        ("masks are not noticed", "masked = True\n", "masked = False\n", ""),
        ("small nodes are freed, too", "if node.dtype is None or node.size <= LARGE:",
         "if node.dtype is None:", "", "What is freed is not needed again: it is only "
         "slower."),
    ),
    *of(
        "_engine/forward.py",
        f"test_forward.py test_zeros.py {ALL}",
        ("tangents of one argument only", "total = added(total, t)", "total = t", ""),
        ("added to what others see", "owned = pullback.owned and is_owned(t, given, "
         "residuals)", "owned = True", ""),
        ("dropped too early", "last[p] = node", "last.setdefault(p, node)", ""),
        ("no care for nan", "if worst(found.values()):\n        care",
         "if False:\n        care", ""),
        ("tangents that are views", "tangent = np.array(tangent)\n    seen",
         "pass\n    seen", ""),
    ),
    *of(
        "_engine/pushforward.py",
        f"test_forward.py test_zeros.py {ALL}",
        ("complex tangents by the formula of real ones",
         'real = node.dtype.kind == parent.dtype.kind == "f"', "real = True",
         "np.exp-"),
        ("the dtype of a linear function",
         "return t if t.dtype == node.dtype else t.astype(node.dtype)\n    return "
         "transposed", "return t\n    return transposed", "np.sum- or np.matmul-"),
        ("zeros of coefficients are taken for structural", "if constant or not "
         "spoiled(t):", "if True:", ""),
        ("a scatter is pushed whole",
         "c, t = c.g, traced(operator.getitem)(t, c.index)",
         "c = c.g", "getitem"),
    ),
    *of(
        "_engine/tags.py",
        f"test_zeros.py {ALL}",
        ("zeros of outer transforms are meant", "free = not meant or is_moved(g)",
         "free = not meant", ""),
    ),
    *of(
        "_engine/bind.py",
        f"{ALL} test_ufunc_options.py",
        ("where is no mask", "pullback = pullback.masked", "pullback = pullback", ""),
        ("the outer trace", "if trace is None or found.id > trace.id:",
         "if trace is None or found.id < trace.id:", ""),
    ),
    *of(
        "_transforms/_units.py",
        f"test_jacobians.py {ALL}",
        ("one chunk only", "for start in range(0, space.size, at_once):",
         "for start in range(0, min(space.size, at_once), at_once):", ""),
        ("units of another chunk", "np.eye(count, space.size, start, space.dtype)",
         "np.eye(count, space.size, 0, space.dtype)", ""),
        ("real arguments of complex functions", "row - 1j * turn if leaf",
         "row + 1j * turn if leaf", ""),
        ("complex arguments of real functions", "part - 1j * turn if node",
         "part + 1j * turn if node", ""),
        ("blocks of constants", "np.zeros(space.shape + leaf.shape, _dtype(",
         "np.zeros(leaf.shape + space.shape, _dtype(", ""),
    ),
    *of(
        "_transforms/jacobians.py",
        f"test_jacobians.py {ALL}",
        ("the mode that has more to do", "by_columns if columns < rows else by_rows",
         "by_columns if columns > rows else by_rows", "", "Only slower."),
    ),
    *of(
        "_transforms/reverse.py",
        f"test_transforms.py test_dtypes.py {ALL}",
        ("a seed in double precision", "[(node, node.dtype.type(1))]",
         "[(node, np.float64(1))]", ""),
    ),
]  # fmt: skip
