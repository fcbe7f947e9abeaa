"""`elementwise_grad`: the diagonal of a diagonal Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec

import numpy as np
from typing_extensions import override

from fgrad._engine.box import primal, values
from fgrad._engine.trace import Node, Space, reachable
from fgrad._transforms._argnums import Argnums, is_sequence, sequence
from fgrad._transforms._run import Run
from fgrad._transforms._units import pull
from fgrad._transforms._values import check_truth, described, label, numeric_space
from fgrad._transforms._wrapped import Transformed
from fgrad._tree import unflatten
from fgrad.errors import OutputTypeError

__all__ = ["elementwise_grad"]

P = ParamSpec("P")


class ElementwiseGrad(Transformed):
    """What `elementwise_grad` returns."""

    transform = "elementwise_grad"
    takes_aux = False

    @override
    def _end(self, run: Run, out: Any) -> Any:
        out, _ = run.finish(out, has_aux=False)
        name = label(self.fun)
        here = numeric_space(out)
        if here is None:
            raise OutputTypeError(
                f"{self.transform} needs one array as output, but {name} returned "
                f"{described(out)}."
            )
        check_truth(self.transform, name, here.dtype)
        for argnum, (_, nodes) in zip(sequence(self.argnums), run.inputs, strict=True):
            for leaf in nodes:
                lead = leaf.shape[: len(here.shape)]
                if lead != here.shape or (leaf.shape and not lead):
                    raise OutputTypeError(
                        f"{self.transform} needs an output of the shape {leaf.shape} "
                        f"of argument {argnum}, or of its leading axes, but {name} "
                        f"returned an array of shape {here.shape}. Use vmap(grad(f)) "
                        f"or vmap(jacobian(f)), with a function f of one row, or "
                        f"jacobian({name})."
                    )
        inputs = [node for _, nodes in run.inputs for node in nodes]
        results = iter(self._diagonals(run, run.node(out), here, inputs))
        trees = tuple(
            unflatten(structure, [next(results) for _ in nodes])
            for structure, nodes in run.inputs
        )
        return trees if is_sequence(self.argnums) else trees[0]

    def _diagonals(
        self, run: Run, node: Node | None, space: Space, inputs: list[Node]
    ) -> list[Any]:
        """The sums of the Jacobian's columns, once it is known to be diagonal.

        That is, block by block, if the output has the leading axes of the inputs.
        """
        if node is None:
            return [np.zeros(leaf.shape, leaf.dtype)[()] for leaf in inputs]
        ones = np.ones(space.shape, space.dtype)
        sums = pull(node, ones, inputs, run.is_finite)
        if space.dtype.kind == "c":
            turned = pull(node, 1j * ones, inputs, run.is_finite)
            sums = [
                c - 1j * turn if leaf.dtype.kind == "f" else c
                for c, turn, leaf in zip(sums, turned, inputs, strict=True)
            ]
        if not _is_single(node, inputs) and not _is_elementwise(node):
            self._check_diagonal(node, space, inputs, sums)
        return sums

    def _check_diagonal(
        self, node: Node, space: Space, inputs: list[Node], sums: list[Any]
    ) -> None:
        """Weighted sums of a diagonal's columns are its entries times the weights.

        Random weights tell apart anything else: with w of the size of the output,
        Σ wᵢ Jᵢⱼ - wⱼ Σ Jᵢⱼ = Σ (wᵢ - wⱼ) Jᵢⱼ.
        """
        rng = np.random.default_rng(0)
        w = rng.uniform(0.5, 1.5, space.shape).astype(space.dtype)
        if space.dtype.kind == "c":
            w = w * np.exp(1j * rng.uniform(-1, 1, space.shape)).astype(space.dtype)
        for got, c, leaf in zip(
            pull(node, w, inputs, _silent), sums, inputs, strict=True
        ):
            wide = np.reshape(w, w.shape + (1,) * (leaf.ndim - w.ndim))
            expected = wide * c
            if leaf.dtype.kind != "c":
                expected = np.real(expected)
            error, size = np.abs(primal(got - expected)), np.abs(primal(expected))
            most = size + np.max(size, initial=0)
            if np.any(values(error > np.finfo(leaf.dtype).eps ** 0.5 * most)):
                name = label(self.fun)
                raise OutputTypeError(
                    f"{self.transform} needs a function whose outputs depend on the "
                    f"matching input only, but {name} mixes entries (or is complex and "
                    f"not holomorphic). Use jacobian({name})."
                )


def _silent() -> bool:
    """No words: what is nan here has been said before."""
    return False


def _is_single(output: Node, inputs: list[Node]) -> bool:
    """Whether there is at most one real entry, which has no other to mix with."""
    return output.size <= 1 and all(n.dtype.kind == "f" for n in (output, *inputs))


def _is_elementwise(output: Node) -> bool:
    """Whether the tape shows that entries never mix: real ufuncs only.

    All arrays on it have the shape of the output then, as the arguments have.
    """
    return all(
        node.dtype is not None
        and node.dtype.kind == "f"
        and all(
            type(parent) is not tuple and pullback.rule.elementwise
            for parent, pullback, _ in node.edges
        )
        for node in reachable([output])
    )


def elementwise_grad(fun: Callable[P, Any], argnums: Argnums = 0) -> Callable[P, Any]:
    """The derivative of each output entry with respect to the matching input entry.

    Parameters
    ----------
    fun : callable
        Returns an array of the shape of the differentiated argument, each entry of
        which depends on the matching entry only. Or of the shape of its leading axes:
        then each entry depends on the matching row only.
    argnums : int or sequence of int
        Which positional arguments to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun`. Returns an array like the argument; a tuple of
        these if `argnums` is a sequence.

    Raises
    ------
    OutputTypeError
        If the output is no array of the argument's shape, or of its leading axes, or
        depends on other entries.
    InputTypeError, ArgnumsError
        As for `grad`.

    Notes
    -----
    The Jacobian is diagonal, so one pass in reverse mode yields all its entries. Where
    the operations that ran do not prove that it is diagonal, a second pass with random
    weights checks it.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import elementwise_grad
    >>> elementwise_grad(np.tanh)(np.array([0.0, 1.0]))
    array([1.        , 0.41997434])
    >>> elementwise_grad(lambda rows: np.prod(rows, axis=1))(np.array([[2.0, 3.0]]))
    array([[3., 2.]])
    """
    return ElementwiseGrad(fun, argnums, allow_int=None)
