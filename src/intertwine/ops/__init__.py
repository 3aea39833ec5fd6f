"""Pure functions on tensors, differentiable as often as wanted."""
