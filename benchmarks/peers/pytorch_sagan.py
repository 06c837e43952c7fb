"""SAGAN in PyTorch, to measure our training step and generation against.

It does the arithmetic of PyTorch StudioGAN's SAGAN (backbone `resnet`,
`configs/ImageNet/SAGAN-256.yaml`): the same layers in the same order, and the
same two updates per step. What differs, and why:

- Mixed precision is autocast to bfloat16 without a loss scaler, because that
  is the type that CPUs have. StudioGAN uses float16 with a scaler, on CUDA.
- The averaged generator is on, as in our recipe. It is updated by one
  multi-tensor call; StudioGAN allocates a tensor per variable.
- Channels-last memory, `torch.compile` and the fused Adam are options that
  StudioGAN lacks, so that the peer runs as fast as PyTorch can run it.
- Attention follows the block whose output has the wanted resolution;
  StudioGAN's recipes count blocks.
- `generate` leaves the spectral norms' vectors alone; StudioGAN iterates them
  at evaluation too, which only costs time.
- The learning rates are ImageNet's at every size.

Needs PyTorch only. Run as a program, it checks the numbers of parameters.
"""

import itertools

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import spectral_norm

# Widths in units of the base width: the generator's first feature map and the
# output of each of its blocks, then the output of each discriminator block.
_WIDTHS = {
    32: ((4, 4, 4, 4), (2, 2, 2, 2)),
    64: ((16, 8, 4, 2, 1), (1, 2, 4, 8, 16)),
    128: ((16, 16, 8, 4, 2, 1), (1, 2, 4, 8, 16, 16)),
    256: ((16, 16, 8, 8, 4, 2, 1), (1, 2, 4, 8, 8, 16, 16)),
}

# What StudioGAN's own modules count, by the arguments of `build`.
PARAMETER_COUNTS = {
    (128, 64, 1000, 64): (42_017_412, 39_448_258),
    (128, 64, 1000, 32): (42_078_852, 39_463_618),
    (32, 64, 10, 16): (4_386_308, 1_075_586),
}


def _conv(in_channels, out_channels, size, bias=True):
    conv = nn.Conv2d(
        in_channels, out_channels, size, padding=size // 2, bias=bias
    )
    return spectral_norm(conv, eps=1e-6)


def _linear(in_features, out_features, bias=True):
    linear = nn.Linear(in_features, out_features, bias=bias)
    return spectral_norm(linear, eps=1e-6)


class ConditionalBatchNorm(nn.Module):
    """Batch norm whose gain and bias are linear in the one-hot label."""

    def __init__(self, num_classes, channels):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, eps=1e-4, affine=False)
        self.gain = _linear(num_classes, channels, bias=False)
        self.bias = _linear(num_classes, channels, bias=False)

    def forward(self, x, one_hot):
        gain = 1 + self.gain(one_hot)
        bias = self.bias(one_hot)
        return self.norm(x) * gain[..., None, None] + bias[..., None, None]


