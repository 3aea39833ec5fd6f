"""Vibrational spectra: infrared, Raman and the density of states, harmonic and from molecular dynamics.

Who is asked is said in `source`; small vibrations are in `modes` and `harmonic`, trajectories in `sampling`,
`correlation` and `dynamic`; what derivatives mean in a laboratory is in `intensities`.
"""
