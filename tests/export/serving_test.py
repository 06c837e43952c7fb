"""The messages of TF Serving, parsed and answered with an export.

There is no server here: a stand-in of a few lines speaks the same protocol
buffers and JSON over real connections.
"""

import base64
import concurrent.futures
import http.server
import json
import threading
import urllib.error
import urllib.request

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf.export import export_generator
from sagan_tf.latents import draw_inputs

grpc = pytest.importorskip("grpc", reason="the extra `serving` has it")
predict_pb2 = pytest.importorskip(
    "tensorflow_serving.apis.predict_pb2", reason="the extra `serving` has it"
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    from sagan_tf import models

    path = tmp_path_factory.mktemp("models") / "sagan" / "1"
    export_generator(
        models.build_generator(32, 2, 3, 8, attention_resolutions=(16,)), path
    )
    return path


@pytest.fixture(scope="module")
def signatures(exported):
    return tf.saved_model.load(exported).signatures


def _answer(signatures, name, inputs):
    """Runs a signature with the types and defaults that it declares."""
    signature = signatures[name]
    _, specification = signature.structured_input_signature
    defaults = {"truncation": 0.0}
    given = {
        key: tf.constant(inputs.get(key, defaults.get(key)), spec.dtype)
        for key, spec in specification.items()
    }
    return {k: v.numpy() for k, v in signature(**given).items()}


def test_grpc(signatures):
    from tensorflow_serving.apis import (
        prediction_service_pb2_grpc as service,
    )

    class Servicer(service.PredictionServiceServicer):
        def Predict(self, request, context):
            inputs = {k: tf.make_ndarray(v) for k, v in request.inputs.items()}
            name = request.model_spec.signature_name
            response = predict_pb2.PredictResponse()
            try:
                outputs = _answer(signatures, name, inputs)
            except tf.errors.InvalidArgumentError as error:
                context.abort(
                    grpc.StatusCode.INVALID_ARGUMENT, error.message[:200]
                )
            for key, value in outputs.items():
                response.outputs[key].CopyFrom(tf.make_tensor_proto(value))
            return response

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(1))
    service.add_PredictionServiceServicer_to_server(Servicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = service.PredictionServiceStub(channel)
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "sagan"
        request.model_spec.signature_name = "serving_default"
        latents, labels = draw_inputs(8, 3, 2, (0, 0))
        request.inputs["latents"].CopyFrom(tf.make_tensor_proto(latents))
        request.inputs["labels"].CopyFrom(tf.make_tensor_proto(labels))
        response = stub.Predict(request, timeout=30)
        images = tf.make_ndarray(response.outputs["images"])
        expected = _answer(
            signatures,
            "serving_default",
            {"latents": latents, "labels": labels},
        )
        np.testing.assert_array_equal(images, expected["images"])
        request.inputs["labels"].CopyFrom(
            tf.make_tensor_proto(np.array([0, 3], "int32"))
        )
        with pytest.raises(grpc.RpcError) as error:
            stub.Predict(request, timeout=30)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "labels must be below 3" in error.value.details()
    server.stop(None)


def test_rest(signatures):
    """Instances by row; names that end in `_bytes` come as base64."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(
                self.rfile.read(int(self.headers["Content-Length"]))
            )
            rows = body["instances"]
            inputs = {key: [row[key] for row in rows] for key in rows[0]}
            name = body.get("signature_name", "serving_default")
            outputs = _answer(signatures, name, inputs)
            predictions = []
            for index in range(len(rows)):
                row = {
                    key: {"b64": base64.b64encode(value[index]).decode()}
                    if key.endswith("_bytes")
                    else value[index].tolist()
                    for key, value in outputs.items()
                }
                # A single output is not named.
                single = next(iter(row.values()))
                predictions.append(single if len(row) == 1 else row)
            answer = json.dumps({"predictions": predictions}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/v1/models/sagan:predict"

    def post(body):
        request = urllib.request.Request(url, json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)["predictions"]

    try:
        latents, labels = draw_inputs(8, 3, 2, (0, 0))
        instances = [
            {"latents": latent.tolist(), "labels": int(label)}
            for latent, label in zip(latents.numpy(), labels, strict=True)
        ]
        images = post({"instances": instances})
        files = post({"signature_name": "png", "instances": instances})
        seeded = post(
            {
                "signature_name": "from_seed",
                "instances": [{"seeds": 7, "labels": 1}],
            }
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    for image, file in zip(images, files, strict=True):
        decoded = tf.io.decode_png(base64.b64decode(file["b64"]))
        np.testing.assert_array_equal(decoded, image)
    expected = _answer(signatures, "from_seed", {"seeds": [7], "labels": [1]})
    np.testing.assert_array_equal(seeded, expected["images"])


def test_warm_up_requests(exported, signatures):
    from tensorflow_serving.apis import prediction_log_pb2

    path = exported / "assets.extra" / "tf_serving_warmup_requests"
    counts = []
    for record in tf.data.TFRecordDataset(str(path)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        assert request.model_spec.signature_name == "serving_default"
        inputs = {k: tf.make_ndarray(v) for k, v in request.inputs.items()}
        outputs = _answer(signatures, "serving_default", inputs)
        counts.append(len(outputs["images"]))
    assert counts == [1, 8]
