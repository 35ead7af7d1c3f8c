"""Query templates: the shipped library, import, publishing."""