class SelfAttention(nn.Module):
    """Attention from every pixel to 2 x 2 pooled keys and values."""

    def __init__(self, channels):
        super().__init__()
        self.query = _conv(channels, channels // 8, 1, bias=False)
        self.key = _conv(channels, channels // 8, 1, bias=False)
        self.value = _conv(channels, channels // 2, 1, bias=False)
        self.output = _conv(channels // 2, channels, 1, bias=False)
        self.gate = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        query = self.query(x).flatten(2)
        key = F.max_pool2d(self.key(x), 2).flatten(2)
        weights = torch.bmm(query.transpose(1, 2), key).softmax(-1)
        value = F.max_pool2d(self.value(x), 2).flatten(2)
        attended = torch.bmm(value, weights.transpose(1, 2))
        attended = attended.unflatten(2, x.shape[2:])
        return x + self.gate * self.output(attended)


class GeneratorBlock(nn.Module):
    """Residual block that doubles the resolution."""

    def __init__(self, in_channels, out_channels, num_classes):
        super().__init__()
        self.norm_1 = ConditionalBatchNorm(num_classes, in_channels)
        self.norm_2 = ConditionalBatchNorm(num_classes, out_channels)
        self.shortcut = _conv(in_channels, out_channels, 1)
        self.conv_1 = _conv(in_channels, out_channels, 3)
        self.conv_2 = _conv(out_channels, out_channels, 3)

    def forward(self, x, one_hot):
        h = F.relu(self.norm_1(x, one_hot), inplace=True)
        h = self.conv_1(F.interpolate(h, scale_factor=2, mode="nearest"))
        h = self.conv_2(F.relu(self.norm_2(h, one_hot), inplace=True))
        # The 1 x 1 convolution runs after the upsampling, as in StudioGAN.
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        return h + self.shortcut(x)


class Generator(nn.Module):
    """Latents (batch, latent_dim) and labels to images (batch, 3, h, w)."""

    def __init__(self, widths, num_classes, attention_resolution, latent_dim):
        super().__init__()
        self.num_classes = num_classes
        self.latent_dim = latent_dim
        self.linear = _linear(latent_dim, widths[0] * 4 * 4)
        self.blocks = nn.ModuleList()
        resolution = 4
        for in_channels, out_channels in itertools.pairwise(widths):
            block = GeneratorBlock(in_channels, out_channels, num_classes)
            self.blocks.append(block)
            resolution *= 2
            if resolution == attention_resolution:
                self.blocks.append(SelfAttention(out_channels))
        self.norm = nn.BatchNorm2d(widths[-1], eps=1e-4)
        self.to_rgb = _conv(widths[-1], 3, 3)

    def forward(self, latents, labels):
        one_hot = F.one_hot(labels, self.num_classes).float()
        x = self.linear(latents).unflatten(1, (-1, 4, 4))
        for block in self.blocks:
            if isinstance(block, SelfAttention):
                x = block(x)
            else:
                x = block(x, one_hot)
        x = F.relu(self.norm(x), inplace=True)
        return torch.tanh(self.to_rgb(x))


class DiscriminatorBlock(nn.Module):
    """Residual block, halving the resolution or keeping it.

    The first one sees the image: it has no ReLU in front and pools before its
    shortcut's convolution, the others after.
    """

    def __init__(self, in_channels, out_channels, first, down):
        super().__init__()
        self.first = first
        self.down = down
        self.shortcut = None
        if down or in_channels != out_channels:
            self.shortcut = _conv(in_channels, out_channels, 1)
        self.conv_1 = _conv(in_channels, out_channels, 3)
        self.conv_2 = _conv(out_channels, out_channels, 3)

    def forward(self, x):
        # In place: the shortcut sees the ReLU's output too.
        h = x if self.first else F.relu(x, inplace=True)
        h = self.conv_2(F.relu(self.conv_1(h), inplace=True))
        if self.down:
            h = F.avg_pool2d(h, 2)
        if self.first:
            return h + self.shortcut(F.avg_pool2d(x, 2))
        if self.shortcut is not None:
            x = self.shortcut(x)
        if self.down:
            x = F.avg_pool2d(x, 2)
        return h + x


class Discriminator(nn.Module):
    """Images (batch, 3, h, w) and labels to logits (batch,)."""

    def __init__(self, image_size, widths, num_classes, attention_resolution):
        super().__init__()
        self.blocks = nn.ModuleList()
        # At 32 px the last two blocks keep the resolution, else the last one.
        num_down = 2 if image_size == 32 else len(widths) - 1
        in_channels = 3
        for index, out_channels in enumerate(widths):
            down = index < num_down
            self.blocks.append(
                DiscriminatorBlock(in_channels, out_channels, index == 0, down)
            )
            if down and image_size >> (index + 1) == attention_resolution:
                self.blocks.append(SelfAttention(out_channels))
            in_channels = out_channels
        self.linear = _linear(in_channels, 1)
        embedding = nn.Embedding(num_classes, in_channels)
        self.embedding = spectral_norm(embedding, eps=1e-6)

    def forward(self, images, labels):
        x = images
        for block in self.blocks:
            x = block(x)
        features = F.relu(x, inplace=True).sum((2, 3))
        projection = (self.embedding(labels) * features).sum(1)
        return self.linear(features).squeeze(1) + projection


def _initialize(network):
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear, nn.Embedding)):
            nn.init.orthogonal_(module.weight_orig)
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)


def build(
    image_size, base_channels, num_classes, attention_resolution, latent_dim=128
):
    """Returns a new generator and discriminator, initialized."""
    generator_widths, discriminator_widths = (
        [base_channels * width for width in widths]
        for widths in _WIDTHS[image_size]
    )
    generator = Generator(
        generator_widths, num_classes, attention_resolution, latent_dim
    )
    discriminator = Discriminator(
        image_size, discriminator_widths, num_classes, attention_resolution
    )
    _initialize(generator)
    _initialize(discriminator)
    return generator, discriminator


@torch.inference_mode()
def generate(generator, latents, labels):
    """Returns images (batch, 3, h, w) with the running statistics."""
    return generator.eval()(latents, labels)


def parameter_counts(generator, discriminator):
    """Returns how many parameters each network has."""
    return tuple(
        sum(parameter.numel() for parameter in network.parameters())
        for network in (generator, discriminator)
    )


def check_parameter_counts():
    """Raises a `ValueError` where `build` counts otherwise than StudioGAN."""
    for arguments, expected in PARAMETER_COUNTS.items():
        # Shapes only: no memory, no initialization.
        with torch.device("meta"):
            counts = parameter_counts(*build(*arguments))
        if counts != expected:
            raise ValueError(f"{arguments}: {counts}, not {expected}")


if __name__ == "__main__":
    check_parameter_counts()
    print("The numbers of parameters are StudioGAN's.")
