"""Pure functions over sound: render, measure, master, analyse, write.

Arrays are float32 `[channels, samples]`, full scale 1.0. No Django, no files but in `files`, no state.
Import the module that is needed: `analysis` loads librosa when it runs and belongs to workers.
"""
