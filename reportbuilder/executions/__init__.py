"""Executions: from the wish to run a query to its rows, whatever dies on the way."""
