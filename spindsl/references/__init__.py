"""Exact truth. One word a file; a word lowers to a stage that gives ln Z and what follows from it, by temperature."""
