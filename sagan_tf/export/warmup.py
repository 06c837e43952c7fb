"""Requests by which TF Serving warms a model up before it takes traffic."""

import os

import tensorflow as tf
from absl import logging

from sagan_tf.latents import draw_inputs, number_of_classes

# TensorFlow chooses its algorithms when it first meets a batch size. With
# requests of these sizes that is before the first client asks.
_BATCH_SIZES = (1, 8)


def write(path, generator):
    """Writes `assets.extra/tf_serving_warmup_requests` into a SavedModel.

    Writes nothing if tensorflow-serving-api (the extra `serving`) is not
    installed.

    Args:
        path: Directory of the SavedModel.
        generator: The `keras.Model` that was exported.
    """
    try:
        from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
    except ImportError:
        logging.info(
            "No warm-up requests: they need the extra `serving` "
            "(tensorflow-serving-api)."
        )
        return
    folder = os.path.join(path, "assets.extra")
    os.makedirs(folder)
    with tf.io.TFRecordWriter(
        os.path.join(folder, "tf_serving_warmup_requests")
    ) as writer:
        for count in _BATCH_SIZES:
            latents, labels = draw_inputs(
                generator.inputs[0].shape[-1],
                number_of_classes(generator),
                count,
                (0, 0),
            )
            request = predict_pb2.PredictRequest()
            request.model_spec.name = "sagan"
            request.model_spec.signature_name = "serving_default"
            inputs = {"latents": latents}
            if labels is not None:
                inputs["labels"] = labels
            for name, tensor in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(tensor))
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=request)
            )
            writer.write(log.SerializeToString())
