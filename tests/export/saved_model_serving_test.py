"""The messages of TF Serving, parsed and answered with an export.

There is no server here: a small stand-in speaks the same protocol buffers and
JSON over real connections.
"""

import base64
import concurrent.futures
import http.server
import json
import threading
import urllib.request

import numpy as np
import pytest
import tensorflow as tf

grpc = pytest.importorskip("grpc", reason="the extra `serving` has it")
predict_pb2 = pytest.importorskip(
    "tensorflow_serving.apis.predict_pb2", reason="the extra `serving` has it"
)


def _answer(signatures, name, inputs):
    """Runs a signature with the types that it declares."""
    signature = signatures[name]
    _, specification = signature.structured_input_signature
    given = {
        key: tf.constant(inputs[key], spec.dtype)
        for key, spec in specification.items()
    }
    return {k: v.numpy() for k, v in signature(**given).items()}


@pytest.fixture
def stub(served):
    """A client of a gRPC server that answers `Predict`."""
    from tensorflow_serving.apis import (
        prediction_service_pb2_grpc as service,
    )

    class Servicer(service.PredictionServiceServicer):
        def Predict(self, request, context):
            inputs = {k: tf.make_ndarray(v) for k, v in request.inputs.items()}
            name = request.model_spec.signature_name
            response = predict_pb2.PredictResponse()
            try:
                outputs = _answer(served, name, inputs)
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
        yield service.PredictionServiceStub(channel)
    server.stop(None)


def test_grpc(stub, served, inputs):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "sagan"
    request.model_spec.signature_name = "serving_default"
    for name, value in inputs(2).items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    response = stub.Predict(request, timeout=30)
    images = tf.make_ndarray(response.outputs["images"])
    expected = _answer(served, "serving_default", inputs(2))
    np.testing.assert_array_equal(images, expected["images"])
    request.inputs["labels"].CopyFrom(
        tf.make_tensor_proto(np.array([0, 3], "int32"))
    )
    with pytest.raises(grpc.RpcError) as error:
        stub.Predict(request, timeout=30)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "`labels` must be in [0, 3)" in error.value.details()


@pytest.fixture
def post(served):
    """Sends JSON to a REST server; returns the predictions.

    Instances come row by row, and names that end in `_bytes` as base64.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(
                self.rfile.read(int(self.headers["Content-Length"]))
            )
            rows = body["instances"]
            inputs = {key: [row[key] for row in rows] for key in rows[0]}
            name = body.get("signature_name", "serving_default")
            outputs = _answer(served, name, inputs)
            predictions = [_row(outputs, index) for index in range(len(rows))]
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

    def send(body):
        request = urllib.request.Request(url, json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)["predictions"]

    yield send
    server.shutdown()
    thread.join()
    server.server_close()


def _row(outputs, index):
    row = {
        key: {"b64": base64.b64encode(value[index]).decode()}
        if key.endswith("_bytes")
        else value[index].tolist()
        for key, value in outputs.items()
    }
    # A single output comes without its name.
    return next(iter(row.values())) if len(row) == 1 else row


def test_rest(post, served, inputs):
    latents, labels = inputs(2).values()
    instances = [
        {"latents": latent.tolist(), "labels": int(label)}
        for latent, label in zip(latents.numpy(), labels, strict=True)
    ]
    images = post({"instances": instances})
    files = post({"signature_name": "png", "instances": instances})
    for image, file in zip(images, files, strict=True):
        decoded = tf.io.decode_png(base64.b64decode(file["b64"]))
        np.testing.assert_array_equal(decoded, image)
    seeded = {"seeds": 7, "labels": 1}
    images = post({"signature_name": "from_seed", "instances": [seeded]})
    expected = _answer(served, "from_seed", {"seeds": [7], "labels": [1]})
    np.testing.assert_array_equal(images, expected["images"])
