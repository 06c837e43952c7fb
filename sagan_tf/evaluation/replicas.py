"""A function that runs on the replicas of a strategy."""

import numpy as np
import tensorflow as tf


class OnReplicas:
    """Runs a function on arrays; each replica gets a part of the rows.

    Args:
        strategy: `tf.distribute.Strategy`.
        function: Function from tensors to a tuple of tensors, row by row.
    """

    def __init__(self, strategy, function):
        self.strategy = strategy

        @tf.function(reduce_retracing=True)
        def run(*values):
            return strategy.run(function, args=values)

        self._run = run

    def __call__(self, *arrays):
        """Returns NumPy arrays, with a row for each row of `arrays`."""
        count = len(arrays[0])
        replicas = self.strategy.num_replicas_in_sync
        share = -(-count // replicas)
        # Every replica needs a row.
        rows = np.arange(share * replicas) % count
        padded = [tf.gather(array, rows) for array in arrays]
        values = [
            self.strategy.experimental_distribute_values_from_function(
                lambda context, array=array: array[
                    context.replica_id_in_sync_group * share :
                ][:share]
            )
            for array in padded
        ]
        return [
            np.concatenate(
                [
                    part.numpy()
                    for part in self.strategy.experimental_local_results(output)
                ]
            )[:count]
            for output in self._run(*values)
        ]
