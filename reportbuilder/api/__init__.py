"""The JSON API: one blueprint a noun, shapes in marshmallow."""
