"""Serve the windows of a corpus batch by batch, in a new order each epoch, copying only the batch at hand."""

import zlib

import keras
import numpy as np

from minigpt.config import check_positive, check_whole


class WindowBatches(keras.utils.PyDataset):
    """Serves shuffled batches of windows, each window once an epoch.

    The order follows from the seed and the epoch alone, so a training that was interrupted goes on with the batches that
    an unbroken one would have seen. The order takes 4 bytes per window: as much as the words themselves.

    Args:
        x, y: the windows, int arrays (N, T); views serve best.
        batch_size: windows in a batch, B.
        shuffle: False keeps the order of the text.
        seed: of the shuffling.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, batch_size: int = 32, shuffle: bool = True, seed: int = 0) -> None:
        super().__init__()
        self.batch_size, self.seed = check_positive("batch_size", batch_size), check_whole("seed", seed, least=0)
        self.x, self.y, self.shuffle = x, y, shuffle
        self.epoch = 0
        self._order: tuple[int, np.ndarray] | None = None  # of which epoch

    def __len__(self) -> int:
        return -(-len(self.x) // self.batch_size)  # rounded up: the last batch may be smaller

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.order()[index * self.batch_size : (index + 1) * self.batch_size]
        return self.x[rows], self.y[rows]  # (B, T), (B, T)

    def order(self) -> np.ndarray:  # -> (N,)
        """The numbers of the windows, in the order of this epoch."""
        if self._order is None or self._order[0] != self.epoch:
            self._order = None  # frees the order of the epoch before
            order = np.arange(len(self.x), dtype="int32")
            if self.shuffle:
                np.random.default_rng([self.seed, self.epoch]).shuffle(order)
            self._order = self.epoch, order
        return self._order[1]

    def on_epoch_end(self) -> None:
        """Called by Keras: the next epoch has another order."""
        self.epoch += 1

    def fingerprint(self) -> int:
        """A checksum that tells one text from another; of a large corpus it looks at a million words."""
        words = self.y[:: 1 + len(self.y) // 1_000_000, -1]
        return zlib.crc32(words.tobytes(), zlib.crc32(self.x[0].tobytes()))
