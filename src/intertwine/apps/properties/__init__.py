"""Tensors of matter as a model predicts them: values, what follows from them, and what symmetry forbids."""
