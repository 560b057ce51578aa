"""FactorVAE in PyTorch by hand: the paper's algorithm 2 with nothing that it does not need.

The VAE's gradient leaves the discriminator's weights out, the discriminator's codes come without
a graph and without the decoder, and it judges both classes in one pass.
"""

from contenders import OBJECTIVES, Absent, Clock, Timing, Trainable
from contenders.torch_networks import (
    DEVICE,
    channels_first,
    decoder,
    discriminator,
    encoder,
    runs_on,
    torch,
)

functional = torch.nn.functional


def by_hand(setup, objective, images) -> Trainable:
    """A loop that slices whole batches from a tensor."""
    if objective != "factor-vae":
        raise Absent("written for factor-vae alone; pythae's loop is as plain for the others")
    program = FactorVAE(setup, OBJECTIVES[objective])
    data = channels_first(images).to(DEVICE)

    def run(steps):
        order = torch.randperm(len(data), device=DEVICE)[: steps * setup.batch_size]
        total = torch.zeros((), device=DEVICE)
        begin = Clock.now()
        for batch in order.split(setup.batch_size):
            total += program.step(data[batch])
        mean = float(total) / steps
        return Timing(Clock.now().since(begin), mean)

    networks = (program.encoder, program.decoder, program.discriminator)
    parameters = sum(weight.numel() for part in networks for weight in part.parameters())
    return Trainable(run, parameters, runs_on())


class FactorVAE:
    """Networks and optimizers of both players, and a step of each."""

    def __init__(self, setup, entry):
        self.encoder, self.decoder = encoder(setup).to(DEVICE), decoder(setup).to(DEVICE)
        self.discriminator = discriminator(setup.latent_dim).to(DEVICE)
        self.gamma = entry.weights["gamma"]
        self.mixed = setup.dtype == "mixed_bfloat16"
        vae = [*self.encoder.parameters(), *self.decoder.parameters()]
        self.optimizer = torch.optim.Adam(vae, lr=entry.learning_rate)
        self.judge = torch.optim.Adam(
            self.discriminator.parameters(), lr=entry.learning_rate, betas=(0.5, 0.9)
        )

    def step(self, x):
        """Train both players on a batch; the VAE's loss."""
        with torch.autocast(DEVICE, torch.bfloat16, enabled=self.mixed):
            loss = self._vae_loss(x[::2])
        self._apply(self.optimizer, loss)
        with torch.autocast(DEVICE, torch.bfloat16, enabled=self.mixed):
            judged = self._discriminator_loss(x[1::2])
        self._apply(self.judge, judged)
        return loss.detach()

    def _draw(self, x):
        loc, log_variance = self.encoder(x).float().chunk(2, dim=1)
        return loc, log_variance, loc + torch.exp(0.5 * log_variance) * torch.randn_like(loc)

    def _vae_loss(self, x):
        loc, log_variance, z = self._draw(x)
        logits = self.decoder(z).float()
        reconstruction = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        kl = 0.5 * (log_variance.exp() + loc**2 - 1 - log_variance).sum()
        self.discriminator.requires_grad_(False)
        judged = self.discriminator(z).float()
        self.discriminator.requires_grad_(True)
        total_correlation = (judged[:, 0] - judged[:, 1]).mean()
        return (reconstruction + kl) / len(x) + self.gamma * total_correlation

    def _discriminator_loss(self, x):
        with torch.no_grad():
            z = self._draw(x)[2]
            shuffled = z.gather(0, torch.rand_like(z).argsort(dim=0))
        logits = self.discriminator(torch.cat([z, shuffled])).float()
        classes = torch.arange(2, device=DEVICE).repeat_interleave(len(x))
        return functional.cross_entropy(logits, classes)

    def _apply(self, optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
