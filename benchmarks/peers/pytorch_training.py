"""The training step of SAGAN in PyTorch; see `pytorch_sagan`."""

import copy

import torch
from torch import nn
from torch.nn import functional as F


def discriminator_loss(discriminator, images, labels, fakes, fake_labels):
    """Hinge loss, by two calls as in StudioGAN."""
    # Both calls are in one function. If they were compiled separately, the
    # second call would overwrite spectral norm vectors that the first call's
    # backward pass needs.
    real_logits = discriminator(images, labels)
    fake_logits = discriminator(fakes, fake_labels)
    return F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean()


def generator_loss(generator, discriminator, latents, labels):
    """Hinge loss: the negated mean logit."""
    return -discriminator(generator(latents, labels), labels).mean()


def _floats(network):
    """Returns parameters and buffers except batch norm's unused counters."""
    tensors = network.state_dict().values()
    return [tensor for tensor in tensors if tensor.is_floating_point()]


class Trainer:
    """Updates both networks and the averaged generator, one step a call.

    Make it before the networks' first forward pass: the average is a copy,
    and a network that has run holds weights that cannot be copied.
    """

    def __init__(
        self,
        generator,
        discriminator,
        channels_last=False,
        bfloat16=False,
        compiled=False,
        fused_adam=False,
        ema_decay=0.999,
    ):
        self._layout = (
            torch.channels_last if channels_last else torch.contiguous_format
        )
        self._bfloat16 = bfloat16
        self._ema_decay = ema_decay
        self.generator = generator.to(memory_format=self._layout)
        self.discriminator = discriminator.to(memory_format=self._layout)
        self.averaged = copy.deepcopy(generator).requires_grad_(False)
        functions = generator, discriminator_loss, generator_loss
        if compiled:
            functions = map(torch.compile, functions)
        self._generate, self._discriminator_loss, self._generator_loss = (
            functions
        )
        # None, the default, is a loop over the parameters on CPUs.
        adam = {"betas": (0.0, 0.999), "eps": 1e-6, "fused": fused_adam or None}
        self._generator_adam = torch.optim.Adam(
            generator.parameters(), lr=1e-4, **adam
        )
        self._discriminator_adam = torch.optim.Adam(
            discriminator.parameters(), lr=4e-4, **adam
        )
        # Every update is in place, so the lists stay valid.
        self._averages = _floats(self.averaged)
        self._values = _floats(generator)

    def step(self, images, labels):
        """Returns the generator's loss. Images are NCHW, from -1 to 1."""
        generator, discriminator = self.generator.train(), self.discriminator
        discriminator.train()
        images = images.contiguous(memory_format=self._layout)
        self._set_trained(generator=False)
        with self._autocast(images.device):
            latents, fake_labels = self._noise(labels)
            fakes = self._generate(latents, fake_labels)
            loss = self._discriminator_loss(
                discriminator, images, labels, fakes, fake_labels
            )
        self._update(self._discriminator_adam, loss)
        self._set_trained(generator=True)
        with self._autocast(images.device):
            loss = self._generator_loss(
                generator, discriminator, *self._noise(labels)
            )
        self._update(self._generator_adam, loss)
        torch._foreach_lerp_(self._averages, self._values, 1 - self._ema_decay)
        return loss.item()

    def _autocast(self, device):
        return torch.autocast(
            device.type, dtype=torch.bfloat16, enabled=self._bfloat16
        )

    def _noise(self, like):
        labels = torch.randint_like(like, self.generator.num_classes)
        shape = len(like), self.generator.latent_dim
        return torch.randn(shape, device=like.device), labels

    def _set_trained(self, generator):
        """Trains the generator (and its running statistics) or the other."""
        self.generator.requires_grad_(generator)
        self.discriminator.requires_grad_(not generator)
        for module in self.generator.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.track_running_stats = generator

    def _update(self, adam, loss):
        adam.zero_grad()
        loss.backward()
        adam.step()
