"""Persons who share homes, and rows that share persons."""

from umea_eval.methods.clustered.bootstrap import (
    ClusterBootstrap,
    bootstrap_ratio,
    cluster_bootstrap,
)
from umea_eval.methods.clustered.design_effect import DesignEffect, design_effect
from umea_eval.methods.clustered.gee import GEE, gee

__all__ = [
    "GEE",
    "ClusterBootstrap",
    "DesignEffect",
    "bootstrap_ratio",
    "cluster_bootstrap",
    "design_effect",
    "gee",
]
