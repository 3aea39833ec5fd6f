// An empty Python module: setuptools builds and installs it, ctypes calls the functions beside it.

#include <Python.h>

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_kernels", "Compiled kernels, called through ctypes.", -1, nullptr};

extern "C" PyMODINIT_FUNC PyInit__kernels() { return PyModule_Create(&module); }
