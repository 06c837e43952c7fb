"""Tests of the requests by which TF Serving warms up."""

import sys

import pytest
import tensorflow as tf

from sagan_tf.export import warmup


def test_warm_up_requests(exported, served):
    prediction_log_pb2 = pytest.importorskip(
        "tensorflow_serving.apis.prediction_log_pb2",
        reason="the extra `serving` is not installed",
    )
    path = exported / "assets.extra" / "tf_serving_warmup_requests"
    counts = []
    for record in tf.data.TFRecordDataset(str(path)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        assert request.model_spec.signature_name == "serving_default"
        inputs = {
            name: tf.constant(tf.make_ndarray(value))
            for name, value in request.inputs.items()
        }
        counts.append(len(served["serving_default"](**inputs)["images"]))
    assert counts == [1, 8]


def test_without_the_extra(generator, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    warmup.write(tmp_path, generator)
    assert not list(tmp_path.iterdir())
