"""Reports: a template, an instance and the values that somebody chose and saved."""
