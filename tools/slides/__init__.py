"""Slides from the chapters: their marked cells, with the outputs that the book's cache holds."""
