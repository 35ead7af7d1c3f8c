"""Lists of an instance's own brands, ASINs and campaigns: what pickers offer and forms begin with."""
