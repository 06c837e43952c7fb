"""Tests of compiling, fitting and saving a model of two networks."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import SAGAN


def _values(weights):
    return [np.array(weight) for weight in weights]


def _distance(first, second):
    return max(np.abs(a - b).max() for a, b in zip(first, second, strict=True))


def test_fit_gives_means_over_the_epoch(gan_factory, batch):
    images, labels = (np.concatenate([array] * 2) for array in batch)
    gan = gan_factory()
    seen = []

    class Recorder(keras.callbacks.Callback):
        def on_train_batch_end(self, index, logs=None):
            seen.append(logs["discriminator_loss"])

    history = gan.fit(
        images, labels, batch_size=8, verbose=0, callbacks=[Recorder()]
    )
    assert len(seen) == 2 and seen[0] != seen[1]
    assert history.history["discriminator_loss"] == [seen[1]]


@pytest.mark.slow
def test_saved_whole(gan_factory, batch, tmp_path):
    gan = gan_factory(ema_decay=0.9, loss="non_saturating")
    gan.fit(*batch, batch_size=8, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    for model in (gan, loaded):
        model.fit(*batch, batch_size=8, verbose=0)
    assert int(loaded.step.numpy()) == 2
    assert _distance(gan.get_weights(), loaded.get_weights()) == 0


@pytest.mark.slow
def test_jit_compile(gan_factory, batch):
    gan = gan_factory(compiled=False)
    gan.compile(
        keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3),
        jit_compile=True,
    )  # fmt: skip
    history = gan.fit(*batch, batch_size=8, verbose=0)
    assert np.isfinite(history.history["generator_loss"]).all()


def test_one_optimizer_for_both(gan_factory):
    optimizer = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="must be two objects"):
        gan_factory(compiled=False).compile(optimizer, optimizer)


def test_each_optimizer_has_its_own_rate(gan_factory, batch):
    gan = gan_factory(compiled=False)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.1))
    generator = _values(gan.generator.trainable_weights)
    discriminator = _values(gan.discriminator.trainable_weights)
    gan.train_step(tuple(map(tf.constant, batch)))
    assert _distance(generator, gan.generator.trainable_weights) == 0
    assert _distance(discriminator, gan.discriminator.trainable_weights) > 0


def _make(regularizer=None):
    """A SAGAN of dense layers, of which the discriminator may be penalized."""
    keras.utils.set_random_seed(0)
    latents, images = keras.Input((8,)), keras.Input((12,))
    generator = keras.Model(latents, keras.layers.Dense(12)(latents))
    logits = keras.layers.Dense(1, kernel_regularizer=regularizer)
    return SAGAN(generator, keras.Model(images, logits(images)))


def _images(count=4):
    return np.random.default_rng(0).normal(size=(count, 12)).astype("float32")


def _trained(gan, generator_optimizer, discriminator_optimizer):
    """Returns the discriminator's kernel before and after a step."""
    gan.compile(generator_optimizer, discriminator_optimizer)
    before = np.array(gan.discriminator.layers[-1].kernel)
    history = gan.fit(_images(), verbose=0)
    after = np.array(gan.discriminator.layers[-1].kernel)
    return before, after, history.history["discriminator_loss"][0]


@pytest.mark.parametrize("strategy", ["default", "mirrored"])
def test_penalties_join_the_loss(request, strategy):
    """Once, on any number of replicas."""
    scope = tf.distribute.get_strategy().scope
    if strategy == "mirrored":
        scope = request.getfixturevalue("mirrored").scope
    results = []
    for penalty in (None, keras.regularizers.L2(0.5)):
        with scope():
            gan = _make(penalty)
            results.append(
                _trained(
                    gan, keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0)
                )
            )
    (kernel, plain, loss), (_, penalized, with_penalty) = results
    # The gradient of 0.5 W^2 is W.
    np.testing.assert_allclose(penalized, plain - kernel, atol=1e-6)
    assert with_penalty - loss == pytest.approx(0.5 * np.sum(kernel**2))


@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_activities_are_penalized(network):
    def loss(penalty):
        gan = _make()
        layer = getattr(gan, network).layers[-1]
        layer.activity_regularizer = penalty
        gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
        return gan.fit(_images(), verbose=0).history[f"{network}_loss"][0]

    assert loss(keras.regularizers.L2(1.0)) > loss(None) + 0.1


def test_loss_scaling_does_not_change_the_step():
    _, plain, _ = _trained(
        _make(), keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0)
    )
    scaled = keras.optimizers.LossScaleOptimizer
    _, same, _ = _trained(
        _make(),
        scaled(keras.optimizers.SGD(1.0)),
        scaled(keras.optimizers.SGD(1.0)),
    )
    np.testing.assert_allclose(plain, same, rtol=1e-5)


