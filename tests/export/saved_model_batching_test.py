"""Tests of the SavedModel under TF Serving's batching, which merges requests.

With `--enable_batching` the server merges the inputs of several requests along
their first dimension, repeats the first row up to an allowed size, runs the
signature once, and splits the outputs along their first dimension
(tensorflow_serving/batching: batching_session.cc, batching_util.h). There is no
server here: these tests do the same.
"""

import numpy as np
import tensorflow as tf

_ALLOWED = 8


def _merged(signature, requests):
    """Returns the outputs of each request, from one run of all of them."""
    sizes = {len(next(iter(request.values()))) for request in requests}
    assert len(sizes) > 1
    merged = {}
    for name in requests[0]:
        rows = np.concatenate([np.array(each[name]) for each in requests])
        padding = np.repeat(rows[:1], _ALLOWED - len(rows), axis=0)
        merged[name] = tf.constant(np.concatenate([rows, padding]))
    outputs = {k: v.numpy() for k, v in signature(**merged).items()}
    ends = np.cumsum([len(next(iter(each.values()))) for each in requests])
    return [
        {name: value[start:end] for name, value in outputs.items()}
        for start, end in zip([0, *ends[:-1]], ends, strict=True)
    ]


def test_merged_requests(
    served, inputs_by_signature, assert_equal_outputs, signature
):
    everything = inputs_by_signature(6)[signature]
    requests = [
        {key: value[rows] for key, value in everything.items()}
        for rows in (slice(0, 1), slice(1, 4), slice(4, 6))
    ]
    answers = _merged(served[signature], requests)
    for request, found in zip(requests, answers, strict=True):
        assert_equal_outputs(found, served[signature](**request), atol=1e-5)


def test_every_tensor_has_the_batch_first(served, inputs_by_signature):
    for name, signature in served.items():
        specifications = signature.structured_input_signature[1]
        for specification in specifications.values():
            assert specification.shape[0] is None, name
        for count in (1, 3):
            outputs = signature(**inputs_by_signature(count)[name])
            assert {len(value) for value in outputs.values()} == {count}
        for output in signature.outputs:
            assert output.shape[0] is None, name
