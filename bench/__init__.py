"""Benchmarks: each prints its figures and says whether they keep the product's promises."""