def test_gradient_that_overflows_on_one_replica(mirrored):
    """No replica makes the step, and all halve their scale."""
    with mirrored.scope():
        gan = _make()
        optimizers = [
            keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1.0))
            for _ in range(2)
        ]
        gan.compile(*optimizers)
    images = _images()
    images[-1, 0] = np.inf  # on the second replica
    kernel = gan.discriminator.layers[-1].kernel
    before = np.array(kernel)
    dataset = tf.data.Dataset.from_tensors(images)
    dataset = mirrored.experimental_distribute_dataset(dataset)

    @tf.function(autograph=False)
    def step(batch):
        mirrored.run(gan.train_step, args=(batch,))

    step(next(iter(dataset)))
    for local in mirrored.experimental_local_results(kernel.value):
        np.testing.assert_array_equal(local, before)
    scale = optimizers[1].dynamic_scale.value
    for local in mirrored.experimental_local_results(scale):
        assert float(local) == 2.0**14


def test_mixed_float16_scales_the_loss():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        gan = _make()
    finally:
        keras.config.set_dtype_policy("float32")
    gan.compile("sgd", "sgd")
    for name in ("generator", "discriminator"):
        optimizer = getattr(gan, f"{name}_optimizer")
        assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)


def test_average_of_an_optimizer_is_used():
    kernels = []
    for epochs, use_ema in ((1, False), (2, False), (2, True)):
        gan = _make()
        average = {"use_ema": use_ema, "ema_momentum": 0.25}
        gan.compile("sgd", keras.optimizers.SGD(1.0, **average))
        gan.fit(_images(), verbose=0, epochs=epochs)
        kernels.append(np.array(gan.discriminator.layers[-1].kernel))
    first, second, averaged = kernels
    assert _distance([first], [second]) > 1e-3
    np.testing.assert_allclose(
        averaged, 0.25 * first + 0.75 * second, rtol=1e-4
    )


def test_frozen_after_compiling():
    gan = _make()
    gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0))
    gan.generator.trainable = False
    before = gan.get_weights()
    gan.fit(_images(), verbose=0)
    moved = [
        weight.path
        for weight, old in zip(gan.weights, before, strict=True)
        if not np.array_equal(weight, old)
    ]
    kept = {weight.path for weight in gan.generator.weights}
    assert moved and kept.isdisjoint(moved)


@pytest.mark.parametrize(
    "argument", ["loss", "metrics", "weighted_metrics", "optimizer"]
)
def test_compile_refuses(argument):
    with pytest.raises(ValueError, match=f"`{argument}` is not an argument"):
        _make().compile("sgd", "sgd", **{argument: "mse"})


def test_clipping_is_refused_on_several_replicas(mirrored):
    with (
        mirrored.scope(),
        pytest.raises(ValueError, match="`discriminator_optimizer` must not"),
    ):
        _make().compile("sgd", keras.optimizers.SGD(1.0, clipnorm=1.0))


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("sample_weight", np.zeros(4)),
        ("class_weight", {0: 0.0}),
        ("validation_data", (_images(),)),
        ("validation_split", 0.5),
        ("callbacks", [keras.callbacks.TerminateOnNaN()]),
        ("callbacks", keras.callbacks.TerminateOnNaN()),
        (
            "callbacks",
            keras.callbacks.CallbackList([keras.callbacks.TerminateOnNaN()]),
        ),
        ("callbacks", [keras.callbacks.LearningRateScheduler(abs)]),
    ],
)
def test_fit_refuses(argument, value):
    gan = _make()
    gan.compile("sgd", "sgd")
    with pytest.raises(ValueError, match=f"`{argument}` must"):
        gan.fit(_images(), verbose=0, **{argument: value})


def test_evaluate_is_refused():
    gan = _make()
    gan.compile("sgd", "sgd")
    with pytest.raises(ValueError, match="`evaluate` is not defined"):
        gan.evaluate(_images(), verbose=0)


def test_initial_epoch_is_heeded():
    gan = _make()
    gan.compile("sgd", "sgd")
    history = gan.fit(_images(), verbose=0, initial_epoch=2, epochs=3)
    assert history.epoch == [2]


def test_config_can_be_used_twice():
    config = _make().get_config()
    for _ in range(2):
        assert SAGAN.from_config(config).latent_dim == 8


def test_compile_options_are_saved(tmp_path):
    gan = _make()
    options = {"jit_compile": True, "steps_per_execution": 4}
    gan.compile("sgd", "sgd", **options)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert {name: getattr(loaded, name) for name in options} == options


def test_export(tmp_path):
    gan = _make()
    gan.export(tmp_path / "exported", verbose=False)
    latents = tf.zeros((3, 8))
    loaded = tf.saved_model.load(tmp_path / "exported")
    np.testing.assert_allclose(loaded.serve(latents), gan(latents), atol=1e-6)
