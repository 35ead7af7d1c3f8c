"""The AMC Report Builder: from a query template and a filled form to rows and charts."""
