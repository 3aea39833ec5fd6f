"""The whole road in ten minutes: quantum labels, training, certificate, dynamics, vibrations, one page.

What is done is said in `settings`, how in `steps`, in which order in `walk`, what the reader sees in `page`.
"""

from intertwine.apps.demo.settings import FULL, QUICK, DemoSettings
from intertwine.apps.demo.walk import DemoResult, run

__all__ = ["FULL", "QUICK", "DemoResult", "DemoSettings", "run"]
