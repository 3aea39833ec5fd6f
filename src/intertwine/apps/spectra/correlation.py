"""Spectra of what fluctuates in time: autocorrelations, their Fourier transforms and what they add up to."""

from typing import Final

import numpy as np
from ase import units
from jaxtyping import Bool, Float
from scipy.fft import irfft, next_fast_len, rfft

from intertwine.errors import InputError

SPEED_OF_LIGHT: Final = units._c * 1e2 / 1e15
"""cm/fs: turns 1/fs into cm⁻¹."""

_DECAYED: Final = 2.275
"""Lag, in units of 1/(c·width), at which the Gaussian window has fallen to 10⁻⁸."""

Curve = tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]
"""Wavenumbers, cm⁻¹, and values."""


def power_spectrum(series: Float[np.ndarray, "frames components"], interval: float, width: float) -> Curve:
    """One-sided spectrum of a stationary signal, every sharp line drawn as a Gaussian of the given width.

    The Fourier transform of the autocorrelation (Wiener 1930, Khinchin 1934), which is taken by FFT of the
    zero-padded series and multiplied by a Gaussian of the lag:

        S(ν̃) = 2c ∫ C(t) w(t) cos(2πcν̃t) dt,   C(t) = Σ_k ⟨x_k(0) x_k(t)⟩,   w(t) = exp[−(πc·width·t)²/4 ln 2]

    Averages divide by the number of frames at every lag, so S is never negative beyond 10⁻⁸ of its largest
    value, and the sum rule ∫₀ S dν̃ = ⟨x²⟩ holds to rounding, by the trapezoidal rule on the points returned.

    Args:
        series: any unit.
        interval: time between frames, fs; wavenumbers reach 1/(2c·interval).
        width: full width at half maximum of a sharp line, cm⁻¹; a trajectory of length T adds about 1/(cT).

    Returns:
        Wavenumbers, about four to a width, and S per cm⁻¹, each `(points,)`.

    Raises:
        InputError: a trajectory shorter than 1/(c·width), or fewer than 8 frames.

    >>> time = np.arange(40_000.0)
    >>> wave = np.cos(2 * np.pi * SPEED_OF_LIGHT * 1000.0 * time)[:, None]
    >>> wavenumbers, density = power_spectrum(wave, 1.0, 20.0)
    >>> float(np.trapezoid(density, wavenumbers).round(3)), float(wavenumbers[density.argmax()].round(-1))
    (0.5, 1000.0)
    """
    check_length(len(series), interval, width)
    frames = len(series)
    lags = min(frames, max(2, int(_DECAYED / (SPEED_OF_LIGHT * width * interval)) + 1))
    size = next_fast_len(frames + lags, real=True)
    power = (np.abs(np.asarray(rfft(series, size, axis=0))) ** 2).sum(axis=1)
    correlation = np.asarray(irfft(power, size))[:lags] / frames
    lag = SPEED_OF_LIGHT * interval * np.arange(lags)
    correlation *= np.exp(-((np.pi * width * lag) ** 2) / (4.0 * np.log(2.0)))
    return _transformed(correlation, SPEED_OF_LIGHT * interval)


def check_length(frames: int, interval: float, width: float) -> None:
    """Raise unless so many frames, `interval` fs apart, last 1/(c·width), and are at least 8.

    >>> check_length(100, 2.0, 10.0)
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: a trajectory of 0.2 ps is too short for lines of 10 cm⁻¹; ...
    """
    needed = max(8, round(1.0 / (SPEED_OF_LIGHT * width * interval)))
    if frames < needed:
        raise InputError(
            f"a trajectory of {1e-3 * frames * interval:.3g} ps is too short for lines of {width:g} cm⁻¹",
            accepted=f"{1e-3 * needed * interval:.3g} ps or more",
            fix="sample longer, or ask for a larger width",
        )


def _transformed(correlation: Float[np.ndarray, " lags"], spacing: float) -> Curve:
    """Twice the transform of an even function from its right half; lags `spacing` cm apart."""
    points = 2 * next_fast_len(len(correlation), real=True)
    even = np.zeros(points)
    even[: len(correlation)] = correlation
    even[-len(correlation) + 1 :] += correlation[:0:-1]
    return np.fft.rfftfreq(points, spacing), 2.0 * spacing * np.asarray(rfft(even)).real


