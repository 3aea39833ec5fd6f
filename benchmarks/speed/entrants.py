"""Who takes part: Intertwine's presets and its peers, each with the versions it is measured in."""

from benchmarks.pareto.entrants import MACE, NEQUIP, TORCH, Entrant

OURS = "medium"
"""To whom the others are compared."""

SEVENN = ("sevenn==0.13.0", TORCH)
TACE = ("tace==0.2.4", TORCH)
FLASHCART = ("flashcart==0.1.0", TORCH)
SYMMETRIX = ("symmetrix-xl[mace]==0.1.1", "mace-torch==0.3.16", TORCH)

WIDTHS = {"64": "64x0e + 64x1o", "128": "128x0e + 128x1o"}

ENTRANTS = {
    **{
        size: Entrant(f"Intertwine {size}", "intertwine", {"preset": size})
        for size in ("small", "medium", "large")
    },
    **{
        f"symmetrix-{width}": Entrant(f"Symmetrix-XL {irreps}", "symmetrix_xl", {"hidden": irreps}, SYMMETRIX)
        for width, irreps in WIDTHS.items()
    },
    **{
        f"mace-{width}": Entrant(f"MACE {irreps}", "mace", {"hidden": irreps}, MACE)
        for width, irreps in WIDTHS.items()
    },
    "mace-64-compiled": Entrant(
        f"MACE {WIDTHS['64']}, compiled", "mace", {"hidden": WIDTHS["64"], "compile_mode": "default"}, MACE
    ),
    "nequip": Entrant(
        "NequIP 3 layers, l ≤ 2, 32, compiled",
        "nequip",
        {"num_layers": 3, "l_max": 2, "num_features": 32, "parity": False},
        NEQUIP,
    ),
    "sevenn": Entrant("SevenNet-0", "sevenn", {}, SEVENN),
    "tace": Entrant("TACE 64", "tace", {"compiled": False}, TACE),
    "tace-compiled": Entrant("TACE 64, compiled", "tace", {"compiled": True}, TACE),
    "flashcart": Entrant("FlashCart 64", "flashcart", {}, FLASHCART),
    "flashcart-compiled": Entrant(
        "FlashCart 64, compiled", "flashcart", {"compile_mode": "default"}, FLASHCART
    ),
}
"""By the name that the command takes."""
