"""A decoder of our own for MusicGen's weights, made for the GPU's memory bandwidth. Needs torch alone.

What holds (tests/generation/engine/fast shows it):

1. In float32 it makes the codes of audiocraft's and of transformers' own loops from the same weights,
conditions and noise.
2. The noise of a take follows from its seed, the window, the step and the codebook: never from the batch around it.
   Matrix products always run on blocks of one number of rows, so the batch does not change their rounding either.
3. One step runs the same code eagerly (CPU) and captured in a CUDA graph; nothing in it waits for the host.
"""

NAME = "deadwax-fast"
VERSION = "1"
"""Goes up whenever the same seed gives other codes than before."""
