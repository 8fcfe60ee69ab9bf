"""Evidence of a build, made outside it: provenance (SLSA), a bill of materials (SPDX), signatures (DSSE)."""
