"""The compiled kernels; everything else about the package is said in pyproject.toml."""

from glob import glob

from setuptools import Extension, setup

FLAGS = "-std=c++17 -O3 -fopenmp -ffp-contract=fast -fno-math-errno -Wno-psabi"

kernels = Extension(
    "intertwine.ops.native._kernels",
    sorted(glob("src/intertwine/ops/native/*.cpp")),
    depends=glob("src/intertwine/ops/native/*.h"),
    extra_compile_args=FLAGS.split(),
    extra_link_args=["-fopenmp"],
    optional=True,  # without a compiler everything runs in torch
)

setup(ext_modules=[kernels])
