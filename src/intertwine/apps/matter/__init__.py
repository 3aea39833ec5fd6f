"""Crystals as materials: equation of state, elasticity, phonons, thermal expansion, vacancies, surfaces.

Each is one function that takes a calculator and a structure and returns a value that knows its own record:
`equation_of_state`, `elastic`, `phonons`, `expansion`, `vacancy`, `surface`, each in the module of that name.
Whoever gives energies and forces (and stress, where strain is asked about) will do: our models, or any
calculator of ASE.
"""
