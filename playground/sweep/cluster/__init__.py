"""Sweeps on a Ray cluster: on each worker node an actor with its own engine for each model.

`lane` is what the runner sees. Ray itself is spoken to by a process of its own, `driver`, because
it prints, installs handlers, and ends the process that spoke to it when its head node is lost;
`process` is our side of the pipe and `protocol` what goes through it. In the driver, `crew` looks
after one model's actors on all nodes; an `engine` is one of them.
"""

from playground.sweep.cluster.lane import ray_executor

__all__ = ["ray_executor"]
