"""Runs the loaded model's graph in an order that is found once."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphNode, GraphNodeHook, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelStorage


class InOrderRunner(GraphRunner):
    """Runs each node after those it needs; Rasa's runner has Dask plan that anew every time."""

    def __init__(self, schema: GraphSchema, nodes: dict[str, GraphNode]) -> None:
        """Take the schema and its nodes, components loaded."""
        self._schema = schema
        self._instantiated_nodes = nodes
        self._orders: dict[tuple[str, ...], list[str]] = {}

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> InOrderRunner:
        """Load the nodes as Rasa's runner does."""
        return cls.of(DaskGraphRunner.create(graph_schema, model_storage, execution_context, hooks))

    @classmethod
    def of(cls, loaded: DaskGraphRunner) -> InOrderRunner:
        """Take over the nodes that Rasa's runner has loaded."""
        return cls(loaded._graph_schema, loaded._instantiated_nodes)

    @property
    def components(self) -> list[Any]:
        """The loaded components."""
        return [node._component for node in self._instantiated_nodes.values()]

    def run(
        self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
    ) -> dict[str, Any]:
        """Return target -> its output, for `inputs` by the names under which nodes need them."""
        wanted = tuple(targets or self._schema.target_names)
        if wanted not in self._orders:
            self._orders[wanted] = self._order(wanted)
        outputs = {name: (name, value) for name, value in (inputs or {}).items()}
        for name in self._orders[wanted]:
            if name not in outputs:
                needed = self._schema.nodes[name].needs.values()
                outputs[name] = self._instantiated_nodes[name](*(outputs[n] for n in needed))
        return {name: outputs[name][1] for name in wanted}

    def _order(self, wanted: tuple[str, ...]) -> list[str]:
        """Return the nodes that `wanted` need, each after what it needs itself."""
        order: dict[str, None] = {}

        def visit(name: str) -> None:
            if name in self._schema.nodes and name not in order:
                for needed in self._schema.nodes[name].needs.values():
                    visit(needed)
                order[name] = None

        for name in wanted:
            visit(name)
        return list(order)
