"""The authors' networks, written a second time for the tests.

They follow the equations directly, read a mapping of the authors' variable
names, and compute in any precision. float32 results are compared with theirs
in float64.
"""

import numpy as np
import tensorflow as tf


class Reference:
    """The authors' generator and discriminator.

    Args:
        variables: Mapping of names from `g_` or `d_` on to tensors.
        differentiate_vectors: Boolean, whether gradients go through `u`, `v`.
    """

    def __init__(self, variables, differentiate_vectors):
        self.variables = variables
        self.differentiate_vectors = differentiate_vectors

    def normalized(self, name, scope):
        weight = self.variables[f"{scope}/{name}"]
        if name == "embedding_map":
            weight = tf.transpose(weight)
        matrix = tf.reshape(weight, [-1, weight.shape[-1]])
        fixed = (
            matrix if self.differentiate_vectors else tf.stop_gradient(matrix)
        )
        v = tf.linalg.normalize(
            tf.matmul(self.variables[f"{scope}/u"], fixed, transpose_b=True)
        )[0]
        u = tf.linalg.normalize(tf.matmul(v, fixed))[0]
        sigma = tf.matmul(tf.matmul(v, matrix), u, transpose_b=True)[0, 0]
        return weight / sigma

    def convolution(self, x, scope):
        x = tf.nn.conv2d(x, self.normalized("w", scope), 1, "SAME")
        return x + self.variables.get(f"{scope}/biases", 0.0)

    def linear(self, x, scope):
        x = tf.matmul(x, self.normalized("Matrix", scope))
        return x + self.variables[f"{scope}/bias"]

    def normalization(self, x, gamma, beta, moving=None):
        mean, variance = moving or tf.nn.moments(x, [0, 1, 2])
        return (x - mean) / tf.sqrt(variance + 1e-5) * gamma + beta

    def conditional(self, x, labels, scope, training):
        moving = [self.variables[f"{scope}/{name}"] for name in ("mean", "var")]
        gamma, beta = (
            tf.gather(self.variables[f"{scope}/{name}"], labels)[:, None, None]
            for name in ("gamma", "beta")
        )
        return self.normalization(x, gamma, beta, None if training else moving)

    def attention(self, x, scope):
        def sequence(features):
            return tf.reshape(
                features, [features.shape[0], -1, features.shape[-1]]
            )

        query, key, value = (
            self.convolution(x, f"{scope}/sn_conv_{name}")
            for name in ("theta", "phi", "g")
        )
        key, value = (
            tf.nn.max_pool2d(features, 2, 2, "VALID")
            for features in (key, value)
        )
        scores = tf.nn.softmax(
            tf.matmul(sequence(query), sequence(key), transpose_b=True)
        )
        attended = tf.matmul(scores, sequence(value))
        attended = tf.reshape(attended, [*x.shape[:3], attended.shape[-1]])
        attended = self.convolution(attended, f"{scope}/sn_conv_attn")
        return x + self.variables[f"{scope}/sigma_ratio"] * attended

    def generate(self, latents, labels, training, attention_after=None):
        def upsample(x):
            return tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)

        x = self.linear(latents, "g_snh0")
        x = tf.reshape(x, [x.shape[0], 4, 4, -1])
        for index in range(1, 6):
            block = f"g_block{index}"
            y = self.conditional(x, labels, f"{block}/cbn_0", training)
            y = self.convolution(upsample(tf.nn.relu(y)), f"{block}/snconv1")
            y = self.conditional(y, labels, f"{block}/cbn_1", training)
            y = self.convolution(tf.nn.relu(y), f"{block}/snconv2")
            x = y + self.convolution(upsample(x), f"{block}/snconv3")
            if index == attention_after:
                x = self.attention(x, "g_non_local")
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        gamma, beta, *moving = (self.variables[f"g_bn/{n}"] for n in names)
        x = self.normalization(x, gamma, beta, None if training else moving)
        return tf.tanh(self.convolution(tf.nn.relu(x), "g_snconv_last"))

    def discriminate(self, images, labels, attention_after=None):
        def pool(x):
            return tf.nn.avg_pool2d(x, 2, 2, "VALID")

        x = images
        for index in range(1, 7):
            name = "optimized_block1" if index == 1 else f"block{index}"
            scope = f"d_{name}/sn_conv"
            y = x if index == 1 else tf.nn.relu(x)
            y = tf.nn.relu(self.convolution(y, f"{scope}1"))
            y = self.convolution(y, f"{scope}2")
            if index < 6:
                y, x = pool(y), pool(self.convolution(x, f"{scope}3"))
            x = x + y
            if index == attention_after:
                x = self.attention(x, "d_non_local")
        x = tf.reduce_sum(tf.nn.relu(x), [1, 2])
        embedding = tf.gather(
            tf.transpose(self.normalized("embedding_map", "d_embedding")),
            labels,
        )
        return self.linear(x, "d_sn_linear") + tf.reduce_sum(
            x * embedding, axis=1, keepdims=True
        )

    def gradients(self, latents, labels, real_images, real_labels):
        """Returns the gradient of each variable in a step of both networks.

        The networks have attention at 32 px.
        """
        with tf.GradientTape(persistent=True) as tape:
            images = self.generate(latents, labels, True, attention_after=3)
            fake = self.discriminate(images, labels, attention_after=2)
            g_loss = -tf.reduce_mean(fake)
            fixed = self.discriminate(tf.stop_gradient(images), labels, 2)
            real = self.discriminate(real_images, real_labels, 2)
            d_loss = tf.reduce_mean(tf.nn.relu(1 - real)) + tf.reduce_mean(
                tf.nn.relu(1 + fixed)
            )
        gradients = {}
        for prefix, loss in (("g_", g_loss), ("d_", d_loss)):
            variables = {
                name: variable
                for name, variable in self.variables.items()
                if name.startswith(prefix) and not name.endswith("/u")
            }
            for name, gradient in tape.gradient(loss, variables).items():
                if gradient is not None:
                    gradients[name] = np.array(tf.convert_to_tensor(gradient))
        return gradients
