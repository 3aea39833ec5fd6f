"""Errors of a trained model on labelled frames: numbers with units, parity plots, JSON.

python examples/evaluate_a_model.py        (after train_from_python.py)
"""

from rich import print

from intertwine.apps.evaluate import evaluate_report

report = evaluate_report("copper/run/model.safetensors", "copper/test.extxyz", output="copper/evaluation")
print(report.table())
print(f"forces: RMSE {report.accuracy['forces'].rmse:.1f} {report.accuracy['forces'].unit}")