def rate_spectrum(steps: Float[np.ndarray, "steps components"], interval: float, width: float) -> Curve:
    """`power_spectrum` of the time derivative of a signal whose successive differences are given.

    A difference over the interval Δ sees an oscillation weaker than its derivative, by sinc(cν̃Δ); that is
    undone. Differences carry no mark of the ends of the series, which the factor ν̃² of a derivative taken
    afterwards would spread over all wavenumbers.

    Args:
        steps: x(t + Δ) − x(t).
        interval: Δ, fs.
        width: as for `power_spectrum`.

    Returns:
        Wavenumbers, cm⁻¹, and ⟨ẋ²⟩ per cm⁻¹, in the square of the unit of x per fs².
    """
    wavenumbers, density = power_spectrum(steps / interval, interval, width)
    return wavenumbers, density / np.sinc(SPEED_OF_LIGHT * wavenumbers * interval) ** 2


def steps_of(
    series: Float[np.ndarray, "frames *shape"],
    cell: Float[np.ndarray, "3 3"] | None = None,
    pbc: Bool[np.ndarray, "3"] | None = None,
) -> Float[np.ndarray, "steps *shape"]:
    """Differences between successive frames; of dipoles in a periodic cell, the shortest ones.

    The dipole of a cell is known up to e times a lattice vector (King-Smith & Vanderbilt 1993), its change is
    not, as long as it stays below half of one.

    Args:
        series: one value per frame.
        cell: with dipoles, e·Å: lattice vectors as rows, Å.
        pbc: which of them repeat.

    >>> dipoles = np.array([[0.0, 0, 0], [0, 0, 4.9], [0, 0, -4.9]])
    >>> steps_of(dipoles, 10.0 * np.eye(3), np.array([True] * 3))[:, 2].round(1)
    array([4.9, 0.2])
    """
    steps = np.diff(series, axis=0)
    if cell is None or pbc is None or not pbc.any():
        return steps
    lattice = cell[pbc]
    return steps - np.rint(steps @ np.linalg.pinv(lattice)) @ lattice


def undispersed(wavenumbers: Float[np.ndarray, " points"], time_step: float) -> Curve:
    """Where a line of velocity Verlet would stand for an infinitely short time step.

    An oscillator of angular frequency ω runs in that integrator at ω', exactly ω Δt = 2 sin(ω' Δt / 2): too
    fast, by 19 cm⁻¹ at 3700 cm⁻¹ for 0.5 fs. Its velocities at whole steps are too small by cos(ω' Δt / 2),
    which is dν̃/dν̃' too.

    Args:
        wavenumbers: ν̃' seen in the trajectory, cm⁻¹, below 1/(2c·time_step).
        time_step: Δt, fs.

    Returns:
        True wavenumbers ν̃, cm⁻¹, and that cosine.

    >>> undispersed(np.array([3700.0]), 0.5)[0].round()
    array([3681.])
    """
    phase = np.pi * SPEED_OF_LIGHT * wavenumbers * time_step
    return np.sin(phase) / (np.pi * SPEED_OF_LIGHT * time_step), np.cos(phase)


def density_of_states(
    velocities: Float[np.ndarray, "frames atoms 3"],
    masses: Float[np.ndarray, " atoms"],
    interval: float,
    width: float = 10.0,
) -> Curve:
    """Vibrational density of states of a trajectory, anharmonic and at its own temperature.

    The spectrum of the mass-weighted velocities in units of what each degree of freedom has on average, so
    that it counts degrees of freedom:

        D(ν̃) = (f / ⟨2 E_kin⟩) Σ_i m_i S[v_i](ν̃),    ∫ D dν̃ = f = 3N − 3

    Motion of the centre of mass is taken out first.

    Args:
        velocities: any unit.
        masses: u.
        interval: between frames, fs.
        width: of a sharp line, cm⁻¹.

    Returns:
        Wavenumbers, cm⁻¹, and degrees of freedom per cm⁻¹, each `(points,)`.

    Raises:
        InputError: what `power_spectrum` refuses.
    """
    weighted = still(velocities, masses) * np.sqrt(masses)[:, None]
    wavenumbers, density = power_spectrum(weighted.reshape(len(weighted), -1), interval, width)
    kinetic = float((weighted**2).sum(axis=(1, 2)).mean())
    return wavenumbers, (3 * len(masses) - 3) * density / kinetic


def still(
    velocities: Float[np.ndarray, "frames atoms 3"], masses: Float[np.ndarray, " atoms"]
) -> Float[np.ndarray, "frames atoms 3"]:
    """Velocities without that of the centre of mass.

    >>> still(np.ones((1, 2, 3)), np.array([1.0, 2.0])).any()
    np.False_
    """
    return velocities - np.average(velocities, axis=1, weights=masses)[:, None]
