"""A witness's two keys, 32 bytes in hex: `witness.key` (Ed25519 seed), `witness-ml-dsa.key` (ML-DSA-44 ξ)."""

from collections.abc import Mapping
from pathlib import Path

from kumihimo.base import Secret
from kumihimo.log import Algorithm, Cosigner
from kumihimo.node import load_seed, witness_name

KEY_FILES: Mapping[Algorithm, str] = {
    Algorithm.COSIGNATURE_ED25519: "witness.key",
    Algorithm.COSIGNATURE_ML_DSA_44: "witness-ml-dsa.key",
}


def load_cosigners(folder: Path, institution: str) -> tuple[Cosigner, ...]:
    """Both cosigners of a witness; SettingsError names the file that is missing, wrong or open to others."""
    return tuple(
        Cosigner(witness_name(institution), algorithm, Secret(load_seed(folder / file)))
        for algorithm, file in KEY_FILES.items()
    )
