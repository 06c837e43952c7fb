"""Spectral normalization as a wrapper that leaves the kernel alone."""

import math

import keras

from sagan_tf.ops.kernels import is_linear, kernel_matrix, kernel_of


@keras.saving.register_keras_serializable(package="sagan_tf")
class SpectralNormalization(keras.layers.Wrapper):
    """Runs the wrapped layer with its kernel divided by its spectral norm.

    The largest singular value of the kernel is estimated by power iteration
    from a persistent vector `u` (Miyato et al., algorithm 1)::

        v = W u / |W u|,    u = W^T v / |W^T v|,    sigma = v^T W u

    with `W` the kernel as a matrix of (rest, output channels), and the layer
    is called with `W / sigma`. The kernel variable itself never changes, and
    the gradient goes through `W / sigma`. For dense and convolutional layers,
    the inputs are divided by sigma instead of the kernel if they have fewer
    elements: the result is the same up to rounding, and cheaper.

    Every call iterates from the stored `u`, and stores the new `u` only if
    `training` is true, as in the SAGAN authors' code.

    `u`, sigma and `W / sigma` are float32 under any dtype policy; the policy
    of the wrapped layer governs the layer's own computation.

    Args:
        layer: A layer with one variable `kernel` or `embeddings`; not one
            with LoRA, a quantized one, or one with a `recurrent_kernel`.
        power_iterations: Integer of at least 1, iterations per call.
        epsilon: Float, added to norms, and the smallest sigma divided by. The
            authors' code and the default: 1e-12; StudioGAN: 1e-6.
        differentiate_vectors: Boolean. False: `u` and `v` are constants in
            the gradient of sigma (Miyato et al., PyTorch). True: the gradient
            goes through the iteration (the SAGAN authors' code).
        divide_inputs: Boolean. True divides the inputs if they are smaller
            than the kernel; False always divides the kernel.

    Call arguments:
        inputs: Whatever the wrapped layer takes.
        training: Boolean, whether to store the new `u`. A frozen layer
            (`trainable = False`) never stores it.

    Raises:
        ValueError: If an argument is not as above, or, on build, if `layer`
            has no kernel of at least two dimensions.

    Example:

    >>> layer = SpectralNormalization(keras.layers.Conv2D(64, 3))
    >>> outputs = layer(np.ones((1, 8, 8, 3), "float32"), training=True)

    Reference:
        - Miyato et al., https://arxiv.org/abs/1802.05957, section 2.1.
    """

    def __init__(
        self,
        layer,
        power_iterations=1,
        epsilon=1e-12,
        differentiate_vectors=False,
        divide_inputs=True,
        **kwargs,
    ):
        # With this policy, and without autocasting, the kernel is read in
        # float32 even inside a mixed-precision model.
        kwargs.update(dtype="float32", autocast=False)
        super().__init__(layer, **kwargs)
        if not isinstance(power_iterations, int) or power_iterations < 1:
            raise ValueError(
                "`power_iterations` must be an integer of at least 1. "
                f"Received: power_iterations={power_iterations}"
            )
        if not epsilon > 0:
            raise ValueError(
                f"`epsilon` must be positive. Received: epsilon={epsilon}"
            )
        self.power_iterations = power_iterations
        self.epsilon = epsilon
        self.differentiate_vectors = differentiate_vectors
        self.divide_inputs = divide_inputs
        self.supports_masking = layer.supports_masking

    def build(self, input_shape):
        super().build(input_shape)
        channels = kernel_matrix(self.layer, self._kernel).shape[-1]
        self.u = self.add_weight(
            name="u",
            shape=(channels,),
            initializer=keras.initializers.TruncatedNormal(stddev=1.0),
            trainable=False,
            dtype="float32",
            autocast=False,
        )
        self.built = True

    def call(self, inputs, training=None):
        u, sigma = self._iterate()
        if training and self.trainable:
            # With a zero kernel the new `u` is zero, and would stay zero.
            previous = keras.ops.convert_to_tensor(self.u)
            self.u.assign(keras.ops.where(sigma > self.epsilon, u, previous))
        sigma = keras.ops.maximum(sigma, self.epsilon)
        if self._divides_inputs(inputs):
            divided = keras.ops.cast(inputs, sigma.dtype) / sigma
            return self.layer(keras.ops.cast(divided, inputs.dtype))
        kernel = keras.ops.convert_to_tensor(self._kernel) / sigma
        return self._call_with_kernel(kernel, inputs)

    def _call_with_kernel(self, kernel, inputs):
        """Calls the wrapped layer with `kernel` in place of its variable."""
        # Inside an outer scope (JAX) every variable must be bound again.
        bindings = [
            (variable, keras.ops.convert_to_tensor(variable))
            for variable in self.layer.variables
            if variable is not self._kernel
        ]
        with keras.StatelessScope(
            [*bindings, (self._kernel, kernel)], collect_losses=True
        ) as scope:
            others = [variable for variable, _ in bindings]
            before = list(map(scope.get_current_value, others))
            outputs = self.layer(inputs)
        for variable, old in zip(others, before, strict=True):
            new = scope.get_current_value(variable)
            if new is not old:
                variable.assign(new)
        # What regularizes activations, and `add_loss` in the layer.
        for loss in scope.losses:
            self.add_loss(loss)
        return outputs

    def _divides_inputs(self, inputs):
        """Returns whether to divide the inputs: if possible, and if smaller."""
        if not self.divide_inputs or not is_linear(self.layer):
            return False
        # Dividing by a small sigma would overflow float16, and integers
        # cannot be divided: both divide the kernel.
        dtypes = {
            keras.backend.standardize_dtype(inputs.dtype),
            self.layer.compute_dtype,
        }
        if None in inputs.shape or not dtypes <= {
            "float32",
            "float64",
            "bfloat16",
        }:
            return False
        return math.prod(inputs.shape) < math.prod(self._kernel.shape)

    def baked(self, input_shape, device):
        """Returns the layer that stands for this one in a baked network."""
        if hasattr(self.layer, "baked"):
            return self.layer.baked(input_shape, device)
        return type(self.layer).from_config(self.layer.get_config())

    def baked_weights(self, input_shape, device):
        """Returns the weights of `baked`, in its order."""
        kernel = self.normalized_kernel()
        if hasattr(self.layer, "baked_weights"):
            return self.layer.baked_weights(input_shape, device, kernel)
        return [
            kernel if weight is self._kernel else weight
            for weight in self.layer.weights
        ]

    def sigma(self):
        """Returns the spectral norm, float32, that the next call divides by."""
        return self._iterate()[1]

    def normalized_kernel(self):
        """Returns `W / sigma`, float32, in the kernel's own shape."""
        sigma = keras.ops.maximum(self.sigma(), self.epsilon)
        return keras.ops.convert_to_tensor(self._kernel) / sigma

    def _iterate(self):
        """Returns the next `u` and sigma."""
        kernel = keras.ops.convert_to_tensor(self._kernel)
        matrix = kernel_matrix(self.layer, kernel)
        constant = (
            (lambda tensor: tensor)
            if self.differentiate_vectors
            else keras.ops.stop_gradient
        )
        u = keras.ops.cast(self.u, matrix.dtype)
        for _ in range(self.power_iterations):
            v = self._unit(keras.ops.matmul(constant(matrix), u))
            product = keras.ops.matmul(v, matrix)
            u = self._unit(constant(product))
        # sigma = v^T W u, without reading `W` once more.
        sigma = keras.ops.sum(product * u)
        u = keras.ops.cast(keras.ops.stop_gradient(u), "float32")
        return u, sigma

    def _unit(self, vector):
        # Not `keras.ops.norm`: its gradient at zero is not a number.
        norm = keras.ops.sqrt(keras.ops.sum(keras.ops.square(vector)))
        return vector / (norm + self.epsilon)

    @property
    def _kernel(self):
        return kernel_of(self.layer)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def compute_output_spec(self, inputs, training=None):
        return self.layer.compute_output_spec(inputs)

    def compute_mask(self, inputs, mask=None):
        return self.layer.compute_mask(inputs, mask)

    def get_config(self):
        config = super().get_config()
        # The constructor fixes both dtype and autocast.
        config.pop("dtype")
        config.update(
            power_iterations=self.power_iterations,
            epsilon=self.epsilon,
            differentiate_vectors=self.differentiate_vectors,
            divide_inputs=self.divide_inputs,
        )
        return config
